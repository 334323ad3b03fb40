//! The facts of a report's header, read from `/proc` and `/sys`. Nothing here fails: what is not told is absent.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::report::{BlockQueue, Machine, PageCache, Storage, StorageKind};

/// The machine, and the disk under `dir` where one is measured. Engines are left to the caller.
#[must_use]
pub fn read(dir: Option<&Path>) -> Machine {
    let meminfo = text("/proc/meminfo");
    let kib = |name: &str| {
        value_of(&meminfo, name)
            .and_then(|text| first_number(&text))
            .map(|kib| kib * 1024)
    };
    let memory_bytes = kib("MemTotal");
    let limit = super::cgroup::own_limit_bytes();
    Machine {
        cpu: value_of(&text("/proc/cpuinfo"), "model name"),
        cores: std::thread::available_parallelism()
            .ok()
            .and_then(|cores| u32::try_from(cores.get()).ok()),
        memory_bytes,
        memory_limit_bytes: limit.filter(|limit| memory_bytes.is_none_or(|all| *limit < all)),
        swap_bytes: kib("SwapTotal"),
        kernel: Some(kernel()),
        inside: inside(),
        load: text("/proc/loadavg")
            .split_whitespace()
            .next()
            .and_then(|load| load.parse().ok()),
        build: Some(build().to_owned()),
        storage: dir.map(storage),
        page_cache: page_cache(),
        engines: Vec::new(),
    }
}

/// `release`, or a warning.
fn build() -> &'static str {
    if cfg!(debug_assertions) {
        "debug: these figures say nothing about a release build"
    } else {
        "release"
    }
}

fn kernel() -> String {
    let name = rustix::system::uname();
    let word = |word: &std::ffi::CStr| word.to_string_lossy().into_owned();
    format!(
        "{} {} {}",
        word(name.sysname()),
        word(name.release()),
        word(name.machine())
    )
}

/// Containers leave a file; hypervisors a flag of the processor.
fn inside() -> Option<String> {
    let mut found = Vec::new();
    if Path::new("/.dockerenv").exists() {
        found.push("docker");
    }
    if Path::new("/run/.containerenv").exists() {
        found.push("podman");
    }
    let flags = value_of(&text("/proc/cpuinfo"), "flags").unwrap_or_default();
    if flags.split_whitespace().any(|flag| flag == "hypervisor") {
        found.push("a virtual machine");
    }
    (!found.is_empty()).then(|| found.join(" in "))
}

/// What keeps the bytes of a directory.
#[must_use]
pub fn storage(dir: &Path) -> Storage {
    let dir = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    let mut storage = Storage {
        dir: dir.display().to_string(),
        ..Storage::default()
    };
    if let Ok(found) = rustix::fs::statvfs(&dir) {
        storage.size_bytes = Some(found.f_blocks.saturating_mul(found.f_frsize));
        storage.free_bytes = Some(found.f_bavail.saturating_mul(found.f_frsize));
    }
    if let Some(mount) = mount_of(&dir, &text("/proc/self/mountinfo")) {
        storage.kind = kind_of(&mount.filesystem);
        storage.filesystem = Some(mount.filesystem);
        storage.source = Some(mount.source);
        storage.mount_point = Some(mount.point.display().to_string());
        storage.mount_options = Some(mount.options);
    }
    storage.queue = fs::metadata(&dir)
        .ok()
        .and_then(|metadata| queue(metadata.dev()));
    if let Some(queue) = &storage.queue {
        storage.kind = match &*queue.device {
            name if name.starts_with("loop") => StorageKind::Loop,
            name if name.starts_with("ram") || name.starts_with("zram") => StorageKind::Memory,
            _ => StorageKind::Disk,
        };
        if let Some(number) = &queue.number {
            storage.io_limits = crate::doctor::io_limits(number);
        }
    }
    if storage.kind == StorageKind::Loop {
        look_behind(&mut storage);
    }
    storage
}

/// A loop device is what its file lies on: a file in memory makes it memory.
fn look_behind(storage: &mut Storage) {
    let Some(queue) = &storage.queue else { return };
    let file = text_of(Path::new(&format!(
        "/sys/block/{}/loop/backing_file",
        queue.device
    )));
    if file.is_empty() {
        return;
    }
    let mount = mount_of(Path::new(&file), &text("/proc/self/mountinfo"));
    if mount.is_some_and(|mount| kind_of(&mount.filesystem) == StorageKind::Memory) {
        storage.kind = StorageKind::Memory;
    }
    storage.backing_file = Some(file);
}

struct Mount {
    point: PathBuf,
    filesystem: String,
    source: String,
    options: String,
}

/// The mount with the longest path above `dir`; of several at one place the last one, which hides the others.
fn mount_of(dir: &Path, mountinfo: &str) -> Option<Mount> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (place, what) = line.split_once(" - ")?;
        let place: Vec<&str> = place.split(' ').collect();
        let mut what = what.split(' ');
        let (filesystem, source, more) = (what.next()?, what.next()?, what.next()?);
        let options = place.get(5)?;
        Some(Mount {
            point: PathBuf::from(unescape(place.get(4)?)),
            filesystem: filesystem.to_owned(),
            source: unescape(source),
            options: format!("{options}; {more}"),
        })
    });
    mounts
        .filter(|mount| dir.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.as_os_str().len())
}

/// Blanks in paths are written as `\040`.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\134", "\\")
}

fn kind_of(filesystem: &str) -> StorageKind {
    match filesystem {
        "tmpfs" | "ramfs" | "hugetlbfs" => StorageKind::Memory,
        "nfs" | "nfs4" | "cifs" | "smb3" | "ceph" | "9p" | "afs" | "lustre" | "glusterfs" => {
            StorageKind::Network
        }
        "overlay" | "aufs" | "virtiofs" => StorageKind::Layered,
        name if name.starts_with("fuse") => StorageKind::Layered,
        _ => StorageKind::Unknown,
    }
}

/// The queue of a block device, for a partition that of the whole device.
fn queue(dev: u64) -> Option<BlockQueue> {
    let (major, minor) = (rustix::fs::major(dev), rustix::fs::minor(dev));
    let mut device = fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    if !device.join("queue").is_dir() {
        device = device.parent()?.to_owned();
    }
    let queue = device.join("queue");
    let read = |name: &str| {
        let text = fs::read_to_string(queue.join(name)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let number = |name: &str| read(name)?.parse::<u64>().ok();
    let flag = |name: &str| number(name).map(|value| value != 0);
    if !queue.is_dir() {
        return None;
    }
    let beside = |name: &str| {
        let text = fs::read_to_string(device.join(name)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Some(BlockQueue {
        device: device.file_name()?.to_string_lossy().into_owned(),
        number: beside("dev"),
        model: beside("device/model"),
        rotational: flag("rotational"),
        scheduler: read("scheduler").map(|text| chosen(&text)),
        logical_block_bytes: number("logical_block_size"),
        physical_block_bytes: number("physical_block_size"),
        read_ahead_kib: number("read_ahead_kb"),
        write_cache: read("write_cache"),
        fua: flag("fua"),
        stable_writes: flag("stable_writes"),
        discards: number("discard_max_bytes").map(|bytes| bytes > 0),
        requests_max: number("nr_requests"),
    })
}

/// Of `a [b] c` it is `b`.
fn chosen(text: &str) -> String {
    let inner = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    inner.map_or(text, |(word, _)| word).to_owned()
}

fn page_cache() -> PageCache {
    let vm = |name: &str| first_number(&text(&format!("/proc/sys/vm/{name}")));
    let centiseconds = |name: &str| vm(name).map(|value| value * 10);
    let huge = text("/sys/kernel/mm/transparent_hugepage/enabled");
    let limits = text("/proc/self/limits");
    let lockable = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max locked memory"))
        .and_then(first_number);
    PageCache {
        page_bytes: u64::try_from(rustix::param::page_size()).ok(),
        dirty_background_percent: vm("dirty_background_ratio"),
        dirty_background_bytes: vm("dirty_background_bytes"),
        dirty_percent: vm("dirty_ratio"),
        dirty_bytes: vm("dirty_bytes"),
        dirty_expire_ms: centiseconds("dirty_expire_centisecs"),
        dirty_writeback_ms: centiseconds("dirty_writeback_centisecs"),
        swappiness: vm("swappiness"),
        overcommit: vm("overcommit_memory"),
        maps_max: vm("max_map_count"),
        huge_pages: (!huge.is_empty()).then(|| chosen(huge.trim())),
        lockable_bytes: lockable,
        damon: damon(Path::new("/sys/kernel/mm/damon/admin/kdamonds")),
    }
}

/// One line for each scheme of a DAMON thread that is on: what it does to pages that are how idle.
fn damon(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for thread in numbered(root) {
        if text_of(&thread.join("state")) != "on" {
            continue;
        }
        for context in numbered(&thread.join("contexts")) {
            let interval_us = text_of(&context.join("monitoring_attrs/intervals/aggr_us"))
                .parse::<u64>()
                .unwrap_or(0);
            for scheme in numbered(&context.join("schemes")) {
                found.push(scheme_line(&scheme, interval_us));
            }
        }
    }
    found
}

fn scheme_line(scheme: &Path, interval_us: u64) -> String {
    let read = |name: &str| text_of(&scheme.join(name));
    let mut line = format!(
        "{} what has at most {} accesses",
        read("action"),
        read("access_pattern/nr_accesses/max")
    );
    if let Ok(age) = read("access_pattern/age/min").parse::<u64>()
        && interval_us > 0
    {
        let seconds = (age * interval_us) as f64 / 1e6;
        line.push_str(&format!(" for {seconds} s"));
    }
    for filter in numbered(&scheme.join("core_filters"))
        .into_iter()
        .chain(numbered(&scheme.join("ops_filters")))
        .chain(numbered(&scheme.join("filters")))
    {
        let word = |name: &str| text_of(&filter.join(name));
        let verb = match (&*word("allow"), &*word("matching")) {
            ("Y", _) => "allow",
            ("N", _) => "reject",
            _ => "filter",
        };
        let not = if word("matching") == "N" { "not " } else { "" };
        line.push_str(&format!(", {verb} {not}{}", word("type")));
    }
    line
}

/// Entries of a directory that are numbers.
fn numbered(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok())
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// The value behind `name : `, of the first such line.
fn value_of(text: &str, name: &str) -> Option<String> {
    let of = |line: &str| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    };
    text.lines().find_map(of)
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts_and_of_equals_the_last() {
        let info = "27 1 254:0 / / rw,relatime - ext4 /dev/root rw,commit=5\n\
                    30 27 0:40 / /data\\040x rw shared:7 - xfs /dev/sdb rw,noquota\n\
                    31 27 0:41 / /mnt rw - nfs4 server:/a rw,vers=4\n\
                    32 27 0:42 / /mnt ro - tmpfs none rw,size=8k\n";
        let cases = [
            ("/data x/orders", "xfs", "/dev/sdb", "rw; rw,noquota"),
            ("/data", "ext4", "/dev/root", "rw,relatime; rw,commit=5"),
            ("/mnt/a", "tmpfs", "none", "ro; rw,size=8k"),
        ];
        for (dir, filesystem, source, options) in cases {
            let mount = mount_of(Path::new(dir), info).unwrap();
            assert_eq!(
                (&*mount.filesystem, &*mount.source, &*mount.options),
                (filesystem, source, options),
                "{dir}"
            );
        }
    }

    #[test]
    fn this_machine_tells_the_usual() {
        let dir = tempfile::tempdir().unwrap();
        let machine = read(Some(dir.path()));
        assert!(machine.memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
        assert!(
            machine
                .kernel
                .is_some_and(|kernel| kernel.starts_with("Linux"))
        );
        let storage = machine.storage.unwrap();
        assert!(storage.filesystem.is_some() && storage.size_bytes > storage.free_bytes);
    }

    #[test]
    fn a_chosen_word_is_in_brackets() {
        for (text, word) in [
            ("none [mq-deadline]", "mq-deadline"),
            ("[none] x", "none"),
            ("only", "only"),
        ] {
            assert_eq!(chosen(text), word);
        }
    }

    #[test]
    fn schemes_of_a_running_thread_are_told() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("0/state", "on\n");
        write(
            "0/contexts/0/monitoring_attrs/intervals/aggr_us",
            "5000000\n",
        );
        write("0/contexts/0/schemes/0/action", "pageout\n");
        write(
            "0/contexts/0/schemes/0/access_pattern/nr_accesses/max",
            "1\n",
        );
        write("0/contexts/0/schemes/0/access_pattern/age/min", "6\n");
        write("0/contexts/0/schemes/0/filters/0/type", "anon\n");
        write("0/contexts/0/schemes/0/filters/0/matching", "Y\n");
        write("0/contexts/0/schemes/0/filters/0/allow", "N\n");
        write("1/state", "off\n");
        write("1/contexts/0/schemes/0/action", "pageout\n");
        assert_eq!(
            damon(root.path()),
            ["pageout what has at most 1 accesses for 30 s, reject anon"]
        );
    }
}
