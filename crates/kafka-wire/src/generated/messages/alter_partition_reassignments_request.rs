//! `AlterPartitionReassignmentsRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterPartitionReassignmentsRequest`, key 45, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterPartitionReassignmentsRequest<'a> {
    /// `int32, versions 0-1, default 60000`
    pub timeout_ms: i32,
    /// `bool, versions 1, default true`
    pub allow_replication_factor_change: bool,
    /// `[]ReassignableTopic, versions 0-1`
    pub topics: Vec<ReassignableTopic<'a>>,
}

impl<'a> Default for AlterPartitionReassignmentsRequest<'a> {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            allow_replication_factor_change: true,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AlterPartitionReassignmentsRequest<'a> {
    const KEY: i16 = 45;
    const NAME: &'static str = "AlterPartitionReassignmentsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.timeout_ms = r.i32()?;
        if version >= 1 {
            m.allow_replication_factor_change = r.bool()?;
        }
        m.topics = r.array(true, 3, |r| ReassignableTopic::decode(r, version))?;
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
        w.i32(self.timeout_ms);
        if version >= 1 {
            w.bool(self.allow_replication_factor_change);
        } else if !self.allow_replication_factor_change {
            return Err(WireError::FieldNotInVersion {
                message: "AlterPartitionReassignmentsRequest",
                field: "allow_replication_factor_change",
                version,
            });
        }
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for AlterPartitionReassignmentsRequest<'_> {
    const API: ApiKey = ApiKey::AlterPartitionReassignments;
    type Response<'b> = super::AlterPartitionReassignmentsResponseType<'b>;
}

impl AlterPartitionReassignmentsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterPartitionReassignmentsRequest<'static> {
        AlterPartitionReassignmentsRequest {
            timeout_ms: self.timeout_ms,
            allow_replication_factor_change: self.allow_replication_factor_change,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterPartitionReassignmentsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassignableTopic<'a> {
    /// `string, versions 0-1`
    pub name: Cow<'a, str>,
    /// `[]ReassignablePartition, versions 0-1`
    pub partitions: Vec<ReassignablePartition>,
}

impl<'a> Default for ReassignableTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> ReassignableTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.partitions = r.array(true, 6, |r| ReassignablePartition::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.array(&self.partitions, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl ReassignableTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ReassignableTopic<'static> {
        ReassignableTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`AlterPartitionReassignmentsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassignablePartition {
    /// `int32, versions 0-1`
    pub partition_index: i32,
    /// `[]int32, versions 0-1, nullable 0-1, default null`
    pub replicas: Option<Vec<i32>>,
}

impl Default for ReassignablePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            replicas: None,
        }
    }
}

impl ReassignablePartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.replicas = r.nullable_array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.nullable_array(self.replicas.as_deref(), true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}
