//! Properties of a message while the broker changes them.
//!
//! Invariants: what the broker does not touch keeps its place and its bytes; the text made ends with the separator, as
//! Java's does.

use std::borrow::Cow;

use crate::store::message::{Properties, push_property};

/// Names of properties that the broker reads or writes, beside those the store knows.
pub(crate) mod key {
    pub(crate) use crate::store::message::key::{DELAY, TAGS, UNIQUE_KEY, WAIT};

    pub(crate) const REGION: &str = "MSG_REGION";
    pub(crate) const TRACE_ON: &str = "TRACE_ON";
    pub(crate) const CLUSTER: &str = "CLUSTER";
    pub(crate) const POP_CK: &str = "POP_CK";
    pub(crate) const REAL_TOPIC: &str = "REAL_TOPIC";
    pub(crate) const REAL_QUEUE_ID: &str = "REAL_QID";
    pub(crate) const TRANSACTION_PREPARED: &str = "TRAN_MSG";
    pub(crate) const PRODUCER_GROUP: &str = "PGROUP";
    pub(crate) const TRANSACTION_ID: &str = "__transactionId__";
    pub(crate) const CHECK_TIMES: &str = "TRANSACTION_CHECK_TIMES";
    pub(crate) const CHECK_IMMUNITY: &str = "CHECK_IMMUNITY_TIME_IN_SECONDS";
    pub(crate) const RETRY_TOPIC: &str = "RETRY_TOPIC";
    pub(crate) const ORIGIN_MESSAGE_ID: &str = "ORIGIN_MESSAGE_ID";
    pub(crate) const REPLY_TO_CLIENT: &str = "REPLY_TO_CLIENT";
    pub(crate) const PUSH_REPLY_TIME: &str = "PUSH_REPLY_TIME";
    pub(crate) const TIMER_DELAY_SEC: &str = "TIMER_DELAY_SEC";
    pub(crate) const TIMER_DELAY_MS: &str = "TIMER_DELAY_MS";
    pub(crate) const TIMER_DELIVER_MS: &str = "TIMER_DELIVER_MS";
}

/// A name and its value.
type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Pairs of names and values; each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PropertyMap<'a> {
    pairs: Vec<Pair<'a>>,
}

impl<'a> PropertyMap<'a> {
    /// The pairs of a text; of two with one name the later counts.
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let mut map = Self::default();
        for (name, value) in Properties::of(text) {
            let value = Cow::Borrowed(value);
            match map.place(name) {
                Some(known) => *known = value,
                None => map.pairs.push((Cow::Borrowed(name), value)),
            }
        }
        map
    }

    fn place(&mut self, name: &[u8]) -> Option<&mut Cow<'a, [u8]>> {
        let mut pairs = self.pairs.iter_mut();
        let found = pairs.find(|(known, _)| **known == *name);
        found.map(|(_, value)| value)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let found = self
            .pairs
            .iter()
            .find(|(known, _)| **known == *name.as_bytes());
        found.map(|(_, value)| String::from_utf8_lossy(value))
    }

    /// A value that is a number.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// Whether the value is `true`, in any case, as for Java's `Boolean.parseBoolean`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) {
        let value = match value.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        match self.place(name.as_bytes()) {
            Some(known) => *known = value,
            None => self.pairs.push((Cow::Borrowed(name.as_bytes()), value)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.pairs.retain(|(known, _)| **known != *name.as_bytes());
    }

    /// The text of the pairs. Those with an empty name or value, which no reader would see, are left out.
    pub(crate) fn text(&self) -> Vec<u8> {
        let bytes = self
            .pairs
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2);
        let mut text = Vec::with_capacity(bytes.sum());
        for (name, value) in &self.pairs {
            if !name.is_empty() && !value.is_empty() {
                push_pair(&mut text, name, value);
            }
        }
        text
    }
}

/// As [`push_property`], for bytes that may be no UTF-8.
fn push_pair(text: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    if let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) {
        push_property(text, name, value);
        return;
    }
    text.extend_from_slice(name);
    text.push(1);
    text.extend_from_slice(value);
    text.push(2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_touched_stays() {
        let mut map = PropertyMap::of(b"TAGS\x01a\x02KEYS\x01k1 k2\x02POP_CK\x01x");
        map.remove(key::POP_CK);
        map.set(key::CLUSTER, "c");
        map.set(key::TAGS, "b");
        map.set(key::REGION, "");
        assert_eq!(
            map.text(),
            b"TAGS\x01b\x02KEYS\x01k1 k2\x02CLUSTER\x01c\x02"
        );
        assert_eq!(map.get("KEYS").as_deref(), Some("k1 k2"));
    }

    #[test]
    fn of_two_the_later_counts() {
        let map = PropertyMap::of(b"a\x011\x02b\x012\x02a\x013\x02");
        assert_eq!(map.text(), b"a\x013\x02b\x012\x02");
        assert_eq!(map.number::<i32>("a"), Some(3));
        assert_eq!(map.number::<i32>("missing"), None);
    }

    #[test]
    fn truth_is_javas() {
        let map = PropertyMap::of(b"a\x01TRUE\x02b\x011\x02");
        assert!(map.is_true("a"));
        assert!(!map.is_true("b"));
        assert!(!map.is_true("c"));
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        let text = b"a\x01\xff\xfe\x02";
        assert_eq!(PropertyMap::of(text).text(), text);
    }
}
