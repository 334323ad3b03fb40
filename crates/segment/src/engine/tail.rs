//! Bytes of a segment that are in memory: what is not in the file yet, and perhaps a little of
//! what just got there.
//!
//! A row of extents without gaps. Invariants: bytes below `end` never change; the one writer
//! fills above `end`; an extent leaves the row only from the front, and only when its bytes are
//! in the file and no reservation lies in it. The row itself is guarded by the owner's lock;
//! pieces handed out for a write stay valid after it is released, because only the one committer
//! at a time shortens the row.

#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::io::IoSlice;

use super::pool::Extent;

#[derive(Debug)]
struct Piece {
    extent: Extent,
    /// File position of the extent's first byte.
    at: u64,
    filled: usize,
}

impl Piece {
    fn end(&self) -> u64 {
        self.at + self.filled as u64
    }

    fn space(&self) -> usize {
        self.extent.len() - self.filled
    }
}

#[derive(Debug, Default)]
pub(super) struct TailMemory {
    pieces: VecDeque<Piece>,
}

/// Most extents that one write takes.
pub(super) const WRITE_PIECES: usize = 16;

impl TailMemory {
    /// File position of the first byte in memory.
    pub(super) fn start(&self) -> Option<u64> {
        self.pieces.front().map(|piece| piece.at)
    }

    /// End of the last extent that is full; 0 without one.
    pub(super) fn full_end(&self) -> u64 {
        self.pieces
            .iter()
            .rev()
            .find(|piece| piece.space() == 0)
            .map_or(0, Piece::end)
    }

    pub(super) fn extents(&self) -> usize {
        self.pieces.len()
    }

    /// Bytes that fit into the last extent.
    pub(super) fn space(&self) -> usize {
        self.pieces.back().map_or(0, Piece::space)
    }

    /// Appends an extent whose first `filled` bytes count, at this file position.
    pub(super) fn push(&mut self, extent: Extent, at: u64, filled: usize) {
        self.pieces.push_back(Piece { extent, at, filled });
    }

    /// Copies as much as fits into the last extent, returns how much.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> usize {
        let Some(last) = self.pieces.back_mut() else {
            return 0;
        };
        let len = bytes.len().min(last.space());
        // SAFETY: above what is filled; the row's lock is held by the one writer.
        let to = unsafe { last.extent.bytes_mut(last.filled..last.filled + len) };
        to.copy_from_slice(bytes.get(..len).unwrap_or_default());
        last.filled += len;
        len
    }

    /// Counts `len` bytes more as filled: those of a reservation.
    pub(super) fn advance(&mut self, len: usize) {
        if let Some(last) = self.pieces.back_mut() {
            last.filled += len.min(last.space());
        }
    }

    /// The unfilled part of the last extent, cut to `len`.
    ///
    /// # Safety
    /// Only the one writer asks, and uses the slice only until it fills or asks again. It keeps
    /// the last extent in the row meanwhile (`keep_last` of [`Self::release`]).
    pub(super) unsafe fn unfilled<'a>(&self, len: usize) -> &'a mut [u8] {
        let Some(last) = self.pieces.back() else {
            return &mut [];
        };
        // SAFETY: above what is filled, and the caller's promise.
        let slice = unsafe { last.extent.bytes_mut(last.filled..last.filled + len) };
        // SAFETY: the caller keeps the extent where it is while it uses the slice.
        unsafe { std::slice::from_raw_parts_mut(slice.as_mut_ptr(), slice.len()) }
    }

    /// Copies bytes from `at` on, as far as they are in memory.
    pub(super) fn copy_out(&self, at: u64, out: &mut [u8]) -> usize {
        let mut done = 0;
        for piece in &self.pieces {
            let from = at + done as u64;
            if from < piece.at || from >= piece.end() || done == out.len() {
                continue;
            }
            let skip = usize::try_from(from - piece.at).unwrap_or(usize::MAX);
            // SAFETY: filled bytes do not change.
            let bytes = unsafe { piece.extent.bytes(skip..piece.filled) };
            let len = bytes.len().min(out.len() - done);
            if let (Some(to), Some(bytes)) = (out.get_mut(done..done + len), bytes.get(..len)) {
                to.copy_from_slice(bytes);
            }
            done += len;
        }
        done
    }

    /// The filled bytes from `from` on, in as many slices as one write takes. Returns how many
    /// slices and bytes.
    ///
    /// # Safety
    /// The caller keeps the extents in the row until it is done with the slices.
    pub(super) unsafe fn slices<'a>(
        &self,
        from: u64,
        upto: u64,
        out: &mut [IoSlice<'a>; WRITE_PIECES],
    ) -> (usize, u64) {
        let (mut count, mut bytes) = (0, 0);
        for piece in self
            .pieces
            .iter()
            .filter(|piece| piece.end() > from && piece.at < upto)
        {
            let Some(slot) = out.get_mut(count) else {
                break;
            };
            let skip = usize::try_from(from.saturating_sub(piece.at)).unwrap_or(0);
            let end = usize::try_from(piece.end().min(upto) - piece.at).unwrap_or(0);
            // SAFETY: filled bytes do not change, and the caller keeps them where they are.
            let slice: &'a [u8] = unsafe {
                let slice = piece.extent.bytes(skip..end);
                std::slice::from_raw_parts(slice.as_ptr(), slice.len())
            };
            *slot = IoSlice::new(slice);
            count += 1;
            bytes += slice.len() as u64;
        }
        (count, bytes)
    }

    /// Drops extents from the front that lie wholly below `end`, but leaves `keep` of them.
    pub(super) fn release(&mut self, end: u64, keep: usize, keep_last: bool) {
        while self.pieces.len() > keep
            && self.pieces.front().is_some_and(|piece| piece.end() <= end)
            && !(keep_last && self.pieces.len() == 1)
        {
            self.pieces.pop_front();
        }
    }
}
