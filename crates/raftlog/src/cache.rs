//! The tail cache: the newest entries in memory, for replication and for applying.
//!
//! Invariants: the entries follow each other; their payloads are no more than the bound, but for a single larger one.

use std::collections::VecDeque;

use crate::entry::Entry;

/// What an entry is counted with besides its payload.
const ENTRY_OVERHEAD_BYTES: usize = 96;

/// The cache.
#[derive(Debug)]
pub(crate) struct TailCache {
    entries: VecDeque<Entry>,
    bytes: usize,
    bytes_max: usize,
}

fn cost(entry: &Entry) -> usize {
    entry.payload.len() + ENTRY_OVERHEAD_BYTES
}

impl TailCache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// Adds the newest entry; the oldest ones go.
    pub(crate) fn push(&mut self, entry: Entry) {
        if self.bytes_max == 0 {
            return;
        }
        self.bytes += cost(&entry);
        self.entries.push_back(entry);
        while self.bytes > self.bytes_max && self.entries.len() > 1 {
            self.pop_oldest();
        }
    }

    fn pop_oldest(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            self.bytes -= cost(&oldest);
        }
    }

    /// The index of the oldest entry.
    pub(crate) fn first(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.index)
    }

    /// The entries from `from` on and below `to`, up to `bytes_max` of payload but at least one; `None` if the first is
    /// not here.
    pub(crate) fn get(&self, from: u64, to: u64, bytes_max: usize) -> Option<Vec<Entry>> {
        let skip = usize::try_from(from.checked_sub(self.first()?)?).ok()?;
        let mut found = Vec::new();
        let mut bytes = 0_usize;
        for entry in self.entries.range(skip.min(self.entries.len())..) {
            bytes = bytes.saturating_add(entry.payload.len());
            if entry.index >= to || (bytes > bytes_max && !found.is_empty()) {
                break;
            }
            found.push(entry.clone());
        }
        (!found.is_empty()).then_some(found)
    }

    /// Drops the entries from `from` on.
    pub(crate) fn cut(&mut self, from: u64) {
        while let Some(newest) = self.entries.back()
            && newest.index >= from
        {
            self.bytes -= cost(newest);
            self.entries.pop_back();
        }
    }

    /// Drops the entries below `upto`.
    pub(crate) fn purge(&mut self, upto: u64) {
        while self.first().is_some_and(|first| first < upto) {
            self.pop_oldest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: u64, payload: usize, bytes_max: usize) -> TailCache {
        let mut cache = TailCache::new(bytes_max);
        for index in 0..count {
            cache.push(Entry::new(index, 1, vec![0; payload]));
        }
        cache
    }

    #[test]
    fn holds_what_fits_and_the_newest_whatever_its_size() {
        for (count, payload, bytes_max, first) in [
            (10, 4, 10 * (4 + ENTRY_OVERHEAD_BYTES), Some(0)),
            (10, 4, 10 * (4 + ENTRY_OVERHEAD_BYTES) - 1, Some(1)),
            (10, 1000, 500, Some(9)),
            (10, 4, 0, None),
        ] {
            let cache = filled(count, payload, bytes_max);
            assert_eq!(cache.first(), first, "{payload} {bytes_max}");
        }
    }

    #[test]
    fn gives_what_it_has_and_at_least_one() {
        let indexes = |found: Option<Vec<Entry>>| {
            found.map(|entries| entries.iter().map(|entry| entry.index).collect::<Vec<_>>())
        };
        let mut cache = filled(10, 10, usize::MAX);
        cache.purge(2);
        cache.cut(8);
        assert_eq!(indexes(cache.get(1, 9, 100)), None);
        assert_eq!(indexes(cache.get(2, 5, 100)), Some(vec![2, 3, 4]));
        assert_eq!(indexes(cache.get(6, 99, 100)), Some(vec![6, 7]));
        assert_eq!(indexes(cache.get(2, 99, 25)), Some(vec![2, 3]));
        assert_eq!(indexes(cache.get(2, 99, 1)), Some(vec![2]));
        assert_eq!(indexes(cache.get(8, 99, 1)), None);
    }
}
