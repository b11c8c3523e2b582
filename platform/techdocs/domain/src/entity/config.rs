//! `mkdocs.yml`: what is used of it, and what is passed over with a note.

use super::nav::{self, NavItem};
use super::yaml::{Yaml, YamlError, parse_yaml};

/// Keys that are known and mean nothing here: how a site looks and is made is the hub's affair.
const WITHOUT_MEANING: [&str; 22] = [
    "copyright",
    "dev_addr",
    "exclude_docs",
    "draft_docs",
    "extra",
    "extra_css",
    "extra_javascript",
    "extra_templates",
    "hooks",
    "INHERIT",
    "not_in_nav",
    "plugins",
    "remote_branch",
    "remote_name",
    "repo_name",
    "site_author",
    "site_dir",
    "site_url",
    "strict",
    "theme",
    "use_directory_urls",
    "validation",
];

/// Extensions of Markdown that are always on here.
const EXTENSIONS: [&str; 21] = [
    "admonition",
    "attr_list",
    "codehilite",
    "def_list",
    "extra",
    "fenced_code",
    "footnotes",
    "meta",
    "pymdownx.betterem",
    "pymdownx.details",
    "pymdownx.extra",
    "pymdownx.highlight",
    "pymdownx.snippets",
    "pymdownx.superfences",
    "pymdownx.tabbed",
    "pymdownx.tasklist",
    "pymdownx.tilde",
    "sane_lists",
    "tables",
    "toc",
    "plantuml_markdown",
];

/// What `mkdocs.yml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The site's name.
    pub site_name: String,
    /// What it is about; empty when it does not say.
    pub site_description: String,
    /// The folder of the documents, below that of `mkdocs.yml`.
    pub docs_dir: String,
    /// The navigation; `None` where it follows from the files.
    pub nav: Option<Vec<NavItem>>,
    /// The address under which a page's source is edited, with `{path}` where its file stands.
    pub edit: Option<String>,
    /// What was read and is passed over, and why.
    pub notes: Vec<String>,
}

/// `mkdocs.yml` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is no YAML.
    #[error("mkdocs.yml cannot be read")]
    Yaml(#[from] YamlError),
    /// It is not what it must be.
    #[error("mkdocs.yml: {0}")]
    Wrong(String),
}

/// Reads `mkdocs.yml`; `name` is the site's where it gives none.
///
/// # Errors
///
/// [`ConfigError`] when it is no YAML, no mapping, or names a folder outside its own.
pub fn parse_config(text: &str, name: &str) -> Result<Config, ConfigError> {
    let whole = parse_yaml(text)?;
    let members = match &whole {
        Yaml::Mapping(members) => members.as_slice(),
        Yaml::Null => &[],
        Yaml::Text(_) | Yaml::List(_) => {
            return Err(ConfigError::Wrong("it must hold keys and values".to_owned()));
        }
    };
    let mut notes = Vec::new();
    for (key, value) in members {
        match key.as_str() {
            "site_name" | "site_description" | "docs_dir" | "nav" | "repo_url" | "edit_uri"
            | "edit_uri_template" => {}
            "markdown_extensions" => extensions(value, &mut notes),
            "plugins" => plugins(value, &mut notes),
            key if WITHOUT_MEANING.contains(&key) => {
                notes.push(format!("`{key}` has no meaning here"));
            }
            key => notes.push(format!("`{key}` is not known")),
        }
    }
    let text = |key: &str| whole.get(key).and_then(Yaml::text).filter(|text| !text.is_empty());
    let docs_dir = folder(text("docs_dir").unwrap_or("docs"))?;
    let nav = match whole.get("nav") {
        None | Some(Yaml::Null) => None,
        Some(Yaml::Text(_)) => return Err(ConfigError::Wrong("`nav` must be a list".to_owned())),
        Some(value) => Some(nav::read(value, &mut notes)),
    };
    Ok(Config {
        site_name: text("site_name").unwrap_or(name).to_owned(),
        site_description: text("site_description").unwrap_or_default().to_owned(),
        edit: edit(text("repo_url"), whole.get("edit_uri"), text("edit_uri_template"), &docs_dir),
        docs_dir,
        nav,
        notes,
    })
}

/// A folder below that of `mkdocs.yml`.
fn folder(text: &str) -> Result<String, ConfigError> {
    let outside = || ConfigError::Wrong(format!("`docs_dir` is outside of its folder: {text}"));
    if text.starts_with('/') || text.contains(['\\', '\0']) {
        return Err(outside());
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(outside()),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

fn names(value: &Yaml) -> Vec<&str> {
    let items = match value {
        Yaml::List(items) => items.as_slice(),
        Yaml::Mapping(members) => return members.iter().map(|(name, _)| name.as_str()).collect(),
        Yaml::Text(name) => return vec![name],
        Yaml::Null => &[],
    };
    items
        .iter()
        .flat_map(|item| match item {
            Yaml::List(_) => Vec::new(),
            item => names(item),
        })
        .collect()
}

fn extensions(value: &Yaml, notes: &mut Vec<String>) {
    for name in names(value) {
        let short = name.strip_prefix("markdown.extensions.").unwrap_or(name);
        if !EXTENSIONS.contains(&short) {
            notes.push(format!("the Markdown extension `{name}` is not supported"));
        }
    }
}

/// `techdocs-core` is what the hub does anyway.
fn plugins(value: &Yaml, notes: &mut Vec<String>) {
    for name in names(value) {
        if !matches!(name, "techdocs-core" | "search") {
            notes.push(format!("the plugin `{name}` is not supported"));
        }
    }
}

/// Where a page's source is edited, as MkDocs works it out of `repo_url` and `edit_uri`.
fn edit(
    repository: Option<&str>,
    uri: Option<&Yaml>,
    template: Option<&str>,
    docs: &str,
) -> Option<String> {
    let is_web = |address: &str| address.starts_with("https://") || address.starts_with("http://");
    let joined = |uri: &str| {
        if is_web(uri) {
            return Some(uri.to_owned());
        }
        let repository = repository?;
        let base = repository.trim_end_matches('/');
        let whole = match uri.strip_prefix('/') {
            // An absolute path begins at the host.
            Some(rest) => {
                let host = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
                format!("{host}/{rest}")
            }
            None if uri.starts_with(['?', '#']) => format!("{base}{uri}"),
            None => format!("{base}/{uri}"),
        };
        is_web(&whole).then_some(whole)
    };
    if let Some(template) = template {
        return joined(template);
    }
    let slash = |uri: &str| if uri.ends_with(['/', '=']) { "" } else { "/" };
    match uri {
        Some(Yaml::Text(uri)) if !uri.is_empty() => {
            joined(uri).map(|whole| format!("{whole}{}{{path}}", slash(uri)))
        }
        // Said to be nothing: no links.
        Some(_) => None,
        None => {
            let host = repository?.split("://").nth(1)?.split('/').next()?;
            let branch = match host {
                "github.com" | "gitlab.com" => "edit/master",
                "bitbucket.org" => "src/default",
                _ => return None,
            };
            joined(&format!("{branch}/{docs}/{{path}}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        parse_config(text, "given").unwrap()
    }

    #[test]
    fn a_site_says_its_name_and_what_it_does_not_say_is_as_in_mkdocs() {
        let all = config("site_name: A\nsite_description: B\ndocs_dir: ./manual/x/\n");
        assert_eq!((all.site_name.as_str(), all.docs_dir.as_str()), ("A", "manual/x"));
        assert_eq!(all.site_description, "B");
        let none = config("");
        assert_eq!((none.site_name.as_str(), none.docs_dir.as_str()), ("given", "docs"));
        assert_eq!((none.nav, none.edit, none.notes), (None, None, Vec::new()));
    }

    #[test]
    fn the_documents_lie_below_the_file() {
        for wrong in ["docs_dir: ../x", "docs_dir: /etc", "docs_dir: a/../../b", "- a", "nav: x"] {
            assert!(parse_config(wrong, "n").is_err(), "{wrong}");
        }
    }

    #[test]
    fn navigation_has_all_of_mkdocs_forms() {
        let text = "nav:\n  - index.md\n  - Guide: ./guide.md\n  - Part:\n    - a.md\n    - B: b.md\n    \
                    - Deep: [c.md]\n  - Site: https://example.com\n  - https://example.org\n  - None:\n";
        let page = |title: Option<&str>, path: &str| NavItem::Page {
            title: title.map(str::to_owned),
            path: path.to_owned(),
        };
        let link =
            |title: &str, url: &str| NavItem::Link { title: title.to_owned(), url: url.to_owned() };
        let section = |title: &str, items| NavItem::Section { title: title.to_owned(), items };
        let found = config(text);
        let expected = vec![
            page(None, "index.md"),
            page(Some("Guide"), "guide.md"),
            section(
                "Part",
                vec![
                    page(None, "a.md"),
                    page(Some("B"), "b.md"),
                    section("Deep", vec![page(None, "c.md")]),
                ],
            ),
            link("Site", "https://example.com"),
            link("https://example.org", "https://example.org"),
        ];
        assert_eq!(found.nav, Some(expected));
        assert_eq!(found.notes, ["nav: `None` leads nowhere"]);
    }

    #[test]
    fn what_has_no_meaning_is_noted() {
        let text = "theme: {name: material}\nplugins: [techdocs-core, macros]\nbogus: 1\n\
                    markdown_extensions: [admonition, pymdownx.arithmatex, toc: {permalink: true}]\n";
        assert_eq!(
            config(text).notes,
            [
                "`theme` has no meaning here",
                "the plugin `macros` is not supported",
                "`bogus` is not known",
                "the Markdown extension `pymdownx.arithmatex` is not supported",
            ]
        );
    }

    #[test]
    fn a_pages_source_is_edited_where_mkdocs_says() {
        let edit = |text: &str| config(text).edit.unwrap_or_default();
        assert_eq!(
            edit("repo_url: https://github.com/a/b\ndocs_dir: d\n"),
            "https://github.com/a/b/edit/master/d/{path}"
        );
        assert_eq!(
            edit("repo_url: https://git.x/a/\nedit_uri: blob/main/docs\n"),
            "https://git.x/a/blob/main/docs/{path}"
        );
        assert_eq!(
            edit("repo_url: https://git.x/a\nedit_uri: '?file='\n"),
            "https://git.x/a?file={path}"
        );
        assert_eq!(edit("edit_uri_template: https://e.x/{path}?x"), "https://e.x/{path}?x");
        assert_eq!(edit("repo_url: https://git.x/a\n"), "");
        assert_eq!(edit("repo_url: https://github.com/a/b\nedit_uri: ''\n"), "");
        assert_eq!(edit("repo_url: javascript:x\nedit_uri: y\n"), "");
    }
}
