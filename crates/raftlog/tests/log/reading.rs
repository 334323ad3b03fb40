//! Reading: bounds, the tail cache, bytes lent in place, entries of all sizes, several groups.

use bytes::Bytes;
use raftlog::{Entry, LogConfig, Logstore, LogstoreOptions, RaftLogError};
use segment::EngineKind;

use crate::fixture::{Fixture, all, entries, id, small};

#[test]
fn a_read_is_bounded_and_gives_at_least_one() {
    for cache_bytes in [0, 2000, 1 << 20] {
        let config = LogConfig {
            cache_bytes,
            ..small()
        };
        let fixture = Fixture::new(EngineKind::File, config);
        let (log, _) = fixture.open();
        let sized: Vec<Entry> = (0..100)
            .map(|index| Entry::new(index, 1, vec![1; 100]))
            .collect();
        log.append_and_wait(&sized).unwrap();
        for from in [0, 1, 27, 28, 29, 99] {
            let one = log.read(from..100, 0).unwrap();
            assert_eq!(one, sized[usize::try_from(from).unwrap()..][..1]);
            let some = log.read(from..100, 1000).unwrap();
            assert!((1..=10).contains(&some.len()), "{from}: {}", some.len());
        }
        assert_eq!(log.read(100..200, 10).unwrap(), []);
        assert_eq!(log.read(50..50, 10).unwrap(), []);
        log.purge(id(1, 49), Bytes::new()).unwrap();
        assert_eq!(log.read(0..51, 10).unwrap(), sized[50..51]);
        assert_eq!(log.read(0..50, 10).unwrap(), []);
    }
}

#[test]
fn the_tail_is_in_memory_and_the_rest_is_not() {
    let config = LogConfig {
        cache_bytes: 10_000,
        ..small()
    };
    let fixture = Fixture::new(EngineKind::File, config);
    let (log, _) = fixture.open();
    log.append_and_wait(&entries(0, 500, 1)).unwrap();
    assert_eq!(
        log.read_cached(490..500, 1 << 20),
        Some(entries(490, 500, 1))
    );
    assert_eq!(log.read_cached(0..10, 1 << 20), None);
    assert_eq!(log.read_cached(500..510, 1 << 20), Some(Vec::new()));
    assert_eq!(all(&log), entries(0, 500, 1));
}

#[test]
fn lent_bytes_outlive_cuts_and_purges() {
    for engine in EngineKind::ALL {
        let fixture = Fixture::new(engine, small());
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 200, 1)).unwrap();
        log.save_committed(id(1, 150), Bytes::new()).unwrap();
        // Committed ones may be lent in place, the others must not stand in the way of the cut.
        let held = all(&log);
        log.truncate(151).unwrap();
        log.append_and_wait(&entries(151, 180, 2)).unwrap();
        log.purge(id(1, 100), Bytes::new()).unwrap();
        drop(log);
        assert_eq!(held, entries(0, 200, 1), "{engine}");
    }
}

#[test]
fn entries_of_all_sizes_come_back() {
    for engine in EngineKind::ALL {
        let config = LogConfig {
            segment_bytes: 3 << 20,
            cache_bytes: 0,
            ..LogConfig::default()
        };
        let fixture = Fixture::new(engine, config);
        let (log, _) = fixture.open();
        let sizes = [
            0, 1, 7, 8, 9, 4096, 65_536, 262_104, 262_105, 300_000, 2_000_000,
        ];
        let most = usize::try_from(log.payload_bytes_max()).unwrap();
        let sized: Vec<Entry> = (0..)
            .zip(sizes.into_iter().chain([most]))
            .map(|(index, size)| Entry::new(index, 1, vec![u8::try_from(index).unwrap(); size]))
            .collect();
        log.append_and_wait(&sized).unwrap();
        assert_eq!(all(&log), sized, "{engine}");
        drop(log);
        assert_eq!(all(&fixture.open().0), sized, "{engine}");
    }
}

#[test]
fn a_log_opens_with_any_engine() {
    let mut fixture = Fixture::small();
    let mut next = 0;
    for engine in EngineKind::ALL.into_iter().chain(EngineKind::ALL) {
        fixture.engine = engine;
        let (log, _) = fixture.open();
        assert_eq!(all(&log), entries(0, next, 1), "{engine}");
        log.append_and_wait(&entries(next, next + 25, 1)).unwrap();
        next += 25;
    }
}

#[test]
fn groups_share_a_directory_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = Logstore::open(folder.path(), LogstoreOptions::default()).unwrap();
    let logs: Vec<_> = (0..20)
        .map(|group| {
            let (log, _) = store.open_log(&format!("group-{group}"), small()).unwrap();
            log
        })
        .collect();
    for (term, log) in (1..).zip(&logs) {
        log.append(&entries(0, 30, term), |result| result.unwrap())
            .unwrap();
    }
    for (term, log) in (1..).zip(&logs) {
        assert_eq!(all(log), entries(0, 30, term));
    }
    assert_eq!(store.groups().unwrap().len(), 20);
    let again = store.open_log("group-3", small()).unwrap_err();
    assert!(matches!(again, RaftLogError::InUse(_)), "{again}");
    let other = Logstore::open(folder.path(), LogstoreOptions::default()).unwrap_err();
    assert!(matches!(other, RaftLogError::InUse(_)), "{other}");
    drop(logs);
    let (log, report) = store.open_log("group-3", small()).unwrap();
    assert_eq!(report.cut, None);
    assert_eq!(all(&log), entries(0, 30, 4));
}

#[test]
fn readers_see_whole_entries_while_the_log_is_cut_and_purged() {
    let fixture = Fixture::small();
    let (log, _) = fixture.open();
    log.append_and_wait(&entries(0, 50, 1)).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let first = log.first_index();
                    let found = log.read(first..u64::MAX, 5000).unwrap();
                    for entry in found {
                        let payload = crate::fixture::payload(entry.index, entry.term);
                        assert_eq!(entry.payload, payload);
                    }
                }
            });
        }
        for round in 1..40_u64 {
            let next = log.last().unwrap().index + 1;
            log.truncate(next - 10).unwrap();
            log.append_and_wait(&entries(next - 10, next + 20, round + 1))
                .unwrap();
            let upto = next - 30;
            let term = log.read(upto..upto + 1, 0).unwrap()[0].term;
            log.purge(id(term, upto), Bytes::new()).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
