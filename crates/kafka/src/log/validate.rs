//! What a leader checks of a producer's batch before offsets are assigned.
//!
//! Invariants: nothing is copied; the checksum is read once; a compressed batch is decompressed as
//! a bounded stream. The outcome says whether the batch may be stamped in place or must be rebuilt.
//! Absent on purpose: sequence rules (`producer_state`, under the append lock), sizes of segments.

use super::batch::{BatchHeader, BatchView, NO_TIMESTAMP};
use super::compression::Compression;
use super::config::{LogConfig, TimestampType, TopicCompression};
use super::error::{AppendError, BatchDefect, RecordError};
use super::record;

/// Who appends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A producer: every rule holds.
    Client,
    /// A coordinator of this process: control batches are allowed, timestamps are trusted.
    Coordinator,
    /// Another replica's log: offsets are kept, only the checksum is checked.
    Replicated,
}

/// How the batch goes into the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// As it is, base offset and epoch stamped in place.
    InPlace,
    /// In place, with timestamp type and max timestamp rewritten and a new checksum.
    Retime(TimestampType, i64),
    /// Encoded anew with this codec (then stamped, and retimed under `LogAppendTime`).
    Rebuild(Compression),
}

/// At most this many refused records are named in one answer.
const RECORD_ERRORS_MAX: usize = 1000;

fn invalid(message: impl Into<String>) -> AppendError {
    AppendError::InvalidRecord {
        message: message.into(),
        record_errors: Vec::new(),
    }
}

/// Checks `bytes` as exactly one batch of format 2 with a right checksum.
///
/// # Errors
/// `InvalidRecord` for another format, several batches or none; `TooLarge`; `Corrupt`.
pub fn check_frame<'a>(
    bytes: &'a [u8],
    config: &LogConfig,
    origin: Origin,
) -> Result<BatchView<'a>, AppendError> {
    if bytes.is_empty() {
        return Err(invalid(
            "a produce request must carry exactly one record batch per partition",
        ));
    }
    let view = match BatchView::first(bytes) {
        Ok(view) => view,
        Err(BatchDefect::BadMagic(magic)) => {
            return Err(invalid(format!(
                "only record batches of format 2 are accepted, this has magic {magic}"
            )));
        }
        Err(defect) => return Err(AppendError::Corrupt(defect)),
    };
    if view.bytes().len() != bytes.len() {
        return Err(invalid(
            "a produce request must carry exactly one record batch per partition",
        ));
    }
    if origin == Origin::Client && view.header().base_offset != 0 {
        return Err(invalid(format!(
            "base offset must be 0, it is {}",
            view.header().base_offset
        )));
    }
    if origin != Origin::Replicated && bytes.len() > config.max_message_bytes as usize {
        return Err(AppendError::TooLarge {
            batch_bytes: bytes.len(),
            max_bytes: config.max_message_bytes,
        });
    }
    view.check_crc().map_err(AppendError::Corrupt)?;
    Ok(view)
}

fn check_header(header: &BatchHeader, zstd_allowed: bool) -> Result<(), AppendError> {
    let from_offsets = i64::from(header.last_offset_delta) + 1;
    if from_offsets <= 0 {
        return Err(invalid(format!(
            "last offset delta {} is negative",
            header.last_offset_delta
        )));
    }
    if header.record_count <= 0 {
        return Err(invalid(format!(
            "record count {} is not positive",
            header.record_count
        )));
    }
    if from_offsets != i64::from(header.record_count) {
        return Err(invalid(format!(
            "record count {} does not match last offset delta {}",
            header.record_count, header.last_offset_delta
        )));
    }
    if header.is_control() {
        return Err(invalid("clients may not write control records"));
    }
    if header.has_producer() && header.base_sequence < 0 {
        return Err(invalid(format!(
            "producer {} sent sequence {}",
            header.producer_id, header.base_sequence
        )));
    }
    if header.compression().map_err(|d| invalid(d.to_string()))? == Compression::Zstd
        && !zstd_allowed
    {
        return Err(AppendError::UnsupportedCompression("zstd"));
    }
    Ok(())
}

/// Gathers what the walk over the records finds.
struct Findings<'c> {
    config: &'c LogConfig,
    now_ms: i64,
    base_timestamp: i64,
    max_timestamp: i64,
    deltas_in_order: bool,
    bad_keys: Vec<RecordError>,
    bad_times: Vec<RecordError>,
}

impl Findings<'_> {
    fn note(&mut self, index: i32, outline: record::RecordOutline) {
        self.deltas_in_order &= outline.offset_delta == index;
        let time = self.base_timestamp.saturating_add(outline.timestamp_delta);
        self.max_timestamp = self.max_timestamp.max(time);
        if self.config.cleanup_compact
            && !outline.has_key
            && self.bad_keys.len() < RECORD_ERRORS_MAX
        {
            let message = "compacted topic cannot accept message without key".to_owned();
            self.bad_keys.push(RecordError {
                batch_index: index,
                message,
            });
        }
        if self.config.timestamp_type == TimestampType::CreateTime && time != NO_TIMESTAMP {
            let oldest = self
                .now_ms
                .saturating_sub(self.config.timestamp_before_max_ms);
            let newest = self
                .now_ms
                .saturating_add(self.config.timestamp_after_max_ms);
            if !(oldest..=newest).contains(&time) && self.bad_times.len() < RECORD_ERRORS_MAX {
                let message = format!("timestamp {time} is outside {oldest} to {newest}");
                self.bad_times.push(RecordError {
                    batch_index: index,
                    message,
                });
            }
        }
    }

    fn verdict(self) -> Result<(i64, bool), AppendError> {
        if !self.bad_keys.is_empty() {
            return Err(AppendError::InvalidRecord {
                message: "one or more records have been rejected: no key on a compacted topic"
                    .to_owned(),
                record_errors: self.bad_keys,
            });
        }
        if !self.bad_times.is_empty() {
            return Err(AppendError::InvalidTimestamp {
                message: "one or more records have been rejected due to invalid timestamp"
                    .to_owned(),
                record_errors: self.bad_times,
            });
        }
        Ok((self.max_timestamp, self.deltas_in_order))
    }
}

/// Every rule for a client's batch, down to the records; says how it is to be stored.
///
/// # Errors
/// `InvalidRecord`, `InvalidTimestamp`, `UnsupportedCompression`: nothing may be appended.
pub fn check_client(
    view: &BatchView<'_>,
    config: &LogConfig,
    now_ms: i64,
    zstd_allowed: bool,
) -> Result<Plan, AppendError> {
    let header = view.header();
    check_header(header, zstd_allowed)?;
    if header.timestamp_type() == TimestampType::LogAppendTime {
        let record_errors = vec![RecordError {
            batch_index: 0,
            message: "a producer may not set the timestamp type to LogAppendTime".to_owned(),
        }];
        let message = "the batch claims log append time".to_owned();
        return Err(AppendError::InvalidTimestamp {
            message,
            record_errors,
        });
    }
    let mut findings = Findings {
        config,
        now_ms,
        base_timestamp: header.base_timestamp,
        max_timestamp: NO_TIMESTAMP,
        deltas_in_order: true,
        bad_keys: Vec::new(),
        bad_times: Vec::new(),
    };
    record::walk(view, |index, outline| findings.note(index, outline))
        .map_err(|d| invalid(d.to_string()))?;
    let (max_timestamp, deltas_in_order) = findings.verdict()?;

    let codec = header.compression().map_err(AppendError::Corrupt)?;
    let target = match config.compression {
        TopicCompression::Producer => codec,
        TopicCompression::Codec(target) => target,
    };
    Ok(if target != codec || !deltas_in_order {
        Plan::Rebuild(target)
    } else if config.timestamp_type == TimestampType::LogAppendTime {
        Plan::Retime(TimestampType::LogAppendTime, now_ms)
    } else if max_timestamp != header.max_timestamp {
        Plan::Retime(TimestampType::CreateTime, max_timestamp)
    } else {
        Plan::InPlace
    })
}

#[cfg(test)]
mod tests {
    use super::super::batch::{stamp_crc, stamp_timestamps};
    use super::super::builder::BatchBuilder;
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn batch() -> Vec<u8> {
        let mut builder = BatchBuilder::default();
        builder
            .push(NOW, Some(b"k"), Some(b"v"))
            .push(NOW + 1, None, Some(b"w"));
        builder.finish().unwrap()
    }

    fn code(bytes: &[u8], config: &LogConfig) -> String {
        let outcome = check_frame(bytes, config, Origin::Client)
            .and_then(|view| check_client(&view, config, NOW, false));
        match outcome {
            Ok(plan) => format!("{plan:?}"),
            Err(AppendError::Corrupt(_)) => "corrupt".to_owned(),
            Err(AppendError::InvalidRecord { record_errors, .. }) => {
                format!("invalid {}", record_errors.len())
            }
            Err(AppendError::InvalidTimestamp { record_errors, .. }) => {
                format!("time {}", record_errors.len())
            }
            Err(other) => format!("{other}"),
        }
    }

    fn with(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = batch();
        change(&mut bytes);
        stamp_crc(&mut bytes);
        bytes
    }

    type Change = fn(&mut Vec<u8>);

    /// What is done to a good batch (its checksum is renewed), and what comes of it.
    const CHANGES: [(&str, Change, &str); 16] = [
        ("good", |_| (), "InPlace"),
        ("old magic", |b| b[16] = 1, "invalid 0"),
        ("length below the minimum", |b| b[11] = 48, "corrupt"),
        ("negative length", |b| b[8] = 0x80, "corrupt"),
        ("base offset", |b| b[7] = 9, "invalid 0"),
        ("count 1 of 2", |b| b[60] = 1, "invalid 0"),
        ("count 3 of 2", |b| (b[60], b[26]) = (3, 2), "invalid 0"),
        ("bytes left over", |b| (b[60], b[26]) = (1, 0), "invalid 0"),
        ("negative count", |b| b[57] = 0x80, "invalid 0"),
        ("negative delta", |b| b[23] = 0x80, "invalid 0"),
        ("control", |b| b[22] |= 1 << 5, "invalid 0"),
        ("unknown codec", |b| b[22] |= 7, "invalid 0"),
        ("gzip that is none", |b| b[22] |= 1, "invalid 0"),
        ("sequence missing", |b| b[43..51].fill(0), "invalid 0"),
        ("log append bit", |b| b[22] |= 1 << 3, "time 1"),
        ("far future", |b| b[27] = 1, "time 2"),
    ];

    #[test]
    fn malformed_batches_and_the_error_each_gets() {
        for (name, change, want) in CHANGES {
            assert_eq!(code(&with(change), &LogConfig::default()), want, "{name}");
        }
    }

    #[test]
    fn bytes_that_are_not_one_batch() {
        let mut two = batch();
        two.extend(batch());
        let mut flipped = batch();
        flipped[70] ^= 1;
        for (name, bytes, want) in [
            ("empty", vec![], "invalid 0"),
            ("short", batch()[..40].to_vec(), "corrupt"),
            ("cut", batch()[..66].to_vec(), "corrupt"),
            ("two batches", two, "invalid 0"),
            ("checksum", flipped, "corrupt"),
        ] {
            assert_eq!(code(&bytes, &LogConfig::default()), want, "{name}");
        }
    }

    #[test]
    fn settings_of_the_topic_decide() {
        let plain = LogConfig::default();
        let compact = LogConfig {
            cleanup_compact: true,
            ..plain.clone()
        };
        let small = LogConfig {
            max_message_bytes: 20,
            ..plain.clone()
        };
        let append_time = LogConfig {
            timestamp_type: TimestampType::LogAppendTime,
            ..plain.clone()
        };
        let zstd = LogConfig {
            compression: TopicCompression::Codec(Compression::Zstd),
            ..plain.clone()
        };
        let packed = {
            let mut builder = BatchBuilder::new(Compression::Zstd);
            builder.push(NOW, None, None);
            builder.finish().unwrap()
        };
        let late = with(|b| stamp_timestamps(b, TimestampType::CreateTime, 7));
        for (bytes, config, want) in [
            (batch(), &compact, "invalid 1"),
            (
                batch(),
                &small,
                "batch of 78 bytes exceeds max.message.bytes 20",
            ),
            (packed, &plain, "this version of Produce may not carry zstd"),
            (
                batch(),
                &append_time,
                "Retime(LogAppendTime, 1700000000000)",
            ),
            (batch(), &zstd, "Rebuild(Zstd)"),
            (late, &plain, "Retime(CreateTime, 1700000000001)"),
        ] {
            assert_eq!(code(&bytes, config), want);
        }
    }
}
