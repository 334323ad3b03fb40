//! The request, decoded: versions differ in how a topic is named and in fields that are skipped here.

use kafka_wire::{Reader, WireError};

use super::{FLEXIBLE_FROM, SESSIONS_FROM, TOPIC_IDS_FROM};
use crate::log::{KafkaOffset, TopicId};

/// Version 3 brought `max_bytes`, 4 the isolation level; nothing older is spoken.
const LOG_START_FROM: i16 = 5;
const LEADER_EPOCH_FROM: i16 = 9;
const RACK_FROM: i16 = 11;
const LAST_EPOCH_FROM: i16 = 12;
/// The replica id became a tagged field here.
const REPLICA_STATE_FROM: i16 = 15;

/// How a topic is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopicName<'a> {
    Name(&'a str),
    Id(TopicId),
}

/// What a request asks of one partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) topic: TopicName<'a>,
    pub(crate) partition: i32,
    pub(crate) offset: KafkaOffset,
    pub(crate) max_bytes: i32,
    /// −1 for no check.
    pub(crate) leader_epoch: i32,
    /// −1 for no check.
    pub(crate) last_fetched_epoch: i32,
}

#[derive(Debug)]
pub(crate) struct FetchRequest<'a> {
    pub(crate) max_wait_ms: i32,
    pub(crate) min_bytes: i32,
    pub(crate) max_bytes: i32,
    pub(crate) isolation: i8,
    pub(crate) session_id: i32,
    pub(crate) session_epoch: i32,
    pub(crate) asked: Vec<Asked<'a>>,
    pub(crate) forgotten: Vec<(TopicName<'a>, i32)>,
}

impl<'a> FetchRequest<'a> {
    pub(crate) fn decode(body: &'a [u8], version: i16) -> Result<Self, WireError> {
        let flexible = version >= FLEXIBLE_FROM;
        let r = &mut Reader::new(body);
        if version < REPLICA_STATE_FROM {
            r.i32()?;
        }
        let mut request = Self {
            max_wait_ms: r.i32()?,
            min_bytes: r.i32()?,
            max_bytes: r.i32()?,
            isolation: r.i8()?,
            session_id: 0,
            session_epoch: -1,
            asked: Vec::new(),
            forgotten: Vec::new(),
        };
        if version >= SESSIONS_FROM {
            request.session_id = r.i32()?;
            request.session_epoch = r.i32()?;
        }
        for _ in 0..count(r, flexible)? {
            let topic = topic_name(r, version)?;
            for _ in 0..count(r, flexible)? {
                request.asked.push(asked(r, topic, version)?);
            }
            skip_tags(r, flexible)?;
        }
        if version >= SESSIONS_FROM {
            for _ in 0..count(r, flexible)? {
                let topic = topic_name(r, version)?;
                for _ in 0..count(r, flexible)? {
                    request.forgotten.push((topic, r.i32()?));
                }
                skip_tags(r, flexible)?;
            }
        }
        if version >= RACK_FROM {
            r.string(flexible)?;
        }
        skip_tags(r, flexible)?;
        Ok(request)
    }

    /// A full fetch that wants no session, or ends the one it names.
    pub(crate) fn is_sessionless(&self) -> bool {
        self.session_epoch == -1
    }

    /// A full fetch that opens a session.
    pub(crate) fn starts_session(&self) -> bool {
        self.session_epoch == 0
    }
}

fn asked<'a>(
    r: &mut Reader<'a>,
    topic: TopicName<'a>,
    version: i16,
) -> Result<Asked<'a>, WireError> {
    let partition = r.i32()?;
    let leader_epoch = if version >= LEADER_EPOCH_FROM {
        r.i32()?
    } else {
        -1
    };
    let offset = KafkaOffset(r.i64()?);
    let last_fetched_epoch = if version >= LAST_EPOCH_FROM {
        r.i32()?
    } else {
        -1
    };
    if version >= LOG_START_FROM {
        r.i64()?;
    }
    let max_bytes = r.i32()?;
    skip_tags(r, version >= FLEXIBLE_FROM)?;
    Ok(Asked {
        topic,
        partition,
        offset,
        max_bytes,
        leader_epoch,
        last_fetched_epoch,
    })
}

fn topic_name<'a>(r: &mut Reader<'a>, version: i16) -> Result<TopicName<'a>, WireError> {
    if version >= TOPIC_IDS_FROM {
        return Ok(TopicName::Id(TopicId(r.uuid()?.0)));
    }
    match r.string(version >= FLEXIBLE_FROM)? {
        std::borrow::Cow::Borrowed(name) => Ok(TopicName::Name(name)),
        std::borrow::Cow::Owned(_) => Err(WireError::InvalidUtf8),
    }
}

/// A count; the smallest element of any array in this message has four bytes.
fn count(r: &mut Reader<'_>, flexible: bool) -> Result<usize, WireError> {
    r.nullable_count(flexible, 3)?
        .ok_or(WireError::UnexpectedNull)
}

fn skip_tags(r: &mut Reader<'_>, flexible: bool) -> Result<(), WireError> {
    if flexible {
        r.skip_tagged_fields()
    } else {
        Ok(())
    }
}
