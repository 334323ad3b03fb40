//! Memory for bytes on their way to a file: extents of one size out of one region.
//!
//! Invariants: the region is mapped at start but touched only as it is used (and then locked, if
//! that is wanted and allowed); extents are page-aligned; the last one returned is the next one
//! given, so that few stay warm. A pool never waits: who gets none does without.

#![allow(unsafe_code)]

use std::alloc::Layout;
use std::io;
use std::mem::MaybeUninit;
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
            from: Source::Pool(Arc::clone(self)),
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
    from: Source,
}

#[derive(Debug)]
enum Source {
    Pool(Arc<Pool>),
    /// What the allocator gave: `start` is the first page boundary in there.
    Heap(NonNull<u8>),
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
        Self::on_heap(unsafe { std::alloc::alloc_zeroed(layout) }, layout)
    }

    /// The same, with nothing in it yet.
    pub(super) fn allocate_raw(len: usize) -> RawExtent {
        let layout = layout(len);
        // SAFETY: the layout has a size above 0.
        RawExtent(Self::on_heap(unsafe { std::alloc::alloc(layout) }, layout))
    }

    /// Takes what the allocator gave for a layout of [`layout`].
    fn on_heap(given: *mut u8, layout: Layout) -> Self {
        let Some(base) = NonNull::new(given) else {
            std::alloc::handle_alloc_error(layout)
        };
        let skip = base.as_ptr().align_offset(PAGE_BYTES).min(PAGE_BYTES);
        Self {
            // SAFETY: at most a page into memory that is a page longer than the extent.
            start: unsafe { base.add(skip) },
            len: layout.size() - PAGE_BYTES,
            from: Source::Heap(base),
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

/// An extent whose bytes must be filled before they are looked at.
#[derive(Debug)]
pub(super) struct RawExtent(Extent);

impl RawExtent {
    /// All of it, to be filled.
    pub(super) fn bytes_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the extent's memory, borrowed mutably; nothing is said about its content.
        unsafe { std::slice::from_raw_parts_mut(self.0.start.as_ptr().cast(), self.0.len) }
    }

    /// What was filled; zeros follow.
    ///
    /// # Safety
    /// The first `filled` bytes have been written to.
    pub(super) unsafe fn filled(mut self, filled: usize) -> Extent {
        for byte in self.bytes_mut().iter_mut().skip(filled) {
            byte.write(0);
        }
        self.0
    }
}

/// Whole pages for `len` bytes and one to find a boundary in. Not aligned by the allocator: glibc maps and unmaps aligned
/// pieces of this size each time, and the faults of fresh pages cost as much as a read.
fn layout(len: usize) -> Layout {
    let size = len.max(1).next_multiple_of(PAGE_BYTES) + PAGE_BYTES;
    Layout::from_size_align(size, align_of::<u128>())
        .unwrap_or_else(|_| Layout::new::<[u128; 2 * PAGE_BYTES / 16]>())
}

impl Drop for Extent {
    fn drop(&mut self) {
        match &self.from {
            Source::Pool(pool) => pool.free.lock().push(self.start),
            // SAFETY: allocated with the same layout: `len` is already rounded.
            Source::Heap(base) => unsafe { std::alloc::dealloc(base.as_ptr(), layout(self.len)) },
        }
    }
}
