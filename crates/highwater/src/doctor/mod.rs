//! Looks at the machine as the server will find it, and says what to change. Changes nothing.
//!
//! One file per check. Each reads facts (`Facts::read`) and judges them (`judge`), which is a pure
//! function, so that tables test it. A fact that cannot be read is left out or a note, never a
//! failure: the doctor runs without privileges and in containers.
//! Absent on purpose: measuring (that is `bench` and `tune`), and mending anything.

mod cgroup;
mod clock;
mod damon;
mod device;
mod engines;
mod kernel;
mod limits;
mod memory;
mod mount;
mod network;
mod ports;
mod space;

#[cfg(test)]
mod tests;

pub use cgroup::io_limits;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Config;
use kernel::Kernel;

/// How well a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing has to be done.
    Note,
    /// Works, but slower, or less safely, than it could.
    Warn,
    /// The server will not start, or cannot keep what it promises.
    Fail,
}

impl Verdict {
    /// As the table prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What one check says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Name of the check, `area.thing`; an interface.
    pub check: &'static str,
    /// What was found.
    pub found: String,
    /// How well that is.
    pub verdict: Verdict,
    /// Why it matters.
    pub why: String,
    /// The command to run or the line to write; `None` where there is nothing to do.
    pub change: Option<String>,
}

impl Finding {
    fn new(check: &'static str, verdict: Verdict, found: impl Into<String>) -> Self {
        Self {
            check,
            found: found.into(),
            verdict,
            why: String::new(),
            change: None,
        }
    }

    fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    fn change(mut self, change: impl Into<String>) -> Self {
        self.change = Some(change.into());
        self
    }
}

/// Runs every check for a server with this configuration.
///
/// The data directory is not created; where it does not exist yet, its nearest parent is looked at.
/// Three checks touch the machine for a moment: the ports are bound and let go, a lock of the
/// buffers is taken and given back, and a file of 64 KiB is written beside the data and removed.
pub fn examine(config: &Config) -> Vec<Finding> {
    let kernel = Kernel::real();
    let dir = nearest_existing(&config.data);
    let mount = mount::Facts::read(&kernel, &dir);
    let mut findings = limits::judge(&limits::Facts::read());
    findings.extend(mount::judge(&mount));
    findings.extend(space::judge(&space::Facts::read(&dir)));
    findings.extend(device::judge(&device::Facts::read(&kernel, &mount)));
    findings.extend(engines::judge(&engines::Facts::read(&kernel, &dir)));
    findings.extend(memory::judge(&memory::Facts::read(&kernel)));
    findings.extend(damon::judge(&damon::Facts::read(&kernel)));
    findings.extend(cgroup::judge(&cgroup::Facts::read(&kernel)));
    findings.extend(network::judge(&network::Facts::read(&kernel)));
    findings.extend(ports::judge(&ports::Facts::read(&kernel, config)));
    findings.extend(clock::judge(&clock::Facts::read(&kernel)));
    findings
}

/// The directory itself, or the nearest of its parents that is there.
fn nearest_existing(dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let found = absolute.ancestors().find(|path| path.is_dir());
    let found = found.unwrap_or(Path::new("/"));
    found.canonicalize().unwrap_or_else(|_| found.to_owned())
}

/// Bytes as people write them, in steps of 1024.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut unit = 0;
    let mut whole = bytes;
    let mut rest = 0;
    while whole >= 1024 && unit + 1 < UNITS.len() {
        rest = whole % 1024;
        whole /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("B");
    let tenths = rest * 10 / 1024;
    if whole >= 100 || tenths == 0 {
        format!("{whole} {name}")
    } else {
        format!("{whole}.{tenths} {name}")
    }
}
