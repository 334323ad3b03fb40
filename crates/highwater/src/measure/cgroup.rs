//! A control group with a memory limit, where this user may make one; both versions of the interface.
//!
//! Version 2 throttles the writers of a group by the group's own dirty pages; version 1 does not, so there a writer meets
//! its limit in reclaim, which overstates stalls. A report says which one it was. Invariants: a group has our name and the
//! id of the process that made it, is removed when dropped, and those of processes that are gone are removed by the next
//! one; only a group that is empty can be removed. Absent on purpose: turning controllers on; that is the host's to decide.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What our groups are called; the id of the process follows.
const PREFIX: &str = "highwater-bench-";

/// Which interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One tree for each controller.
    V1,
    /// One tree for all.
    V2,
}

/// A group. Processes in it may use no more memory than its limit, page cache included.
#[derive(Debug)]
pub struct MemoryGroup {
    path: PathBuf,
    version: Version,
}

impl MemoryGroup {
    /// Makes one. `name` tells groups of one process apart.
    ///
    /// # Errors
    /// Why it cannot be made here, for people: no controller, no permission.
    pub fn create(name: &str, limit_bytes: u64) -> Result<Self, String> {
        let Some((version, own, root)) = own_group() else {
            return Err("there is no memory controller of control groups here".to_owned());
        };
        let mut why = String::new();
        // Below the own group it stays within that one's limits; where that is not allowed, an ancestor may do.
        for parent in own.ancestors().take_while(|dir| dir.starts_with(&root)) {
            clear(parent);
            match Self::create_in(parent, version, name, limit_bytes) {
                Ok(group) => return Ok(group),
                Err(error) => why = format!("{}: {error}", parent.display()),
            }
        }
        Err(format!("no group with a memory limit can be made: {why}"))
    }

    fn create_in(parent: &Path, version: Version, name: &str, limit: u64) -> io::Result<Self> {
        if version == Version::V2 {
            let passed_on = fs::read_to_string(parent.join("cgroup.subtree_control"))?;
            if !passed_on.split_whitespace().any(|word| word == "memory") {
                return Err(io::Error::other("does not pass the memory controller on"));
            }
        }
        let path = parent.join(format!("{PREFIX}{}-{name}", std::process::id()));
        fs::create_dir(&path)?;
        // From here on it is removed again.
        let group = Self { path, version };
        let limit = limit.to_string();
        match version {
            Version::V1 => {
                fs::write(group.path.join("memory.limit_in_bytes"), &limit)?;
                // Only where swap is counted.
                let _ = fs::write(group.path.join("memory.memsw.limit_in_bytes"), &limit);
            }
            Version::V2 => {
                fs::write(group.path.join("memory.max"), &limit)?;
                let _ = fs::write(group.path.join("memory.swap.max"), "0");
            }
        }
        Ok(group)
    }

    /// Which interface it uses.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves a process into it. Memory that the process has already is not moved.
    ///
    /// # Errors
    /// The system's.
    pub fn add(&self, pid: u32) -> io::Result<()> {
        fs::write(self.path.join("cgroup.procs"), pid.to_string())
    }

    /// Processes that were killed for want of memory.
    #[must_use]
    pub fn oom_kills(&self) -> Option<u64> {
        let file = match self.version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        let text = fs::read_to_string(self.path.join(file)).ok()?;
        let of = |line: &str| line.strip_prefix("oom_kill ")?.trim().parse().ok();
        text.lines().find_map(of)
    }

    /// Memory in use now.
    #[must_use]
    pub fn used_bytes(&self) -> Option<u64> {
        let file = match self.version {
            Version::V1 => "memory.usage_in_bytes",
            Version::V2 => "memory.current",
        };
        number(&self.path.join(file))
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // A process that is just ending is still in it for a moment; the next run clears what stays.
        for _ in 0..100 {
            if fs::remove_dir(&self.path).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

/// Removes groups of ours whose process is gone.
fn clear(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let pid = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next())
            .and_then(|pid| pid.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // One that is not empty is not ours to empty.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The least of the limits that this process is under; `None` where there is none.
#[must_use]
pub fn own_limit_bytes() -> Option<u64> {
    let (version, own, root) = own_group()?;
    let file = match version {
        Version::V1 => "memory.limit_in_bytes",
        Version::V2 => "memory.max",
    };
    own.ancestors()
        .take_while(|dir| dir.starts_with(&root))
        .filter_map(|dir| number(&dir.join(file)))
        .min()
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// This process's group of the memory controller, and the top of its tree.
fn own_group() -> Option<(Version, PathBuf, PathBuf)> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    find(&groups, &mounts)
}

/// The same from the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`. The memory controller is in one tree only:
/// where version 1 has it, version 2 has not.
fn find(groups: &str, mounts: &str) -> Option<(Version, PathBuf, PathBuf)> {
    let group = |wanted: &str| {
        groups.lines().find_map(|line| {
            let mut words = line.splitn(3, ':').skip(1);
            let controllers = words.next()?;
            let path = words.next()?;
            controllers
                .split(',')
                .any(|one| one == wanted)
                .then_some(path)
        })
    };
    let mount = |filesystem: &str, option: Option<&str>| {
        mounts.lines().find_map(|line| {
            let (place, what) = line.split_once(" - ")?;
            let place: Vec<&str> = place.split(' ').collect();
            let mut what = what.split(' ');
            let fits = what.next() == Some(filesystem)
                && option.is_none_or(|option| {
                    what.next_back()
                        .is_some_and(|options| options.split(',').any(|one| one == option))
                });
            fits.then(|| Some((*place.get(3)?, PathBuf::from(*place.get(4)?))))?
        })
    };
    let (version, path, (inside, root)) = match (group("memory"), mount("cgroup", Some("memory"))) {
        (Some(path), Some(mount)) => (Version::V1, path, mount),
        _ => (Version::V2, group("")?, mount("cgroup2", None)?),
    };
    // A container sees its own group as the top.
    let relative = path.strip_prefix(inside).unwrap_or(path);
    Some((version, root.join(relative.trim_start_matches('/')), root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_with_the_memory_controller_is_found() {
        let v1 = "36 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                  37 30 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let v2 = "30 24 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let inner = "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup cgroup rw,memory\n";
        let found = |version, own: &str, root: &str| Some((version, own.into(), root.into()));
        let memory = "/sys/fs/cgroup/memory";
        let cases = [
            (
                "4:memory:/a/b\n0::/\n",
                v1,
                found(Version::V1, "/sys/fs/cgroup/memory/a/b", memory),
            ),
            (
                "4:cpu,memory:/\n0::/\n",
                v1,
                found(Version::V1, memory, memory),
            ),
            (
                "0::/user.slice/x\n",
                v2,
                found(Version::V2, "/sys/fs/cgroup/user.slice/x", "/sys/fs/cgroup"),
            ),
            (
                "4:memory:/docker/abc/d\n",
                inner,
                found(Version::V1, "/sys/fs/cgroup/d", "/sys/fs/cgroup"),
            ),
            ("4:cpu:/a\n", v1, None),
            ("", "", None),
        ];
        for (groups, mounts, expected) in cases {
            assert_eq!(find(groups, mounts), expected, "{groups}");
        }
    }

    #[test]
    fn a_group_is_removed_or_says_why_it_cannot_be_made() {
        match MemoryGroup::create("test", 64 << 20) {
            Ok(group) => {
                let path = group.path().to_owned();
                assert!(path.is_dir());
                assert_eq!(group.oom_kills().unwrap_or(0), 0);
                drop(group);
                assert!(!path.exists());
            }
            Err(why) => assert!(!why.is_empty()),
        }
    }
}
