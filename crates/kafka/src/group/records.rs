//! The records of `__consumer_offsets`: what each key and value means.
//!
//! Written as Kafka 4.3 writes them: offsets with key type 1 and value version 4 (1 if the client set an expiry),
//! groups with key type 2 and value version 3. Read in every version Kafka ever wrote. Records of the newer group
//! protocols (key types 3 to 23) are told apart by key type and group only; their content stays as it is.
//! Format: docs/formats/consumer-offsets.md.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use kafka_wire::group_metadata_value::MemberMetadata;
use kafka_wire::{
    GroupMetadataKey, GroupMetadataValue, Message, OffsetCommitKey, OffsetCommitValue, Reader,
    Uuid, WireError, Writer, decode_versioned, encode_versioned,
};

use super::state::{Snapshot, SnapshotMember};
use crate::log::TopicId;

const OFFSET_VALUE_VERSION: i16 = 4;
const OFFSET_VALUE_VERSION_WITH_EXPIRY: i16 = 1;
const GROUP_VALUE_VERSION: i16 = 3;

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    /// -1 for none.
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: Arc<str>,
    pub(crate) committed_ms: i64,
    /// Set by clients of OffsetCommit 2 to 4 only.
    pub(crate) expires_ms: Option<i64>,
    /// Zero if the record does not say.
    pub(crate) topic_id: TopicId,
}

/// Which of the newer group protocols a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignKind {
    Consumer,
    Share,
    Streams,
}

impl ForeignKind {
    /// The name ListGroups gives.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Share => "share",
            Self::Streams => "streams",
        }
    }

    fn of_key(key_type: i16) -> Option<Self> {
        match key_type {
            3..=8 | 16 => Some(Self::Consumer),
            10..=15 => Some(Self::Share),
            17 | 19..=23 => Some(Self::Streams),
            _ => None,
        }
    }
}

/// What a record says. `None` as content: it is gone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Offset {
        group: Arc<str>,
        topic: Arc<str>,
        partition: i32,
        committed: Option<Committed>,
    },
    Group {
        group: Arc<str>,
        snapshot: Option<Snapshot>,
    },
    Foreign {
        kind: ForeignKind,
        group: Arc<str>,
        live: bool,
    },
    /// A type this server has never heard of.
    Unknown,
}

/// Reads a record.
///
/// # Errors
/// The record is of a known type but not of its form.
pub(crate) fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Entry, WireError> {
    let mut reader = Reader::new(key);
    let key_type = reader.i16()?;
    match key_type {
        0 | 1 => {
            let key = OffsetCommitKey::decode(&mut reader, 0)?;
            let committed = value.map(decode_offset).transpose()?;
            Ok(Entry::Offset {
                group: Arc::from(key.group),
                topic: Arc::from(key.topic),
                partition: key.partition,
                committed,
            })
        }
        2 => {
            let key = GroupMetadataKey::decode(&mut reader, 0)?;
            let snapshot = value.map(decode_group).transpose()?;
            Ok(Entry::Group {
                group: Arc::from(key.group),
                snapshot,
            })
        }
        _ => match ForeignKind::of_key(key_type) {
            // All of these keys begin with the group's name.
            Some(kind) => Ok(Entry::Foreign {
                kind,
                group: Arc::from(reader.string(false)?),
                live: value.is_some(),
            }),
            None => Ok(Entry::Unknown),
        },
    }
}

fn decode_offset(value: &[u8]) -> Result<Committed, WireError> {
    let (value, _) = decode_versioned::<OffsetCommitValue<'_>>(value)?;
    Ok(Committed {
        offset: value.offset,
        leader_epoch: value.leader_epoch,
        metadata: Arc::from(value.metadata),
        committed_ms: value.commit_timestamp,
        expires_ms: (value.expire_timestamp >= 0).then_some(value.expire_timestamp),
        topic_id: TopicId(value.topic_id.0),
    })
}

fn decode_group(value: &[u8]) -> Result<Snapshot, WireError> {
    let (value, _) = decode_versioned::<GroupMetadataValue<'_>>(value)?;
    let member = |stored: MemberMetadata<'_>| SnapshotMember {
        member_id: Arc::from(stored.member_id),
        instance_id: stored.group_instance_id.map(Arc::from),
        client_id: Arc::from(stored.client_id),
        client_host: Arc::from(stored.client_host),
        rebalance_timeout_ms: stored.rebalance_timeout,
        session_timeout_ms: stored.session_timeout,
        subscription: Bytes::copy_from_slice(&stored.subscription),
        assignment: Bytes::copy_from_slice(&stored.assignment),
    };
    Ok(Snapshot {
        protocol_type: Some(Arc::from(value.protocol_type))
            .filter(|name: &Arc<str>| !name.is_empty()),
        generation: value.generation,
        protocol: value.protocol.map(Arc::from),
        leader: value.leader.map(Arc::from),
        since_ms: value.current_state_timestamp,
        members: value.members.into_iter().map(member).collect(),
    })
}

/// The key of an offset's record.
pub(crate) fn offset_key(group: &str, topic: &str, partition: i32) -> Result<Vec<u8>, WireError> {
    let key = OffsetCommitKey {
        group: Cow::Borrowed(group),
        topic: Cow::Borrowed(topic),
        partition,
    };
    encode_key(1, &key)
}

/// The value of an offset's record.
pub(crate) fn offset_value(committed: &Committed) -> Result<Vec<u8>, WireError> {
    let version = match committed.expires_ms {
        Some(_) => OFFSET_VALUE_VERSION_WITH_EXPIRY,
        None => OFFSET_VALUE_VERSION,
    };
    let value = OffsetCommitValue {
        offset: committed.offset,
        leader_epoch: committed.leader_epoch,
        metadata: Cow::Borrowed(&committed.metadata),
        commit_timestamp: committed.committed_ms,
        expire_timestamp: committed.expires_ms.unwrap_or(-1),
        topic_id: Uuid(committed.topic_id.0),
    };
    encode_versioned(&value, version)
}

/// The key of a group's record.
pub(crate) fn group_key(group: &str) -> Result<Vec<u8>, WireError> {
    encode_key(
        2,
        &GroupMetadataKey {
            group: Cow::Borrowed(group),
        },
    )
}

/// The value of a group's record.
pub(crate) fn group_value(snapshot: &Snapshot) -> Result<Vec<u8>, WireError> {
    let member = |member: &'_ SnapshotMember| MemberMetadata {
        member_id: Cow::Owned(member.member_id.to_string()),
        group_instance_id: member
            .instance_id
            .as_deref()
            .map(|name| Cow::Owned(name.to_owned())),
        client_id: Cow::Owned(member.client_id.to_string()),
        client_host: Cow::Owned(member.client_host.to_string()),
        rebalance_timeout: member.rebalance_timeout_ms,
        session_timeout: member.session_timeout_ms,
        subscription: Cow::Owned(member.subscription.to_vec()),
        assignment: Cow::Owned(member.assignment.to_vec()),
    };
    let value = GroupMetadataValue {
        protocol_type: Cow::Borrowed(snapshot.protocol_type.as_deref().unwrap_or("")),
        generation: snapshot.generation,
        protocol: snapshot.protocol.as_deref().map(Cow::Borrowed),
        leader: snapshot.leader.as_deref().map(Cow::Borrowed),
        current_state_timestamp: snapshot.since_ms,
        members: snapshot.members.iter().map(member).collect(),
    };
    encode_versioned(&value, GROUP_VALUE_VERSION)
}

/// A key: its record type where a value has its version, then version 0 of its fields.
fn encode_key<'a, M: Message<'a>>(key_type: i16, key: &M) -> Result<Vec<u8>, WireError> {
    let mut writer = Writer::new();
    writer.i16(key_type);
    key.encode(&mut writer, 0)?;
    Ok(writer.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> Committed {
        Committed {
            offset: 42,
            leader_epoch: 3,
            metadata: Arc::from("note"),
            committed_ms: 1_700_000_000_000,
            expires_ms: None,
            topic_id: TopicId([7; 16]),
        }
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            protocol_type: Some(Arc::from("consumer")),
            generation: 5,
            protocol: Some(Arc::from("range")),
            leader: Some(Arc::from("m1")),
            since_ms: 99,
            members: vec![SnapshotMember {
                member_id: Arc::from("m1"),
                instance_id: Some(Arc::from("one")),
                client_id: Arc::from("c"),
                client_host: Arc::from("/127.0.0.1"),
                rebalance_timeout_ms: 60_000,
                session_timeout_ms: 10_000,
                subscription: Bytes::from_static(b"want"),
                assignment: Bytes::from_static(b"got"),
            }],
        }
    }

    #[test]
    fn offsets_are_written_as_kafka_writes_them() {
        let key = offset_key("g", "t", 2).expect("key");
        assert_eq!(key, [0, 1, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 2]);
        let value = offset_value(&committed()).expect("value");
        assert_eq!(&value[..2], &[0, 4]);
        assert_eq!(
            value[value.len() - 19..value.len() - 16],
            [1, 0, 16],
            "one tag: 0, 16 bytes"
        );
        let entry = decode(&key, Some(&value)).expect("reads back");
        assert_eq!(
            entry,
            Entry::Offset {
                group: "g".into(),
                topic: "t".into(),
                partition: 2,
                committed: Some(committed())
            }
        );
        let expiring = Committed {
            expires_ms: Some(77),
            leader_epoch: -1,
            ..committed()
        };
        let value = offset_value(&expiring).expect("value");
        assert_eq!(&value[..2], &[0, 1]);
        let Ok(Entry::Offset {
            committed: Some(back),
            ..
        }) = decode(&key, Some(&value))
        else {
            panic!("reads back");
        };
        assert_eq!(
            back,
            Committed {
                topic_id: TopicId::ZERO,
                ..expiring
            }
        );
    }

    #[test]
    fn groups_are_written_as_kafka_writes_them() {
        let key = group_key("g").expect("key");
        assert_eq!(key, [0, 2, 0, 1, b'g']);
        let value = group_value(&snapshot()).expect("value");
        assert_eq!(&value[..2], &[0, 3]);
        let entry = decode(&key, Some(&value)).expect("reads back");
        assert_eq!(
            entry,
            Entry::Group {
                group: "g".into(),
                snapshot: Some(snapshot())
            }
        );
        let gone = decode(&key, None).expect("tombstone");
        assert_eq!(
            gone,
            Entry::Group {
                group: "g".into(),
                snapshot: None
            }
        );
    }

    #[test]
    fn old_versions_are_read_and_newer_protocols_told_apart() {
        let old = GroupMetadataValue {
            protocol_type: "consumer".into(),
            generation: 1,
            protocol: Some("range".into()),
            leader: Some("m".into()),
            ..GroupMetadataValue::default()
        };
        for version in 0..=4 {
            let value = encode_versioned(&old, version).expect("value");
            let entry = decode(&[0, 2, 0, 1, b'g'], Some(&value)).expect("reads");
            let Entry::Group {
                snapshot: Some(read),
                ..
            } = entry
            else {
                panic!("{entry:?}")
            };
            assert_eq!(
                (read.generation, read.since_ms),
                (1, -1),
                "version {version}"
            );
        }
        for (key_type, kind) in [
            (3u8, Some(ForeignKind::Consumer)),
            (8, Some(ForeignKind::Consumer)),
            (9, None),
            (11, Some(ForeignKind::Share)),
            (16, Some(ForeignKind::Consumer)),
            (23, Some(ForeignKind::Streams)),
            (99, None),
        ] {
            let key = [0, key_type, 0, 1, b'g', 0, 1, b'm'];
            let expected = kind.map_or(Entry::Unknown, |kind| Entry::Foreign {
                kind,
                group: "g".into(),
                live: true,
            });
            assert_eq!(decode(&key, Some(b"whatever")), Ok(expected));
        }
    }

    #[test]
    fn records_of_another_form_are_errors() {
        let value = offset_value(&committed()).expect("value");
        let offset = [0, 1, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 2];
        for (key, value) in [
            (&[][..], None),
            (&[0], None),
            (&[0, 1, 0, 9, b'g'], None),
            (&offset[..11], None),
            (&offset, Some(&value[..5])),
            (&offset, Some(&[0, 9, 0][..])),
            (&[0, 2, 0, 1, b'g'], Some(&[0, 3, 0][..])),
            (&[0, 3, 0, 1], Some(&[][..])),
        ] {
            assert!(decode(key, value).is_err(), "{key:?} {value:?}");
        }
    }
}
