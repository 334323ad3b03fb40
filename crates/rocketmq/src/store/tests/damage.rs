//! What recovery makes of directories that a stop, a disk or a person has left in disorder.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use segment::Disk;

use super::*;

/// A store with 60 messages in queues 0 and 1 of `t`, each with a key of its own.
struct Made {
    root: tempfile::TempDir,
    puts: Vec<Put>,
}

fn body(n: usize) -> Vec<u8> {
    format!("message {n:04}").repeat(20).into_bytes()
}

fn made(clean: bool) -> Made {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    let puts = (0..60).map(|n| put_one(&open.store, n)).collect();
    if clean {
        open.store.close().unwrap();
    }
    Made { root, puts }
}

fn put_one(store: &Store, n: usize) -> Put {
    let properties = format!("KEYS\x01k{n}\x02TAGS\x01T\x02");
    put(
        store,
        "t",
        i32::try_from(n % 2).unwrap(),
        &body(n),
        properties.as_bytes(),
    )
}

impl Made {
    fn log_file(&self, offset: PhysicalOffset) -> (PathBuf, u64) {
        let at = offset.0.unsigned_abs();
        let base = at / FILE_BYTES * FILE_BYTES;
        (
            self.root.path().join(format!("commitlog/{base:020}")),
            at - base,
        )
    }

    fn write_at(&self, offset: PhysicalOffset, bytes: &[u8]) {
        let (path, at) = self.log_file(offset);
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(bytes, at).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Opens, and finds the first `count` messages everywhere, and no others; goes on from there, and once more.
    fn check(&self, count: usize) -> RecoveryReport {
        let open = open(self.root.path());
        self.check_contents(&open.store, count, &open.report);
        for n in count..count + 30 {
            let put = put_one(&open.store, n);
            assert_eq!(
                put.queue_offset.0,
                i64::try_from(n / 2).unwrap(),
                "{}",
                open.report
            );
        }
        self.check_contents(&open.store, count + 30, &open.report);
        open.store.close().unwrap();
        let again = super::open(self.root.path());
        assert!(again.report.clean, "{}", again.report);
        self.check_contents(&again.store, count + 30, &again.report);
        open.report
    }

    fn check_contents(&self, store: &Store, count: usize, report: &RecoveryReport) {
        for id in 0..2usize {
            let expected: Vec<_> = (id..count).step_by(2).map(body).collect();
            let found = all_of(store, "t", i32::try_from(id).unwrap(), 0);
            let found: Vec<_> = found.into_iter().map(|(_, body)| body).collect();
            assert!(
                found == expected,
                "queue {id}: {} of {}; {report}",
                found.len(),
                expected.len()
            );
        }
        for n in 0..count + 5 {
            let expected: Vec<Vec<u8>> = (n < count).then(|| body(n)).into_iter().collect();
            assert_eq!(
                query(store, "t", &format!("k{n}")),
                expected,
                "key {n}; {report}"
            );
        }
    }
}

#[test]
fn a_log_that_was_left_in_use_is_walked_and_nothing_is_lost() {
    let made = made(false);
    let report = made.check(60);
    assert!(!report.clean);
    assert_eq!(
        (report.walked_entries, report.cut_bytes()),
        (60, 0),
        "{report}"
    );
    let kept = super::super::files::names_in(&made.path(".highwater/recovery")).unwrap();
    assert_eq!(kept.len(), 2, "{kept:?}");
}

#[test]
fn the_first_entry_that_is_not_right_ends_the_log() {
    type Damage = fn(&Made, &Put);
    let cases: &[(&str, Damage)] = &[
        ("no magic", |made, put| {
            made.write_at(put.physical_offset.plus(4), &[0xDA, 0xA3, 0x20, 0xA8])
        }),
        ("zeros", |made, put| {
            made.write_at(put.physical_offset, &[0; 8])
        }),
        ("size too small", |made, put| {
            made.write_at(put.physical_offset, &[0, 0, 0, 90])
        }),
        ("size too large", |made, put| {
            made.write_at(put.physical_offset, &[0, 1, 0, 0])
        }),
        ("negative size", |made, put| {
            made.write_at(put.physical_offset, &[0xFF; 4])
        }),
        ("size of another", |made, put| {
            made.write_at(put.physical_offset.plus(3), &[1])
        }),
        ("another place", |made, put| {
            made.write_at(put.physical_offset.plus(35), &[0x55])
        }),
        ("body", |made, put| {
            made.write_at(put.physical_offset.plus(100), b"?")
        }),
        ("body length", |made, put| {
            made.write_at(put.physical_offset.plus(84), &[0, 0, 0, 1])
        }),
        ("port", |made, put| {
            made.write_at(put.physical_offset.plus(52), &[0, 1])
        }),
    ];
    for (what, damage) in cases {
        let made = made(false);
        let put = &made.puts[41];
        damage(&made, put);
        let report = made.check(41);
        assert!(report.cut_bytes() > 0, "{what}: {report}");
        let copies: Vec<_> = report
            .files
            .iter()
            .filter_map(|file| file.quarantined.as_ref())
            .collect();
        // Whole messages lie behind the damage: they are kept.
        assert!(
            !copies.is_empty() && copies.iter().all(|copy| copy.exists()),
            "{what}: {report}"
        );
    }
}

#[test]
fn a_torn_tail_is_cut_and_not_kept() {
    let made = made(false);
    let put = &made.puts[59];
    made.write_at(put.physical_offset.plus(150), &[0; 20]);
    let report = made.check(59);
    assert!(report.cut_bytes() > 0);
    assert!(
        report.files.iter().all(|file| file.quarantined.is_none()),
        "{report}"
    );
}

#[test]
fn entries_of_an_earlier_life_stay_dead() {
    let made = made(false);
    let (path, at) = made.log_file(made.puts[41].physical_offset);
    let bytes = std::fs::read(&path).unwrap();
    // A whole entry, with a right checksum, where another was.
    let size = u32::from_be_bytes(bytes[at as usize..][..4].try_into().unwrap()) as usize;
    let (other, other_at) = made.log_file(made.puts[3].physical_offset);
    let stale = &std::fs::read(other).unwrap()[other_at as usize..][..size];
    made.write_at(made.puts[41].physical_offset, stale);
    let report = made.check(41);
    let told = report.files.iter().find(|file| file.cut_bytes > 0).unwrap();
    assert!(
        told.reason.as_ref().unwrap().contains("it lies at"),
        "{report}"
    );
}

#[test]
fn queues_and_index_are_made_again_from_the_log() {
    let remove =
        |dir: &'static str| move |made: &Made| std::fs::remove_dir_all(made.path(dir)).unwrap();
    let (no_queues, no_index) = (remove("consumequeue"), remove("index"));
    let cases: &[(&str, &dyn Fn(&Made))] = &[
        ("no queues", &no_queues),
        ("no index", &no_index),
        ("no checkpoint", &|made| {
            let _ = std::fs::remove_file(made.path("checkpoint"));
        }),
        ("no mark", &|made| {
            std::fs::remove_dir_all(made.path(".highwater")).unwrap()
        }),
        ("garbage for a mark", &|made| {
            std::fs::write(made.path(".highwater/rocketmq-mark.json"), "{").unwrap();
        }),
        ("a queue's last file", &|made| {
            std::fs::remove_file(made.path("consumequeue/t/1/00000000000000000400")).unwrap();
        }),
        ("units of messages that never were", &|made| {
            let path = made.path("consumequeue/t/1/00000000000000000400");
            let file = OpenOptions::new().write(true).open(path).unwrap();
            let unit = QueueUnit {
                physical_offset: PhysicalOffset(1 << 30),
                size_bytes: 100,
                tags_code: 0,
            };
            file.write_all_at(&unit.encode().repeat(3), 140).unwrap();
        }),
        ("zeros in the index", &|made| {
            for name in super::super::files::names_in(&made.path("index")).unwrap() {
                let path = made.path("index").join(name);
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.write_all_at(&[0; 60], 40 + 7 * 4 + 20 * 8).unwrap();
            }
        }),
        ("an index whose slots are wrong", &|made| {
            for name in super::super::files::names_in(&made.path("index")).unwrap() {
                let path = made.path("index").join(name);
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.write_all_at(&[0xFF; 40 + 7 * 4], 0).unwrap();
            }
        }),
    ];
    for (what, damage) in cases {
        let made = made(false);
        damage(&made);
        let report = made.check(60);
        assert!(!report.clean, "{what}");
    }
}

#[test]
fn a_clean_stop_is_believed_only_as_far_as_the_log_agrees() {
    // A queue names a message that the log does not have.
    let made_clean = made(true);
    made_clean.write_at(made_clean.puts[59].physical_offset, &[0; 8]);
    let report = made_clean.check(59);
    assert!(!report.clean && report.is_remarkable(), "{report}");
    // A message that no queue names: it was stored, so it is there.
    let lagging = made(true);
    let path = lagging.path("consumequeue/t/1/00000000000000000400");
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0; 40], 160).unwrap();
    lagging.check(60);
}

#[test]
fn a_queue_that_lags_behind_the_others_is_completed() {
    let made = made(true);
    // RocketMQ would give the numbers of the missing units to new messages.
    let path = made.path("consumequeue/t/0/00000000000000000400");
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0; 80], 120).unwrap();
    std::fs::write(made.path("abort"), "1").unwrap();
    std::fs::remove_dir_all(made.path(".highwater")).unwrap();
    let report = made.check(60);
    assert!(!report.clean, "{report}");
}

#[test]
fn files_made_ahead_and_files_cut_short_are_no_damage() {
    let made = made(true);
    let last = super::super::files::names_in(&made.path("commitlog"))
        .unwrap()
        .len() as u64;
    for ahead in 0..2 {
        let name = format!("commitlog/{:020}", (last + ahead) * FILE_BYTES);
        let file = std::fs::File::create(made.path(&name)).unwrap();
        file.set_len(if ahead == 0 { FILE_BYTES } else { 0 })
            .unwrap();
    }
    let report = made.check(60);
    assert!(report.clean && report.cut_bytes() == 0, "{report}");
}

#[test]
fn what_cannot_be_read_without_guessing_is_refused_and_untouched() {
    type Damage = fn(&Made);
    let cases: &[(&str, &str, Damage)] = &[
        ("a file is missing", "is missing between them", |made| {
            std::fs::remove_file(made.path("commitlog/00000000000000008192")).unwrap();
        }),
        ("other file size", "mappedFileSizeCommitLog", |made| {
            let path = made.path("commitlog/00000000000000000000");
            OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(9000)
                .unwrap();
        }),
        (
            "other queue file size",
            "mappedFileSizeConsumeQueue",
            |made| {
                let path = made.path("consumequeue/t/0/00000000000000000400");
                OpenOptions::new()
                    .write(true)
                    .open(path)
                    .unwrap()
                    .set_len(400)
                    .unwrap();
            },
        ),
        ("other index file size", "maxHashSlotNum", |made| {
            std::fs::write(made.path("index/20200101000000000"), [1; 100]).unwrap();
        }),
        ("no log", "the commit log is gone", |made| {
            std::fs::remove_dir_all(made.path("commitlog")).unwrap();
        }),
        ("DLedger", "DLedger", |made| {
            std::fs::create_dir(made.path("dledger-n0")).unwrap()
        }),
        ("RocksDB", "RocksDB", |made| {
            for name in ["CURRENT", "IDENTITY"] {
                std::fs::write(made.path("consumequeue").join(name), "x").unwrap();
            }
        }),
        ("batch queues", "BatchCQ", |made| {
            std::fs::create_dir_all(made.path("batchconsumequeue/t")).unwrap();
        }),
    ];
    for (what, words, damage) in cases {
        let made = made(true);
        damage(&made);
        let (engine, _) = open_engine(EngineKind::File, &EngineOptions::new(made.root.path()));
        let error = open_on(made.root.path(), engine, settings()).err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(words), "{what}: {error}");
    }
}

#[test]
fn a_failed_sync_ends_the_log_and_what_was_acknowledged_is_there() {
    for kind in [EngineKind::File, EngineKind::Mmap, EngineKind::Staged] {
        let root = tempfile::tempdir().unwrap();
        let disk = segment::FaultyDisk::new();
        let mut options = EngineOptions::new(root.path());
        options.disk = Arc::clone(&disk) as Arc<dyn Disk>;
        let (engine, _) = open_engine(kind, &options);
        let open = open_on(root.path(), engine, settings()).unwrap();
        for n in 0..10 {
            put_one(&open.store, n);
        }
        disk.plan(segment::Fault::OneSyncFails(0, 5));
        let put = open
            .store
            .put(&message("t", 0, &body(10), b""), Some(Ack::Visible))
            .unwrap();
        assert!(open.store.wait_reached(Ack::Visible, put.end).is_err());
        assert_eq!(open.store.max_offset("t", 0), QueueOffset(5));
        let refused = open.store.put(&message("t", 0, &body(10), b""), None);
        assert!(
            matches!(refused, Err(PutError::NotWritable(_))),
            "{refused:?}"
        );
        assert!(open.store.close().is_err());
        drop(open);
        let open = super::open(root.path());
        assert!(!open.report.clean);
        assert!(all_of(&open.store, "t", 0, 0).len() >= 5);
    }
}

#[test]
fn a_full_disk_is_an_error_and_passes() {
    let root = tempfile::tempdir().unwrap();
    let disk = segment::FaultyDisk::new();
    let mut options = EngineOptions::new(root.path());
    options.disk = Arc::clone(&disk) as Arc<dyn Disk>;
    let (engine, _) = open_engine(EngineKind::File, &options);
    let mut settings = settings();
    settings.prepared_files = 0;
    let open = open_on(root.path(), engine, settings).unwrap();
    put_one(&open.store, 0);
    disk.plan(segment::Fault::AllocationsFail(0, 28));
    disk.plan(segment::Fault::WritesFail(0, 28));
    let refused = open.store.put(&message("t", 1, &body(1), b""), None);
    assert!(
        matches!(refused, Err(PutError::NotWritable(_))),
        "{refused:?}"
    );
    disk.lift();
    for n in 1..60 {
        let put = put_one(&open.store, n);
        assert_eq!(put.queue_offset.0, i64::try_from(n / 2).unwrap());
    }
    open.store.close().unwrap();
}
