//! A row of segments in one directory.
//!
//! Invariants: segments are in order of base and of position, and follow each other without a gap in
//! position but where some were replaced by a shorter one; only the last one takes appends; the
//! last one is never removed from the front; a chain that
//! nobody uses holds no descriptor, no thread and less than a KiB.
//! Lock order: `tail` before `list` before `Segment::reader`; `progress` last.
//! Absent on purpose: what a base counts, when to roll, what to keep.

mod durability;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};

use crate::appender::{Appender, Spare, Tail};
use crate::engine::Engine;
use crate::error::{Poison, SegmentError};
use crate::flush::FlushService;
use crate::marks::{MarkCells, Marks, Position};
use crate::names::{self, FoundSegment};
use crate::segment::Segment;
use crate::spec::{Allocation, ChainConfig, FlushRules, SegmentSpec};
use durability::{FlushState, RuleCells};

/// Told when marks move by themselves: after a sync, or a commit on another thread.
///
/// Called on flusher and ring threads. Must not block, and must not call back into the chain
/// except to read its marks.
pub trait ChainListener: Send + Sync {
    /// `committed` or `durable` have moved to at least these values. Moves that an append
    /// makes while it runs are not reported: the appender knows them.
    fn marks_moved(&self, marks: Marks);
    /// The chain takes no more bytes; its durable mark will not move again.
    fn poisoned(&self, error: &SegmentError);
}

/// A listener for those who only ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoListener;

impl ChainListener for NoListener {
    fn marks_moved(&self, _marks: Marks) {}
    fn poisoned(&self, _error: &SegmentError) {}
}

/// What the segments of a chain need to open their files.
pub(crate) struct Home {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) flush: Arc<FlushService>,
    dir: RwLock<Arc<Path>>,
    pub(crate) suffix: &'static str,
    spec: SegmentSpec,
    capacity_bytes: AtomicU64,
    pub(crate) spare_dir: Option<Arc<Path>>,
    pub(crate) spares_max: usize,
}

impl Home {
    pub(crate) fn dir(&self) -> Arc<Path> {
        Arc::clone(&self.dir.read())
    }

    pub(crate) fn spec(&self) -> SegmentSpec {
        let capacity_bytes = self.capacity_bytes.load(Ordering::Relaxed);
        SegmentSpec {
            capacity_bytes,
            ..self.spec.clone()
        }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.spec.allocation == Allocation::Whole
    }
}

/// A segment that was taken off a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its base.
    pub base: u64,
    /// The bytes it held.
    pub len_bytes: u64,
}

/// A removed segment's file under its `….deleted` name, until somebody has it unlinked.
///
/// Dropped without [`Self::reap`] it stays: what is left by the end of the process is the caller's to find.
#[derive(Debug)]
pub struct RemovedFile {
    path: PathBuf,
    segment: Arc<Segment>,
    flush: Arc<FlushService>,
}

impl RemovedFile {
    /// Has the file unlinked slowly in the background; who still reads it goes on reading. One that is gone (with the
    /// directory that it was in) is fine.
    pub fn reap(self) {
        self.flush.reap_segment(self.path, self.segment);
    }
}

/// The shared half of a chain. See the module's header for what holds.
pub struct Chain {
    pub(crate) home: Arc<Home>,
    pub(crate) me: Weak<Chain>,
    pub(crate) list: RwLock<VecDeque<Arc<Segment>>>,
    pub(crate) tail: Mutex<Tail>,
    pub(crate) marks: MarkCells,
    flush: FlushState,
    rules: RuleCells,
    /// Held to move marks; counts truncations, so that a sync that began before one cannot lift
    /// the durable mark above the cut.
    progress: Mutex<u64>,
    moved: Condvar,
    /// Names in the directory have changed since it was last synced.
    dir_dirty: AtomicBool,
    closed: AtomicBool,
    poison: OnceLock<Arc<Poison>>,
    listener: Arc<dyn ChainListener>,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain")
            .field("dir", &self.home.dir())
            .field("marks", &self.marks())
            .finish_non_exhaustive()
    }
}

impl Chain {
    /// Lists the segments in a directory, by base, with their sizes as they are on disk.
    ///
    /// # Errors
    /// `Io` where the directory or a file's size cannot be read.
    pub fn scan(dir: &Path, suffix: &str) -> Result<Vec<FoundSegment>, SegmentError> {
        names::scan(dir, suffix)
    }

    /// Makes a chain of the segments in `found`, which are in order of base and whose lengths
    /// are the valid ones: what lies above the last one's is cut off when it is first appended
    /// to. All of these bytes count as durable (a recovery has synced them, or a clean stop).
    ///
    /// Does no I/O. An empty `found` makes an empty chain; roll it to its first base.
    ///
    /// # Errors
    /// `BadBase` if `found` is not in strict order.
    pub fn open(
        engine: Arc<dyn Engine>,
        config: ChainConfig,
        found: &[FoundSegment],
        listener: Arc<dyn ChainListener>,
        flush: Arc<FlushService>,
    ) -> Result<(Arc<Self>, Appender), SegmentError> {
        for pair in found.windows(2) {
            if let [before, after] = pair
                && before.base >= after.base
            {
                return Err(SegmentError::BadBase { base: after.base });
            }
        }
        let rules = RuleCells::new(config.rules);
        let home = Arc::new(Home {
            engine,
            flush,
            dir: RwLock::new(config.dir.into()),
            suffix: config.suffix,
            capacity_bytes: AtomicU64::new(config.spec.capacity_bytes),
            spec: config.spec,
            spare_dir: config.spare_dir.map(Into::into),
            spares_max: config.spares_max,
        });
        let chain = Arc::new_cyclic(|me| {
            let mut at = Position(match found.first() {
                Some(first) if home.is_whole() => first.base,
                _ => 0,
            });
            let mut list = VecDeque::with_capacity(found.len());
            for one in found {
                list.push_back(Segment::found(&home, me, one, at));
                at = at.plus(one.len_bytes);
            }
            Self {
                tail: Mutex::new(Tail::closed(list.back().cloned())),
                home,
                me: Weak::clone(me),
                list: RwLock::new(list),
                marks: MarkCells::starting_at(at),
                flush: FlushState::default(),
                rules,
                progress: Mutex::new(0),
                moved: Condvar::new(),
                dir_dirty: AtomicBool::new(false),
                closed: AtomicBool::new(false),
                poison: OnceLock::new(),
                listener,
            }
        });
        let appender = Appender::new(Arc::clone(&chain));
        Ok((chain, appender))
    }

    /// The marks now.
    #[must_use]
    pub fn marks(&self) -> Marks {
        self.marks.load()
    }

    /// All segments, oldest first.
    #[must_use]
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        self.list.read().iter().cloned().collect()
    }

    /// Number of segments.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.list.read().len()
    }

    /// The last segment whose base is at most `x`; `None` below the first.
    ///
    /// Cost: constant where segments are all as long as their capacity and bases count bytes,
    /// otherwise the logarithm of their number.
    #[must_use]
    pub fn find(&self, x: u64) -> Option<Arc<Segment>> {
        let list = self.list.read();
        find_index(&list, x, self.capacity_bytes()).and_then(|index| list.get(index).cloned())
    }

    /// The segment that follows the one with this base.
    #[must_use]
    pub fn after(&self, base: u64) -> Option<Arc<Segment>> {
        let list = self.list.read();
        list.get(list.partition_point(|segment| segment.base() <= base))
            .cloned()
    }

    /// The segment in which the byte at `position` lies; `None` outside the written bytes.
    #[must_use]
    pub fn find_position(&self, position: Position) -> Option<Arc<Segment>> {
        let list = self.list.read();
        let after = list.partition_point(|segment| segment.start() <= position);
        list.iter()
            .take(after)
            .rev()
            .find(|segment| !segment.is_empty())
            .filter(|segment| position < segment.end())
            .cloned()
    }

    /// The oldest segment.
    #[must_use]
    pub fn first(&self) -> Option<Arc<Segment>> {
        self.list.read().front().cloned()
    }

    /// The segment that takes appends.
    #[must_use]
    pub fn active(&self) -> Option<Arc<Segment>> {
        self.list.read().back().cloned()
    }

    pub(crate) fn is_active(&self, base: u64) -> bool {
        self.list
            .read()
            .back()
            .is_some_and(|last| last.base() == base)
    }

    /// Bytes in all segments.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.list.read().iter().map(|segment| segment.len()).sum()
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.home.dir().to_path_buf()
    }

    /// Tells the chain that its directory has been renamed.
    pub fn dir_moved(&self, dir: &Path) {
        *self.home.dir.write() = dir.into();
    }

    /// Most bytes in a segment.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.home.capacity_bytes.load(Ordering::Relaxed)
    }

    /// Changes the capacity of segments that are created from now on.
    pub fn set_capacity_bytes(&self, bytes: u64) {
        self.home.capacity_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Changes the rules about unasked commits and syncs.
    pub fn set_rules(&self, rules: FlushRules) {
        self.rules.set(rules);
        self.arm_timer();
    }

    /// Bytes that a power loss would take.
    #[must_use]
    pub fn unsynced_bytes(&self) -> u64 {
        let marks = self.marks();
        marks.written.0 - marks.durable.0
    }

    /// Since when the oldest of them has been there (never later than in truth).
    #[must_use]
    pub fn unsynced_since(&self) -> Option<Instant> {
        self.flush.unsynced_since()
    }

    /// Removes the segments whose base is below `upto_base` (exclusive), but never the last.
    /// Their files are renamed to `….deleted` and unlinked slowly in the background; who still
    /// reads one goes on reading.
    ///
    /// # Errors
    /// `Io` where a rename fails; the segments before it are gone then.
    pub fn remove_front(&self, upto_base: u64) -> Result<Vec<Removed>, SegmentError> {
        let mut removed = Vec::new();
        while let Some((segment, file)) = self.take_front(upto_base)? {
            removed.push(segment);
            if let Some(file) = file {
                file.reap();
            }
        }
        Ok(removed)
    }

    /// Removes the first segment if its base is below `upto_base` (exclusive) and it is not the
    /// last. Its file is renamed to `….deleted` and left to the caller; `None` if it was gone.
    ///
    /// # Errors
    /// `Io` if the rename fails; nothing is removed then.
    pub fn take_front(
        &self,
        upto_base: u64,
    ) -> Result<Option<(Removed, Option<RemovedFile>)>, SegmentError> {
        let Some(segment) = self.pop_front_below(upto_base) else {
            return Ok(None);
        };
        let path = match segment.rename_removed() {
            Ok(path) => Some(path),
            Err(SegmentError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                None
            }
            Err(error) => {
                self.list.write().push_front(segment);
                return Err(error);
            }
        };
        self.dir_dirty.store(true, Ordering::Release);
        self.raise_durable(segment.end());
        let removed = Removed {
            base: segment.base(),
            len_bytes: segment.len(),
        };
        let file = path.map(|path| RemovedFile {
            path,
            segment,
            flush: Arc::clone(&self.home.flush),
        });
        Ok(Some((removed, file)))
    }

    /// Puts the file `from`, which is complete and synced, in the place of the sealed segments whose bases are at least
    /// `first_base` and below `upto_base` (exclusive), under the name and at the position of the first of them. Theirs are
    /// renamed to `….deleted` and left to the caller; who reads one goes on reading. Waits until they are durable; does
    /// not sync the directory.
    ///
    /// The positions of bytes that are gone belong to nobody afterwards. There must be no other change of these segments
    /// at the same time.
    ///
    /// # Errors
    /// `BadBase` unless there are such segments and the last one of the chain is not among them: nothing happened. `Io`:
    /// some files may have their new names; what they hold is served on from there until the chain is opened anew.
    pub fn replace(
        &self,
        first_base: u64,
        upto_base: u64,
        from: &Path,
    ) -> Result<(Arc<Segment>, Vec<RemovedFile>), SegmentError> {
        let old: Vec<Arc<Segment>> = {
            let list = self.list.read();
            let asked = list
                .iter()
                .filter(|segment| (first_base..upto_base).contains(&segment.base()));
            asked.cloned().collect()
        };
        let (Some(first), Some(last)) = (old.first(), old.last()) else {
            return Err(SegmentError::BadBase { base: first_base });
        };
        if first.base() != first_base || self.is_active(last.base()) {
            return Err(SegmentError::BadBase { base: first_base });
        }
        self.flush_to(last.end())?;
        let failed = |source| SegmentError::io("replace", from, source);
        let about = std::fs::metadata(from).map_err(failed)?;
        let found = FoundSegment {
            base: first_base,
            len_bytes: about.len(),
            modified: about.modified().map_err(failed)?,
        };
        let mut removed = Vec::with_capacity(old.len());
        for segment in &old {
            removed.push(RemovedFile {
                path: segment.rename_removed()?,
                segment: Arc::clone(segment),
                flush: Arc::clone(&self.home.flush),
            });
        }
        let to = names::segment_path(&self.home.dir(), first_base, self.home.suffix);
        std::fs::rename(from, to).map_err(failed)?;
        let new = Segment::found(&self.home, &self.me, &found, first.start());
        let mut list = self.list.write();
        let at = list.partition_point(|segment| segment.base() < first_base);
        list.retain(|segment| !(first_base..upto_base).contains(&segment.base()));
        list.insert(at, Arc::clone(&new));
        Ok((new, removed))
    }

    fn pop_front_below(&self, upto_base: u64) -> Option<Arc<Segment>> {
        let mut list = self.list.write();
        if list.len() < 2 || list.front()?.base() >= upto_base {
            return None;
        }
        list.pop_front()
    }

    /// Takes the last segment off, if its base is above `base`.
    pub(crate) fn pop_back_above(&self, base: u64) -> Option<Arc<Segment>> {
        let mut list = self.list.write();
        if list.back()?.base() <= base {
            return None;
        }
        list.pop_back()
    }

    /// Makes a prepared segment and hands it to the tail. On the preparer's thread.
    pub(crate) fn prepare_spare(&self) {
        let spare = match Spare::prepare(&self.home) {
            Ok(spare) => spare,
            Err(error) => {
                tracing::debug!(dir = %self.home.dir().display(), %error, "no spare segment");
                None
            }
        };
        let mut tail = self.tail.lock();
        // Asked under the lock that closing takes the spares under.
        if self.check_alive().is_ok() {
            tail.add_spare(spare);
        } else if let Some(spare) = spare {
            spare.discard();
        }
    }

    /// Prepared segments that the next rolls can take.
    #[must_use]
    pub fn spares_ready(&self) -> usize {
        self.tail.lock().spare_count()
    }

    /// Closes the segment with this base if nobody used it since the last call and all of it is
    /// durable. True while it is open (or may be), false once it is closed or gone.
    pub(crate) fn close_if_idle(&self, base: u64) -> bool {
        let Some(segment) = self.find(base).filter(|segment| segment.base() == base) else {
            return false;
        };
        if !segment.was_idle() {
            return segment.is_open();
        }
        // The lock keeps an append from opening the file while it is being closed.
        let Some(mut tail) = self.tail.try_lock() else {
            return true;
        };
        if self.marks().durable < segment.end() && self.check_alive().is_ok() {
            // Closed at the next look, when that is done.
            self.want_sync(segment.end());
            return true;
        }
        if self.is_active(base) && tail.seal(self).is_err() {
            return true;
        }
        segment.close();
        false
    }

    /// Why the chain takes no more bytes, if so.
    #[must_use]
    pub fn poisoned(&self) -> Option<SegmentError> {
        self.poison
            .get()
            .map(|poison| SegmentError::Poisoned(Arc::clone(poison)))
    }

    /// Fails if nothing may be appended or synced any more.
    pub(crate) fn check_alive(&self) -> Result<(), SegmentError> {
        if let Some(error) = self.poisoned() {
            return Err(error);
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(SegmentError::Closed);
        }
        Ok(())
    }

    /// Ends all service: nothing is appended, committed or synced any more, and everybody who
    /// waits gets `Closed`. For a chain whose directory is being deleted, and at the end of
    /// [`Appender::close`]. Files are closed; leases stay readable.
    pub fn retire(&self) {
        self.closed.store(true, Ordering::Release);
        let mut tail = self.tail.lock();
        tail.forget_writer();
        let spares = tail.take_spares();
        drop(tail);
        for spare in spares {
            spare.discard();
        }
        for segment in self.list.read().iter() {
            segment.close();
        }
        self.wake_waiters();
    }

    pub(crate) fn lock_tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock()
    }
}

/// Index of the last segment with `base <= x`. Tries the place it has if all segments are full
/// and bases count bytes; searches otherwise.
fn find_index(list: &VecDeque<Arc<Segment>>, x: u64, capacity: u64) -> Option<usize> {
    let first = list.front()?.base();
    if x < first {
        return None;
    }
    if let Some(guess) = (x - first).checked_div(capacity)
        && let Ok(guess) = usize::try_from(guess)
        && list.get(guess).is_some_and(|segment| segment.base() <= x)
        && list.get(guess + 1).is_none_or(|next| next.base() > x)
    {
        return Some(guess);
    }
    list.partition_point(|segment| segment.base() <= x)
        .checked_sub(1)
}
