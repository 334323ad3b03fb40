//! What a path means to RocketMQ: a store's directory, one of its parts, or one file.
//!
//! Only names and lengths decide; nothing is opened but directories.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rocketmq::store::{self, IndexShape};

use super::index;
use crate::exit::{Exit, Failure};

/// Digits of the name of a commit log or queue file.
const OFFSET_DIGITS: usize = 20;
/// Digits of the name of an index file.
const TIME_DIGITS: usize = 17;
/// `mappedFileSizeCommitLog` where no file tells.
const LOG_FILE_BYTES: u64 = 1 << 30;
/// `mappedFileSizeConsumeQueue` where no file tells.
const QUEUE_FILE_BYTES: u64 = 6_000_000;
/// Deepest level of directories below a root that are looked into: `consumequeue/TOPIC/QUEUE`.
const DEPTH_MAX: usize = 4;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Queue,
    Index,
    Checkpoint,
}

/// A file named by the first byte it holds of a row of files.
#[derive(Debug, Clone)]
pub(super) struct OffsetFile {
    pub(super) base: u64,
    pub(super) path: PathBuf,
    pub(super) len: u64,
}

/// One consume queue.
#[derive(Debug, Clone)]
pub(super) struct QueueDir {
    pub(super) topic: String,
    pub(super) id: i32,
    pub(super) path: PathBuf,
    pub(super) files: Vec<OffsetFile>,
}

/// A store's directory.
#[derive(Debug)]
pub(super) struct StoreDir {
    pub(super) root: PathBuf,
    pub(super) log: Vec<OffsetFile>,
    /// Length that the commit log's files have, or should have.
    pub(super) log_file_bytes: u64,
    pub(super) queues: Vec<QueueDir>,
    pub(super) queue_file_bytes: u64,
    pub(super) index: Vec<PathBuf>,
    /// What the index files have, where one of them tells.
    pub(super) index_shape: Option<IndexShape>,
    /// What does not belong into `commitlog/`.
    pub(super) strays: Vec<PathBuf>,
    /// The last stop was not clean, or a broker is running.
    pub(super) is_unclean: bool,
}

impl StoreDir {
    /// The store at `path`, which is its root or a directory in it.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let root = root_of(path)?;
        refuse_others(path)?;
        refuse_others(&root)?;
        Ok(Self::list(root)?)
    }

    fn list(root: PathBuf) -> Result<Self> {
        let (mut log, mut strays) = (Vec::new(), Vec::new());
        for path in children(&root.join("commitlog"))? {
            match offset_file(&path)? {
                Some(file) => log.push(file),
                None => strays.push(path),
            }
        }
        log.sort_by_key(|file| file.base);
        let log_file_bytes = file_bytes(&log).unwrap_or(LOG_FILE_BYTES);
        let mut queues = Vec::new();
        for topic in children(&root.join("consumequeue"))? {
            for queue in children(&topic)? {
                queues.extend(queue_dir(&topic, &queue)?);
            }
        }
        queues.sort_by(|a, b| (&a.topic, a.id).cmp(&(&b.topic, b.id)));
        let sizes = queues.iter().filter_map(|queue| file_bytes(&queue.files));
        let queue_file_bytes = sizes.max().unwrap_or(QUEUE_FILE_BYTES);
        let mut index = children(&root.join("index"))?;
        index.retain(|path| is_number(path, TIME_DIGITS) && path.is_file());
        Ok(Self {
            is_unclean: root.join(store::ABORT).exists(),
            root,
            log,
            log_file_bytes,
            queues,
            queue_file_bytes,
            index_shape: index::shape_of(&index)?,
            index,
            strays,
        })
    }

    /// First byte of the log.
    pub(super) fn log_start(&self) -> u64 {
        self.log.first().map_or(0, |file| file.base)
    }

    /// Bytes of all commit log files.
    pub(super) fn log_bytes(&self) -> u64 {
        self.log.iter().map(|file| file.len).sum()
    }

    /// The file that holds a byte of the log, and where in it.
    pub(super) fn log_file_of(&self, at: u64) -> Option<(&OffsetFile, u64)> {
        let after = self.log.partition_point(|file| file.base <= at);
        let file = self.log.get(after.checked_sub(1)?)?;
        let within = at - file.base;
        (within < file.len).then_some((file, within))
    }
}

/// Whether `path` is a file or directory of RocketMQ's.
pub(in super::super) fn is_rocketmq(path: &Path) -> bool {
    if path.is_file() {
        return kind_of(path).is_some();
    }
    let has = |name: &str| path.join(name).is_dir();
    let absolute = path.canonicalize().unwrap_or_default();
    // `commitlog` itself, `consumequeue/TOPIC/QUEUE`, and what is in a DLedger's directory.
    let is_named = |levels: usize, name: &str| {
        let mut above = absolute.ancestors().take(levels);
        above.any(|dir| dir.file_name().is_some_and(|own| own == name))
    };
    let names = children(path).unwrap_or_default();
    has("commitlog")
        || has("consumequeue")
        || is_named(1, "commitlog")
        || is_named(3, "consumequeue")
        || absolute.ancestors().take(3).any(is_dledger)
        || names
            .iter()
            .any(|name| is_dledger(name) || kind_of(name).is_some())
}

/// The files at and below `path` that are RocketMQ's, in order of their names.
pub(super) fn files(path: &Path) -> Result<Vec<(Kind, PathBuf)>, Failure> {
    refuse_others(path)?;
    let mut found = Vec::new();
    walk(path, DEPTH_MAX, &mut found)?;
    if found.is_empty() {
        let text = format!("no file of a RocketMQ store at {}", path.display());
        return Err(Failure::new(Exit::Usage, text));
    }
    Ok(found)
}

fn walk(path: &Path, depth: usize, found: &mut Vec<(Kind, PathBuf)>) -> Result<()> {
    if !path.is_dir() {
        found.extend(kind_of(path).map(|kind| (kind, path.to_owned())));
        return Ok(());
    }
    // What is ours is in our own formats, and old.
    let is_ours = path.file_name().is_some_and(|name| name == store::OWN_DIR);
    if depth > 0 && !is_ours {
        for child in children(path)? {
            walk(&child, depth - 1, found)?;
        }
    }
    Ok(())
}

/// What `path`, a file, is by its name and by those above it.
fn kind_of(path: &Path) -> Option<Kind> {
    let absolute = path.canonicalize().ok()?;
    if !absolute.is_file() {
        return None;
    }
    let above = |levels: usize| {
        let name = absolute.ancestors().nth(levels)?.file_name()?;
        Some(name.to_string_lossy().into_owned())
    };
    let name = above(0)?;
    if is_number(&absolute, OFFSET_DIGITS) {
        return match (above(1).as_deref(), above(3).as_deref()) {
            (_, Some("consumequeue")) => Some(Kind::Queue),
            (Some("commitlog"), _) => Some(Kind::Log),
            _ => None,
        };
    }
    if is_number(&absolute, TIME_DIGITS) {
        return Some(Kind::Index);
    }
    (name == store::CHECKPOINT).then_some(Kind::Checkpoint)
}

fn is_number(path: &Path, digits: usize) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.len() == digits && name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_dledger(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("dledger-"))
}

/// Refuses directories of other kinds of store by name.
fn refuse_others(path: &Path) -> Result<(), Failure> {
    let absolute = path
        .canonicalize()
        .with_context(|| format!("{}", path.display()))?;
    // The root of a part that was named is looked at too: `dledger-n0/data`, `consumequeue/TOPIC`.
    for dir in absolute.ancestors().take(DEPTH_MAX) {
        let inside = dir.parent().filter(|_| is_dledger(dir));
        let looked_at = inside.or_else(|| (dir == absolute).then_some(dir));
        if let Some(root) = looked_at {
            store::refuse_foreign(root)
                .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        }
    }
    Ok(())
}

fn root_of(path: &Path) -> Result<PathBuf, Failure> {
    let is_root = |dir: &Path| dir.join("commitlog").is_dir() || dir.join("consumequeue").is_dir();
    let absolute = path
        .canonicalize()
        .with_context(|| format!("{}", path.display()))?;
    if is_root(path) {
        return Ok(path.to_owned());
    }
    let root = absolute
        .ancestors()
        .take(DEPTH_MAX)
        .find(|dir| is_root(dir));
    root.map(Path::to_owned).ok_or_else(|| {
        refuse_others(path).err().unwrap_or_else(|| {
            let text = format!(
                "{}: no commitlog/ here; give the directory that storePathRootDir names",
                path.display()
            );
            Failure::new(Exit::Usage, text)
        })
    })
}

fn queue_dir(topic: &Path, path: &Path) -> Result<Option<QueueDir>> {
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let (Some(topic), Some(Ok(id))) = (name(topic), name(path).map(|name| name.parse())) else {
        return Ok(None);
    };
    let mut files = Vec::new();
    for child in children(path)? {
        files.extend(offset_file(&child)?);
    }
    files.sort_by_key(|file| file.base);
    let path = path.to_owned();
    Ok(Some(QueueDir {
        topic,
        id,
        path,
        files,
    }))
}

fn offset_file(path: &Path) -> Result<Option<OffsetFile>> {
    if !is_number(path, OFFSET_DIGITS) || !path.is_file() {
        return Ok(None);
    }
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(base) = name.and_then(|name| name.parse().ok()) else {
        return Ok(None);
    };
    let len = fs::metadata(path)?.len();
    let path = path.to_owned();
    Ok(Some(OffsetFile { base, path, len }))
}

/// The length that files of a row have: the distance of two names, or what the only one has.
fn file_bytes(files: &[OffsetFile]) -> Option<u64> {
    let steps = files.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(b.base - a.base),
        _ => None,
    });
    steps
        .min()
        .or_else(|| files.first().map(|file| file.len))
        .filter(|bytes| *bytes > 0)
}

/// What is in a directory, sorted; nothing where there is none.
fn children(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).with_context(|| format!("{}", dir.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort_unstable();
    Ok(paths)
}
