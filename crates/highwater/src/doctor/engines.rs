//! Whether the engines get what they need: locked buffers, `io_uring`, direct I/O.
//!
//! Both are tried with the engines themselves; what they say is what the server would say.

use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};
use segment::{EngineKind, EngineOptions, open_engine};

use super::kernel::Kernel;
use super::{Finding, Verdict, size};

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) dir: PathBuf,
    /// What the buffer pool wants locked.
    pub(super) buffer_bytes: u64,
    /// What was locked when it was tried.
    pub(super) locked_bytes: u64,
    /// `None` is no limit.
    pub(super) lock_limit_bytes: Option<u64>,
    /// `kernel.io_uring_disabled`; `None` on kernels before 6.6.
    pub(super) uring_disabled: Option<u64>,
    /// What kept the direct engine from working; `None`: it works.
    pub(super) direct_refused: Option<String>,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel, dir: &Path) -> Self {
        let options = EngineOptions::new(dir);
        let locked = || {
            kernel
                .field("proc/self/status", "VmLck")
                .unwrap_or_default()
                * 1024
        };
        let before = locked();
        let staged = open_engine(EngineKind::Staged, &options);
        let locked_bytes = locked().saturating_sub(before);
        drop(staged);
        let (engine, choice) = open_engine(EngineKind::Direct, &options);
        drop(engine);
        Self {
            dir: dir.to_owned(),
            buffer_bytes: options.buffer_bytes as u64,
            locked_bytes,
            lock_limit_bytes: getrlimit(Resource::Memlock).current,
            uring_disabled: kernel.number("proc/sys/kernel/io_uring_disabled"),
            direct_refused: (choice.kind != EngineKind::Direct).then_some(choice.why),
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    vec![memory_lock(facts), direct(facts)]
}

fn memory_lock(facts: &Facts) -> Finding {
    const WHY: &str = "buffers of the staged and direct engines are locked, so that the kernel does \
                       not swap out what is about to be written";
    let limit = facts.lock_limit_bytes.map_or("no limit".to_owned(), size);
    let wanted = size(facts.buffer_bytes);
    if facts.locked_bytes >= facts.buffer_bytes {
        let found = format!("{wanted} locked (limit: {limit})");
        return Finding::new("limits.memory_lock", Verdict::Ok, found).why(WHY);
    }
    let found = format!("{wanted} refused (limit: {limit})");
    Finding::new("limits.memory_lock", Verdict::Warn, found)
        .why(WHY)
        .change(
            "LimitMEMLOCK=infinity in the [Service] section of the unit, or `highwater hard \
                 memlock unlimited` in /etc/security/limits.conf",
        )
}

fn direct(facts: &Facts) -> Finding {
    const WHY: &str = "the direct engine writes past the page cache through an io_uring; the other \
                       engines do not need it";
    let dir = facts.dir.display();
    let Some(why_not) = &facts.direct_refused else {
        let found = format!("wrote, synced and read a file in {dir}");
        return Finding::new("engine.direct", Verdict::Ok, found).why(WHY);
    };
    let finding = Finding::new("engine.direct", Verdict::Note, why_not).why(WHY);
    match facts.uring_disabled {
        Some(1 | 2) => finding.change("sysctl -w kernel.io_uring_disabled=0"),
        _ => finding.change(
            "nothing, if another engine serves; else a filesystem with O_DIRECT, and a container \
             profile that allows io_uring",
        ),
    }
}
