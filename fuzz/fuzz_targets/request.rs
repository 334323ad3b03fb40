//! A request frame as the server reads it: header, then the body of whatever key and version it names.
//!
//! Holds: nothing panics, and what decodes can be encoded, then decodes and encodes to the same bytes.
#![no_main]

use highwater_fuzz::{Half, round_trip};
use kafka_wire::{Reader, RequestHeader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    let mut reader = Reader::new(frame);
    let Ok(header) = RequestHeader::decode(&mut reader) else {
        return;
    };
    round_trip(
        Half::Request,
        header.api_key,
        header.api_version,
        reader.rest(),
    );
});
