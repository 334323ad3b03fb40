//! Builds a batch from records: for coordinators, tools, tests, and for recompression at append.
//!
//! Invariants: what `finish` returns passes every check of `validate` for the topic it is meant for.
//! Absent on purpose: accumulation over time (a producer client's work).

use std::io;

use super::batch::{
    ATTRIBUTE_CONTROL, ATTRIBUTE_LOG_APPEND_TIME, ATTRIBUTE_TRANSACTIONAL, BATCH_HEADER_BYTES,
    BATCH_OVERHEAD_BYTES, BatchHeader, BatchView, MAGIC, NO_PRODUCER_ID, NO_TIMESTAMP, stamp_crc,
    write_header,
};
use super::compression::Compression;
use super::config::TimestampType;
use super::error::BatchDefect;
use super::record::{self, write_sized};
use super::varint;

/// The producer fields of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProducerStamp {
    /// Producer id, −1 for none.
    pub id: i64,
    /// Producer epoch, −1 for none.
    pub epoch: i16,
    /// Sequence of the first record, −1 for none.
    pub base_sequence: i32,
}

impl ProducerStamp {
    /// A batch without idempotence.
    pub const NONE: Self = Self {
        id: NO_PRODUCER_ID,
        epoch: -1,
        base_sequence: -1,
    };
}

/// Gathers records and encodes them as one batch.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    codec: Compression,
    level: Option<i32>,
    attributes: i16,
    producer: ProducerStamp,
    base_offset: i64,
    leader_epoch: i32,
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    count: i32,
    last_delta: i32,
    plain: Vec<u8>,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new(Compression::None)
    }
}

impl BatchBuilder {
    /// An empty batch at base offset 0.
    pub fn new(codec: Compression) -> Self {
        Self {
            codec,
            level: None,
            attributes: codec as i16,
            producer: ProducerStamp::NONE,
            base_offset: 0,
            leader_epoch: -1,
            base_timestamp: None,
            max_timestamp: NO_TIMESTAMP,
            count: 0,
            last_delta: -1,
            plain: Vec::new(),
        }
    }

    /// Sets the codec's level.
    pub fn level(mut self, level: Option<i32>) -> Self {
        self.level = level;
        self
    }

    /// Sets producer id, epoch and base sequence.
    pub fn producer(mut self, producer: ProducerStamp) -> Self {
        self.producer = producer;
        self
    }

    /// Sets the offset of the first record and the leader epoch.
    pub fn position(mut self, base_offset: i64, leader_epoch: i32) -> Self {
        self.base_offset = base_offset;
        self.leader_epoch = leader_epoch;
        self
    }

    /// Marks the batch as part of a transaction.
    pub fn transactional(mut self) -> Self {
        self.attributes |= ATTRIBUTE_TRANSACTIONAL;
        self
    }

    /// Marks the batch as control records.
    pub fn control(mut self) -> Self {
        self.attributes |= ATTRIBUTE_CONTROL;
        self
    }

    /// Marks the timestamps as the log's.
    pub fn log_append_time(mut self) -> Self {
        self.attributes |= ATTRIBUTE_LOG_APPEND_TIME;
        self
    }

    /// Records gathered so far.
    pub fn count(&self) -> i32 {
        self.count
    }

    /// Bytes gathered so far, before compression, header included.
    pub fn plain_bytes(&self) -> usize {
        self.plain.len() + BATCH_HEADER_BYTES
    }

    /// Adds a record without headers.
    pub fn push(
        &mut self,
        timestamp_ms: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> &mut Self {
        self.push_with(timestamp_ms, key, value, std::iter::empty())
    }

    /// Adds a record; its offset is the next one.
    pub fn push_with<'h>(
        &mut self,
        timestamp_ms: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl IntoIterator<Item = (&'h [u8], Option<&'h [u8]>)>,
    ) -> &mut Self {
        let base = *self.base_timestamp.get_or_insert(timestamp_ms);
        self.max_timestamp = self.max_timestamp.max(timestamp_ms);
        let delta = self.last_delta.saturating_add(1);
        self.last_delta = delta;
        self.count = self.count.saturating_add(1);

        let mut body = Vec::with_capacity(32);
        body.push(0);
        varint::write_i64(&mut body, timestamp_ms.saturating_sub(base));
        varint::write_i32(&mut body, delta);
        write_sized(&mut body, key);
        write_sized(&mut body, value);
        let (mut encoded, mut header_count) = (Vec::new(), 0i32);
        for (name, value) in headers {
            header_count = header_count.saturating_add(1);
            write_sized(&mut encoded, Some(name));
            write_sized(&mut encoded, value);
        }
        varint::write_i32(&mut body, header_count);
        body.extend_from_slice(&encoded);
        write_sized(&mut self.plain, Some(&body));
        self
    }

    /// Encodes the batch.
    ///
    /// # Errors
    /// What the codec says, or `InvalidInput` above 2^31 bytes.
    pub fn finish(&self) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(BATCH_HEADER_BYTES + self.plain.len());
        out.resize(BATCH_HEADER_BYTES, 0);
        self.codec.compress(&self.plain, self.level, &mut out)?;
        let length = i32::try_from(out.len() - BATCH_OVERHEAD_BYTES)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "batch above 2 GiB"))?;
        let header = BatchHeader {
            base_offset: self.base_offset,
            length,
            leader_epoch: self.leader_epoch,
            magic: MAGIC,
            crc: 0,
            attributes: self.attributes,
            last_offset_delta: self.last_delta.max(0),
            base_timestamp: self.base_timestamp.unwrap_or(NO_TIMESTAMP),
            max_timestamp: self.max_timestamp,
            producer_id: self.producer.id,
            producer_epoch: self.producer.epoch,
            base_sequence: self.producer.base_sequence,
            record_count: self.count,
        };
        if let Some(head) = out.first_chunk_mut() {
            write_header(head, &header);
        }
        stamp_crc(&mut out);
        Ok(out)
    }
}

/// The same records in another codec, their offset deltas renumbered 0, 1, 2 …
///
/// # Errors
/// Whatever is wrong with the records as they are.
pub fn rebuild(
    view: &BatchView<'_>,
    codec: Compression,
    level: Option<i32>,
) -> Result<Vec<u8>, BatchDefect> {
    let header = view.header();
    let stamp = ProducerStamp {
        id: header.producer_id,
        epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
    };
    let mut builder = BatchBuilder::new(codec).level(level).producer(stamp);
    builder = builder.position(header.base_offset, header.leader_epoch);
    if header.is_transactional() {
        builder = builder.transactional();
    }
    if header.is_control() {
        builder = builder.control();
    }
    if header.timestamp_type() == TimestampType::LogAppendTime {
        builder = builder.log_append_time();
    }
    record::visit(view, |record| {
        builder.push_with(
            record.timestamp_ms,
            record.key,
            record.value,
            record.headers(),
        );
        std::ops::ControlFlow::Continue(())
    })?;
    builder
        .finish()
        .map_err(|error| BatchDefect::BadCompression(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    type Headers = Vec<(Vec<u8>, Option<Vec<u8>>)>;
    type Plain = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Headers);

    fn records() -> impl Strategy<Value = Vec<Plain>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..60);
        let headers = proptest::collection::vec((bytes(), proptest::option::of(bytes())), 0..3);
        let one = (
            0i64..1 << 40,
            proptest::option::of(bytes()),
            proptest::option::of(bytes()),
            headers,
        );
        proptest::collection::vec(one, 1..40)
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(records in records(), codec in 0i16..5) {
            let codec = Compression::from_attributes(codec).unwrap();
            let mut builder = BatchBuilder::new(codec).position(100, 3);
            for (time, key, value, headers) in &records {
                builder.push_with(*time, key.as_deref(), value.as_deref(),
                    headers.iter().map(|(k, v)| (&k[..], v.as_deref())));
            }
            let batch = builder.finish().unwrap();
            let view = BatchView::first(&batch).unwrap();
            view.check_crc().unwrap();
            let mut got: Vec<Plain> = Vec::new();
            record::visit(&view, |r| {
                assert_eq!(r.offset.0, 100 + got.len() as i64);
                let headers = r.headers().map(|(k, v)| (k.to_vec(), v.map(<[u8]>::to_vec))).collect();
                got.push((r.timestamp_ms, r.key.map(<[u8]>::to_vec), r.value.map(<[u8]>::to_vec), headers));
                ControlFlow::Continue(())
            }).unwrap();
            prop_assert_eq!(&got, &records);
            let mut seen = 0;
            record::walk(&view, |index, outline| {
                assert_eq!(index, outline.offset_delta);
                assert_eq!(outline.has_key, records[seen].1.is_some());
                seen += 1;
            }).unwrap();
            prop_assert_eq!(seen, records.len());
        }

        #[test]
        fn a_flipped_byte_never_panics(records in records(), codec in 0i16..5, at: usize, to: u8) {
            let codec = Compression::from_attributes(codec).unwrap();
            let mut builder = BatchBuilder::new(codec);
            for (time, key, value, _) in &records {
                builder.push(*time, key.as_deref(), value.as_deref());
            }
            let mut batch = builder.finish().unwrap();
            let at = at % batch.len();
            batch[at] = to;
            if let Ok(view) = BatchView::first(&batch) {
                let _ = record::walk(&view, |_, _| ());
                let _ = record::visit(&view, |_| ControlFlow::Continue(()));
            }
        }
    }
}
