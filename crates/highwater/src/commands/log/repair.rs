//! `highwater log repair`: mends what `verify` finds, offline.
//!
//! Invariants: without `--yes` nothing is changed. The directory's lock is held throughout, so neither a Java broker nor
//! our server runs on it. No byte is deleted: what is cut off or replaced is kept under `.highwater/quarantine/` beside
//! the partitions. A file is replaced by a whole, synced one under its own name, never written in place; a torn end,
//! which is only shortened, is copied to quarantine first. Every copy is synced, with all folders above it, before what it
//! was made of changes: a power loss leaves the old bytes, or the copy, or both.
//! Damage inside a log leaves a gap in its offsets, as compaction does; the records behind it stay readable. (A Java
//! broker recovering by itself would drop everything behind the damage.)

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kafka::log::clean_shutdown::CLEAN_SHUTDOWN;
use kafka::log::offset_index::IndexInterval;
use kafka::log::producer_snapshot;
use segment::DirLock;
use serde_json::json;

use super::scan::{Piece, Scan};
use super::target::{self, Partition};
use super::verify::{self, Weight};
use super::{Where, show};
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// Where a data directory keeps what is ours.
pub(super) const QUARANTINE: &str = ".highwater/quarantine";
/// Bytes copied at a time.
const COPY_BYTES: usize = 1 << 20;

/// Arguments of `log repair`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) at: Where,
    /// Do it; without this the plan is only shown
    #[arg(long)]
    pub(super) yes: bool,
    /// Kafka's `index.interval.bytes` of the topics, for rebuilt indexes
    #[arg(long, default_value_t = 4096, value_name = "BYTES")]
    index_interval_bytes: u32,
}

/// One step of a plan.
#[derive(Debug)]
enum Step {
    /// Shorten a segment's file to `keep` bytes.
    CutEnd {
        log: PathBuf,
        keep: u64,
        bytes: u64,
        why: String,
    },
    /// Write a segment's file anew without these stretches of bytes.
    TakeOut {
        log: PathBuf,
        stretches: Vec<(u64, u64)>,
        why: String,
    },
    /// Make both indexes of a segment from its batches.
    RebuildIndexes { partition: Partition, base: i64 },
    /// Move a file that cannot be read out of the way.
    SetAside { file: PathBuf, why: String },
}

impl Step {
    fn text(&self) -> String {
        match self {
            Self::CutEnd {
                log,
                keep,
                bytes,
                why,
            } => {
                format!(
                    "cut {bytes} bytes off {} behind {keep}: {why}",
                    log.display()
                )
            }
            Self::TakeOut {
                log,
                stretches,
                why,
            } => {
                let bytes: u64 = stretches.iter().map(|(_, bytes)| bytes).sum();
                format!(
                    "take {bytes} bytes in {} places out of {}: {why}",
                    stretches.len(),
                    log.display()
                )
            }
            Self::RebuildIndexes { partition, base } => {
                format!(
                    "rebuild the indexes of {}",
                    partition.file(*base, "log").display()
                )
            }
            Self::SetAside { file, why } => format!("set {} aside: {why}", file.display()),
        }
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let partitions = target::partitions(&args.at.path, args.at.topic.as_deref())?;
    let root = data_root(&args.at.path, &partitions);
    let lock = root.join(".lock");
    let _lock = DirLock::acquire(&lock)
        .map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))?;
    let bar = show::progress(
        partitions
            .iter()
            .map(|partition| 2 * partition.log_bytes())
            .sum(),
        "examining",
    );
    let mut steps = Vec::new();
    for partition in &partitions {
        plan(partition, &bar, &mut steps)?;
    }
    bar.finish_and_clear();
    print(args, &steps)?;
    if steps.is_empty() {
        return Ok(());
    }
    if !args.yes {
        return Err(Failure::new(
            Exit::NotWell,
            "nothing was changed; run again with --yes to do this",
        ));
    }
    // Offsets and recovery points may have changed: the next start must look at the logs again.
    remove_if_there(&root.join(CLEAN_SHUTDOWN))?;
    for step in &steps {
        apply(step, &root, args.index_interval_bytes).with_context(|| step.text())?;
    }
    show::print(&format!(
        "done; what was cut is in {}",
        root.join(QUARANTINE).display()
    ))?;
    Ok(())
}

/// The data directory: `path`, or its parent when `path` is a partition's.
fn data_root(path: &Path, partitions: &[Partition]) -> PathBuf {
    match partitions.first() {
        Some(partition) if partition.dir == path => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        },
        _ => path.to_path_buf(),
    }
}

fn plan(partition: &Partition, bar: &indicatif::ProgressBar, steps: &mut Vec<Step>) -> Result<()> {
    let findings = verify::verify(partition, false, bar)?;
    let damaged = |file: &Path| {
        findings
            .problems
            .iter()
            .any(|problem| problem.file == file && problem.weight == Weight::Damage)
    };
    for base in &partition.bases {
        let changed = plan_log(partition, *base, bar, steps)?;
        let indexes = ["index", "timeindex"].map(|suffix| partition.file(*base, suffix));
        if changed || indexes.iter().any(|file| damaged(file) || !file.is_file()) {
            steps.push(Step::RebuildIndexes {
                partition: partition.clone(),
                base: *base,
            });
        }
    }
    for entry in fs::read_dir(&partition.dir)? {
        let file = entry?.path();
        let is_snapshot = file
            .extension()
            .is_some_and(|extension| extension == "snapshot");
        if let Some(Err(error)) = is_snapshot.then(|| producer_snapshot::read(&file)) {
            steps.push(Step::SetAside {
                why: format!("{error}; the state is rebuilt from the log"),
                file,
            });
        }
    }
    Ok(())
}

/// Plans what one `.log` file needs; whether it changes.
fn plan_log(
    partition: &Partition,
    base: i64,
    bar: &indicatif::ProgressBar,
    steps: &mut Vec<Step>,
) -> Result<bool> {
    let log = partition.file(base, "log");
    let mut scan = Scan::open(&log, base)?;
    let (mut stretches, mut first_why) = (Vec::new(), None);
    while let Some(found) = scan.next()? {
        bar.inc(found.bytes);
        if let Piece::Damaged(why) | Piece::Torn(why) = found.piece {
            stretches.push((found.at, found.bytes));
            first_why.get_or_insert(why);
        }
    }
    let Some(why) = first_why else {
        return Ok(false);
    };
    steps.push(match stretches.as_slice() {
        [(at, bytes)] if at + bytes == scan.len() => Step::CutEnd {
            log,
            keep: *at,
            bytes: *bytes,
            why,
        },
        _ => Step::TakeOut {
            log,
            stretches,
            why,
        },
    });
    Ok(true)
}

fn apply(step: &Step, root: &Path, index_interval_bytes: u32) -> Result<()> {
    match step {
        Step::CutEnd {
            log, keep, bytes, ..
        } => {
            let file = File::options().read(true).write(true).open(log)?;
            keep_bytes(
                &file,
                *keep,
                *bytes,
                &quarantine(root, log, &format!("from-{keep}"))?,
            )?;
            file.set_len(*keep)?;
            file.sync_all()?;
        }
        Step::TakeOut { log, stretches, .. } => take_out(root, log, stretches)?,
        Step::RebuildIndexes { partition, base } => {
            let (offsets, times) =
                indexes_of(&partition.file(*base, "log"), *base, index_interval_bytes)?;
            for (suffix, bytes) in [("index", offsets), ("timeindex", times)] {
                let file = partition.file(*base, suffix);
                if file.is_file() {
                    keep_whole(root, &file, "before")?;
                }
                replace(root, &file, |new| new.write_all(&bytes))?;
            }
        }
        Step::SetAside { file, .. } => {
            keep_whole(root, file, "unreadable")?;
            fs::remove_file(file)?;
            sync_parent(file)?;
        }
    }
    Ok(())
}

/// Writes `log` anew without `stretches`, which rise; the old file goes to quarantine whole.
fn take_out(root: &Path, log: &Path, stretches: &[(u64, u64)]) -> Result<()> {
    let old = File::open(log)?;
    let len = old.metadata()?.len();
    keep_whole(root, log, "before")?;
    replace(root, log, |new| {
        let mut at = 0;
        for (from, bytes) in stretches.iter().chain([&(len, 0)]) {
            copy(&old, at, from - at, new)?;
            at = from + bytes;
        }
        Ok(())
    })
}

/// The bytes of both indexes of a segment, by the rule that Kafka's own recovery follows.
fn indexes_of(log: &Path, base: i64, interval_bytes: u32) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut offsets, mut times) = (Vec::new(), Vec::new());
    let mut interval = IndexInterval::default();
    let (mut newest_ms, mut newest_offset, mut last_entry_ms) = (i64::MIN, base, i64::MIN);
    let mut scan = Scan::open(log, base)?;
    let relative =
        |offset: i64| i32::try_from(offset - base).context("offset out of the segment's range");
    while let Some(found) = scan.next()? {
        let Piece::Batch(header) = found.piece else {
            continue;
        };
        let last = header.last_offset().0;
        if header.max_timestamp > newest_ms {
            (newest_ms, newest_offset) = (header.max_timestamp, last);
        }
        if interval.count(header.size_bytes(), interval_bytes) {
            offsets.extend(relative(last)?.to_be_bytes());
            offsets.extend(u32::try_from(found.at)?.to_be_bytes());
            if newest_ms > last_entry_ms {
                times.extend(newest_ms.to_be_bytes());
                times.extend(relative(newest_offset)?.to_be_bytes());
                last_entry_ms = newest_ms;
            }
        }
    }
    if newest_ms > last_entry_ms && newest_ms > i64::MIN {
        times.extend(newest_ms.to_be_bytes());
        times.extend(relative(newest_offset)?.to_be_bytes());
    }
    Ok((offsets, times))
}

/// A free name in quarantine for what becomes of `file`, in a folder that a power loss will not take away.
///
/// The folders are synced here, where the name is made, so that nobody can hold a name and cut something before they are.
/// They are synced even if they were there: the run that made them may have been cut off before it came to that.
pub(super) fn quarantine(root: &Path, file: &Path, label: &str) -> Result<PathBuf> {
    let partition = file
        .parent()
        .and_then(Path::canonicalize_name)
        .unwrap_or_default();
    let dir = root.join(QUARANTINE).join(partition);
    fs::create_dir_all(&dir)?;
    for folder in folders_above(root, &dir) {
        File::open(folder)?.sync_all()?;
    }
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    for attempt in 1.. {
        let path = dir.join(format!("{name}.{label}.{attempt}"));
        if !path.exists() {
            return Ok(path);
        }
    }
    anyhow::bail!("no free name in {}", dir.display())
}

/// The folders from the one that holds `dir` up to `root`: each has the name of the one before it.
fn folders_above<'p>(root: &'p Path, dir: &'p Path) -> impl Iterator<Item = &'p Path> {
    dir.ancestors()
        .skip(1)
        .take_while(move |folder| folder.starts_with(root))
}

/// Names a directory even when it was given as `.`.
trait CanonicalName {
    fn canonicalize_name(&self) -> Option<String>;
}

impl CanonicalName for Path {
    fn canonicalize_name(&self) -> Option<String> {
        let absolute = self.canonicalize().ok()?;
        Some(absolute.file_name()?.to_string_lossy().into_owned())
    }
}

/// Copies all of `file` to quarantine.
fn keep_whole(root: &Path, file: &Path, label: &str) -> Result<()> {
    let from = File::open(file)?;
    let bytes = from.metadata()?.len();
    keep_bytes(&from, 0, bytes, &quarantine(root, file, label)?)
}

/// Copies a stretch of a file to a name that `quarantine` gave, durably.
pub(super) fn keep_bytes(from: &File, at: u64, bytes: u64, to: &Path) -> Result<()> {
    let mut kept = File::create_new(to)?;
    copy(from, at, bytes, &mut kept)?;
    kept.sync_all()?;
    sync_parent(to)
}

fn copy(from: &File, mut at: u64, bytes: u64, to: &mut File) -> io::Result<()> {
    let mut buffer = vec![0; COPY_BYTES];
    let end = at + bytes;
    while at < end {
        let step = usize::try_from(end - at).map_or(COPY_BYTES, |left| left.min(COPY_BYTES));
        let Some(part) = buffer.get_mut(..step) else {
            break;
        };
        from.read_exact_at(part, at)?;
        to.write_all(part)?;
        at += step as u64;
    }
    Ok(())
}

/// Puts a synced new file in the place of `file`. It is made outside the partition's directory, where a broker that
/// starts after a crash in the middle finds nothing it does not know.
fn replace(
    root: &Path,
    file: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<()> {
    let new_path = quarantine(root, file, "new")?;
    let mut new = File::create_new(&new_path)?;
    write(&mut new)?;
    new.sync_all()?;
    fs::rename(&new_path, file)?;
    sync_parent(file)
}

/// Makes the names beside `file` survive power loss.
pub(super) fn sync_parent(file: &Path) -> Result<()> {
    if let Some(parent) = file.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

fn remove_if_there(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn print(args: &Args, steps: &[Step]) -> Result<()> {
    if args.at.format == Format::Json {
        let steps: Vec<String> = steps.iter().map(Step::text).collect();
        return show::print_json(&json!({"steps": steps, "applied": args.yes}));
    }
    if steps.is_empty() {
        return show::print(&"nothing to mend");
    }
    for step in steps {
        show::print(&step.text())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_up_to_the_root_is_named_and_none_above_it() {
        for root in [".", "data", "data/", "/var/data", "/"] {
            let root = Path::new(root);
            let dir = root.join(QUARANTINE).join("orders-0");
            let found: Vec<PathBuf> = folders_above(root, &dir).map(Path::to_path_buf).collect();
            let expected = [
                root.join(QUARANTINE),
                root.join(".highwater"),
                root.to_path_buf(),
            ];
            assert_eq!(found, expected);
        }
    }
}
