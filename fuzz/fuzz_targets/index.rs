//! The files beside a segment, with any content: offset index, time index, transaction index, producer snapshot, leader
//! epochs, checkpoints, the partition's metadata.
//!
//! Holds: nothing panics; a file either opens or is refused; lookups in one that opened stay within it. The first byte
//! chooses the file.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kafka::log::leader_epochs::LeaderEpochs;
use kafka::log::offset_index::OffsetIndex;
use kafka::log::time_index::TimeIndex;
use kafka::log::txn_index::TxnIndex;
use kafka::log::{KafkaOffset, checkpoints, partition_metadata, producer_snapshot};
use libfuzzer_sys::fuzz_target;

/// As many bytes as an index of the default configuration may have.
const INDEX_BYTES_MAX: u32 = 10 * 1024 * 1024;
const BASE: i64 = 1000;

/// A folder in memory, one per process.
fn dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = Path::new("/dev/shm").join(format!("highwater-fuzz-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder in memory");
        dir
    })
}

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir().join(name);
    fs::write(&path, bytes).expect("a file in memory");
    path
}

fn offset_index(bytes: &[u8]) {
    let Ok(index) = OffsetIndex::open(&written("0.index", bytes), BASE, INDEX_BYTES_MAX) else {
        return;
    };
    let last = index.last();
    for target in [0, BASE, BASE + 7, i64::MAX] {
        let _ = index.floor(KafkaOffset(target));
        let _ = index.cut_from(KafkaOffset(target));
    }
    let _ = index.first_at_position(4096);
    let _ = (last, index.trim());
}

fn time_index(bytes: &[u8]) {
    let Ok(index) = TimeIndex::open(&written("0.timeindex", bytes), BASE, INDEX_BYTES_MAX) else {
        return;
    };
    for time in [i64::MIN, 0, 1_800_000_000_000, i64::MAX] {
        let _ = index.floor(time);
    }
    let _ = (
        index.last(),
        index.cut_above(KafkaOffset(BASE + 7)),
        index.trim(),
    );
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    match choice % 7 {
        0 => offset_index(bytes),
        1 => time_index(bytes),
        2 => {
            written(&format!("{BASE:020}.txnindex"), bytes);
            let index = TxnIndex::of(dir(), BASE);
            let _ = (index.read(), index.cut_end(KafkaOffset(BASE + 7)));
        }
        3 => {
            if let Ok(states) = producer_snapshot::decode(bytes) {
                let again = producer_snapshot::encode(&states);
                assert!(
                    producer_snapshot::decode(&again).is_ok(),
                    "what was written must be read"
                );
            }
        }
        4 => {
            written("leader-epoch-checkpoint", bytes);
            if let Ok(epochs) = LeaderEpochs::load(dir()) {
                let _ = epochs.end_offset_for(3, KafkaOffset(100));
            }
        }
        5 => {
            let _ = checkpoints::read(&written("recovery-point-offset-checkpoint", bytes));
        }
        _ => {
            written("partition.metadata", bytes);
            let _ = partition_metadata::read(dir());
        }
    }
});
