//! The header of a report: the machine, its disk, its kernel's settings and the engines that run on it. Every fact may be
//! absent, where the system does not tell it. How they are read: `measure::machine`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::units::{self, Unit};

/// Where a report was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Name of the processor.
    pub cpu: Option<String>,
    /// Cores this process may use.
    pub cores: Option<u32>,
    /// Memory of the machine.
    pub memory_bytes: Option<u64>,
    /// Memory this process may use, where its control group sets less than the machine has.
    pub memory_limit_bytes: Option<u64>,
    /// Swap.
    pub swap_bytes: Option<u64>,
    /// Name, release and architecture.
    pub kernel: Option<String>,
    /// `kvm`, `docker`: what it runs inside of.
    pub inside: Option<String>,
    /// Load of the last minute when the run began.
    pub load: Option<f64>,
    /// `release` or `debug`: figures of a debug build say nothing.
    pub build: Option<String>,
    /// The disk under the measured directory; absent where none was.
    pub storage: Option<Storage>,
    /// How the kernel keeps and writes back pages.
    pub page_cache: PageCache,
    /// Which engines run, and why not.
    pub engines: Vec<EngineFact>,
}

/// The disk under a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// The directory.
    pub dir: String,
    /// `ext4`, `xfs`, `tmpfs`.
    pub filesystem: Option<String>,
    /// What kind of thing keeps the bytes.
    pub kind: StorageKind,
    /// What is mounted: a device, a server's path.
    pub source: Option<String>,
    /// Where.
    pub mount_point: Option<String>,
    /// Options of the mount and of the file system.
    pub mount_options: Option<String>,
    /// Size of the file system.
    pub size_bytes: Option<u64>,
    /// Of it free for this user when the run began.
    pub free_bytes: Option<u64>,
    /// The file behind a loop device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backing_file: Option<String>,
    /// The block device; absent for memory and network.
    pub queue: Option<BlockQueue>,
    /// What the control group of this process allows on that device; empty where there is no limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_limits: Vec<IoLimit>,
}

/// What a control group allows on a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IoLimit {
    /// Of writes; otherwise of reads.
    pub writes: bool,
    /// In bytes; otherwise in operations.
    pub bytes: bool,
    /// Most of them in a second.
    pub per_second: u64,
}

impl fmt::Display for IoLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, unit) = match (self.writes, self.bytes) {
            (true, true) => ("writes at most", Unit::BytesPerSecond),
            (true, false) => ("write operations at most", Unit::PerSecond),
            (false, true) => ("reads at most", Unit::BytesPerSecond),
            (false, false) => ("read operations at most", Unit::PerSecond),
        };
        write!(f, "{what} {}", units::show(self.per_second as f64, unit))
    }
}

/// What keeps the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageKind {
    /// A block device.
    Disk,
    /// A file of another file system behind a loop device.
    Loop,
    /// Memory: a sync costs nothing and keeps nothing.
    Memory,
    /// Another machine.
    Network,
    /// A process (FUSE), or layers over other file systems (overlay).
    Layered,
    /// Not known.
    #[default]
    Unknown,
}

/// A block device, as `/sys/block/NAME/queue` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockQueue {
    /// `vda`, `nvme0n1`.
    pub device: String,
    /// `MAJOR:MINOR` of the whole device.
    pub number: Option<String>,
    /// What the device calls itself.
    pub model: Option<String>,
    /// Turns.
    pub rotational: Option<bool>,
    /// `none`, `mq-deadline`.
    pub scheduler: Option<String>,
    /// Smallest addressable unit.
    pub logical_block_bytes: Option<u64>,
    /// Unit that is written without reading first.
    pub physical_block_bytes: Option<u64>,
    /// How far the kernel reads ahead.
    pub read_ahead_kib: Option<u64>,
    /// `write back` (a sync must flush the device) or `write through`.
    pub write_cache: Option<String>,
    /// A write can be made durable without flushing all others.
    pub fua: Option<bool>,
    /// Pages under write-back must not change: who stores to one waits.
    pub stable_writes: Option<bool>,
    /// Freed blocks are told to the device.
    pub discards: Option<bool>,
    /// Requests the queue holds.
    pub requests_max: Option<u64>,
}

/// How the kernel keeps and writes back pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageCache {
    /// Of a page.
    pub page_bytes: Option<u64>,
    /// `vm.dirty_background_ratio`, in percent; 0 where bytes are set.
    pub dirty_background_percent: Option<u64>,
    /// `vm.dirty_background_bytes`; 0 where percent are set.
    pub dirty_background_bytes: Option<u64>,
    /// `vm.dirty_ratio`, in percent; 0 where bytes are set.
    pub dirty_percent: Option<u64>,
    /// `vm.dirty_bytes`; 0 where percent are set.
    pub dirty_bytes: Option<u64>,
    /// `vm.dirty_expire_centisecs`, in milliseconds.
    pub dirty_expire_ms: Option<u64>,
    /// `vm.dirty_writeback_centisecs`, in milliseconds.
    pub dirty_writeback_ms: Option<u64>,
    /// `vm.swappiness`.
    pub swappiness: Option<u64>,
    /// `vm.overcommit_memory`.
    pub overcommit: Option<u64>,
    /// `vm.max_map_count`.
    pub maps_max: Option<u64>,
    /// The chosen word of `transparent_hugepage/enabled`.
    pub huge_pages: Option<String>,
    /// Memory this user may lock; absent where there is no limit.
    pub lockable_bytes: Option<u64>,
    /// Schemes of running DAMON threads. One that pages out drops idle pages of files that nobody maps.
    pub damon: Vec<String>,
}

/// Whether an engine runs here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFact {
    /// Its name.
    pub engine: String,
    /// It does.
    pub runs: bool,
    /// `as asked`, or what keeps it from running.
    pub why: String,
}

impl Machine {
    /// What a header prints: a name and a line for each thing that is known.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        let mut add = |name, text: String| {
            if !text.is_empty() {
                facts.push((name, text));
            }
        };
        let cores = self
            .cores
            .map(|cores| format!("{cores} cores"))
            .unwrap_or_default();
        add("cpu", join(", ", [self.cpu.clone(), Some(cores)]));
        add("memory", self.memory_line());
        let inside = self
            .inside
            .as_ref()
            .map(|inside| format!("inside {inside}"));
        let load = self.load.map(|load| format!("load {load:.2} at the start"));
        add("system", join(", ", [self.kernel.clone(), inside, load]));
        if let Some(storage) = &self.storage {
            add("directory", storage.dir.clone());
            add("file system", storage.line());
            add(
                "mount options",
                storage.mount_options.clone().unwrap_or_default(),
            );
            add("limits", storage.limits_line());
            add(
                "device",
                storage
                    .queue
                    .as_ref()
                    .map(BlockQueue::line)
                    .unwrap_or_default(),
            );
        }
        add("page cache", self.page_cache.line());
        add("damon", self.page_cache.damon.join("; "));
        let engine = |fact: &EngineFact| match fact.runs {
            true => fact.engine.clone(),
            false => format!("{} does not run ({})", fact.engine, fact.why),
        };
        let engines: Vec<String> = self.engines.iter().map(engine).collect();
        add("engines", engines.join(", "));
        add("build", self.build.clone().unwrap_or_default());
        facts
    }

    fn memory_line(&self) -> String {
        let bytes = |bytes: u64| units::show(bytes as f64, Unit::Bytes);
        join(
            ", ",
            [
                self.memory_bytes.map(bytes),
                self.memory_limit_bytes
                    .map(|limit| format!("limited to {}", bytes(limit))),
                self.swap_bytes.map(|swap| match swap {
                    0 => "no swap".to_owned(),
                    swap => format!("{} swap", bytes(swap)),
                }),
            ],
        )
    }
}

impl Storage {
    fn line(&self) -> String {
        let bytes = |bytes: u64| units::show(bytes as f64, Unit::Bytes);
        let kind = match self.kind {
            StorageKind::Disk | StorageKind::Unknown => None,
            StorageKind::Loop => Some("a loop device: a file on another file system"),
            StorageKind::Memory if self.queue.is_some() => Some("in memory"),
            StorageKind::Memory => Some("in memory: a sync keeps nothing"),
            StorageKind::Network => Some("on another machine"),
            StorageKind::Layered => Some("layers over another file system"),
        };
        let on = self.source.as_ref().map(|source| format!("on {source}"));
        join(
            ", ",
            [
                Some(join(" ", [self.filesystem.clone(), on])),
                kind.map(str::to_owned),
                self.size_bytes.map(bytes),
                self.free_bytes.map(|free| format!("{} free", bytes(free))),
            ],
        )
    }

    fn limits_line(&self) -> String {
        let limits: Vec<String> = self.io_limits.iter().map(ToString::to_string).collect();
        limits.join(", ")
    }
}

impl BlockQueue {
    fn line(&self) -> String {
        let yes = |fact: Option<bool>, yes: &str, no: &str| {
            fact.map(|fact| if fact { yes } else { no }.to_owned())
        };
        let blocks = match (self.logical_block_bytes, self.physical_block_bytes) {
            (Some(logical), Some(physical)) => Some(format!("blocks {logical}/{physical} B")),
            _ => None,
        };
        join(
            ", ",
            [
                Some(self.device.clone()),
                self.model.clone(),
                yes(self.rotational, "rotational", ""),
                self.scheduler
                    .as_ref()
                    .map(|name| format!("scheduler {name}")),
                blocks,
                self.read_ahead_kib
                    .map(|kib| format!("read-ahead {kib} KiB")),
                self.write_cache.clone(),
                yes(self.fua, "FUA", "no FUA"),
                yes(self.stable_writes, "stable writes", ""),
                yes(self.discards, "discards", ""),
            ],
        )
    }
}

impl PageCache {
    fn line(&self) -> String {
        let limit = |bytes: Option<u64>, percent: Option<u64>| match (bytes, percent) {
            (Some(bytes), _) if bytes > 0 => Some(units::show(bytes as f64, Unit::Bytes)),
            (_, Some(percent)) => Some(format!("{percent} %")),
            _ => None,
        };
        let background = limit(self.dirty_background_bytes, self.dirty_background_percent);
        let most = limit(self.dirty_bytes, self.dirty_percent);
        join(
            ", ",
            [
                background.map(|limit| format!("write-back from {limit} dirty")),
                most.map(|limit| format!("writers wait from {limit}")),
                self.dirty_expire_ms
                    .map(|ms| format!("expires after {} s", ms / 1000)),
                self.huge_pages
                    .as_ref()
                    .map(|word| format!("huge pages {word}")),
                self.lockable_bytes
                    .map(|bytes| format!("lockable {}", units::show(bytes as f64, Unit::Bytes))),
            ],
        )
    }
}

/// The texts that are there and not empty.
fn join<const N: usize>(between: &str, texts: [Option<String>; N]) -> String {
    let texts: Vec<String> = texts
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    texts.join(between)
}
