//! The newest offset of each key in the dirty part of a log.
//!
//! Keys are told apart by 128 bits of a hash that is keyed anew for each pass: nobody can choose keys that collide.
//! Invariant: every record at or below `latest` is in the map, or has no key, or was aborted.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::super::super::ids::KafkaOffset;

/// Memory an entry takes at most: key, offset and the table's own share while it grows.
pub(crate) const ENTRY_BYTES_MAX: usize = 48;

pub(super) struct OffsetMap {
    hashers: [RandomState; 2],
    offsets: HashMap<(u64, u64), KafkaOffset>,
    entries_max: usize,
    latest: KafkaOffset,
}

impl OffsetMap {
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            hashers: [RandomState::new(), RandomState::new()],
            offsets: HashMap::new(),
            entries_max: entries_max.max(1),
            latest: KafkaOffset(-1),
        }
    }

    fn hash(&self, key: &[u8]) -> (u64, u64) {
        let [first, second] = &self.hashers;
        (first.hash_one(key), second.hash_one(key))
    }

    /// Notes a record; false, and nothing happened, if its key is new and the map is full.
    pub(super) fn put(&mut self, key: &[u8], offset: KafkaOffset) -> bool {
        let hash = self.hash(key);
        if self.offsets.len() >= self.entries_max && !self.offsets.contains_key(&hash) {
            return false;
        }
        self.offsets.insert(hash, offset);
        true
    }

    /// Everything up to `offset` (inclusive) has been noted.
    pub(super) fn complete_to(&mut self, offset: KafkaOffset) {
        self.latest = self.latest.max(offset);
    }

    /// Up to where every record is known (inclusive); −1 at first.
    pub(super) fn latest(&self) -> KafkaOffset {
        self.latest
    }

    /// Whether no newer record with this key than the one at `offset` is known.
    pub(super) fn is_newest(&self, key: &[u8], offset: KafkaOffset) -> bool {
        self.offsets
            .get(&self.hash(key))
            .is_none_or(|newest| offset >= *newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_offset_of_a_key_counts_and_a_full_map_takes_known_keys_only() {
        let mut map = OffsetMap::new(2);
        assert!(map.put(b"a", KafkaOffset(1)) && map.put(b"b", KafkaOffset(2)));
        assert!(!map.put(b"c", KafkaOffset(3)), "full");
        assert!(map.put(b"a", KafkaOffset(4)));
        assert!(!map.is_newest(b"a", KafkaOffset(1)));
        assert!(map.is_newest(b"a", KafkaOffset(4)) && map.is_newest(b"a", KafkaOffset(5)));
        assert!(map.is_newest(b"c", KafkaOffset(0)), "an unknown key");
        assert_eq!(map.latest(), KafkaOffset(-1));
        map.complete_to(KafkaOffset(4));
        map.complete_to(KafkaOffset(2));
        assert_eq!(map.latest(), KafkaOffset(4));
    }
}
