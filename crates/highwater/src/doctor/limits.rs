//! The limit of open files. (That of locked memory is in `engines`, where it is tried.)

use rustix::process::{Resource, getrlimit};

use super::{Finding, Verdict};

/// From here on nobody has to count.
const COMFORTABLE: u64 = 65_536;
/// Below this a few hundred partitions use it up.
const TOO_FEW: u64 = 4096;

/// `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    pub(super) open_files_soft: Option<u64>,
    pub(super) open_files_hard: Option<u64>,
}

impl Facts {
    pub(super) fn read() -> Self {
        let limit = getrlimit(Resource::Nofile);
        Self {
            open_files_soft: limit.current,
            open_files_hard: limit.maximum,
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let name = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), |n| n.to_string());
    let found = format!(
        "{} of at most {}",
        name(facts.open_files_soft),
        name(facts.open_files_hard)
    );
    let (verdict, has_to_change) = match facts.open_files_hard {
        None => (Verdict::Ok, false),
        Some(limit) if limit >= COMFORTABLE => (Verdict::Ok, false),
        Some(limit) if limit >= TOO_FEW => (Verdict::Note, true),
        Some(limit) if limit >= 512 => (Verdict::Warn, true),
        Some(_) => (Verdict::Fail, true),
    };
    let finding = Finding::new("limits.open_files", verdict, found).why(
        "each connection holds a descriptor and each partition in use up to four; the server raises \
         the first number to the second by itself",
    );
    vec![if has_to_change {
        finding.change(
            "LimitNOFILE=1048576 in the [Service] section of the unit, or `highwater hard nofile \
             1048576` in /etc/security/limits.conf",
        )
    } else {
        finding
    }]
}
