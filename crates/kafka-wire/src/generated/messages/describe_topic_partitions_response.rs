//! `DescribeTopicPartitionsResponse`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeTopicPartitionsResponse`, key 75, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTopicPartitionsResponse<'a> {
    /// `int32, versions 0, ignorable`
    pub throttle_time_ms: i32,
    /// `[]DescribeTopicPartitionsResponseTopic, versions 0`
    pub topics: Vec<DescribeTopicPartitionsResponseTopic<'a>>,
    /// `Cursor, versions 0, nullable 0, default null`
    pub next_cursor: Option<Cursor<'a>>,
}

impl<'a> Default for DescribeTopicPartitionsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            topics: Vec::new(),
            next_cursor: None,
        }
    }
}

impl<'a> Message<'a> for DescribeTopicPartitionsResponse<'a> {
    const KEY: i16 = 75;
    const NAME: &'static str = "DescribeTopicPartitionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        m.topics = r.array(true, 26, |r| {
            DescribeTopicPartitionsResponseTopic::decode(r, version)
        })?;
        m.next_cursor = r.nullable_struct(|r| Cursor::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i32(self.throttle_time_ms);
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.nullable_struct(self.next_cursor.as_ref(), |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeTopicPartitionsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeTopicPartitionsResponse<'static> {
        DescribeTopicPartitionsResponse {
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            next_cursor: self.next_cursor.map(|value| value.into_owned()),
        }
    }
}

/// Part of [`DescribeTopicPartitionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTopicPartitionsResponseTopic<'a> {
    /// `int16, versions 0`
    pub error_code: i16,
    /// `string, versions 0, nullable 0`
    pub name: Option<Cow<'a, str>>,
    /// `uuid, versions 0, ignorable`
    pub topic_id: Uuid,
    /// `bool, versions 0, default false, ignorable`
    pub is_internal: bool,
    /// `[]DescribeTopicPartitionsResponsePartition, versions 0`
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    /// `int32, versions 0, default -2147483648`
    pub topic_authorized_operations: i32,
}

impl<'a> Default for DescribeTopicPartitionsResponseTopic<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            name: Some(Cow::Borrowed("")),
            topic_id: Uuid::ZERO,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: -2147483648,
        }
    }
}

impl<'a> DescribeTopicPartitionsResponseTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.name = r.nullable_string(true)?;
        m.topic_id = r.uuid()?;
        m.is_internal = r.bool()?;
        m.partitions = r.array(true, 20, |r| {
            DescribeTopicPartitionsResponsePartition::decode(r, version)
        })?;
        m.topic_authorized_operations = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i16(self.error_code);
        w.nullable_string(self.name.as_deref(), true)?;
        w.uuid(self.topic_id);
        w.bool(self.is_internal);
        w.array(&self.partitions, true, |w, value| value.encode(w, version))?;
        w.i32(self.topic_authorized_operations);
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeTopicPartitionsResponseTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeTopicPartitionsResponseTopic<'static> {
        DescribeTopicPartitionsResponseTopic {
            error_code: self.error_code,
            name: self.name.map(|value| Cow::Owned(value.into_owned())),
            topic_id: self.topic_id,
            is_internal: self.is_internal,
            partitions: self.partitions,
            topic_authorized_operations: self.topic_authorized_operations,
        }
    }
}

/// Part of [`DescribeTopicPartitionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTopicPartitionsResponsePartition {
    /// `int16, versions 0`
    pub error_code: i16,
    /// `int32, versions 0`
    pub partition_index: i32,
    /// `int32, versions 0`
    pub leader_id: i32,
    /// `int32, versions 0, default -1, ignorable`
    pub leader_epoch: i32,
    /// `[]int32, versions 0`
    pub replica_nodes: Vec<i32>,
    /// `[]int32, versions 0`
    pub isr_nodes: Vec<i32>,
    /// `[]int32, versions 0, nullable 0, default null`
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// `[]int32, versions 0, nullable 0, default null`
    pub last_known_elr: Option<Vec<i32>>,
    /// `[]int32, versions 0, ignorable`
    pub offline_replicas: Vec<i32>,
}

impl Default for DescribeTopicPartitionsResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
            offline_replicas: Vec::new(),
        }
    }
}

impl DescribeTopicPartitionsResponsePartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.partition_index = r.i32()?;
        m.leader_id = r.i32()?;
        m.leader_epoch = r.i32()?;
        m.replica_nodes = r.array(true, 4, |r| r.i32())?;
        m.isr_nodes = r.array(true, 4, |r| r.i32())?;
        m.eligible_leader_replicas = r.nullable_array(true, 4, |r| r.i32())?;
        m.last_known_elr = r.nullable_array(true, 4, |r| r.i32())?;
        m.offline_replicas = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i16(self.error_code);
        w.i32(self.partition_index);
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.array(&self.replica_nodes, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.isr_nodes, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.nullable_array(
            self.eligible_leader_replicas.as_deref(),
            true,
            |w, value| {
                w.i32(*value);
                Ok(())
            },
        )?;
        w.nullable_array(self.last_known_elr.as_deref(), true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.offline_replicas, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`DescribeTopicPartitionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<'a> {
    /// `string, versions 0`
    pub topic_name: Cow<'a, str>,
    /// `int32, versions 0`
    pub partition_index: i32,
}

impl<'a> Default for Cursor<'a> {
    fn default() -> Self {
        Self {
            topic_name: Cow::Borrowed(""),
            partition_index: 0,
        }
    }
}

impl<'a> Cursor<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_name = r.string(true)?;
        m.partition_index = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.topic_name, true)?;
        w.i32(self.partition_index);
        w.uvarint(0);
        Ok(())
    }
}

impl Cursor<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Cursor<'static> {
        Cursor {
            topic_name: Cow::Owned(self.topic_name.into_owned()),
            partition_index: self.partition_index,
        }
    }
}
