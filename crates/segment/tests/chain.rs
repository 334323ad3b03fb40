//! A chain from outside, on one engine: names, rolls, reads, removal, locks.

#![allow(clippy::unwrap_used)]

use std::io::IoSlice;
use std::sync::Arc;

use segment::{
    Chain, ChainConfig, DirLock, EngineKind, EngineOptions, FaultyDisk, FlushOptions, FlushService,
    NoListener, SegmentError, SegmentSpec, open_engine,
};

fn open(
    kind: EngineKind,
    dir: &std::path::Path,
    flush: &Arc<FlushService>,
) -> (Arc<Chain>, segment::Appender) {
    let (engine, _) = open_engine(kind, &EngineOptions::new(dir));
    let spec = SegmentSpec {
        capacity_bytes: 1 << 20,
        ..SegmentSpec::default()
    };
    let found = Chain::scan(dir, ".log").unwrap();
    let config = ChainConfig::new(dir, ".log", spec);
    Chain::open(
        engine,
        config,
        &found,
        Arc::new(NoListener),
        Arc::clone(flush),
    )
    .unwrap()
}

#[test]
fn what_is_appended_is_read_after_a_roll_and_a_reopen() {
    for kind in EngineKind::ALL {
        append_roll_reopen(kind);
    }
}

fn append_roll_reopen(kind: EngineKind) {
    let dir = tempfile::tempdir().unwrap();
    let flush = FlushService::start(FlushOptions::default());
    let (chain, mut appender) = open(kind, dir.path(), &flush);
    assert!(matches!(
        appender.append(&[IoSlice::new(b"x")]),
        Err(SegmentError::NoSegment)
    ));
    appender.roll(0).unwrap();
    let first = appender
        .append(&[IoSlice::new(b"hello "), IoSlice::new(b"world")])
        .unwrap();
    assert_eq!((first.at, first.start.0, first.end.0), (0, 0, 11));
    appender.roll(7).unwrap();
    let mut slot = appender.reserve(100).unwrap();
    slot[..5].copy_from_slice(b"again");
    let second = slot.commit(5).unwrap();
    assert_eq!((second.at, second.start.0, second.end.0), (0, 11, 16));
    assert_eq!(chain.flush_to(second.end).unwrap(), second.end);
    assert_eq!(chain.marks().durable, second.end);
    assert!(chain.unsynced_since().is_none());
    assert_eq!(
        &chain.find(3).unwrap().lease(0..11).unwrap()[..],
        b"hello world"
    );
    assert_eq!(chain.find(8).unwrap().base(), 7);
    appender.close().unwrap();
    assert_eq!(Chain::scan(dir.path(), ".log").unwrap()[1].len_bytes, 5);
    let (chain, mut appender) = open(kind, dir.path(), &flush);
    appender.append(&[IoSlice::new(b"!")]).unwrap();
    assert_eq!(&chain.active().unwrap().lease(0..6).unwrap()[..], b"again!");
    let removed = chain.remove_front(7).unwrap();
    assert_eq!(removed.len(), 1);
    flush.wait_reaped();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_directory_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".lock");
    let lock = DirLock::acquire(&path).unwrap();
    match DirLock::acquire(&path) {
        Err(SegmentError::Locked { holder_pid, .. }) => {
            assert_eq!(holder_pid, Some(std::process::id()));
        }
        other => panic!("{other:?}"),
    }
    drop(lock);
    DirLock::acquire(&path).unwrap();
}

/// A loss of power must not bring the zeros behind a file back once the log goes on in the next one.
#[test]
fn a_file_whose_bytes_are_durable_is_synced_again_when_it_is_cut() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let flush = FlushService::start(FlushOptions::default());
        let disk = FaultyDisk::new();
        let mut options = EngineOptions::new(dir.path());
        options.disk = Arc::clone(&disk) as _;
        let (engine, _) = open_engine(kind, &options);
        let spec = SegmentSpec {
            capacity_bytes: 1 << 20,
            zero_ahead_bytes: 16 << 10,
            ..SegmentSpec::default()
        };
        let config = ChainConfig::new(dir.path(), ".log", spec);
        let (chain, mut appender) =
            Chain::open(engine, config, &[], Arc::new(NoListener), flush).unwrap();
        appender.roll(0).unwrap();
        for _ in 0..9 {
            let end = appender.append(&[IoSlice::new(&[1; 5_000])]).unwrap().end;
            chain.flush_to(end).unwrap();
        }
        let end = chain.marks().durable;
        let path = chain.find(0).unwrap().path();
        let with_zeros = std::fs::metadata(&path).unwrap().len();
        let before = disk.syncs();
        appender.roll(9).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), end.0, "{kind}");
        let again = disk.syncs() - before;
        assert_eq!(again, u64::from(with_zeros > end.0), "{kind}: {with_zeros}");
        assert!(with_zeros > end.0 || kind == EngineKind::Direct, "{kind}");

        // Bytes that are not durable yet get their sync anyway.
        appender.append(&[IoSlice::new(&[1; 50_000])]).unwrap();
        let before = disk.syncs();
        appender.roll(19).unwrap();
        assert_eq!(disk.syncs(), before, "{kind}");
    }
}
