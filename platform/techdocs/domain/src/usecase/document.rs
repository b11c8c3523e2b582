//! The document that a reader gets: a page with its navigation, under the names by which TechDocs
//! finds its parts (those of MkDocs' theme Material), styled by one plain stylesheet of ours.

use std::fmt::Write as _;

use super::page::Page;
use super::site::{Nav, Site};
use crate::entity::{Config, address, relative};

/// Where the stylesheet is, seen from the site's root.
pub const STYLESHEET_PATH: &str = "assets/stylesheets/techdocs.css";

/// The stylesheet of every site.
pub const STYLESHEET: &str = include_str!("techdocs.css");

/// A text as it stands in HTML, in attributes too.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The document of the page at `path`.
#[must_use]
pub fn document(config: &Config, site: &Site, path: &str, page: &Page) -> String {
    let here = address(path);
    let to = |target: &str| escape(&encoded(&relative(&here, target)));
    let site_name = escape(&config.site_name);
    let title = escape(site.titles.get(path).map_or("", String::as_str));
    let description = page.description.as_deref().unwrap_or(&config.site_description);
    let mut out = String::with_capacity(page.html.len() + 8_192);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    if !description.is_empty() {
        put(
            &mut out,
            &format!("<meta name=\"description\" content=\"{}\">\n", escape(description)),
        );
    }
    put(&mut out, &format!("<title>{title} - {site_name}</title>\n"));
    put(&mut out, &format!("<link rel=\"stylesheet\" href=\"{}\">\n", to(STYLESHEET_PATH)));
    out.push_str("</head>\n<body dir=\"ltr\">\n");
    put(
        &mut out,
        &format!(
            "<a class=\"md-skip\" href=\"#__content\">Skip to content</a>\n\
             <header class=\"md-header\" data-md-component=\"header\">\
             <nav class=\"md-header__inner md-grid\" aria-label=\"Header\">\
             <a class=\"md-header__title\" href=\"{}\" title=\"{site_name}\">{site_name}</a>\
             </nav></header>\n",
            to("")
        ),
    );
    out.push_str(
        "<div class=\"md-container\" data-md-component=\"container\">\n\
         <main class=\"md-main\" data-md-component=\"main\">\n\
         <div class=\"md-main__inner md-grid\">\n\
         <div class=\"md-sidebar md-sidebar--primary\" data-md-component=\"sidebar\" \
         data-md-type=\"navigation\"><div class=\"md-sidebar__scrollwrap\">\
         <div class=\"md-sidebar__inner\">\n\
         <nav class=\"md-nav md-nav--primary\" aria-label=\"Navigation\" data-md-level=\"0\">",
    );
    put(&mut out, &format!("<label class=\"md-nav__title\">{site_name}</label>"));
    navigation(&mut out, &site.nav, &here, 1);
    out.push_str("</nav>\n</div></div></div>\n");
    contents(&mut out, page);
    out.push_str(
        "<div class=\"md-content\" data-md-component=\"content\" id=\"__content\">\
         <article class=\"md-content__inner md-typeset\">\n",
    );
    if let Some(edit) = &config.edit {
        let at = escape(&edit.replace("{path}", &encoded(path)));
        put(
            &mut out,
            &format!(
                "<a class=\"md-content__button md-icon\" href=\"{at}\" title=\"Edit this page\" \
                 rel=\"edit noopener noreferrer\">Edit this page</a>\n"
            ),
        );
    }
    if !page.headings.iter().any(|heading| heading.level == 1) {
        put(&mut out, &format!("<h1>{title}</h1>\n"));
    }
    out.push_str(&page.html);
    out.push_str("</article></div>\n</div>\n</main>\n</div>\n</body>\n</html>\n");
    out
}

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

/// An address of the site whose special characters are escaped.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Whether a page of this address stands somewhere in these lines.
fn holds(items: &[Nav], here: &str) -> bool {
    items.iter().any(|item| match item {
        Nav::Page(leaf) => leaf.address == here,
        Nav::Link { .. } => false,
        Nav::Section { items, .. } => holds(items, here),
    })
}

fn navigation(out: &mut String, items: &[Nav], here: &str, level: usize) {
    out.push_str("<ul class=\"md-nav__list\" data-md-scrollfix>\n");
    for item in items {
        match item {
            Nav::Page(leaf) => {
                let is_here = leaf.address == here;
                let (active, current) = if is_here {
                    (" md-nav__item--active", " md-nav__link--active\" aria-current=\"page")
                } else {
                    ("", "")
                };
                let _infallible = writeln!(
                    out,
                    "<li class=\"md-nav__item{active}\"><a href=\"{}\" \
                     class=\"md-nav__link{current}\">{}</a></li>",
                    escape(&encoded(&relative(here, &leaf.address))),
                    escape(&leaf.title)
                );
            }
            Nav::Link { title, url } => {
                let at = if url.contains(':') || url.starts_with('/') {
                    url.clone()
                } else {
                    encoded(&relative(here, url))
                };
                let _infallible = writeln!(
                    out,
                    "<li class=\"md-nav__item\"><a href=\"{}\" class=\"md-nav__link\" \
                     rel=\"noopener noreferrer\">{}</a></li>",
                    escape(&at),
                    escape(title)
                );
            }
            Nav::Section { title, items } => {
                let active = if holds(items, here) { " md-nav__item--active" } else { "" };
                let title = escape(title);
                let _infallible = writeln!(
                    out,
                    "<li class=\"md-nav__item md-nav__item--nested{active}\">\
                     <label class=\"md-nav__link\">{title}</label>\
                     <nav class=\"md-nav\" aria-label=\"{title}\" data-md-level=\"{level}\">"
                );
                navigation(out, items, here, level + 1);
                out.push_str("</nav></li>\n");
            }
        }
    }
    out.push_str("</ul>\n");
}

/// The table of contents: headings of the levels 2 and 3.
fn contents(out: &mut String, page: &Page) {
    out.push_str(
        "<div class=\"md-sidebar md-sidebar--secondary\" data-md-component=\"sidebar\" \
         data-md-type=\"toc\"><div class=\"md-sidebar__scrollwrap\">\
         <div class=\"md-sidebar__inner\">\n",
    );
    let listed: Vec<_> = page.headings.iter().filter(|h| matches!(h.level, 2 | 3)).collect();
    if !listed.is_empty() {
        out.push_str(
            "<nav class=\"md-nav md-nav--secondary\" aria-label=\"Table of contents\">\
             <label class=\"md-nav__title\" for=\"__toc\">Table of contents</label>\
             <ul class=\"md-nav__list\" data-md-component=\"toc\" data-md-scrollfix>\n",
        );
        let mut inner = false;
        let mut open = false;
        for heading in listed {
            if heading.level == 3 && open && !inner {
                out.push_str("<nav class=\"md-nav\"><ul class=\"md-nav__list\">\n");
                inner = true;
            }
            if heading.level == 2 && inner {
                out.push_str("</ul></nav>");
                inner = false;
            }
            if heading.level == 2 && open {
                out.push_str("</li>\n");
            }
            let _infallible = write!(
                out,
                "<li class=\"md-nav__item\"><a href=\"#{}\" class=\"md-nav__link\">{}</a>",
                escape(&heading.id),
                escape(&heading.title)
            );
            if heading.level == 2 {
                open = true;
            } else {
                out.push_str("</li>\n");
            }
        }
        if inner {
            out.push_str("</ul></nav>");
        }
        if open {
            out.push_str("</li>\n");
        }
        out.push_str("</ul></nav>\n");
    }
    out.push_str("</div></div></div>\n");
}
