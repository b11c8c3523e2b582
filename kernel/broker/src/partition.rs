//! Which partition an aggregate belongs to. The function is part of the format of every log: it
//! never changes.

use sha2::{Digest as _, Sha256};

/// The partition of `aggregate` among `partitions` (at least 1): the first eight bytes of SHA-256
/// of its UTF-8 bytes, read as a big-endian number, modulo `partitions`.
///
/// The standard library's hasher may differ between versions, and FNV spreads names that differ in
/// one digit badly over few partitions; SHA-256 does neither and costs a fraction of a microsecond.
pub fn partition_of(aggregate: &str, partitions: u32) -> u32 {
    let digest = Sha256::digest(aggregate.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
    u32::try_from(number % u64::from(partitions.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_changes() {
        // sha256("room-1") and sha256("") begin with bytes known from other tools.
        assert_eq!(partition_of("", u32::MAX), {
            u32::try_from(0xe3b0_c442_98fc_1c14_u64 % u64::from(u32::MAX)).unwrap_or(0)
        });
        let of_four: Vec<u32> =
            ["room-1", "room-2", "room-3", "patient-1"].map(|a| partition_of(a, 4)).to_vec();
        assert_eq!(of_four, EXPECTED);
    }

    const EXPECTED: [u32; 4] = [3, 3, 0, 0];

    #[test]
    fn one_partition_takes_all() {
        assert_eq!(partition_of("anything", 1), 0);
        assert_eq!(partition_of("anything", 0), 0);
    }
}
