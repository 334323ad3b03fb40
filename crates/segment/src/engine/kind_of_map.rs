//! Mappings of every kind, to show what the kernel does with them when memory runs out.
//!
//! The engines use shared mappings only; `highwater bench mapping` shows why. Invariants: one writer;
//! a page is stored to through [`AnyMap::store`] alone, so no slice of it ever exists. A store can be
//! the end of the process (that is what is being shown), never of another's memory.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags};

use super::map::PAGE_BYTES;
use super::sigbus::Watch;

/// What is mapped, and what the kernel is to promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapKind {
    /// `MAP_SHARED` of a file: its pages can be written out and dropped.
    Shared,
    /// `MAP_PRIVATE` of a file: a page that is stored to becomes memory without a file.
    Private,
    /// The same with `MAP_NORESERVE`: the kernel is not to look whether there is enough.
    PrivateUnreserved,
    /// `MAP_PRIVATE|MAP_ANONYMOUS`: memory without a file from the start.
    Anonymous,
    /// The same with `MAP_NORESERVE`.
    AnonymousUnreserved,
}

impl MapKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Private,
        Self::PrivateUnreserved,
        Self::Shared,
        Self::Anonymous,
        Self::AnonymousUnreserved,
    ];

    /// The name used in tasks and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Private => "private",
            Self::PrivateUnreserved => "private, noreserve",
            Self::Anonymous => "anonymous",
            Self::AnonymousUnreserved => "anonymous, noreserve",
        }
    }

    /// Whether a file is behind it.
    #[must_use]
    pub fn has_file(self) -> bool {
        matches!(self, Self::Shared | Self::Private | Self::PrivateUnreserved)
    }

    fn flags(self) -> MapFlags {
        match self {
            Self::Shared => MapFlags::SHARED,
            Self::Private | Self::Anonymous => MapFlags::PRIVATE,
            Self::PrivateUnreserved | Self::AnonymousUnreserved => {
                MapFlags::PRIVATE | MapFlags::NORESERVE
            }
        }
    }
}

/// A writable mapping of any kind.
#[derive(Debug)]
pub struct AnyMap {
    base: NonNull<u8>,
    len: usize,
    watch: Watch,
}

impl AnyMap {
    /// Maps `len` bytes, rounded up to pages; of the file where the kind has one. Nobody may shorten
    /// the file. No page is touched.
    ///
    /// # Errors
    /// The system's: `ENOMEM` where it sees that there is not enough. `InvalidInput` for a kind that
    /// has a file without one.
    pub fn new(kind: MapKind, file: Option<&File>, len: usize) -> io::Result<Self> {
        let len = len.max(1).next_multiple_of(PAGE_BYTES);
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let nowhere = std::ptr::null_mut();
        let base = match (kind.has_file(), file) {
            (true, Some(file)) => {
                // SAFETY: a new mapping at an address of the kernel's choice; nothing is there yet.
                unsafe { rustix::mm::mmap(nowhere, len, access, kind.flags(), file, 0) }?
            }
            (true, None) => return Err(io::ErrorKind::InvalidInput.into()),
            (false, _) => {
                // SAFETY: as above.
                unsafe { rustix::mm::mmap_anonymous(nowhere, len, access, kind.flags()) }?
            }
        };
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let watch = Watch::new(base.as_ptr() as usize, len);
        Ok(Self { base, len, watch })
    }

    /// Bytes of it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never: a mapping has at least one page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Locks all pages in memory.
    ///
    /// # Errors
    /// The system's: a limit on locked memory, or no memory.
    pub fn lock(&self) -> io::Result<()> {
        // SAFETY: the mapping made in `new`, which locking neither changes nor moves.
        unsafe { rustix::mm::mlock(self.base.as_ptr().cast(), self.len) }?;
        Ok(())
    }

    /// Stores one byte.
    ///
    /// # Errors
    /// `InvalidInput` outside of the mapping; `Other` once a page could not be had.
    pub fn store(&mut self, at: usize, byte: u8) -> io::Result<()> {
        if at >= self.len {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: within the mapping, checked above; `&mut self` excludes other stores, and no
        // reference to these bytes is ever made. Volatile, because the store is what is measured.
        unsafe { self.base.as_ptr().add(at).write_volatile(byte) };
        if self.watch.is_hit() {
            return Err(io::Error::other("a mapped page could not be had"));
        }
        Ok(())
    }
}

impl Drop for AnyMap {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `new`; nothing borrows from it.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_shared_mapping_changes_the_file() {
        for kind in MapKind::ALL {
            let file = tempfile::tempfile().unwrap();
            file.set_len(3 * 4096).unwrap();
            let given = kind.has_file().then_some(&file);
            let mut map = AnyMap::new(kind, given, 3 * 4096 - 7).unwrap();
            assert_eq!(map.len(), 3 * 4096);
            map.store(4096, 7).unwrap();
            assert!(map.store(3 * 4096, 7).is_err(), "{}", kind.name());
            drop(map);
            let mut byte = [0];
            std::os::unix::fs::FileExt::read_exact_at(&file, &mut byte, 4096).unwrap();
            assert_eq!(byte[0] == 7, kind == MapKind::Shared, "{}", kind.name());
        }
        assert!(AnyMap::new(MapKind::Shared, None, 4096).is_err());
    }

    #[test]
    fn a_page_behind_the_end_of_the_file_is_an_error_and_not_the_end() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4096).unwrap();
        let mut map = AnyMap::new(MapKind::Shared, Some(&file), 2 * 4096).unwrap();
        map.store(0, 1).unwrap();
        assert!(map.store(4096, 1).is_err());
    }
}
