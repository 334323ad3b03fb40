//! Damaged directories, failing disks, crashes at every step.

use segment::{Fault, FaultyDisk};

use super::*;

fn small() -> LogConfig {
    LogConfig {
        segment_bytes: 2000,
        index_interval_bytes: 200,
        ..LogConfig::default()
    }
}

/// A log of 40 records of 100 bytes over several segments, stopped without closing.
fn crashed(root: &Path, config: &LogConfig) {
    let open = open_with(root, EngineKind::File, config.clone());
    let log = open.dir.create(&tp(), id(), config.clone()).unwrap();
    let mut end = KafkaOffset(0);
    for index in 0..40u8 {
        end = append(&log, &[&[index; 100]]).end;
    }
    wait(&log, Ack::Durable, end).unwrap();
}

fn low_byte(index: impl TryInto<u8>) -> u8 {
    index.try_into().ok().expect("fewer than 256 records")
}

/// Log files of the partition, oldest first.
fn log_files(root: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(root.join("t-0"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "log"))
        .collect();
    files.sort();
    files
}

/// Recovers, checks that a prefix of `want` records is there and intact, appends, and opens again.
fn check(root: &Path, config: &LogConfig, want: usize, what: &str) -> RecoveryReport {
    let report = {
        let open = open_with(root, EngineKind::File, config.clone());
        let log = open
            .dir
            .log(&tp())
            .unwrap_or_else(|| panic!("{what}: {}", open.report));
        let records = all_records(&log, 0);
        let expected: Vec<(i64, Vec<u8>)> = (0..want)
            .map(|index| (index as i64, vec![low_byte(index); 100]))
            .collect();
        assert!(
            records == expected,
            "{what}: {} records, {}",
            records.len(),
            open.report
        );
        let appended = append(&log, &[b"after"]);
        assert_eq!(appended.base_offset.0, want as i64, "{what}");
        wait(&log, Ack::Durable, appended.end).unwrap();
        open.report
    };
    let open = open_with(root, EngineKind::File, config.clone());
    let log = open.dir.log(&tp()).unwrap();
    assert_eq!(all_records(&log, 0).len(), want + 1, "{what}");
    assert!(
        open.report.partitions.iter().all(|p| p.cuts.is_empty()),
        "{what}: {}",
        open.report
    );
    report
}

const BATCH: u64 = 61 + 109;

#[test]
fn the_last_file_cut_at_every_byte_of_its_last_two_batches() {
    let config = LogConfig {
        index_interval_bytes: 200,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    crashed(root.path(), &config);
    let file = log_files(root.path()).pop().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let one = bytes.len() / 40;
    for cut in (1..2 * one).step_by(7) {
        let copy = tempfile::tempdir().unwrap();
        crashed(copy.path(), &config);
        let file = log_files(copy.path()).pop().unwrap();
        std::fs::write(&file, &bytes[..bytes.len() - cut]).unwrap();
        let want = 40 - cut.div_ceil(one);
        let report = check(copy.path(), &config, want, &format!("cut {cut}"));
        // Up to seven bytes of a batch are the zeros of its offset: space, not data.
        let torn = cut % one != 0 && one - cut % one > 7;
        assert_eq!(
            report.partitions[0].cuts.len(),
            usize::from(torn),
            "cut {cut}"
        );
        assert!(
            report.partitions[0]
                .cuts
                .iter()
                .all(|cut| cut.quarantined.is_empty()),
            "a torn tail is not kept"
        );
    }
}

/// A process killed while it copies a batch into a mapping leaves out any pieces of it, the head among them.
#[test]
fn a_last_batch_of_which_any_pieces_were_never_stored_is_cut() {
    const PIECE_BYTES: usize = 8;
    let config = LogConfig {
        index_interval_bytes: 200,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    crashed(root.path(), &config);
    let whole = std::fs::read(log_files(root.path()).pop().unwrap()).unwrap();
    let start = begin(&whole, 39);
    let pieces = (whole.len() - start).div_ceil(PIECE_BYTES);
    let heads = (1..=pieces).map(|upto| 0..upto);
    let tails = (1..pieces).map(|from| from..pieces);
    let ones = (0..pieces).map(|piece| piece..piece + 1);
    for missing in heads.chain(tails).chain(ones) {
        for space_bytes in [0, 5000] {
            let mut bytes = whole.clone();
            let from = start + missing.start * PIECE_BYTES;
            let upto = (start + missing.end * PIECE_BYTES).min(bytes.len());
            bytes[from..upto].fill(0);
            let want = if bytes == whole { 40 } else { 39 };
            bytes.extend(vec![0; space_bytes]);
            let copy = tempfile::tempdir().unwrap();
            crashed(copy.path(), &config);
            std::fs::write(log_files(copy.path()).pop().unwrap(), &bytes).unwrap();
            let what = format!("{missing:?} of {pieces} missing, {space_bytes} behind");
            let report = check(copy.path(), &config, want, &what);
            let kept = report.partitions[0]
                .cuts
                .iter()
                .flat_map(|cut| &cut.quarantined);
            // A whole batch that lacks its offset alone could be anybody's: it is kept for a look.
            let lost_offset = missing == (0..1);
            assert_eq!(kept.count(), usize::from(lost_offset), "{what}");
        }
    }
}

/// A power loss may keep a segment, or its name alone, and lose the end of the one before it.
#[test]
fn an_end_lost_before_a_later_segment_leaves_no_gap_unless_compaction_may_have_made_it() {
    for (compacted, later_is_empty) in [(false, true), (false, false), (true, true), (true, false)]
    {
        let config = LogConfig {
            cleanup_compact: compacted,
            ..small()
        };
        let what = format!("compacted: {compacted}, empty: {later_is_empty}");
        let folder = tempfile::tempdir().unwrap();
        crashed(folder.path(), &small());
        let files = log_files(folder.path());
        let [.., before, last] = files.as_slice() else {
            panic!("{files:?}")
        };
        let base: usize = last.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let shorten = |path: &Path, len: u64| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(len).unwrap();
        };
        if later_is_empty {
            shorten(last, 0);
        }
        shorten(before, before.metadata().unwrap().len() - BATCH);
        if compacted {
            let open = open_with(folder.path(), EngineKind::File, config.clone());
            let log = open.dir.log(&tp()).unwrap();
            let end = if later_is_empty { base } else { 40 };
            assert_eq!(log.log_end_offset().unwrap().0, end as i64, "{what}");
            continue;
        }
        let report = check(folder.path(), &config, base - 1, &what);
        let cuts: Vec<_> = report.partitions.iter().flat_map(|p| &p.cuts).collect();
        let kept = usize::from(!later_is_empty);
        assert!(
            matches!(&cuts[..], [cut] if cut.later_segments == 1 && cut.cut_bytes == 0 && cut.quarantined.len() == kept),
            "{what}: {cuts:?}"
        );
    }
}

/// A power loss may keep a new segment and lose the cut of the old one to its bytes.
#[test]
fn space_taken_ahead_in_older_segments_is_cut_and_costs_no_later_one() {
    for (zeros, which) in [
        (1, &[0][..]),
        (60, &[1]),
        (5000, &[0, 1, 2]),
        (64 << 10, &[2]),
    ] {
        let root = tempfile::tempdir().unwrap();
        crashed(root.path(), &small());
        let files = log_files(root.path());
        assert!(files.len() > 3);
        for index in which {
            let file = std::fs::OpenOptions::new()
                .write(true)
                .open(&files[*index])
                .unwrap();
            file.set_len(file.metadata().unwrap().len() + zeros)
                .unwrap();
        }
        let what = format!("{zeros} bytes behind {which:?}");
        let report = check(root.path(), &small(), 40, &what);
        let partition = &report.partitions[0];
        assert!(partition.cuts.is_empty(), "{what}: {report}");
        let told = |note: &&String| note.contains("space taken ahead");
        assert_eq!(
            partition.notes.iter().filter(told).count(),
            which.len(),
            "{what}"
        );
    }
}

#[test]
fn more_behind_a_missing_head_than_is_searched_is_kept() {
    let config = LogConfig {
        index_interval_bytes: 200,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    crashed(root.path(), &config);
    let file = log_files(root.path()).pop().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend([0; 16]);
    bytes.push(2);
    bytes.resize(bytes.len() + (65 << 20), 0xa5);
    std::fs::write(&file, &bytes).unwrap();
    let report = check(root.path(), &config, 40, "65 MiB behind a missing head");
    assert_eq!(report.partitions[0].cuts[0].quarantined.len(), 1);
}

type Damage = fn(&mut Vec<u8>);

/// Where batch `index` of the 40 begins.
fn begin(bytes: &[u8], index: usize) -> usize {
    bytes.len() / 40 * index
}

/// What is done to the file, records left, whether the cut bytes are kept.
const DAMAGES: [(&str, Damage, usize, bool); 9] = [
    ("nothing", |_| (), 40, false),
    ("zeros follow", |b| b.extend([0; 5000]), 40, false),
    ("noise follows", |b| b.extend([0xa5; 300]), 40, true),
    (
        "a header alone follows",
        |b| b.extend_from_within(..61),
        40,
        false,
    ),
    (
        "last batch zeroed",
        |b| {
            let at = begin(b, 39);
            b[at + 1..].fill(0)
        },
        39,
        false,
    ),
    (
        "bit of the last batch",
        |b| {
            let at = begin(b, 39);
            b[at + 160] ^= 1
        },
        39,
        false,
    ),
    (
        "bit in the middle",
        |b| {
            let at = begin(b, 20);
            b[at + 70] ^= 1
        },
        20,
        true,
    ),
    (
        "length in the middle",
        |b| {
            let at = begin(b, 20);
            b[at + 9] = 1
        },
        20,
        true,
    ),
    ("magic of the first", |b| b[16] = 9, 0, true),
];

#[test]
fn damage_in_the_last_file() {
    let config = LogConfig {
        index_interval_bytes: 200,
        ..LogConfig::default()
    };
    let one = usize::try_from(BATCH).unwrap();
    for (what, damage, want, kept) in DAMAGES {
        let root = tempfile::tempdir().unwrap();
        crashed(root.path(), &config);
        let file = log_files(root.path()).pop().unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        assert_eq!(bytes.len() / 40, one, "the size of a batch");
        damage(&mut bytes);
        std::fs::write(&file, &bytes).unwrap();
        let report = check(root.path(), &config, want, what);
        let file = &report.partitions[0].files[0];
        let (kept_of, whole) = (file.kept_bytes, (want * one) as u64);
        assert_eq!(
            (kept_of, file.found_bytes),
            (whole, bytes.len() as u64),
            "{what}"
        );
        assert_eq!(
            kept_of + file.cut_bytes + file.spare_bytes,
            file.found_bytes,
            "{what}"
        );
        let zeros = ["zeros follow", "last batch zeroed"].contains(&what);
        assert_eq!(file.spare_bytes > 0, zeros, "{what}");
        let kept_bytes: usize = report.partitions[0]
            .cuts
            .iter()
            .flat_map(|cut| &cut.quarantined)
            .map(|path| std::fs::read(path).unwrap().len())
            .sum();
        assert_eq!(kept_bytes > 0, kept, "{what}: {report}");
        if kept {
            assert_eq!(kept_bytes, bytes.len() - want * one, "{what}");
        }
    }
}

#[test]
fn damage_in_an_older_file_takes_the_later_ones_with_it_and_keeps_copies() {
    let root = tempfile::tempdir().unwrap();
    crashed(root.path(), &small());
    let files = log_files(root.path());
    assert!(files.len() > 3);
    let mut bytes = std::fs::read(&files[1]).unwrap();
    bytes[100] ^= 0xff;
    std::fs::write(&files[1], bytes).unwrap();
    let first_of_second = files[1]
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse::<usize>()
        .unwrap();
    let report = check(root.path(), &small(), first_of_second, "second of several");
    let cut = &report.partitions[0].cuts[0];
    assert_eq!(cut.later_segments, files.len() - 2);
    assert_eq!(cut.quarantined.len(), files.len() - 1);
    let kept = root.path().join(OWN_DIR).join("recovery");
    assert_eq!(
        std::fs::read_dir(kept).unwrap().count() % 2,
        0,
        "a text and a JSON file per unclean start"
    );
}

#[test]
fn bytes_below_the_recovery_point_are_not_read_again() {
    let config = LogConfig {
        index_interval_bytes: 200,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    {
        let open = open_with(root.path(), EngineKind::File, config.clone());
        let log = open.dir.create(&tp(), id(), config.clone()).unwrap();
        for index in 0..200u8 {
            append(&log, &[&[index; 100]]);
        }
        open.dir.checkpoint().unwrap();
        let end = append(&log, &[b"after the checkpoint"]).end;
        wait(&log, Ack::Durable, end).unwrap();
    }
    let open = open_with(root.path(), EngineKind::File, config);
    let report = &open.report.partitions[0];
    assert!(report.walked_bytes < 4 * BATCH, "{report:?}");
    assert_eq!(report.log_end, KafkaOffset(201));
}

#[test]
fn side_files_that_are_broken_or_missing_do_not_matter() {
    type Break = fn(&Path);
    let breaks: [(&str, Break); 9] = [
        ("all indexes gone", |dir| remove(dir, "index")),
        ("indexes of noise", |dir| {
            overwrite(dir, "index", &[0x7f; 96])
        }),
        ("indexes of odd length", |dir| {
            overwrite(dir, "index", &[1; 7])
        }),
        ("indexes of zeros", |dir| {
            overwrite(dir, "index", &[0; 4096])
        }),
        ("snapshots of noise", |dir| {
            overwrite(dir, "snapshot", &[9; 60])
        }),
        ("snapshots gone", |dir| remove(dir, "snapshot")),
        ("epochs of noise", |dir| {
            std::fs::write(dir.join("leader-epoch-checkpoint"), "0\n7\nx").unwrap()
        }),
        ("epochs gone", |dir| remove(dir, "leader-epoch-checkpoint")),
        ("checkpoint of noise", |dir| {
            std::fs::write(
                dir.parent()
                    .unwrap()
                    .join("recovery-point-offset-checkpoint"),
                "hello",
            )
            .unwrap();
        }),
    ];
    for (what, damage) in breaks {
        let root = tempfile::tempdir().unwrap();
        crashed(root.path(), &small());
        damage(&root.path().join("t-0"));
        check(root.path(), &small(), 40, what);
    }
}

fn named(dir: &Path, ending: &str) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect()
}

fn remove(dir: &Path, ending: &str) {
    named(dir, ending)
        .iter()
        .for_each(|path| std::fs::remove_file(path).unwrap());
}

fn overwrite(dir: &Path, ending: &str, bytes: &[u8]) {
    named(dir, ending)
        .iter()
        .for_each(|path| std::fs::write(path, bytes).unwrap());
}

#[test]
fn wrong_indexes_after_a_clean_stop_are_noticed() {
    for (what, bytes) in [
        ("noise", vec![0x7f; 96]),
        ("odd", vec![1; 7]),
        ("zeros", vec![0; 96]),
        ("empty", vec![]),
    ] {
        let root = tempfile::tempdir().unwrap();
        {
            let open = open_with(
                root.path(),
                EngineKind::File,
                LogConfig {
                    index_interval_bytes: 200,
                    ..LogConfig::default()
                },
            );
            let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
            for index in 0..40u8 {
                append(&log, &[&[index; 100]]);
            }
            open.dir.close().unwrap();
        }
        overwrite(&root.path().join("t-0"), "index", &bytes);
        check(
            root.path(),
            &LogConfig {
                index_interval_bytes: 200,
                ..LogConfig::default()
            },
            40,
            what,
        );
    }
}

#[test]
fn messages_of_an_old_format_are_refused_not_cut() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("t-0");
    std::fs::create_dir_all(&dir).unwrap();
    // Format v1: offset, size, crc, magic 1, attributes, timestamp, key −1, value −1.
    let mut old = Vec::new();
    old.extend_from_slice(&0i64.to_be_bytes());
    old.extend_from_slice(&22i32.to_be_bytes());
    let mut checked = vec![1, 0];
    checked.extend_from_slice(&5i64.to_be_bytes());
    checked.extend_from_slice(&[0xff; 8]);
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &checked);
    old.extend_from_slice(&u32::try_from(crc).unwrap().to_be_bytes());
    old.extend_from_slice(&checked);
    let path = dir.join("00000000000000000000.log");
    std::fs::write(&path, old.repeat(10)).unwrap();
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    assert!(open.dir.log(&tp()).is_none());
    assert!(
        open.report.failed[0].1.contains("format v1"),
        "{}",
        open.report
    );
    assert_eq!(
        std::fs::read(&path).unwrap(),
        old.repeat(10),
        "nothing is cut"
    );
    open.dir.close().unwrap();
    assert!(!root.path().join(".kafka_cleanshutdown").exists());
}

fn open_faulty(root: &Path, disk: &Arc<FaultyDisk>, kind: EngineKind, config: &LogConfig) -> Open {
    let mut options = EngineOptions::new(root);
    options.disk = Arc::clone(disk) as Arc<dyn segment::Disk>;
    let (engine, _) = open_engine(kind, &options);
    open_on(root, engine, config.clone())
}

#[test]
fn a_failed_sync_poisons_its_log_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let open = open_faulty(root.path(), &disk, EngineKind::File, &LogConfig::default());
    let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
    let other = open
        .dir
        .create(&TopicPartition::new("other", 0), id(), LogConfig::default())
        .unwrap();
    let end = append(&log, &[b"durable"]).end;
    wait(&log, Ack::Durable, end).unwrap();
    disk.plan(Fault::OneSyncFails(0, libc_eio()));
    let end = append(&log, &[b"lost?"]).end;
    assert!(wait(&log, Ack::Durable, end).is_err());
    assert_eq!(
        log.high_watermark().unwrap(),
        KafkaOffset(1),
        "what is durable stays readable"
    );
    assert_eq!(read_from(&log, 0, Isolation::Uncommitted).len(), 1);
    let again = log.append(&mut batch(NOW, &[b"x"]), &AppendContext::client(NOW));
    assert!(
        matches!(again, Err(AppendError::Storage(StorageError::Poisoned(_)))),
        "{again:?}"
    );
    let end = append(&other, &[b"fine"]).end;
    wait(&other, Ack::Durable, end).unwrap();
    assert!(open.dir.close().is_err(), "the stop is not clean");
    assert!(!root.path().join(".kafka_cleanshutdown").exists());
}

fn libc_eio() -> i32 {
    rustix::io::Errno::IO.raw_os_error()
}

fn enospc() -> i32 {
    rustix::io::Errno::NOSPC.raw_os_error()
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_space() {
    for kind in EngineKind::ALL {
        let root = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new();
        let open = open_faulty(root.path(), &disk, kind, &LogConfig::default());
        let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
        append(&log, &[b"before"]);
        disk.plan(Fault::AllocationsFail(0, enospc()));
        // `direct` writes only where space was allocated: there, no write can find none.
        if kind != EngineKind::Direct {
            disk.plan(Fault::WritesFail(0, enospc()));
        }
        let mut accepted = 1;
        let mut full = 0;
        for _ in 0..200 {
            match log.append(
                &mut batch(NOW, &[&[7; 10_000]]),
                &AppendContext::client(NOW),
            ) {
                Ok(appended) => {
                    assert_eq!(appended.base_offset.0, accepted);
                    accepted += 1;
                }
                Err(AppendError::NoSpace(_)) => full += 1,
                Err(other) => panic!("{kind}: {other}"),
            }
        }
        assert!(full > 0, "{kind}: 2 MB fitted on a full disk");
        assert_eq!(log.log_end_offset().unwrap().0, accepted);
        disk.lift();
        let end = append(&log, &[b"after"]).end;
        assert_eq!(end.0, accepted + 1);
        wait(&log, Ack::Durable, end).unwrap();
        assert_eq!(all_records(&log, 0).len() as i64, accepted + 1, "{kind}");
    }
}

/// Runs a workload until the disk fails at step `at`; what was acked and what was written then.
fn until_failure(root: &Path, fault: Fault, kind: EngineKind) -> (i64, i64) {
    let disk = FaultyDisk::new();
    let open = open_faulty(root, &disk, kind, &small());
    let log = open.dir.create(&tp(), id(), small()).unwrap();
    disk.plan(fault);
    let (mut acked, mut written) = (0, 0);
    for index in 0..40u8 {
        match log.append(
            &mut batch(NOW, &[&[index; 100]]),
            &AppendContext::client(NOW),
        ) {
            Ok(appended) => {
                written = appended.end.0;
                if index % 3 == 0 {
                    match wait(&log, Ack::Durable, appended.end) {
                        Ok(()) => acked = appended.end.0,
                        Err(_) => break,
                    }
                }
            }
            // Perhaps half of it is in the file.
            Err(_) => {
                written += 1;
                break;
            }
        }
        if index == 20 {
            let _ = open.dir.checkpoint();
        }
    }
    (acked, written)
}

#[test]
fn a_crash_at_every_write_and_every_sync_loses_nothing_acked() {
    for kind in EngineKind::ALL {
        for step in [0, 1, 2, 5, 9, 14, 20, 27, 33, 50] {
            for fault in [
                Fault::WritesFail(step, libc_eio()),
                Fault::OneSyncFails(step, libc_eio()),
            ] {
                let root = tempfile::tempdir().unwrap();
                let (acked, written) = until_failure(root.path(), fault, kind);
                let open = open_with(root.path(), kind, small());
                let log = open.dir.log(&tp()).unwrap();
                let records = all_records(&log, 0);
                let found = records.len() as i64;
                assert!(
                    acked <= found && found <= written,
                    "{kind} {fault:?}: {acked} <= {found} <= {written}"
                );
                let prefix =
                    (0..found).map(|index| (index, vec![low_byte(index.cast_unsigned()); 100]));
                assert!(records.into_iter().eq(prefix), "{kind} {fault:?}");
                assert_eq!(append(&log, &[b"on"]).base_offset.0, found);
            }
        }
    }
}
