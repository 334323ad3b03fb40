//! Keys, where RocketMQ has the directory before or after us: what its recovery would lose, and what it has lost.

use std::path::PathBuf;

use super::super::files;
use super::*;

const MESSAGES: usize = 60;

fn body(n: usize) -> Vec<u8> {
    format!("message {n:04}").repeat(20).into_bytes()
}

/// Index files that reach over several log files, as they do everywhere.
fn open_long_index(root: &Path) -> Open {
    let settings = StoreSettings {
        index_entries: 120,
        ..settings()
    };
    open_with(root, EngineKind::File, settings)
}

/// Puts messages, a few of them in each millisecond, and a second later a few more.
fn put_some(open: &Open, numbers: std::ops::Range<usize>) {
    for n in numbers {
        match n % 9 {
            0 => open.clock.advance(1000),
            3 | 6 => open.clock.advance(1),
            _ => {}
        }
        let properties = format!("UNIQ_KEY\x01u{n}\x02KEYS\x01k{n}\x02");
        put(&open.store, "t", 0, &body(n), properties.as_bytes());
    }
}

fn index_files(root: &Path) -> Vec<PathBuf> {
    let dir = root.join("index");
    let names = files::names_in(&dir).unwrap();
    names.into_iter().map(|name| dir.join(name)).collect()
}

fn header_of(path: &Path) -> IndexHeader {
    let bytes = std::fs::read(path).unwrap();
    IndexHeader::decode(bytes.first_chunk().unwrap())
}

/// Offset and store time of the first message of each log file, newest first.
fn log_begins(root: &Path) -> Vec<(i64, i64)> {
    let dir = root.join("commitlog");
    let mut begins = Vec::new();
    for name in files::names_in(&dir).unwrap().iter().rev() {
        let bytes = std::fs::read(dir.join(name)).unwrap();
        let size = u32::from_be_bytes(*bytes.first_chunk().unwrap()) as usize;
        if let Ok(entry) = decode(&bytes[..size]) {
            begins.push((entry.physical_offset.0, entry.store_timestamp_ms));
        }
    }
    begins
}

/// Asserts that RocketMQ would lose no key if it found the directory like this: each index file that it throws away holds
/// only messages that it dispatches again (`IndexService.load`, `ConsumeQueueStore.isMappedFileMatchedRecover`; 5.5, and
/// the versions before it).
fn assert_rocketmq_keeps_the_keys(root: &Path, when: &str) {
    if !root.join(ABORT).exists() {
        return;
    }
    let told = Checkpoint::read(root).unwrap().unwrap_or_default();
    let before = told.log_ms.min(told.queues_ms) - 3000;
    let begins = log_begins(root);
    let from = |is_far_enough: &dyn Fn(&(i64, i64)) -> bool| {
        let begin = begins.iter().find(|begin| is_far_enough(begin));
        begin.map_or(0, |(offset, _)| *offset)
    };
    let newest = match told.dispatch_from {
        0 => from(&|(_, ms)| *ms <= told.queues_ms),
        at => from(&|(offset, _)| *offset <= at),
    };
    let older = from(&|(_, ms)| *ms <= before);
    for path in index_files(root) {
        let header = header_of(&path);
        if header.end_ms > told.index_ms {
            let begin = header.begin.0;
            assert!(
                newest <= begin && older <= begin,
                "{when}: {path:?} begins at {begin} and is thrown away; dispatched again from {newest} and {older}: {told:?}"
            );
        }
    }
}

#[test]
fn rocketmq_would_lose_no_keys_at_any_moment() {
    let root = tempfile::tempdir().unwrap();
    let mut next = 0;
    for (life, step) in [17, 1, 40, 5].into_iter().enumerate() {
        let open = open_long_index(root.path());
        for round in 0..4 {
            let when = format!("life {life}, round {round}");
            assert_rocketmq_keeps_the_keys(root.path(), &when);
            put_some(&open, next..next + step);
            next += step;
            assert_rocketmq_keeps_the_keys(root.path(), &when);
            open.store.checkpoint().unwrap();
            assert_rocketmq_keeps_the_keys(root.path(), &when);
        }
        if life % 2 == 0 {
            open.store.close().unwrap();
        }
    }
}

/// Its own clean stop says that queues are newer than the index; it would throw the newest file away after its next crash.
#[test]
fn rocketmq_would_lose_no_keys_of_a_directory_that_was_its_own() {
    let root = tempfile::tempdir().unwrap();
    let made = open_long_index(root.path());
    put_some(&made, 0..100);
    made.store.close().unwrap();
    std::fs::remove_dir_all(root.path().join(OWN_DIR)).unwrap();
    let files = index_files(root.path());
    let full = header_of(&files[files.len() - 2]);
    for (next, dispatch_from) in [(100, 0), (101, 1 << 40)] {
        let of_rocketmq = Checkpoint {
            log_ms: NOW + 1_000_000,
            queues_ms: NOW + 1_000_000,
            index_ms: full.end_ms,
            dispatch_from,
            ..Checkpoint::default()
        };
        of_rocketmq.write(&segment::RealDisk, root.path()).unwrap();
        let again = open_long_index(root.path());
        assert_rocketmq_keeps_the_keys(root.path(), "open");
        put_some(&again, next..next + 1);
        assert_rocketmq_keeps_the_keys(root.path(), "a message more");
        again.store.close().unwrap();
    }
}

fn check_keys(store: &Store, missing: &[usize], what: &str) {
    for n in 0..MESSAGES {
        let expected: Vec<_> = (!missing.contains(&n))
            .then(|| body(n))
            .into_iter()
            .collect();
        for key in [format!("u{n}"), format!("k{n}")] {
            assert_eq!(query(store, "t", &key), expected, "{what}: {key}");
        }
    }
}

#[test]
fn keys_that_rocketmq_has_lost_are_put_in_again() {
    type Loss = fn(&mut Vec<PathBuf>) -> Vec<PathBuf>;
    let cases: &[(&str, Loss)] = &[
        ("the first file", |files| files.drain(..1).collect()),
        ("one in the middle", |files| files.drain(3..4).collect()),
        ("two in the middle", |files| files.drain(2..4).collect()),
        ("the newest", |files| {
            files.drain(files.len() - 1..).collect()
        }),
        ("all", std::mem::take),
    ];
    for (what, loss) in cases {
        for clean in [true, false] {
            let root = tempfile::tempdir().unwrap();
            let made = open(root.path());
            put_some(&made, 0..MESSAGES);
            made.store.close().unwrap();
            let mut files = index_files(root.path());
            assert!(files.len() > 6, "{}", files.len());
            for lost in loss(&mut files) {
                std::fs::remove_file(lost).unwrap();
            }
            if !clean {
                std::fs::write(root.path().join(ABORT), "1").unwrap();
            }
            let again = open(root.path());
            let what = format!("{what}, clean {clean}: {}", again.report);
            check_keys(&again.store, &[], &what);
            assert_rocketmq_keeps_the_keys(root.path(), &what);
            again.store.close().unwrap();
            let after = open(root.path());
            assert!(
                after.report.clean && after.report.notes.is_empty(),
                "{}",
                after.report
            );
            check_keys(&after.store, &[], &what);
        }
    }
}

/// Where message `n` lies in the log.
fn offset_of(store: &Store, n: usize) -> u64 {
    let at = QueueOffset(i64::try_from(n).unwrap());
    let found = store.get(&GetRequest::new("t", 0, at)).unwrap();
    let (_, unit) = found.units.first().unwrap();
    unit.physical_offset.0.unsigned_abs()
}

#[test]
fn damage_where_keys_are_put_in_again_costs_no_message() {
    let root = tempfile::tempdir().unwrap();
    let made = open(root.path());
    put_some(&made, 0..MESSAGES);
    let at = offset_of(&made.store, 10);
    made.store.close().unwrap();
    for file in index_files(root.path()) {
        std::fs::remove_file(file).unwrap();
    }
    let log = root
        .path()
        .join(format!("commitlog/{:020}", at / FILE_BYTES * FILE_BYTES));
    let file = std::fs::OpenOptions::new().write(true).open(log).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"?", at % FILE_BYTES + 100).unwrap();
    drop(file);
    let again = open(root.path());
    assert!(again.report.clean, "{}", again.report);
    let begins = log_begins(root.path());
    let next_file = begins
        .iter()
        .rev()
        .find(|(begin, _)| begin.unsigned_abs() > at)
        .unwrap()
        .0;
    let missing: Vec<usize> = (0..MESSAGES)
        .filter(|n| (at..next_file.unsigned_abs()).contains(&offset_of(&again.store, *n)))
        .collect();
    assert!(!missing.is_empty() && missing.len() < MESSAGES / 2);
    check_keys(&again.store, &missing, "damaged");
    assert_eq!(again.store.max_offset("t", 0), QueueOffset(60));
    again.store.close().unwrap();
    let after = open(root.path());
    assert!(after.report.notes.is_empty(), "{}", after.report);
    check_keys(&after.store, &missing, "damaged, later");
}
