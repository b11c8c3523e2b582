//! Pages of what was found.

use std::fmt;
use std::str::FromStr;

/// A place between two results, counted from the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor(pub usize);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no cursor")]
pub struct NoCursor;

/// No catalogue is larger.
const FARTHEST: usize = 100_000_000;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let place = text.parse().ok().filter(|place| digits && *place <= FARTHEST);
        place.map(Self).ok_or(NoCursor)
    }
}

/// A page: from where on, and how many results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Where it begins.
    pub from: Cursor,
    /// Results at most.
    pub limit: usize,
}

impl Page {
    /// Where the page after it begins, when there are that many results; none when it is empty, so
    /// that who follows pages comes to an end.
    #[must_use]
    pub fn next(self, results: usize) -> Option<Cursor> {
        let end = self.from.0.saturating_add(self.limit);
        (0 < self.limit && end < results).then_some(Cursor(end))
    }

    /// Where the page before it begins.
    #[must_use]
    pub fn previous(self) -> Option<Cursor> {
        (0 < self.limit && 0 < self.from.0)
            .then_some(Cursor(self.from.0.saturating_sub(self.limit)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(place in 0..=FARTHEST) {
            prop_assert_eq!(Cursor(place).to_string().parse(), Ok(Cursor(place)));
        }

        #[test]
        fn only_cursors_are_read(text in "[-+0-9a-z ]{0,12}") {
            let read: Result<Cursor, _> = text.parse();
            if let Ok(cursor) = read {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit()) && cursor.0 <= FARTHEST);
            }
        }

        #[test]
        fn pages_show_everything_once_and_lead_back(results in 0..500_usize, limit in 1..60_usize) {
            let mut seen = 0;
            let mut page = Page { from: Cursor(0), limit };
            loop {
                prop_assert_eq!(page.from.0, seen);
                seen += limit.min(results - page.from.0);
                let Some(from) = page.next(results) else { break };
                prop_assert_eq!(Page { from, limit }.previous(), Some(page.from));
                page.from = from;
            }
            prop_assert_eq!(seen, results);
            prop_assert_eq!(Page { from: Cursor(0), limit }.previous(), None);
            prop_assert_eq!(Page { from: Cursor(9), limit: 0 }.next(results), None);
        }
    }
}
