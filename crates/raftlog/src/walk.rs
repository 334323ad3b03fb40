//! Walking frames: one after the other from a known place, or searching for any behind a damaged one.
//!
//! Invariants: a length is believed only as far as there are bytes; nothing here changes a file.

use std::io;

use segment::{Frame, Framing, ScanReader, Segment};

use crate::frame::{
    Expect, FRAME_ALIGN_BYTES, FRAME_HEADER_BYTES, FrameHeader, Generations, SEGMENT_HEADER_BYTES,
    SegmentHeader,
};

/// Bytes that can be looked at from front to back.
pub(crate) trait Source {
    /// The bytes at a place; `None` where there are not so many.
    fn bytes(&mut self, at: u64, len: usize) -> io::Result<Option<&[u8]>>;
    /// How many there are.
    fn len(&self) -> u64;
}

impl Source for ScanReader {
    fn bytes(&mut self, at: u64, len: usize) -> io::Result<Option<&[u8]>> {
        Self::bytes(self, at, len)
    }

    fn len(&self) -> u64 {
        Self::len(self)
    }
}

/// A segment of an open chain, read in pieces.
pub(crate) struct SegmentSource<'a> {
    segment: &'a Segment,
    len: u64,
    buffer: Vec<u8>,
    start: u64,
}

const PIECE_BYTES: usize = 256 * 1024;

impl<'a> SegmentSource<'a> {
    pub(crate) fn new(segment: &'a Segment) -> Self {
        Self {
            segment,
            len: segment.len(),
            buffer: Vec::new(),
            start: 0,
        }
    }
}

impl Source for SegmentSource<'_> {
    fn bytes(&mut self, at: u64, len: usize) -> io::Result<Option<&[u8]>> {
        let Some(end) = at.checked_add(len as u64).filter(|end| *end <= self.len) else {
            return Ok(None);
        };
        if at < self.start || end > self.start + self.buffer.len() as u64 {
            let there = usize::try_from(self.len - at).unwrap_or(usize::MAX);
            self.buffer.resize(len.max(PIECE_BYTES).min(there), 0);
            let read = self
                .segment
                .read_into(at, &mut self.buffer)
                .map_err(io::Error::other)?;
            self.buffer.truncate(read);
            self.start = at;
        }
        let from = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        Ok(from
            .checked_add(len)
            .and_then(|to| self.buffer.get(from..to)))
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// What lies at a place.
#[derive(Debug)]
pub(crate) enum Found {
    /// The frame that belongs there.
    Frame(FrameHeader),
    /// Zeros, or the end of the file.
    End,
    /// Something else, and what is wrong with it.
    Bad(String),
}

/// Looks at one place.
pub(crate) fn frame_at(
    source: &mut impl Source,
    at: u64,
    expect: &Expect,
    generations: &Generations,
) -> io::Result<Found> {
    let left = source.len().saturating_sub(at);
    let Some(bytes) = source.bytes(at, FRAME_HEADER_BYTES)? else {
        let rest = source.bytes(at, usize::try_from(left).unwrap_or(0))?;
        let is_empty = rest.is_none_or(|rest| rest.iter().all(|byte| *byte == 0));
        return Ok(if is_empty {
            Found::End
        } else {
            Found::Bad("a frame is cut off".into())
        });
    };
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(Found::End);
    }
    let Some(header) = FrameHeader::decode(bytes) else {
        return Ok(Found::Bad("no frame".into()));
    };
    if header.frame_bytes() > left {
        return Ok(Found::Bad("a frame is cut off".into()));
    }
    let whole = FRAME_HEADER_BYTES + header.length as usize;
    if !source
        .bytes(at, whole)?
        .is_some_and(|bytes| header.fits(bytes))
    {
        return Ok(Found::Bad("a frame's checksum is wrong".into()));
    }
    Ok(match header.misfit(expect, generations) {
        None => Found::Frame(header),
        Some(why) => Found::Bad(why),
    })
}

/// Checks a segment's header at the beginning of `source`.
///
/// # Errors
/// The inner one: what is wrong with it.
pub(crate) fn header_of(
    source: &mut impl Source,
) -> io::Result<Result<(SegmentHeader, Expect), String>> {
    Ok(match source.bytes(0, SEGMENT_HEADER_BYTES)? {
        Some(bytes) => SegmentHeader::decode(bytes),
        None => Err("the segment's header is cut off".into()),
    })
}

/// Walks a segment, header included.
pub(crate) struct Walk<'a> {
    /// The log that the segment must belong to.
    pub(crate) log: [u8; 16],
    pub(crate) base: u64,
    pub(crate) generations: Generations,
    /// What has to come next; `None`: whatever the segment's header says.
    pub(crate) expect: Option<Expect>,
    /// Told of each frame and where it lies.
    pub(crate) on_frame: &'a mut dyn FnMut(&FrameHeader, u64),
    /// The segment is one of another log.
    pub(crate) is_foreign: bool,
}

impl Walk<'_> {
    fn header(&mut self, reader: &mut ScanReader) -> io::Result<Frame> {
        let (header, first) = match header_of(reader)? {
            Ok(found) => found,
            Err(reason) => return Ok(Frame::Torn { reason }),
        };
        let torn = |reason: &str| Frame::Torn {
            reason: reason.into(),
        };
        if header.log != self.log {
            self.is_foreign = true;
            return Ok(torn("the segment belongs to another log"));
        }
        let fits = match &self.expect {
            None => header.expect.index == self.base,
            Some(expect) => {
                (header.expect.index, header.expect.link, header.expect.term)
                    == (expect.index, expect.link, expect.term)
                    && header.expect.generation >= expect.generation
            }
        };
        if !fits {
            return Ok(torn("the segment belongs behind another one"));
        }
        if !self
            .generations
            .allow(header.expect.index, header.expect.generation)
        {
            return Ok(torn("the segment is from before a cut"));
        }
        self.expect = Some(first);
        let len = SEGMENT_HEADER_BYTES as u64;
        Ok(Frame::Whole { len })
    }
}

impl Framing for Walk<'_> {
    fn frame(&mut self, reader: &mut ScanReader, at: u64) -> io::Result<Frame> {
        if at == 0 {
            return self.header(reader);
        }
        let expect = self.expect.unwrap_or_default();
        Ok(match frame_at(reader, at, &expect, &self.generations)? {
            Found::Frame(header) => {
                (self.on_frame)(&header, at);
                self.expect = Some(header.after());
                Frame::Whole {
                    len: header.frame_bytes(),
                }
            }
            Found::End => Frame::End,
            Found::Bad(reason) => Frame::Torn { reason },
        })
    }
}

/// Searches a file for a frame that could only be written after entry `lost` was durable.
pub(crate) struct Search {
    pub(crate) lost: u64,
    pub(crate) generations: Generations,
    /// The frame's index, and where it lies.
    pub(crate) proof: Option<(u64, u64)>,
}

impl Search {
    fn proves(&self, header: &FrameHeader, left: u64) -> bool {
        // Cheap and sharp: the index is one of those that fit between here and the loss.
        header.index > self.lost
            && header.frame_bytes() <= left
            && self.generations.allow(header.index, header.generation)
            && header.durable_next().is_some_and(|next| next > self.lost)
    }
}

impl Framing for Search {
    fn frame(&mut self, reader: &mut ScanReader, from: u64) -> io::Result<Frame> {
        let mut at = from.next_multiple_of(FRAME_ALIGN_BYTES as u64);
        let len = reader.len();
        while let Some(bytes) = reader.bytes(at, FRAME_HEADER_BYTES)? {
            let left = len - at;
            if let Some(header) = FrameHeader::decode(bytes)
                && self.proves(&header, left)
                && let whole = FRAME_HEADER_BYTES + header.length as usize
                && reader
                    .bytes(at, whole)?
                    .is_some_and(|bytes| header.fits(bytes))
            {
                self.proof = Some((header.index, at));
                break;
            }
            at += FRAME_ALIGN_BYTES as u64;
        }
        Ok(Frame::End)
    }
}
