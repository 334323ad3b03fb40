//! Whether the report of a restart accounts for every byte that a kill had left in the log files.
//!
//! After the kill each file is measured, and those that the round wrote to are walked by a few lines that share nothing
//! with the server's. After the restart the report must say of each file what the walk says: so much was found, so much of
//! it is whole batches, so much was cut, so much is zeros that an engine had taken ahead. What was kept must still be
//! there, unchanged, though clients go on writing behind it.
//! A killed process rarely leaves a torn batch, because what it had written is in the page cache: so [`tear`] makes one.
//! Absent on purpose: the metadata log, which has a report of its own; whether acknowledged records are among what was
//! kept, which the reader answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What stands before the length of a batch, and the length itself.
const LENGTH_END: usize = 12;
/// Bytes of a batch without records.
const HEADER_BYTES: usize = 61;
const MAGIC_AT: usize = 16;
const CRC_AT: usize = 17;
/// A header that ends before all that its checksum covers.
const TORN_BYTES: usize = 40;
/// What the checksum covers begins here.
const CHECKED_AT: usize = 21;
const LAST_DELTA_AT: usize = 23;

/// The log files of a killed server.
pub(super) struct Left {
    files: BTreeMap<(String, String), LeftFile>,
    /// Reports of earlier restarts.
    reports: BTreeSet<PathBuf>,
}

struct LeftFile {
    path: PathBuf,
    size_bytes: u64,
    /// Of files that the round wrote to.
    walk: Option<Walk>,
}

/// Where a file's whole batches end, and where its zeros begin.
#[derive(Debug, PartialEq, Eq)]
struct Walk {
    whole_bytes: u64,
    data_bytes: u64,
    /// Of the whole batches.
    crc: u32,
}

/// What reports have accounted for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Accounted {
    pub(super) files: u64,
    pub(super) found_bytes: u64,
    pub(super) kept_bytes: u64,
    pub(super) cut_bytes: u64,
    pub(super) spare_bytes: u64,
}

impl Accounted {
    pub(super) fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.found_bytes += other.found_bytes;
        self.kept_bytes += other.kept_bytes;
        self.cut_bytes += other.cut_bytes;
        self.spare_bytes += other.spare_bytes;
    }
}

#[derive(Deserialize)]
struct Report {
    clean: bool,
    partitions: Vec<PartitionReport>,
    failed: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct PartitionReport {
    partition: String,
    files: Vec<FileReport>,
}

#[derive(Deserialize)]
struct FileReport {
    name: String,
    found_bytes: u64,
    kept_bytes: u64,
    cut_bytes: u64,
    spare_bytes: u64,
}

/// Waits for writes that the killed process left in flight: a file could change while it is measured.
pub(super) fn settle(kafka: &Path, written: impl Fn(&str) -> bool) -> Result<()> {
    for partition in entries(kafka)? {
        if !written(&name_of(&partition)) {
            continue;
        }
        for path in entries(&partition)?.iter().filter(|path| is_log(path)) {
            segment::wait_for_writers(path)?;
        }
    }
    Ok(())
}

/// Puts the beginning of a batch behind the whole ones of some file that the round wrote to, as a power loss might have.
/// Nothing that was acknowledged is touched.
pub(super) fn tear(kafka: &Path, written: impl Fn(&str) -> bool, draw: u64) -> Result<()> {
    let mut candidates = Vec::new();
    for partition in entries(kafka)? {
        if written(&name_of(&partition)) {
            candidates.extend(entries(&partition)?.into_iter().filter(|path| is_log(path)));
        }
    }
    candidates.sort();
    let skip = usize::try_from(draw % candidates.len().max(1) as u64)?;
    for path in candidates.iter().cycle().skip(skip).take(candidates.len()) {
        let bytes = fs::read(path)?;
        let end = walk(&bytes, base_of(path)).whole_bytes;
        if let Some(torn) = bytes.get(..TORN_BYTES).filter(|_| end > 0) {
            File::options()
                .write(true)
                .open(path)?
                .write_all_at(torn, end)?;
            return Ok(());
        }
    }
    anyhow::bail!("the round wrote nothing that could be torn")
}

/// Measures the log files under `kafka`; walks those of partitions that `written` names. `own` is where reports go.
pub(super) fn measure(kafka: &Path, own: &Path, written: impl Fn(&str) -> bool) -> Result<Left> {
    let mut files = BTreeMap::new();
    for partition in entries(kafka)? {
        let dir_name = name_of(&partition);
        // The metadata log is no partition of a topic.
        if !partition.is_dir() || dir_name.starts_with("__cluster_metadata") {
            continue;
        }
        for path in entries(&partition)? {
            if is_log(&path) {
                let walk = match written(&dir_name) {
                    true => Some(walk(&fs::read(&path)?, base_of(&path))),
                    false => None,
                };
                let size_bytes = path.metadata()?.len();
                let key = (dir_name.clone(), name_of(&path));
                files.insert(
                    key,
                    LeftFile {
                        path,
                        size_bytes,
                        walk,
                    },
                );
            }
        }
    }
    let reports = reports(own)?;
    Ok(Left { files, reports })
}

/// Holds the report of the restart against what was left and against what there is now.
pub(super) fn check(left: &Left, own: &Path, printed: &str) -> Result<Accounted> {
    let report = new_report(left, own)?;
    ensure!(!report.clean, "the report takes the kill for a clean stop");
    ensure!(report.failed.is_empty(), "not opened: {:?}", report.failed);
    let mut reported = BTreeMap::new();
    for partition in report.partitions {
        for file in partition.files {
            reported.insert((partition.partition.clone(), file.name.clone()), file);
        }
    }
    let mut sum = Accounted::default();
    for (key, left) in &left.files {
        let what = format!("{}/{}", key.0, key.1);
        let file = reported.remove(key);
        check_file(left, file.as_ref()).with_context(|| what)?;
        if let Some(file) = file {
            sum.add(&Accounted {
                files: 1,
                found_bytes: file.found_bytes,
                kept_bytes: file.kept_bytes,
                cut_bytes: file.cut_bytes,
                spare_bytes: file.spare_bytes,
            });
        }
    }
    ensure!(
        reported.is_empty(),
        "reported files that were not there: {:?}",
        reported.keys()
    );
    ensure!(
        sum.cut_bytes > 0,
        "nothing was cut, though a batch was torn"
    );
    let told = format!("{} bytes cut", sum.cut_bytes);
    ensure!(
        printed.contains(&told),
        "the report's files say {told}, the server's line does not:\n{printed}"
    );
    Ok(sum)
}

fn check_file(left: &LeftFile, file: Option<&FileReport>) -> Result<()> {
    let kept_bytes = match file {
        Some(file) => {
            let (found, kept) = (file.found_bytes, file.kept_bytes);
            let (cut, spare) = (file.cut_bytes, file.spare_bytes);
            ensure!(
                found == left.size_bytes,
                "reported with {found} bytes, had {} after the kill",
                left.size_bytes
            );
            ensure!(
                kept + cut + spare == found,
                "{kept} kept, {cut} cut and {spare} spare are not the {found} found"
            );
            if let Some(walk) = &left.walk {
                let (whole, data) = (walk.whole_bytes, walk.data_bytes);
                ensure!(kept == whole, "{kept} kept, {whole} are whole batches");
                // A torn batch may end in zeros, so what was cut may reach further than what is not zero.
                ensure!(
                    kept + cut >= data && (cut == 0) == (data == whole),
                    "{cut} cut behind {whole} whole, zeros begin at {data}"
                );
            }
            kept
        }
        // Not looked at, so all of it must have been good.
        None => {
            if let Some(walk) = &left.walk {
                ensure!(
                    walk.whole_bytes == left.size_bytes,
                    "not in the report, though only {} of {} bytes are whole batches",
                    walk.whole_bytes,
                    left.size_bytes
                );
            }
            left.size_bytes
        }
    };
    let now_bytes = left.path.metadata().context("gone")?.len();
    ensure!(
        now_bytes >= kept_bytes,
        "{kept_bytes} bytes kept, {now_bytes} are there"
    );
    match &left.walk {
        Some(walk) => {
            let mut kept = vec![0; usize::try_from(walk.whole_bytes)?];
            File::open(&left.path)?.read_exact(&mut kept)?;
            ensure!(
                crc32c::crc32c(&kept) == walk.crc,
                "what was kept is not what was there"
            );
        }
        None => ensure!(
            now_bytes <= left.size_bytes,
            "grew from {} to {now_bytes} bytes though nobody writes to it",
            left.size_bytes
        ),
    }
    Ok(())
}

/// The end of the whole batches in `bytes`, which begin at offset `base` or later and rise, and of what is not zero
/// behind them.
fn walk(bytes: &[u8], base: i64) -> Walk {
    let (mut rest, mut next) = (bytes, base);
    while let Some((size, after)) = whole_batch(rest, next) {
        rest = rest.get(size..).unwrap_or_default();
        next = after;
    }
    let (whole, tail) = bytes.split_at(bytes.len() - rest.len());
    let torn = tail
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    Walk {
        whole_bytes: whole.len() as u64,
        data_bytes: (whole.len() + torn) as u64,
        crc: crc32c::crc32c(whole),
    }
}

/// Size of the batch at the front and the offset after it, if all of it is there, it is not out of order and its checksum
/// holds.
fn whole_batch(bytes: &[u8], next: i64) -> Option<(usize, i64)> {
    let int = |at: usize| {
        bytes
            .get(at..)?
            .first_chunk()
            .map(|b| u32::from_be_bytes(*b))
    };
    let size = usize::try_from(int(LENGTH_END - 4)?).ok()? + LENGTH_END;
    let is_batch = size >= HEADER_BYTES && *bytes.get(MAGIC_AT)? == 2;
    let checked = bytes.get(CHECKED_AT..size).filter(|_| is_batch)?;
    let base = i64::from_be_bytes(*bytes.first_chunk()?);
    let last = base.checked_add(i64::from(int(LAST_DELTA_AT)?))?;
    (base >= next && crc32c::crc32c(checked) == int(CRC_AT)?).then_some((size, last + 1))
}

/// The offset that a log file is named by.
fn base_of(path: &Path) -> i64 {
    let name = path.file_stem().and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

fn new_report(left: &Left, own: &Path) -> Result<Report> {
    let now = reports(own)?;
    let new: Vec<&PathBuf> = now.difference(&left.reports).collect();
    let [path] = new.as_slice() else {
        anyhow::bail!("{} new reports in {}", new.len(), own.display());
    };
    serde_json::from_str(&fs::read_to_string(path)?).with_context(|| path.display().to_string())
}

fn reports(own: &Path) -> Result<BTreeSet<PathBuf>> {
    let dir = own.join("recovery");
    let all = if dir.is_dir() {
        entries(&dir)?
    } else {
        Vec::new()
    };
    let is_json = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    };
    Ok(all.into_iter().filter(is_json).collect())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let list = fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    list.map(|entry| Ok(entry?.path())).collect()
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log")
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch of `size` bytes with one record at offset `base`.
    fn batch(base: i64, size: usize) -> Vec<u8> {
        let mut bytes = vec![7; size];
        let length = u32::try_from(size - LENGTH_END).unwrap_or_default();
        bytes.splice(..8, base.to_be_bytes());
        bytes.splice(LENGTH_END - 4..LENGTH_END, length.to_be_bytes());
        bytes.splice(MAGIC_AT..=MAGIC_AT, [2]);
        bytes.splice(LAST_DELTA_AT..LAST_DELTA_AT + 4, [0; 4]);
        let crc = crc32c::crc32c(bytes.get(CHECKED_AT..).unwrap_or_default());
        bytes.splice(CRC_AT..CHECKED_AT, crc.to_be_bytes());
        bytes
    }

    fn ends(bytes: &[u8]) -> (u64, u64) {
        let walk = walk(bytes, 0);
        (walk.whole_bytes, walk.data_bytes)
    }

    #[test]
    fn a_walk_tells_whole_batches_torn_ones_and_zeros_apart() {
        let two = [batch(0, 100), batch(1, 70)].concat();
        assert_eq!(ends(&[]), (0, 0));
        assert_eq!(ends(&two), (170, 170));
        assert_eq!(ends(&[two.clone(), vec![0; 500]].concat()), (170, 170));
        let torn = batch(2, 90).into_iter().take(80).collect::<Vec<_>>();
        assert_eq!(ends(&[two.clone(), torn.clone()].concat()), (170, 250));
        assert_eq!(ends(&[two.clone(), batch(1, 70)].concat()), (170, 240));
        assert_eq!(ends(&[two, torn, vec![0; 500]].concat()), (170, 250));
    }

    #[test]
    fn a_report_that_does_not_say_what_was_there_is_refused() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("00000000000000000000.log");
        let before = [batch(0, 100), vec![9; 20], vec![0; 30]].concat();
        fs::write(&path, &before)?;
        let left = LeftFile {
            path: path.clone(),
            size_bytes: 150,
            walk: Some(walk(&before, 0)),
        };
        let report = |found_bytes, kept_bytes, cut_bytes, spare_bytes| FileReport {
            name: String::new(),
            found_bytes,
            kept_bytes,
            cut_bytes,
            spare_bytes,
        };
        assert!(check_file(&left, Some(&report(150, 100, 20, 30))).is_ok());
        assert!(check_file(&left, None).is_err(), "not accounted for");
        assert!(check_file(&left, Some(&report(150, 100, 50, 0))).is_ok());
        assert!(check_file(&left, Some(&report(150, 100, 10, 40))).is_err());
        assert!(check_file(&left, Some(&report(150, 100, 20, 40))).is_err());
        assert!(check_file(&left, Some(&report(150, 120, 0, 30))).is_err());
        assert!(check_file(&left, Some(&report(120, 100, 20, 0))).is_err());
        fs::write(&path, [batch(0, 90), vec![1; 60]].concat())?;
        let changed = check_file(&left, Some(&report(150, 100, 20, 30)));
        assert!(changed.is_err(), "what was kept has changed");
        Ok(())
    }
}
