//! Tests of whole logs and data directories, on every engine.

mod basics;
mod clean;
mod damage;
mod golden;
mod model;
mod power;

use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, Part, open_engine};

use super::batch::{BatchHeader, Batches};
use super::builder::BatchBuilder;
use super::*;

pub(super) const NOW: i64 = 1_700_000_000_000;

/// A data directory that is open.
pub(super) struct Open {
    pub(super) dir: Arc<LogDir>,
    pub(super) report: RecoveryReport,
    pub(super) clock: Arc<ManualClock>,
}

pub(super) fn open_with(root: &Path, kind: EngineKind, config: LogConfig) -> Open {
    let (engine, _) = open_engine(kind, &EngineOptions::new(root));
    open_on(root, engine, config)
}

pub(super) fn open_on(root: &Path, engine: Arc<dyn segment::Engine>, config: LogConfig) -> Open {
    let clock = Arc::new(ManualClock::at(NOW));
    let flush = FlushService::start(FlushOptions::default());
    let mut options = LogDirOptions::new(engine, flush, Arc::clone(&clock) as Arc<dyn Clock>);
    options.config_of = Box::new(move |_| config.clone());
    let (dir, report) = LogDir::open(root, options).unwrap();
    Open { dir, report, clock }
}

pub(super) fn tp() -> TopicPartition {
    TopicPartition::new("t", 0)
}

pub(super) fn id() -> TopicId {
    "AAAAAAAAQACAAAAAAAAAAQ".parse().unwrap()
}

/// A batch of `values` at times rising from `time`.
pub(super) fn batch(time: i64, values: &[&[u8]]) -> Vec<u8> {
    let mut builder = BatchBuilder::default();
    for (index, value) in values.iter().enumerate() {
        builder.push(time + i64::try_from(index).unwrap(), None, Some(value));
    }
    builder.finish().unwrap()
}

pub(super) fn append(log: &PartitionLog, values: &[&[u8]]) -> Appended {
    log.append(&mut batch(NOW, values), &AppendContext::client(NOW))
        .unwrap()
}

/// Waits, by parking, until the mark is reached.
pub(super) fn wait(log: &PartitionLog, ack: Ack, upto: KafkaOffset) -> Result<(), Poisoned> {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match log.poll_reached(ack, upto, &mut context) {
            Poll::Ready(reached) => return reached,
            Poll::Pending => std::thread::park(),
        }
    }
}

pub(super) fn bytes_of(fetched: &Fetched) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in &fetched.parts {
        match part {
            Part::Mem(lease) => bytes.extend_from_slice(lease),
            Part::File { file, offset, len } => {
                let mut piece = vec![0; *len];
                std::os::unix::fs::FileExt::read_exact_at(&**file, &mut piece, *offset).unwrap();
                bytes.extend_from_slice(&piece);
            }
        }
    }
    assert_eq!(bytes.len(), fetched.bytes);
    bytes
}

pub(super) fn read_from(log: &PartitionLog, from: i64, upto: Isolation) -> Vec<BatchHeader> {
    let fetched = log
        .read(KafkaOffset(from), 1 << 30, true, upto, Access::MayBlock)
        .unwrap();
    let bytes = bytes_of(&fetched);
    Batches::of(&bytes)
        .map(|view| {
            let view = view.unwrap();
            view.check_crc().unwrap();
            *view.header()
        })
        .collect()
}

/// Every record of the log from `from` on, as (offset, value).
pub(super) fn all_records(log: &PartitionLog, from: i64) -> Vec<(i64, Vec<u8>)> {
    let mut records = Vec::new();
    let mut at = KafkaOffset(from);
    let end = log.log_end_offset().unwrap();
    while at < end {
        let fetched = log
            .read(at, 1 << 20, true, Isolation::LogEnd, Access::MayBlock)
            .unwrap();
        let bytes = bytes_of(&fetched);
        let before = at;
        for view in Batches::of(&bytes) {
            let Ok(view) = view else { break };
            view.check_crc().unwrap();
            record::visit(&view, |record| {
                if record.offset >= before {
                    records.push((record.offset.0, record.value.unwrap_or_default().to_vec()));
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
            at = view.header().next_offset();
        }
        if at == before {
            break;
        }
    }
    records
}
