//! Appends larger than any buffer, and reads of every alignment.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use segment::{ChainListener, EngineKind, Fault, FaultyDisk, Marks, Position, SegmentError};

use crate::store::{Store, pattern};

/// Lengths of the appends: within a block, over several writes of each engine, and again small.
const LENGTHS: [usize; 6] = [10, (3 << 20) + 17, 1, 9 << 20, (64 << 10) - 5, 64 << 10];

const CAPACITY: u64 = 16 << 20;

fn ends() -> Vec<u64> {
    let sum = |total: &mut u64, len: &usize| {
        *total += *len as u64;
        Some(*total)
    };
    std::iter::once(0)
        .chain(LENGTHS.iter().scan(0, sum))
        .collect()
}

/// Notes a mark of written bytes that lies within an append. `Marks` has it at least as high as what is committed, so no mark
/// is above the appends that have returned.
struct Whole(AtomicBool);

impl Whole {
    fn look(&self, marks: Marks) {
        let in_order = marks.durable <= marks.committed && marks.committed <= marks.written;
        if !in_order || !ends().contains(&marks.written.0) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl ChainListener for Whole {
    fn marks_moved(&self, marks: Marks) {
        self.look(marks);
    }
    fn poisoned(&self, _error: &SegmentError) {}
}

#[test]
fn no_mark_runs_ahead_into_an_append_that_is_under_way() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::new(kind, dir.path());
        store.config.spec.capacity_bytes = CAPACITY;
        let torn = Arc::new(Whole(AtomicBool::new(false)));
        store.listener = Arc::clone(&torn) as _;
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        let all = pattern(3, LENGTHS.iter().sum());
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    torn.look(chain.marks());
                    std::thread::yield_now();
                }
            });
            let mut at = 0;
            for len in LENGTHS {
                let (first, second) = all[at..at + len].split_at(len / 3);
                let parts = [IoSlice::new(first), IoSlice::new(second)];
                // Ends the observer, too, whatever happens.
                let appended = appender.append(&parts);
                at += len;
                let end = appended.map(|appended| appended.end);
                if end.as_ref().ok() != Some(&Position(at as u64)) {
                    done.store(true, Ordering::Relaxed);
                    panic!("{kind}: {end:?} instead of {at}");
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        chain.flush_to(Position(all.len() as u64)).unwrap();
        assert!(
            !torn.0.load(Ordering::Relaxed),
            "{kind}: a mark within an append"
        );
        let segment = chain.active().unwrap();
        assert!(
            *segment.lease(0..all.len() as u64).unwrap() == *all,
            "{kind}"
        );
        appender.seal().unwrap();
        assert!(std::fs::read(segment.path()).unwrap() == all, "{kind}");
    }
}

/// What `direct` reads may lie on a block's boundary in the file, in memory, in both or in neither.
#[test]
fn reads_of_every_alignment_are_the_bytes() {
    let all = pattern(5, 3 << 20);
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::new(kind, dir.path());
        store.config.spec.capacity_bytes = CAPACITY;
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        appender.append(&[IoSlice::new(&all)]).unwrap();
        appender.roll(1).unwrap();
        let segment = chain.segments().first().cloned().unwrap();
        let mut memory = vec![0; all.len() + 8192];
        let boundary = memory.as_ptr().align_offset(4096);
        for at in [0, 1, 4095, 4096, 5000, 1 << 20] {
            for skip in [0, 1, at % 4096, 4095] {
                for len in [1, 100, 4095, 4096, 4097, 70_000, (1 << 20) + 5000, 3 << 20] {
                    let len = len.min(all.len() - at);
                    let out = &mut memory[boundary + skip..][..len];
                    out.fill(0);
                    let n = segment.read_into(at as u64, out).unwrap();
                    assert_eq!(n, len, "{kind} {at} {skip} {len}");
                    assert!(*out == all[at..at + len], "{kind} {at} {skip} {len}");
                    let range = at as u64..(at + len) as u64;
                    assert!(*segment.lease(range).unwrap() == *out, "{kind} {at} {len}");
                }
            }
        }
        // Beyond the end there is nothing, however the memory lies.
        let end = all.len();
        let out = &mut memory[boundary..][..8192];
        assert_eq!(
            segment.read_into(end as u64 - 10, out).unwrap(),
            10,
            "{kind}"
        );
        assert!(out[..10] == all[end - 10..], "{kind}");
    }
}

/// A write of a large append fails after others of it have reached the disk: none of it counts, and nothing after it is taken.
#[test]
fn a_large_append_that_fails_half_way_has_not_happened() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let mut store = Store::on(EngineKind::Direct, dir.path(), Arc::clone(&disk) as _);
    store.config.spec.capacity_bytes = CAPACITY;
    let (chain, mut appender) = store.open();
    appender.roll(0).unwrap();
    let small = appender.append(&[IoSlice::new(b"small")]).unwrap().end;
    chain.flush_to(small).unwrap();
    disk.plan(Fault::WritesFail(3, libc::EIO));
    let large = pattern(1, 12 << 20);
    let outcome = appender
        .append(&[IoSlice::new(&large)])
        .and_then(|appended| chain.commit_to(appended.end));
    assert!(
        matches!(outcome, Err(SegmentError::Poisoned(_))),
        "{outcome:?}"
    );
    assert_eq!(chain.marks().committed, small);
    let later = appender.append(&[IoSlice::new(b"more")]);
    assert!(matches!(later, Err(SegmentError::Poisoned(_))), "{later:?}");
}
