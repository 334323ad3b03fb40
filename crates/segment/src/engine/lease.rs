//! Bytes lent out of a segment.

use std::fmt;
use std::ops::Deref;

/// Readable bytes of a segment that stay readable as long as this lives, whatever happens to the
/// segment: in place where memory holds them, a copy otherwise.
pub struct Lease {
    bytes: Box<[u8]>,
}

impl Lease {
    /// A lease on bytes of its own.
    #[must_use]
    pub fn owned(bytes: Vec<u8>) -> Self {
        Self {
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// False if a page under the lease could not be read (the disk failed under a mapping) and
    /// reads as zeros. Ask after the bytes have been used and before anything is concluded.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        true
    }
}

impl Deref for Lease {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
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
