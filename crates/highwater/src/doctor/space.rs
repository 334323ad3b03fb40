//! Free space and inodes where the data is, and whether this user may write there.

use std::path::{Path, PathBuf};

use super::{Finding, Verdict, size};

/// Files that a busy server makes in an hour or two; below this the inodes run out before anyone looks.
const FEW_INODES: u64 = 10_000;

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) dir: PathBuf,
    pub(super) writable: bool,
    /// `None`: the filesystem does not say.
    pub(super) space: Option<Space>,
}

/// For users without privileges; what is kept back for root does not count as free.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Space {
    pub(super) total_bytes: u64,
    pub(super) free_bytes: u64,
    /// 0 where inodes are made as needed.
    pub(super) inodes: u64,
    pub(super) free_inodes: u64,
}

impl Facts {
    pub(super) fn read(dir: &Path) -> Self {
        let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        let space = rustix::fs::statvfs(dir).ok().map(|stat| Space {
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            inodes: stat.f_files,
            free_inodes: stat.f_favail,
        });
        Self {
            dir: dir.to_owned(),
            writable: rustix::fs::access(dir, access).is_ok(),
            space,
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let dir = facts.dir.display();
    let mut findings = Vec::new();
    if !facts.writable {
        let finding = Finding::new("disk.writable", Verdict::Fail, format!("{dir}: no"))
            .why("the server keeps everything below its data directory");
        findings.push(finding.change(format!(
            "chown the directory to this user: chown -R highwater {dir}"
        )));
    }
    let Some(space) = facts.space else {
        return findings;
    };
    let percent = space
        .free_bytes
        .saturating_mul(100)
        .checked_div(space.total_bytes)
        .unwrap_or(100);
    let verdict = match space.free_bytes {
        0..0x1000_0000 => Verdict::Fail,
        0x1000_0000..0x8000_0000 => Verdict::Warn,
        _ if percent < 5 => Verdict::Warn,
        _ => Verdict::Ok,
    };
    let found = format!(
        "{} free of {} ({percent} %)",
        size(space.free_bytes),
        size(space.total_bytes)
    );
    let finding = Finding::new("disk.space", verdict, found).why(
        "segments take their space when they are made; a full disk refuses records, and nearly full \
         filesystems get slow",
    );
    findings.push(if verdict == Verdict::Ok {
        finding
    } else {
        finding.change(
            "free some, or lower retention: highwater topic alter TOPIC -c retention.bytes=N",
        )
    });
    findings.push(inodes(space));
    findings
}

fn inodes(space: Space) -> Finding {
    const WHY: &str = "each segment is up to four files";
    if space.inodes == 0 {
        return Finding::new("disk.inodes", Verdict::Ok, "made as needed").why(WHY);
    }
    let verdict = match space.free_inodes {
        0..100 => Verdict::Fail,
        100..FEW_INODES => Verdict::Warn,
        _ => Verdict::Ok,
    };
    let found = format!("{} free of {}", space.free_inodes, space.inodes);
    let finding = Finding::new("disk.inodes", verdict, found).why(WHY);
    if verdict == Verdict::Ok {
        finding
    } else {
        finding.change(
            "remove files nobody needs, or make the filesystem anew with more: mkfs.ext4 -i 16384",
        )
    }
}
