//! Ids as injected values: random in a hospital, seeded where the same run must give the same
//! bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Gives new ids. Cheap to clone; all clones draw from one source.
#[derive(Debug, Clone)]
pub struct Ids(Arc<Source>);

#[derive(Debug)]
enum Source {
    Random,
    Seeded { seed: u64, drawn: AtomicU64 },
}

impl Ids {
    /// Ids from the machine's source of randomness.
    #[must_use]
    pub fn random() -> Self {
        Self(Arc::new(Source::Random))
    }

    /// The same ids in the same order for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source::Seeded { seed, drawn: AtomicU64::new(0) }))
    }

    /// A new id in the form of a version 4 UUID (RFC 9562, section 5.4).
    ///
    /// # Panics
    ///
    /// When the machine has no randomness to give: then nothing that relies on unique ids may
    /// go on.
    #[must_use]
    pub fn next(&self) -> Uuid {
        let mut bytes = [0_u8; 16];
        match &*self.0 {
            Source::Random => {
                #[expect(clippy::expect_used, reason = "documented: no id without randomness")]
                getrandom::fill(&mut bytes).expect("the machine gives random bytes");
            }
            Source::Seeded { seed, drawn } => {
                let nth = drawn.fetch_add(1, Ordering::Relaxed);
                let (high, low) = bytes.split_at_mut(8);
                high.copy_from_slice(&mix(seed.wrapping_add(nth)).to_be_bytes());
                low.copy_from_slice(&mix(seed.rotate_left(32) ^ nth).to_be_bytes());
            }
        }
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood, 2014): spreads consecutive numbers.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_ids_repeat_and_differ() {
        let (one, two) = (Ids::seeded(7), Ids::seeded(7));
        let first = one.next();
        assert_eq!(first, two.next());
        assert_ne!(first, one.next());
        assert_ne!(Ids::seeded(8).next(), first);
        assert_eq!(Ids::random().next().get_version_num(), 4);
    }
}
