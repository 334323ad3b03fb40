//! The metadata log on disk: opened, replayed, appended to, cut at its torn end.
//!
//! Invariants: an append is on the disk (`fdatasync`) when it returns; after a failed sync nothing
//! is appended any more. Kafka recovers this log from its first byte at every start and rebuilds
//! its indexes, so none are written here, and stale ones beside the file appended to are removed.
//! Absent on purpose: meaning of records, rolling by size (`Metadata` rolls at each snapshot).

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::{ChangeError, OpenError};
use super::image::Image;
use super::quorum::{self, Quorum};
use super::replay::Transactions;
use super::segments::{self, BatchFile, NumberedFile, Step};
use super::snapshot;
use crate::log::batch::BatchView;
use crate::log::{StorageError, small_file};

/// Bytes cut from the end of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailCut {
    /// The file.
    pub path: PathBuf,
    /// Its length now.
    pub at: u64,
    /// How many bytes went.
    pub bytes: u64,
    /// Why they did not count.
    pub reason: String,
}

/// Everything the files of a metadata log say.
pub(super) struct Replayed {
    pub(super) image: Image,
    pub(super) quorum: Quorum,
    /// A metadata transaction was left open at the end.
    pub(super) open_transaction: bool,
    pub(super) snapshot: Option<NumberedFile>,
    pub(super) records: u64,
    /// Bytes of log read beyond the snapshot.
    pub(super) log_bytes: u64,
    pub(super) last_timestamp_ms: i64,
    /// Records that a repair took out: offsets without a batch.
    pub(super) missing: i64,
    pub(super) tail: Option<TailCut>,
    segment: Option<(PathBuf, u64)>,
}

/// Reads snapshot and log of `dir`. Changes nothing.
///
/// # Errors
/// `Damaged` wherever going on would lose something, `Storage`.
pub(super) fn replay(dir: &Path) -> Result<Replayed, OpenError> {
    let mut found = Replayed {
        image: Image::default(),
        quorum: Quorum::default(),
        open_transaction: false,
        snapshot: None,
        records: 0,
        log_bytes: 0,
        last_timestamp_ms: 0,
        missing: 0,
        tail: None,
        segment: None,
    };
    if let Some(latest) = segments::list_snapshots(dir)?.pop() {
        found.records = snapshot::read(&latest.path, &mut found.image, &mut found.quorum)?;
        found.image.end_offset = latest.offset;
        found.quorum.epoch = latest.epoch;
        found.snapshot = Some(latest);
    }
    let list = segments::list(dir)?;
    let start = found.image.end_offset;
    if let Some(first) = list.first().filter(|first| first.offset > start) {
        let why = format!("the records from offset {start} on that it continues are missing");
        return Err(OpenError::damaged(&first.path, 0, why));
    }
    // Segments that end at or before the snapshot say nothing new.
    let covered = list
        .windows(2)
        .take_while(|pair| pair[1].offset <= start)
        .count();
    let list = list.get(covered..).unwrap_or_default();
    let mut transactions = Transactions::default();
    let mut expected = list.first().map_or(start, |first| first.offset);
    for (index, segment) in list.iter().enumerate() {
        if segment.offset != expected {
            let why = format!("the segment from offset {expected} on is missing before it");
            return Err(OpenError::damaged(&segment.path, 0, why));
        }
        let last = index + 1 == list.len();
        replay_segment(&mut found, &mut transactions, segment, start, last)?;
        expected = found.image.end_offset;
    }
    if let Some(last) = list.last().filter(|_| found.image.end_offset < start) {
        let end = found.image.end_offset;
        let why = format!("the log ends at offset {end}, before its snapshot at {start}");
        return Err(OpenError::damaged(&last.path, 0, why));
    }
    let end_offset = found.image.end_offset;
    found.open_transaction = transactions.roll_back(&mut found.image);
    found.image.end_offset = end_offset;
    found.quorum.epoch = found.quorum.epoch.max(quorum::read_epoch(dir)?);
    Ok(found)
}

fn replay_segment(
    found: &mut Replayed,
    transactions: &mut Transactions,
    segment: &NumberedFile,
    start: i64,
    last: bool,
) -> Result<(), OpenError> {
    let mut file = BatchFile::open(&segment.path)?;
    let mut expected = segment.offset;
    let bad = loop {
        let at = file.at();
        match file.step(expected)? {
            Step::End => break None,
            Step::Bad(why) => break Some(why),
            Step::Whole(view) => {
                if expected >= start {
                    found.missing += view.header().base_offset.saturating_sub(expected);
                }
                expected = view.header().next_offset().0;
                if expected > start {
                    take_batch(found, transactions, &view)
                        .map_err(|why| OpenError::damaged(&segment.path, at, why))?;
                }
            }
        }
    };
    found.image.end_offset = expected;
    if let Some(reason) = bad {
        file.judge(&reason, expected, last)?;
        let bytes = file.len() - file.at();
        let path = segment.path.clone();
        found.tail = Some(TailCut {
            path,
            at: file.at(),
            bytes,
            reason,
        });
    }
    found.segment = Some((segment.path.clone(), file.at()));
    Ok(())
}

fn take_batch(
    found: &mut Replayed,
    transactions: &mut Transactions,
    view: &BatchView<'_>,
) -> Result<(), String> {
    let (image, quorum) = (&mut found.image, &mut found.quorum);
    found.records +=
        snapshot::each_record(view, quorum, |record| transactions.apply(image, record))?;
    found.log_bytes += view.bytes().len() as u64;
    found.last_timestamp_ms = view.header().max_timestamp;
    quorum.epoch = quorum.epoch.max(view.header().leader_epoch);
    Ok(())
}

/// The end of the log, open for appending.
#[derive(Debug)]
pub(super) struct MetadataLog {
    dir: PathBuf,
    segment: Option<(File, PathBuf)>,
    len: u64,
    poisoned: Option<String>,
}

impl MetadataLog {
    /// Opens the end of what `replay` read; a torn tail is cut, synced.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn open(dir: &Path, found: &Replayed) -> Result<Self, StorageError> {
        let mut log = Self {
            dir: dir.to_path_buf(),
            segment: None,
            len: 0,
            poisoned: None,
        };
        let Some((path, valid_len)) = &found.segment else {
            return Ok(log);
        };
        let file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(|error| StorageError::io("open", path, error))?;
        if found.tail.is_some() {
            file.set_len(*valid_len)
                .and_then(|()| file.sync_all())
                .map_err(|error| StorageError::io("cut", path, error))?;
        }
        log.len = *valid_len;
        log.segment = Some((file, path.clone()));
        Ok(log)
    }

    /// Appends whole batches and waits until they are on the disk.
    ///
    /// # Errors
    /// `NotWritten` when nothing happened, `Poisoned` when that is not known.
    pub(super) fn append(&mut self, base_offset: i64, bytes: &[u8]) -> Result<(), ChangeError> {
        if let Some(why) = &self.poisoned {
            return Err(ChangeError::Poisoned(why.clone()));
        }
        let (file, path) = match &mut self.segment {
            Some(segment) => segment,
            None => {
                let created = create_segment(&self.dir, base_offset);
                self.segment
                    .insert(created.map_err(ChangeError::NotWritten)?)
            }
        };
        if let Err(error) = file.write_all_at(bytes, self.len) {
            let error = StorageError::io("append to", path, error);
            return Err(match file.set_len(self.len) {
                Ok(()) => ChangeError::NotWritten(error),
                Err(_) => self.poison(error.to_string()),
            });
        }
        if let Err(error) = file.sync_data() {
            let why = StorageError::io("sync", path, error).to_string();
            return Err(self.poison(why));
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn poison(&mut self, why: String) -> ChangeError {
        tracing::error!(%why, "the metadata log is poisoned");
        self.poisoned = Some(why.clone());
        ChangeError::Poisoned(why)
    }

    /// Removes Kafka's indexes and producer snapshots beside the segment that will be appended to:
    /// they would say less than the file holds. Kafka rebuilds them.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn drop_stale_indexes(&self) -> Result<(), StorageError> {
        let Some((_, path)) = &self.segment else {
            return Ok(());
        };
        for extension in ["index", "timeindex", "txnindex"] {
            small_file::remove(&path.with_extension(extension))?;
        }
        Ok(())
    }

    /// Goes on in a new segment from `end_offset` on, then removes segments and snapshots that the
    /// snapshot at `end_offset` replaces.
    ///
    /// # Errors
    /// `Io`; appending then goes on where it was or in the new file, both whole.
    pub(super) fn roll_and_trim(&mut self, end_offset: i64) -> Result<(), StorageError> {
        self.segment = Some(create_segment(&self.dir, end_offset)?);
        self.len = 0;
        for old in segments::list(&self.dir)? {
            if old.offset < end_offset {
                for extension in ["index", "timeindex", "txnindex", "log"] {
                    small_file::remove(&old.path.with_extension(extension))?;
                }
            }
        }
        for old in segments::list_snapshots(&self.dir)? {
            if old.offset < end_offset {
                small_file::remove(&old.path)?;
            }
        }
        small_file::sync_dir(&self.dir)
    }
}

fn create_segment(dir: &Path, base_offset: i64) -> Result<(File, PathBuf), StorageError> {
    let path = dir.join(format!("{base_offset:020}.log"));
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .map_err(|error| StorageError::io("create", &path, error))?;
    small_file::sync_dir(dir)?;
    Ok((file, path))
}
