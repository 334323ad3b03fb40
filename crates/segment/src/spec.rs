//! What a chain is told about its files.

use std::path::PathBuf;
use std::time::Duration;

/// The first step of an allocation that grows: small, because most chains are.
pub(crate) const FIRST_STEP_BYTES: u64 = 64 * 1024;

/// How disk space is taken ahead of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// Blocks are reserved beyond the end of the file, so its size is the bytes written, unless
    /// [`SegmentSpec::zero_ahead_bytes`] says otherwise, and other tools can read it at any moment. Steps start at 64 KiB and double up to
    /// `step_bytes`; what is unused is given back on seal and close.
    ///
    /// `mmap` and `direct` cannot work beyond a file's end and use [`Self::ZeroAhead`] instead,
    /// with steps of at most 4 MiB.
    Grow {
        /// Largest step. Minimum 64 KiB.
        step_bytes: u64,
    },
    /// The file's size runs ahead of the bytes written by zeros, in the same steps; the zeros
    /// are cut off on seal and close.
    ZeroAhead {
        /// Largest step. Minimum 64 KiB.
        step_bytes: u64,
    },
    /// The whole capacity at creation. The file keeps that size for ever.
    Whole,
}

/// The shape of one segment file.
#[derive(Clone, Debug)]
pub struct SegmentSpec {
    /// Most bytes a segment may hold. Mapping engines reserve this much address space (not
    /// memory) per open segment.
    pub capacity_bytes: u64,
    /// How space is taken ahead of the writer.
    pub allocation: Allocation,
    /// Where not 0, new space is written with zeros in blocks of this size instead of being only
    /// reserved. Costs one more write of every byte, in the background where possible; saves the
    /// journalled extent conversion under each sync, and fixes the size of the pages the kernel
    /// groups together, which bounds what a sync of a mapped file writes back. 16–64 KiB are
    /// sensible. Without effect where the file's size is kept (`Grow` with `file` and `staged`).
    /// Default 0.
    pub zero_block_bytes: u32,
    /// Where not 0, an append smaller than this that runs into space nobody has written yet writes zeros there first, to the
    /// next multiple of this (whole pages). The kernel finds pages once for many small appends, in large pieces; and where each
    /// is synced, one sync records for those that follow which blocks are in use. `file` and `staged`; without effect elsewhere.
    /// With [`Allocation::Grow`] only from the moment that this many bytes were appended since the segment was opened, and
    /// the file's size then runs ahead of the bytes written, until seal and close. Default 0.
    pub zero_ahead_bytes: u64,
    /// How far ahead of the writer mapped pages are made ready. Default 4 MiB. 0: not at all.
    pub populate_ahead_bytes: u64,
    /// Lock pages ahead of the writer in memory. A refusal is a warning. Default no.
    pub lock_memory: bool,
}

impl Default for SegmentSpec {
    fn default() -> Self {
        Self {
            capacity_bytes: 1 << 30,
            allocation: Allocation::Grow {
                step_bytes: 8 << 20,
            },
            zero_block_bytes: 0,
            zero_ahead_bytes: 0,
            populate_ahead_bytes: 4 << 20,
            lock_memory: false,
        }
    }
}

impl SegmentSpec {
    /// The next end of the allocated space that covers `need`, given what is allocated and how
    /// many steps were taken before.
    pub(crate) fn next_allocation(&self, allocated: u64, need: u64, steps: u32) -> u64 {
        let largest = match self.allocation {
            Allocation::Grow { step_bytes } | Allocation::ZeroAhead { step_bytes } => {
                step_bytes.max(FIRST_STEP_BYTES)
            }
            Allocation::Whole => return self.capacity_bytes.max(need),
        };
        let step = FIRST_STEP_BYTES
            .saturating_mul(1 << steps.min(30))
            .min(largest);
        let wanted = allocated.saturating_add(step).max(need);
        // Whole steps, but no further than the capacity unless the need itself goes further.
        let rounded = wanted
            .div_ceil(FIRST_STEP_BYTES)
            .saturating_mul(FIRST_STEP_BYTES);
        rounded.min(self.capacity_bytes.max(need))
    }
}

/// When a chain is committed and synced without anybody asking.
///
/// All of these bound what may be lost; none of them delays a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlushRules {
    /// Ask for a sync as soon as this many bytes are not durable. Default: never.
    pub unsynced_bytes_max: Option<u64>,
    /// Ask for a sync when the oldest byte has not been durable for this long. Default: never.
    pub unsynced_age_max: Option<Duration>,
    /// `staged`, `direct`: commit as soon as this many bytes are not committed. Default 64 KiB.
    pub uncommitted_bytes_max: Option<u64>,
    /// `staged`, `direct`: commit when bytes have not been committed for this long.
    /// Default 200 ms.
    pub uncommitted_age_max: Option<Duration>,
}

impl FlushRules {
    pub(crate) fn uncommitted_bytes(&self) -> u64 {
        self.uncommitted_bytes_max.unwrap_or(64 * 1024)
    }

    pub(crate) fn uncommitted_age(&self) -> Duration {
        self.uncommitted_age_max
            .unwrap_or(Duration::from_millis(200))
    }
}

/// Where a chain lives and how its files are made.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// The directory. It must exist, and be durable itself: the chain syncs what is in it only.
    pub dir: PathBuf,
    /// What follows the 20 digits: `".log"`, or nothing.
    pub suffix: &'static str,
    /// The shape of each segment.
    pub spec: SegmentSpec,
    /// Prepared next segments live here and are renamed into place, removed ones are renamed to here
    /// until they are unlinked; same file system as `dir`. `None`: a roll creates its file on the spot,
    /// and removed files stay in `dir` as `….deleted`. Call [`crate::clear_spares`] at start.
    pub spare_dir: Option<PathBuf>,
    /// How many segments to keep prepared. With [`Allocation::Whole`] from the start, otherwise
    /// once the active one is three quarters full. Default 1.
    pub spares_max: usize,
    /// When to commit and sync unasked. Default: commit rules only.
    pub rules: FlushRules,
}

impl ChainConfig {
    /// A chain of `.log` files that grow, without spares.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, suffix: &'static str, spec: SegmentSpec) -> Self {
        Self {
            dir: dir.into(),
            suffix,
            spec,
            spare_dir: None,
            spares_max: 1,
            rules: FlushRules::default(),
        }
    }
}
