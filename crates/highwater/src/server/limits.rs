//! Raises the limit of open files: every partition and every connection needs some.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Sets the soft limit of open files to the hard one; returns what it is then. `None`: no limit.
pub(crate) fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, limit = limit.current, "the limit of open files stays as it is");
            return limit.current;
        }
    }
    limit.maximum
}
