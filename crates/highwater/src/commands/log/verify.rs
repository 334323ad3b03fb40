//! `highwater log verify`: is every byte of a Kafka log directory what it should be?
//!
//! Checks the framing, checksum and offsets of every batch, with `--deep` every record; that index entries lead to
//! batches and hide none; and that the files beside the segments can be read. Damage makes the command leave with 1. A
//! note is something an unclean stop leaves behind and the next start mends by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use anyhow::Result;
use indicatif::ProgressBar;
use kafka::log::batch::BatchHeader;
use kafka::log::txn_index::TxnIndex;
use kafka::log::{checkpoints, leader_epochs, partition_metadata, producer_snapshot, record};
use serde_json::{Value, json};

use super::entries::{self, OffsetEntry, TimeEntry};
use super::scan::{Found, Piece, Scan};
use super::target::{self, Partition};
use super::{Where, show};
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// Arguments of `log verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) at: Where,
    /// Decompress and decode every record too
    #[arg(long)]
    deep: bool,
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// An unclean stop leaves this behind; the next start mends it and loses nothing that was acknowledged as durable.
    Note,
    /// Bytes or files are not what was written.
    Damage,
}

/// Something found.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) file: PathBuf,
    /// Position in the file, where it has one.
    pub(super) at: Option<u64>,
    pub(super) weight: Weight,
    pub(super) what: String,
}

/// What a partition holds, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) segments: usize,
    pub(super) batches: u64,
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// Offset behind the last whole batch.
    pub(super) end_offset: i64,
    pub(super) problems: Vec<Problem>,
}

impl Findings {
    fn problem(&mut self, file: &Path, at: Option<u64>, weight: Weight, what: impl Into<String>) {
        self.problems.push(Problem {
            file: file.to_path_buf(),
            at,
            weight,
            what: what.into(),
        });
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let partitions = target::partitions(&args.at.path, args.at.topic.as_deref())?;
    let bar = show::progress(
        partitions.iter().map(Partition::log_bytes).sum(),
        "verifying",
    );
    let mut found = Vec::new();
    for partition in &partitions {
        found.push((partition.name.clone(), verify(partition, args.deep, &bar)?));
    }
    let root = verify_root(&args.at.path);
    bar.finish_and_clear();
    report(args.at.format, &found, &root)?;
    let all = found
        .iter()
        .flat_map(|(_, findings)| &findings.problems)
        .chain(&root.problems);
    match all
        .filter(|problem| problem.weight == Weight::Damage)
        .count()
    {
        0 => Ok(()),
        damaged => Err(Failure::new(
            Exit::NotWell,
            format!(
                "{damaged} places are damaged; `highwater log repair` shows what could be done"
            ),
        )),
    }
}

/// Checks one partition's directory.
pub(super) fn verify(partition: &Partition, deep: bool, bar: &ProgressBar) -> Result<Findings> {
    let mut findings = Findings {
        segments: partition.bases.len(),
        ..Findings::default()
    };
    findings.end_offset = partition.bases.first().copied().unwrap_or(0);
    for (at, base) in partition.bases.iter().enumerate() {
        let is_last = at + 1 == partition.bases.len();
        if findings.end_offset > *base {
            let what = format!(
                "the segment before it ends at offset {}",
                findings.end_offset
            );
            findings.problem(&partition.file(*base, "log"), None, Weight::Damage, what);
        }
        verify_segment(partition, *base, is_last, deep, &mut findings, bar)?;
    }
    verify_side_files(partition, &mut findings);
    Ok(findings)
}

fn verify_segment(
    partition: &Partition,
    base: i64,
    is_last: bool,
    deep: bool,
    findings: &mut Findings,
    bar: &ProgressBar,
) -> Result<()> {
    let path = partition.file(base, "log");
    let mut offsets = OffsetCheck::open(partition.file(base, "index"), base, findings);
    let mut times = TimeCheck::open(partition.file(base, "timeindex"), base, findings);
    let mut scan = Scan::open(&path, base)?;
    findings.bytes += scan.len();
    while let Some(found) = scan.next()? {
        bar.inc(found.bytes);
        match &found.piece {
            Piece::Batch(header) => {
                findings.batches += 1;
                findings.records += u64::try_from(header.record_count).unwrap_or(0);
                findings.end_offset = header.next_offset().0;
                offsets.batch(found.at, header, findings);
                times.batch(header, findings);
                if deep && let Err(defect) = record::walk(&scan.view()?, |_, _| ()) {
                    findings.problem(&path, Some(found.at), Weight::Damage, defect.to_string());
                }
            }
            _ => note_piece(&path, &found, is_last, findings),
        }
    }
    offsets.end(findings);
    times.end(findings);
    Ok(())
}

/// What `found`, which is not a batch, means where it stands.
fn note_piece(path: &Path, found: &Found, is_last: bool, findings: &mut Findings) {
    let bytes = found.bytes;
    let (weight, what) = match &found.piece {
        Piece::Batch(_) => return,
        Piece::Old(magic) => (
            Weight::Note,
            format!(
                "{bytes} bytes: a message of format {magic}, from before Kafka 0.11, which is not checked"
            ),
        ),
        Piece::Zeros if is_last => (
            Weight::Note,
            format!("{bytes} bytes of zeros: reserved and not used"),
        ),
        Piece::Zeros => (
            Weight::Damage,
            format!("{bytes} bytes of zeros where a sealed segment should end"),
        ),
        Piece::Torn(why) if is_last => (Weight::Note, format!("{bytes} bytes torn off: {why}")),
        Piece::Torn(why) => (
            Weight::Damage,
            format!("{bytes} bytes torn off inside the log: {why}"),
        ),
        Piece::Damaged(why) => (Weight::Damage, format!("{bytes} bytes are no batch: {why}")),
    };
    findings.problem(path, Some(found.at), weight, what);
}

/// Follows the entries of an offset index along the batches.
struct OffsetCheck {
    path: PathBuf,
    entries: std::iter::Peekable<IntoIter<OffsetEntry>>,
}

impl OffsetCheck {
    fn open(path: PathBuf, base: i64, findings: &mut Findings) -> Self {
        let read = entries::offsets(&path, base);
        let entries = sound(&path, read, findings);
        if let Some(at) = entries.windows(2).position(|pair| match pair {
            [a, b] => a.offset >= b.offset || a.position >= b.position,
            _ => false,
        }) {
            findings.problem(
                &path,
                Some(at as u64 * 8),
                Weight::Damage,
                "entries do not rise",
            );
        }
        Self {
            path,
            entries: entries.into_iter().peekable(),
        }
    }

    fn batch(&mut self, at: u64, header: &BatchHeader, findings: &mut Findings) {
        while let Some(entry) = self.entries.next_if(|entry| entry.position <= at) {
            let what = if entry.position < at {
                format!(
                    "offset {} leads to position {}, where no batch begins",
                    entry.offset, entry.position
                )
            } else if entry.offset < header.base_offset {
                format!(
                    "offset {} leads past its batch, to offset {}",
                    entry.offset, header.base_offset
                )
            } else {
                continue;
            };
            findings.problem(&self.path, None, Weight::Damage, what);
        }
    }

    fn end(mut self, findings: &mut Findings) {
        if let Some(entry) = self.entries.next() {
            let what = format!(
                "offset {} leads to position {}, behind the log",
                entry.offset, entry.position
            );
            findings.problem(&self.path, None, Weight::Damage, what);
        }
    }
}

/// Follows the entries of a time index along the batches.
struct TimeCheck {
    path: PathBuf,
    entries: std::iter::Peekable<IntoIter<TimeEntry>>,
    newest_ms: i64,
}

impl TimeCheck {
    fn open(path: PathBuf, base: i64, findings: &mut Findings) -> Self {
        let read = entries::times(&path, base);
        let entries = sound(&path, read, findings);
        Self {
            path,
            entries: entries.into_iter().peekable(),
            newest_ms: i64::MIN,
        }
    }

    fn batch(&mut self, header: &BatchHeader, findings: &mut Findings) {
        let last = header.last_offset().0;
        while let Some(entry) = self.entries.next_if(|entry| entry.offset < last) {
            self.judge(entry, findings);
        }
        self.newest_ms = self.newest_ms.max(header.max_timestamp);
        while let Some(entry) = self.entries.next_if(|entry| entry.offset == last) {
            self.judge(entry, findings);
        }
    }

    /// No record up to the entry's offset may be younger than it says, or a search by time would miss it.
    fn judge(&self, entry: TimeEntry, findings: &mut Findings) {
        if self.newest_ms > entry.timestamp_ms {
            let what = format!(
                "says that nothing up to offset {} is younger than {}, but {} is there",
                entry.offset, entry.timestamp_ms, self.newest_ms
            );
            findings.problem(&self.path, None, Weight::Damage, what);
        }
    }

    fn end(mut self, findings: &mut Findings) {
        if let Some(entry) = self.entries.next() {
            let what = format!(
                "time {} leads to offset {}, behind the log",
                entry.timestamp_ms, entry.offset
            );
            findings.problem(&self.path, None, Weight::Damage, what);
        }
    }
}

/// The entries of an index that could be read; what stands in the way becomes a problem.
fn sound<E>(
    path: &Path,
    read: std::io::Result<entries::Entries<E>>,
    findings: &mut Findings,
) -> Vec<E> {
    match read {
        Ok(found) => {
            if found.odd_bytes > 0 {
                let what = format!("its last {} bytes are no entry", found.odd_bytes);
                findings.problem(path, None, Weight::Damage, what);
            }
            found.entries
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.problem(
                path,
                None,
                Weight::Note,
                "missing; it is rebuilt at the next start",
            );
            Vec::new()
        }
        Err(error) => {
            findings.problem(
                path,
                None,
                Weight::Damage,
                format!("cannot be read: {error}"),
            );
            Vec::new()
        }
    }
}

fn verify_side_files(partition: &Partition, findings: &mut Findings) {
    let dir = &partition.dir;
    if let Err(error) = leader_epochs::LeaderEpochs::load(dir) {
        findings.problem(
            &dir.join(leader_epochs::LEADER_EPOCH_CHECKPOINT),
            None,
            Weight::Damage,
            error.to_string(),
        );
    }
    if let Err(error) = partition_metadata::read(dir) {
        findings.problem(
            &dir.join(partition_metadata::PARTITION_METADATA),
            None,
            Weight::Damage,
            error.to_string(),
        );
    }
    for base in &partition.bases {
        let path = partition.file(*base, "txnindex");
        if path.is_file()
            && let Err(error) = TxnIndex::of(dir, *base).read()
        {
            findings.problem(&path, None, Weight::Damage, error.to_string());
        }
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "snapshot")
            && let Err(error) = producer_snapshot::read(&path)
        {
            findings.problem(&path, None, Weight::Damage, error.to_string());
        }
    }
}

/// The checkpoints of a data directory; nothing when `root` is a partition's.
fn verify_root(root: &Path) -> Findings {
    let mut findings = Findings::default();
    for name in [
        checkpoints::RECOVERY_POINT_CHECKPOINT,
        checkpoints::LOG_START_CHECKPOINT,
        checkpoints::HIGH_WATERMARK_CHECKPOINT,
        checkpoints::CLEANER_CHECKPOINT,
    ] {
        let path = root.join(name);
        if path.is_file()
            && let Err(error) = checkpoints::read(&path)
        {
            findings.problem(&path, None, Weight::Damage, error.to_string());
        }
    }
    findings
}

fn report(format: Format, found: &[(String, Findings)], root: &Findings) -> Result<()> {
    if format == Format::Json {
        let partitions: Vec<Value> = found
            .iter()
            .map(|(name, findings)| findings_json(name, findings))
            .collect();
        let problems: Vec<Value> = root.problems.iter().map(problem_json).collect();
        return show::print_json(&json!({"partitions": partitions, "problems": problems}));
    }
    let headings = [
        "PARTITION",
        "SEGMENTS",
        "BATCHES",
        "RECORDS",
        "BYTES",
        "END OFFSET",
        "STATE",
    ];
    let mut table = show::table(&headings);
    for (name, findings) in found {
        table.add_row(row(name, findings));
    }
    show::print(&table)?;
    let problems = found.iter().flat_map(|(_, findings)| &findings.problems);
    for problem in problems.chain(&root.problems) {
        show::print(&problem_line(problem))?;
    }
    Ok(())
}

/// A problem on one line.
pub(super) fn problem_line(problem: &Problem) -> String {
    let word = match problem.weight {
        Weight::Damage => "DAMAGE",
        Weight::Note => "note",
    };
    let at = problem
        .at
        .map_or_else(String::new, |at| format!(" at {at}"));
    let file = problem.file.display();
    match problem.file.as_os_str().is_empty() {
        true => format!("{word}: {}", problem.what),
        false => format!("{word}: {file}{at}: {}", problem.what),
    }
}

fn row(name: &str, findings: &Findings) -> Vec<String> {
    let is_damage = |problem: &Problem| problem.weight == Weight::Damage;
    let damaged = findings.problems.iter().any(is_damage);
    let state = if damaged { "DAMAGED" } else { "ok" };
    vec![
        name.to_owned(),
        findings.segments.to_string(),
        findings.batches.to_string(),
        findings.records.to_string(),
        findings.bytes.to_string(),
        findings.end_offset.to_string(),
        state.to_owned(),
    ]
}

/// The keys are an interface.
fn findings_json(name: &str, findings: &Findings) -> Value {
    let problems: Vec<Value> = findings.problems.iter().map(problem_json).collect();
    json!({
        "partition": name,
        "segments": findings.segments,
        "batches": findings.batches,
        "records": findings.records,
        "bytes": findings.bytes,
        "end_offset": findings.end_offset,
        "problems": problems,
    })
}

pub(super) fn problem_json(problem: &Problem) -> Value {
    json!({
        "file": problem.file,
        "position": problem.at,
        "what": problem.what,
        "damage": problem.weight == Weight::Damage,
    })
}
