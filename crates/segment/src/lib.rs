//! Segment files on exchangeable I/O engines.
//!
//! A [`Chain`] is a row of segment files in one directory, each named by the 20-digit number
//! of what it starts with. Exactly one [`Appender`] adds bytes at its end; any number of
//! readers read what is there; a [`FlushService`] makes it durable. How the bytes reach the
//! disk is the business of an [`Engine`]: mapping, plain file I/O, a staging buffer or direct
//! I/O. All leave the same bytes, and a directory written by one opens with any other.
//!
//! A byte passes four marks, in this order and never back:
//! *reserved* (a place is promised) ≥ *written* (complete, readable in this process) ≥
//! *committed* (survives the death of the process) ≥ *durable* (survives power loss).
//! The layers above decide which mark acknowledges and which one readers see.
//!
//! Absent on purpose: the meaning of a record (see [`Framing`]), retention rules, time stamps,
//! replication, an async runtime.

mod appender;
mod chain;
mod crc32c;
mod dir_lock;
mod disk;
pub mod engine;
mod error;
mod fault;
mod flush;
mod marks;
mod names;
mod open_set;
mod power;
mod preparer;
mod random;
mod reaper;
mod recover;
mod segment;
mod slow;
mod spec;

pub use appender::{Appended, Appender, Slot};
pub use chain::{Chain, ChainListener, NoListener, Removed, RemovedFile};
pub use crc32c::{crc32c, crc32c_of_two};
pub use dir_lock::DirLock;
pub use disk::{Disk, RealDisk, RingFate};
pub use engine::lease::Lease;
pub use engine::sys::{Residency, residency};
pub use engine::{Engine, EngineChoice, EngineKind, EngineOptions, UnknownEngine, open_engine};
pub use error::{Poison, SegmentError};
pub use fault::{Fault, FaultyDisk};
pub use flush::{FlushOptions, FlushService};
pub use marks::{Mark, Marks, Position};
pub use names::{FoundSegment, NAME_DIGITS, clear_spares, parse_base, segment_path};
pub use power::PowerDisk;
pub use random::{RandomFile, RandomForm};
pub use recover::{Frame, Framing, ScanReader, TailReport, cut_tail, scan_tail, wait_for_writers};
pub use segment::{Part, Segment};
pub use spec::{Allocation, ChainConfig, FlushRules, SegmentSpec};
