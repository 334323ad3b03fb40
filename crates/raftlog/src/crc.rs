//! The checksum of frames, segment headers and state slots: CRC-32C (Castagnoli).
//!
//! Which crate computes it was measured: docs/decisions/0003-crc.md.

use crc_fast::{CrcAlgorithm, Digest, checksum};

/// CRC-32C of `bytes`.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a 32-bit checksum in a 64-bit return value"
)]
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// CRC-32C of one piece of memory and another behind it.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a 32-bit checksum in a 64-bit return value"
)]
pub(crate) fn crc32c_of_two(first: &[u8], second: &[u8]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(first);
    digest.update(second);
    digest.finalize() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c_of_two(b"1234", b"56789"), 0xe306_9283);
    }
}
