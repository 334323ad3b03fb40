//! `FetchRequest`, versions 4-18. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `FetchRequest`, key 1, versions 4-18.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRequest<'a> {
    /// `string, versions 12-18, nullable 12-18, tag 0, default null, ignorable`
    pub cluster_id: Option<Cow<'a, str>>,
    /// `int32, versions 4-14, default -1`
    pub replica_id: i32,
    /// `ReplicaState, versions 15-18, tag 1`
    pub replica_state: ReplicaState,
    /// `int32, versions 4-18`
    pub max_wait_ms: i32,
    /// `int32, versions 4-18`
    pub min_bytes: i32,
    /// `int32, versions 4-18, default 2147483647, ignorable`
    pub max_bytes: i32,
    /// `int8, versions 4-18, default 0, ignorable`
    pub isolation_level: i8,
    /// `int32, versions 7-18, default 0, ignorable`
    pub session_id: i32,
    /// `int32, versions 7-18, default -1, ignorable`
    pub session_epoch: i32,
    /// `[]FetchTopic, versions 4-18`
    pub topics: Vec<FetchTopic<'a>>,
    /// `[]ForgottenTopic, versions 7-18`
    pub forgotten_topics_data: Vec<ForgottenTopic<'a>>,
    /// `string, versions 11-18, default "", ignorable`
    pub rack_id: Cow<'a, str>,
}

impl<'a> Default for FetchRequest<'a> {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            replica_state: ReplicaState::default(),
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: 2147483647,
            isolation_level: 0,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            rack_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for FetchRequest<'a> {
    const KEY: i16 = 1;
    const NAME: &'static str = "FetchRequest";
    const VERSIONS: VersionRange = VersionRange::new(4, 18);
    const FLEXIBLE_FROM: Option<i16> = Some(12);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 12;
        let mut m = Self::default();
        if version <= 14 {
            m.replica_id = r.i32()?;
        }
        m.max_wait_ms = r.i32()?;
        m.min_bytes = r.i32()?;
        m.max_bytes = r.i32()?;
        m.isolation_level = r.i8()?;
        if version >= 7 {
            m.session_id = r.i32()?;
        }
        if version >= 7 {
            m.session_epoch = r.i32()?;
        }
        m.topics = r.array(flexible, 3, |r| FetchTopic::decode(r, version))?;
        if version >= 7 {
            m.forgotten_topics_data =
                r.array(flexible, 3, |r| ForgottenTopic::decode(r, version))?;
        }
        if version >= 11 {
            m.rack_id = r.string(flexible)?;
        }
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 12 => m.cluster_id = r.nullable_string(true)?,
                    1 if version >= 15 => m.replica_state = ReplicaState::decode(r, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 12;
        if version <= 14 {
            w.i32(self.replica_id);
        } else if self.replica_id != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "FetchRequest",
                field: "replica_id",
                version,
            });
        }
        if !(version >= 15) && self.replica_state != ReplicaState::default() {
            return Err(WireError::FieldNotInVersion {
                message: "FetchRequest",
                field: "replica_state",
                version,
            });
        }
        w.i32(self.max_wait_ms);
        w.i32(self.min_bytes);
        w.i32(self.max_bytes);
        w.i8(self.isolation_level);
        if version >= 7 {
            w.i32(self.session_id);
        }
        if version >= 7 {
            w.i32(self.session_epoch);
        }
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if version >= 7 {
            w.array(&self.forgotten_topics_data, flexible, |w, value| {
                value.encode(w, version)
            })?;
        } else if !self.forgotten_topics_data.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "FetchRequest",
                field: "forgotten_topics_data",
                version,
            });
        }
        if version >= 11 {
            w.string(&self.rack_id, flexible)?;
        }
        let has_cluster_id = version >= 12 && self.cluster_id.is_some();
        let has_replica_state = version >= 15 && self.replica_state != ReplicaState::default();
        if flexible {
            w.uvarint(u32::from(has_cluster_id) + u32::from(has_replica_state));
            if has_cluster_id {
                w.tagged(0, |w| {
                    w.nullable_string(self.cluster_id.as_deref(), true)?;
                    Ok(())
                })?;
            }
            if has_replica_state {
                w.tagged(1, |w| {
                    self.replica_state.encode(w, version)?;
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

impl Request for FetchRequest<'_> {
    const API: ApiKey = ApiKey::Fetch;
    type Response<'b> = super::FetchResponseType<'b>;
}

impl FetchRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FetchRequest<'static> {
        FetchRequest {
            cluster_id: self.cluster_id.map(|value| Cow::Owned(value.into_owned())),
            replica_id: self.replica_id,
            replica_state: self.replica_state,
            max_wait_ms: self.max_wait_ms,
            min_bytes: self.min_bytes,
            max_bytes: self.max_bytes,
            isolation_level: self.isolation_level,
            session_id: self.session_id,
            session_epoch: self.session_epoch,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            forgotten_topics_data: self
                .forgotten_topics_data
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            rack_id: Cow::Owned(self.rack_id.into_owned()),
        }
    }
}

/// Part of [`FetchRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaState {
    /// `int32, versions 15-18, default -1`
    pub replica_id: i32,
    /// `int64, versions 15-18, default -1`
    pub replica_epoch: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: -1,
            replica_epoch: -1,
        }
    }
}

impl ReplicaState {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.replica_id = r.i32()?;
        m.replica_epoch = r.i64()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.replica_id);
        w.i64(self.replica_epoch);
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`FetchRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchTopic<'a> {
    /// `string, versions 4-12, ignorable`
    pub topic: Cow<'a, str>,
    /// `uuid, versions 13-18, ignorable`
    pub topic_id: Uuid,
    /// `[]FetchPartition, versions 4-18`
    pub partitions: Vec<FetchPartition>,
}

impl<'a> Default for FetchTopic<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl<'a> FetchTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 12;
        let mut m = Self::default();
        if version <= 12 {
            m.topic = r.string(flexible)?;
        }
        if version >= 13 {
            m.topic_id = r.uuid()?;
        }
        m.partitions = r.array(flexible, 16, |r| FetchPartition::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 12;
        if version <= 12 {
            w.string(&self.topic, flexible)?;
        }
        if version >= 13 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partitions, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl FetchTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FetchTopic<'static> {
        FetchTopic {
            topic: Cow::Owned(self.topic.into_owned()),
            topic_id: self.topic_id,
            partitions: self.partitions,
        }
    }
}

/// Part of [`FetchRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchPartition {
    /// `int32, versions 4-18`
    pub partition: i32,
    /// `int32, versions 9-18, default -1, ignorable`
    pub current_leader_epoch: i32,
    /// `int64, versions 4-18`
    pub fetch_offset: i64,
    /// `int32, versions 12-18, default -1`
    pub last_fetched_epoch: i32,
    /// `int64, versions 5-18, default -1, ignorable`
    pub log_start_offset: i64,
    /// `int32, versions 4-18`
    pub partition_max_bytes: i32,
    /// `uuid, versions 17-18, tag 0, ignorable`
    pub replica_directory_id: Uuid,
    /// `int64, versions 18, tag 1, default 9223372036854775807, ignorable`
    pub high_watermark: i64,
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 0,
            replica_directory_id: Uuid::ZERO,
            high_watermark: 9223372036854775807,
        }
    }
}

impl FetchPartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 12;
        let mut m = Self::default();
        m.partition = r.i32()?;
        if version >= 9 {
            m.current_leader_epoch = r.i32()?;
        }
        m.fetch_offset = r.i64()?;
        if version >= 12 {
            m.last_fetched_epoch = r.i32()?;
        }
        if version >= 5 {
            m.log_start_offset = r.i64()?;
        }
        m.partition_max_bytes = r.i32()?;
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 17 => m.replica_directory_id = r.uuid()?,
                    1 if version >= 18 => m.high_watermark = r.i64()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 12;
        w.i32(self.partition);
        if version >= 9 {
            w.i32(self.current_leader_epoch);
        }
        w.i64(self.fetch_offset);
        if version >= 12 {
            w.i32(self.last_fetched_epoch);
        } else if self.last_fetched_epoch != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "FetchPartition",
                field: "last_fetched_epoch",
                version,
            });
        }
        if version >= 5 {
            w.i64(self.log_start_offset);
        }
        w.i32(self.partition_max_bytes);
        let has_replica_directory_id = version >= 17 && self.replica_directory_id != Uuid::ZERO;
        let has_high_watermark = version >= 18 && self.high_watermark != 9223372036854775807;
        if flexible {
            w.uvarint(u32::from(has_replica_directory_id) + u32::from(has_high_watermark));
            if has_replica_directory_id {
                w.tagged(0, |w| {
                    w.uuid(self.replica_directory_id);
                    Ok(())
                })?;
            }
            if has_high_watermark {
                w.tagged(1, |w| {
                    w.i64(self.high_watermark);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

/// Part of [`FetchRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgottenTopic<'a> {
    /// `string, versions 7-12, ignorable`
    pub topic: Cow<'a, str>,
    /// `uuid, versions 13-18, ignorable`
    pub topic_id: Uuid,
    /// `[]int32, versions 7-18`
    pub partitions: Vec<i32>,
}

impl<'a> Default for ForgottenTopic<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl<'a> ForgottenTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 12;
        let mut m = Self::default();
        if version <= 12 {
            m.topic = r.string(flexible)?;
        }
        if version >= 13 {
            m.topic_id = r.uuid()?;
        }
        m.partitions = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 12;
        if version <= 12 {
            w.string(&self.topic, flexible)?;
        }
        if version >= 13 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partitions, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl ForgottenTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ForgottenTopic<'static> {
        ForgottenTopic {
            topic: Cow::Owned(self.topic.into_owned()),
            topic_id: self.topic_id,
            partitions: self.partitions,
        }
    }
}
