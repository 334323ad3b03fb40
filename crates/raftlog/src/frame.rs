//! Frames: how an entry lies in a segment file, and the header that each segment begins with.
//!
//! A frame names the one before it by that one's checksum (its *link*), so checksums form a chain through all segments,
//! and it carries the log's *generation*, which grows with each cut. What an earlier life of the same bytes left behind
//! the end therefore fits neither. It also says how far the log was durable when it was written: a frame that is found
//! behind a hole proves that the hole was not there.
//!
//! Invariants: a frame of zeros is the end; frames begin at multiples of 8 bytes.
//! Format: docs/formats/raftlog.md.

use bytes::{Buf, BufMut};

use crate::entry::{Entry, EntryKind};
use segment::{crc32c, crc32c_of_two};

/// Bytes before a payload.
pub(crate) const FRAME_HEADER_BYTES: usize = 40;
/// Frames begin at multiples of this.
pub(crate) const FRAME_ALIGN_BYTES: usize = 8;
/// Bytes before the first frame of a segment.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 64;
/// The format's number.
pub(crate) const SEGMENT_VERSION: u32 = 1;
/// What a segment says it is.
pub(crate) const SEGMENT_MAGIC: [u8; 8] = *b"hwrftlog";

/// A frame's kind byte for anything but a membership.
const KIND_NORMAL: u8 = 0;
/// A frame's kind byte for a membership.
const KIND_MEMBERSHIP: u8 = 1;

/// What the next frame has to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expect {
    /// Its index.
    pub(crate) index: u64,
    /// The checksum of the frame (or segment header) before it.
    pub(crate) link: u32,
    /// The term of the entry before it.
    pub(crate) term: u64,
    /// The generation of the frame before it.
    pub(crate) generation: u32,
}

/// Which generations count where: of the entries from `void_from` on only the newest one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generations {
    pub(crate) newest: u32,
    pub(crate) void_from: u64,
}

impl Generations {
    pub(crate) fn allow(&self, index: u64, generation: u32) -> bool {
        generation <= self.newest && (index < self.void_from || generation == self.newest)
    }
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) crc: u32,
    pub(crate) length: u32,
    pub(crate) link: u32,
    pub(crate) generation: u32,
    pub(crate) index: u64,
    pub(crate) term: u64,
    /// How far the frame was ahead of what was durable when it was written: index minus lag is the last entry that was.
    /// More than the index: none was. `u32::MAX`: not said.
    pub(crate) lag: u32,
    pub(crate) kind: EntryKind,
}

/// Bytes of a frame in the file, padding included.
pub(crate) fn frame_bytes(payload: usize) -> u64 {
    (FRAME_HEADER_BYTES + payload).next_multiple_of(FRAME_ALIGN_BYTES) as u64
}

impl FrameHeader {
    /// The header of `entry`, to be written behind what `expect` says; without its checksum.
    pub(crate) fn of(entry: &Entry, expect: &Expect, generation: u32, durable_next: u64) -> Self {
        let lag = entry.index.saturating_add(1).saturating_sub(durable_next);
        Self {
            crc: 0,
            length: u32::try_from(entry.payload.len()).unwrap_or(u32::MAX),
            link: expect.link,
            generation,
            index: entry.index,
            term: entry.term,
            lag: u32::try_from(lag).unwrap_or(u32::MAX),
            kind: entry.kind,
        }
    }

    fn bytes(&self) -> [u8; FRAME_HEADER_BYTES] {
        let mut out = [0; FRAME_HEADER_BYTES];
        let mut to = &mut out[..];
        to.put_u32_le(self.crc);
        to.put_u32_le(self.length);
        to.put_u32_le(self.link);
        to.put_u32_le(self.generation);
        to.put_u64_le(self.index);
        to.put_u64_le(self.term);
        to.put_u32_le(self.lag);
        to.put_u8(match self.kind {
            EntryKind::Normal => KIND_NORMAL,
            EntryKind::Membership => KIND_MEMBERSHIP,
        });
        out
    }

    /// Fills in the checksum; returns the header's bytes.
    pub(crate) fn seal(&mut self, payload: &[u8]) -> [u8; FRAME_HEADER_BYTES] {
        let bytes = self.bytes();
        self.crc = crc32c_of_two(bytes.get(4..).unwrap_or_default(), payload);
        self.bytes()
    }

    /// Writes the whole frame with its padding into `place`, which is as long as that, and fills in the checksum: one pass
    /// over what lies together is cheaper than [`Self::seal`]'s two.
    pub(crate) fn put(&mut self, payload: &[u8], place: &mut [u8]) {
        let (head, body) = place.split_at_mut(FRAME_HEADER_BYTES);
        let (to, padding) = body.split_at_mut(payload.len());
        head.copy_from_slice(&self.bytes());
        to.copy_from_slice(payload);
        padding.fill(0);
        let covered = place.get(4..FRAME_HEADER_BYTES + payload.len());
        self.crc = crc32c(covered.unwrap_or_default());
        if let Some(crc) = place.first_chunk_mut() {
            *crc = self.crc.to_le_bytes();
        }
    }

    /// Reads a header; `None` if its constant parts are not what they should be.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = bytes.get(..FRAME_HEADER_BYTES)?;
        let header = Self {
            crc: from.get_u32_le(),
            length: from.get_u32_le(),
            link: from.get_u32_le(),
            generation: from.get_u32_le(),
            index: from.get_u64_le(),
            term: from.get_u64_le(),
            lag: from.get_u32_le(),
            kind: match from.get_u8() {
                KIND_NORMAL => EntryKind::Normal,
                KIND_MEMBERSHIP => EntryKind::Membership,
                _ => return None,
            },
        };
        (from == [0; 3]).then_some(header)
    }

    /// True if the checksum is that of a frame that begins with `bytes`.
    pub(crate) fn fits(&self, bytes: &[u8]) -> bool {
        let end = FRAME_HEADER_BYTES + self.length as usize;
        bytes
            .get(4..end)
            .is_some_and(|covered| crc32c(covered) == self.crc)
    }

    /// Bytes of the frame in the file, padding included.
    pub(crate) fn frame_bytes(&self) -> u64 {
        frame_bytes(self.length as usize)
    }

    /// The first index that was not durable when this was written; `None` if that is not said.
    pub(crate) fn durable_next(&self) -> Option<u64> {
        (self.lag != u32::MAX).then(|| {
            self.index
                .saturating_add(1)
                .saturating_sub(u64::from(self.lag))
        })
    }

    /// What is to come behind this frame.
    pub(crate) fn after(&self) -> Expect {
        Expect {
            index: self.index.saturating_add(1),
            link: self.crc,
            term: self.term,
            generation: self.generation,
        }
    }

    /// Why this header is not the one that belongs here, if so.
    pub(crate) fn misfit(&self, expect: &Expect, generations: &Generations) -> Option<String> {
        if self.index != expect.index {
            return Some(format!(
                "entry {} where {} belongs",
                self.index, expect.index
            ));
        }
        if self.link != expect.link {
            return Some(format!("entry {} belongs behind another one", self.index));
        }
        if self.term < expect.term {
            return Some(format!("term {} after term {}", self.term, expect.term));
        }
        if self.generation < expect.generation || !generations.allow(self.index, self.generation) {
            return Some(format!("entry {} is from before a cut", self.index));
        }
        None
    }
}

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// The log that the segment belongs to.
    pub(crate) log: [u8; 16],
    /// What the first frame has to fit, were there no header: its link is to the last frame of the segment before.
    pub(crate) expect: Expect,
}

impl SegmentHeader {
    /// The header's bytes and checksum. The first frame's link is that checksum.
    pub(crate) fn encode(&self) -> ([u8; SEGMENT_HEADER_BYTES], u32) {
        let mut out = [0; SEGMENT_HEADER_BYTES];
        let mut to = &mut out[4..];
        to.put_u32_le(SEGMENT_VERSION);
        to.put_slice(&SEGMENT_MAGIC);
        to.put_slice(&self.log);
        to.put_u64_le(self.expect.index);
        to.put_u64_le(self.expect.term);
        to.put_u32_le(self.expect.link);
        to.put_u32_le(self.expect.generation);
        let crc = crc32c(&out[4..]);
        out[..4].copy_from_slice(&crc.to_le_bytes());
        (out, crc)
    }

    /// Reads a header; returns what the first frame has to fit, with the header's checksum as its link.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn decode(bytes: &[u8]) -> Result<(Self, Expect), String> {
        let bytes = bytes
            .get(..SEGMENT_HEADER_BYTES)
            .ok_or("the segment's header is cut off")?;
        let (mut head, covered) = bytes.split_at(4);
        let crc = head.get_u32_le();
        if crc != crc32c(covered) {
            return Err("the segment's header is not whole".into());
        }
        let mut from = covered;
        let version = from.get_u32_le();
        let magic = from.copy_to_bytes(8);
        if version != SEGMENT_VERSION || magic != SEGMENT_MAGIC[..] {
            return Err(format!("no segment of version {SEGMENT_VERSION}"));
        }
        let mut log = [0; 16];
        from.copy_to_slice(&mut log);
        let (index, term) = (from.get_u64_le(), from.get_u64_le());
        let (link, generation) = (from.get_u32_le(), from.get_u32_le());
        let expect = Expect {
            index,
            link,
            term,
            generation,
        };
        let first = Expect {
            link: crc,
            ..expect
        };
        Ok((Self { log, expect }, first))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expect() -> Expect {
        Expect {
            index: 10,
            link: 77,
            term: 3,
            generation: 2,
        }
    }

    #[test]
    fn a_frame_fits_only_where_it_was_written() {
        let generations = Generations {
            newest: 4,
            void_from: 11,
        };
        let good = FrameHeader::of(&Entry::new(10, 3, "x"), &expect(), 2, 9);
        type Change = fn(&mut FrameHeader);
        let cases: [(&str, bool, Change); 9] = [
            ("as written", true, |_| {}),
            ("a higher term", true, |header| header.term = 4),
            ("a newer generation", true, |header| header.generation = 4),
            ("the index before", false, |header| header.index = 9),
            ("the index behind", false, |header| header.index = 11),
            ("another link", false, |header| header.link = 78),
            ("an older term", false, |header| header.term = 2),
            ("an older generation", false, |header| header.generation = 1),
            ("a generation to come", false, |header| {
                header.generation = 5
            }),
        ];
        for (what, fits, change) in cases {
            let mut header = good;
            change(&mut header);
            assert_eq!(
                header.misfit(&expect(), &generations).is_none(),
                fits,
                "{what}"
            );
        }
        let void = Generations {
            newest: 4,
            void_from: 10,
        };
        assert!(good.misfit(&expect(), &void).is_some());
    }

    #[test]
    fn the_durable_mark_of_a_frame() {
        for (index, durable_next, said) in [
            (10, 10, Some(10)),
            (10, 3, Some(3)),
            (10, 0, Some(0)),
            (u64::from(u32::MAX) + 10, 3, None),
        ] {
            let entry = Entry::new(index, 1, "");
            let header = FrameHeader::of(&entry, &Expect::default(), 0, durable_next);
            assert_eq!(header.durable_next(), said, "{index} {durable_next}");
        }
    }

    proptest! {
        #[test]
        fn no_bit_of_a_frame_may_change(payload in proptest::collection::vec(any::<u8>(), 0..200), bit in any::<prop::sample::Index>()) {
            let entry = Entry::new(10, 3, payload.clone());
            let mut header = FrameHeader::of(&entry, &expect(), 2, 9);
            let mut frame = header.seal(&payload).to_vec();
            frame.extend(&payload);
            let read = FrameHeader::decode(&frame);
            prop_assert_eq!(read, Some(header));
            prop_assert!(header.fits(&frame));
            let bit = bit.index(frame.len() * 8);
            frame[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(FrameHeader::decode(&frame).is_none_or(|header| !header.fits(&frame)));
        }

        #[test]
        fn no_bit_of_a_segment_header_may_change(bit in 0..SEGMENT_HEADER_BYTES * 8) {
            let header = SegmentHeader { log: [9; 16], expect: expect() };
            let (mut bytes, crc) = header.encode();
            let first = Expect { link: crc, ..expect() };
            prop_assert_eq!(SegmentHeader::decode(&bytes), Ok((header, first)));
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(SegmentHeader::decode(&bytes).is_err());
        }
    }
}
