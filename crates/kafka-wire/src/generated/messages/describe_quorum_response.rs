//! `DescribeQuorumResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeQuorumResponse`, key 55, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeQuorumResponse<'a> {
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `string, versions 2, nullable 2, ignorable`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]TopicData, versions 0-2`
    pub topics: Vec<TopicData<'a>>,
    /// `[]Node, versions 2`
    pub nodes: Vec<Node<'a>>,
}

impl<'a> Default for DescribeQuorumResponse<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            topics: Vec::new(),
            nodes: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeQuorumResponse<'a> {
    const KEY: i16 = 55;
    const NAME: &'static str = "DescribeQuorumResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.error_code = r.i16()?;
        if version >= 2 {
            m.error_message = r.nullable_string(true)?;
        }
        m.topics = r.array(true, 3, |r| TopicData::decode(r, version))?;
        if version >= 2 {
            m.nodes = r.array(true, 6, |r| Node::decode(r, version))?;
        }
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
        w.i16(self.error_code);
        if version >= 2 {
            w.nullable_string(self.error_message.as_deref(), true)?;
        }
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        if version >= 2 {
            w.array(&self.nodes, true, |w, value| value.encode(w, version))?;
        } else if !self.nodes.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "DescribeQuorumResponse",
                field: "nodes",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeQuorumResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeQuorumResponse<'static> {
        DescribeQuorumResponse {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            nodes: self.nodes.into_iter().map(|one| one.into_owned()).collect(),
        }
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicData<'a> {
    /// `string, versions 0-2`
    pub topic_name: Cow<'a, str>,
    /// `[]PartitionData, versions 0-2`
    pub partitions: Vec<PartitionData<'a>>,
}

impl<'a> Default for TopicData<'a> {
    fn default() -> Self {
        Self {
            topic_name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TopicData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_name = r.string(true)?;
        m.partitions = r.array(true, 25, |r| PartitionData::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl TopicData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicData<'static> {
        TopicData {
            topic_name: Cow::Owned(self.topic_name.into_owned()),
            partitions: self
                .partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionData<'a> {
    /// `int32, versions 0-2`
    pub partition_index: i32,
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `string, versions 2, nullable 2, ignorable`
    pub error_message: Option<Cow<'a, str>>,
    /// `int32, versions 0-2`
    pub leader_id: i32,
    /// `int32, versions 0-2`
    pub leader_epoch: i32,
    /// `int64, versions 0-2`
    pub high_watermark: i64,
    /// `[]ReplicaState, versions 0-2`
    pub current_voters: Vec<ReplicaState>,
    /// `[]ReplicaState, versions 0-2`
    pub observers: Vec<ReplicaState>,
}

impl<'a> Default for PartitionData<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            leader_id: 0,
            leader_epoch: 0,
            high_watermark: 0,
            current_voters: Vec::new(),
            observers: Vec::new(),
        }
    }
}

impl<'a> PartitionData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        if version >= 2 {
            m.error_message = r.nullable_string(true)?;
        }
        m.leader_id = r.i32()?;
        m.leader_epoch = r.i32()?;
        m.high_watermark = r.i64()?;
        m.current_voters = r.array(true, 13, |r| ReplicaState::decode(r, version))?;
        m.observers = r.array(true, 13, |r| ReplicaState::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        if version >= 2 {
            w.nullable_string(self.error_message.as_deref(), true)?;
        }
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.i64(self.high_watermark);
        w.array(&self.current_voters, true, |w, value| {
            value.encode(w, version)
        })?;
        w.array(&self.observers, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl PartitionData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> PartitionData<'static> {
        PartitionData {
            partition_index: self.partition_index,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            leader_id: self.leader_id,
            leader_epoch: self.leader_epoch,
            high_watermark: self.high_watermark,
            current_voters: self.current_voters,
            observers: self.observers,
        }
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaState {
    /// `int32, versions 0-2`
    pub replica_id: i32,
    /// `uuid, versions 2`
    pub replica_directory_id: Uuid,
    /// `int64, versions 0-2`
    pub log_end_offset: i64,
    /// `int64, versions 1-2, default -1, ignorable`
    pub last_fetch_timestamp: i64,
    /// `int64, versions 1-2, default -1, ignorable`
    pub last_caught_up_timestamp: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: 0,
            replica_directory_id: Uuid::ZERO,
            log_end_offset: 0,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
        }
    }
}

impl ReplicaState {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.replica_id = r.i32()?;
        if version >= 2 {
            m.replica_directory_id = r.uuid()?;
        }
        m.log_end_offset = r.i64()?;
        if version >= 1 {
            m.last_fetch_timestamp = r.i64()?;
        }
        if version >= 1 {
            m.last_caught_up_timestamp = r.i64()?;
        }
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.replica_id);
        if version >= 2 {
            w.uuid(self.replica_directory_id);
        } else if self.replica_directory_id != Uuid::ZERO {
            return Err(WireError::FieldNotInVersion {
                message: "ReplicaState",
                field: "replica_directory_id",
                version,
            });
        }
        w.i64(self.log_end_offset);
        if version >= 1 {
            w.i64(self.last_fetch_timestamp);
        }
        if version >= 1 {
            w.i64(self.last_caught_up_timestamp);
        }
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    /// `int32, versions 2`
    pub node_id: i32,
    /// `[]Listener, versions 2`
    pub listeners: Vec<Listener<'a>>,
}

impl<'a> Default for Node<'a> {
    fn default() -> Self {
        Self {
            node_id: 0,
            listeners: Vec::new(),
        }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.node_id = r.i32()?;
        m.listeners = r.array(true, 5, |r| Listener::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.node_id);
        w.array(&self.listeners, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl Node<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Node<'static> {
        Node {
            node_id: self.node_id,
            listeners: self
                .listeners
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener<'a> {
    /// `string, versions 2`
    pub name: Cow<'a, str>,
    /// `string, versions 2`
    pub host: Cow<'a, str>,
    /// `uint16, versions 2`
    pub port: u16,
}

impl<'a> Default for Listener<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            port: 0,
        }
    }
}

impl<'a> Listener<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.host = r.string(true)?;
        m.port = r.u16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.uvarint(0);
        Ok(())
    }
}

impl Listener<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Listener<'static> {
        Listener {
            name: Cow::Owned(self.name.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
        }
    }
}
