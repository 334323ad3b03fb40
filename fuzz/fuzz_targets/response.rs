//! An answer as our own client reads it: key and version in the first four bytes, then header and body.
//!
//! Holds: nothing panics, and what decodes can be encoded, then decodes and encodes to the same bytes.
#![no_main]

use highwater_fuzz::{Half, round_trip};
use kafka_wire::{ApiKey, Reader, ResponseHeader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(bytes);
    let (Ok(key), Ok(version)) = (reader.i16(), reader.i16()) else {
        return;
    };
    let Some(api) = ApiKey::from_i16(key) else {
        return;
    };
    let Ok(_) = ResponseHeader::decode(&mut reader, api.response_header_version(version)) else {
        return;
    };
    round_trip(Half::Response, key, version, reader.rest());
});
