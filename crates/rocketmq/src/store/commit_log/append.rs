//! Appending: shapes are made outside the lock, stamped and written under it.
//!
//! Invariants: a group of messages goes into one file or not at all; numbers in a queue are given in the order of the log;
//! store times never fall; nothing was stored unless `Ok` came back. Nothing slow happens under the lock but a roll, which
//! takes a prepared file, and the filling of what is left of the old one: less than the message that did not fit.

use std::io::IoSlice;

use segment::{Appender, Position};

use super::super::consume_queue::Queue;
use super::super::error::PutError;
use super::super::ids::{PhysicalOffset, QueueOffset};
use super::super::message::{BLANK_HEAD_BYTES, BLANK_MAGIC, Place, Shape};
use super::CommitLog;

/// An entry that does not leave this much room in its file goes into the next.
const ROOM_AFTER: u64 = BLANK_HEAD_BYTES as u64;
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// What appending needs, behind the lock.
#[derive(Debug)]
pub(super) struct Tail {
    appender: Option<Appender>,
    /// Start of the file that takes appends.
    file_base: u64,
    end: Position,
    last_store_ms: i64,
}

impl Tail {
    pub(super) fn new(
        appender: Appender,
        file_base: u64,
        end: Position,
        last_store_ms: i64,
    ) -> Self {
        Self {
            appender: Some(appender),
            file_base,
            end,
            last_store_ms,
        }
    }

    pub(super) fn take_appender(&mut self) -> Option<Appender> {
        self.appender.take()
    }

    /// Rolls unless `need` bytes and the head of a filler fit the file.
    fn make_room(&mut self, need: u64, file_bytes: u64) -> Result<(), PutError> {
        let appender = self.appender.as_mut().ok_or(PutError::Closed)?;
        let is_empty = appender.chain().segment_count() == 0;
        let room = (self.file_base + file_bytes).saturating_sub(self.end.0);
        if !is_empty && need + ROOM_AFTER <= room {
            return Ok(());
        }
        if is_empty {
            appender.roll(self.file_base)?;
            return Ok(());
        }
        if room > 0 {
            self.end = fill(appender, room)?;
        }
        let next = self.file_base + file_bytes;
        appender.roll(next)?;
        self.file_base = next;
        Ok(())
    }
}

/// Writes the filler over the rest of a file.
fn fill(appender: &mut Appender, room: u64) -> Result<Position, PutError> {
    let mut head = [0; BLANK_HEAD_BYTES];
    let (length, magic) = head.split_at_mut(4);
    length.copy_from_slice(&i32::try_from(room).unwrap_or(i32::MAX).to_be_bytes());
    magic.copy_from_slice(&BLANK_MAGIC.to_be_bytes());
    let mut rest = usize::try_from(room).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    for piece in std::iter::once(&head[..]).chain(std::iter::repeat(&ZEROS[..])) {
        if rest == 0 {
            break;
        }
        let piece = piece.get(..rest).unwrap_or(piece);
        rest -= piece.len();
        parts.push(IoSlice::new(piece));
    }
    Ok(appender.append(&parts)?.end)
}

/// A message on its way into the log.
pub(crate) struct Item<'a> {
    pub(crate) shape: Shape<'a>,
    /// Whether it takes a number in the queue.
    pub(crate) has_place: bool,
}

/// Where a group of messages went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stored {
    /// Start of the first.
    pub(crate) start: PhysicalOffset,
    /// End of the last, exclusive.
    pub(crate) end: Position,
    /// Number of the first in its queue; 0 where it has none.
    pub(crate) queue_offset: QueueOffset,
    pub(crate) store_timestamp_ms: i64,
}

impl CommitLog {
    /// Largest entry that a file of this log takes.
    pub(crate) fn entry_bytes_max(&self) -> u64 {
        self.file_bytes - ROOM_AFTER
    }

    /// Stores messages of one queue one after the other, all or none, in one file.
    pub(crate) fn append(&self, queue: &Queue, items: &mut [Item<'_>]) -> Result<Stored, PutError> {
        let need: u64 = items.iter().map(|item| item.shape.bytes as u64).sum();
        if need > self.entry_bytes_max() {
            let file_bytes = self.file_bytes;
            return Err(PutError::Illegal(format!(
                "{need} bytes do not fit a commit log file of {file_bytes}"
            )));
        }
        let mut tail = self.tail.lock();
        tail.make_room(need, self.file_bytes)?;
        let store_timestamp_ms = self.clock.now_ms().max(tail.last_store_ms);
        let start = PhysicalOffset::from(tail.end);
        let first = queue.assigned();
        let (mut at, mut number) = (start, first);
        for item in items.iter_mut() {
            let queue_offset = if item.has_place {
                number
            } else {
                QueueOffset(0)
            };
            item.shape.stamp(&Place {
                physical_offset: at,
                queue_offset,
                store_timestamp_ms,
            });
            at = at.plus(item.shape.bytes as u64);
            number = number.plus(i64::from(item.has_place));
        }
        let mut parts = Vec::with_capacity(8 * items.len());
        for item in items.iter() {
            item.shape.parts(&mut parts);
        }
        let appender = tail.appender.as_mut().ok_or(PutError::Closed)?;
        let appended = appender.append(&parts)?;
        debug_assert_eq!(appended.start, start.position());
        tail.end = appended.end;
        tail.last_store_ms = store_timestamp_ms;
        queue.assign_up_to(number);
        drop(tail);
        let has_place = items.first().is_some_and(|item| item.has_place);
        Ok(Stored {
            start,
            end: appended.end,
            queue_offset: if has_place { first } else { QueueOffset(0) },
            store_timestamp_ms,
        })
    }
}
