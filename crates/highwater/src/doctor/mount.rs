//! The filesystem under the data and the options it is mounted with.

use std::path::{Path, PathBuf};

use super::kernel::Kernel;
use super::{Finding, Verdict};

/// One line of `/proc/self/mountinfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) point: PathBuf,
    pub(super) filesystem: String,
    pub(super) source: String,
    /// `major:minor` of the device.
    pub(super) device: String,
    /// Those of the mount and those of the filesystem, in this order.
    pub(super) options: Vec<String>,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (left, right) = line.split_once(" - ")?;
        let left: Vec<&str> = left.split(' ').collect();
        let right: Vec<&str> = right.split(' ').collect();
        let words = |list: Option<&&str>| -> Vec<String> {
            let list = list.copied().unwrap_or_default();
            list.split(',').map(str::to_owned).collect()
        };
        let mut options = words(left.get(5));
        options.extend(words(right.get(2)));
        options.dedup();
        Some(Self {
            point: PathBuf::from(unescape(left.get(4)?)),
            filesystem: (*right.first()?).to_owned(),
            source: unescape(right.get(1)?),
            device: (*left.get(2)?).to_owned(),
            options,
        })
    }

    /// The mount that holds `path`: the one with the longest mount point, the last if there are two.
    pub(super) fn of(mountinfo: &str, path: &Path) -> Option<Self> {
        mountinfo
            .lines()
            .filter_map(Self::parse)
            .filter(|mount| path.starts_with(&mount.point))
            .max_by_key(|mount| mount.point.components().count())
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|one| one == option)
    }
}

/// `\040` stands for a space, and so on.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after
            .get(..3)
            .filter(|_| byte == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match code {
            Some(code) => {
                out.push(code);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// `None`: it cannot be told what is mounted there.
    pub(super) mount: Option<Mount>,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel, dir: &Path) -> Self {
        let mountinfo = kernel.text("proc/self/mountinfo").unwrap_or_default();
        Self {
            mount: Mount::of(&mountinfo, dir),
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let Some(mount) = &facts.mount else {
        let finding = Finding::new("disk.filesystem", Verdict::Note, "not known")
            .why("/proc/self/mountinfo does not say what is mounted at the data directory");
        return vec![finding];
    };
    let mut findings = vec![filesystem(mount)];
    findings.extend(options(mount));
    findings
}

fn filesystem(mount: &Mount) -> Finding {
    let found = format!("{} on {}", mount.filesystem, mount.point.display());
    let say = |verdict, why: &str| Finding::new("disk.filesystem", verdict, &found).why(why);
    let move_away = "put --data on an ext4 or XFS filesystem on a local disk";
    match mount.filesystem.as_str() {
        "ext4" | "xfs" => say(
            Verdict::Ok,
            "segments are preallocated, and synced by fdatasync; both are quick here",
        ),
        "tmpfs" | "ramfs" | "hugetlbfs" => say(
            Verdict::Fail,
            "this is memory: a sync does nothing, and all is gone after a restart of the machine",
        )
        .change(move_away),
        "overlay" | "aufs" => say(
            Verdict::Warn,
            "a container's own layer: it goes away with the container, and the first write to a file \
             of the image copies the whole of it",
        )
        .change("mount a volume at the data directory"),
        "nfs" | "nfs4" | "cifs" | "smb3" | "9p" | "ceph" | "glusterfs" | "lustre" | "afs"
        | "virtiofs" => say(
            Verdict::Warn,
            "a network filesystem: a sync takes as long as the network and the server like, locks may \
             be lost, and a mapped page may fail long after it was written",
        )
        .change(move_away),
        name if name.starts_with("fuse") => say(
            Verdict::Warn,
            "a filesystem outside the kernel: what a sync does, and whether files can be mapped and \
             preallocated, is up to its program",
        )
        .change(move_away),
        "btrfs" => say(
            Verdict::Note,
            "copy-on-write: files that are written bit by bit get fragmented, and preallocated space \
             is not kept for overwriting",
        )
        .change("chattr +C on the data directory while it is empty"),
        "zfs" | "bcachefs" => say(
            Verdict::Note,
            "copy-on-write: preallocation reserves nothing, and memory is shared with a cache of its \
             own",
        ),
        "ext2" | "vfat" | "exfat" | "msdos" => say(
            Verdict::Warn,
            "without a journal: after a power loss the names of files may be gone, synced or not",
        )
        .change(move_away),
        _ => say(
            Verdict::Note,
            "not among those the engines were measured on; `highwater bench io` measures it",
        ),
    }
}

/// An option that costs speed or safety. In `change`, `POINT` and `SOURCE` stand for the mount's.
struct Costly {
    names: &'static [&'static str],
    verdict: Verdict,
    why: &'static str,
    change: &'static str,
}

const COSTLY: &[Costly] = &[
    Costly {
        names: &["ro"],
        verdict: Verdict::Fail,
        why: "nothing can be written here; after errors, some filesystems do this to themselves",
        change: "look into the kernel's log, then: mount -o remount,rw POINT",
    },
    Costly {
        names: &["nobarrier", "barrier=0"],
        verdict: Verdict::Fail,
        why: "a sync does not reach the disk: power loss takes back what was acknowledged",
        change: "mount -o remount,barrier=1 POINT",
    },
    Costly {
        names: &["data=journal"],
        verdict: Verdict::Warn,
        why: "all data is written twice, and direct I/O falls back to the page cache",
        change: "data=ordered for POINT in /etc/fstab",
    },
    Costly {
        names: &["data=writeback"],
        verdict: Verdict::Note,
        why: "after a power loss an unsynced end of a segment may hold older content of the disk; recovery \
              tells it by checksums and cuts it off",
        change: "data=ordered for POINT in /etc/fstab",
    },
    Costly {
        names: &["sync", "dirsync"],
        verdict: Verdict::Warn,
        why: "each single write waits for the disk, also those nobody waits for",
        change: "mount -o remount,async POINT",
    },
    Costly {
        names: &["discard"],
        verdict: Verdict::Warn,
        why: "deleting a segment tells the disk at once, and on many disks that holds up syncs of other \
              files (up to 230 ms were measured)",
        change: "mount -o remount,nodiscard POINT, and let fstrim.timer do it once a week: systemctl enable \
                 --now fstrim.timer",
    },
    Costly {
        names: &["strictatime"],
        verdict: Verdict::Note,
        why: "each read of a file writes its time of access",
        change: "mount -o remount,noatime POINT",
    },
];

/// XFS and others have no such option, or mean another thing by it.
const COSTLY_ON_EXT4: &Costly = &Costly {
    names: &["errors=continue"],
    verdict: Verdict::Note,
    why: "after an error in its own structures the filesystem goes on writing",
    change: "tune2fs -e remount-ro SOURCE",
};

fn options(mount: &Mount) -> Vec<Finding> {
    let point = mount.point.display().to_string();
    let on_ext4 = Some(COSTLY_ON_EXT4).filter(|_| mount.filesystem == "ext4");
    let mut findings = Vec::new();
    for costly in COSTLY.iter().chain(on_ext4) {
        let Some(name) = costly.names.iter().find(|name| mount.has(name)) else {
            continue;
        };
        let change = costly.change.replace("POINT", &point);
        let change = change.replace("SOURCE", &mount.source);
        let finding = Finding::new("disk.mount_options", costly.verdict, *name).why(costly.why);
        findings.push(finding.change(change));
    }
    if findings.is_empty() {
        let listed = mount.options.join(",");
        let finding = Finding::new("disk.mount_options", Verdict::Ok, listed)
            .why("none of the options that cost speed or safety");
        findings.push(finding);
    }
    findings
}
