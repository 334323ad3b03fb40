//! `highwater log verify` of a RocketMQ store: is every message whole, and do queues and index say what the log says?
//!
//! Checks each entry's framing, place and checksums; that each message has its unit and each unit its message; that index
//! files are sound in themselves, list every key of the messages they span, and lead to nothing else. What an unclean stop leaves
//! behind and the next start mends is a note; everything else is damage.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use indicatif::ProgressBar;
use rocketmq::store::message::Entry;
use rocketmq::store::{CHECKPOINT, Checkpoint, IndexEntry, message};
use serde_json::{Value, json};

use super::super::show;
use super::super::verify::{Args, Problem, Weight, problem_json, problem_line};
use super::index::IndexFile;
use super::queues::Queues;
use super::scan::{Piece, Scan};
use super::store_dir::StoreDir;
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// What is wrong, and with which part: a repair wants to know.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) all: Vec<Problem>,
    /// Directories of queues that are damaged.
    pub(super) queues: Vec<PathBuf>,
    /// The index is damaged.
    pub(super) index: bool,
}

impl Problems {
    fn add(&mut self, file: Option<&Path>, at: Option<u64>, weight: Weight, what: String) {
        let file = file.map(Path::to_owned).unwrap_or_default();
        self.all.push(Problem {
            file,
            at,
            weight,
            what,
        });
    }

    pub(super) fn note(&mut self, file: Option<&Path>, at: Option<u64>, what: String) {
        self.add(file, at, Weight::Note, what);
    }

    pub(super) fn damage(&mut self, file: &Path, at: Option<u64>, what: String) {
        self.add(Some(file), at, Weight::Damage, what);
    }

    pub(super) fn queue_damage(&mut self, queue: &Path, what: String) {
        self.damage(queue, None, what);
        let dir = if queue.is_dir() {
            queue
        } else {
            queue.parent().unwrap_or(queue)
        };
        if self.queues.last().is_none_or(|last| last != dir) {
            self.queues.push(dir.to_owned());
        }
    }

    fn index_damage(&mut self, file: &Path, what: String) {
        self.index = true;
        self.damage(file, None, what);
    }

    /// Whether the newest problem is of `file` and begins so.
    pub(super) fn is_last_of(&self, file: &Path, begin: &str) -> bool {
        let last = self.all.last();
        last.is_some_and(|last| last.file == file && last.what.starts_with(begin))
    }

    pub(super) fn damaged(&self) -> usize {
        self.all
            .iter()
            .filter(|problem| problem.weight == Weight::Damage)
            .count()
    }
}

/// Bytes of the log that are no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    /// Which file of the log.
    pub(super) file: usize,
    /// First byte in it.
    pub(super) at: u64,
    pub(super) bytes: u64,
    /// Store time of the last message before it.
    pub(super) before_ms: i64,
    pub(super) why: String,
}

/// What the log is, seen from a walk through all of it.
#[derive(Debug, Default)]
pub(super) struct LogState {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// Where the last whole piece ends: the file and the byte in it.
    pub(super) end: Option<(usize, u64)>,
    /// The same as an offset.
    pub(super) end_offset: u64,
    /// What lies before it and is no entry.
    pub(super) gaps: Vec<Gap>,
    /// What lies behind it.
    pub(super) tail: Vec<Gap>,
    /// Store time of the last message.
    pub(super) last_ms: i64,
}

/// All that a walk found.
pub(super) struct Findings {
    pub(super) log: LogState,
    pub(super) units: u64,
    pub(super) index_entries: u64,
    pub(super) problems: Problems,
}

pub(in super::super) fn run(args: &Args) -> Result<(), Failure> {
    let store = StoreDir::open(&args.at.path)?;
    if args.at.topic.is_some() {
        let text = "RocketMQ keeps all topics in one log: `log verify` looks at all of them; leave --topic out";
        return Err(Failure::new(Exit::Usage, text));
    }
    let bar = show::progress(2 * store.log_bytes(), "verifying");
    let findings = verify(&store, &bar)?;
    bar.finish_and_clear();
    print(args.at.format, &store, &findings)?;
    match findings.problems.damaged() {
        0 => Ok(()),
        damaged => Err(Failure::new(
            Exit::NotWell,
            format!(
                "{damaged} places are damaged; `highwater log repair` shows what could be done"
            ),
        )),
    }
}

/// Checks everything. The log is walked twice: queues can be judged when its end is known.
pub(super) fn verify(store: &StoreDir, bar: &ProgressBar) -> Result<Findings> {
    let mut problems = Problems::default();
    check_names(store, &mut problems);
    let log = walk_log(store, bar)?;
    tell_gaps(store, &log, &mut problems);
    let mut queues = Queues::open(store, log.end_offset, &mut problems)?;
    let mut keys = Keys::open(store, &mut problems)?;
    for_each_entry(store, bar, |entry| {
        queues.entry(entry)?;
        keys.entry(entry)
    })?;
    let units = queues.end(&mut problems);
    let index_entries = keys.end(store, &mut problems);
    let checkpoint = store.root.join(CHECKPOINT);
    if checkpoint.exists() && !matches!(Checkpoint::read(&store.root), Ok(Some(_))) {
        problems.damage(&checkpoint, None, "too short, or cannot be read".to_owned());
    }
    Ok(Findings {
        log,
        units,
        index_entries,
        problems,
    })
}

/// Names and lengths of the log's files.
fn check_names(store: &StoreDir, problems: &mut Problems) {
    for stray in &store.strays {
        let what = "not a commit log file; RocketMQ does not start with it there".to_owned();
        problems.damage(stray, None, what);
    }
    for pair in store.log.windows(2) {
        if let [before, after] = pair
            && before.base + store.log_file_bytes != after.base
        {
            let what = format!("a file is missing between it and {}", after.path.display());
            problems.damage(&before.path, None, what);
        }
    }
    for (index, file) in store.log.iter().enumerate() {
        let is_last = index + 1 == store.log.len();
        if file.len == store.log_file_bytes {
            continue;
        }
        let what = format!(
            "{} bytes, where its files have {}",
            file.len, store.log_file_bytes
        );
        match is_last && store.is_unclean && file.len < store.log_file_bytes {
            true => problems.note(Some(&file.path), None, what),
            false => problems.damage(&file.path, None, what),
        }
    }
    if store.log.is_empty() {
        problems.note(
            Some(&store.root.join("commitlog")),
            None,
            "no file".to_owned(),
        );
    }
}

/// Walks all files and sorts what is no entry into gaps and tail.
pub(super) fn walk_log(store: &StoreDir, bar: &ProgressBar) -> Result<LogState> {
    let mut log = LogState {
        end_offset: store.log_start(),
        ..LogState::default()
    };
    for (index, file) in store.log.iter().enumerate() {
        let mut scan = Scan::open(file)?;
        while let Some(found) = scan.next()? {
            bar.inc(found.bytes);
            let why = match found.piece {
                Piece::Entry => {
                    log.last_ms = log.last_ms.max(scan.entry()?.store_timestamp_ms);
                    log.entries += 1;
                    log.bytes += found.bytes;
                    log.reached(index, file.base, found.at + found.bytes);
                    continue;
                }
                Piece::Filler => {
                    log.reached(index, file.base, found.at + found.bytes);
                    continue;
                }
                // The rest of a file behind damage: told with it.
                Piece::Zeros if log.is_behind_gap(index, found.at) => continue,
                Piece::Zeros => "zeros, though the log goes on in the next file".to_owned(),
                Piece::Torn(why) | Piece::Damaged(why) => why,
            };
            let (at, bytes) = (found.at, found.bytes);
            let before_ms = log.last_ms;
            log.tail.push(Gap {
                file: index,
                at,
                bytes,
                before_ms,
                why,
            });
        }
    }
    // Zeros at the end were never written.
    let data = |gap: &Gap| !gap.why.starts_with("zeros, though");
    log.tail.retain(data);
    Ok(log)
}

impl LogState {
    fn is_behind_gap(&self, file: usize, at: u64) -> bool {
        let last = self.tail.last();
        last.is_some_and(|last| last.file == file && last.at + last.bytes == at)
    }

    /// Something whole ends here, so nothing before it is a tail.
    fn reached(&mut self, file: usize, base: u64, end: u64) {
        self.gaps.append(&mut self.tail);
        self.end = Some((file, end));
        self.end_offset = base + end;
    }
}

fn tell_gaps(store: &StoreDir, log: &LogState, problems: &mut Problems) {
    let path = |gap: &Gap| {
        store
            .log
            .get(gap.file)
            .map(|file| file.path.clone())
            .unwrap_or_default()
    };
    for gap in &log.gaps {
        let what = format!("{} bytes are no entry: {}", gap.bytes, gap.why);
        problems.damage(&path(gap), Some(gap.at), what);
    }
    for gap in &log.tail {
        let what = format!(
            "{} bytes at the end of the log are no entry: {}",
            gap.bytes, gap.why
        );
        match store.is_unclean {
            true => problems.note(Some(&path(gap)), Some(gap.at), what),
            false => problems.damage(&path(gap), Some(gap.at), what),
        }
    }
}

/// Shows every whole entry, in order of the log.
pub(super) fn for_each_entry(
    store: &StoreDir,
    bar: &ProgressBar,
    mut look: impl FnMut(&Entry<'_>) -> io::Result<()>,
) -> io::Result<()> {
    for file in &store.log {
        let mut scan = Scan::open(file)?;
        while let Some(found) = scan.next()? {
            bar.inc(found.bytes);
            if found.piece == Piece::Entry {
                look(&scan.entry()?)?;
            }
        }
    }
    Ok(())
}

/// Follows the index along the log: both are in the same order.
struct Keys {
    files: Vec<IndexFile>,
    at: usize,
    number: u32,
    ahead: std::collections::VecDeque<IndexEntry>,
    /// First byte of the log. Files of messages that retention took are kept for a while.
    log_start: i64,
    first: i64,
    last: i64,
    entries: u64,
    missing: u64,
    missing_at_end: u64,
    missing_example: String,
    strays: u64,
    stray_example: i64,
}

impl Keys {
    fn open(store: &StoreDir, problems: &mut Problems) -> io::Result<Self> {
        let mut files = Vec::new();
        match store.index_shape {
            None if !store.index.is_empty() => {
                let what = "no index file tells how many slots it has; the index is not checked"
                    .to_owned();
                problems.index_damage(&store.root.join("index"), what);
            }
            None => problems.note(Some(&store.root.join("index")), None, "no file".to_owned()),
            Some(shape) => {
                for path in &store.index {
                    let len = path.metadata()?.len();
                    if len != shape.file_bytes() {
                        let what =
                            format!("{len} bytes, where its files have {}", shape.file_bytes());
                        problems.index_damage(path, what);
                        continue;
                    }
                    let file = IndexFile::open(path, shape)?;
                    if let Some(what) = file.defect()? {
                        match store.is_unclean {
                            true => problems.note(Some(path), None, what),
                            false => problems.index_damage(path, what),
                        }
                    }
                    files.push(file);
                }
            }
        }
        let used = || files.iter().filter(|file| file.end() > 1);
        Ok(Self {
            log_start: i64::try_from(store.log_start()).unwrap_or(i64::MAX),
            first: used().next().map_or(i64::MAX, |file| file.header.begin.0),
            last: used().next_back().map_or(-1, |file| file.header.end.0),
            entries: used().map(|file| u64::from(file.end() - 1)).sum(),
            files,
            at: 0,
            number: 1,
            ahead: std::collections::VecDeque::new(),
            missing: 0,
            missing_at_end: 0,
            missing_example: String::new(),
            strays: 0,
            stray_example: 0,
        })
    }

    fn peek(&mut self) -> io::Result<Option<IndexEntry>> {
        while self.ahead.is_empty() {
            let Some(file) = self.files.get(self.at) else {
                return Ok(None);
            };
            if self.number >= file.end() {
                (self.at, self.number) = (self.at + 1, 1);
                continue;
            }
            self.ahead.extend(file.piece(self.number)?);
            self.number += u32::try_from(self.ahead.len()).unwrap_or(u32::MAX);
        }
        Ok(self.ahead.front().copied())
    }

    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let physical = entry.physical_offset;
        let mut found = Vec::new();
        while let Some(next) = self.peek()?
            && next.physical_offset <= physical
        {
            self.ahead.pop_front();
            if next.physical_offset == physical {
                found.push(next.hash);
            } else {
                self.stray(next);
            }
        }
        let Ok(topic) = entry.topic() else {
            return Ok(());
        };
        if self.files.is_empty() || physical.0 < self.first {
            return Ok(());
        }
        let _ = entry.visit_index_keys(|key| -> Result<(), ()> {
            if !found.contains(&message::index_hash(topic, key)) {
                let counter = match physical.0 >= self.last {
                    true => &mut self.missing_at_end,
                    false => &mut self.missing,
                };
                *counter += 1;
                if self.missing_example.is_empty() {
                    self.missing_example = format!("`{key}` of the message at {physical}");
                }
            }
            Ok(())
        });
        Ok(())
    }

    fn stray(&mut self, entry: IndexEntry) {
        if entry.physical_offset.0 < self.log_start {
            return;
        }
        if self.strays == 0 {
            self.stray_example = entry.physical_offset.0;
        }
        self.strays += 1;
    }

    /// Says what was found. Returns how many entries there are.
    fn end(mut self, store: &StoreDir, problems: &mut Problems) -> u64 {
        while let Ok(Some(next)) = self.peek() {
            self.ahead.pop_front();
            self.stray(next);
        }
        let dir = store.root.join("index");
        let example = &self.missing_example;
        if self.missing > 0 {
            problems.index_damage(
                &dir,
                format!("{} keys are not in it, the first {example}", self.missing),
            );
        }
        let lag = format!(
            "{} keys are not in it yet, the first {example}",
            self.missing_at_end
        );
        match (self.missing_at_end > 0, store.is_unclean) {
            (false, _) => {}
            (true, true) => problems.note(Some(&dir), None, lag),
            (true, false) => problems.index_damage(&dir, lag),
        }
        if self.strays > 0 {
            let what = format!(
                "{} entries lead to where no message is, the first to {}",
                self.strays, self.stray_example
            );
            match store.is_unclean {
                true => problems.note(Some(&dir), None, what),
                false => problems.index_damage(&dir, what),
            }
        }
        self.entries
    }
}

fn print(format: Format, store: &StoreDir, findings: &Findings) -> Result<()> {
    let problems = &findings.problems.all;
    let log = &findings.log;
    if format == Format::Json {
        let problems: Vec<Value> = problems.iter().map(problem_json).collect();
        return show::print_json(&json!({
            "layout": "rocketmq",
            "clean": !store.is_unclean,
            "log": {
                "files": store.log.len(), "messages": log.entries, "bytes": log.bytes,
                "start_offset": store.log_start(), "end_offset": log.end_offset,
            },
            "queues": {"count": store.queues.len(), "units": findings.units},
            "index": {"files": store.index.len(), "entries": findings.index_entries},
            "problems": problems,
        }));
    }
    let mut table = show::table(&["PART", "FILES", "ENTRIES", "FROM", "TO"]);
    let cells = |part: &str, files: usize, entries: u64| {
        [part.to_owned(), files.to_string(), entries.to_string()]
    };
    let mut row = cells("commit log", store.log.len(), log.entries).to_vec();
    row.extend([store.log_start().to_string(), log.end_offset.to_string()]);
    table.add_row(row);
    table.add_row(cells("consume queues", store.queues.len(), findings.units));
    table.add_row(cells("index", store.index.len(), findings.index_entries));
    show::print(&table)?;
    for problem in problems {
        show::print(&problem_line(problem))?;
    }
    Ok(())
}
