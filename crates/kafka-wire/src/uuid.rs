//! Kafka's UUID: sixteen raw bytes; as text, URL-safe base64 without padding (22 characters).

use std::fmt;
use std::str::FromStr;

/// A topic id, directory id or cluster id as the wire carries it. All zero means none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uuid(pub [u8; 16]);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const TEXT_CHARS: usize = 22;

impl Uuid {
    /// No id.
    pub const ZERO: Self = Self([0; 16]);

    /// Whether this is no id at all.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 128 bits in 22 digits of six bits; the last digit holds two bits and four zeros.
        let bits = u128::from_be_bytes(self.0);
        let mut text = String::with_capacity(TEXT_CHARS);
        for digit in 0..TEXT_CHARS {
            let low_bit = 122 - 6 * i32::try_from(digit).unwrap_or_default();
            let six = if low_bit >= 0 {
                bits >> low_bit
            } else {
                bits << -low_bit
            } & 0x3f;
            text.push(char::from(
                ALPHABET[usize::try_from(six).unwrap_or_default()],
            ));
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

/// The text is not 22 characters of URL-safe base64, or has bits beyond the sixteenth byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in URL-safe base64 (22 characters)")]
pub struct InvalidUuid;

impl FromStr for Uuid {
    type Err = InvalidUuid;

    fn from_str(text: &str) -> Result<Self, InvalidUuid> {
        let text = text.trim_end_matches('=').as_bytes();
        let (Some((last, head)), TEXT_CHARS) = (text.split_last(), text.len()) else {
            return Err(InvalidUuid);
        };
        let value = |byte: u8| {
            ALPHABET
                .iter()
                .position(|&known| known == byte)
                .ok_or(InvalidUuid)
                .map(|v| v as u128)
        };
        let mut bits = 0u128;
        for &byte in head {
            bits = bits << 6 | value(byte)?;
        }
        let last = value(*last)?;
        if last & 0x0f != 0 {
            return Err(InvalidUuid);
        }
        Ok(Self((bits << 2 | last >> 4).to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_the_one_the_java_tools_print() {
        // Kafka's two reserved ids and one with every digit class.
        for (last, text) in [(0, "AAAAAAAAAAAAAAAAAAAAAA"), (1, "AAAAAAAAAAAAAAAAAAAAAQ")] {
            let mut raw = [0; 16];
            raw[15] = last;
            assert_eq!(Uuid(raw).to_string(), text);
            assert_eq!(text.parse(), Ok(Uuid(raw)));
        }
        let raw = [
            0xfb, 0xff, 0xbe, 0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30, 0xd3,
            0x8f, 0x41,
        ];
        assert_eq!(Uuid(raw).to_string(), "-_--ABCDEFGHIJKLMNOPQQ");
        assert_eq!("-_--ABCDEFGHIJKLMNOPQQ".parse(), Ok(Uuid(raw)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "AAAA",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAA+A",
            "ÄÄÄÄÄÄÄÄÄÄÄ",
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(InvalidUuid), "{text}");
        }
    }
}
