//! `cargo xtask bench store`: the segment store alone, against the plain loops it is made of.

use anyhow::Result;

use crate::{step, workspace};

/// Options of `bench store`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Smaller and fewer rounds: to see that it runs, not for figures.
    #[arg(long)]
    quick: bool,
    /// Where to put the files; the disk to be measured. Default: the system's temporary directory.
    #[arg(long)]
    dir: Option<std::path::PathBuf>,
}

/// Runs the benchmark that lives with the crate (`crates/segment/benches/store.rs`).
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut command = workspace::cargo();
    command.args([
        "bench", "--quiet", "-p", "segment", "--bench", "store", "--",
    ]);
    if args.quick {
        command.arg("--quick");
    }
    if let Some(dir) = &args.dir {
        command.arg("--dir").arg(dir);
    }
    step::passes(&mut command)
}
