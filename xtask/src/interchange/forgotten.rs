//! What RocketMQ will find by key no more, worked out from the directory before it starts.
//!
//! At a start that finds `abort`, RocketMQ 5.5.0 deletes each index file whose last message is newer than the checkpoint's time
//! of the index (`IndexService.load`). It puts in again only what it dispatches again: from the newest log file on that
//! begins at or before the checkpoint's offset, or time where there is no offset (`ConsumeQueueStore`). What lies between is
//! lost to it. In a directory of its own that is most of the newest index file; in one that Highwater left it must be
//! nothing. (It goes back ten files at most unless `commitLogRecoverMaxNum` says otherwise; the settings here do.)

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rocketmq::store::message::{Found, find};
use rocketmq::store::{ABORT, Checkpoint, INDEX_HEADER_BYTES, IndexHeader};

/// Physical offsets of the messages that the next start of RocketMQ forgets the keys of. The first of them may have been
/// in the file before as well.
pub(super) fn at_next_start(store: &Path) -> Result<Option<Range<i64>>> {
    if !store.join(ABORT).exists() {
        return Ok(None);
    }
    let checkpoint = Checkpoint::read(store)?.unwrap_or_default();
    let Some(begin) = deleted_from(store, &checkpoint)? else {
        return Ok(None);
    };
    let end = dispatched_from(store, &checkpoint)?;
    Ok((begin < end).then_some(begin..end))
}

/// The first message of the first index file that goes.
fn deleted_from(store: &Path, checkpoint: &Checkpoint) -> Result<Option<i64>> {
    for path in files_of(&store.join("index"))? {
        let mut bytes = [0; INDEX_HEADER_BYTES];
        let mut file = fs::File::open(&path)?;
        file.read_exact(&mut bytes)
            .with_context(|| path.display().to_string())?;
        let header = IndexHeader::decode(&bytes);
        if header.end_ms > checkpoint.index_ms {
            return Ok(Some(header.begin.0));
        }
    }
    Ok(None)
}

/// Where the log file begins from which on messages are dispatched again.
fn dispatched_from(store: &Path, checkpoint: &Checkpoint) -> Result<i64> {
    let files = files_of(&store.join("commitlog"))?;
    let mut begin = 0;
    for path in files.iter().rev() {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.context("a log file without a name")?;
        begin = name.parse().with_context(|| name.to_owned())?;
        let bytes = fs::read(path)?;
        // Files that were made ahead have nothing in them.
        let Ok(Found::Entry(entry)) = find(&bytes) else {
            continue;
        };
        let is_far_enough = match checkpoint.dispatch_from {
            ..=0 => entry.store_timestamp_ms <= checkpoint.queues_ms,
            from => entry.physical_offset.0 <= from,
        };
        if is_far_enough {
            break;
        }
    }
    Ok(begin)
}

/// The files of a directory, in the order of their names; none where there is no directory.
fn files_of(dir: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Ok(Vec::new());
    };
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
