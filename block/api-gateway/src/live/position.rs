//! A place in all followed topics at once, and how it is written as the id of an event.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Begins every written position; another list of topics gets another number, so that a position
/// of an older version is recognised as such.
const FORM: u8 = 1;

/// The next offset in each partition of each topic, topic by topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Positions {
    partitions: usize,
    next: Vec<u64>,
}

/// A partition: the index of its topic, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) topic: usize,
    pub(crate) partition: u32,
}

impl Positions {
    /// The beginning of so many topics of so many partitions.
    pub(crate) fn start(topics: usize, partitions: u32) -> Self {
        let partitions = usize::try_from(partitions).unwrap_or(1);
        Self { partitions, next: vec![0; topics * partitions] }
    }

    /// The next offset there.
    pub(crate) fn next(&self, place: Place) -> u64 {
        self.index(place).and_then(|index| self.next.get(index)).copied().unwrap_or(0)
    }

    /// Goes on to an offset there.
    pub(crate) fn set(&mut self, place: Place, next: u64) {
        if let Some(known) = self.index(place).and_then(|index| self.next.get_mut(index)) {
            *known = next;
        }
    }

    fn index(&self, place: Place) -> Option<usize> {
        let partition = usize::try_from(place.partition).ok()?;
        (partition < self.partitions).then_some(place.topic * self.partitions + partition)
    }

    /// All partitions, topic by topic.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let topics = self.next.len() / self.partitions.max(1);
        let partitions = u32::try_from(self.partitions).unwrap_or(0);
        (0..topics)
            .flat_map(move |topic| (0..partitions).map(move |partition| Place { topic, partition }))
    }

    /// How many records lie between this and a later place; `None` when that is not later.
    pub(crate) fn until(&self, later: &Self) -> Option<u64> {
        if self.next.len() != later.next.len() || self.partitions != later.partitions {
            return None;
        }
        let mut records = 0_u64;
        for (here, there) in self.next.iter().zip(&later.next) {
            records = records.saturating_add(there.checked_sub(*here)?);
        }
        Some(records)
    }

    /// Text without spaces or line breaks: the numbers as LEB128, in URL-safe base 64.
    pub(crate) fn write(&self) -> String {
        let mut bytes = Vec::with_capacity(2 + 3 * self.next.len());
        bytes.push(FORM);
        for number in &self.next {
            let mut rest = *number;
            loop {
                let low = u8::try_from(rest & 0x7f).unwrap_or(0);
                rest >>= 7;
                if rest == 0 {
                    bytes.push(low);
                    break;
                }
                bytes.push(low | 0x80);
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a position of the same topics and partitions; `None` for anything else.
    pub(crate) fn read(text: &str, topics: usize, partitions: u32) -> Option<Self> {
        let mut positions = Self::start(topics, partitions);
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut bytes = bytes.into_iter();
        if bytes.next()? != FORM {
            return None;
        }
        for number in &mut positions.next {
            *number = number_of(&mut bytes)?;
        }
        bytes.next().is_none().then_some(positions)
    }
}

fn number_of(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = bytes.next()?;
        let low = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit only.
        if shift == 63 && 1 < low {
            return None;
        }
        number |= low << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn positions(next: Vec<u64>) -> Positions {
        Positions { partitions: 2, next }
    }

    #[test]
    fn counts_what_lies_between() {
        let here = positions(vec![1, 5]);
        assert_eq!(here.until(&positions(vec![4, 5])), Some(3));
        assert_eq!(here.until(&here), Some(0));
        assert_eq!(here.until(&positions(vec![9, 4])), None, "another log");
        assert_eq!(here.until(&positions(vec![9, 9, 9, 9])), None, "other topics");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(next in prop::collection::vec(any::<u64>(), 6)) {
            let written = positions(next.clone()).write();
            prop_assert_eq!(Positions::read(&written, 3, 2), Some(positions(next)));
            prop_assert_eq!(Positions::read(&written, 2, 2), None);
            prop_assert_eq!(Positions::read(&written, 4, 2), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _read = Positions::read(&text, 3, 2);
            let encoded = URL_SAFE_NO_PAD.encode(bytes);
            if let Some(read) = Positions::read(&encoded, 3, 2) {
                prop_assert_eq!(Positions::read(&read.write(), 3, 2), Some(read));
            }
        }
    }
}
