//! The mapping behind a mapped [`RandomFile`](crate::RandomFile): safe because every access
//! borrows it, stores exclusively.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;

use super::map::Map;

#[derive(Debug)]
pub(crate) struct RandomMap {
    map: Map,
}

impl RandomMap {
    /// Maps up to `capacity` bytes of a file that the caller's process alone changes, and only
    /// through this.
    pub(crate) fn new(file: &File, capacity: u64) -> io::Result<Self> {
        let len = usize::try_from(capacity).map_err(|_| io::ErrorKind::FileTooLarge)?;
        Ok(Self {
            map: Map::new(file, len, true)?,
        })
    }

    /// Bytes below the end of the file. Ask [`Self::check`] after using them.
    pub(crate) fn bytes(&self, range: Range<usize>) -> io::Result<&[u8]> {
        // SAFETY: stores need `&mut self`, so none runs while the slice lives.
        unsafe { self.map.bytes(range) }
    }

    /// Stores bytes below the end of the file.
    pub(crate) fn bytes_mut(&mut self, range: Range<usize>) -> io::Result<&mut [u8]> {
        // SAFETY: `&mut self`: no other slice of this mapping lives.
        unsafe { self.map.bytes_mut(range) }
    }

    /// Fails once a page could not be had.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.map.check()
    }
}

/// A shared mapping and nothing else: what benchmarks compare the engines with.
#[derive(Debug)]
pub struct PlainMap {
    map: Map,
    len: usize,
    writable: bool,
}

impl PlainMap {
    /// Maps a file of at least `len` bytes that nobody shortens. No page is touched.
    ///
    /// # Errors
    /// The system's.
    pub fn new(file: &File, len: usize, writable: bool) -> io::Result<Self> {
        let map = Map::new(file, len, writable)?;
        Ok(Self { map, len, writable })
    }

    /// Makes all pages present, and writable if the mapping is.
    ///
    /// # Errors
    /// The system's.
    pub fn populate(&self) -> io::Result<()> {
        match self.writable {
            true => self.map.populate_for_writing(0..self.len),
            false => self.map.populate_for_reading(0..self.len),
        }
    }

    /// Locks all pages in memory.
    ///
    /// # Errors
    /// The system's: a limit on locked memory, or no memory.
    pub fn lock(&self) -> io::Result<()> {
        self.map.lock(0..self.len)
    }

    /// All of it.
    ///
    /// # Errors
    /// None for what was mapped.
    pub fn bytes(&self) -> io::Result<&[u8]> {
        // SAFETY: stores need `&mut self`.
        unsafe { self.map.bytes(0..self.len) }
    }

    /// All of it.
    ///
    /// # Errors
    /// `PermissionDenied` where it was not mapped for writing.
    pub fn bytes_mut(&mut self) -> io::Result<&mut [u8]> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        // SAFETY: `&mut self`: no other slice of this mapping lives.
        unsafe { self.map.bytes_mut(0..self.len) }
    }

    /// Fails once a page could not be had.
    ///
    /// # Errors
    /// `Other`: what was read or stored since the mapping was made is worthless.
    pub fn check(&self) -> io::Result<()> {
        self.map.check()
    }
}
