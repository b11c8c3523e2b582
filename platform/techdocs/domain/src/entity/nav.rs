//! The navigation of a site, in all forms that MkDocs reads.

use super::place::is_page;
use super::yaml::Yaml;

/// One line of the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NavItem {
    /// A page.
    Page {
        /// What `nav` calls it; `None` where it names the file alone.
        title: Option<String>,
        /// Its file, below the folder of the documents.
        path: String,
    },
    /// An address elsewhere, or a file that is no page.
    Link {
        /// What `nav` calls it; the address where it has no name.
        title: String,
        /// Where it leads, as written.
        url: String,
    },
    /// A part with a title.
    Section {
        /// What `nav` calls it.
        title: String,
        /// What stands in it, in its order.
        items: Vec<NavItem>,
    },
}

/// Reads the value of `nav`. What is no entry is told in `notes` and left out.
pub(super) fn read(value: &Yaml, notes: &mut Vec<String>) -> Vec<NavItem> {
    match value {
        Yaml::List(items) => items.iter().flat_map(|item| read(item, notes)).collect(),
        Yaml::Text(target) => vec![leaf(None, target)],
        Yaml::Mapping(members) => {
            let mut items = Vec::new();
            for (title, value) in members {
                match value {
                    Yaml::Text(target) => items.push(leaf(Some(title), target)),
                    Yaml::List(_) | Yaml::Mapping(_) => {
                        let (title, inner) = (title.clone(), read(value, notes));
                        items.push(NavItem::Section { title, items: inner });
                    }
                    Yaml::Null => notes.push(format!("nav: `{title}` leads nowhere")),
                }
            }
            items
        }
        Yaml::Null => {
            notes.push("nav: an entry is empty".to_owned());
            Vec::new()
        }
    }
}

fn leaf(title: Option<&str>, target: &str) -> NavItem {
    let is_address =
        target.starts_with('/') || target.contains("://") || target.contains("mailto:");
    if is_page(target) && !is_address {
        let path = target.trim_start_matches("./").to_owned();
        return NavItem::Page { title: title.map(str::to_owned), path };
    }
    let title = title.unwrap_or(target).to_owned();
    NavItem::Link { title, url: target.to_owned() }
}
