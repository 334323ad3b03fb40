//! The storage rules D1 to D9, each by a test that fails without it. They are stated in the crate's header.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use raftlog::{Ack, LogConfig, RaftLogError, Vote};
use segment::{Disk, EngineKind, Fault};

use crate::crash_disk::CrashDisk;
use crate::fixture::{Fixture, all, entries, entry, files, flip, id, real, small, try_open};

fn vote(term: u64) -> Vote {
    Vote {
        term,
        text: Bytes::from(format!("node {term}")),
    }
}

/// What a loss of power leaves at worst: only what was synced.
fn powerless(disk: &Arc<CrashDisk>, dir: &std::path::Path, to: &std::path::Path) {
    let image = Arc::new(Mutex::new(Some((dir.to_owned(), to.to_owned()))));
    disk.watch(move |disks| {
        if let Some((dir, to)) = image.lock().unwrap().take() {
            disks.worst_image(&dir, &to);
        }
    });
    // Any event will do.
    disk.sync_dir(dir.parent().unwrap()).unwrap();
    disk.unwatch();
}

#[test]
fn d1_a_saved_vote_survives_power_loss_and_damage_to_one_slot() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, image) = (folder.path().join("raft"), folder.path().join("image"));
    let disk = CrashDisk::new();
    let as_disk = Arc::clone(&disk) as Arc<dyn Disk>;
    let (log, _) = try_open(&dir, EngineKind::File, as_disk, small()).unwrap();
    log.save_vote(vote(1)).unwrap();
    log.save_vote(vote(2)).unwrap();
    powerless(&disk, &dir, &image);
    let (recovered, _) = try_open(&image, EngineKind::File, real(), small()).unwrap();
    assert_eq!(recovered.vote(), Some(vote(2)));
    drop(recovered);
    // The process died, so both slots hold the vote; either may rot.
    for slot in [0, 4096] {
        let fixture = Fixture::small();
        crate::fixture::copy_dir(&dir, &fixture.dir());
        flip(&fixture.group_dir().join("state"), slot + 100);
        assert_eq!(fixture.open().0.vote(), Some(vote(2)), "slot at {slot}");
    }
}

#[test]
fn d1_a_vote_never_goes_back_and_a_replica_without_one_is_not_a_new_one() {
    let fixture = Fixture::small();
    let (log, _) = fixture.open();
    log.save_vote(vote(5)).unwrap();
    let refused = log.save_vote(vote(4)).unwrap_err();
    assert!(matches!(
        refused,
        RaftLogError::TermWentBack { last: 5, got: 4 }
    ));
    log.append_and_wait(&entries(0, 3, 5)).unwrap();
    drop(log);
    let state = fixture.group_dir().join("state");
    let whole = std::fs::read(&state).unwrap();
    flip(&state, 50);
    flip(&state, 4096 + 50);
    let error = fixture.try_open().unwrap_err();
    assert!(matches!(error, RaftLogError::Corrupt { .. }), "{error}");
    std::fs::remove_file(&state).unwrap();
    let error = fixture.try_open().unwrap_err();
    assert!(matches!(error, RaftLogError::Corrupt { .. }), "{error}");
    std::fs::write(&state, whole).unwrap();
    assert_eq!(fixture.open().0.vote(), Some(vote(5)));
}

#[test]
fn d3_a_cut_tail_is_gone_durably_before_anything_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, image) = (folder.path().join("raft"), folder.path().join("image"));
    let disk = CrashDisk::new();
    let as_disk = Arc::clone(&disk) as Arc<dyn Disk>;
    let (log, _) = try_open(&dir, EngineKind::File, as_disk, small()).unwrap();
    log.append_and_wait(&entries(0, 60, 1)).unwrap();
    assert!(files(log.dir(), ".log").len() > 2);
    log.truncate(5).unwrap();
    powerless(&disk, &dir, &image);
    let (recovered, report) = try_open(&image, EngineKind::File, real(), small()).unwrap();
    assert_eq!(all(&recovered), entries(0, 5, 1), "{report}");
}

#[test]
fn d3_stale_bytes_behind_a_cut_never_join_the_log_again() {
    let fixture = Fixture::small();
    let (log, _) = fixture.open();
    // Entries of one size, so that every frame of the new life ends where one of the old life did.
    let same = |index, term| raftlog::Entry::new(index, term, vec![7; 64]);
    let old: Vec<_> = (0..10).map(|index| same(index, 1)).collect();
    log.append_and_wait(&old).unwrap();
    let segment = fixture.segments().remove(0);
    let stale = std::fs::read(&segment).unwrap();
    log.truncate(4).unwrap();
    // The very same entry again: only the generation tells the two lives apart.
    log.append_and_wait(&[same(4, 1)]).unwrap();
    let killed = fixture.killed();
    drop(log);
    let segment = killed.segments().remove(0);
    let mut bytes = std::fs::read(&segment).unwrap();
    let end = 64 + 5 * 104;
    bytes.resize(stale.len().max(end), 0);
    bytes[end..64 + 10 * 104].copy_from_slice(&stale[end..64 + 10 * 104]);
    std::fs::write(&segment, bytes).unwrap();
    let (recovered, report) = killed.open();
    assert_eq!(all(&recovered), old[..5], "{report}");
    assert!(report.cut.is_some());
}

#[test]
fn d3_no_checkpoint_says_that_what_a_truncation_took_away_is_durable() {
    // One may be written on another thread at any moment, and says what the log says then.
    let folder = tempfile::tempdir().unwrap();
    let disk = CrashDisk::new();
    let open = || {
        let (dir, disk) = (folder.path().join("raft"), Arc::clone(&disk));
        try_open(&dir, EngineKind::File, disk, small()).unwrap().0
    };
    open().append_and_wait(&entries(0, 1, 1)).unwrap();
    let log = Arc::new(open());
    log.append_and_wait(&entries(1, 9, 1)).unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let (looks, into) = (Arc::clone(&log), Arc::clone(&said));
    // The first write of this thread is the state that makes entries from 3 on void.
    let here = std::thread::current().id();
    disk.watch(move |_| {
        if std::thread::current().id() == here {
            into.lock().unwrap().push(looks.durable_next());
        }
    });
    log.truncate(3).unwrap();
    disk.unwatch();
    let said = said.lock().unwrap();
    assert!(
        !said.is_empty() && said.iter().all(|next| *next == 3),
        "{said:?}"
    );
}

#[test]
fn d3_an_interrupted_truncation_is_finished_at_the_next_start() {
    for keep in [0, 5, 25, 59] {
        let fixture = Fixture::small();
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 60, 1)).unwrap();
        let before = fixture.killed();
        log.truncate(keep).unwrap();
        let state = std::fs::read(fixture.group_dir().join("state")).unwrap();
        drop(log);
        // The state knows of it; the files do not.
        std::fs::write(before.group_dir().join("state"), state).unwrap();
        let (recovered, report) = before.open();
        assert_eq!(all(&recovered), entries(0, keep, 1), "{keep}: {report}");
        recovered.append_and_wait(&entries(keep, 70, 2)).unwrap();
        drop(recovered);
        let (again, report) = before.open();
        let mut expected = entries(0, keep, 1);
        expected.extend(entries(keep, 70, 2));
        assert_eq!(all(&again), expected, "{keep}: {report}");
    }
}

#[test]
fn d4_nothing_is_acknowledged_before_its_sync_and_many_appends_share_one() {
    let fixture = Fixture::new(EngineKind::File, LogConfig::default());
    let (log, _) = fixture.open();
    log.append_and_wait(&entries(0, 1, 1)).unwrap();
    fixture.disk.plan(Fault::SyncsHang);
    let acked = Arc::new(Mutex::new(Vec::new()));
    let (last, is_last) = std::sync::mpsc::channel();
    let before = fixture.disk.syncs();
    for index in 1..200 {
        let (acked, last) = (Arc::clone(&acked), last.clone());
        let done = move |result: Result<(), RaftLogError>| {
            result.unwrap();
            acked.lock().unwrap().push(index);
            if index == 199 {
                last.send(()).unwrap();
            }
        };
        log.append(&entries(index, index + 1, 1), done).unwrap();
    }
    let (readable, durable_next) = (all(&log).len(), log.durable_next());
    let early = acked.lock().unwrap().clone();
    fixture.disk.lift();
    // They could be read, and none was acknowledged.
    assert_eq!((readable, durable_next), (200, 1));
    assert_eq!(early, Vec::<u64>::new());
    is_last.recv().unwrap();
    assert_eq!(*acked.lock().unwrap(), (1..200).collect::<Vec<_>>());
    let syncs = fixture.disk.syncs() - before;
    assert!(syncs <= 3, "{syncs} syncs for 199 appends");
}

#[test]
fn d4_memory_acknowledges_what_the_process_may_not_lose() {
    for engine in EngineKind::ALL {
        let config = LogConfig {
            ack: Ack::Memory,
            ..small()
        };
        let fixture = Fixture::new(engine, config);
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 30, 1)).unwrap();
        let killed = fixture.killed();
        drop(log);
        assert_eq!(all(&killed.open().0), entries(0, 30, 1), "{engine}");
    }
}

#[test]
fn d5_the_purge_point_is_durable_before_the_first_file_goes() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("raft");
    let disk = CrashDisk::new();
    let as_disk = Arc::clone(&disk) as Arc<dyn Disk>;
    let (log, _) = try_open(&dir, EngineKind::File, as_disk, small()).unwrap();
    log.append_and_wait(&entries(0, 60, 1)).unwrap();
    let segments = files(log.dir(), ".log").len();
    // At each event of the purge: whatever is gone, the state that survives says so.
    let images = Arc::new(AtomicU64::new(0));
    let (counter, from, root) = (Arc::clone(&images), dir.clone(), folder.path().to_owned());
    disk.watch(move |disks| {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        disks.names_now_contents_synced(&from, &root.join(format!("image-{number}")));
    });
    log.purge(id(1, 40), Bytes::new()).unwrap();
    disk.unwatch();
    assert!(files(log.dir(), ".log").len() < segments);
    let powerless_dir = folder.path().join("after");
    powerless(&disk, &dir, &powerless_dir);
    let count = images.load(Ordering::Relaxed);
    assert!(count > 3);
    let all_images = (0..count).map(|number| folder.path().join(format!("image-{number}")));
    for image in all_images.chain([powerless_dir]) {
        let (recovered, report) = try_open(&image, EngineKind::File, real(), small()).unwrap();
        let first = recovered.first_index();
        assert!([0, 41].contains(&first), "{first}");
        assert_eq!(all(&recovered), entries(first, 60, 1), "{report}");
    }
}

#[test]
fn d6_a_lost_commit_mark_is_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, image) = (folder.path().join("raft"), folder.path().join("image"));
    let disk = CrashDisk::new();
    let as_disk = Arc::clone(&disk) as Arc<dyn Disk>;
    let (log, _) = try_open(&dir, EngineKind::File, as_disk, small()).unwrap();
    log.append_and_wait(&entries(0, 30, 1)).unwrap();
    log.save_committed(id(1, 9), Bytes::new()).unwrap();
    log.save_vote(vote(1)).unwrap();
    log.save_committed(id(1, 20), Bytes::new()).unwrap();
    log.save_committed(id(1, 3), Bytes::new()).unwrap();
    assert_eq!(log.committed().unwrap().id, id(1, 20));
    powerless(&disk, &dir, &image);
    let (recovered, _) = try_open(&image, EngineKind::File, real(), small()).unwrap();
    assert_eq!(recovered.committed().unwrap().id, id(1, 9));
    assert_eq!(recovered.vote(), Some(vote(1)));
    assert_eq!(all(&recovered), entries(0, 30, 1));
    // What is committed is not cut.
    let refused = log.truncate(20).unwrap_err();
    assert!(matches!(
        refused,
        RaftLogError::BelowCommit {
            from: 20,
            floor: 21
        }
    ));
    log.truncate(21).unwrap();
}

#[test]
fn d7_what_recovery_cuts_off_is_gone_before_the_first_append() {
    let fixture = Fixture::small();
    let (log, _) = fixture.open();
    log.append_and_wait(&entries(0, 8, 1)).unwrap();
    let killed = fixture.killed();
    drop(log);
    let segment = killed.segments().remove(0);
    let garbage_at = std::fs::metadata(&segment).unwrap().len() - 100;
    flip(&segment, garbage_at);
    let (recovered, report) = killed.open();
    let cut = report.cut.expect("something was cut");
    assert_eq!(std::fs::metadata(&segment).unwrap().len(), cut.at);
    assert_eq!(all(&recovered), entries(0, 8, 1));
}

#[test]
fn d8_after_a_failed_sync_nothing_is_written_until_the_log_is_opened_anew() {
    for engine in EngineKind::ALL {
        let fixture = Fixture::new(engine, small());
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 3, 1)).unwrap();
        fixture.disk.plan(Fault::OneSyncFails(0, 5));
        let failed = log.append_and_wait(&entries(3, 4, 1)).unwrap_err();
        assert!(matches!(failed, RaftLogError::Poisoned(_)), "{failed}");
        // The next sync would succeed; nobody asks for one.
        for attempt in [
            log.append_and_wait(&entries(4, 5, 1)),
            log.save_vote(vote(9)),
            log.truncate(2),
            log.purge(id(1, 0), Bytes::new()),
            log.save_committed(id(1, 1), Bytes::new()),
        ] {
            let refused = attempt.unwrap_err();
            assert!(matches!(refused, RaftLogError::Poisoned(_)), "{refused}");
        }
        drop(log);
        let (log, _) = fixture.open();
        let found = all(&log);
        assert!(found.len() == 3 || found.len() == 4, "{engine}");
        assert_eq!(found, entries(0, found.len() as u64, 1), "{engine}");
        assert_eq!(log.vote(), None, "{engine}");
    }
}

#[test]
fn d8_a_failed_sync_of_the_vote_is_as_final() {
    let fixture = Fixture::small();
    let (log, _) = fixture.open();
    fixture.disk.plan(Fault::OneSyncFails(0, 5));
    let failed = log.save_vote(vote(1)).unwrap_err();
    assert!(matches!(failed, RaftLogError::Poisoned(_)), "{failed}");
    let failed = log.append(&[entry(0, 1)], |_| {}).unwrap_err();
    assert!(matches!(failed, RaftLogError::Poisoned(_)), "{failed}");
}

#[test]
fn d9_names_are_durable_before_what_depends_on_them() {
    for engine in EngineKind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let (dir, image) = (folder.path().join("raft"), folder.path().join("image"));
        let disk = CrashDisk::new();
        let as_disk = Arc::clone(&disk) as Arc<dyn Disk>;
        let (log, _) = try_open(&dir, engine, as_disk, small()).unwrap();
        // New segments, also one that was begun by a purge of everything, and a new membership record.
        log.append_and_wait(&entries(0, 60, 1)).unwrap();
        log.purge(id(2, 70), Bytes::new()).unwrap();
        let mut last = entry(71, 2);
        last.kind = raftlog::EntryKind::Membership;
        log.append_and_wait(std::slice::from_ref(&last)).unwrap();
        log.append_and_wait(&entries(72, 90, 2)).unwrap();
        log.purge(id(2, 75), Bytes::new()).unwrap();
        powerless(&disk, &dir, &image);
        let (recovered, report) = try_open(&image, engine, real(), small()).unwrap();
        assert_eq!(all(&recovered), entries(76, 90, 2), "{engine}: {report}");
        assert_eq!(recovered.last_membership().unwrap(), Some(last), "{engine}");
    }
}

#[test]
fn d9_a_start_makes_the_names_it_finds_durable() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, image) = (folder.path().join("raft"), folder.path().join("image"));
    let disk = CrashDisk::new();
    let open = || {
        let as_disk = Arc::clone(&disk) as Arc<dyn Disk>;
        try_open(&dir, EngineKind::File, as_disk, small())
            .unwrap()
            .0
    };
    let log = open();
    log.append_and_wait(&entries(0, 5, 1)).unwrap();
    // Begins a segment, in which nothing is synced before the stop.
    log.purge(id(1, 9), Bytes::new()).unwrap();
    drop(log);
    let log = open();
    log.append_and_wait(&entries(10, 12, 1)).unwrap();
    powerless(&disk, &dir, &image);
    let (recovered, report) = try_open(&image, EngineKind::File, real(), small()).unwrap();
    assert_eq!(all(&recovered), entries(10, 12, 1), "{report}");
}
