//! `highwater log repair` of a RocketMQ store: mends what `verify` finds, offline.
//!
//! Invariants: without `--yes` nothing is changed. The store's own lock is held while the log is looked at and mended, so
//! neither a Java broker nor ours runs on it. No byte is deleted: what goes from the log, and queues and index that are made
//! anew, are kept under `.highwater/quarantine/`, synced before what they were made of changes.
//! Messages do not move: their offsets are their places. A damaged stretch inside the log is covered by a stand-in, an entry
//! that is nobody's message, so that a walk gets past it; its places in the queues stay empty. (A broker that recovers by
//! itself would end the log there.) Damage at the end of the log is turned to zeros.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rocketmq::store::message::{filler_head, stand_in};
use rocketmq::store::{ABORT, LOCK_FILE, PhysicalOffset, QueueUnit, UNIT_BYTES};
use segment::{DirLock, Position};
use serde_json::json;

use super::super::repair::{Args, QUARANTINE, keep_bytes, quarantine, sync_parent};
use super::super::show;
use super::queues::read_units;
use super::rebuild;
use super::scan::data_end;
use super::store_dir::StoreDir;
use super::verify::{self, Findings, Gap};
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// Units read at a time.
const UNITS_READ: usize = 3200;
/// Zeros written at a time.
const ZEROS_BYTES: usize = 1 << 20;

/// One step of a plan.
#[derive(Debug)]
enum Step {
    /// Give the last file of the log its full length.
    Grow { log: PathBuf, bytes: u64 },
    /// Cover a stretch inside the log.
    Cover {
        log: PathBuf,
        base: u64,
        at: u64,
        bytes: u64,
        to_the_end: bool,
        before_ms: i64,
        why: String,
    },
    /// Turn the end of the log to zeros.
    CutEnd {
        log: PathBuf,
        at: u64,
        bytes: u64,
        why: String,
    },
    /// Move a file out of the way.
    SetAside { file: PathBuf, why: String },
    /// Make queues and index anew.
    Rebuild { queues: Vec<PathBuf>, index: bool },
}

impl Step {
    fn text(&self) -> String {
        match self {
            Self::Grow { log, bytes } => {
                format!("give {} its full length of {bytes} bytes", log.display())
            }
            Self::Cover {
                log,
                at,
                bytes,
                why,
                ..
            } => format!(
                "cover {bytes} bytes of {} from {at} on, where messages are lost: {why}",
                log.display()
            ),
            Self::CutEnd {
                log,
                at,
                bytes,
                why,
            } => {
                format!("cut {bytes} bytes off {} behind {at}: {why}", log.display())
            }
            Self::SetAside { file, why } => format!("set {} aside: {why}", file.display()),
            Self::Rebuild { queues, index } => {
                let index = if *index {
                    ", keeping the old index aside"
                } else {
                    ""
                };
                format!(
                    "rebuild queues and index from the log ({} queues are damaged){index}",
                    queues.len()
                )
            }
        }
    }
}

pub(in super::super) fn run(args: &Args) -> Result<(), Failure> {
    let store = StoreDir::open(&args.at.path)?;
    if args.at.topic.is_some() {
        let text =
            "RocketMQ keeps all topics in one log, which is mended as a whole; leave --topic out";
        return Err(Failure::new(Exit::Usage, text));
    }
    let lock = DirLock::acquire(&store.root.join(LOCK_FILE))
        .map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))?;
    let bar = show::progress(2 * store.log_bytes(), "examining");
    let findings = verify::verify(&store, &bar)?;
    bar.finish_and_clear();
    let steps = plan(&store, &findings)?;
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
    mark_unclean(&store.root)?;
    for step in &steps {
        apply(step, &store).with_context(|| step.text())?;
    }
    // The store takes the lock itself; a broker that comes first finds a directory after an unclean stop.
    drop(lock);
    let report = rebuild::rebuild(&store)?;
    let kept = store.root.join(QUARANTINE);
    if args.at.format == Format::Table {
        show::print(&format!(
            "done: {} messages in {} queues, log from {} to {}; what was replaced is kept in {}",
            report.walked_entries,
            report.queues,
            report.log_start,
            report.log_end,
            kept.display()
        ))?;
    }
    Ok(())
}

/// From now on a broker that starts does not believe queues and index by themselves.
fn mark_unclean(root: &Path) -> Result<()> {
    let path = root.join(ABORT);
    let file = OpenOptions::new().create(true).append(true).open(&path)?;
    file.sync_all()?;
    sync_parent(&path)
}

fn plan(store: &StoreDir, findings: &Findings) -> Result<Vec<Step>, Failure> {
    let log = &findings.log;
    refuse_what_nobody_mends(store, findings)?;
    let mut steps = Vec::new();
    if let Some(last) = store.log.last()
        && last.len < store.log_file_bytes
    {
        let (log, bytes) = (last.path.clone(), store.log_file_bytes);
        steps.push(Step::Grow { log, bytes });
    }
    for gap in &log.gaps {
        steps.push(cover(store, gap)?);
    }
    let (mut end_file, end_at) = log.end.unwrap_or((0, 0));
    // Behind a filler the log goes on in the next file.
    end_file += usize::from(end_at >= store.log_file_bytes);
    for gap in &log.tail {
        let Some(file) = store.log.get(gap.file) else {
            continue;
        };
        let why = gap.why.clone();
        steps.push(match gap.file > end_file {
            true => Step::SetAside {
                file: file.path.clone(),
                why,
            },
            false => Step::CutEnd {
                log: file.path.clone(),
                at: gap.at,
                bytes: gap.bytes,
                why,
            },
        });
    }
    for stray in &store.strays {
        let why = "it is no commit log file".to_owned();
        steps.push(Step::SetAside {
            file: stray.clone(),
            why,
        });
    }
    let problems = &findings.problems;
    let derived = !problems.queues.is_empty() || problems.index;
    if derived || !steps.is_empty() {
        let queues = problems.queues.clone();
        let index = problems.index;
        steps.push(Step::Rebuild { queues, index });
    }
    Ok(steps)
}

fn refuse_what_nobody_mends(store: &StoreDir, findings: &Findings) -> Result<(), Failure> {
    let refuse = |text: String| Err(Failure::new(Exit::Damaged, text));
    for pair in store.log.windows(2) {
        if let [before, after] = pair
            && before.base + store.log_file_bytes != after.base
        {
            return refuse(format!(
                "a file is missing between {} and {}: bring it back, or move the older files away",
                before.path.display(),
                after.path.display()
            ));
        }
    }
    if let Some(odd) = store
        .log
        .iter()
        .rev()
        .skip(1)
        .find(|file| file.len != store.log_file_bytes)
    {
        let bytes = store.log_file_bytes;
        return refuse(format!(
            "{} has not the {bytes} bytes of the others: bring it back from a copy",
            odd.path.display()
        ));
    }
    if let Some(long) = store
        .log
        .last()
        .filter(|file| file.len > store.log_file_bytes)
    {
        return refuse(format!("{} is longer than the others", long.path.display()));
    }
    if findings.log.entries == 0 && !findings.log.tail.is_empty() {
        return refuse(
            "no whole message is in the log: this is not damage that can be cut out".to_owned(),
        );
    }
    if store
        .queues
        .iter()
        .any(|queue| queue.topic.starts_with("%LMQ%"))
    {
        return refuse("the store has light queues (%LMQ%), which would not be rebuilt".to_owned());
    }
    Ok(())
}

fn cover(store: &StoreDir, gap: &Gap) -> Result<Step, Failure> {
    let Some(file) = store.log.get(gap.file) else {
        return Err(anyhow::anyhow!("a gap in no file").into());
    };
    // Behind damage that is the last of a file nothing but zeros can follow.
    let open = File::open(&file.path).map_err(anyhow::Error::from)?;
    let end = data_end(&open, file.len).map_err(anyhow::Error::from)?;
    let to_the_end = gap.at + gap.bytes >= end;
    let bytes = if to_the_end {
        file.len - gap.at
    } else {
        gap.bytes
    };
    let made = usize::try_from(bytes)
        .ok()
        .and_then(|bytes| stand_in(PhysicalOffset(0), bytes, 0));
    if !to_the_end && made.is_none() {
        let text = format!(
            "{}: {bytes} bytes at {} are damaged, which is less than an entry takes: they cannot be covered",
            file.path.display(),
            gap.at
        );
        return Err(Failure::new(Exit::Damaged, text));
    }
    let (log, base, at, why) = (file.path.clone(), file.base, gap.at, gap.why.clone());
    let before_ms = gap.before_ms;
    Ok(Step::Cover {
        log,
        base,
        at,
        bytes,
        to_the_end,
        before_ms,
        why,
    })
}

fn apply(step: &Step, store: &StoreDir) -> Result<()> {
    let root = &store.root;
    match step {
        Step::Grow { log, bytes } => {
            let file = File::options().write(true).open(log)?;
            file.set_len(*bytes)?;
            file.sync_all()?;
        }
        Step::Cover {
            log,
            base,
            at,
            bytes,
            to_the_end,
            before_ms,
            ..
        } => {
            let file = File::options().read(true).write(true).open(log)?;
            keep_bytes(
                &file,
                *at,
                *bytes,
                &quarantine(root, log, &format!("from-{at}"))?,
            )?;
            let new = match to_the_end {
                true => filler_head(u32::try_from(*bytes)?).to_vec(),
                false => {
                    let place = PhysicalOffset::from(Position(base + at));
                    let made = stand_in(place, usize::try_from(*bytes)?, *before_ms);
                    made.context("too short for a stand-in")?
                }
            };
            file.write_all_at(&new, *at)?;
            file.sync_all()?;
        }
        Step::CutEnd { log, at, bytes, .. } => {
            let file = File::options().read(true).write(true).open(log)?;
            keep_bytes(
                &file,
                *at,
                *bytes,
                &quarantine(root, log, &format!("from-{at}"))?,
            )?;
            write_zeros(&file, *at, *bytes)?;
            file.sync_all()?;
        }
        Step::SetAside { file, .. } => set_aside(root, file)?,
        Step::Rebuild { queues, index } => {
            for queue in queues {
                keep_queue(root, queue)?;
                empty_queue(store, queue)?;
            }
            if *index {
                for file in &store.index {
                    set_aside(root, file)?;
                }
            }
        }
    }
    Ok(())
}

fn write_zeros(file: &File, mut at: u64, mut bytes: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS_BYTES];
    while bytes > 0 {
        let step = usize::try_from(bytes).map_or(ZEROS_BYTES, |left| left.min(ZEROS_BYTES));
        file.write_all_at(zeros.get(..step).unwrap_or_default(), at)?;
        (at, bytes) = (at + step as u64, bytes - step as u64);
    }
    Ok(())
}

fn set_aside(root: &Path, file: &Path) -> Result<()> {
    let to = quarantine(root, file, "aside")?;
    fs::rename(file, &to)?;
    sync_parent(&to)?;
    sync_parent(file)
}

/// Leaves a damaged queue only the units of messages that the log no longer has, which are in front of all others; a rebuild puts
/// the rest in again.
fn empty_queue(store: &StoreDir, path: &Path) -> Result<()> {
    let Some(queue) = store.queues.iter().find(|queue| queue.path == path) else {
        return Ok(());
    };
    let log_start = PhysicalOffset::from(Position(store.log_start()));
    let first = queue.files.first().map_or(0, |file| file.base);
    let mut keep = first;
    loop {
        let units = read_units(&queue.files, keep / UNIT_BYTES as u64, UNITS_READ)?;
        let is_kept = |unit: &QueueUnit| {
            unit.is_written() && (unit.is_prefill() || unit.physical_offset < log_start)
        };
        let kept = units.iter().take_while(|unit| is_kept(unit)).count();
        keep += (kept * UNIT_BYTES) as u64;
        if kept < units.len() || units.is_empty() {
            break;
        }
    }
    for file in &queue.files {
        if keep <= file.base {
            fs::remove_file(&file.path)?;
            continue;
        }
        let open = File::options().write(true).open(&file.path)?;
        let within = (keep - file.base).min(file.len);
        write_zeros(&open, within, file.len - within)?;
        open.set_len(store.queue_file_bytes)?;
        open.sync_all()?;
    }
    File::open(path)?.sync_all()?;
    Ok(())
}

/// Copies a queue's files, but for the zeros at their ends.
fn keep_queue(root: &Path, queue: &Path) -> Result<()> {
    let name = |path: Option<&Path>| {
        path.and_then(Path::file_name)
            .unwrap_or_default()
            .to_owned()
    };
    let dir = root
        .join(QUARANTINE)
        .join("consumequeue")
        .join(name(queue.parent()))
        .join(name(Some(queue)));
    fs::create_dir_all(&dir)?;
    for entry in fs::read_dir(queue)? {
        let file = entry?.path();
        if !file.is_file() {
            continue;
        }
        let open = File::open(&file)?;
        let end = data_end(&open, open.metadata()?.len())?;
        let own_name = name(Some(&file));
        let free = (1u32..)
            .map(|attempt| dir.join(format!("{}.{attempt}", own_name.to_string_lossy())))
            .find(|path| !path.exists())
            .context("no free name")?;
        keep_bytes(&open, 0, end, &free)?;
    }
    for folder in dir
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
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
