//! Tests of whole stores, on every engine.

mod basics;
mod damage;
mod keys;
mod model;
mod power;
mod retention;
mod scale;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use segment::{Engine, EngineKind, EngineOptions, FlushOptions, FlushService, Part, open_engine};

use super::message::{Entry, NewMessage, SysFlag, decode};
use super::*;

pub(super) const NOW: i64 = 1_700_000_000_000;
pub(super) const FILE_BYTES: u64 = 8192;

/// A store that is open.
pub(super) struct Open {
    pub(super) store: Arc<Store>,
    pub(super) report: RecoveryReport,
    pub(super) clock: Arc<ManualClock>,
    pub(super) usage: Arc<Mutex<f64>>,
}

/// Files small enough that a few messages fill them.
pub(super) fn settings() -> StoreSettings {
    StoreSettings {
        commit_log_file_bytes: FILE_BYTES,
        queue_file_bytes: 200,
        index_slots: 7,
        index_entries: 12,
        queue_files_open_max: 3,
        ..StoreSettings::default()
    }
}

pub(super) fn open_on(
    root: &Path,
    engine: Arc<dyn Engine>,
    settings: StoreSettings,
) -> Result<Open, StoreError> {
    let clock = Arc::new(ManualClock::at(NOW));
    let usage = Arc::new(Mutex::new(0.1));
    let flush = FlushService::start(FlushOptions::default());
    let mut options = StoreOptions::new(engine, flush, Arc::clone(&clock) as Arc<dyn Clock>);
    options.settings = settings;
    let told = Arc::clone(&usage);
    options.disk_usage = Box::new(move |_| Ok(*told.lock()));
    let (store, report) = Store::open(root, options)?;
    Ok(Open {
        store,
        report,
        clock,
        usage,
    })
}

pub(super) fn open_with(root: &Path, kind: EngineKind, settings: StoreSettings) -> Open {
    let (engine, _) = open_engine(kind, &EngineOptions::new(root));
    open_on(root, engine, settings).unwrap()
}

pub(super) fn open(root: &Path) -> Open {
    open_with(root, EngineKind::File, settings())
}

pub(super) fn message<'a>(
    topic: &'a str,
    queue_id: i32,
    body: &'a [u8],
    properties: &'a [u8],
) -> NewMessage<'a> {
    NewMessage {
        topic,
        queue_id,
        flag: 0,
        sys_flag: SysFlag(0),
        born_timestamp_ms: NOW,
        born_host: "127.0.0.1:40000".parse().unwrap(),
        store_host: "127.0.0.1:10911".parse().unwrap(),
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body,
        properties,
    }
}

/// Stores a message and waits until readers see it.
pub(super) fn put(
    store: &Store,
    topic: &str,
    queue_id: i32,
    body: &[u8],
    properties: &[u8],
) -> Put {
    let put = store
        .put(
            &message(topic, queue_id, body, properties),
            Some(Ack::Visible),
        )
        .unwrap();
    settle(store, &put);
    put
}

pub(super) fn settle(store: &Store, put: &Put) {
    store.wait_reached(Ack::Visible, put.end).unwrap();
    assert!(store.wait_dispatched(put.end.into()), "{:?}", store.state());
}

pub(super) fn bytes_of(parts: &[Part]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        match part {
            Part::Mem(lease) => bytes.extend_from_slice(lease),
            Part::File { file, offset, len } => {
                let mut piece = vec![0; *len];
                std::os::unix::fs::FileExt::read_exact_at(&**file, &mut piece, *offset).unwrap();
                bytes.extend_from_slice(&piece);
            }
        }
    }
    bytes
}

/// Cuts a row of entries, each of which must be whole.
pub(super) fn entries(bytes: &[u8]) -> Vec<Entry<'_>> {
    let (mut rest, mut entries) = (bytes, Vec::new());
    while !rest.is_empty() {
        let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let (own, after) = rest.split_at(size);
        let entry = decode(own).unwrap();
        entry.check_body().unwrap();
        entries.push(entry);
        rest = after;
    }
    entries
}

/// Every body of a queue from `from` on, with its offset.
pub(super) fn all_of(store: &Store, topic: &str, queue_id: i32, from: i64) -> Vec<(i64, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = QueueOffset(from);
    loop {
        let got = store.get(&GetRequest::new(topic, queue_id, at)).unwrap();
        if got.units.is_empty() && got.next_offset <= at {
            return found;
        }
        let bytes = bytes_of(&got.parts);
        assert_eq!(bytes.len(), got.bytes);
        let entries = entries(&bytes);
        assert_eq!(entries.len(), got.units.len());
        for (entry, (offset, unit)) in entries.iter().zip(&got.units) {
            assert_eq!(entry.queue_offset, *offset);
            assert_eq!(entry.physical_offset, unit.physical_offset);
            assert_eq!((entry.topic().unwrap(), entry.queue_id), (topic, queue_id));
            found.push((offset.0, entry.body.to_vec()));
        }
        at = got.next_offset;
    }
}

/// Bodies that a key finds, oldest first.
pub(super) fn query(store: &Store, topic: &str, key: &str) -> Vec<Vec<u8>> {
    let found = store.query(&QueryRequest {
        topic,
        key: QueryKey::Key(key),
        messages_max: 64,
        begin_ms: 0,
        end_ms: i64::MAX,
    });
    let bodies = |lease: &segment::Lease| decode(lease).unwrap().body.to_vec();
    found.unwrap().entries.iter().map(bodies).collect()
}

/// A linear congruential generator: the same rounds in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
