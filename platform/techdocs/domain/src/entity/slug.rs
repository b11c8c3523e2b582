//! Anchors of headings, as Python-Markdown's `toc` makes them, so that links to anchors of sites
//! built by MkDocs go on working.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;

/// The anchor of a text: ASCII letters, digits, `_` and `-`, in lower case. Empty when nothing of
/// the text is left.
#[must_use]
pub fn slugify(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(char::is_ascii)
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || c.is_whitespace())
        .collect();
    let mut slug = String::with_capacity(plain.len());
    for c in plain.trim().chars() {
        match c {
            '-' => {
                if !slug.ends_with('-') {
                    slug.push('-');
                }
            }
            c if c.is_whitespace() => {
                if !slug.ends_with('-') {
                    slug.push('-');
                }
            }
            c => slug.push(c.to_ascii_lowercase()),
        }
    }
    slug
}

/// The anchors of one page, each given once.
#[derive(Debug, Clone, Default)]
pub struct Slugs {
    taken: HashSet<String>,
    /// The last number given to each stem, so that a page of equal headings costs what it is long.
    numbers: HashMap<String, u64>,
}

impl Slugs {
    /// Takes an anchor that the author gave.
    pub fn reserve(&mut self, id: &str) {
        self.taken.insert(id.to_owned());
    }

    /// The anchor for a heading's text: with `_1`, `_2` … when it is taken.
    pub fn give(&mut self, text: &str) -> String {
        let slug = slugify(text);
        if !slug.is_empty() && self.taken.insert(slug.clone()) {
            return slug;
        }
        let numbered = |(stem, digits): (&str, &str)| {
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| Some((stem.to_owned(), digits.parse::<u64>().ok()?))).flatten()
        };
        let (stem, first) =
            slug.rsplit_once('_').and_then(numbered).unwrap_or_else(|| (slug.clone(), 0));
        loop {
            let number = self.numbers.entry(stem.clone()).or_insert(0);
            *number = (*number).max(first).saturating_add(1);
            let next = format!("{stem}_{number}");
            if self.taken.insert(next.clone()) {
                return next;
            }
        }
    }

    /// The anchors that were given or reserved.
    pub fn into_taken(self) -> HashSet<String> {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_the_toc_extension() {
        for (text, slug) in [
            ("Hello World", "hello-world"),
            ("  What's  new — in 2.0?  ", "whats-new-in-20"),
            ("Über café", "uber-cafe"),
            ("snake_case - and -- dashes", "snake_case-and-dashes"),
            ("日本", ""),
            ("`code` & more", "code-more"),
        ] {
            assert_eq!(slugify(text), slug, "{text}");
        }
    }

    #[test]
    fn each_anchor_is_given_once() {
        let mut slugs = Slugs::default();
        slugs.reserve("own");
        let given: Vec<String> =
            ["A", "A", "A", "A_1", "own", "日本", "本"].map(|text| slugs.give(text)).into();
        assert_eq!(given, ["a", "a_1", "a_2", "a_3", "own_1", "_1", "_2"]);
    }
}
