//! Where Java programs of a run unpack their native libraries.
//!
//! A JVM that is killed leaves them behind, some megabytes each, and many are killed here. So all of them get a
//! temporary directory of the run's own, which goes when the run ends.

use std::path::PathBuf;

use crate::workspace;

fn directory() -> PathBuf {
    let name = format!("java-tmp-{}", std::process::id());
    workspace::target_dir().join(name)
}

/// The option that makes a JVM use the run's directory.
pub(crate) fn tmpdir() -> String {
    let dir = directory();
    if let Err(error) = std::fs::create_dir_all(&dir) {
        eprintln!("xtask: {}: {error}", dir.display());
    }
    format!("-Djava.io.tmpdir={}", dir.display())
}

/// Removes what the run's programs left there.
pub(crate) fn clean() {
    let _ = std::fs::remove_dir_all(directory());
}
