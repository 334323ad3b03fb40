//! Writes a data directory for other programs to read: every codec, an idempotent producer, several
//! segments, two leader epochs, a compacted-away gap at the front.
//!
//! `write_log_dir DIR [mmap|file|staged|direct] [clean|crash]`: `crash` ends without closing.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kafka::log::builder::{BatchBuilder, ProducerStamp};
use kafka::log::compression::Compression;
use kafka::log::{
    AppendContext, Clock, KafkaOffset, LogConfig, LogDir, LogDirOptions, PartitionLog, TopicId,
    TopicPartition,
};
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, open_engine};

struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

fn fill(
    log: &PartitionLog,
    codec: Compression,
    batches: i32,
    now_ms: i64,
) -> Result<(), Box<dyn Error>> {
    for index in 0..batches {
        let mut builder = BatchBuilder::new(codec).producer(ProducerStamp {
            id: 1000,
            epoch: 0,
            base_sequence: index * 3,
        });
        for record in 0..3 {
            let number = index * 3 + record;
            let (key, value) = (
                format!("key-{}", number % 10),
                format!("value-{number}-").repeat(20),
            );
            let headers = [(&b"h"[..], Some(&b"1"[..])), (b"h", None)];
            let key = (number % 4 != 0).then_some(key.as_bytes());
            builder.push_with(
                now_ms + i64::from(number),
                key,
                Some(value.as_bytes()),
                headers,
            );
        }
        log.append(&mut builder.finish()?, &AppendContext::client(now_ms))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let root = PathBuf::from(
        args.next()
            .ok_or("usage: write_log_dir DIR [engine] [clean|crash]")?,
    );
    let kind: EngineKind = args.next().as_deref().unwrap_or("file").parse()?;
    let clean = args.next().as_deref() != Some("crash");
    std::fs::create_dir_all(&root)?;
    let (engine, _) = open_engine(kind, &EngineOptions::new(&root));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let flush = FlushService::start(FlushOptions::default());
    let (dir, _) = LogDir::open(&root, LogDirOptions::new(engine, flush, Arc::clone(&clock)))?;
    let now_ms = clock.now_ms();
    let small = LogConfig {
        segment_bytes: 1 << 20,
        ..LogConfig::default()
    };
    for (name, codec, batches) in [
        ("plain", Compression::None, 3000),
        ("gzip", Compression::Gzip, 50),
        ("snappy", Compression::Snappy, 50),
        ("lz4", Compression::Lz4, 50),
        ("zstd", Compression::Zstd, 50),
    ] {
        let log = dir.create(
            &TopicPartition::new(name, 0),
            TopicId::random(),
            small.clone(),
        )?;
        fill(&log, codec, batches, now_ms)?;
        log.assign_leader_epoch(2)?;
        let mut last = BatchBuilder::new(codec);
        last.push(now_ms, None, Some(b"last"));
        log.append(&mut last.finish()?, &AppendContext::client(now_ms))?;
    }
    if let Some(log) = dir.log(&TopicPartition::new("plain", 0)) {
        while log.high_watermark()? < log.log_end_offset()? {
            std::thread::yield_now();
        }
        log.delete_records_before(KafkaOffset(100))?;
    }
    if clean {
        dir.close()?;
    } else {
        dir.checkpoint()?;
        std::process::exit(0);
    }
    Ok(())
}
