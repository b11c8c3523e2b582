//! Lists in pages: a link to the next page holds all that it needs, its size too.
//!
//! The published clients follow `nextLink` without repeating the page size, and write its query
//! values anew, so the token is made of letters that no encoding changes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::application::fault::Fault;

/// Most entries of a page, and their number when the request does not say.
pub(crate) const MAX_PAGE_SIZE: usize = 1_000;
/// The same for models.
pub(crate) const MAX_MODELS_PAGE_SIZE: usize = 100;
/// The query parameter that holds the place of the next page.
pub(crate) const TOKEN: &str = "continuationToken";

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Page {
    /// Entries, at least 1.
    size: usize,
    /// The key of the last entry of the page before; `None` for the first page.
    after: Option<String>,
}

impl Page {
    /// From the token, if there is one, else from the header `max-items-per-page`.
    pub(crate) fn read(
        token: Option<&str>,
        max_items: Option<&str>,
        most: usize,
    ) -> Result<Page, Fault> {
        if let Some(token) = token {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok();
            let page: Option<Page> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let Some(page) = page.filter(|page| 0 < page.size && page.size <= most) else {
                return Err(Fault::invalid("the continuation token is not one of this service"));
            };
            return Ok(page);
        }
        Ok(Page { size: page_size(max_items, most)?, after: None })
    }

    /// The entries of this page, from all in the order of their keys, and the token of the next.
    pub(crate) fn cut<T>(
        &self,
        entries: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let mut rest = entries
            .skip_while(|entry| self.after.as_ref().is_some_and(|after| key(entry) <= *after));
        let page: Vec<T> = rest.by_ref().take(self.size).collect();
        let more = rest.next().is_some();
        let token = page.last().filter(|_| more).map(|last| {
            let next = Page { size: self.size, after: Some(key(last)) };
            // Two plain members always serialise; an empty token would be refused when it comes.
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&next).unwrap_or_default())
        });
        (page, token)
    }
}

/// Reads the header `max-items-per-page`; more than `most` means `most`.
pub(crate) fn page_size(max_items: Option<&str>, most: usize) -> Result<usize, Fault> {
    match max_items.map(str::parse::<usize>) {
        None => Ok(most),
        Some(Ok(size)) if 0 < size => Ok(size.min(most)),
        Some(_) => Err(Fault::invalid("max-items-per-page must be a whole number from 1")),
    }
}

/// The absolute link to the next page: the request's own address with the token in place.
pub(crate) fn next_link(
    authority: &str,
    raw_path: &str,
    parameters: &[(String, String)],
    token: &str,
) -> String {
    let mut link = format!("{authority}{raw_path}?");
    for (name, value) in parameters.iter().filter(|(name, _)| name != TOKEN) {
        link.extend(utf8_percent_encode(name, UNRESERVED));
        link.push('=');
        link.extend(utf8_percent_encode(value, UNRESERVED));
        link.push('&');
    }
    link.push_str(TOKEN);
    link.push('=');
    link.push_str(token);
    link
}

/// Everything but RFC 3986's unreserved characters.
const UNRESERVED: &percent_encoding::AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::{Page, next_link};

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let entries = ["a", "b", "c", "d", "e"];
        let mut seen: Vec<&&str> = Vec::new();
        let mut page = Page::read(None, Some("2"), 100).unwrap();
        loop {
            let (entries, token) = page.cut(entries.iter(), |entry| (**entry).to_owned());
            assert!(!entries.is_empty());
            seen.extend(entries);
            let Some(token) = token else { break };
            page = Page::read(Some(&token), None, 100).unwrap();
        }
        assert_eq!(seen, entries.iter().collect::<Vec<_>>());
    }

    #[test]
    fn sizes_and_tokens_that_are_none_are_refused() {
        for (token, size) in [(None, Some("0")), (None, Some("x")), (Some("x"), None)] {
            assert!(Page::read(token, size, 100).is_err(), "{token:?} {size:?}");
        }
    }

    #[test]
    fn a_link_keeps_the_parameters() {
        let parameters = [
            ("api-version".to_owned(), "2023-10-31".to_owned()),
            ("dependenciesFor".to_owned(), "dtmi:a;1".to_owned()),
        ];
        assert_eq!(
            next_link("http://h:1", "/models", &parameters, "T"),
            "http://h:1/models?api-version=2023-10-31&dependenciesFor=dtmi%3Aa%3B1\
             &continuationToken=T"
        );
    }
}
