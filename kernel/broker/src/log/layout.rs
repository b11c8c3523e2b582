//! What a chunk says of its records besides their values: keys, headers, and how long each value is.
//!
//! One entry after the other, in the order of the records. A number is unsigned LEB128, a text its
//! length in bytes and its UTF-8:
//!
//! | what | how |
//! | --- | --- |
//! | key | 0 when there is none, else its length in bytes plus 1 and its UTF-8 |
//! | headers | how many, then name and value of each as texts |
//! | value | its length in bytes; the value itself lies in the chunk's content |

use std::io::{self, ErrorKind};

use crate::record::Headers;

/// Bits of a number in one byte; the eighth says whether more follow.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

/// What a layout says of a record.
pub(crate) struct Entry {
    pub(crate) key: Option<String>,
    pub(crate) headers: Headers,
    /// Bytes of the value.
    pub(crate) length: usize,
}

/// Adds an entry.
pub(crate) fn write(layout: &mut Vec<u8>, key: Option<&str>, headers: &Headers, length: usize) {
    // At most ten bytes a number.
    let numbers = 3 + 2 * headers.iter().count();
    layout.reserve(key.map_or(0, str::len) + headers.bytes() + 10 * numbers);
    number(layout, key.map_or(0, |key| key.len() + 1));
    layout.extend_from_slice(key.unwrap_or_default().as_bytes());
    number(layout, headers.iter().count());
    for (name, value) in headers.iter() {
        text(layout, name);
        text(layout, value);
    }
    number(layout, length);
}

fn text(layout: &mut Vec<u8>, text: &str) {
    number(layout, text.len());
    layout.extend_from_slice(text.as_bytes());
}

fn number(layout: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = number.to_le_bytes()[0];
        number >>= BITS;
        if number == 0 {
            return layout.push(low & !MORE);
        }
        layout.push(low | MORE);
    }
}

/// The entries of a layout. One that cannot be read is an error, and the last.
pub(crate) struct Entries<'a>(pub(crate) &'a [u8]);

impl Entries<'_> {
    fn entry(&mut self) -> Option<Entry> {
        let key = match self.number()? {
            0 => None,
            more => Some(self.take(more - 1)?),
        };
        let mut headers = Headers::new();
        for _ in 0..self.number()? {
            headers.add(self.text()?, self.text()?);
        }
        Some(Entry { key, headers, length: self.number()? })
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number()?;
        self.take(length)
    }

    fn take(&mut self, length: usize) -> Option<String> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= usize::from(byte & !MORE) << shift;
            if byte & MORE == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl Iterator for Entries<'_> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<io::Result<Entry>> {
        if self.0.is_empty() {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            self.0 = &[];
        }
        Some(
            entry.ok_or_else(|| {
                io::Error::new(ErrorKind::InvalidData, "a chunk's layout is damaged")
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            entries in prop::collection::vec(
                (
                    prop::option::of(".{0,200}"),
                    prop::collection::vec(("[a-z]{1,9}", ".{0,20}"), 0..5),
                    prop_oneof![0..300_usize, Just(usize::MAX)],
                ),
                0..20,
            ),
        ) {
            let mut layout = Vec::new();
            let mut written = Vec::new();
            for (key, named, length) in entries {
                let headers = named.into_iter().fold(Headers::new(), |headers, (name, value)| {
                    headers.with(&name, value)
                });
                write(&mut layout, key.as_deref(), &headers, length);
                written.push((key, headers, length));
            }
            let read: Vec<_> = Entries(&layout)
                .map(|entry| entry.map(|entry| (entry.key, entry.headers, entry.length)))
                .collect::<io::Result<_>>()
                .expect("reads");
            prop_assert_eq!(read, written);
        }

        #[test]
        fn any_bytes_end(layout in prop::collection::vec(any::<u8>(), 0..64)) {
            let entries: Vec<_> = Entries(&layout).collect();
            prop_assert!(entries.iter().rev().skip(1).all(Result::is_ok));
        }
    }

    #[test]
    fn a_torn_layout_is_an_error_after_its_last_whole_entry() {
        let mut layout = Vec::new();
        write(&mut layout, Some("K"), &Headers::new().with("a", "b"), 7);
        let whole = layout.len();
        write(&mut layout, None, &Headers::new(), 300);
        for length in whole + 1..layout.len() {
            let read: Vec<_> = Entries(&layout[..length]).collect();
            assert!(matches!(read.as_slice(), [Ok(_), Err(_)]), "{length}");
        }
    }
}
