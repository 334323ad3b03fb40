//! Disks that fail.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use segment::{
    Appender, Chain, ChainListener, EngineKind, Fault, FaultyDisk, Mark, Marks, SegmentError,
};

use crate::store::{SUFFIX, Store, pattern};

fn faulty(kind: EngineKind, dir: &std::path::Path) -> (Store, Arc<FaultyDisk>) {
    let disk = FaultyDisk::new();
    (Store::on(kind, dir, Arc::clone(&disk) as _), disk)
}

#[test]
fn short_writes_are_continued() {
    for kind in EngineKind::ALL {
        for most in [1, 777, 4096, 10_000] {
            let dir = tempfile::tempdir().unwrap();
            let (store, disk) = faulty(kind, dir.path());
            let (chain, mut appender) = store.open();
            appender.roll(0).unwrap();
            disk.plan(Fault::ShortWrites(most));
            let (a, b) = (pattern(1, 3000), pattern(2, 9000));
            appender
                .append(&[IoSlice::new(&a), IoSlice::new(&b)])
                .unwrap();
            let end = appender
                .append(&[IoSlice::new(&b), IoSlice::new(&a)])
                .unwrap()
                .end;
            chain.flush_to(end).unwrap();
            let file = chain.active().unwrap().path();
            appender.close().unwrap();
            let expected = [a.clone(), b.clone(), b, a].concat();
            assert!(std::fs::read(file).unwrap() == expected, "{kind}, {most}");
        }
    }
}

/// Appends until an error that is not `Full`; returns that and what was taken.
fn append_until_error(appender: &mut Appender) -> (Vec<u8>, SegmentError) {
    let mut taken = Vec::new();
    for seed in 0.. {
        let bytes = pattern(seed, 20_000);
        match appender.append(&[IoSlice::new(&bytes)]) {
            Ok(_) => taken.extend(bytes),
            Err(error) => return (taken, error),
        }
    }
    unreachable!()
}

#[test]
fn a_full_disk_is_an_error_and_service_resumes() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let (store, disk) = faulty(kind, dir.path());
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        disk.plan(Fault::AllocationsFail(0, libc::ENOSPC));
        let (mut taken, error) = append_until_error(&mut appender);
        assert!(
            matches!(error, SegmentError::NoSpace { .. }),
            "{kind}: {error}"
        );
        assert!(error.is_retryable());
        assert!(!taken.is_empty(), "the space there was is used");
        assert!(
            matches!(appender.roll(9), Err(SegmentError::NoSpace { .. })),
            "{kind}"
        );
        // Everything taken is there and can be made durable while the disk is full.
        let end = chain.flush_to(chain.marks().written).unwrap();
        assert_eq!(end.0, taken.len() as u64);
        assert!(*chain.active().unwrap().lease(0..end.0).unwrap() == *taken);
        disk.lift();
        appender.append(&[IoSlice::new(b"resumed")]).unwrap();
        taken.extend(b"resumed");
        appender.roll(9).unwrap();
        appender.append(&[IoSlice::new(b"next")]).unwrap();
        appender.close().unwrap();
        let found = Chain::scan(dir.path(), SUFFIX).unwrap();
        assert!(
            std::fs::read(found[0].path(dir.path(), SUFFIX)).unwrap() == taken,
            "{kind}"
        );
        assert_eq!(
            std::fs::read(found[1].path(dir.path(), SUFFIX)).unwrap(),
            b"next"
        );
    }
}

#[test]
fn a_write_that_finds_no_space_half_way_has_not_happened() {
    for kind in [EngineKind::File, EngineKind::Staged] {
        let dir = tempfile::tempdir().unwrap();
        let (store, disk) = faulty(kind, dir.path());
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        appender.append(&[IoSlice::new(b"before")]).unwrap();
        chain.commit_to(chain.marks().written).unwrap();
        disk.plan(Fault::ShortWrites(1000));
        disk.plan(Fault::WritesFail(3, libc::ENOSPC));
        // Large enough that no engine keeps it in memory.
        let error = appender
            .append(&[IoSlice::new(&pattern(1, 100_000))])
            .unwrap_err();
        assert!(
            matches!(error, SegmentError::NoSpace { .. }),
            "{kind}: {error}"
        );
        let file = chain.active().unwrap().path();
        assert_eq!(std::fs::read(&file).unwrap(), b"before", "{kind}");
        disk.lift();
        appender.append(&[IoSlice::new(b" after")]).unwrap();
        appender.close().unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"before after", "{kind}");
    }
}

#[test]
fn a_commit_that_finds_no_space_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let (store, disk) = faulty(EngineKind::Staged, dir.path());
    let (chain, mut appender) = store.open();
    appender.roll(0).unwrap();
    disk.plan(Fault::WritesFail(0, libc::ENOSPC));
    let end = appender.append(&[IoSlice::new(b"staged")]).unwrap().end;
    let error = chain.request(Mark::Committed, end).unwrap_err();
    assert!(matches!(error, SegmentError::NoSpace { .. }), "{error}");
    assert_eq!(&*chain.active().unwrap().lease(0..6).unwrap(), b"staged");
    disk.lift();
    // Nobody asks again: the timer repeats the commit.
    while chain.marks().committed < end {
        std::thread::yield_now();
    }
    assert_eq!(
        std::fs::read(chain.active().unwrap().path()).unwrap(),
        b"staged"
    );
}

#[derive(Default)]
struct Poisonings(AtomicU32);

impl ChainListener for Poisonings {
    fn marks_moved(&self, _marks: Marks) {}
    fn poisoned(&self, _error: &SegmentError) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_failed_sync_poisons_for_ever() {
    for kind in EngineKind::ALL {
        // The first sync of a new file is its directory's.
        for (nth, durable) in [(0, 0), (1, 0), (2, 5)] {
            let dir = tempfile::tempdir().unwrap();
            let (mut store, disk) = faulty(kind, dir.path());
            let poisonings = Arc::new(Poisonings::default());
            store.listener = Arc::clone(&poisonings) as _;
            let (chain, mut appender) = store.open();
            // Starting the direct engine has synced once, before there was a plan.
            disk.plan(Fault::OneSyncFails(nth, libc::EIO));
            appender.roll(0).unwrap();
            let first = appender.append(&[IoSlice::new(b"first")]).unwrap().end;
            let result = chain.flush_to(first);
            assert_eq!(result.is_ok(), nth == 2, "{kind} {nth}: {result:?}");
            if result.is_ok() {
                let second = appender.append(&[IoSlice::new(b"second")]).unwrap().end;
                assert!(matches!(
                    chain.flush_to(second),
                    Err(SegmentError::Poisoned(_))
                ));
            }
            let syncs = disk.syncs();
            // Never repeated, never lifted, though the next sync would succeed.
            for _ in 0..3 {
                let written = chain.marks().written;
                assert!(matches!(
                    chain.flush_to(written),
                    Err(SegmentError::Poisoned(_))
                ));
                let again = appender.append(&[IoSlice::new(b"x")]);
                assert!(matches!(again, Err(SegmentError::Poisoned(_))), "{kind}");
            }
            assert!(chain.poisoned().is_some());
            assert_eq!(disk.syncs(), syncs, "{kind}: not retried");
            assert_eq!(chain.marks().durable.0, durable, "{kind}");
            // Waiters and the listener hear of it in no particular order.
            while poisonings.0.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            assert_eq!(poisonings.0.load(Ordering::SeqCst), 1, "told once");
            assert_eq!(
                &*chain.active().unwrap().lease(0..5).unwrap(),
                b"first",
                "{kind}: read on"
            );
        }
    }
}

#[test]
fn a_write_that_fails_for_good_poisons() {
    for kind in [EngineKind::File, EngineKind::Staged, EngineKind::Direct] {
        let dir = tempfile::tempdir().unwrap();
        let (store, disk) = faulty(kind, dir.path());
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        disk.plan(Fault::WritesFail(0, libc::EIO));
        let outcome = appender
            .append(&[IoSlice::new(b"lost")])
            .and_then(|appended| chain.commit_to(appended.end));
        assert!(
            matches!(outcome, Err(SegmentError::Poisoned(_))),
            "{kind}: {outcome:?}"
        );
        assert_eq!(chain.marks().committed.0, 0, "{kind}");
    }
}

#[test]
fn a_file_cut_under_a_mapping_is_an_error_and_not_the_end() {
    for kind in [EngineKind::Mmap, EngineKind::Staged] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(kind, dir.path());
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        let end = appender
            .append(&[IoSlice::new(&pattern(1, 50_000))])
            .unwrap()
            .end;
        chain.flush_to(end).unwrap();
        let segment = chain.active().unwrap();
        let lease = segment.lease(0..50_000).unwrap();
        assert!(*lease == *pattern(1, 50_000) && lease.is_intact());
        // What no sane program does to a mapped file.
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(segment.path())
            .unwrap();
        // The thread that takes space ahead may just now give the file its length back: then again.
        for _ in 0..1000 {
            file.set_len(0).unwrap();
            assert!(
                lease.iter().all(|byte| *byte == 0),
                "empty pages in place of lost ones"
            );
            if !lease.is_intact() {
                break;
            }
        }
        assert!(!lease.is_intact(), "{kind}");
        if kind == EngineKind::Mmap {
            assert!(segment.read_into(0, &mut [0; 100]).is_err());
            let next = appender.append(&[IoSlice::new(b"next")]);
            assert!(matches!(next, Err(SegmentError::Poisoned(_))), "{next:?}");
        }
    }
}

#[test]
fn truncation_waits_for_leases() {
    for kind in [EngineKind::Mmap, EngineKind::Staged] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(kind, dir.path());
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        let end = appender
            .append(&[IoSlice::new(&pattern(1, 5000))])
            .unwrap()
            .end;
        chain.commit_to(end).unwrap();
        let lease = chain.active().unwrap().lease(0..5000).unwrap();
        assert!(
            matches!(appender.truncate(0, 10), Err(SegmentError::Leased { .. })),
            "{kind}"
        );
        assert_eq!(chain.marks().written, end, "nothing happened");
        assert!(*lease == *pattern(1, 5000));
        drop(lease);
        appender.truncate(0, 10).unwrap();
        appender.append(&[IoSlice::new(b"new")]).unwrap();
        let all = chain.active().unwrap().lease(0..13).unwrap();
        assert!(all[..10] == pattern(1, 5000)[..10] && all[10..] == *b"new");
    }
}

#[test]
fn a_removed_segment_stays_readable_while_it_is_lent() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(kind, dir.path());
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        appender.append(&[IoSlice::new(&pattern(1, 5000))]).unwrap();
        let segment = appender.roll(10).map(|_| chain.first().unwrap()).unwrap();
        let lease = segment.lease(0..5000).unwrap();
        assert_eq!(chain.remove_front(10).unwrap().len(), 1);
        store.flush.wait_reaped();
        assert!(!segment.path().exists());
        assert!(*lease == *pattern(1, 5000), "{kind}");
        assert!(
            *segment.lease(100..200).unwrap() == pattern(1, 5000)[100..200],
            "{kind}"
        );
        assert!(chain.find(5).is_none());
    }
}
