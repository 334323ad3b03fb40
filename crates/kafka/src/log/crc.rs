//! The checksum of record batches and producer snapshots: CRC-32C (Castagnoli).
//!
//! Which crate computes it was measured: docs/decisions/0003-crc.md.

use crc_fast::{CrcAlgorithm, checksum};

/// CRC-32C of `bytes`.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    reason = "a 32-bit checksum in a 64-bit return value"
)]
pub fn crc32c(bytes: &[u8]) -> u32 {
    checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(super::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(super::crc32c(b""), 0);
    }

    proptest! {
        #[test]
        fn equals_another_implementation(bytes in proptest::collection::vec(any::<u8>(), 0..5000), skip in 0..64usize) {
            let bytes = &bytes[skip.min(bytes.len())..];
            prop_assert_eq!(super::crc32c(bytes), crc32c::crc32c(bytes));
        }
    }
}
