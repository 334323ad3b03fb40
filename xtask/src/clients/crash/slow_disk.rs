//! A disk that is slow for one process: a control group whose writes are throttled.
//!
//! What a killed server has left in flight then stays in flight for a while, because the kernel keeps throttled writes whoever
//! made them. The next server runs outside of the group and meets them. Both versions of control groups; needs root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Writes per second, in bytes: a few batches.
const BYTES_PER_S: u64 = 2 << 20;

/// A group; removed when dropped.
pub(super) struct SlowDisk {
    group: PathBuf,
}

impl SlowDisk {
    /// For the disk that `dir` is on.
    pub(super) fn new(dir: &Path) -> Result<Self> {
        let disk = fs::metadata(dir)?.dev();
        let (major, minor) = (rustix::fs::major(disk), rustix::fs::minor(disk));
        let name = format!("highwater-slow-{}", std::process::id());
        let (v1, v2) = (
            Path::new("/sys/fs/cgroup/blkio"),
            Path::new("/sys/fs/cgroup"),
        );
        let (parent, file, line) = if v1.is_dir() {
            let line = format!("{major}:{minor} {BYTES_PER_S}");
            (v1, "blkio.throttle.write_bps_device", line)
        } else if v2.join("cgroup.controllers").is_file() {
            let line = format!("{major}:{minor} wbps={BYTES_PER_S}");
            (v2, "io.max", line)
        } else {
            bail!("there is no controller of control groups here that slows a disk");
        };
        let group = parent.join(name);
        fs::create_dir(&group).with_context(|| group.display().to_string())?;
        let slow = Self { group };
        let path = slow.group.join(file);
        fs::write(&path, &line).with_context(|| format!("{line} to {}", path.display()))?;
        Ok(slow)
    }

    /// From now on the disk is slow for this process.
    pub(super) fn add(&self, pid: u32) -> Result<()> {
        fs::write(self.group.join("cgroup.procs"), pid.to_string())
            .with_context(|| self.group.display().to_string())
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.group) {
            println!("   {} stays: {error}", self.group.display());
        }
    }
}
