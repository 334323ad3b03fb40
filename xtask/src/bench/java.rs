//! `cargo xtask bench java`: the Java benchmark of the texts beside our engines, cell by cell in one run.
//!
//! The texts compare `MappedByteBuffer` with `FileChannel` by four programs: reads and writes, of a file in the page cache
//! and of a hole. Each cell is measured by the Java program and by `highwater bench io` in turns, on one file system, with
//! the same block, file size and state, and judged by the ratio of the two in the same run. `bench/java/FileIo.java` is code
//! of our own for the same passes; with `--original DIR`, a checkout of the original, its four programs are run unchanged:
//! only the class that lists the block sizes is ours.
//!
//! Absent on purpose: fetching the original, which names no licence.

mod jvm;
mod ours;
mod outcome;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::clients::server;
use crate::report::{Report, Tally};
use crate::{step, workspace};
use jvm::{Classes, Jvm};
use ours::Ours;
use outcome::Outcome;

/// Options of `bench java`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directory to measure. Default: the system's temporary directory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// A checkout of the original benchmark: runs its programs in place of ours in Java. They take no other file size than 1 GiB,
    /// and no limit of time: most of an hour.
    #[arg(long)]
    original: Option<PathBuf>,
    /// Size of the file.
    #[arg(long, default_value_t = GIB)]
    file_bytes: u64,
    /// Block sizes in bytes. Default: the thirteen of the original.
    #[arg(long, value_delimiter = ',')]
    sizes: Vec<u64>,
    /// How often each cell is measured.
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// A pass over the file ends after so many milliseconds, in Java and in ours. Not with `--original`.
    #[arg(long, default_value_t = 2000)]
    cell_ms: u64,
    /// Only these programs: read-cached, write-cached, read-hole, write-hole.
    #[arg(long = "program", value_delimiter = ',')]
    programs: Vec<String>,
    /// A program that is built already, in place of building one for release.
    #[arg(long)]
    highwater: Option<PathBuf>,
    /// Write docs/java-comparison.md.
    #[arg(long)]
    write: bool,
}

const GIB: u64 = 1 << 30;

/// The block sizes of the original.
const SIZES: [u64; 13] = [
    64,
    128,
    512,
    1 << 10,
    2 << 10,
    4 << 10,
    8 << 10,
    32 << 10,
    64 << 10,
    1 << 20,
    32 << 20,
    64 << 20,
    512 << 20,
];

/// Before the first cell of a program, one that does not count: code is compiled, pages become mapped and writable.
const WARM_UP_BYTES: u64 = 1 << 20;

/// One of the four programs.
#[derive(Debug)]
struct Program {
    name: &'static str,
    /// What the original calls it.
    class: &'static str,
    /// What measures the same in `highwater bench io`.
    experiment: &'static str,
    title: &'static str,
    /// The file is there for all cells and wholly in the page cache.
    cached: bool,
}

const PROGRAMS: [Program; 4] = [
    Program {
        name: "read-cached",
        class: "ReadWithPageCache",
        experiment: "read-resident",
        title: "Reads of a file in the page cache",
        cached: true,
    },
    Program {
        name: "write-cached",
        class: "WriteWithPageCache",
        experiment: "write-resident",
        title: "Writes to a file in the page cache",
        cached: true,
    },
    Program {
        name: "read-hole",
        class: "ReadWithOutPageCache",
        experiment: "read-hole",
        title: "Reads of a hole",
        cached: false,
    },
    Program {
        name: "write-hole",
        class: "WriteWithOutPageCache",
        experiment: "write-hole",
        title: "Writes to a hole",
        cached: false,
    },
];

/// What a run is asked to do.
#[derive(Debug)]
struct Plan {
    dir: PathBuf,
    file_bytes: u64,
    sizes: Vec<u64>,
    runs: u32,
    /// Absent: whole passes.
    cell_ms: Option<u64>,
    programs: Vec<&'static Program>,
}

impl Plan {
    fn of(args: &Args) -> Result<Self> {
        ensure!(
            args.original.is_none() || args.file_bytes == GIB,
            "the original's programs know no other file size than 1 GiB"
        );
        let mut sizes = args.sizes.clone();
        if sizes.is_empty() {
            sizes = SIZES.to_vec();
            sizes.retain(|size| *size <= args.file_bytes);
        }
        ensure!(
            sizes
                .iter()
                .all(|size| (1..=args.file_bytes.min(512 << 20)).contains(size)),
            "a block has from 1 byte to the file's size, and at most 512 MiB"
        );
        ensure!(args.runs > 0, "--runs 0 measures nothing");
        for name in &args.programs {
            ensure!(
                PROGRAMS.iter().any(|program| program.name == name),
                "no program `{name}`; there are read-cached, write-cached, read-hole, write-hole"
            );
        }
        let wanted = |program: &&Program| {
            args.programs.is_empty() || args.programs.iter().any(|name| name == program.name)
        };
        Ok(Self {
            dir: args.dir.clone().unwrap_or_else(std::env::temp_dir),
            file_bytes: args.file_bytes,
            sizes,
            runs: args.runs,
            cell_ms: args.original.is_none().then_some(args.cell_ms),
            programs: PROGRAMS.iter().filter(wanted).collect(),
        })
    }
}

/// Runs both sides and prints what came out. False where one of our cells is slower beyond doubt.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let plan = Plan::of(args)?;
    let Some(program) = program(args)? else {
        return Ok(false);
    };
    let outcome = measure(&plan, args.original.as_deref(), &program)?;
    let base = workspace::target_dir().join("java-comparison");
    outcome.save(&program, &base)?;
    println!("{}", outcome.text());
    println!(
        "{}\n{}",
        base.with_extension("json").display(),
        base.with_extension("html").display()
    );
    if args.write {
        let page = workspace::root().join("docs/java-comparison.md");
        std::fs::write(&page, outcome.page()).with_context(|| page.display().to_string())?;
        println!("{}", page.display());
    }
    Ok(outcome.slower() == 0)
}

/// The program to measure; none where it does not build.
fn program(args: &Args) -> Result<Option<PathBuf>> {
    if let Some(program) = &args.highwater {
        let found = program.canonicalize();
        return found
            .map(Some)
            .with_context(|| program.display().to_string());
    }
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--quiet", "-p", "highwater"]);
    let program = workspace::target_dir().join("release/highwater");
    Ok(step::passes(&mut build)?.then_some(program))
}

/// What `cargo xtask test` runs of this: small files, to see that both sides measure the same cells and the report is made.
pub(crate) fn test_steps(report: &mut Report) {
    report.step("the Java benchmark beside ours", smoke);
}

fn smoke() -> Result<Tally> {
    server::build()?;
    let scratch = tempfile::tempdir()?;
    let plan = Plan {
        dir: scratch.path().to_path_buf(),
        file_bytes: 8 << 20,
        sizes: vec![512, 64 << 10, 1 << 20],
        runs: 2,
        cell_ms: Some(50),
        programs: PROGRAMS.iter().collect(),
    };
    let binary = server::binary();
    let outcome = measure(&plan, None, Path::new(&binary))?;
    outcome.save(Path::new(&binary), &scratch.path().join("report"))?;
    ensure!(
        outcome.cells() == plan.programs.len() * plan.sizes.len() * 2,
        "cells are missing:\n{}",
        outcome.text()
    );
    let html = std::fs::read_to_string(scratch.path().join("report.html"))?;
    ensure!(
        html.matches("class=\"chart\"").count() == plan.programs.len(),
        "a chart is missing"
    );
    let page = outcome.page();
    for title in plan.programs.iter().map(|program| program.title) {
        ensure!(page.contains(title), "`{title}` is not on the page");
    }
    ensure!(
        std::fs::read_dir(scratch.path())?.count() == 2,
        "something was left behind"
    );
    Ok(Tally::single(true))
}

/// All cells of all programs, run by run; the sides take turns in going first.
fn measure(plan: &Plan, original: Option<&Path>, highwater: &Path) -> Result<Outcome> {
    let classes = match original {
        Some(dir) => Classes::of_the_original(dir)?,
        None => Classes::ours()?,
    };
    let ours = Ours::new(highwater, plan);
    let mut outcome = Outcome::new(plan, &classes);
    for program in &plan.programs {
        let mut java = Jvm::start(&classes, program, plan)?;
        java.cell(WARM_UP_BYTES.min(plan.file_bytes))?;
        for run in 0..plan.runs {
            for block in &plan.sizes {
                eprintln!(
                    "{}, run {} of {}, {block} bytes",
                    program.name,
                    run + 1,
                    plan.runs
                );
                let java_first = run % 2 == 0;
                let theirs = if java_first {
                    Some(java.cell(*block)?)
                } else {
                    None
                };
                let cell = ours.cell(program, *block, java_first)?;
                let theirs = match theirs {
                    Some(theirs) => theirs,
                    None => java.cell(*block)?,
                };
                outcome.add(program, *block, &theirs, &cell);
            }
        }
        java.end()?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests;
