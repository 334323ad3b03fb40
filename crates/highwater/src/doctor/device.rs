//! The block device under the data.

use super::kernel::Kernel;
use super::mount;
use super::{Finding, Verdict};

/// A look at the queue of the whole disk; a partition has none of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Name under `/sys/block`; `None` where no device is known.
    pub(super) name: Option<String>,
    pub(super) rotational: bool,
    pub(super) write_cache: String,
    /// All names, the present one in brackets.
    pub(super) scheduler: String,
    pub(super) read_ahead_kib: u64,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel, mount: &mount::Facts) -> Self {
        let Some(mount) = &mount.mount else {
            return Self::default();
        };
        let by_number = format!("sys/dev/block/{}", mount.device);
        // btrfs and overlay have numbers of their own; the source still names a device then.
        let by_name = mount
            .source
            .strip_prefix("/dev/")
            .map(|name| format!("sys/class/block/{name}"));
        let found = [Some(by_number), by_name]
            .into_iter()
            .flatten()
            .find_map(|path| kernel.real_path(&path));
        let Some(mut path) = found else {
            return Self::default();
        };
        if kernel.exists(&format!("{path}/partition"))
            && let Some((disk, _)) = path.rsplit_once('/')
        {
            path = disk.to_owned();
        }
        let text = |name: &str| kernel.text(&format!("{path}/queue/{name}"));
        let name = path.rsplit('/').next().map(str::to_owned);
        // A virtual disk says that it turns, whatever it is made of.
        let is_virtual = name.as_ref().is_some_and(|name| is_virtual(name));
        Self {
            rotational: !is_virtual && text("rotational").as_deref() == Some("1"),
            name,
            write_cache: text("write_cache").unwrap_or_default(),
            scheduler: text("scheduler").unwrap_or_default(),
            read_ahead_kib: text("read_ahead_kb")
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let Some(name) = &facts.name else {
        let finding = Finding::new("disk.device", Verdict::Note, "none")
            .why("no block device is known under this filesystem, so nothing about it is");
        return vec![finding];
    };
    vec![
        kind(name, facts),
        write_cache(facts),
        scheduler(name, facts),
        read_ahead(name, facts),
    ]
}

fn is_virtual(name: &str) -> bool {
    name.starts_with("vd") || name.starts_with("xvd")
}

fn kind(name: &str, facts: &Facts) -> Finding {
    let say = |verdict, found: String, why| Finding::new("disk.device", verdict, found).why(why);
    if name.starts_with("loop") {
        let why = "a file on another filesystem: a sync goes through both";
        return say(Verdict::Note, format!("{name}, a loop device"), why);
    }
    if facts.rotational {
        let why = "a sync costs a turn of the disk, so about 100 a second; many records should share \
                   one (linger and batch size of the producers)";
        return say(Verdict::Note, format!("{name}, rotating"), why);
    }
    if is_virtual(name) {
        let why = "what is below it decides; `highwater bench io` measures it";
        return say(Verdict::Ok, format!("{name}, virtual"), why);
    }
    say(
        Verdict::Ok,
        format!("{name}, solid state"),
        "no heads to move",
    )
}

fn write_cache(facts: &Facts) -> Finding {
    let why = match facts.write_cache.as_str() {
        "write back" => {
            "a sync flushes the disk's cache, as it has to; on a disk with capacitors that is quick"
        }
        "write through" => "what is written is safe without a flush",
        _ => "the kernel does not say whether the disk has a cache",
    };
    let found = match facts.write_cache.as_str() {
        "" => "not known",
        text => text,
    };
    Finding::new("disk.write_cache", Verdict::Ok, found).why(why)
}

fn scheduler(name: &str, facts: &Facts) -> Finding {
    let current = facts
        .scheduler
        .split_whitespace()
        .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))
        .unwrap_or(facts.scheduler.as_str());
    let finding = |verdict, why| Finding::new("disk.scheduler", verdict, current).why(why);
    match (current, facts.rotational) {
        ("bfq", false) => finding(
            Verdict::Warn,
            "fairness for desktops: it holds requests back and costs processor time",
        )
        .change(format!("echo none > /sys/block/{name}/queue/scheduler")),
        ("none", true) => finding(Verdict::Note, "heads move less when requests are sorted")
            .change(format!(
                "echo mq-deadline > /sys/block/{name}/queue/scheduler"
            )),
        _ => finding(Verdict::Ok, "does not hold syncs back"),
    }
}

fn read_ahead(name: &str, facts: &Facts) -> Finding {
    let kib = facts.read_ahead_kib;
    let finding =
        |verdict, why| Finding::new("disk.read_ahead", verdict, format!("{kib} KiB")).why(why);
    let set = |kib: u64| format!("echo {kib} > /sys/block/{name}/queue/read_ahead_kb");
    match kib {
        0..64 => finding(
            Verdict::Note,
            "a consumer that reads old records waits for the disk again and again",
        )
        .change(set(1024)),
        64..=4096 => finding(
            Verdict::Ok,
            "enough for consumers that read old records in order",
        ),
        _ => finding(
            Verdict::Note,
            "good for reading in order, but each look-up of a single old record may bring this much \
             into the page cache",
        )
        .change(set(1024)),
    }
}
