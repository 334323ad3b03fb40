//! Settings of the store, by what they mean here; each names RocketMQ's key.
//!
//! Invariants: checked once, when the store is opened; a directory that was made with other sizes is refused, not guessed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use segment::{Engine, FlushService};

use super::consume_queue::UNIT_BYTES;
use super::error::StoreError;
use super::ids::Clock;
use super::listener::{NoListener, StoreListener};

/// Which mark acknowledges a message and shows it to readers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// It survives the process being killed: `ASYNC_FLUSH`.
    Os,
    /// It survives power loss: `SYNC_FLUSH`.
    Disk,
}

/// The settings.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// `flushDiskType`. Default `Disk`; RocketMQ's own default is `ASYNC_FLUSH`, that is `Os`.
    pub durability: Durability,
    /// `mappedFileSizeCommitLog`: bytes of a commit log file. Default 1 GiB, minimum 4 KiB.
    pub commit_log_file_bytes: u64,
    /// `mappedFileSizeConsumeQueue`: bytes of a consume queue file, whole units. Default 6 000 000, minimum 20.
    pub queue_file_bytes: u64,
    /// `messageIndexEnable`. Default yes.
    pub index_enabled: bool,
    /// `maxHashSlotNum`: slots of an index file. Default 5 000 000, minimum 1.
    pub index_slots: u32,
    /// `maxIndexNum`: entries of an index file, of which the first is never used. Default 20 000 000, minimum 2.
    pub index_entries: u32,
    /// `maxMessageSize`: largest body. Default 4 MiB.
    pub body_bytes_max: u32,
    /// `messageDelayLevel`, in ms: the first is level 1. Default RocketMQ's 18 levels from 1 s to 2 h.
    pub delay_levels_ms: Vec<i64>,
    /// `enabledAppendPropCRC`: each entry carries a checksum of all of it. Default no.
    pub property_crc: bool,
    /// `flushIntervalCommitLog`: with `Os`, longest time that bytes are not durable. Default 500 ms.
    pub flush_interval: Duration,
    /// `commitIntervalCommitLog`: `staged`, `direct`: longest time that nobody's bytes are not committed. Default 200 ms.
    pub commit_interval: Duration,
    /// `commitCommitLogLeastPages` × 4 KiB: `staged`, `direct`: bytes that are committed without waiting. Default 16 KiB.
    pub commit_bytes: u64,
    /// `warmMapedFileEnable`: new commit log files are written with zeros ahead of use, in the background. Default no.
    pub warm_files: bool,
    /// Commit log files prepared ahead. Default 1; 0: a roll makes its file on the spot.
    pub prepared_files: usize,
    /// Consume queue files that are kept open. Default 512, minimum 1.
    pub queue_files_open_max: usize,
    /// `fileReservedTime` in ms: a commit log file that was last written before so long is old. Default 72 h.
    pub file_reserved_ms: i64,
    /// `deleteWhen`: hours of the local day in which old files go. Default 4.
    pub delete_hours: Vec<u8>,
    /// `diskMaxUsedSpaceRatio`: above it old files go at any hour. Default 0.75.
    pub disk_ratio_clean: f64,
    /// Above it files go whatever their age (`cleanFileForciblyEnable`); above 1 never. Default 0.85.
    pub disk_ratio_force: f64,
    /// Above it messages are refused. Default 0.90.
    pub disk_ratio_full: f64,
    /// `deleteFileBatchMax`: commit log files that one round removes. Default 10.
    pub delete_files_max: usize,
}

impl Default for StoreSettings {
    fn default() -> Self {
        const SECOND: i64 = 1000;
        const MINUTE: i64 = 60 * SECOND;
        Self {
            durability: Durability::Disk,
            commit_log_file_bytes: 1 << 30,
            queue_file_bytes: 6_000_000,
            index_enabled: true,
            index_slots: 5_000_000,
            index_entries: 20_000_000,
            body_bytes_max: 4 << 20,
            delay_levels_ms: [1, 5, 10, 30]
                .map(|seconds| seconds * SECOND)
                .into_iter()
                .chain(
                    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 60, 120]
                        .map(|minutes| minutes * MINUTE),
                )
                .collect(),
            property_crc: false,
            flush_interval: Duration::from_millis(500),
            commit_interval: Duration::from_millis(200),
            commit_bytes: 16 << 10,
            warm_files: false,
            prepared_files: 1,
            queue_files_open_max: 512,
            file_reserved_ms: 72 * 60 * MINUTE,
            delete_hours: vec![4],
            disk_ratio_clean: 0.75,
            disk_ratio_force: 0.85,
            disk_ratio_full: 0.90,
            delete_files_max: 10,
        }
    }
}

impl StoreSettings {
    pub(super) fn check(&self, root: &Path) -> Result<(), StoreError> {
        let refuse = |what: &str| Err(StoreError::unusable(root, what));
        if !(4096..=1 << 40).contains(&self.commit_log_file_bytes) {
            return refuse("mappedFileSizeCommitLog must be 4096 bytes to 1 TiB");
        }
        let unit = UNIT_BYTES as u64;
        if self.queue_file_bytes < unit || !self.queue_file_bytes.is_multiple_of(unit) {
            return refuse("mappedFileSizeConsumeQueue must be whole units of 20 bytes");
        }
        if self.index_slots == 0 || self.index_slots > i32::MAX.unsigned_abs() {
            return refuse("maxHashSlotNum must be 1 to 2147483647");
        }
        if self.index_entries < 2 || self.index_entries > i32::MAX.unsigned_abs() {
            return refuse("maxIndexNum must be 2 to 2147483647");
        }
        if self.delete_hours.iter().any(|hour| *hour > 23) {
            return refuse("deleteWhen takes hours from 00 to 23");
        }
        Ok(())
    }
}

/// How full the file system of a directory is, from 0 to 1.
pub type DiskUsage = Box<dyn Fn(&Path) -> std::io::Result<f64> + Send + Sync>;

/// What a store is opened with.
pub struct StoreOptions {
    /// The settings.
    pub settings: StoreSettings,
    /// How bytes of the commit log reach the disk.
    pub engine: Arc<dyn Engine>,
    /// Who makes them durable.
    pub flush: Arc<FlushService>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Who hears of messages that can be read now.
    pub listener: Arc<dyn StoreListener>,
    /// How full the disk is. Default: what the system says.
    pub disk_usage: DiskUsage,
}

impl StoreOptions {
    /// Default settings, and nobody who listens.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, flush: Arc<FlushService>, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings: StoreSettings::default(),
            engine,
            flush,
            clock,
            listener: Arc::new(NoListener),
            disk_usage: Box::new(used_ratio),
        }
    }
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What `df` shows: used blocks of those that are not kept for root.
#[allow(
    clippy::cast_precision_loss,
    reason = "a ratio of block counts; the last bits do not matter"
)]
fn used_ratio(path: &Path) -> std::io::Result<f64> {
    let about = rustix::fs::statvfs(path)?;
    let used = about.f_blocks.saturating_sub(about.f_bfree);
    let usable = used.saturating_add(about.f_bavail).max(1);
    Ok(used as f64 / usable as f64)
}
