//! Everything that follows from the log, made anew: for a repair, when queues or index are not to be believed.
//!
//! Invariants: the directory is turned into one of which only the log is known (no mark, a checkpoint that knows no time, no
//! clean stop), and then recovered as after any stop; so a rebuild that is cut off is an unclean stop, and no more. Units
//! of messages that the log no longer has stay, and with them the numbers of queues that have nothing else.

use std::path::Path;

use super::abort;
use super::checkpoint::{CHECKPOINT, Checkpoint};
use super::error::StoreError;
use super::mark::Mark;
use super::recover;
use super::report::RecoveryReport;
use super::settings::StoreOptions;
use super::store::{OWN_DIR, Store};

/// Makes queues and index of the store in `root` from its log, and leaves it as a clean stop does.
///
/// Cost: a pass over the whole log.
///
/// # Errors
/// As [`Store::open`] and [`Store::close`].
pub fn rebuild(root: &Path, options: StoreOptions) -> Result<RecoveryReport, StoreError> {
    recover::refuse_foreign(root)?;
    let disk = std::sync::Arc::clone(options.engine.disk());
    {
        let _lock = abort::lock(root)?;
        abort::create(root, &*disk)?;
        Mark::remove(&*disk, &root.join(OWN_DIR))?;
        if root.join(CHECKPOINT).exists() {
            Checkpoint::default().write(&*disk, root)?;
        }
    }
    let (store, report) = Store::open(root, options)?;
    store.close()?;
    Ok(report)
}
