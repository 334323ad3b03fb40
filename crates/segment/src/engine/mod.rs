//! Engines: the ways bytes get from memory to a segment file and back.
//!
//! An engine gives two halves for each open file: one [`SegmentWriter`], owned by the chain's
//! appender, and one shared [`SegmentReader`]. Whatever the engine, the file ends up with the
//! same bytes in the same places.
//!
//! Invariants: only this directory of the crate contains `unsafe`; a writer never touches a byte
//! it has published; a reader is asked only for published bytes; nothing here syncs, commits or
//! retries by itself, the chain above decides when.
//!
//! Dispatch is by `dyn`: one virtual call per append or read, see docs/decisions/0001-engines.md.

pub mod lease;

mod direct;
mod file;
mod kind_of_map;
pub(crate) mod map;
mod mmap;
mod pool;
pub(crate) mod random_map;
mod ring;
mod room;
mod sigbus;
mod staged;
pub(crate) mod sys;
mod tail;

pub(crate) use file::read_full;
#[doc(hidden)]
pub use kind_of_map::{AnyMap, MapKind};
pub use random_map::PlainMap;

use std::fmt;
use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::disk::{Disk, RealDisk};
use crate::segment::Part;
use crate::spec::SegmentSpec;
use lease::Lease;

/// The engines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// A shared mapping, stored to directly; `fdatasync`.
    Mmap,
    /// `pwritev` and `pread`; `fdatasync`. Works everywhere.
    File,
    /// A locked buffer, written to the file in larger pieces a little later.
    Staged,
    /// Past the page cache: `O_DIRECT` through an `io_uring`.
    Direct,
}

impl EngineKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mmap, Self::File, Self::Staged, Self::Direct];

    /// The name used in settings and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mmap => "mmap",
            Self::File => "file",
            Self::Staged => "staged",
            Self::Direct => "direct",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Not the name of an engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an engine; it is one of mmap, file, staged, direct")]
pub struct UnknownEngine(pub String);

impl FromStr for EngineKind {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownEngine(name.into()))
    }
}

/// What an engine is told at start.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// A directory on the disk that will hold the segments: `direct` tries itself out there.
    pub probe_dir: PathBuf,
    /// `direct`: writes in flight over all chains. Default 64, minimum 1.
    pub ring_depth: u32,
    /// `staged`, `direct`: memory for bytes not yet in their files, over all chains.
    /// Default 16 MiB, minimum 1 MiB. An append that finds none left writes through.
    pub buffer_bytes: usize,
    /// Lock that memory. A refusal is a warning. Default yes.
    pub lock_buffers: bool,
    /// The way to the disk. Default [`RealDisk`]; tests put faults in between.
    pub disk: Arc<dyn Disk>,
}

impl EngineOptions {
    /// The defaults, probing in `probe_dir`.
    #[must_use]
    pub fn new(probe_dir: impl Into<PathBuf>) -> Self {
        Self {
            probe_dir: probe_dir.into(),
            ring_depth: 64,
            buffer_bytes: 16 << 20,
            lock_buffers: true,
            disk: Arc::new(RealDisk),
        }
    }
}

/// Which engine runs, and why it is that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineChoice {
    /// The engine.
    pub kind: EngineKind,
    /// For a start banner: `as asked`, or what kept the wanted one from working.
    pub why: String,
}

/// Starts the wanted engine, or `file` where that one cannot work here.
///
/// `direct` is tried out with a real write, sync and read of a file in `probe_dir`; a refusal is
/// logged once as a warning.
#[must_use]
pub fn open_engine(wanted: EngineKind, options: &EngineOptions) -> (Arc<dyn Engine>, EngineChoice) {
    let disk = || Arc::clone(&options.disk);
    let bytes = options.buffer_bytes.max(1 << 20);
    let started: io::Result<Arc<dyn Engine>> = match wanted {
        EngineKind::File => Ok(Arc::new(file::FileEngine::new(disk()))),
        EngineKind::Mmap => Ok(Arc::new(mmap::MmapEngine::new(disk()))),
        EngineKind::Staged => staged::StagedEngine::new(disk(), bytes, options.lock_buffers)
            .map(|engine| Arc::new(engine) as Arc<dyn Engine>),
        EngineKind::Direct => {
            direct::DirectEngine::start(options).map(|engine| Arc::new(engine) as Arc<dyn Engine>)
        }
    };
    match started {
        Ok(engine) => (
            engine,
            EngineChoice {
                kind: wanted,
                why: "as asked".into(),
            },
        ),
        Err(error) => {
            let why = format!("{wanted} does not work here: {error}");
            tracing::warn!(%wanted, dir = %options.probe_dir.display(), %error, "using the file engine");
            let engine = Arc::new(file::FileEngine::new(disk()));
            (
                engine,
                EngineChoice {
                    kind: EngineKind::File,
                    why,
                },
            )
        }
    }
}

/// Opens and creates files in its manner.
pub trait Engine: Send + Sync + Debug + 'static {
    /// Which one this is.
    fn kind(&self) -> EngineKind;

    /// The way to the disk that this engine uses.
    fn disk(&self) -> &Arc<dyn Disk>;

    /// Makes a new, empty segment at `path` and takes its first space. Slow.
    ///
    /// # Errors
    /// The system's. The file does not exist then.
    fn create(&self, path: &Path, spec: &SegmentSpec) -> io::Result<OpenSegment>;

    /// Opens a segment for appending at `valid_bytes`. What lies above is cut off. Slow.
    ///
    /// # Errors
    /// The system's; `InvalidData` where the file is shorter than `valid_bytes`.
    fn open_append(
        &self,
        path: &Path,
        spec: &SegmentSpec,
        valid_bytes: u64,
    ) -> io::Result<OpenSegment>;

    /// Opens a segment of `len_bytes` readable bytes for reading. Slow.
    ///
    /// # Errors
    /// The system's; `InvalidData` where the file is shorter than `len_bytes`.
    fn open_read(
        &self,
        path: &Path,
        spec: &SegmentSpec,
        len_bytes: u64,
    ) -> io::Result<Arc<dyn SegmentReader>>;
}

/// Both halves of a segment that takes appends.
#[derive(Debug)]
pub struct OpenSegment {
    /// The only writer.
    pub writer: Box<dyn SegmentWriter>,
    /// The half everybody shares.
    pub reader: Arc<dyn SegmentReader>,
}

/// Told by engines that finish writes on a thread of their own.
pub trait CommitSink: Send + Sync {
    /// Everything below `end` (in the file) is committed. Must not block.
    fn committed(&self, end: u64);
    /// A write failed for good. Must not block.
    fn failed(&self, error: io::Error);
}

/// The appending half of an open segment. One per file, used under the chain's tail lock.
///
/// After an error the writer stands where it stood before the call, unless the chain poisons it.
pub trait SegmentWriter: Send + Debug {
    /// Tells the writer whom to report commits to that happen later.
    fn attach(&mut self, sink: Arc<dyn CommitSink>);

    /// Adds the parts at the end. The bytes are written when this returns.
    ///
    /// # Errors
    /// The system's; nothing is appended then.
    fn append(&mut self, parts: &[IoSlice<'_>]) -> io::Result<()>;

    /// Makes `len` bytes at the end available through [`Self::reserved`].
    ///
    /// # Errors
    /// The system's; nothing is reserved then.
    fn reserve(&mut self, len: usize) -> io::Result<()>;

    /// The reserved bytes; their content is arbitrary. Empty without a reservation.
    fn reserved(&mut self) -> &mut [u8];

    /// The same, to look at.
    fn reserved_ref(&self) -> &[u8];

    /// Ends the reservation; its first `len` bytes are written when this returns.
    ///
    /// # Errors
    /// The system's; nothing is appended then.
    fn publish(&mut self, len: usize) -> io::Result<()>;

    /// End of the bytes that are certainly committed, in the file.
    fn committed(&self) -> u64;

    /// True when [`SegmentReader::make_room`] ought to run soon, on another thread.
    fn wants_room(&self) -> bool;

    /// Commits everything, gives back space beyond the end and takes nothing more. True if the file became shorter: until
    /// its next sync a loss of power may bring zeros back behind its end. Blocks.
    ///
    /// # Errors
    /// The system's. The segment stays as it was and `seal` may be repeated.
    fn seal(&mut self) -> io::Result<bool>;
}

/// The shared half of an open segment. Callers ask for published bytes only.
pub trait SegmentReader: Send + Sync + Debug {
    /// Copies bytes out; may block on the disk. Short only at the end of the file.
    ///
    /// # Errors
    /// The system's, also where a mapped page could not be had.
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize>;

    /// Copies what can be had without touching the disk; `None` if that is nothing.
    ///
    /// # Errors
    /// As [`Self::read_at`].
    fn try_read_at(&self, at: u64, out: &mut [u8]) -> io::Result<Option<usize>>;

    /// The bytes in place, if memory holds them for good. Never blocks.
    fn lease_in_place(&self, range: Range<u64>) -> Option<io::Result<Lease>>;

    /// The bytes in place where memory holds them, else a copy; may block on the disk.
    ///
    /// # Errors
    /// As [`Self::read_at`]; `UnexpectedEof` if the file is too short.
    fn lease(&self, range: Range<u64>) -> io::Result<Lease>;

    /// The range as a part of a file, if the kernel may send it from there. Never blocks. `None`:
    /// only a lease will do.
    fn file_part(&self, range: Range<u64>) -> Option<Part>;

    /// True while a lease or a part of this file is out.
    fn is_lent(&self) -> bool;

    /// True if reading the range would not touch the disk, as far as can be told.
    fn resident(&self, range: Range<u64>) -> bool;

    /// Brings the range into memory. Blocks.
    ///
    /// # Errors
    /// As [`Self::read_at`].
    fn warm(&self, range: Range<u64>) -> io::Result<()>;

    /// Makes written bytes below `upto` reach the file. With `wait`, returns when they have.
    /// Returns the end of what is committed now.
    ///
    /// # Errors
    /// The system's; the bytes stay written, and committing may be repeated.
    fn commit(&self, upto: u64, wait: bool) -> io::Result<u64>;

    /// Makes all committed bytes durable. Blocks. Never repeated after an error.
    ///
    /// # Errors
    /// The system's; nothing above the last durable byte can be trusted then.
    fn sync(&self) -> io::Result<()>;

    /// Takes space and readies memory ahead of the writer. On a background thread.
    ///
    /// # Errors
    /// The system's; the writer will meet the same error if it gets there.
    fn make_room(&self) -> io::Result<()>;

    /// Sends committed bytes of a range on their way to the disk and does not wait. A hint from one who will sync them
    /// soon; without effect on an engine that has sent them by itself.
    fn begin_write_back(&self, range: Range<u64>);
}
