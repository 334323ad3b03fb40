//! Walking the log forward: live, for the dispatcher, and over files that are not open, for recovery.
//!
//! Invariants: recovery believes an entry only if its magic, its lengths, its own place and its body's checksum are right;
//! the first one that is not ends the log. The dispatcher reads only what readers may see.

use std::io;

use segment::{Frame, Framing, ScanReader};

use super::super::error::StoreError;
use super::super::ids::PhysicalOffset;
use super::super::message::{self, BLANK_HEAD_BYTES, Entry, EntryDefect, Found};
use super::CommitLog;

/// What recovery does with each entry.
pub(crate) type EntrySink<'s> = dyn FnMut(&Entry<'_>) -> Result<(), StoreError> + 's;

/// Knows entries in one file of the log.
pub(crate) struct EntryFraming<'s> {
    base: u64,
    file_bytes: u64,
    sink: &'s mut EntrySink<'s>,
    /// The walk came to the filler: the log goes on in the next file.
    pub(crate) is_full: bool,
    /// What the sink could not do; the walk has ended there.
    pub(crate) failed: Option<StoreError>,
}

impl<'s> EntryFraming<'s> {
    pub(crate) fn new(base: u64, file_bytes: u64, sink: &'s mut EntrySink<'s>) -> Self {
        Self {
            base,
            file_bytes,
            sink,
            is_full: false,
            failed: None,
        }
    }
}

impl Framing for EntryFraming<'_> {
    fn frame(&mut self, reader: &mut ScanReader, at: u64) -> io::Result<Frame> {
        let torn = |defect: &dyn std::fmt::Display| {
            Ok(Frame::Torn {
                reason: defect.to_string(),
            })
        };
        let rest = reader.len().saturating_sub(at);
        let Some(head) = reader.bytes(at, BLANK_HEAD_BYTES)? else {
            return torn(&format!("{rest} bytes are too few for an entry"));
        };
        let announced = match message::find(head) {
            Ok(Found::Unwritten) => return Ok(Frame::End),
            Ok(Found::Blank { announced_bytes }) => {
                let room = self.file_bytes.saturating_sub(at);
                if i64::try_from(room) != Ok(i64::from(announced_bytes)) || room != rest {
                    return torn(&format!(
                        "a filler of {announced_bytes} bytes where {room} are left"
                    ));
                }
                self.is_full = true;
                return Ok(Frame::Whole { len: rest });
            }
            // The head alone is never a whole entry.
            Ok(Found::Entry(_)) => BLANK_HEAD_BYTES,
            Err(EntryDefect::Truncated { need_bytes, .. }) => need_bytes,
            Err(defect) => return torn(&defect),
        };
        let Some(bytes) = reader.bytes(at, announced)? else {
            return torn(&format!(
                "an entry of {announced} bytes where {rest} are left"
            ));
        };
        let place = PhysicalOffset::from(segment::Position(self.base + at));
        let whole = message::decode(bytes).and_then(|entry| {
            entry.check_place(place)?;
            entry.check_body()?;
            Ok(entry)
        });
        match whole {
            Err(defect) => torn(&defect),
            Ok(entry) => match (self.sink)(&entry) {
                Ok(()) => Ok(Frame::Whole {
                    len: announced as u64,
                }),
                Err(error) => {
                    self.failed = Some(error);
                    Ok(Frame::End)
                }
            },
        }
    }
}

/// What lies at a place of the open log.
pub(crate) enum Piece {
    /// This many bytes were put into the buffer, perhaps not a whole entry.
    Bytes(usize),
    /// Retention has taken the file.
    Gone,
}

impl CommitLog {
    /// Reads what lies from `at` on into `buffer`: up to its length, to the end of the file, below `upto`.
    pub(crate) fn read_piece(
        &self,
        at: PhysicalOffset,
        upto: PhysicalOffset,
        buffer: &mut [u8],
    ) -> Result<Piece, StoreError> {
        let Some(segment) = self.chain.find(at.position().0) else {
            return Ok(Piece::Gone);
        };
        let within = at.position().0 - segment.base();
        let there = upto.position().0.saturating_sub(at.position().0);
        let there = there.min(segment.len().saturating_sub(within));
        let len = buffer
            .len()
            .min(usize::try_from(there).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..len).unwrap_or_default();
        Ok(Piece::Bytes(segment.read_into(within, buffer)?))
    }
}
