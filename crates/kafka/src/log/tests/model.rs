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

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 3000,
        index_interval_bytes: 300,
        segment_index_bytes: 240,
        retention_ms: -1,
        ..LogConfig::default()
    }
}

/// A log and the records it should hold.
struct Run<'r> {
    root: &'r Path,
    kind: EngineKind,
    open: Option<Open>,
    log: Option<Arc<PartitionLog>>,
    model: Vec<Vec<u8>>,
    start: usize,
}

impl Run<'_> {
    fn log(&self) -> &PartitionLog {
        self.log.as_deref().expect("open")
    }

    fn dir(&self) -> &LogDir {
        &self.open.as_ref().expect("open").dir
    }

    fn end(&self) -> KafkaOffset {
        KafkaOffset(i64::try_from(self.model.len()).unwrap())
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Append { records, bytes } => self.append(*records, *bytes),
            Op::Read { from, max } => self.read(*from, *max),
            Op::Checkpoint => self.dir().checkpoint().unwrap(),
            Op::CleanRestart => self.restart(true),
            Op::Crash => self.restart(false),
            Op::DeleteBefore(to) => {
                wait(self.log(), Ack::Visible, self.end()).unwrap();
                let moved = self.log().delete_records_before(KafkaOffset(*to as i64));
                assert_eq!(moved.is_err(), *to > self.model.len());
                if moved.is_ok() {
                    self.start = self.start.max(*to);
                }
            }
            Op::Retention => {
                self.dir().run_retention(NOW);
            }
        }
        assert_eq!(self.log().log_end_offset().unwrap(), self.end());
        assert_eq!(self.log().log_start_offset().unwrap().0, self.start as i64);
    }

    fn append(&mut self, records: usize, bytes: usize) {
        let value = |index| vec![u8::try_from((self.model.len() + index) % 251).unwrap(); bytes];
        let values: Vec<Vec<u8>> = (0..records).map(value).collect();
        let slices: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        assert_eq!(append(self.log(), &slices).base_offset, self.end());
        self.model.extend(values);
    }

    fn read(&self, from: usize, max: usize) {
        let at = KafkaOffset(from as i64);
        let outcome = self
            .log()
            .read(at, max, true, Isolation::LogEnd, Access::MayBlock);
        if from < self.start || from > self.model.len() {
            assert!(matches!(outcome, Err(ReadError::OutOfRange { .. })));
            return;
        }
        let bytes = bytes_of(&outcome.unwrap());
        let first = Batches::of(&bytes).next();
        assert_eq!(first.is_none(), from == self.model.len());
        if let Some(first) = first {
            let header = *first.unwrap().header();
            assert!(header.base_offset <= at.0 && at <= header.last_offset());
        }
    }

    fn restart(&mut self, clean: bool) {
        wait(self.log(), Ack::Durable, self.end()).unwrap();
        if clean {
            self.dir().close().unwrap();
        }
        (self.log, self.open) = (None, None);
        let open = open_with(self.root, self.kind, config());
        assert_eq!(open.report.clean, clean);
        assert!(
            open.report.partitions.iter().all(|p| p.cuts.is_empty()),
            "{}",
            open.report
        );
        self.log = open.dir.log(&tp());
        self.open = Some(open);
        let known = usize::try_from(self.log().log_start_offset().unwrap().0).unwrap();
        // A log start that was not checkpointed may fall back to where its segment begins.
        assert!(known <= self.start && (known == self.start || !clean));
        self.start = known;
    }
}

fn check(kind: EngineKind, ops: &[Op]) {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), kind, config());
    let log = open.dir.create(&tp(), id(), config()).unwrap();
    let mut run = Run {
        root: root.path(),
        kind,
        open: Some(open),
        log: Some(log),
        model: Vec::new(),
        start: 0,
    };
    for op in ops {
        run.apply(op);
    }
    let want: Vec<(i64, Vec<u8>)> = (run.start..run.model.len())
        .map(|offset| (offset as i64, run.model[offset].clone()))
        .collect();
    assert_eq!(all_records(run.log(), run.start as i64), want);
    indexes_equal_a_rebuild(run.log(), &config());
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
