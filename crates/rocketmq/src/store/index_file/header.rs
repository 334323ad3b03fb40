//! The head of an index file, and the shape that follows from two settings.

use super::super::ids::PhysicalOffset;

/// Bytes of the head.
pub const INDEX_HEADER_BYTES: usize = 40;
/// Bytes of a slot.
pub const INDEX_SLOT_BYTES: usize = 4;
/// Bytes of an entry.
pub const INDEX_ENTRY_BYTES: usize = 20;

/// How many slots and entries a file has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// `maxHashSlotNum`.
    pub slots: u32,
    /// `maxIndexNum`; the first entry is never used.
    pub entries: u32,
}

impl Shape {
    /// Length of a file.
    #[must_use]
    pub fn file_bytes(self) -> u64 {
        self.entry_at(self.entries)
    }

    /// Where in a file a slot lies.
    #[must_use]
    pub fn slot_at(self, slot: u32) -> u64 {
        INDEX_HEADER_BYTES as u64 + u64::from(slot) * INDEX_SLOT_BYTES as u64
    }

    /// Where in a file an entry lies.
    #[must_use]
    pub fn entry_at(self, entry: u32) -> u64 {
        self.slot_at(self.slots) + u64::from(entry) * INDEX_ENTRY_BYTES as u64
    }

    /// The slot of a hash.
    #[must_use]
    pub fn slot_of(self, hash: i32) -> u32 {
        hash.unsigned_abs() % self.slots.max(1)
    }
}

/// The head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Store time of the first message.
    pub begin_ms: i64,
    /// Store time of the last message.
    pub end_ms: i64,
    /// The first message.
    pub begin: PhysicalOffset,
    /// The last message.
    pub end: PhysicalOffset,
    /// Slots that are used.
    pub used_slots: u32,
    /// Number of the next entry: 1 in an empty file, entry 0 is never used.
    pub count: u32,
}

impl Header {
    /// Of a file that follows one that ended at `end` and `end_ms`.
    pub(crate) fn following(end: PhysicalOffset, end_ms: i64) -> Self {
        Self {
            begin_ms: end_ms,
            end_ms,
            begin: end,
            end,
            used_slots: 0,
            count: 1,
        }
    }

    pub(crate) fn encode(&self) -> [u8; INDEX_HEADER_BYTES] {
        let mut out = [0; INDEX_HEADER_BYTES];
        let longs = [self.begin_ms, self.end_ms, self.begin.0, self.end.0];
        let (long_bytes, ints) = out.split_at_mut(32);
        for (field, value) in long_bytes.chunks_exact_mut(8).zip(longs) {
            field.copy_from_slice(&value.to_be_bytes());
        }
        for (field, value) in ints.chunks_exact_mut(4).zip([self.used_slots, self.count]) {
            field.copy_from_slice(&value.to_be_bytes());
        }
        out
    }

    /// The head that the bytes are.
    #[must_use]
    pub fn decode(bytes: &[u8; INDEX_HEADER_BYTES]) -> Self {
        let mut fields = bytes.chunks_exact(4).map(|field| {
            let mut word = [0; 4];
            word.copy_from_slice(field);
            u32::from_be_bytes(word)
        });
        let mut word = || fields.next().unwrap_or(0);
        let mut long = || (u64::from(word()) << 32 | u64::from(word())).cast_signed();
        let (begin_ms, end_ms) = (long(), long());
        let (begin, end) = (PhysicalOffset(long()), PhysicalOffset(long()));
        let (used_slots, count) = (word(), word());
        Self {
            begin_ms,
            end_ms,
            begin,
            end,
            used_slots,
            // A file that nothing was ever put into says 0.
            count: if count.cast_signed() <= 0 { 1 } else { count },
        }
    }

    /// Whether messages from `begin_ms` to `end_ms` (inclusive) may be in the file.
    #[must_use]
    pub fn overlaps(&self, begin_ms: i64, end_ms: i64) -> bool {
        begin_ms <= self.end_ms && end_ms >= self.begin_ms
    }
}

/// One entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IndexEntry {
    /// Of topic and key, see [`super::super::message::index_hash`].
    pub hash: i32,
    /// The message.
    pub physical_offset: PhysicalOffset,
    /// Seconds after the file's begin.
    pub seconds: i32,
    /// The entry of this slot before it; 0: none.
    pub previous: u32,
}

/// Where in an entry its link lies.
pub(crate) const PREVIOUS_AT: u64 = 16;

impl IndexEntry {
    pub(crate) fn encode(&self) -> [u8; INDEX_ENTRY_BYTES] {
        let mut out = [0; INDEX_ENTRY_BYTES];
        let (hash, rest) = out.split_at_mut(4);
        let (offset, rest) = rest.split_at_mut(8);
        let (seconds, previous) = rest.split_at_mut(4);
        hash.copy_from_slice(&self.hash.to_be_bytes());
        offset.copy_from_slice(&self.physical_offset.0.to_be_bytes());
        seconds.copy_from_slice(&self.seconds.to_be_bytes());
        previous.copy_from_slice(&self.previous.to_be_bytes());
        out
    }

    /// The entry that the bytes are.
    #[must_use]
    pub fn decode(bytes: &[u8; INDEX_ENTRY_BYTES]) -> Self {
        let word = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[at..at + 4]);
            u32::from_be_bytes(word)
        };
        let offset = u64::from(word(4)) << 32 | u64::from(word(8));
        Self {
            hash: word(0).cast_signed(),
            physical_offset: PhysicalOffset(offset.cast_signed()),
            seconds: word(12).cast_signed(),
            previous: word(16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stock_file_has_rocketmqs_size() {
        let shape = Shape {
            slots: 5_000_000,
            entries: 20_000_000,
        };
        assert_eq!(shape.file_bytes(), 420_000_040);
        assert_eq!(shape.slot_of(i32::MAX), 2_147_483_647 % 5_000_000);
    }

    #[test]
    fn head_and_entry_read_back() {
        let header = Header {
            begin_ms: 1,
            end_ms: -2,
            begin: PhysicalOffset(3),
            end: PhysicalOffset(i64::MAX),
            used_slots: 5,
            count: 6,
        };
        let bytes = header.encode();
        assert_eq!(bytes[7], 1);
        assert_eq!(bytes[32..], [0, 0, 0, 5, 0, 0, 0, 6]);
        assert_eq!(Header::decode(&bytes), header);
        assert_eq!(Header::decode(&[0; 40]).count, 1);
        let entry = IndexEntry {
            hash: -7,
            physical_offset: PhysicalOffset(1 << 40),
            seconds: 9,
            previous: 3,
        };
        assert_eq!(IndexEntry::decode(&entry.encode()), entry);
    }
}
