//! Raw HTML of a page: how much of it there is, and which anchors it gives.
//!
//! HTML opens formatting elements again in each block after the one in which they were not closed,
//! so that a short text can become a page of any size; and it looks through all open elements at
//! each new one. Both are bounded before the text is read as HTML.

/// Raw formatting elements times blocks, at most.
const MOST_FORMATS: usize = 500_000;
/// Raw elements times all elements, at most.
const MOST_RAW: usize = 20_000_000;
/// Elements that HTML opens again after a block that ended without them (WHATWG HTML, section
/// 13.2.4.3).
const FORMATS: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// How much raw HTML there is.
#[derive(Debug, Default)]
pub(super) struct Raw {
    elements: usize,
    formats: usize,
}

impl Raw {
    /// Counts a piece of HTML.
    pub(super) fn count(&mut self, html: &str) {
        for element in elements(html) {
            self.elements += 1;
            let name = element.split(|c: char| !c.is_ascii_alphanumeric()).next();
            let name = name.unwrap_or_default().to_ascii_lowercase();
            self.formats += usize::from(FORMATS.contains(&name.as_str()));
        }
    }

    /// Whether it is too much in a page of so many blocks.
    pub(super) fn is_too_much(&self, blocks: usize) -> bool {
        let all = self.elements.saturating_add(blocks);
        MOST_FORMATS < self.formats.saturating_mul(all)
            || MOST_RAW < self.elements.saturating_mul(all)
    }
}

/// The anchors that a piece of HTML gives: the values of `id` and `name`.
pub(super) fn ids(html: &str) -> impl Iterator<Item = &str> {
    elements(html).flat_map(ids_of)
}

/// The raw elements that begin in a piece of HTML, each from its name on.
fn elements(html: &str) -> impl Iterator<Item = &str> {
    let parts = html.split('<').skip(1);
    parts.filter(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn ids_of(element: &str) -> impl Iterator<Item = &str> {
    let inner = element.split('>').next().unwrap_or_default();
    [" id=", " name="].into_iter().filter_map(move |attribute| {
        let value = inner.split_once(attribute)?.1;
        match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split(quote).next(),
            _ => value.split([' ', '/']).next(),
        }
    })
}
