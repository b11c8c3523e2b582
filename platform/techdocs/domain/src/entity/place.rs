//! Where things are: files of the sources, addresses of the site, and the ways between them.
//!
//! Pages are folders, as MkDocs makes them and TechDocs serves them: `a/b.md` is at `a/b/`, and
//! `index.md` and `README.md` at their folder.

/// Whether a file is a page: Markdown by its ending, as MkDocs knows it.
#[must_use]
pub fn is_page(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("md" | "markdown" | "mdown" | "mkdn" | "mkd"))
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn stem(path: &str) -> &str {
    let name = split(path).1;
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Whether a page is the one of its folder.
#[must_use]
pub fn is_index(path: &str) -> bool {
    is_page(path) && matches!(stem(path), "index" | "README")
}

/// The address of a file, seen from the site's root: that of a page ends with `/` or is empty.
#[must_use]
pub fn address(path: &str) -> String {
    if !is_page(path) {
        return path.to_owned();
    }
    let folder = split(path).0;
    let slash = if folder.is_empty() { "" } else { "/" };
    if is_index(path) {
        return format!("{folder}{slash}");
    }
    format!("{folder}{slash}{}/", stem(path))
}

/// The file of the site that a page becomes.
#[must_use]
pub fn output(path: &str) -> String {
    if is_page(path) { format!("{}index.html", address(path)) } else { path.to_owned() }
}

/// The way from one address to another, both seen from the site's root.
#[must_use]
pub fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = split(from).0.split('/').filter(|part| !part.is_empty()).collect();
    let (folder, name) = split(to);
    let to: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut way = "../".repeat(from.len() - common);
    for part in to.iter().skip(common) {
        way.push_str(part);
        way.push('/');
    }
    way.push_str(name);
    if way.is_empty() { "./".to_owned() } else { way }
}

/// The file that `link` names in the file at `from`; `None` when it is outside of the documents.
/// The link is a path without a fragment, decoded.
#[must_use]
pub fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = split(from).0.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The title that follows from a file's name, where nothing else gives one.
#[must_use]
pub fn file_title(path: &str) -> String {
    if matches!(path, "index.md" | "README.md") {
        return "Home".to_owned();
    }
    folder_title(stem(path))
}

/// The title that follows from the name of a folder.
#[must_use]
pub fn folder_title(name: &str) -> String {
    let title = name.replace(['-', '_'], " ");
    if title.to_lowercase() != title {
        return title;
    }
    let mut chars = title.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => title,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_is_a_folder() {
        for (path, at, file) in [
            ("index.md", "", "index.html"),
            ("README.md", "", "index.html"),
            ("a.md", "a/", "a/index.html"),
            ("a/b.markdown", "a/b/", "a/b/index.html"),
            ("a/index.md", "a/", "a/index.html"),
            ("a/b.png", "a/b.png", "a/b.png"),
        ] {
            assert_eq!((address(path).as_str(), output(path).as_str()), (at, file), "{path}");
        }
    }

    #[test]
    fn ways_lead_up_and_down() {
        for (from, to, way) in [
            ("", "", "./"),
            ("", "a/", "a/"),
            ("a/", "", "../"),
            ("a/", "b/", "../b/"),
            ("a/b/", "a/c/", "../c/"),
            ("a/b/", "x.png", "../../x.png"),
            ("a/", "a/", "./"),
        ] {
            assert_eq!(relative(from, to), way, "{from} {to}");
        }
    }

    #[test]
    fn nothing_outside_of_the_documents_is_named() {
        assert_eq!(resolve("a/b.md", "../c.md").as_deref(), Some("c.md"));
        assert_eq!(resolve("a/b.md", "./c/./d.md").as_deref(), Some("a/c/d.md"));
        assert_eq!(resolve("a.md", "../c.md"), None);
        assert_eq!(resolve("a/b.md", "../../../etc"), None);
    }

    #[test]
    fn titles_follow_from_names() {
        for (path, title) in [
            ("index.md", "Home"),
            ("a/index.md", "Index"),
            ("getting-started_now.md", "Getting started now"),
            ("a/FAQ.md", "FAQ"),
        ] {
            assert_eq!(file_title(path), title);
        }
    }

    proptest! {
        #[test]
        fn a_way_leads_where_it_should(
            from in "([a-c]/){0,3}", folder in "([a-c]/){0,3}", name in "[x-z]?"
        ) {
            let to = format!("{folder}{name}");
            let way = relative(&from, &to);
            let arrived = resolve(&format!("{from}x"), &way).unwrap();
            prop_assert_eq!(arrived, to.trim_end_matches('/'));
        }
    }
}
