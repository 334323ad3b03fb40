//! Compaction: what stays, for whom, and after which crash.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::builder::ProducerStamp;
use super::super::compression::Compression;
use super::*;

const MEMORY_BYTES: u64 = 1 << 20;

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 1000,
        index_interval_bytes: 150,
        cleanup_compact: true,
        cleanup_delete: false,
        min_cleanable_dirty_ratio: 0.0,
        delete_retention_ms: 1000,
        ..LogConfig::default()
    }
}

/// What a record says: its offset, key and value.
type Told = (i64, Vec<u8>, Option<Vec<u8>>);

fn keyed(codec: Compression, time: i64, records: &[(&[u8], Option<&[u8]>)]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(codec);
    for (key, value) in records {
        builder.push(time, Some(key), *value);
    }
    builder.finish().unwrap()
}

fn put(log: &PartitionLog, time: i64, key: &str, value: Option<&str>) -> i64 {
    let record = (key.as_bytes(), value.map(str::as_bytes));
    let mut bytes = keyed(Compression::None, time, &[record]);
    let appended = log
        .append(&mut bytes, &AppendContext::client(time))
        .unwrap();
    wait(log, Ack::Visible, appended.end).unwrap();
    appended.base_offset.0
}

/// Every record from the start of the log on.
fn told(log: &PartitionLog) -> Vec<Told> {
    let mut all = Vec::new();
    let mut at = log.log_start_offset().unwrap();
    let end = log.log_end_offset().unwrap();
    while at < end {
        let fetched = log
            .read(at, 1 << 20, true, Isolation::LogEnd, Access::MayBlock)
            .unwrap();
        let bytes = bytes_of(&fetched);
        let before = at;
        for view in Batches::of(&bytes) {
            let view = view.unwrap();
            view.check_crc().unwrap();
            record::visit(&view, |record| {
                if record.offset >= before && !view.header().is_control() {
                    let (key, value) = (record.key.unwrap(), record.value);
                    all.push((record.offset.0, key.to_vec(), value.map(<[u8]>::to_vec)));
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
            at = view.header().next_offset();
        }
        assert!(at > before, "no way past {before}");
    }
    all
}

/// The last word on each key that has a value.
fn table(records: &[Told]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut table = BTreeMap::new();
    for (_, key, value) in records {
        match value {
            Some(value) => table.insert(key.clone(), value.clone()),
            None => table.remove(key),
        };
    }
    table
}

fn clean(open: &Open, now_ms: i64) -> bool {
    open.dir
        .clean_dirtiest(MEMORY_BYTES, now_ms, &|| false)
        .is_some()
}

fn short(records: &[Told]) -> Vec<(i64, String)> {
    let text = |(offset, key, value): &Told| {
        let value = value.as_ref().map(|value| String::from_utf8_lossy(value));
        (
            *offset,
            format!(
                "{}={}",
                String::from_utf8_lossy(key),
                value.unwrap_or("-".into())
            ),
        )
    };
    records.iter().map(text).collect()
}

#[test]
fn of_each_key_the_newest_record_stays_at_its_offset() {
    for kind in EngineKind::ALL {
        let root = tempfile::tempdir().unwrap();
        let before = {
            let open = open_with(root.path(), kind, config());
            let log = open.dir.create(&tp(), id(), config()).unwrap();
            for round in 0..40 {
                put(
                    &log,
                    NOW,
                    ["a", "b", "c"][round % 3],
                    Some(&format!("v{round}")),
                );
            }
            let before = told(&log);
            let bytes = log.size_bytes();
            assert!(clean(&open, NOW), "{kind}");
            let after = told(&log);
            assert!(
                after.len() < before.len() / 2 && log.size_bytes() < bytes,
                "{kind}"
            );
            assert_eq!(table(&after), table(&before), "{kind}");
            assert!(after.iter().all(|record| before.contains(record)), "{kind}");
            assert_eq!(log.log_end_offset().unwrap().0, 40);
            // Asked for an offset that is gone, a reader goes on with the next one there is.
            let fetched = read_from(&log, 1, Isolation::Uncommitted);
            assert!(fetched[0].last_offset().0 >= 1, "{kind}");
            assert!(!clean(&open, NOW), "{kind}: nothing is dirty any more");
            open.dir.close().unwrap();
            after
        };
        for _ in 0..2 {
            let open = open_with(root.path(), kind, config());
            let log = open.dir.log(&tp()).unwrap();
            assert_eq!(
                told(&log),
                before,
                "{kind}: after a stop, then after a crash"
            );
            assert!(!clean(&open, NOW), "{kind}: where it is clean is known");
            assert!(open.report.partitions.iter().all(|p| p.cuts.is_empty()));
        }
    }
}

#[test]
fn a_deleted_key_is_told_for_a_while_and_then_gone() {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, config());
    let log = open.dir.create(&tp(), id(), config()).unwrap();
    let fill = |time| (0..20).for_each(|_| _ = put(&log, time, "other", Some("x")));
    put(&log, NOW, "gone", Some("x"));
    let tombstone = put(&log, NOW, "gone", None);
    fill(NOW);
    let is_told = || told(&log).iter().any(|(offset, ..)| *offset == tombstone);
    assert!(
        clean(&open, NOW) && is_told(),
        "the first pass sets its time"
    );
    assert_eq!(told(&log)[0].0, tombstone, "the value went");
    fill(NOW);
    assert!(clean(&open, NOW + 900) && is_told(), "its time is not over");
    fill(NOW);
    assert!(clean(&open, NOW + 1000) && !is_told());
    assert!(!table(&told(&log)).contains_key(b"gone".as_slice()));
}

#[test]
fn what_was_aborted_hides_nothing_and_goes() {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, config());
    let log = open.dir.create(&tp(), id(), config()).unwrap();
    let context = AppendContext {
        origin: Origin::Coordinator,
        ..AppendContext::client(NOW)
    };
    let in_transaction = |producer: i64, sequence, value: &str| {
        let stamp = ProducerStamp {
            id: producer,
            epoch: 0,
            base_sequence: sequence,
        };
        let mut builder = BatchBuilder::default().producer(stamp).transactional();
        builder.push(NOW, Some(b"key"), Some(value.as_bytes()));
        let end = log
            .append(&mut builder.finish().unwrap(), &context)
            .unwrap()
            .end;
        wait(&log, Ack::Durable, end).unwrap();
    };
    let marker = |producer: i64, kind: i16| {
        let stamp = ProducerStamp {
            id: producer,
            epoch: 0,
            base_sequence: -1,
        };
        let mut builder = BatchBuilder::default()
            .producer(stamp)
            .transactional()
            .control();
        let key = [[0, 0], kind.to_be_bytes()].concat();
        builder.push(NOW, Some(&key), Some(&[0; 6]));
        let end = log
            .append(&mut builder.finish().unwrap(), &context)
            .unwrap()
            .end;
        wait(&log, Ack::Durable, end).unwrap();
    };
    put(&log, NOW, "key", Some("first"));
    in_transaction(1, 0, "committed");
    marker(1, 1);
    in_transaction(2, 0, "aborted");
    marker(2, 0);
    for _ in 0..20 {
        put(&log, NOW, "other", Some("x"));
    }
    assert!(clean(&open, NOW));
    let shown = short(&told(&log));
    assert!(
        shown.contains(&(1, "key=committed".to_owned())),
        "{shown:?}"
    );
    assert!(
        !shown
            .iter()
            .any(|(_, text)| text == "key=first" || text == "key=aborted")
    );
    let committed = log
        .read(
            KafkaOffset(0),
            1 << 20,
            true,
            Isolation::Committed,
            Access::MayBlock,
        )
        .unwrap();
    assert_eq!(
        committed.aborted.unwrap()[0].producer_id,
        2,
        "its marker is there still"
    );
    for _ in 0..20 {
        put(&log, NOW, "other", Some("x"));
    }
    assert!(clean(&open, NOW + 10));
    let producers = log.producers().unwrap();
    assert!(producers.iter().any(|producer| producer.producer_id == 2));
}

#[test]
fn what_is_young_or_unfinished_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let lagging = LogConfig {
        min_compaction_lag_ms: 1000,
        ..config()
    };
    let open = open_with(root.path(), EngineKind::File, lagging.clone());
    let log = open.dir.create(&tp(), id(), lagging).unwrap();
    for round in 0..40 {
        put(&log, NOW + round * 100, "a", Some("v"));
    }
    assert!(!clean(&open, NOW + 900), "all of it is young");
    assert!(clean(&open, NOW + 3000));
    let left = told(&log);
    assert!(left.len() > 10 && left.len() < 35, "{}", left.len());
    assert!(left[0].0 > 5, "the old ones went");
}

#[test]
fn a_map_that_is_full_cleans_in_several_passes() {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, config());
    let log = open.dir.create(&tp(), id(), config()).unwrap();
    for round in 0..60 {
        put(&log, NOW, &format!("key {}", round % 20), Some("v"));
    }
    let before = table(&told(&log));
    let eight_keys = 8 * 48;
    let mut passes = 0;
    while open
        .dir
        .clean_dirtiest(eight_keys, NOW, &|| false)
        .is_some()
    {
        passes += 1;
        assert_eq!(table(&told(&log)), before, "pass {passes}");
    }
    assert!(passes > 2, "{passes}");
}

/// A damaged batch is not passed over: the log stays as it is.
#[test]
fn a_damaged_log_is_not_cleaned() {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, config());
    let log = open.dir.create(&tp(), id(), config()).unwrap();
    for _ in 0..40 {
        put(&log, NOW, "a", Some("v"));
    }
    let first = log.dir().join("00000000000000000000.log");
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&first, &bytes).unwrap();
    assert!(!clean(&open, NOW) && !clean(&open, NOW));
    assert_eq!(std::fs::read(&first).unwrap(), bytes);
    let names = std::fs::read_dir(log.dir()).unwrap();
    let left = names.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".cleaned")
    });
    assert!(left.count() < 5, "the next pass or start takes them away");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Files of a partition by name.
fn files(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every state in which the exchange of files can be interrupted leads back to the old log or to the new one.
#[test]
fn an_interrupted_exchange_is_ended_or_undone() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    {
        let open = open_with(&old, EngineKind::File, config());
        let log = open.dir.create(&tp(), id(), config()).unwrap();
        for round in 0..40 {
            put(&log, NOW, ["a", "b"][round % 2], Some(&format!("v{round}")));
        }
    }
    copy(&old, &new);
    {
        let open = open_with(&new, EngineKind::File, config());
        assert!(clean(&open, NOW));
    }
    let (old_dir, new_dir) = (old.join("t-0"), new.join("t-0"));
    let is_segment = |name: &String| {
        [".log", ".index", ".timeindex"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
    };
    let logs = |dir: &Path| -> Vec<String> {
        files(dir)
            .into_iter()
            .filter(|name| name.ends_with(".log"))
            .collect()
    };
    let active = logs(&old_dir).pop().unwrap();
    let cleaned: Vec<String> = files(&new_dir)
        .into_iter()
        .filter(|name| is_segment(name) && !active.starts_with(name.split('.').next().unwrap()))
        .collect();
    let replaced: Vec<String> = logs(&old_dir)
        .into_iter()
        .filter(|name| *name != active)
        .collect();
    // 0..n: so many new files are called .swap, the rest .cleaned; then old ones go; then new ones get their names.
    let steps = cleaned.len() + replaced.len() + cleaned.len();
    for step in 0..=steps {
        let state = folder.path().join(format!("state-{step}"));
        copy(&old, &state);
        let dir = state.join("t-0");
        let swapped = step.min(cleaned.len());
        let gone = step.saturating_sub(cleaned.len()).min(replaced.len());
        let named = step.saturating_sub(cleaned.len() + replaced.len());
        for name in &replaced[..gone] {
            std::fs::rename(dir.join(name), dir.join(format!("{name}.deleted"))).unwrap();
        }
        for (index, name) in cleaned.iter().enumerate() {
            let suffix = match () {
                () if index < named => "",
                () if index < swapped => ".swap",
                () => ".cleaned",
            };
            std::fs::copy(new_dir.join(name), dir.join(format!("{name}{suffix}"))).unwrap();
        }
        let open = open_with(&state, EngineKind::File, config());
        let log = open
            .dir
            .log(&tp())
            .unwrap_or_else(|| panic!("{step}: {}", open.report));
        let found = short(&told(&log));
        let latest: Vec<String> = table(&told(&log))
            .values()
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect();
        assert_eq!(latest, ["v38", "v39"], "step {step}: {found:?}");
        assert_eq!(log.log_end_offset().unwrap().0, 40, "step {step}");
        let offsets: Vec<i64> = found.iter().map(|(offset, _)| *offset).collect();
        assert!(
            offsets.is_sorted_by(|a, b| a < b),
            "step {step}: {offsets:?}"
        );
        let left = files(&dir);
        assert!(
            !left
                .iter()
                .any(|n| n.ends_with(".swap") || n.ends_with(".cleaned")),
            "step {step}: {left:?}"
        );
    }
}

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<(u8, Option<u8>)>),
    Clean,
    Wait(u16),
    CleanRestart,
    Crash,
    Checkpoint,
}

fn op() -> impl Strategy<Value = Op> {
    let record = (0..6u8, proptest::option::weighted(0.8, any::<u8>()));
    prop_oneof![
        10 => proptest::collection::vec(record, 1..5).prop_map(Op::Put),
        3 => Just(Op::Clean),
        2 => (0..800u16).prop_map(Op::Wait),
        1 => Just(Op::CleanRestart),
        1 => Just(Op::Crash),
        1 => Just(Op::Checkpoint),
    ]
}

fn run(kind: EngineKind, codec: Compression, ops: &[Op]) {
    let root = tempfile::tempdir().unwrap();
    let mut open = open_with(root.path(), kind, config());
    let mut log = open.dir.create(&tp(), id(), config()).unwrap();
    let (mut model, mut now): (Vec<Told>, i64) = (Vec::new(), NOW);
    for op in ops {
        match op {
            Op::Put(records) => {
                let text = |number: u8| format!("{number:0>40}").into_bytes();
                let owned: Vec<(Vec<u8>, Option<Vec<u8>>)> = records
                    .iter()
                    .map(|(key, value)| (text(*key), value.map(text)))
                    .collect();
                let borrowed: Vec<(&[u8], Option<&[u8]>)> = owned
                    .iter()
                    .map(|(key, value)| (key.as_slice(), value.as_deref()))
                    .collect();
                let mut bytes = keyed(codec, now, &borrowed);
                let appended = log.append(&mut bytes, &AppendContext::client(now)).unwrap();
                for (key, value) in owned {
                    model.push((i64::try_from(model.len()).unwrap(), key, value));
                }
                assert_eq!(appended.end.0, i64::try_from(model.len()).unwrap());
                wait(&log, Ack::Durable, appended.end).unwrap();
            }
            Op::Clean => _ = clean(&open, now),
            Op::Wait(ms) => now += i64::from(*ms),
            Op::Checkpoint => open.dir.checkpoint().unwrap(),
            Op::CleanRestart | Op::Crash => {
                if matches!(op, Op::CleanRestart) {
                    open.dir.close().unwrap();
                }
                drop((log, open));
                open = open_with(root.path(), kind, config());
                let cuts = open.report.partitions.iter().flat_map(|p| &p.cuts);
                assert_eq!(cuts.count(), 0, "{}", open.report);
                log = open.dir.log(&tp()).unwrap();
            }
        }
        let found = told(&log);
        assert_eq!(log.log_end_offset().unwrap().0, model.len() as i64);
        assert_eq!(table(&found), table(&model));
        assert!(
            found
                .iter()
                .all(|record| model[usize::try_from(record.0).unwrap()] == *record)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_the_last_word_on_every_key(
        kind in 0..4usize,
        codec in 0..2usize,
        ops in proptest::collection::vec(op(), 1..60),
    ) {
        let codec = [Compression::None, Compression::Lz4][codec];
        run(EngineKind::ALL[kind], codec, &ops);
    }
}
