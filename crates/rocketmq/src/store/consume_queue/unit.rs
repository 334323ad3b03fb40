//! One unit of a consume queue.

use super::super::ids::PhysicalOffset;

/// Bytes of a unit.
pub const UNIT_BYTES: usize = 20;
/// Size in a unit that stands in front of the first message of a queue that does not start at 0.
pub const PREFILL_SIZE: i32 = 0x7FFF_FFFF;

/// Names one entry of the commit log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueUnit {
    /// Where the entry lies.
    pub physical_offset: PhysicalOffset,
    /// Its total size.
    pub size_bytes: i32,
    /// Hash of its tag; for the topic of delayed messages the time it is due.
    pub tags_code: i64,
}

impl QueueUnit {
    /// What fills the first file up to the first message.
    pub(crate) const PREFILL: Self = Self {
        physical_offset: PhysicalOffset(0),
        size_bytes: PREFILL_SIZE,
        tags_code: 0,
    };

    pub(crate) fn encode(&self) -> [u8; UNIT_BYTES] {
        let mut out = [0; UNIT_BYTES];
        let (offset, rest) = out.split_at_mut(8);
        let (size, tags) = rest.split_at_mut(4);
        offset.copy_from_slice(&self.physical_offset.0.to_be_bytes());
        size.copy_from_slice(&self.size_bytes.to_be_bytes());
        tags.copy_from_slice(&self.tags_code.to_be_bytes());
        out
    }

    /// The unit that the bytes are.
    #[must_use]
    pub fn decode(bytes: &[u8; UNIT_BYTES]) -> Self {
        let mut offset = [0; 8];
        let mut size = [0; 4];
        let mut tags = [0; 8];
        offset.copy_from_slice(&bytes[..8]);
        size.copy_from_slice(&bytes[8..12]);
        tags.copy_from_slice(&bytes[12..]);
        Self {
            physical_offset: PhysicalOffset(i64::from_be_bytes(offset)),
            size_bytes: i32::from_be_bytes(size),
            tags_code: i64::from_be_bytes(tags),
        }
    }

    /// The units in `bytes`, whole ones only.
    pub(crate) fn decode_all(bytes: &[u8]) -> impl Iterator<Item = Self> + '_ {
        let (units, _) = bytes.as_chunks::<UNIT_BYTES>();
        units.iter().map(Self::decode)
    }

    /// Whether anything was written here. The first unit that was not ends a queue.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.physical_offset.0 >= 0 && self.size_bytes > 0
    }

    /// Whether it only stands in front of the first message.
    #[must_use]
    pub fn is_prefill(&self) -> bool {
        *self == Self::PREFILL
    }

    /// Where the next entry begins.
    #[must_use]
    pub fn entry_end(&self) -> PhysicalOffset {
        self.physical_offset
            .plus(u64::from(self.size_bytes.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_twenty_big_endian_bytes() {
        let unit = QueueUnit {
            physical_offset: PhysicalOffset(0x0102_0304_0506_0708),
            size_bytes: 0x090A_0B0C,
            tags_code: -2,
        };
        let bytes = unit.encode();
        assert_eq!(bytes[..12], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(bytes[12..], (-2i64).to_be_bytes());
        assert_eq!(QueueUnit::decode(&bytes), unit);
        assert_eq!(QueueUnit::decode_all(&[0; 41]).count(), 2);
        assert!(!QueueUnit::decode(&[0; 20]).is_written());
        assert!(QueueUnit::PREFILL.is_written());
    }
}
