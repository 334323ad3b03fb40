//! Bytes lent out of a segment.

#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::ops::{Deref, Range};
use std::ptr::NonNull;
use std::sync::Arc;

use super::map::Map;
use super::pool::Extent;

/// Readable bytes of a segment that stay readable as long as this lives, whatever happens to the
/// segment: in place where memory holds them, a copy otherwise.
pub struct Lease {
    bytes: NonNull<u8>,
    len: usize,
    owner: Owner,
}

enum Owner {
    Map(Arc<Map>),
    /// Only held for its drop. Not a box: shrinking one to its length may move the bytes.
    Bytes(#[allow(dead_code)] Vec<u8>),
    /// Only held for its drop.
    Extent(#[allow(dead_code)] Extent),
}

// SAFETY: the bytes do not change while the lease lives, and their owner comes along.
unsafe impl Send for Lease {}
// SAFETY: as above; a shared lease only reads.
unsafe impl Sync for Lease {}

impl Lease {
    /// A lease on bytes of its own.
    #[must_use]
    pub fn owned(bytes: Vec<u8>) -> Self {
        Self {
            bytes: NonNull::from(bytes.as_slice()).cast(),
            len: bytes.len(),
            owner: Owner::Bytes(bytes),
        }
    }

    /// A lease on a range of memory that was filled for it.
    pub(super) fn in_extent(extent: Extent, range: Range<usize>) -> io::Result<Self> {
        let bytes = extent
            .all()
            .get(range)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let (bytes, len) = (NonNull::from(bytes).cast(), bytes.len());
        Ok(Self {
            bytes,
            len,
            owner: Owner::Extent(extent),
        })
    }

    /// A lease on a range of a mapping.
    ///
    /// # Safety
    /// As [`Map::bytes`], for as long as the lease lives.
    pub(super) unsafe fn mapped(map: &Arc<Map>, range: Range<usize>) -> io::Result<Self> {
        // SAFETY: the caller's promise is the same.
        let bytes = unsafe { map.bytes(range) }?;
        let (bytes, len) = (NonNull::from(bytes).cast(), bytes.len());
        Ok(Self {
            bytes,
            len,
            owner: Owner::Map(Arc::clone(map)),
        })
    }

    /// False if a page under the lease could not be read (the disk failed under a mapping) and
    /// reads as zeros. Ask after the bytes have been used and before anything is concluded.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        match &self.owner {
            Owner::Map(map) => map.is_intact(),
            Owner::Bytes(_) | Owner::Extent(_) => true,
        }
    }
}

impl Deref for Lease {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the owner keeps the bytes where they are, and nobody writes them.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr(), self.len) }
    }
}

impl AsRef<[u8]> for Lease {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({} bytes)", self.len())
    }
}
