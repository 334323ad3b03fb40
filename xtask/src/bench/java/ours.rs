//! Our side of a cell: `highwater bench io` for one experiment and one block size, twice. The first pass does not count, like Java's:
//! the first over a hole in a process takes up to three times as long, for the kernel's zeroing of its pages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Plan, Program};
use crate::step;

/// How our side is run.
#[derive(Debug)]
pub(super) struct Ours {
    highwater: PathBuf,
    dir: PathBuf,
    file_bytes: u64,
    cell_ms: u64,
}

/// What one call measured.
#[derive(Debug)]
pub(super) struct OurCell {
    /// A sample each, as the report has it, with what the page cache held before and after; none where the state was not
    /// reached, or lost meanwhile.
    pub(super) mmap: Option<Value>,
    pub(super) file: Option<Value>,
    /// All of the report, for its header.
    pub(super) report: Value,
}

impl Ours {
    pub(super) fn new(highwater: &Path, plan: &Plan) -> Self {
        Self {
            highwater: highwater.to_path_buf(),
            dir: plan.dir.clone(),
            file_bytes: plan.file_bytes,
            // Longer than any pass takes.
            cell_ms: plan.cell_ms.unwrap_or(3_600_000),
        }
    }

    /// Measures both engines with blocks of this size.
    pub(super) fn cell(&self, program: &Program, block: u64, mmap_first: bool) -> Result<OurCell> {
        let mut command = Command::new(&self.highwater);
        command.args(["bench", "io", "--format", "json", "--runs", "2", "--only"]);
        command.arg(program.experiment).arg("--dir").arg(&self.dir);
        let engines = if mmap_first {
            ["mmap", "file"]
        } else {
            ["file", "mmap"]
        };
        for engine in engines {
            command.args(["--engine", engine]);
        }
        command.args(["--sizes", &block.to_string()]);
        command.args(["--file-bytes", &self.file_bytes.to_string()]);
        command.args(["--cell-ms", &self.cell_ms.to_string()]);
        let text = step::output(&mut command)?;
        let report: Value = serde_json::from_str(&text).context("the report of bench io")?;
        Ok(OurCell {
            mmap: sample(&report, "mmap"),
            file: sample(&report, "file"),
            report,
        })
    }
}

/// The second sample of an engine. Why there is none is told to whoever watches.
fn sample(report: &Value, engine: &str) -> Option<Value> {
    let experiment = &report["experiments"][0];
    let series = experiment["series"].as_array().into_iter().flatten();
    let mut series = series.filter(|series| series["name"] == engine);
    let point = &series.next()?["points"][0];
    let sample = &point["samples"][1];
    if sample["value"].as_f64().is_some_and(|value| value > 0.0) {
        return Some(sample.clone());
    }
    eprintln!("   {engine}: {}", point["refused"]);
    None
}
