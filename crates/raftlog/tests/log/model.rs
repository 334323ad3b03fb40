//! Random steps on every engine: the log is its model at each step, and after a loss of power at any write or sync it is a
//! prefix that holds everything that was acknowledged.
//!
//! More rounds: `RAFTLOG_CASES=500 cargo test -p raftlog --test log model`.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use segment::EngineKind;

use crate::script::{Run, steps};

const CASES: u32 = 20;

/// One event in so many is looked at.
const RARITY: u64 = 4;

fn cases() -> u32 {
    std::env::var("RAFTLOG_CASES").map_or(CASES, |cases| cases.parse().unwrap())
}

fn check(engine: EngineKind) {
    let mut runner = TestRunner::new(Config {
        cases: cases(),
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&(steps(), any::<u64>()), |(steps, seed)| {
        let mut run = Run::new(engine);
        run.crash_often(seed, RARITY);
        for step in &steps {
            run.step(step);
        }
        run.check_images();
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{engine}: {error}"));
}

#[test]
fn model_on_mmap() {
    check(EngineKind::Mmap);
}

#[test]
fn model_on_file() {
    check(EngineKind::File);
}

#[test]
fn model_on_staged() {
    check(EngineKind::Staged);
}

#[test]
fn model_on_direct() {
    check(EngineKind::Direct);
}
