//! The appending half of a direct segment: copies into the tail's extents.
//!
//! Invariant: a reservation lies in one extent, or aside where none has the space in a row; while
//! it does, the ring's thread leaves that extent alone.

#![allow(unsafe_code)]

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Body, EXTENT_BYTES, block_of};
use crate::engine::ring::BLOCK_BYTES;
use crate::engine::{CommitSink, SegmentWriter};

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) body: Arc<Body>,
    pub(super) written: u64,
    /// The reservation lies in the last extent, not in `scratch`.
    in_place: bool,
    reserved: usize,
    scratch: Vec<u8>,
}

impl Writer {
    pub(super) fn at(body: Arc<Body>, written: u64) -> Self {
        Self {
            body,
            written,
            in_place: false,
            reserved: 0,
            scratch: Vec::new(),
        }
    }

    fn ensure(&self, len: u64) -> io::Result<()> {
        match &self.body.room {
            Some(room) => {
                let end = block_of(self.written + len + BLOCK_BYTES - 1);
                room.ensure(&self.body.file, end)
            }
            None => Ok(()),
        }
    }
}

impl SegmentWriter for Writer {
    fn attach(&mut self, sink: Arc<dyn CommitSink>) {
        let _ = self.body.sink.set(sink);
    }

    fn append(&mut self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let len: u64 = parts.iter().map(|part| part.len() as u64).sum();
        self.ensure(len)?;
        self.body.copy_in(parts)?;
        self.written += len;
        Ok(())
    }

    fn reserve(&mut self, len: usize) -> io::Result<()> {
        self.ensure(len as u64)?;
        let mut tail = self.body.tail.lock();
        tail.check()?;
        if tail.memory.space() == 0 && len <= EXTENT_BYTES {
            self.body.wait_for_memory(&mut tail)?;
            tail.memory
                .push(self.body.pool.take_or_allocate(), self.written, 0);
        }
        self.in_place = tail.memory.space() >= len;
        tail.reserved = self.in_place;
        drop(tail);
        if !self.in_place && self.scratch.len() < len {
            self.scratch.resize(len, 0);
        }
        self.reserved = len;
        Ok(())
    }

    fn reserved(&mut self) -> &mut [u8] {
        if self.in_place {
            // SAFETY: this is the one writer, mutably borrowed; the last extent always stays.
            return unsafe { self.body.tail.lock().memory.unfilled(self.reserved) };
        }
        self.scratch.get_mut(..self.reserved).unwrap_or_default()
    }

    fn reserved_ref(&self) -> &[u8] {
        if self.in_place {
            // SAFETY: only the one writer, which is borrowed, writes there.
            return unsafe { self.body.tail.lock().memory.unfilled(self.reserved) };
        }
        self.scratch.get(..self.reserved).unwrap_or_default()
    }

    fn publish(&mut self, len: usize) -> io::Result<()> {
        let len = len.min(self.reserved);
        self.reserved = 0;
        if self.in_place {
            let mut tail = self.body.tail.lock();
            tail.reserved = false;
            tail.memory.advance(len);
            tail.written += len as u64;
            self.body.end_append(&mut tail);
        } else {
            let scratch = std::mem::take(&mut self.scratch);
            let copied = self
                .body
                .copy_in(&[IoSlice::new(scratch.get(..len).unwrap_or_default())]);
            self.scratch = scratch;
            copied?;
        }
        self.written += len as u64;
        Ok(())
    }

    fn committed(&self) -> u64 {
        self.body.committed()
    }

    fn wants_room(&self) -> bool {
        self.body
            .room
            .as_ref()
            .is_some_and(|room| room.is_low(self.written))
            && !self.body.room_asked.swap(true, Ordering::AcqRel)
    }

    fn seal(&mut self) -> io::Result<bool> {
        self.body.commit_to(self.written, true)?;
        match &self.body.room {
            Some(room) => room.close(&self.body.file, self.written),
            None => Ok(false),
        }
    }
}
