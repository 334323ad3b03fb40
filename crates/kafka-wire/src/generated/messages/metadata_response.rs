//! `MetadataResponse`, versions 0-13. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::message::required;
use crate::*;

/// `MetadataResponse`, key 3, versions 0-13.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataResponse<'a> {
    /// `int32, versions 3-13, ignorable`
    pub throttle_time_ms: i32,
    /// `[]MetadataResponseBroker, versions 0-13`
    pub brokers: Vec<MetadataResponseBroker<'a>>,
    /// `string, versions 2-13, nullable 2-13, default null, ignorable`
    pub cluster_id: Option<Cow<'a, str>>,
    /// `int32, versions 1-13, default -1, ignorable`
    pub controller_id: i32,
    /// `[]MetadataResponseTopic, versions 0-13`
    pub topics: Vec<MetadataResponseTopic<'a>>,
    /// `int32, versions 8-10, default -2147483648`
    pub cluster_authorized_operations: i32,
    /// `int16, versions 13, ignorable`
    pub error_code: i16,
}

impl<'a> Default for MetadataResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: -1,
            topics: Vec::new(),
            cluster_authorized_operations: -2147483648,
            error_code: 0,
        }
    }
}

impl<'a> Message<'a> for MetadataResponse<'a> {
    const KEY: i16 = 3;
    const NAME: &'static str = "MetadataResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 13);
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
        if version >= 3 {
            m.throttle_time_ms = r.i32()?;
        }
        m.brokers = r.array(flexible, 10, |r| MetadataResponseBroker::decode(r, version))?;
        if version >= 2 {
            m.cluster_id = r.nullable_string(flexible)?;
        }
        if version >= 1 {
            m.controller_id = r.i32()?;
        }
        m.topics = r.array(flexible, 8, |r| MetadataResponseTopic::decode(r, version))?;
        if (8..=10).contains(&version) {
            m.cluster_authorized_operations = r.i32()?;
        }
        if version >= 13 {
            m.error_code = r.i16()?;
        }
        if flexible {
            r.skip_tagged_fields()?;
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
        if version >= 3 {
            w.i32(self.throttle_time_ms);
        }
        w.array(&self.brokers, flexible, |w, value| value.encode(w, version))?;
        if version >= 2 {
            w.nullable_string(self.cluster_id.as_deref(), flexible)?;
        }
        if version >= 1 {
            w.i32(self.controller_id);
        }
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if (8..=10).contains(&version) {
            w.i32(self.cluster_authorized_operations);
        } else if self.cluster_authorized_operations != -2147483648 {
            return Err(WireError::FieldNotInVersion {
                message: "MetadataResponse",
                field: "cluster_authorized_operations",
                version,
            });
        }
        if version >= 13 {
            w.i16(self.error_code);
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl MetadataResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MetadataResponse<'static> {
        MetadataResponse {
            throttle_time_ms: self.throttle_time_ms,
            brokers: self
                .brokers
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            cluster_id: self.cluster_id.map(|value| Cow::Owned(value.into_owned())),
            controller_id: self.controller_id,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            cluster_authorized_operations: self.cluster_authorized_operations,
            error_code: self.error_code,
        }
    }
}

/// Part of [`MetadataResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataResponseBroker<'a> {
    /// `int32, versions 0-13`
    pub node_id: i32,
    /// `string, versions 0-13`
    pub host: Cow<'a, str>,
    /// `int32, versions 0-13`
    pub port: i32,
    /// `string, versions 1-13, nullable 1-13, default null, ignorable`
    pub rack: Option<Cow<'a, str>>,
}

impl<'a> Default for MetadataResponseBroker<'a> {
    fn default() -> Self {
        Self {
            node_id: 0,
            host: Cow::Borrowed(""),
            port: 0,
            rack: None,
        }
    }
}

impl<'a> MetadataResponseBroker<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        m.node_id = r.i32()?;
        m.host = r.string(flexible)?;
        m.port = r.i32()?;
        if version >= 1 {
            m.rack = r.nullable_string(flexible)?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        w.i32(self.node_id);
        w.string(&self.host, flexible)?;
        w.i32(self.port);
        if version >= 1 {
            w.nullable_string(self.rack.as_deref(), flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl MetadataResponseBroker<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MetadataResponseBroker<'static> {
        MetadataResponseBroker {
            node_id: self.node_id,
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
            rack: self.rack.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// Part of [`MetadataResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataResponseTopic<'a> {
    /// `int16, versions 0-13`
    pub error_code: i16,
    /// `string, versions 0-13, nullable 12-13`
    pub name: Option<Cow<'a, str>>,
    /// `uuid, versions 10-13, ignorable`
    pub topic_id: Uuid,
    /// `bool, versions 1-13, default false, ignorable`
    pub is_internal: bool,
    /// `[]MetadataResponsePartition, versions 0-13`
    pub partitions: Vec<MetadataResponsePartition>,
    /// `int32, versions 8-13, default -2147483648`
    pub topic_authorized_operations: i32,
}

impl<'a> Default for MetadataResponseTopic<'a> {
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

impl<'a> MetadataResponseTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.name = if version >= 12 {
            r.nullable_string(flexible)?
        } else {
            Some(r.string(flexible)?)
        };
        if version >= 10 {
            m.topic_id = r.uuid()?;
        }
        if version >= 1 {
            m.is_internal = r.bool()?;
        }
        m.partitions = r.array(flexible, 18, |r| {
            MetadataResponsePartition::decode(r, version)
        })?;
        if version >= 8 {
            m.topic_authorized_operations = r.i32()?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        w.i16(self.error_code);
        if version >= 12 {
            w.nullable_string(self.name.as_deref(), flexible)?;
        } else {
            let value = required(&self.name, "MetadataResponseTopic", "name", version)?;
            w.string(value, flexible)?;
        }
        if version >= 10 {
            w.uuid(self.topic_id);
        }
        if version >= 1 {
            w.bool(self.is_internal);
        }
        w.array(&self.partitions, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if version >= 8 {
            w.i32(self.topic_authorized_operations);
        } else if self.topic_authorized_operations != -2147483648 {
            return Err(WireError::FieldNotInVersion {
                message: "MetadataResponseTopic",
                field: "topic_authorized_operations",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl MetadataResponseTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MetadataResponseTopic<'static> {
        MetadataResponseTopic {
            error_code: self.error_code,
            name: self.name.map(|value| Cow::Owned(value.into_owned())),
            topic_id: self.topic_id,
            is_internal: self.is_internal,
            partitions: self.partitions,
            topic_authorized_operations: self.topic_authorized_operations,
        }
    }
}

/// Part of [`MetadataResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataResponsePartition {
    /// `int16, versions 0-13`
    pub error_code: i16,
    /// `int32, versions 0-13`
    pub partition_index: i32,
    /// `int32, versions 0-13`
    pub leader_id: i32,
    /// `int32, versions 7-13, default -1, ignorable`
    pub leader_epoch: i32,
    /// `[]int32, versions 0-13`
    pub replica_nodes: Vec<i32>,
    /// `[]int32, versions 0-13`
    pub isr_nodes: Vec<i32>,
    /// `[]int32, versions 5-13, ignorable`
    pub offline_replicas: Vec<i32>,
}

impl Default for MetadataResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
        }
    }
}

impl MetadataResponsePartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.partition_index = r.i32()?;
        m.leader_id = r.i32()?;
        if version >= 7 {
            m.leader_epoch = r.i32()?;
        }
        m.replica_nodes = r.array(flexible, 4, |r| r.i32())?;
        m.isr_nodes = r.array(flexible, 4, |r| r.i32())?;
        if version >= 5 {
            m.offline_replicas = r.array(flexible, 4, |r| r.i32())?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        w.i16(self.error_code);
        w.i32(self.partition_index);
        w.i32(self.leader_id);
        if version >= 7 {
            w.i32(self.leader_epoch);
        }
        w.array(&self.replica_nodes, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.isr_nodes, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if version >= 5 {
            w.array(&self.offline_replicas, flexible, |w, value| {
                w.i32(*value);
                Ok(())
            })?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
