//! The one that adds bytes to a chain.
//!
//! Invariants: one appender per chain; an append that fails has not happened; in the common case
//! an append is one write or one copy, allocates nothing and waits for nobody. A roll seals the
//! old file before the new one appears, so that only a chain's last file can have a ragged end.
//! The file is opened by the first append and may be closed again while nothing happens.

use std::io::{self, IoSlice};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use parking_lot::MutexGuard;

use crate::chain::{Chain, Home};
use crate::engine::{OpenSegment, SegmentWriter};
use crate::error::{SegmentError, is_exhaustion};
use crate::marks::Position;
use crate::names::{FoundSegment, SPARE_SUFFIX, segment_path};
use crate::segment::{Attached, Segment};

/// The end of a chain: what appends need, under one lock.
#[derive(Debug)]
pub(crate) struct Tail {
    active: Option<Arc<Segment>>,
    writer: Option<Box<dyn SegmentWriter>>,
    /// The open file's capacity; later changes hold for later files.
    capacity: u64,
    spares: Vec<Spare>,
    /// The preparer has been asked for a spare and has not answered yet.
    spare_asked: bool,
}

/// A prepared segment without a base.
#[derive(Debug)]
pub(crate) struct Spare {
    path: PathBuf,
    capacity: u64,
    open: OpenSegment,
}

impl Spare {
    /// Makes one. Slow: on the preparer's thread.
    pub(crate) fn prepare(home: &Home) -> io::Result<Option<Self>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Some(dir) = &home.spare_dir else {
            return Ok(None);
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!("{}-{number}{SPARE_SUFFIX}", std::process::id()));
        let spec = home.spec();
        let open = home.engine.create(&path, &spec)?;
        open.reader.make_room()?;
        Ok(Some(Self {
            path,
            capacity: spec.capacity_bytes,
            open,
        }))
    }

    /// Removes the file.
    pub(crate) fn discard(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %error, "spare segment stays behind");
        }
    }
}

impl Tail {
    pub(crate) fn closed(active: Option<Arc<Segment>>) -> Self {
        Self {
            active,
            writer: None,
            capacity: 0,
            spares: Vec::new(),
            spare_asked: false,
        }
    }

    /// Drops the writer as it is. Bytes it has not committed are lost.
    pub(crate) fn forget_writer(&mut self) {
        self.writer = None;
    }

    pub(crate) fn take_spares(&mut self) -> Vec<Spare> {
        std::mem::take(&mut self.spares)
    }

    pub(crate) fn spare_count(&self) -> usize {
        self.spares.len()
    }

    pub(crate) fn add_spare(&mut self, spare: Option<Spare>) {
        self.spare_asked = false;
        self.spares.extend(spare);
    }

    pub(crate) fn has_writer(&self) -> bool {
        self.writer.is_some()
    }

    /// The active segment with its writer, opened if need be.
    fn open(
        &mut self,
        chain: &Chain,
    ) -> Result<(&Arc<Segment>, &mut Box<dyn SegmentWriter>), SegmentError> {
        let segment = self.active.as_ref().ok_or(SegmentError::NoSegment)?;
        if self.writer.is_none() {
            let mut spec = chain.home.spec();
            spec.capacity_bytes = spec.capacity_bytes.max(segment.len());
            let opened = chain
                .home
                .engine
                .open_append(&segment.path(), &spec, segment.len())
                .map_err(|source| SegmentError::io("open", &segment.path(), source))?;
            self.capacity = spec.capacity_bytes;
            self.writer = Some(attach(chain, segment, opened));
        }
        match &mut self.writer {
            Some(writer) => Ok((segment, writer)),
            None => Err(SegmentError::NoSegment),
        }
    }

    /// Commits, cuts the file to its bytes and lets the writer go; the next append opens again.
    pub(crate) fn seal(&mut self, chain: &Chain) -> Result<(), SegmentError> {
        let (Some(segment), Some(writer)) = (&self.active, &mut self.writer) else {
            return Ok(());
        };
        let shorter = match writer.seal() {
            Ok(shorter) => shorter,
            Err(error) if is_exhaustion(&error) => {
                return Err(SegmentError::io("seal", &segment.path(), error));
            }
            Err(error) => return Err(chain.poison("seal", &segment.path(), error)),
        };
        self.writer = None;
        chain.sealed(segment.end());
        if shorter && chain.marks().durable >= segment.end() {
            // Nobody will ask for another sync of this file, and without one a loss of power could bring the zeros back inside
            // the log, below the recovery point, where no start looks. There is nothing else to write, so this is quick.
            if let Err(error) = segment.reader()?.sync() {
                return Err(chain.poison("sync", &segment.path(), error));
            }
        }
        Ok(())
    }
}

/// Puts both halves of an opened file where they belong.
fn attach(chain: &Chain, segment: &Arc<Segment>, opened: OpenSegment) -> Box<dyn SegmentWriter> {
    let OpenSegment { mut writer, reader } = opened;
    writer.attach(Attached::to(segment, chain));
    segment.set_reader(reader);
    writer
}

/// What an append did.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The segment the bytes went to.
    pub segment: Arc<Segment>,
    /// Where they begin in its file.
    pub at: u64,
    /// Where they begin in the chain.
    pub start: Position,
    /// Where they end in the chain (exclusive).
    pub end: Position,
}

/// Adds bytes to a chain. There is one per chain; dropping it seals the last file.
#[derive(Debug)]
pub struct Appender {
    chain: Arc<Chain>,
}

impl Appender {
    pub(crate) fn new(chain: Arc<Chain>) -> Self {
        Self { chain }
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// Adds the parts, one after the other, at the end of the active segment. They are written
    /// when this returns, and with `mmap` and `file` committed too.
    ///
    /// # Errors
    /// `Full`, `NoSegment`, `NoSpace`: nothing happened, see there what to do. `Poisoned`,
    /// `Closed`: never again.
    pub fn append(&mut self, parts: &[IoSlice<'_>]) -> Result<Appended, SegmentError> {
        let chain = &*self.chain;
        chain.check_alive()?;
        let mut tail = chain.lock_tail();
        let need: u64 = parts.iter().map(|part| part.len() as u64).sum();
        check_room(&mut tail, chain, need)?;
        let (segment, writer) = tail.open(chain)?;
        writer
            .append(parts)
            .map_err(|error| write_failed(chain, segment, error))?;
        Ok(finish(&mut tail, chain, need))
    }

    /// Lends `len_max` bytes at their final place, to be filled and then committed. Until then
    /// nobody else appends, commits or closes.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn reserve(&mut self, len_max: usize) -> Result<Slot<'_>, SegmentError> {
        let chain = &*self.chain;
        chain.check_alive()?;
        let mut tail = chain.lock_tail();
        check_room(&mut tail, chain, len_max as u64)?;
        let (segment, writer) = tail.open(chain)?;
        writer
            .reserve(len_max)
            .map_err(|error| write_failed(chain, segment, error))?;
        Ok(Slot {
            chain,
            tail,
            done: false,
        })
    }

    /// Bytes left in the active segment; 0 without one.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        let tail = self.chain.lock_tail();
        let capacity = if tail.has_writer() {
            tail.capacity
        } else {
            self.chain.capacity_bytes()
        };
        tail.active
            .as_ref()
            .map_or(0, |segment| capacity.saturating_sub(segment.len()))
    }

    /// Seals the active segment and starts the next, which begins with `new_base`. Renames a
    /// prepared file into place where there is one.
    ///
    /// # Errors
    /// `BadBase` unless `new_base` lies above all bases; `NoSpace` or `Io` if no file could be
    /// made: the old segment goes on taking appends.
    pub fn roll(&mut self, new_base: u64) -> Result<Arc<Segment>, SegmentError> {
        let chain = &*self.chain;
        chain.check_alive()?;
        let mut tail = chain.lock_tail();
        let start = match &tail.active {
            Some(last) if last.base() >= new_base => {
                return Err(SegmentError::BadBase { base: new_base });
            }
            Some(last) => last.end(),
            None if chain.home.is_whole() => chain.rebase(Position(new_base)),
            None => chain.marks().written,
        };
        tail.seal(chain)?;
        let (opened, capacity) = next_file(&mut tail, chain, new_base)?;
        chain.set_dir_dirty();
        let found = FoundSegment {
            base: new_base,
            len_bytes: 0,
            modified: SystemTime::UNIX_EPOCH,
        };
        let segment = Segment::found(&chain.home, &chain.me, &found, start);
        if let Some(old) = tail.active.replace(Arc::clone(&segment)) {
            old.note_modified();
        }
        tail.writer = Some(attach(chain, &segment, opened));
        tail.capacity = capacity;
        chain.list.write().push_back(Arc::clone(&segment));
        ask_for_spare(&mut tail, chain);
        Ok(segment)
    }

    /// Takes back everything above `len` in the segment with this base, which becomes the active
    /// one; later segments go. All marks go back to the cut.
    ///
    /// # Errors
    /// `Leased` while somebody reads that segment in place: nothing happened, repeat. `BadBase`,
    /// `OutOfRange` if there is no such place. `Io` as in [`Self::append`].
    pub fn truncate(&mut self, base: u64, len: u64) -> Result<(), SegmentError> {
        let chain = &*self.chain;
        chain.check_alive()?;
        let mut tail = chain.lock_tail();
        let target = chain.find(base).filter(|segment| segment.base() == base);
        let target = target.ok_or(SegmentError::BadBase { base })?;
        let before = target.len();
        if len > before {
            return Err(SegmentError::OutOfRange {
                base,
                from: len,
                to: len,
                len: before,
            });
        }
        tail.seal(chain)?;
        // No new lease reaches above the cut from here on; old ones decide.
        target.publish(len);
        fence(Ordering::SeqCst);
        if target.is_lent() {
            target.publish(before);
            return Err(SegmentError::Leased {
                path: target.path(),
            });
        }
        target.close();
        while let Some(last) = chain.pop_back_above(base) {
            let path = last.rename_removed()?;
            chain.home.flush.reap_segment(path, last);
            chain.set_dir_dirty();
        }
        chain.lower_marks(target.end());
        tail.active = Some(target);
        tail.open(chain)?;
        Ok(())
    }

    /// Commits everything and gives back the space beyond the last byte. The next append opens
    /// the file again.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn seal(&mut self) -> Result<(), SegmentError> {
        self.chain.lock_tail().seal(&self.chain)
    }

    /// Seals, closes all files and ends service. Does not sync: call [`Chain::flush_to`] before.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn close(self) -> Result<(), SegmentError> {
        let sealed = self.chain.lock_tail().seal(&self.chain);
        self.chain.retire();
        sealed
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        let mut tail = self.chain.lock_tail();
        if self.chain.check_alive().is_ok()
            && let Err(error) = tail.seal(&self.chain)
        {
            tracing::warn!(dir = %self.chain.dir().display(), %error, "closing without a seal");
        }
        let spares = tail.take_spares();
        drop(tail);
        for spare in spares {
            spare.discard();
        }
    }
}

fn check_room(tail: &mut Tail, chain: &Chain, need_bytes: u64) -> Result<(), SegmentError> {
    tail.open(chain)?;
    let len = tail.active.as_ref().map_or(0, |segment| segment.len());
    let free_bytes = tail.capacity.saturating_sub(len);
    if need_bytes > free_bytes {
        return Err(SegmentError::Full {
            need_bytes,
            free_bytes,
        });
    }
    Ok(())
}

fn write_failed(chain: &Chain, segment: &Segment, error: io::Error) -> SegmentError {
    if is_exhaustion(&error) {
        return SegmentError::io("write", &segment.path(), error);
    }
    chain.poison("write", &segment.path(), error)
}

/// Publishes `len` bytes that the writer has taken, and asks for what will be needed soon.
fn finish(tail: &mut Tail, chain: &Chain, len: u64) -> Appended {
    let (Some(segment), Some(writer)) = (&tail.active, &tail.writer) else {
        unreachable!("only called between an append to an open tail and the end of its lock")
    };
    let segment = Arc::clone(segment);
    let at = segment.len();
    segment.publish(at + len);
    chain.after_append(segment.end(), segment.start().plus(writer.committed()));
    if writer.wants_room()
        && let Some(reader) = segment.reader_if_open()
    {
        chain.home.flush.preparer().make_room(reader);
    }
    if at + len >= tail.capacity / 4 * 3 {
        ask_for_spare(tail, chain);
    }
    let start = segment.start().plus(at);
    Appended {
        at,
        start,
        end: start.plus(len),
        segment,
    }
}

/// Asks the preparer for a spare if one is wanted and missing.
fn ask_for_spare(tail: &mut Tail, chain: &Chain) {
    let home = &chain.home;
    if home.spare_dir.is_none() || tail.spare_asked || tail.spares.len() >= home.spares_max {
        return;
    }
    let is_near = tail
        .active
        .as_ref()
        .is_some_and(|last| last.len() >= tail.capacity / 4 * 3);
    if home.is_whole() || is_near {
        tail.spare_asked = true;
        home.flush.preparer().make_spare(Weak::clone(&chain.me));
    }
}

fn next_file(
    tail: &mut Tail,
    chain: &Chain,
    base: u64,
) -> Result<(OpenSegment, u64), SegmentError> {
    let home = &chain.home;
    let path = segment_path(&home.dir(), base, home.suffix);
    let capacity = chain.capacity_bytes();
    while let Some(spare) = tail.spares.pop() {
        if spare.capacity == capacity && !path.exists() {
            match std::fs::rename(&spare.path, &path) {
                Ok(()) => return Ok((spare.open, capacity)),
                Err(error) => tracing::warn!(path = %path.display(), %error, "spare not usable"),
            }
        }
        spare.discard();
    }
    let created = home.engine.create(&path, &home.spec());
    let opened = created.map_err(|source| SegmentError::io("create", &path, source))?;
    Ok((opened, capacity))
}

/// Bytes at their final place, waiting to be filled. Dropped uncommitted, it leaves nothing.
#[derive(Debug)]
pub struct Slot<'a> {
    chain: &'a Chain,
    tail: MutexGuard<'a, Tail>,
    done: bool,
}

impl Slot<'_> {
    /// Appends the first `len` bytes of the slot.
    ///
    /// # Errors
    /// As [`Appender::append`].
    ///
    /// # Panics
    /// If `len` is more than the slot's length.
    pub fn commit(mut self, len: usize) -> Result<Appended, SegmentError> {
        assert!(
            len <= self.len(),
            "commit of {len} bytes of a slot of {}",
            self.len()
        );
        self.done = true;
        let chain = self.chain;
        let (segment, writer) = self.tail.open(chain)?;
        writer
            .publish(len)
            .map_err(|error| write_failed(chain, segment, error))?;
        Ok(finish(&mut self.tail, chain, len as u64))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if !self.done
            && let Some(writer) = &mut self.tail.writer
        {
            // Publishing nothing only ends the reservation.
            let _ = writer.publish(0);
        }
    }
}

impl Deref for Slot<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.tail
            .writer
            .as_ref()
            .map_or(&[], |writer| writer.reserved_ref())
    }
}

impl DerefMut for Slot<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.tail
            .writer
            .as_mut()
            .map(|writer| writer.reserved())
            .unwrap_or_default()
    }
}
