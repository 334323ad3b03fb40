//! Receive buffers and answer buffers of one shard, kept for reuse.
//!
//! A connection holds a receive buffer only while it reads or while part of a frame is in it, so the hot buffers of a
//! shard stay in its core's cache and ten thousand idle connections hold none. One thread uses a pool; no locks.

use std::cell::RefCell;

/// Sizes of pooled receive buffers. Each leaves room for the headers of a produce request around a batch of a round
/// size (64 KiB, 256 KiB, 1 MiB), so that such a frame fits without being moved.
pub(crate) const CLASS_BYTES: [usize; 3] = [72 << 10, 288 << 10, 1088 << 10];

/// How many buffers of each class a shard keeps.
const KEPT: [usize; 3] = [8, 4, 2];

/// Answer buffers above this capacity are freed instead of kept.
const ANSWER_KEPT_BYTES: usize = 256 << 10;
const ANSWERS_KEPT: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Buffers {
    free: RefCell<[Vec<Box<[u8]>>; CLASS_BYTES.len()]>,
    answers: RefCell<Vec<Vec<u8>>>,
}

impl Buffers {
    /// A buffer of at least `wanted_bytes`: the smallest class that fits, or exactly that size above the classes.
    pub(crate) fn take(&self, wanted_bytes: usize) -> Box<[u8]> {
        let size_bytes = Self::size_for(wanted_bytes);
        let class = CLASS_BYTES.iter().position(|class| *class == size_bytes);
        let pooled = class.and_then(|class| self.free.borrow_mut().get_mut(class)?.pop());
        pooled.unwrap_or_else(|| vec![0; size_bytes].into_boxed_slice())
    }

    /// The size that [`Self::take`] would give.
    pub(crate) fn size_for(wanted_bytes: usize) -> usize {
        let class = CLASS_BYTES.iter().find(|class| **class >= wanted_bytes);
        class.copied().unwrap_or(wanted_bytes)
    }

    pub(crate) fn give_back(&self, buffer: Box<[u8]>) {
        let Some(class) = CLASS_BYTES.iter().position(|class| *class == buffer.len()) else {
            return;
        };
        let mut free = self.free.borrow_mut();
        if let (Some(kept), Some(limit)) = (free.get_mut(class), KEPT.get(class))
            && kept.len() < *limit
        {
            kept.push(buffer);
        }
    }

    /// An empty buffer to encode answers into.
    pub(crate) fn take_answer(&self) -> Vec<u8> {
        self.answers.borrow_mut().pop().unwrap_or_default()
    }

    pub(crate) fn give_back_answer(&self, mut buffer: Vec<u8>) {
        let mut answers = self.answers.borrow_mut();
        if buffer.capacity() <= ANSWER_KEPT_BYTES && answers.len() < ANSWERS_KEPT {
            buffer.clear();
            answers.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_classes_and_beyond_them_exact() {
        for (wanted, size) in [
            (0, 72 << 10),
            (72 << 10, 72 << 10),
            ((72 << 10) + 1, 288 << 10),
            (1 << 20, 1088 << 10),
            (5_000_000, 5_000_000),
        ] {
            assert_eq!(Buffers::default().take(wanted).len(), size, "{wanted}");
        }
    }

    #[test]
    fn keeps_no_more_than_its_share() {
        let buffers = Buffers::default();
        for _ in 0..20 {
            buffers.give_back(vec![0; CLASS_BYTES[2]].into_boxed_slice());
            buffers.give_back(vec![0; 5_000_000].into_boxed_slice());
        }
        assert_eq!(buffers.free.borrow().each_ref().map(Vec::len), [0, 0, 2]);
    }
}
