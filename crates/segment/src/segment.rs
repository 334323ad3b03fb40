//! One segment file of a chain, as readers see it.
//!
//! Invariants: bytes below `len` never change (truncation waits for leases); the file is opened
//! on first use and may be closed again when nobody has used it for a while, never while bytes
//! of it are not durable: a failed write-back is reported only to descriptors that were open.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime};

use parking_lot::RwLock;

use crate::chain::{Chain, Home};
use crate::engine::lease::Lease;
use crate::engine::{CommitSink, SegmentReader};
use crate::error::SegmentError;
use crate::marks::Position;
use crate::names::{FoundSegment, segment_path};

/// A piece of a segment on its way to a socket.
#[derive(Debug)]
pub enum Part {
    /// A range of a file, for `sendfile`. The file stays readable though its name may go.
    File {
        /// The open file.
        file: Arc<File>,
        /// First byte.
        offset: u64,
        /// Number of bytes.
        len: usize,
    },
    /// Bytes in memory, for `writev`.
    Mem(Lease),
}

impl Part {
    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::File { len, .. } => *len,
            Self::Mem(lease) => lease.len(),
        }
    }

    /// True for a part without bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a removed segment's file is called until it is unlinked.
pub(crate) const REMOVED_SUFFIX: &str = ".deleted";

/// A segment. Cheap to hold; keeps its bytes readable even after it was removed from the chain,
/// as long as it was opened before.
pub struct Segment {
    home: Arc<Home>,
    chain: Weak<Chain>,
    base: u64,
    start: Position,
    len: AtomicU64,
    modified_ms: AtomicU64,
    /// Where the file went when it was removed.
    removed: OnceLock<PathBuf>,
    used: AtomicBool,
    reader: RwLock<Option<Arc<dyn SegmentReader>>>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment")
            .field("base", &self.base)
            .field("start", &self.start)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Segment {
    pub(crate) fn found(
        home: &Arc<Home>,
        chain: &Weak<Chain>,
        found: &FoundSegment,
        start: Position,
    ) -> Arc<Self> {
        Arc::new(Self {
            home: Arc::clone(home),
            chain: Weak::clone(chain),
            base: found.base,
            start,
            len: AtomicU64::new(found.len_bytes),
            modified_ms: AtomicU64::new(to_ms(found.modified)),
            removed: OnceLock::new(),
            used: AtomicBool::new(false),
            reader: RwLock::new(None),
        })
    }

    /// What the file's name says it starts with.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Position of its first byte in the chain.
    #[must_use]
    pub fn start(&self) -> Position {
        self.start
    }

    /// Position after its last written byte (exclusive).
    #[must_use]
    pub fn end(&self) -> Position {
        self.start.plus(self.len())
    }

    /// Written, that is readable, bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    /// True as long as nothing was appended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the file lies now.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match self.removed.get() {
            Some(path) => path.clone(),
            None => segment_path(&self.home.dir(), self.base, self.home.suffix),
        }
    }

    /// When it was last written: asked of the file for the segment that takes appends, remembered
    /// for the others. Where nothing is known, the start of the epoch.
    #[must_use]
    pub fn modified(&self) -> SystemTime {
        let is_active = self
            .chain
            .upgrade()
            .is_some_and(|chain| chain.is_active(self.base));
        if is_active || self.modified_ms.load(Ordering::Relaxed) == 0 {
            self.note_modified();
        }
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.modified_ms.load(Ordering::Relaxed))
    }

    /// Remembers the file's time of last change.
    pub(crate) fn note_modified(&self) {
        if let Ok(modified) = std::fs::metadata(self.path()).and_then(|about| about.modified()) {
            self.modified_ms.store(to_ms(modified), Ordering::Relaxed);
        }
    }

    /// Copies bytes from `at` on into `out`; may block on the disk. Returns how many there were:
    /// less than asked only at the end of the segment.
    ///
    /// # Errors
    /// `OutOfRange` if `at` lies behind the end, `Io` where the file cannot be read.
    pub fn read_into(&self, at: u64, out: &mut [u8]) -> Result<usize, SegmentError> {
        let out = self.clip(at, out)?;
        if out.is_empty() {
            return Ok(0);
        }
        self.reader()?
            .read_at(at, out)
            .map_err(|source| self.failed("read", source))
    }

    /// As [`Self::read_into`], but never touches the disk: `None` where that would be needed.
    /// May return less than asked for that reason too. A segment that is not open counts as
    /// needing the disk.
    ///
    /// # Errors
    /// As [`Self::read_into`].
    pub fn try_read_into(&self, at: u64, out: &mut [u8]) -> Result<Option<usize>, SegmentError> {
        let out = self.clip(at, out)?;
        if out.is_empty() {
            return Ok(Some(0));
        }
        let Some(reader) = self.reader_if_open() else {
            return Ok(None);
        };
        reader
            .try_read_at(at, out)
            .map_err(|source| self.failed("read", source))
    }

    /// Lends the bytes of a range of the file: in place where memory holds them, as a copy
    /// otherwise. May block on the disk.
    ///
    /// # Errors
    /// `OutOfRange`, or `Io` where the file cannot be read.
    pub fn lease(&self, range: Range<u64>) -> Result<Lease, SegmentError> {
        self.check(&range)?;
        if range.is_empty() {
            return Ok(Lease::owned(Vec::new()));
        }
        self.touch();
        let end = range.end..range.end;
        // Bound before the match, or the guard would live through a slow read.
        let in_place = self
            .reader
            .read()
            .as_ref()
            .and_then(|r| r.lease_in_place(range.clone()));
        let lease = match in_place {
            Some(lease) => lease,
            None => self.reader()?.lease(range),
        };
        let lease = lease.map_err(|source| self.failed("read", source))?;
        // A truncation that did not see this lease has lowered the length before it looked.
        fence(Ordering::SeqCst);
        self.check(&end)?;
        Ok(lease)
    }

    /// Appends to `out` what a connection sends for a range of the file. Does not read where the
    /// kernel can send from the file; may block on the disk otherwise.
    ///
    /// # Errors
    /// As [`Self::lease`].
    pub fn parts(&self, range: Range<u64>, out: &mut Vec<Part>) -> Result<(), SegmentError> {
        self.check(&range)?;
        if range.is_empty() {
            return Ok(());
        }
        self.touch();
        let in_file = self
            .reader
            .read()
            .as_ref()
            .and_then(|r| r.file_part(range.clone()));
        if let Some(part) = in_file {
            out.push(part);
            return Ok(());
        }
        let reader = self.reader()?;
        let part = match reader.file_part(range.clone()) {
            Some(part) => part,
            None => Part::Mem(
                reader
                    .lease(range)
                    .map_err(|source| self.failed("read", source))?,
            ),
        };
        out.push(part);
        Ok(())
    }

    /// True if a read of the range would not touch the disk, as far as can be told.
    #[must_use]
    pub fn resident(&self, range: Range<u64>) -> bool {
        self.reader_if_open()
            .is_some_and(|reader| reader.resident(range))
    }

    /// Brings a range into memory. Blocks; meant for a thread that may.
    ///
    /// # Errors
    /// As [`Self::lease`].
    pub fn warm(&self, range: Range<u64>) -> Result<(), SegmentError> {
        self.check(&range)?;
        self.reader()?
            .warm(range)
            .map_err(|source| self.failed("read", source))
    }

    /// Sends bytes of a range on their way to the disk and does not wait: for one who writes on and will sync all of it, so
    /// that the disk is busy meanwhile. Only a hint; what a sync promises stays the same.
    pub fn begin_write_back(&self, range: Range<u64>) {
        if let Some(reader) = self.reader_if_open() {
            reader.begin_write_back(range);
        }
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> SegmentError {
        SegmentError::io(doing, &self.path(), source)
    }

    fn check(&self, range: &Range<u64>) -> Result<(), SegmentError> {
        let len = self.len();
        if range.start > range.end || range.end > len {
            let (from, to) = (range.start, range.end);
            return Err(SegmentError::OutOfRange {
                base: self.base,
                from,
                to,
                len,
            });
        }
        Ok(())
    }

    fn clip<'a>(&self, at: u64, out: &'a mut [u8]) -> Result<&'a mut [u8], SegmentError> {
        self.check(&(at..at))?;
        let there = usize::try_from(self.len() - at).unwrap_or(usize::MAX);
        let len = out.len().min(there);
        Ok(out.get_mut(..len).unwrap_or_default())
    }

    /// The open reader, without opening it.
    pub(crate) fn reader_if_open(&self) -> Option<Arc<dyn SegmentReader>> {
        self.touch();
        self.reader.read().clone()
    }

    /// The reader; opens the file if it is not open.
    pub(crate) fn reader(&self) -> Result<Arc<dyn SegmentReader>, SegmentError> {
        if let Some(reader) = self.reader_if_open() {
            return Ok(reader);
        }
        let mut slot = self.reader.write();
        if let Some(reader) = &*slot {
            return Ok(Arc::clone(reader));
        }
        let reader = self
            .home
            .engine
            .open_read(&self.path(), &self.home.spec(), self.len())
            .map_err(|source| self.failed("open", source))?;
        *slot = Some(Arc::clone(&reader));
        drop(slot);
        self.home.flush.opened(Weak::clone(&self.chain), self.base);
        Ok(reader)
    }

    /// Puts the reader of a freshly opened writer in place.
    pub(crate) fn set_reader(&self, reader: Arc<dyn SegmentReader>) {
        self.touch();
        *self.reader.write() = Some(reader);
        self.home.flush.opened(Weak::clone(&self.chain), self.base);
    }

    /// Closes the file; readers that are at it finish first, leases keep it.
    pub(crate) fn close(&self) {
        let reader = self.reader.write().take();
        drop(reader);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.reader.read().is_some()
    }

    /// True while a lease in place or a file part is out.
    pub(crate) fn is_lent(&self) -> bool {
        self.reader
            .read()
            .as_ref()
            .is_some_and(|reader| reader.is_lent())
    }

    /// True if nobody has used the segment since this was last asked.
    pub(crate) fn was_idle(&self) -> bool {
        !self.used.swap(false, Ordering::AcqRel)
    }

    fn touch(&self) {
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    /// Makes bytes up to `len` readable.
    pub(crate) fn publish(&self, len: u64) {
        self.len.store(len, Ordering::Release);
        self.touch();
    }

    /// Renames the file out of the way, into the directory for spares where there is one; returns its new path.
    pub(crate) fn rename_removed(&self) -> Result<PathBuf, SegmentError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let from = self.path();
        let mut to = match &self.home.spare_dir {
            Some(dir) => {
                // Several chains may share it.
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                dir.join(format!("{}-{number}", std::process::id()))
            }
            None => from.clone(),
        };
        to.as_mut_os_string().push(REMOVED_SUFFIX);
        std::fs::rename(&from, &to).map_err(|source| self.failed("remove", source))?;
        let _ = self.removed.set(to.clone());
        Ok(to)
    }
}

/// A segment as the writer that is open for it sees it. What a writer reports after a truncation
/// has ended it is passed over.
pub(crate) struct Attached {
    segment: Weak<Segment>,
    generation: u64,
}

impl Attached {
    pub(crate) fn to(segment: &Arc<Segment>, chain: &Chain) -> Arc<Self> {
        Arc::new(Self {
            segment: Arc::downgrade(segment),
            generation: chain.generation(),
        })
    }
}

impl CommitSink for Attached {
    fn committed(&self, end: u64) {
        let Some(segment) = self.segment.upgrade() else {
            return;
        };
        if let Some(chain) = segment.chain.upgrade() {
            chain.on_committed(segment.start.plus(end), self.generation);
        }
    }

    fn failed(&self, error: io::Error) {
        let Some(segment) = self.segment.upgrade() else {
            return;
        };
        if let Some(chain) = segment.chain.upgrade() {
            chain.poison("write", &segment.path(), error);
        }
    }
}

fn to_ms(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
