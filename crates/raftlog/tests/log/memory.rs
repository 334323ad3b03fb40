//! A log larger than the memory that its process may have: appended, read at random and opened again in a child process
//! whose own memory the system limits. (The page cache is the system's, and reclaimed when it wants.)

use std::process::Command;

use raftlog::{Entry, LogConfig, Logstore, LogstoreOptions};
use rustix::process::{Resource, Rlimit, setrlimit};
use segment::EngineKind;

use crate::crash_disk::Dice;

/// Tells the child what to do.
const ENGINE: &str = "RAFTLOG_MEMORY_CHILD";

/// What the child's heap, stacks and other private memory may come to.
const MEMORY_BYTES: u64 = 80 << 20;
const PAYLOAD_BYTES: usize = 64 * 1024;
const ENTRIES: u64 = 3000;

#[test]
fn a_log_may_be_larger_than_memory() {
    for engine in EngineKind::ALL {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "memory::the_child_of_that", "--test-threads=1"])
            .env(ENGINE, engine.name())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{engine}: {said}");
        assert!(said.contains("1 passed"), "{engine}: {said}");
    }
}

fn payload(index: u64) -> Vec<u8> {
    let mut dice = Dice::new(index);
    let mut payload: Vec<u8> = (0..64)
        .flat_map(|_| dice.below(u64::MAX).to_le_bytes())
        .collect();
    payload.resize(PAYLOAD_BYTES, u8::try_from(index % 251).unwrap());
    payload
}

#[test]
fn the_child_of_that() {
    let Ok(engine) = std::env::var(ENGINE) else {
        return;
    };
    let limit = Some(MEMORY_BYTES);
    setrlimit(
        Resource::Data,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = LogConfig {
        segment_bytes: 32 << 20,
        cache_bytes: 8 << 20,
        ..LogConfig::default()
    };
    let open = || {
        let options = LogstoreOptions {
            engine: engine.parse().unwrap(),
            ..LogstoreOptions::default()
        };
        let store = Logstore::open(folder.path(), options).unwrap();
        store.open_log("g", config.clone()).unwrap()
    };
    assert!(ENTRIES * PAYLOAD_BYTES as u64 > 2 * MEMORY_BYTES);
    let (log, _) = open();
    for first in (0..ENTRIES).step_by(20) {
        let some: Vec<Entry> = (first..first + 20)
            .map(|index| Entry::new(index, 1, payload(index)))
            .collect();
        log.append_and_wait(&some).unwrap();
    }
    drop(log);
    let (log, report) = open();
    assert_eq!(report.entries_walked, 0);
    let mut dice = Dice::new(1);
    for _ in 0..500 {
        let index = dice.below(ENTRIES);
        let found = log.read(index..index + 1, 0).unwrap();
        assert_eq!(found[0].payload, payload(index));
    }
    // All of it once, in order, as a follower that is far behind would ask for it.
    let mut next = 0;
    while next < ENTRIES {
        let found = log.read(next..ENTRIES, 1 << 20).unwrap();
        assert_eq!(found[0].payload, payload(next));
        next = found.last().unwrap().index + 1;
    }
}
