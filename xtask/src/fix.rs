//! `cargo xtask fix`: the counterpart of `check` that writes.

use anyhow::Result;

use crate::report::Report;
use crate::{step, tidy, workspace};

/// Applies clippy's own fixes, formats, and lowers the function-length ratchet to what the code now is.
pub(crate) fn run() -> Result<bool> {
    let mut report = Report::new();
    report.step("clippy --fix", || {
        let args = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--fix",
            "--allow-dirty",
            "--allow-staged",
        ];
        step::single(workspace::cargo().args(args))
    });
    report.step("format", || {
        step::single(workspace::cargo().args(["fmt", "--all"]))
    });
    report.step("ratchet", tidy::lower_ratchet);
    Ok(report.finish())
}
