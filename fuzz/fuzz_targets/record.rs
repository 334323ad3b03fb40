//! Keys and values of the internal topics, and of the metadata log: read back at every start.
//!
//! Holds: nothing panics, and what decodes can be encoded. The first byte chooses the kind.
#![no_main]

use kafka_wire::{MetadataRecord, Reader, Writer, decode_versioned, encode_versioned};
use libfuzzer_sys::fuzz_target;

macro_rules! values {
    ($choice:expr, $bytes:expr, $($number:literal => $message:ident),* $(,)?) => {
        match $choice {
            $($number => if let Ok((value, version)) = decode_versioned::<kafka_wire::$message>($bytes) {
                encode_versioned(&value, version).expect("what was decoded can be encoded");
            })*
            _ => metadata($bytes),
        }
    };
}

/// A record of the metadata log: frame version, type and version as varints, then the body.
fn metadata(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let (Ok(_), Ok(kind), Ok(version)) = (reader.uvarint(), reader.uvarint(), reader.uvarint())
    else {
        return;
    };
    let (Ok(kind), Ok(version)) = (i16::try_from(kind), i16::try_from(version)) else {
        return;
    };
    if let Ok(record) = MetadataRecord::decode(&mut reader, kind, version) {
        record
            .encode(&mut Writer::new(), version)
            .expect("what was decoded can be encoded");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    values!(choice % 8, bytes,
        0 => OffsetCommitKey,
        1 => OffsetCommitValue,
        2 => GroupMetadataKey,
        3 => GroupMetadataValue,
        4 => ConsumerProtocolSubscription,
        5 => ConsumerProtocolAssignment,
        6 => TransactionLogValue,
    );
});
