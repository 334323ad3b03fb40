//! The answer on the wire: heads and tails are encoded, records stay where they are.

use kafka_wire::{ErrorCode, ResponseHeader, Uuid, WireError, Writer};
use segment::Part;

use super::answer::{FetchAnswer, PartitionAnswer};
use super::target::TopicKey;
use super::{FLEXIBLE_FROM, SESSIONS_FROM};
use crate::broker::fetch_sessions::Session;
use crate::connection::{Body, Buffers, Output};

const LOG_START_FROM: i16 = 5;
const READ_REPLICA_FROM: i16 = 11;
/// Tag of `diverging_epoch` in a partition.
const DIVERGING_TAG: u32 = 0;
/// KAFKA_STORAGE_ERROR is known from here on; before, it is told as "not leader".
const STORAGE_ERROR_FROM: i16 = 6;
/// Memory up to this size is copied between the heads: cheaper than a system call of its own.
const COPIED_BYTES: usize = 64 << 10;

/// Appends the whole answer frame to the output.
pub(super) fn encode(
    answer: &mut FetchAnswer,
    output: &mut Output,
    buffers: &Buffers,
) -> Result<(), WireError> {
    let version = answer.version;
    let flexible = version >= FLEXIBLE_FROM;
    let partitions = std::mem::take(&mut answer.partitions);
    let w = output.writer(buffers);
    let length = w.reserve_length();
    ResponseHeader {
        correlation_id: answer.correlation_id,
    }
    .encode(w, i16::from(flexible));
    w.i32(0);
    let opened = match &answer.session {
        Ok(opened) => Some(opened),
        Err(error) => {
            w.i16(error.to_i16());
            w.i32(0);
            None
        }
    };
    let mut elsewhere_bytes = 0;
    match opened {
        None => w.count(Some(0), flexible)?,
        Some(opened) => {
            if version >= SESSIONS_FROM {
                w.i16(0);
                w.i32(opened.id);
            }
            let session = opened.session.lock();
            elsewhere_bytes = topics(partitions, &session, version, output, buffers)?;
        }
    }
    let w = output.writer(buffers);
    if flexible {
        w.uvarint(0);
    }
    w.patch_length(length, elsewhere_bytes)
}

/// Appends the topics; bytes that were not copied. Neighbours of one topic share its entry.
fn topics(
    partitions: Vec<PartitionAnswer>,
    session: &Session,
    version: i16,
    output: &mut Output,
    buffers: &Buffers,
) -> Result<usize, WireError> {
    let flexible = version >= FLEXIBLE_FROM;
    let topic_of =
        |answer: &PartitionAnswer| session.targets.get(answer.slot).map(|target| &target.topic);
    let groups = partitions.chunk_by(|one, next| topic_of(one) == topic_of(next));
    let sizes: Vec<usize> = groups.map(<[PartitionAnswer]>::len).collect();
    output.writer(buffers).count(Some(sizes.len()), flexible)?;
    let mut partitions = partitions.into_iter().peekable();
    let mut elsewhere_bytes = 0;
    for size in sizes {
        let w = output.writer(buffers);
        match partitions.peek().and_then(topic_of) {
            Some(TopicKey::Id(id)) => w.uuid(Uuid(id.0)),
            Some(TopicKey::Name(name)) => w.string(name, flexible)?,
            None => return Err(WireError::UnexpectedNull),
        }
        w.count(Some(size), flexible)?;
        for answer in partitions.by_ref().take(size) {
            let number = session
                .targets
                .get(answer.slot)
                .map_or(-1, |target| target.partition);
            let w = output.writer(buffers);
            head(&answer, number, version, w)?;
            elsewhere_bytes += records(answer.parts, output, buffers);
            let w = output.writer(buffers);
            if flexible {
                tail(answer.diverging, w)?;
            }
        }
        if flexible {
            output.writer(buffers).uvarint(0);
        }
    }
    Ok(elsewhere_bytes)
}

/// Everything of a partition before its records, their length included.
fn head(
    answer: &PartitionAnswer,
    number: i32,
    version: i16,
    w: &mut Writer,
) -> Result<(), WireError> {
    let flexible = version >= FLEXIBLE_FROM;
    let error = match answer.error {
        ErrorCode::KafkaStorageError if version < STORAGE_ERROR_FROM => {
            ErrorCode::NotLeaderOrFollower
        }
        error => error,
    };
    w.i32(number);
    w.i16(error.to_i16());
    w.i64(answer.high_watermark);
    w.i64(answer.last_stable);
    if version >= LOG_START_FROM {
        w.i64(answer.log_start);
    }
    w.nullable_array(answer.aborted.as_deref(), flexible, |w, aborted| {
        w.i64(aborted.producer_id);
        w.i64(aborted.first_offset.0);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    })?;
    if version >= READ_REPLICA_FROM {
        w.i32(-1);
    }
    w.bytes_length(Some(answer.bytes), flexible)
}

/// Puts the records behind what was encoded; how many bytes were not copied.
fn records(parts: Vec<Part>, output: &mut Output, buffers: &Buffers) -> usize {
    let mut elsewhere_bytes = 0;
    for part in parts {
        let len = part.len();
        match part {
            Part::Mem(lease) if len <= COPIED_BYTES => output.writer(buffers).raw(&lease),
            Part::Mem(lease) => {
                output.push_body(Body::Memory(lease), len);
                elsewhere_bytes += len;
            }
            Part::File { file, offset, .. } => {
                output.push_body(Body::File { file, offset }, len);
                elsewhere_bytes += len;
            }
        }
    }
    elsewhere_bytes
}

fn tail(diverging: Option<(i32, i64)>, w: &mut Writer) -> Result<(), WireError> {
    let Some((epoch, end_offset)) = diverging else {
        w.uvarint(0);
        return Ok(());
    };
    w.uvarint(1);
    w.tagged(DIVERGING_TAG, |w| {
        w.i32(epoch);
        w.i64(end_offset);
        w.uvarint(0);
        Ok(())
    })
}
