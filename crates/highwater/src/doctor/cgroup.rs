//! Limits of the control group the process is in, as a container sets them.

use super::kernel::Kernel;
use super::{Finding, Verdict, size};
use crate::report::IoLimit;

/// Below this the buffers, the index pages and a little page cache do not fit.
const LITTLE_MEMORY: u64 = 256 << 20;
/// Version 1 writes about this for "no limit".
const NO_LIMIT: u64 = 1 << 60;

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The tightest of the group and those above it; `None` is no limit.
    pub(super) memory_bytes: Option<u64>,
    /// Whether the memory limit is one of version 1.
    pub(super) memory_is_v1: bool,
    /// Thousandths of a processor; `None` is no limit.
    pub(super) cpu_millis: Option<u64>,
    /// Lines of `io.max`, or of the throttle files of version 1.
    pub(super) io: Vec<String>,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel) -> Self {
        let mut facts = Self::default();
        let groups = kernel.text("proc/self/cgroup").unwrap_or_default();
        for line in groups.lines() {
            let mut parts = line.splitn(3, ':');
            let (Some(_), Some(controllers), Some(path)) =
                (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            if controllers.is_empty() {
                facts.read_v2(kernel, path);
            } else {
                facts.read_v1(kernel, controllers, path);
            }
        }
        facts
    }

    fn read_v2(&mut self, kernel: &Kernel, path: &str) {
        for base in ["sys/fs/cgroup", "sys/fs/cgroup/unified"] {
            for group in up_from(base, path) {
                for name in ["memory.max", "memory.high"] {
                    self.limit_memory(kernel.number(&format!("{group}/{name}")), false);
                }
                let cpu = kernel.text(&format!("{group}/cpu.max")).unwrap_or_default();
                let mut words = cpu.split_whitespace().map(str::parse::<u64>);
                if let (Some(Ok(quota)), Some(Ok(period))) = (words.next(), words.next()) {
                    self.limit_cpu(quota, period);
                }
                let io = kernel.text(&format!("{group}/io.max")).unwrap_or_default();
                self.io.extend(io.lines().map(str::to_owned));
            }
        }
    }

    fn read_v1(&mut self, kernel: &Kernel, controllers: &str, path: &str) {
        for controller in controllers.split(',') {
            for group in up_from(&format!("sys/fs/cgroup/{controller}"), path) {
                let number = |name: &str| kernel.number(&format!("{group}/{name}"));
                match controller {
                    "memory" => self.limit_memory(number("memory.limit_in_bytes"), true),
                    "cpu" => {
                        let quota = number("cpu.cfs_quota_us");
                        if let (Some(quota), Some(period)) = (quota, number("cpu.cfs_period_us")) {
                            self.limit_cpu(quota, period);
                        }
                    }
                    "blkio" => {
                        for name in ["read_bps", "write_bps", "read_iops", "write_iops"] {
                            let file = format!("{group}/blkio.throttle.{name}_device");
                            let text = kernel.text(&file).unwrap_or_default();
                            self.io
                                .extend(text.lines().map(|line| format!("{name} {line}")));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn limit_memory(&mut self, bytes: Option<u64>, is_v1: bool) {
        let Some(bytes) = bytes.filter(|&bytes| bytes < NO_LIMIT) else {
            return;
        };
        if self.memory_bytes.is_none_or(|before| bytes < before) {
            self.memory_bytes = Some(bytes);
            self.memory_is_v1 = is_v1;
        }
    }

    fn limit_cpu(&mut self, quota: u64, period: u64) {
        let Some(millis) = quota.saturating_mul(1000).checked_div(period) else {
            return;
        };
        self.cpu_millis = Some(self.cpu_millis.map_or(millis, |before| before.min(millis)));
    }
}

/// The limits on the device `number` (`MAJOR:MINOR`).
#[must_use]
pub fn io_limits(number: &str) -> Vec<IoLimit> {
    let lines = Facts::read(&Kernel::real()).io;
    let of = lines.iter().flat_map(|line| limits_of(line, number));
    let mut found = Vec::new();
    for limit in of {
        if !found.contains(&limit) {
            found.push(limit);
        }
    }
    found
}

/// Of a line of `io.max` (`254:0 wbps=1048576 wiops=max`), or of a file of version 1 with its name in front
/// (`write_bps 254:0 1048576`).
pub(super) fn limits_of(line: &str, number: &str) -> Vec<IoLimit> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let limit = |name: &str, value: &str| {
        Some(IoLimit {
            writes: name.starts_with('w'),
            bytes: name.ends_with("bps"),
            per_second: value.parse().ok()?,
        })
    };
    match *words.as_slice() {
        [name, device, value] if device == number && !value.contains('=') => {
            limit(name, value).into_iter().collect()
        }
        [device, ref values @ ..] if device == number => values
            .iter()
            .filter_map(|word| word.split_once('='))
            .filter_map(|(name, value)| limit(name, value))
            .collect(),
        _ => Vec::new(),
    }
}

/// The group and every one above it. Inside a container the path may lead nowhere, and the top is
/// the container's own group.
fn up_from(base: &str, path: &str) -> Vec<String> {
    let mut groups = vec![base.to_owned()];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let last = groups.last().cloned().unwrap_or_default();
        groups.push(format!("{last}/{part}"));
    }
    groups
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    vec![memory(facts), cpu(facts), io(facts)]
}

fn memory(facts: &Facts) -> Finding {
    let Some(bytes) = facts.memory_bytes else {
        return Finding::new("cgroup.memory", Verdict::Ok, "no limit")
            .why("the page cache may use what is free");
    };
    let found = size(bytes);
    if bytes < LITTLE_MEMORY {
        return Finding::new("cgroup.memory", Verdict::Warn, found)
            .why("the server and the page cache of its files share this; it is little for both")
            .change("memory.max of the group, or --memory of the container: 512m or more");
    }
    let finding = Finding::new("cgroup.memory", Verdict::Note, found);
    if facts.memory_is_v1 {
        finding.why(
            "the page cache of the data counts, and under version 1 of control groups a writer that \
             meets the limit cleans up itself instead of being slowed before; version 2 does it better",
        )
    } else {
        finding
            .why("the page cache of the data counts: readers of older records meet the disk sooner")
    }
}

fn cpu(facts: &Facts) -> Finding {
    let Some(millis) = facts.cpu_millis else {
        return Finding::new("cgroup.cpu", Verdict::Ok, "no limit")
            .why("a group that has used up its share stands still until the next period");
    };
    let found = format!("{}.{:02} processors", millis / 1000, millis % 1000 / 10);
    let why = "a group that has used up its share stands still for up to 100 ms, and every client sees \
               it";
    let verdict = if millis < 1000 {
        Verdict::Warn
    } else {
        Verdict::Note
    };
    let finding = Finding::new("cgroup.cpu", verdict, found).why(why);
    finding.change("a weight instead of a quota (cpu.weight, --cpu-shares), or a larger quota")
}

fn io(facts: &Facts) -> Finding {
    if facts.io.is_empty() {
        return Finding::new("cgroup.io", Verdict::Ok, "no limit")
            .why("a throttle makes each sync wait for its turn");
    }
    Finding::new("cgroup.io", Verdict::Note, facts.io.join("; "))
        .why("a throttle makes each sync wait for its turn; the other settings cannot make up for it")
        .change("io.max of the group, if this is not meant")
}
