//! Random operations on a log against a vector of records.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Append { records: usize, bytes: usize },
    Read { from: usize, max: usize },
    Checkpoint,
    CleanRestart,
    Crash,
    DeleteBefore(usize),
    Retention,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (1..5usize, 0..400usize).prop_map(|(records, bytes)| Op::Append { records, bytes }),
        4 => (0..200usize, 0..3000usize).prop_map(|(from, max)| Op::Read { from, max }),
        1 => Just(Op::Checkpoint),
        1 => Just(Op::CleanRestart),
        1 => Just(Op::Crash),
        1 => (0..200usize).prop_map(Op::DeleteBefore),
        1 => Just(Op::Retention),
    ]
}

fn check(kind: EngineKind, ops: &[Op]) {
    let config = LogConfig {
        segment_bytes: 3000,
        index_interval_bytes: 300,
        segment_index_bytes: 240,
        retention_ms: -1,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    let mut open = open_with(root.path(), kind, config.clone());
    let mut log = open.dir.create(&tp(), id(), config.clone()).unwrap();
    let mut model: Vec<Vec<u8>> = Vec::new();
    let mut start = 0usize;
    for op in ops {
        match op {
            Op::Append { records, bytes } => {
                let values: Vec<Vec<u8>> = (0..*records)
                    .map(|index| vec![u8::try_from((model.len() + index) % 251).unwrap(); *bytes])
                    .collect();
                let slices: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
                let appended = append(&log, &slices);
                assert_eq!(appended.base_offset.0, model.len() as i64);
                model.extend(values);
            }
            Op::Read { from, max } => {
                let outcome = log.read(
                    KafkaOffset(*from as i64),
                    *max,
                    true,
                    Isolation::LogEnd,
                    Access::MayBlock,
                );
                if *from < start || *from > model.len() {
                    assert!(matches!(outcome, Err(ReadError::OutOfRange { .. })));
                } else {
                    let bytes = bytes_of(&outcome.unwrap());
                    let first = Batches::of(&bytes).next();
                    assert_eq!(first.is_none(), *from == model.len());
                    if let Some(first) = first {
                        let header = *first.unwrap().header();
                        assert!(
                            header.base_offset <= *from as i64
                                && *from as i64 <= header.last_offset().0
                        );
                    }
                }
            }
            Op::Checkpoint => open.dir.checkpoint().unwrap(),
            Op::CleanRestart | Op::Crash => {
                wait(&log, Ack::Durable, KafkaOffset(model.len() as i64)).unwrap();
                if matches!(op, Op::CleanRestart) {
                    open.dir.close().unwrap();
                }
                drop((log, open));
                open = open_with(root.path(), kind, config.clone());
                assert_eq!(open.report.clean, matches!(op, Op::CleanRestart));
                log = open.dir.log(&tp()).unwrap();
                let known = log.log_start_offset().unwrap().0 as usize;
                // A log start that was not checkpointed may fall back to where its segment begins.
                assert!(known <= start && (known == start || matches!(op, Op::Crash)));
                start = known;
                assert!(
                    open.report.partitions.iter().all(|p| p.cuts.is_empty()),
                    "{}",
                    open.report
                );
            }
            Op::DeleteBefore(to) => {
                wait(&log, Ack::Visible, KafkaOffset(model.len() as i64)).unwrap();
                let moved = log.delete_records_before(KafkaOffset(*to as i64));
                assert_eq!(moved.is_err(), *to > model.len());
                if moved.is_ok() {
                    start = start.max(*to);
                }
            }
            Op::Retention => {
                open.dir.run_retention(NOW);
            }
        }
        assert_eq!(log.log_end_offset().unwrap().0, model.len() as i64);
        assert_eq!(log.log_start_offset().unwrap().0, start as i64);
    }
    let want: Vec<(i64, Vec<u8>)> = (start..model.len())
        .map(|offset| (offset as i64, model[offset].clone()))
        .collect();
    assert_eq!(all_records(&log, start as i64), want);
    indexes_equal_a_rebuild(&log, &config);
}

/// Closes nothing: compares what live appends (and restarts) wrote with a rebuild from the log.
fn indexes_equal_a_rebuild(log: &PartitionLog, config: &LogConfig) {
    // Engines may hold the tail in memory until it is committed.
    wait(log, Ack::Durable, log.log_end_offset().unwrap()).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let mut bases: Vec<i64> = Vec::new();
    for entry in std::fs::read_dir(log.dir()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(base) = name.strip_suffix(".log") {
            bases.push(base.parse().unwrap());
        }
    }
    for base in bases {
        let live_offsets = offset_index::OffsetIndex::open(
            &log.dir().join(format!("{base:020}.index")),
            base,
            config.segment_index_bytes,
        )
        .unwrap();
        let rebuilt = offset_index::OffsetIndex::open(
            &copy.path().join(format!("{base:020}.index")),
            base,
            config.segment_index_bytes,
        )
        .unwrap();
        let bytes = std::fs::read(log.dir().join(format!("{base:020}.log"))).unwrap();
        let (mut interval, mut at) = (offset_index::IndexInterval::default(), 0u32);
        for view in Batches::of(&bytes) {
            let Ok(view) = view else { break };
            if interval.count(view.bytes().len(), config.index_interval_bytes) {
                rebuilt.push(view.header().last_offset(), at).unwrap();
            }
            at += u32::try_from(view.bytes().len()).unwrap();
        }
        let entries = |index: &offset_index::OffsetIndex| -> Vec<_> {
            (0..index.count())
                .map(|at| index.entry(at).unwrap().unwrap())
                .collect()
        };
        assert_eq!(entries(&live_offsets), entries(&rebuilt), "segment {base}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_engine_equals_the_model(kind in 0..4usize, ops in proptest::collection::vec(op(), 1..60)) {
        check(EngineKind::ALL[kind], &ops);
    }
}
