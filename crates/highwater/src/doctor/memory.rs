//! Kernel settings about memory: mappings, dirty pages, swap, overcommit, huge pages.

use super::kernel::Kernel;
use super::{Finding, Verdict, size};

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) map_count_max: Option<u64>,
    pub(super) dirty: Option<Dirty>,
    pub(super) memory_bytes: u64,
    pub(super) swap_bytes: u64,
    pub(super) swappiness: Option<u64>,
    pub(super) overcommit: Option<u64>,
    /// All names, the present one in brackets.
    pub(super) huge_pages: Option<String>,
}

/// When written-back begins and when writers are stopped, in bytes of unwritten pages.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dirty {
    pub(super) background_bytes: u64,
    pub(super) limit_bytes: u64,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel) -> Self {
        let memory_bytes = kernel.field("proc/meminfo", "MemTotal").unwrap_or_default() * 1024;
        // A number of bytes that is set stands instead of the ratio.
        let dirty_bytes = |name: &str| {
            let bytes = kernel.number(&format!("proc/sys/vm/{name}_bytes"))?;
            let ratio = kernel.number(&format!("proc/sys/vm/{name}_ratio"))?;
            Some(if bytes > 0 {
                bytes
            } else {
                memory_bytes / 100 * ratio
            })
        };
        let dirty = dirty_bytes("dirty_background")
            .zip(dirty_bytes("dirty"))
            .map(|(background_bytes, limit_bytes)| Dirty {
                background_bytes,
                limit_bytes,
            });
        Self {
            map_count_max: kernel.number("proc/sys/vm/max_map_count"),
            dirty,
            memory_bytes,
            swap_bytes: kernel
                .field("proc/meminfo", "SwapTotal")
                .unwrap_or_default()
                * 1024,
            swappiness: kernel.number("proc/sys/vm/swappiness"),
            overcommit: kernel.number("proc/sys/vm/overcommit_memory"),
            huge_pages: kernel.text("sys/kernel/mm/transparent_hugepage/enabled"),
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let checks = [
        facts.map_count_max.map(map_count),
        facts
            .dirty
            .map(|dirty| dirty_pages(dirty, facts.memory_bytes)),
        facts.swappiness.map(|value| swap(value, facts.swap_bytes)),
        facts.overcommit.map(overcommit),
        facts.huge_pages.as_deref().map(huge_pages),
    ];
    checks.into_iter().flatten().collect()
}

fn map_count(max: u64) -> Finding {
    const WHY: &str = "each segment in use takes a mapping with the mmap engine, and each index takes \
                       one with any engine";
    let verdict = match max {
        0..65_530 => Verdict::Warn,
        65_530..262_144 => Verdict::Note,
        _ => Verdict::Ok,
    };
    let finding = Finding::new("kernel.max_map_count", verdict, max.to_string()).why(WHY);
    if verdict == Verdict::Ok {
        return finding;
    }
    finding.change("sysctl -w vm.max_map_count=262144, with more than about 10 000 partitions")
}

fn dirty_pages(dirty: Dirty, memory_bytes: u64) -> Finding {
    let found = format!(
        "write-back from {}, writers are stopped at {}",
        size(dirty.background_bytes),
        size(dirty.limit_bytes)
    );
    // What a good disk writes in a second or two.
    let verdict = match dirty.background_bytes {
        0..=0x4000_0000 => Verdict::Ok,
        _ => Verdict::Note,
    };
    let why = format!(
        "of {} memory; records that nobody waits for gather until the first number and are then \
         written at once, and at the second every writer waits for the disk, whatever its acks",
        size(memory_bytes)
    );
    let finding = Finding::new("kernel.dirty_pages", verdict, found).why(why);
    if verdict == Verdict::Ok {
        return finding;
    }
    finding.change("sysctl -w vm.dirty_background_bytes=268435456 vm.dirty_bytes=1073741824")
}

fn swap(swappiness: u64, swap_bytes: u64) -> Finding {
    const WHY: &str = "a process that was swapped out stalls at each page it touches again";
    let found = format!("{swappiness}, {} of swap", size(swap_bytes));
    if swap_bytes == 0 || swappiness <= 10 {
        return Finding::new("kernel.swappiness", Verdict::Ok, found).why(WHY);
    }
    Finding::new("kernel.swappiness", Verdict::Warn, found)
        .why(WHY)
        .change("sysctl -w vm.swappiness=1")
}

fn overcommit(mode: u64) -> Finding {
    let finding =
        |verdict, why| Finding::new("kernel.overcommit", verdict, mode.to_string()).why(why);
    match mode {
        2 => finding(
            Verdict::Note,
            "memory is promised only as far as there is some: shared mappings of files do not count, \
             buffers and the heap do",
        )
        .change("sysctl -w vm.overcommit_memory=0, unless other programs need it strict"),
        _ => finding(
            Verdict::Ok,
            "shared mappings of files may be larger than memory in any mode",
        ),
    }
}

fn huge_pages(text: &str) -> Finding {
    let current = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))
        .unwrap_or(text);
    let finding = |verdict, why| Finding::new("kernel.huge_pages", verdict, current).why(why);
    if current == "always" {
        finding(
            Verdict::Note,
            "memory is taken in pieces of 2 MiB: a server of tens of MiB may grow by half, and making \
             such a piece can stall whoever asked",
        )
        .change("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
    } else {
        finding(Verdict::Ok, "taken only where a program asks")
    }
}
