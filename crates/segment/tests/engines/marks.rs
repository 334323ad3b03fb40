//! Marks, listeners and rules.

use std::io::IoSlice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use segment::{
    ChainListener, EngineKind, Fault, FaultyDisk, FlushRules, Mark, Marks, Position, SegmentError,
};

use crate::store::{Store, pattern};

/// Sends what it hears.
struct Heard(SyncSender<Marks>);

impl ChainListener for Heard {
    fn marks_moved(&self, marks: Marks) {
        let _ = self.0.try_send(marks);
    }
    fn poisoned(&self, _error: &SegmentError) {}
}

fn heard() -> (Arc<Heard>, Receiver<Marks>) {
    let (send, receive) = sync_channel(10_000);
    (Arc::new(Heard(send)), receive)
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_request_is_answered_through_the_listener() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::new(kind, dir.path());
        let (listener, marks) = heard();
        store.listener = listener;
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        let mut end = Position(0);
        for round in 0..20 {
            end = appender
                .append(&[IoSlice::new(&pattern(round, 5000))])
                .unwrap()
                .end;
            // The others may be done, too, by now: an earlier commit takes along what has piled up.
            let is_committed = chain.marks().committed == end;
            let at_once = matches!(kind, EngineKind::Mmap | EngineKind::File);
            assert!(is_committed || !at_once, "{kind}");
            chain.request(Mark::Committed, end).unwrap();
        }
        while chain.marks().committed < end {
            marks.recv_timeout(LONG).unwrap();
        }
        chain.request(Mark::Durable, end).unwrap();
        while chain.marks().durable < end {
            marks.recv_timeout(LONG).unwrap();
        }
        let file = chain.active().unwrap().path();
        assert!(std::fs::metadata(file).unwrap().len() >= end.0);
    }
}

/// Who waits for bytes that retention takes away unsynced would wait for ever otherwise.
#[test]
fn the_listener_hears_that_removed_bytes_need_no_sync() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::new(EngineKind::File, dir.path());
    let (listener, marks) = heard();
    store.listener = listener;
    let (chain, mut appender) = store.open();
    appender.roll(0).unwrap();
    let end = appender
        .append(&[IoSlice::new(b"short lived")])
        .unwrap()
        .end;
    appender.roll(1).unwrap();
    chain.remove_front(1).unwrap();
    while marks.recv_timeout(LONG).unwrap().durable < end {}
}

#[test]
fn who_waits_shares_a_sync() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let store = Store::on(EngineKind::File, dir.path(), Arc::clone(&disk) as _);
    let (chain, mut appender) = store.open();
    appender.roll(0).unwrap();
    disk.plan(Fault::SyncsHang);
    let first = appender.append(&[IoSlice::new(b"first")]).unwrap().end;
    chain.request(Mark::Durable, first).unwrap();
    while disk.syncs() == 0 {
        std::thread::yield_now();
    }
    // The directory's sync hangs: these all come too late for that round, and share the next.
    let mut end = first;
    for _ in 0..50 {
        end = appender.append(&[IoSlice::new(b"later")]).unwrap().end;
        chain.request(Mark::Durable, end).unwrap();
    }
    disk.lift();
    chain.flush_to(end).unwrap();
    assert!(disk.syncs() <= 4, "{} syncs", disk.syncs());
    assert_eq!(chain.unsynced_bytes(), 0);
    assert!(chain.unsynced_since().is_none());
}

/// Remembers how far the log was durable when it was told, and on which thread.
#[derive(Default)]
struct Where(Mutex<Vec<(Position, ThreadId)>>);

impl ChainListener for Where {
    fn marks_moved(&self, marks: Marks) {
        let me = std::thread::current().id();
        self.0.lock().unwrap().push((marks.durable, me));
    }
    fn poisoned(&self, _error: &SegmentError) {}
}

#[test]
fn a_caller_with_nothing_else_to_do_makes_the_sync_itself() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::new(kind, dir.path());
        let heard = Arc::new(Where::default());
        store.listener = Arc::clone(&heard) as _;
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        for round in 0..3 {
            let bytes = pattern(round, 100);
            let end = appender.append(&[IoSlice::new(&bytes)]).unwrap().end;
            assert_eq!(chain.flush_here_to(end).unwrap(), end, "{kind}");
            let here = (end, std::thread::current().id());
            assert!(heard.0.lock().unwrap().contains(&here), "{kind}");
        }
    }
}

#[test]
fn a_caller_that_could_sync_itself_shares_what_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let store = Store::on(EngineKind::File, dir.path(), Arc::clone(&disk) as _);
    let (chain, mut appender) = store.open();
    appender.roll(0).unwrap();
    disk.plan(Fault::SyncsHang);
    let first = appender.append(&[IoSlice::new(b"first")]).unwrap().end;
    chain.request(Mark::Durable, first).unwrap();
    while disk.syncs() == 0 {
        std::thread::yield_now();
    }
    let end = appender.append(&[IoSlice::new(b"later")]).unwrap().end;
    std::thread::scope(|scope| {
        let waiters: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| chain.flush_here_to(end)))
            .collect();
        disk.lift();
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap().unwrap(), end);
        }
    });
    assert!(disk.syncs() <= 4, "{} syncs", disk.syncs());
}

#[test]
fn rules_commit_and_sync_unasked() {
    for kind in EngineKind::ALL {
        let by_bytes = FlushRules {
            unsynced_bytes_max: Some(3000),
            ..FlushRules::default()
        };
        let by_age = FlushRules {
            unsynced_age_max: Some(Duration::from_millis(1)),
            ..FlushRules::default()
        };
        for rules in [by_bytes, by_age] {
            let dir = tempfile::tempdir().unwrap();
            let mut store = Store::new(kind, dir.path());
            let (listener, marks) = heard();
            store.listener = listener;
            store.config.rules = rules;
            let (chain, mut appender) = store.open();
            appender.roll(0).unwrap();
            let end = appender
                .append(&[IoSlice::new(&pattern(1, 4000))])
                .unwrap()
                .end;
            while chain.marks().durable < end {
                marks.recv_timeout(LONG).unwrap();
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::new(kind, dir.path());
        let (listener, marks) = heard();
        store.listener = listener;
        store.config.rules.uncommitted_age_max = Some(Duration::from_millis(1));
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        let end = appender.append(&[IoSlice::new(b"a little")]).unwrap().end;
        while chain.marks().committed < end {
            marks.recv_timeout(LONG).unwrap();
        }
    }
}

#[test]
fn many_chains_sync_at_once_and_hold_no_file_when_idle() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::new(kind, dir.path());
        let mut chains = Vec::new();
        for number in 0..100 {
            store.config.dir = dir.path().join(number.to_string());
            std::fs::create_dir(&store.config.dir).unwrap();
            let (chain, mut appender) = store.open();
            appender.roll(0).unwrap();
            let end = appender
                .append(&[IoSlice::new(&pattern(number, 1000))])
                .unwrap()
                .end;
            chain.request(Mark::Durable, end).unwrap();
            chains.push((chain, appender));
        }
        for (chain, _) in &chains {
            chain.flush_to(Position(1000)).unwrap();
        }
        assert!(store.flush.open_files() >= 100);
        // The first look finds all of them used since; the second closes them.
        store.flush.close_idle();
        store.flush.close_idle();
        assert_eq!(store.flush.open_files(), 0, "{kind}");
        for (number, (chain, appender)) in chains.iter_mut().enumerate() {
            let file = chain.active().unwrap().path();
            assert_eq!(
                std::fs::metadata(file).unwrap().len(),
                1000,
                "{kind}: cut when closed"
            );
            appender.append(&[IoSlice::new(b"more")]).unwrap();
            let mut expected = pattern(number as u64, 1000);
            expected.extend(b"more");
            assert!(*chain.active().unwrap().lease(0..1004).unwrap() == *expected);
        }
    }
}

#[test]
fn a_roll_takes_a_prepared_file() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let spares = dir.path().join("spares");
        std::fs::create_dir(&spares).unwrap();
        let mut store = Store::new(kind, dir.path());
        store.config.spare_dir = Some(spares.clone());
        store.config.spares_max = 2;
        store.config.spec.allocation = segment::Allocation::Whole;
        let (chain, mut appender) = store.open();
        appender.roll(600_000).unwrap();
        for round in 1..4_u64 {
            while chain.spares_ready() == 0 {
                std::thread::yield_now();
            }
            let end = appender
                .append(&[IoSlice::new(&pattern(round, 300_000))])
                .unwrap()
                .end;
            assert_eq!(
                end.0,
                600_000 + 300_000 * round,
                "with whole files, positions are bases"
            );
            let next = appender.roll(end.0).unwrap();
            assert_eq!(next.start(), end);
            assert_eq!(std::fs::metadata(next.path()).unwrap().len(), 300_000);
        }
        assert_eq!(chain.segments().len(), 4);
        appender.close().unwrap();
        // One may be in the making; it goes as soon as it is made.
        while std::fs::read_dir(&spares).unwrap().count() > 0 {
            std::thread::yield_now();
        }
    }
}

/// A request for bytes that are not there yet, or are on their way, must not keep a thread busy.
#[test]
fn waiting_burns_no_processor() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new();
        let mut store = Store::on(kind, dir.path(), Arc::clone(&disk) as _);
        let rounds = Arc::new(AtomicU64::new(0));
        store.listener = Arc::new(Rounds(Arc::clone(&rounds)));
        let (chain, mut appender) = store.open();
        appender.roll(0).unwrap();
        let end = appender.append(&[IoSlice::new(b"here")]).unwrap().end;
        chain.request(Mark::Durable, Position(end.0 + 100)).unwrap();
        chain.flush_to(end).unwrap();
        // Fifty syncs later: had the first request gone round and round, it would show.
        for number in 0..50 {
            let end = appender
                .append(&[IoSlice::new(&pattern(number, 100))])
                .unwrap()
                .end;
            chain.flush_to(end).unwrap();
        }
        let moved = rounds.load(Ordering::Relaxed);
        assert!(moved < 400, "{kind}: {moved} rounds for 51 syncs");
    }
}

struct Rounds(Arc<AtomicU64>);

impl ChainListener for Rounds {
    fn marks_moved(&self, _marks: Marks) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn poisoned(&self, _error: &SegmentError) {}
}
