//! Properties: text of `name 0x01 value 0x02`, repeated.
//!
//! Invariants: the text is kept as the client sent it; the order of pairs means nothing; of two pairs with one name the
//! later counts. A pair that Java drops is dropped: shorter than three characters, without a separator, without a name
//! or without a value. The last separator may be missing.

use std::borrow::Cow;

/// Between a name and its value.
pub const NAME_VALUE_SEPARATOR: u8 = 0x01;
/// After a pair.
pub const PROPERTY_SEPARATOR: u8 = 0x02;

/// Names of properties that the store reads.
pub mod key {
    /// Search keys, separated by spaces.
    pub const KEYS: &str = "KEYS";
    /// The client's own id of a message.
    pub const UNIQUE_KEY: &str = "UNIQ_KEY";
    /// The tag.
    pub const TAGS: &str = "TAGS";
    /// `false`: the producer does not wait for the disk.
    pub const WAIT: &str = "WAIT";
    /// The delay level.
    pub const DELAY: &str = "DELAY";
}

/// Walks the pairs of a properties text.
#[derive(Clone, Debug)]
pub struct Properties<'a> {
    rest: &'a [u8],
}

impl<'a> Properties<'a> {
    /// The pairs of `text`.
    #[must_use]
    pub fn of(text: &'a [u8]) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let end = position(self.rest, PROPERTY_SEPARATOR);
            let (pair, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            let at = position(pair, NAME_VALUE_SEPARATOR);
            let (name, value) = pair.split_at(at);
            if let Some(value) = value.get(1..)
                && !name.is_empty()
                && !value.is_empty()
            {
                return Some((name, value));
            }
        }
        None
    }
}

/// The first place of `byte`, or the end.
fn position(bytes: &[u8], byte: u8) -> usize {
    bytes
        .iter()
        .position(|found| *found == byte)
        .unwrap_or(bytes.len())
}

/// The value of one property; text that is no UTF-8 is read as Java reads it, with replacement characters.
#[must_use]
pub fn property<'a>(text: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    Properties::of(text)
        .filter(|(found, _)| *found == name.as_bytes())
        .last()
        .map(|(_, value)| String::from_utf8_lossy(value))
}

/// Puts a pair behind a text.
pub fn push_property(text: &mut Vec<u8>, name: &str, value: &str) {
    if !text.is_empty() && text.last() != Some(&PROPERTY_SEPARATOR) {
        text.push(PROPERTY_SEPARATOR);
    }
    text.extend_from_slice(name.as_bytes());
    text.push(NAME_VALUE_SEPARATOR);
    text.extend_from_slice(value.as_bytes());
    text.push(PROPERTY_SEPARATOR);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &[u8]) -> Vec<(&str, &str)> {
        Properties::of(text)
            .map(|(name, value)| {
                (
                    std::str::from_utf8(name).unwrap(),
                    std::str::from_utf8(value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn what_java_drops_is_dropped() {
        let cases: &[(&[u8], &[(&str, &str)])] = &[
            (b"", &[]),
            (b"a\x01b\x02", &[("a", "b")]),
            (b"a\x01b", &[("a", "b")]),
            (b"a\x01b\x02c\x01d", &[("a", "b"), ("c", "d")]),
            (b"\x02\x02a\x01b\x02\x02", &[("a", "b")]),
            (b"\x01b\x02c\x01d\x02", &[("c", "d")]),
            (b"a\x01\x02c\x01d\x02", &[("c", "d")]),
            (b"ab\x02c\x01d\x02", &[("c", "d")]),
            (b"a\x01b\x01c\x02", &[("a", "b\x01c")]),
            (b"\x01\x02\x01", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(pairs(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn the_later_of_two_counts() {
        assert_eq!(property(b"K\x011\x02K\x012\x02", "K").as_deref(), Some("2"));
        assert_eq!(property(b"K\x011\x02", "k"), None);
    }

    proptest! {
        #[test]
        fn what_was_pushed_is_read_back(pairs in proptest::collection::vec(("[a-zA-Z_]{1,8}", "[a-z \u{e9}]{1,8}"), 0..8)) {
            let mut text = Vec::new();
            for (name, value) in &pairs {
                push_property(&mut text, name, value);
            }
            let read: Vec<(String, String)> = Properties::of(&text)
                .map(|(n, v)| (String::from_utf8_lossy(n).into(), String::from_utf8_lossy(v).into()))
                .collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn any_bytes_are_walked_to_their_end(text in proptest::collection::vec(prop_oneof![Just(1u8), Just(2u8), any::<u8>()], 0..60)) {
            prop_assert!(Properties::of(&text).count() <= text.len());
        }
    }
}
