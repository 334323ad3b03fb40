//! Memory for bytes on their way to a file: extents of one size out of one region.
//!
//! Invariants: the region is mapped at start but touched only as it is used (and then locked, if
//! that is wanted and allowed); extents are page-aligned; the last one returned is the next one
//! given, so that few stay warm. A pool never waits: who gets none does without.

#![allow(unsafe_code)]

use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::mm::{MapFlags, MlockFlags, ProtFlags};

#[derive(Debug)]
pub(super) struct Pool {
    base: NonNull<u8>,
    region_bytes: usize,
    extent_bytes: usize,
    free: Mutex<Vec<NonNull<u8>>>,
}

// SAFETY: the region is plain memory; each extent of it has one owner at a time.
unsafe impl Send for Pool {}
// SAFETY: as above; the free list is locked.
unsafe impl Sync for Pool {}

impl Pool {
    /// A pool of `region_bytes` in extents of `extent_bytes`, a multiple of the page size.
    pub(super) fn new(
        region_bytes: usize,
        extent_bytes: usize,
        lock: bool,
    ) -> io::Result<Arc<Self>> {
        let count = (region_bytes / extent_bytes).max(1);
        let region_bytes = count * extent_bytes;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new private mapping at an address of the kernel's choice.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                region_bytes,
                access,
                MapFlags::PRIVATE,
            )
        }?;
        if lock {
            // SAFETY: exactly the mapping made above.
            let locked = unsafe { rustix::mm::mlock_with(base, region_bytes, MlockFlags::ONFAULT) };
            if let Err(error) = locked {
                tracing::warn!(%error, bytes = region_bytes, "buffers are not locked in memory");
            }
        }
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: `count` extents lie within the region.
        let free = (0..count)
            .rev()
            .map(|i| unsafe { base.add(i * extent_bytes) })
            .collect();
        Ok(Arc::new(Self {
            base,
            region_bytes,
            extent_bytes,
            free: Mutex::new(free),
        }))
    }

    /// An extent, if one is free.
    pub(super) fn take(self: &Arc<Self>) -> Option<Extent> {
        let start = self.free.lock().pop()?;
        Some(Extent {
            start,
            len: self.extent_bytes,
            pool: Some(Arc::clone(self)),
        })
    }

    /// True when less than a quarter is free.
    pub(super) fn is_low(&self) -> bool {
        self.free.lock().len() * self.extent_bytes * 4 < self.region_bytes
    }

    /// An extent in any case: from the heap if the pool is empty.
    pub(super) fn take_or_allocate(self: &Arc<Self>) -> Extent {
        self.take()
            .unwrap_or_else(|| Extent::allocate(self.extent_bytes))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: the region made in `new`; extents hold the pool, so none is left.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.region_bytes) };
    }
}

/// Page-aligned memory with one owner, given back on drop. Its content is arbitrary but
/// initialised.
#[derive(Debug)]
pub(super) struct Extent {
    start: NonNull<u8>,
    len: usize,
    /// `None`: from the heap.
    pool: Option<Arc<Pool>>,
}

// SAFETY: plain memory with one owner.
unsafe impl Send for Extent {}
// SAFETY: shared access only reads, or keeps to the contracts below.
unsafe impl Sync for Extent {}

const PAGE_BYTES: usize = super::map::PAGE_BYTES;

impl Extent {
    /// From the heap; `len` is rounded up to pages.
    pub(super) fn allocate(len: usize) -> Self {
        let layout = layout(len);
        // SAFETY: the layout has a size above 0.
        let start = unsafe { std::alloc::alloc_zeroed(layout) };
        let Some(start) = NonNull::new(start) else {
            std::alloc::handle_alloc_error(layout)
        };
        Self {
            start,
            len: layout.size(),
            pool: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bytes of a range, cut to the extent.
    ///
    /// # Safety
    /// Nobody writes them while the slice lives.
    pub(super) unsafe fn bytes(&self, range: Range<usize>) -> &[u8] {
        let end = range.end.min(self.len);
        let start = range.start.min(end);
        // SAFETY: within the extent; unchanging by contract.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(start), end - start) }
    }

    /// The bytes of a range, cut to the extent, to be filled.
    ///
    /// # Safety
    /// Nobody else reads or writes them while the slice lives.
    #[allow(clippy::mut_from_ref)]
    pub(super) unsafe fn bytes_mut(&self, range: Range<usize>) -> &mut [u8] {
        let end = range.end.min(self.len);
        let start = range.start.min(end);
        // SAFETY: within the extent; exclusive by contract.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(start), end - start) }
    }

    /// All of it.
    pub(super) fn all_mut(&mut self) -> &mut [u8] {
        // SAFETY: `&mut self`.
        unsafe { self.bytes_mut(0..self.len) }
    }

    /// All of it.
    pub(super) fn all(&self) -> &[u8] {
        // SAFETY: used only on extents that are not filled piecemeal (see `lease`, `ring`).
        unsafe { self.bytes(0..self.len) }
    }
}

fn layout(len: usize) -> std::alloc::Layout {
    let size = len.max(1).next_multiple_of(PAGE_BYTES);
    std::alloc::Layout::from_size_align(size, PAGE_BYTES)
        .unwrap_or_else(|_| std::alloc::Layout::new::<[u8; PAGE_BYTES]>())
}

impl Drop for Extent {
    fn drop(&mut self) {
        match self.pool.take() {
            Some(pool) => pool.free.lock().push(self.start),
            // SAFETY: allocated with the same layout: `len` is already rounded.
            None => unsafe { std::alloc::dealloc(self.start.as_ptr(), layout(self.len)) },
        }
    }
}
