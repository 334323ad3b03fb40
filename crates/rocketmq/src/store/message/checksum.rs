//! Checksums of an entry: of its body, and of the whole where that is switched on.
//!
//! Which crate computes them was measured: docs/decisions/0003-crc.md.

use crc_fast::{CrcAlgorithm, Digest, checksum};

/// Name of the property that covers a whole entry.
pub const PROPERTY_CRC_KEY: &str = "__CRC32#";
/// Bytes that property takes, with its separators: always the last ones of the entry.
pub const PROPERTY_CRC_BYTES: usize = 20;
const DIGITS: usize = 10;

/// The checksum of a body as an entry holds it: CRC-32 (IEEE) without its top bit.
#[must_use]
pub fn body_crc(body: &[u8]) -> u32 {
    low_half(checksum(CrcAlgorithm::Crc32IsoHdlc, body)) & 0x7FFF_FFFF
}

/// The property that covers `parts`, in order, ready to be put behind them.
pub(super) fn crc_property<'a>(parts: impl Iterator<Item = &'a [u8]>) -> [u8; PROPERTY_CRC_BYTES] {
    let mut digest = Digest::new(CrcAlgorithm::Crc32IsoHdlc);
    parts.for_each(|part| digest.update(part));
    let mut rest = low_half(digest.finalize());
    let mut out = [0u8; PROPERTY_CRC_BYTES];
    let (name, value) = out.split_at_mut(PROPERTY_CRC_KEY.len());
    name.copy_from_slice(PROPERTY_CRC_KEY.as_bytes());
    value.fill(super::properties::PROPERTY_SEPARATOR);
    for (at, byte) in value.iter_mut().take(DIGITS + 1).enumerate() {
        // The digits go from the lowest to the highest.
        *byte = if at == 0 {
            super::properties::NAME_VALUE_SEPARATOR
        } else {
            let digit = rest % 10;
            rest /= 10;
            b'0' + u8::try_from(digit).unwrap_or(0)
        };
    }
    out
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a 32-bit checksum in a 64-bit return value"
)]
fn low_half(crc: u64) -> u32 {
    crc as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue_without_its_top_bit() {
        assert_eq!(body_crc(b"123456789"), 0xCBF4_3926 & 0x7FFF_FFFF);
        assert_eq!(body_crc(b""), 0);
    }

    #[test]
    fn the_property_writes_its_digits_from_the_lowest() {
        let made = crc_property([b"1234".as_slice(), b"56789"].into_iter());
        // 0xCBF43926 is 3421780262.
        assert_eq!(&made[..], b"__CRC32#\x012620871243\x02");
    }
}
