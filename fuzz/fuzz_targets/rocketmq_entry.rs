//! What lies in a commit log, walked entry by entry as recovery and readers walk it.
//!
//! Holds: nothing panics, the walk ends; an entry's parts lie inside it; an entry that the store could have written is
//! written to the same bytes again. Sizes and checksums are made right on a copy, so that the fuzzer gets behind them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rocketmq::store::message::{Entry, Found, Version, body_crc, find, fuzzing, tags_code};

/// Where an entry's checksum of its body lies.
const BODY_CRC_AT: usize = 8;
/// Topics up to here have one byte of length.
const V1_TOPIC_BYTES_MAX: usize = 127;

fn check(entry: &Entry<'_>) {
    let parts = entry.body.len() + entry.topic.len() + entry.properties.len();
    assert!(parts < entry.bytes.len(), "parts longer than the entry");
    let _ = entry.check_body();
    assert!(entry.properties().count() <= entry.properties.len());
    for name in ["KEYS", "UNIQ_KEY", "TAGS", "DELAY"] {
        let _ = entry.property(name).map(|value| tags_code(Some(&value)));
    }
    let Ok(topic) = entry.topic() else { return };
    let as_written = (topic.len() > V1_TOPIC_BYTES_MAX) == (entry.version == Version::V2);
    if as_written && entry.body_crc == body_crc(entry.body) {
        assert_eq!(fuzzing::encode(entry, topic), entry.bytes);
    }
}

/// Ends where a walk of the log would: at what is no entry.
fn walk(mut bytes: &[u8]) {
    while let Ok(Found::Entry(entry)) = find(bytes) {
        check(&entry);
        bytes = &bytes[entry.bytes.len()..];
    }
}

fuzz_target!(|bytes: &[u8]| {
    walk(bytes);
    let Some(length) = u32::try_from(bytes.len())
        .ok()
        .filter(|_| bytes.len() >= 12)
    else {
        return;
    };
    let mut copy = bytes.to_vec();
    copy[..4].copy_from_slice(&length.to_be_bytes());
    walk(&copy);
    if let Ok(Found::Entry(entry)) = find(&copy) {
        let crc = body_crc(entry.body);
        copy[BODY_CRC_AT..][..4].copy_from_slice(&crc.to_be_bytes());
        walk(&copy);
    }
});
