//! Finds the consume queues of a directory, and where each of them ends.
//!
//! Invariants: units are written one after the other, so those that count are a prefix of a queue. After an unclean stop
//! only units of entries below the dispatch mark count; what lies behind them is turned to zeros before anything else
//! happens, so that no unit of an earlier life comes back. A unit is only cut if the log still has its entry, or never had.
//! Queues are looked at by a few threads; each costs a listing and some twenty small reads.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use segment::parse_base;

use super::super::error::StoreError;
use super::super::files;
use super::super::files::read_full;
use super::super::ids::{PhysicalOffset, QueueOffset};
use super::table::Queues;
use super::unit::{QueueUnit, UNIT_BYTES};

const UNIT: u64 = UNIT_BYTES as u64;
const THREADS_MAX: usize = 4;

/// Which units count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    /// All that are there.
    All,
    /// Those of entries below; what follows them is cut.
    Below(PhysicalOffset),
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Queues.
    pub(crate) queues: usize,
    /// The unit of the newest entry that any queue names.
    pub(crate) newest: Option<QueueUnit>,
    /// Files from which units were cut.
    pub(crate) cut_files: usize,
    /// What was not as a clean stop leaves it.
    pub(crate) notes: Vec<String>,
}

/// How a directory is read.
#[derive(Clone, Copy, Debug)]
struct Plan {
    bound: Bound,
    /// Shorter files are not those of another setting: a loss of power left them.
    may_be_short: bool,
}

/// One queue.
struct FoundQueue {
    id: i32,
    first: QueueOffset,
    end: QueueOffset,
    last: Option<QueueUnit>,
}

impl Queues {
    /// Reads the directory. To be called once, before anything else. `may_be_short`: the files' size is known to be the
    /// configured one, so a shorter file is what a loss of power left.
    pub(crate) fn load(&self, bound: Bound, may_be_short: bool) -> Result<Loaded, StoreError> {
        let plan = Plan {
            bound,
            may_be_short,
        };
        let topics = files::names_in(&self.dir)?;
        let next = AtomicUsize::new(0);
        let work = || -> Result<Loaded, StoreError> {
            let mut loaded = Loaded::default();
            while let Some(name) = topics.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.load_topic(name, plan, &mut loaded)?;
            }
            Ok(loaded)
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.min(THREADS_MAX).min(topics.len().div_ceil(64));
        let mut all = Loaded::default();
        std::thread::scope(|scope| {
            let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut outcome = work().map(|loaded| all.add(loaded));
            for helper in helpers {
                // A helper that panicked has broken an invariant of ours; it must not look like an empty directory.
                let loaded = helper
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                outcome = outcome.and(loaded.map(|loaded| all.add(loaded)));
            }
            outcome
        })?;
        Ok(all)
    }

    fn load_topic(
        &self,
        name: &OsString,
        plan: Plan,
        loaded: &mut Loaded,
    ) -> Result<(), StoreError> {
        let dir = self.dir.join(name);
        let Some(topic) = name.to_str() else {
            loaded
                .notes
                .push(format!("{}: no topic's name, left alone", dir.display()));
            return Ok(());
        };
        for child in files::names_in(&dir)? {
            // RocketMQ passes over other names too.
            let Some(id) = child.to_str().and_then(|name| name.parse::<i32>().ok()) else {
                continue;
            };
            if id < 0 {
                continue;
            }
            let found = self.load_queue(&dir.join(&child), id, plan, loaded)?;
            self.add(topic, found.id, found.first, found.end);
            loaded.queues += 1;
            loaded.see(found.last);
        }
        Ok(())
    }

    fn load_queue(
        &self,
        dir: &Path,
        id: i32,
        plan: Plan,
        loaded: &mut Loaded,
    ) -> Result<FoundQueue, StoreError> {
        let bound = plan.bound;
        let bases = self.bases(dir, loaded)?;
        let offset_of = |byte: u64| QueueOffset(i64::try_from(byte / UNIT).unwrap_or(i64::MAX));
        let first = bases.first().copied().unwrap_or(0);
        let mut found = FoundQueue {
            id,
            first: offset_of(first),
            end: offset_of(first),
            last: None,
        };
        let mut later: Vec<PathBuf> = Vec::new();
        for (index, base) in bases.iter().enumerate().rev() {
            let path = segment::segment_path(dir, *base, "");
            let failed = |doing| {
                let path = path.clone();
                move |error| StoreError::io(doing, &path, error)
            };
            let file = File::open(&path).map_err(failed("open"))?;
            let is_last = index + 1 == bases.len();
            self.check_length(&file, &path, is_last, plan, loaded)?;
            let (units, last) =
                good_prefix(&file, self.file_bytes, bound).map_err(failed("read"))?;
            if units == 0 && index > 0 {
                later.push(path);
                continue;
            }
            let end_byte = units * UNIT;
            if bound != Bound::All {
                let cut = files::zero_from(&path, &file, end_byte, self.file_bytes);
                if cut.map_err(failed("cut"))? {
                    loaded.cut_files += 1;
                    self.unsynced.lock().files.insert(path.clone());
                }
            }
            found.end = offset_of(base + end_byte);
            found.last = last;
            break;
        }
        if bound != Bound::All {
            for path in later {
                files::remove(&path)?;
                loaded.cut_files += 1;
                self.unsynced.lock().dirs.insert(dir.to_owned());
            }
        }
        Ok(found)
    }

    /// The bases of a queue's files that follow each other up to the last one.
    fn bases(&self, dir: &Path, loaded: &mut Loaded) -> Result<Vec<u64>, StoreError> {
        let mut bases = Vec::new();
        for name in files::names_in(dir)? {
            match name.to_str().and_then(|name| parse_base(name, "")) {
                Some(base) => bases.push(base),
                None => loaded.notes.push(format!(
                    "{}: not a consume queue file; RocketMQ does not start with it there",
                    dir.join(&name).display()
                )),
            }
        }
        if let Some(odd) = bases
            .iter()
            .find(|base| !base.is_multiple_of(self.file_bytes))
        {
            let path = segment::segment_path(dir, *odd, "");
            return Err(StoreError::unusable(
                &path,
                format!(
                    "its name does not fit files of {} bytes: set mappedFileSizeConsumeQueue to what the directory was made with",
                    self.file_bytes
                ),
            ));
        }
        let gap = bases.windows(2).rposition(|pair| match pair {
            [before, after] => after - before != self.file_bytes,
            _ => false,
        });
        if let Some(gap) = gap {
            loaded.notes.push(format!(
                "{}: a file is missing, the queue starts behind the gap",
                dir.display()
            ));
            bases.drain(..=gap);
        }
        Ok(bases)
    }

    fn check_length(
        &self,
        file: &File,
        path: &Path,
        is_last: bool,
        plan: Plan,
        loaded: &mut Loaded,
    ) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("stat", path, error);
        let len = file.metadata().map_err(failed)?.len();
        if len == self.file_bytes {
            return Ok(());
        }
        if len < self.file_bytes && (plan.may_be_short || (is_last && len == 0)) {
            loaded.notes.push(format!(
                "{}: made full length, the stop came while it was being made",
                path.display()
            ));
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            return file.set_len(self.file_bytes).map_err(failed);
        }
        Err(StoreError::unusable(
            path,
            format!(
                "has {len} bytes where {} are expected: set mappedFileSizeConsumeQueue to what the directory was made with",
                self.file_bytes
            ),
        ))
    }
}

impl Loaded {
    fn see(&mut self, last: Option<QueueUnit>) {
        let entry = |unit: &QueueUnit| (!unit.is_prefill()).then_some(unit.physical_offset);
        if let Some(last) = last
            && entry(&last) > self.newest.as_ref().and_then(entry)
        {
            self.newest = Some(last);
        }
    }

    fn add(&mut self, other: Self) {
        self.queues += other.queues;
        self.cut_files += other.cut_files;
        self.see(other.newest);
        self.notes.extend(other.notes);
    }
}

/// How many units at the start of a file count, and the last of them.
fn good_prefix(file: &File, file_bytes: u64, bound: Bound) -> io::Result<(u64, Option<QueueUnit>)> {
    let unit = |index: u64| -> io::Result<Option<QueueUnit>> {
        let mut bytes = [0; UNIT_BYTES];
        let len = read_full(file, &mut bytes, index * UNIT)?;
        let unit = QueueUnit::decode(&bytes);
        let counts = match bound {
            Bound::All => true,
            Bound::Below(mark) => unit.physical_offset < mark,
        };
        Ok((len == UNIT_BYTES && unit.is_written() && counts).then_some(unit))
    };
    let (mut low, mut high) = (0, file_bytes / UNIT);
    let mut last = None;
    while low < high {
        // The first units first: most files are nearly empty.
        let middle = if low == 0 {
            high.min(16) / 2
        } else {
            low + (high - low) / 2
        };
        match unit(middle)? {
            Some(found) => {
                last = Some(found);
                low = middle + 1;
            }
            None => high = middle,
        }
    }
    Ok((low, last))
}
