//! The writer of entries for `fuzz/`; compiled with `--cfg fuzzing` only, so no part of the crate's interface.

use super::encode::{NewMessage, Place, Shape};
use super::entry::Entry;

/// The bytes that the store would write for what `entry` holds, in the same place at the same time.
///
/// # Panics
/// The parts are not as long as the shape says: a finding.
pub fn encode(entry: &Entry<'_>, topic: &str) -> Vec<u8> {
    let message = NewMessage {
        topic,
        queue_id: entry.queue_id,
        flag: entry.flag,
        sys_flag: entry.sys_flag,
        born_timestamp_ms: entry.born_timestamp_ms,
        born_host: entry.born_host,
        store_host: entry.store_host,
        reconsume_times: entry.reconsume_times,
        prepared_transaction_offset: entry.prepared_transaction_offset,
        body: entry.body,
        properties: entry.properties,
    };
    let mut shape = Shape::of(&message, false);
    shape.stamp(&Place {
        physical_offset: entry.physical_offset,
        queue_offset: entry.queue_offset,
        store_timestamp_ms: entry.store_timestamp_ms,
    });
    let mut parts = Vec::new();
    shape.parts(&mut parts);
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
    assert_eq!(bytes.len(), shape.bytes, "a shape of another length");
    bytes
}
