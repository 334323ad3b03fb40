//! Random steps on every engine: the log is its model at each step, and after a loss of power at any write or sync it is a
//! prefix that holds everything that was acknowledged.
//!
//! More cases: `RAFTLOG_CASES=500 cargo test -p raftlog --test log model`. A loss of power at *every* write and sync, not at
//! one in four, and each in several ways: `RAFTLOG_IMAGES=3` beside it.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use segment::EngineKind;

use crate::script::{Run, Sample, steps};

const CASES: u32 = 20;

/// Which losses of power are looked at.
fn sample() -> Sample {
    std::env::var("RAFTLOG_IMAGES").map_or(Sample::OneEventIn(4), |images| {
        Sample::EveryEvent(images.parse().unwrap())
    })
}

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
        run.crash_often(seed, sample());
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
