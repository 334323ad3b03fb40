//! `FetchResponse`, versions 4-18. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `FetchResponse`, key 1, versions 4-18.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchResponse<'a> {
    /// `int32, versions 4-18, ignorable`
    pub throttle_time_ms: i32,
    /// `int16, versions 7-18, ignorable`
    pub error_code: i16,
    /// `int32, versions 7-18, default 0`
    pub session_id: i32,
    /// `[]FetchableTopicResponse, versions 4-18`
    pub responses: Vec<FetchableTopicResponse<'a>>,
    /// `[]NodeEndpoint, versions 16-18, tag 0`
    pub node_endpoints: Vec<NodeEndpoint<'a>>,
}

impl<'a> Default for FetchResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            session_id: 0,
            responses: Vec::new(),
            node_endpoints: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for FetchResponse<'a> {
    const KEY: i16 = 1;
    const NAME: &'static str = "FetchResponse";
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
        m.throttle_time_ms = r.i32()?;
        if version >= 7 {
            m.error_code = r.i16()?;
        }
        if version >= 7 {
            m.session_id = r.i32()?;
        }
        m.responses = r.array(flexible, 3, |r| FetchableTopicResponse::decode(r, version))?;
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 16 => {
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
        let flexible = version >= 12;
        w.i32(self.throttle_time_ms);
        if version >= 7 {
            w.i16(self.error_code);
        }
        if version >= 7 {
            w.i32(self.session_id);
        } else if self.session_id != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "FetchResponse",
                field: "session_id",
                version,
            });
        }
        w.array(&self.responses, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if !(version >= 16) && !self.node_endpoints.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "FetchResponse",
                field: "node_endpoints",
                version,
            });
        }
        let has_node_endpoints = version >= 16 && !self.node_endpoints.is_empty();
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

impl FetchResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FetchResponse<'static> {
        FetchResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            session_id: self.session_id,
            responses: self
                .responses
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            node_endpoints: self
                .node_endpoints
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchableTopicResponse<'a> {
    /// `string, versions 4-12, ignorable`
    pub topic: Cow<'a, str>,
    /// `uuid, versions 13-18, ignorable`
    pub topic_id: Uuid,
    /// `[]PartitionData, versions 4-18`
    pub partitions: Vec<PartitionData<'a>>,
}

impl<'a> Default for FetchableTopicResponse<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl<'a> FetchableTopicResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 12;
        let mut m = Self::default();
        if version <= 12 {
            m.topic = r.string(flexible)?;
        }
        if version >= 13 {
            m.topic_id = r.uuid()?;
        }
        m.partitions = r.array(flexible, 30, |r| PartitionData::decode(r, version))?;
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

impl FetchableTopicResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FetchableTopicResponse<'static> {
        FetchableTopicResponse {
            topic: Cow::Owned(self.topic.into_owned()),
            topic_id: self.topic_id,
            partitions: self
                .partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionData<'a> {
    /// `int32, versions 4-18`
    pub partition_index: i32,
    /// `int16, versions 4-18`
    pub error_code: i16,
    /// `int64, versions 4-18`
    pub high_watermark: i64,
    /// `int64, versions 4-18, default -1, ignorable`
    pub last_stable_offset: i64,
    /// `int64, versions 5-18, default -1, ignorable`
    pub log_start_offset: i64,
    /// `EpochEndOffset, versions 12-18, tag 0`
    pub diverging_epoch: EpochEndOffset,
    /// `LeaderIdAndEpoch, versions 12-18, tag 1`
    pub current_leader: LeaderIdAndEpoch,
    /// `SnapshotId, versions 12-18, tag 2`
    pub snapshot_id: SnapshotId,
    /// `[]AbortedTransaction, versions 4-18, nullable 4-18, ignorable`
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// `int32, versions 11-18, default -1`
    pub preferred_read_replica: i32,
    /// `bytes, versions 4-18, nullable 4-18`
    pub records: Option<Cow<'a, [u8]>>,
}

impl<'a> Default for PartitionData<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: -1,
            records: Some(Cow::Borrowed(&[])),
        }
    }
}

impl<'a> PartitionData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 12;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        m.high_watermark = r.i64()?;
        m.last_stable_offset = r.i64()?;
        if version >= 5 {
            m.log_start_offset = r.i64()?;
        }
        m.aborted_transactions =
            r.nullable_array(flexible, 16, |r| AbortedTransaction::decode(r, version))?;
        if version >= 11 {
            m.preferred_read_replica = r.i32()?;
        }
        m.records = r.nullable_bytes(flexible)?;
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 12 => m.diverging_epoch = EpochEndOffset::decode(r, version)?,
                    1 if version >= 12 => m.current_leader = LeaderIdAndEpoch::decode(r, version)?,
                    2 if version >= 12 => m.snapshot_id = SnapshotId::decode(r, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 12;
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.i64(self.high_watermark);
        w.i64(self.last_stable_offset);
        if version >= 5 {
            w.i64(self.log_start_offset);
        }
        if !(version >= 12) && self.diverging_epoch != EpochEndOffset::default() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionData",
                field: "diverging_epoch",
                version,
            });
        }
        if !(version >= 12) && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionData",
                field: "current_leader",
                version,
            });
        }
        if !(version >= 12) && self.snapshot_id != SnapshotId::default() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionData",
                field: "snapshot_id",
                version,
            });
        }
        w.nullable_array(
            self.aborted_transactions.as_deref(),
            flexible,
            |w, value| value.encode(w, version),
        )?;
        if version >= 11 {
            w.i32(self.preferred_read_replica);
        } else if self.preferred_read_replica != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionData",
                field: "preferred_read_replica",
                version,
            });
        }
        w.nullable_bytes(self.records.as_deref(), flexible)?;
        let has_diverging_epoch =
            version >= 12 && self.diverging_epoch != EpochEndOffset::default();
        let has_current_leader =
            version >= 12 && self.current_leader != LeaderIdAndEpoch::default();
        let has_snapshot_id = version >= 12 && self.snapshot_id != SnapshotId::default();
        if flexible {
            w.uvarint(
                u32::from(has_diverging_epoch)
                    + u32::from(has_current_leader)
                    + u32::from(has_snapshot_id),
            );
            if has_diverging_epoch {
                w.tagged(0, |w| {
                    self.diverging_epoch.encode(w, version)?;
                    Ok(())
                })?;
            }
            if has_current_leader {
                w.tagged(1, |w| {
                    self.current_leader.encode(w, version)?;
                    Ok(())
                })?;
            }
            if has_snapshot_id {
                w.tagged(2, |w| {
                    self.snapshot_id.encode(w, version)?;
                    Ok(())
                })?;
            }
        }
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
            high_watermark: self.high_watermark,
            last_stable_offset: self.last_stable_offset,
            log_start_offset: self.log_start_offset,
            diverging_epoch: self.diverging_epoch,
            current_leader: self.current_leader,
            snapshot_id: self.snapshot_id,
            aborted_transactions: self.aborted_transactions,
            preferred_read_replica: self.preferred_read_replica,
            records: self.records.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// Part of [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochEndOffset {
    /// `int32, versions 12-18, default -1`
    pub epoch: i32,
    /// `int64, versions 12-18, default -1`
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            epoch: -1,
            end_offset: -1,
        }
    }
}

impl EpochEndOffset {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.epoch = r.i32()?;
        m.end_offset = r.i64()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.epoch);
        w.i64(self.end_offset);
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderIdAndEpoch {
    /// `int32, versions 12-18, default -1`
    pub leader_id: i32,
    /// `int32, versions 12-18, default -1`
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

/// Part of [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotId {
    /// `int64, versions 12-18, default -1`
    pub end_offset: i64,
    /// `int32, versions 12-18, default -1`
    pub epoch: i32,
}

impl Default for SnapshotId {
    fn default() -> Self {
        Self {
            end_offset: -1,
            epoch: -1,
        }
    }
}

impl SnapshotId {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.end_offset = r.i64()?;
        m.epoch = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i64(self.end_offset);
        w.i32(self.epoch);
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbortedTransaction {
    /// `int64, versions 4-18`
    pub producer_id: i64,
    /// `int64, versions 4-18`
    pub first_offset: i64,
}

impl Default for AbortedTransaction {
    fn default() -> Self {
        Self {
            producer_id: 0,
            first_offset: 0,
        }
    }
}

impl AbortedTransaction {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 12;
        let mut m = Self::default();
        m.producer_id = r.i64()?;
        m.first_offset = r.i64()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 12;
        w.i64(self.producer_id);
        w.i64(self.first_offset);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

/// Part of [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEndpoint<'a> {
    /// `int32, versions 16-18`
    pub node_id: i32,
    /// `string, versions 16-18`
    pub host: Cow<'a, str>,
    /// `int32, versions 16-18`
    pub port: i32,
    /// `string, versions 16-18, nullable 16-18, default null`
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
