//! `ProduceResponse`, versions 3-13. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ProduceResponse`, key 0, versions 3-13.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProduceResponse<'a> {
    /// `[]TopicProduceResponse, versions 3-13`
    pub responses: Vec<TopicProduceResponse<'a>>,
    /// `int32, versions 3-13, default 0, ignorable`
    pub throttle_time_ms: i32,
    /// `[]NodeEndpoint, versions 10-13, tag 0`
    pub node_endpoints: Vec<NodeEndpoint<'a>>,
}

impl<'a> Default for ProduceResponse<'a> {
    fn default() -> Self {
        Self {
            responses: Vec::new(),
            throttle_time_ms: 0,
            node_endpoints: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ProduceResponse<'a> {
    const KEY: i16 = 0;
    const NAME: &'static str = "ProduceResponse";
    const VERSIONS: VersionRange = VersionRange::new(3, 13);
    const FLEXIBLE_FROM: Option<i16> = Some(9);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 9;
        let mut m = Self::default();
        m.responses = r.array(flexible, 3, |r| TopicProduceResponse::decode(r, version))?;
        m.throttle_time_ms = r.i32()?;
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 10 => {
                        m.node_endpoints =
                            r.array(true, 11, |r| NodeEndpoint::decode(r, version))?
                    }
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
        let flexible = version >= 9;
        w.array(&self.responses, flexible, |w, value| {
            value.encode(w, version)
        })?;
        w.i32(self.throttle_time_ms);
        if !(version >= 10) && !self.node_endpoints.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "ProduceResponse",
                field: "node_endpoints",
                version,
            });
        }
        let has_node_endpoints = version >= 10 && !self.node_endpoints.is_empty();
        if flexible {
            w.uvarint(u32::from(has_node_endpoints));
            if has_node_endpoints {
                w.tagged(0, |w| {
                    w.array(&self.node_endpoints, true, |w, value| {
                        value.encode(w, version)
                    })?;
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

impl ProduceResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ProduceResponse<'static> {
        ProduceResponse {
            responses: self
                .responses
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            throttle_time_ms: self.throttle_time_ms,
            node_endpoints: self
                .node_endpoints
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicProduceResponse<'a> {
    /// `string, versions 3-12, ignorable`
    pub name: Cow<'a, str>,
    /// `uuid, versions 13, ignorable`
    pub topic_id: Uuid,
    /// `[]PartitionProduceResponse, versions 3-13`
    pub partition_responses: Vec<PartitionProduceResponse<'a>>,
}

impl<'a> Default for TopicProduceResponse<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partition_responses: Vec::new(),
        }
    }
}

impl<'a> TopicProduceResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        if version <= 12 {
            m.name = r.string(flexible)?;
        }
        if version >= 13 {
            m.topic_id = r.uuid()?;
        }
        m.partition_responses = r.array(flexible, 22, |r| {
            PartitionProduceResponse::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        if version <= 12 {
            w.string(&self.name, flexible)?;
        }
        if version >= 13 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partition_responses, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl TopicProduceResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicProduceResponse<'static> {
        TopicProduceResponse {
            name: Cow::Owned(self.name.into_owned()),
            topic_id: self.topic_id,
            partition_responses: self
                .partition_responses
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionProduceResponse<'a> {
    /// `int32, versions 3-13`
    pub index: i32,
    /// `int16, versions 3-13`
    pub error_code: i16,
    /// `int64, versions 3-13`
    pub base_offset: i64,
    /// `int64, versions 3-13, default -1, ignorable`
    pub log_append_time_ms: i64,
    /// `int64, versions 5-13, default -1, ignorable`
    pub log_start_offset: i64,
    /// `[]BatchIndexAndErrorMessage, versions 8-13, ignorable`
    pub record_errors: Vec<BatchIndexAndErrorMessage<'a>>,
    /// `string, versions 8-13, nullable 8-13, default null, ignorable`
    pub error_message: Option<Cow<'a, str>>,
    /// `LeaderIdAndEpoch, versions 10-13, tag 0`
    pub current_leader: LeaderIdAndEpoch,
}

impl<'a> Default for PartitionProduceResponse<'a> {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: 0,
            base_offset: 0,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
        }
    }
}

impl<'a> PartitionProduceResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        m.index = r.i32()?;
        m.error_code = r.i16()?;
        m.base_offset = r.i64()?;
        m.log_append_time_ms = r.i64()?;
        if version >= 5 {
            m.log_start_offset = r.i64()?;
        }
        if version >= 8 {
            m.record_errors = r.array(flexible, 6, |r| {
                BatchIndexAndErrorMessage::decode(r, version)
            })?;
        }
        if version >= 8 {
            m.error_message = r.nullable_string(flexible)?;
        }
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 10 => m.current_leader = LeaderIdAndEpoch::decode(r, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        w.i32(self.index);
        w.i16(self.error_code);
        w.i64(self.base_offset);
        w.i64(self.log_append_time_ms);
        if version >= 5 {
            w.i64(self.log_start_offset);
        }
        if version >= 8 {
            w.array(&self.record_errors, flexible, |w, value| {
                value.encode(w, version)
            })?;
        }
        if version >= 8 {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if !(version >= 10) && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionProduceResponse",
                field: "current_leader",
                version,
            });
        }
        let has_current_leader =
            version >= 10 && self.current_leader != LeaderIdAndEpoch::default();
        if flexible {
            w.uvarint(u32::from(has_current_leader));
            if has_current_leader {
                w.tagged(0, |w| {
                    self.current_leader.encode(w, version)?;
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

impl PartitionProduceResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> PartitionProduceResponse<'static> {
        PartitionProduceResponse {
            index: self.index,
            error_code: self.error_code,
            base_offset: self.base_offset,
            log_append_time_ms: self.log_append_time_ms,
            log_start_offset: self.log_start_offset,
            record_errors: self
                .record_errors
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            current_leader: self.current_leader,
        }
    }
}

/// Part of [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchIndexAndErrorMessage<'a> {
    /// `int32, versions 8-13`
    pub batch_index: i32,
    /// `string, versions 8-13, nullable 8-13, default null`
    pub batch_index_error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for BatchIndexAndErrorMessage<'a> {
    fn default() -> Self {
        Self {
            batch_index: 0,
            batch_index_error_message: None,
        }
    }
}

impl<'a> BatchIndexAndErrorMessage<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        m.batch_index = r.i32()?;
        m.batch_index_error_message = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        w.i32(self.batch_index);
        w.nullable_string(self.batch_index_error_message.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl BatchIndexAndErrorMessage<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> BatchIndexAndErrorMessage<'static> {
        BatchIndexAndErrorMessage {
            batch_index: self.batch_index,
            batch_index_error_message: self
                .batch_index_error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// Part of [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderIdAndEpoch {
    /// `int32, versions 10-13, default -1`
    pub leader_id: i32,
    /// `int32, versions 10-13, default -1`
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self {
            leader_id: -1,
            leader_epoch: -1,
        }
    }
}

impl LeaderIdAndEpoch {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.leader_id = r.i32()?;
        m.leader_epoch = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEndpoint<'a> {
    /// `int32, versions 10-13`
    pub node_id: i32,
    /// `string, versions 10-13`
    pub host: Cow<'a, str>,
    /// `int32, versions 10-13`
    pub port: i32,
    /// `string, versions 10-13, nullable 10-13, default null`
    pub rack: Option<Cow<'a, str>>,
}

impl<'a> Default for NodeEndpoint<'a> {
    fn default() -> Self {
        Self {
            node_id: 0,
            host: Cow::Borrowed(""),
            port: 0,
            rack: None,
        }
    }
}

impl<'a> NodeEndpoint<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.node_id = r.i32()?;
        m.host = r.string(true)?;
        m.port = r.i32()?;
        m.rack = r.nullable_string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.node_id);
        w.string(&self.host, true)?;
        w.i32(self.port);
        w.nullable_string(self.rack.as_deref(), true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl NodeEndpoint<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> NodeEndpoint<'static> {
        NodeEndpoint {
            node_id: self.node_id,
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
            rack: self.rack.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
