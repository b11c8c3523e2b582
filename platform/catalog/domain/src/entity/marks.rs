//! Where the fields of a descriptor stand in the text that it came from.

use std::collections::BTreeMap;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Counted from 1, from the beginning of the text.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

/// Places of fields, by JSON Pointers (RFC 6901) into the descriptor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<String, Place>);

impl Marks {
    /// Notes where a field stands.
    pub fn note(&mut self, pointer: impl Into<String>, place: Place) {
        self.0.insert(pointer.into(), place);
    }

    /// Where a field stands, or what is nearest around it: a field that is missing is missing
    /// there. `None` when nothing around it was noted.
    #[must_use]
    pub fn nearest(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.0.get(pointer) {
                return Some(*place);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    /// The places of these fields, and of the whole.
    #[must_use]
    pub fn only<'a>(&self, pointers: impl Iterator<Item = &'a str>) -> Self {
        let wanted = std::iter::once("").chain(pointers);
        let places =
            wanted.filter_map(|pointer| Some((pointer.to_owned(), self.nearest(pointer)?)));
        Self(places.collect())
    }

    /// Every field that was noted, in the order of the pointers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Place)> {
        self.0.iter().map(|(pointer, place)| (pointer.as_str(), *place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_missing_is_missing_in_what_is_around_it() {
        let place = |line| Place { line, column: 1 };
        let mut marks = Marks::default();
        assert_eq!(marks.nearest("/spec/owner"), None);
        marks.note("", place(1));
        marks.note("/spec", place(4));
        marks.note("/spec/tags/0", place(6));
        let line = |marks: &Marks, pointer| marks.nearest(pointer).map(|place| place.line);
        for (pointer, expected) in
            [("", 1), ("/kind", 1), ("/spec", 4), ("/spec/owner/x", 4), ("/spec/tags/0", 6)]
        {
            assert_eq!(line(&marks, pointer), Some(expected), "{pointer}");
        }
        let some = marks.only(["/spec/owner"].into_iter());
        assert_eq!(
            some.iter().map(|(p, at)| (p, at.line)).collect::<Vec<_>>(),
            [("", 1), ("/spec/owner", 4)]
        );
        assert_eq!(line(&some, "/spec/tags/0"), Some(1));
    }
}
