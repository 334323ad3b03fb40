//! Writes the seeds of `request` and `response`, one frame of every message in its newest version, and those of the two
//! `frame` targets. `rocketmq_seeds.rs` writes those of RocketMQ's other ones.
//!
//! The bytes come from the encoder that kafka-wire's own tests write from the schemas, not from the code under test. Run it
//! in `fuzz/` after `cargo xtask codegen` has brought new messages or versions.

#[allow(
    dead_code,
    reason = "shared with the tests of kafka-wire, which use more of it"
)]
#[path = "../../crates/kafka-wire/tests/codec/sample.rs"]
mod sample;
#[allow(
    dead_code,
    reason = "shared with the tests of kafka-wire, which use more of it"
)]
#[path = "../../crates/kafka-wire/tests/codec/schema.rs"]
mod schema;

use std::path::Path;
use std::{fs, io};

use kafka_wire::{ApiKey, RequestHeader, ResponseHeader, Writer};

/// The richest of this many samples is written.
const SAMPLES: u64 = 64;
/// A seed larger than this teaches nothing that a smaller one does not.
const SEED_BYTES_MAX: usize = 600;

fn main() -> io::Result<()> {
    messages()?;
    frames("corpus/frame")?;
    frames("corpus/rocketmq_frame")
}

/// Streams of frames; `src/stream.rs` says what the bytes mean.
fn frames(folder: &str) -> io::Result<()> {
    let folder = Path::new(folder);
    fs::create_dir_all(folder)?;
    let small = [0, 0, 0, 3, b'a', b'b', b'c'];
    let several = small.repeat(5);
    let seeds: [(&str, u8, [u8; 4], &[u8]); 8] = [
        ("byte-by-byte", 2, [0; 4], &several),
        ("at-once", 2, [255; 4], &several),
        ("cut-short", 1, [1, 3, 0, 2], &several[..19]),
        ("empty-frames", 0, [2; 4], &[0; 12]),
        ("negative", 2, [9; 4], &[0, 0, 0, 1, 7, 0x80, 0, 0, 0, 1]),
        ("too-large", 1, [9; 4], &[0, 0, 0, 1, 7, 0, 0, 1, 0, 1]),
        // Frames of 76 KB, 302 KB and 1.2 MB: one for each class of buffer that they do not fit.
        (
            "large",
            3,
            [200; 4],
            &[0xf5, 15, 160, 0xf5, 0x3e, 0, 0, 0, 0, 0, 0xf5, 0xf0, 0],
        ),
        (
            "large-without-memory",
            7,
            [200, 3, 0, 90],
            &[0, 0, 0, 0, 0xf5, 0xf0, 0, 0xf5, 15, 160],
        ),
    ];
    for (name, limits, sizes, stream) in seeds {
        fs::write(folder.join(name), [&[limits], &sizes[..], stream].concat())?;
    }
    Ok(())
}

fn messages() -> io::Result<()> {
    for message in schema::load() {
        let Some((stem, half)) = ["Request", "Response"]
            .iter()
            .find_map(|half| message.name.strip_suffix(half).map(|stem| (stem, *half)))
        else {
            continue;
        };
        let Some(api) = ApiKey::ALL.iter().find(|api| api.name() == stem) else {
            continue;
        };
        let version = *message.versions.end();
        let mut w = Writer::new();
        if half == "Request" {
            let header = RequestHeader {
                api_key: api.to_i16(),
                api_version: version,
                correlation_id: 7,
                client_id: Some("seed".into()),
            };
            header.encode(&mut w).expect("a short client id");
        } else {
            w.i16(api.to_i16());
            w.i16(version);
            ResponseHeader { correlation_id: 7 }
                .encode(&mut w, api.response_header_version(version));
        }
        let mut seed = w.into_vec();
        seed.extend(richest(&message, version));
        let folder = Path::new("corpus").join(half.to_lowercase());
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(stem), seed)?;
    }
    Ok(())
}

/// The longest sample that is not too long.
fn richest(message: &schema::Message, version: i16) -> Vec<u8> {
    (0..SAMPLES)
        .map(|seed| sample::message(message, version, &mut sample::Random(seed)).bytes)
        .filter(|bytes| bytes.len() <= SEED_BYTES_MAX)
        .max_by_key(Vec::len)
        .unwrap_or_default()
}
