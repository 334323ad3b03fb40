//! CRC-32C (Castagnoli), by whichever of two crates is the faster one on this processor.
//!
//! `crc-fast` is, by far, where the processor multiplies without carries in 512-bit registers; elsewhere `crc32c`, which
//! uses the processor's own instruction. Both were measured on both kinds: docs/decisions/0003-crc.md.
//! Absent on purpose: other polynomials.

use crc_fast::{CrcAlgorithm, Digest, checksum};

/// CRC-32C of `bytes`.
#[must_use]
#[inline]
pub fn crc32c(bytes: &[u8]) -> u32 {
    if is_wide() {
        low(checksum(CrcAlgorithm::Crc32Iscsi, bytes))
    } else {
        ::crc32c::crc32c(bytes)
    }
}

/// CRC-32C of one piece of memory and another behind it.
#[must_use]
pub fn crc32c_of_two(first: &[u8], second: &[u8]) -> u32 {
    if is_wide() {
        let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
        digest.update(first);
        digest.update(second);
        low(digest.finalize())
    } else {
        ::crc32c::crc32c_append(::crc32c::crc32c(first), second)
    }
}

/// Whether `crc-fast` has its widest code here. The answer is kept by the standard library.
#[cfg(target_arch = "x86_64")]
#[inline]
fn is_wide() -> bool {
    std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("vpclmulqdq")
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn is_wide() -> bool {
    true
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a 32-bit checksum in a 64-bit return value"
)]
#[inline]
fn low(checksum: u64) -> u32 {
    checksum as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c_of_two(b"1234", b"56789"), 0xe306_9283);
        assert_eq!(crc32c(b""), 0);
    }

    proptest! {
        #[test]
        fn both_crates_agree(bytes in proptest::collection::vec(any::<u8>(), 0..5000), skip in 0..64_usize, split in 0..5000_usize) {
            let bytes = bytes.get(skip..).unwrap_or_default();
            let (first, second) = bytes.split_at(split.min(bytes.len()));
            let expected = low(checksum(CrcAlgorithm::Crc32Iscsi, bytes));
            prop_assert_eq!(::crc32c::crc32c(bytes), expected);
            prop_assert_eq!(crc32c(bytes), expected);
            prop_assert_eq!(crc32c_of_two(first, second), expected);
        }
    }
}
