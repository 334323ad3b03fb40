//! `OffsetCommitRequest`, versions 2-10. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetCommitRequest`, key 8, versions 2-10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitRequest<'a> {
    /// `string, versions 2-10`
    pub group_id: Cow<'a, str>,
    /// `int32, versions 2-10, default -1, ignorable`
    pub generation_id_or_member_epoch: i32,
    /// `string, versions 2-10, ignorable`
    pub member_id: Cow<'a, str>,
    /// `string, versions 7-10, nullable 7-10, default null`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `int64, versions 2-4, default -1, ignorable`
    pub retention_time_ms: i64,
    /// `[]OffsetCommitRequestTopic, versions 2-10`
    pub topics: Vec<OffsetCommitRequestTopic<'a>>,
}

impl<'a> Default for OffsetCommitRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            generation_id_or_member_epoch: -1,
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for OffsetCommitRequest<'a> {
    const KEY: i16 = 8;
    const NAME: &'static str = "OffsetCommitRequest";
    const VERSIONS: VersionRange = VersionRange::new(2, 10);
    const FLEXIBLE_FROM: Option<i16> = Some(8);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 8;
        let mut m = Self::default();
        m.group_id = r.string(flexible)?;
        m.generation_id_or_member_epoch = r.i32()?;
        m.member_id = r.string(flexible)?;
        if version >= 7 {
            m.group_instance_id = r.nullable_string(flexible)?;
        }
        if version <= 4 {
            m.retention_time_ms = r.i64()?;
        }
        m.topics = r.array(flexible, 3, |r| {
            OffsetCommitRequestTopic::decode(r, version)
        })?;
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
        let flexible = version >= 8;
        w.string(&self.group_id, flexible)?;
        w.i32(self.generation_id_or_member_epoch);
        w.string(&self.member_id, flexible)?;
        if version >= 7 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "OffsetCommitRequest",
                field: "group_instance_id",
                version,
            });
        }
        if version <= 4 {
            w.i64(self.retention_time_ms);
        }
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for OffsetCommitRequest<'_> {
    const API: ApiKey = ApiKey::OffsetCommit;
    type Response<'b> = super::OffsetCommitResponseType<'b>;
}

impl OffsetCommitRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetCommitRequest<'static> {
        OffsetCommitRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            generation_id_or_member_epoch: self.generation_id_or_member_epoch,
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            retention_time_ms: self.retention_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitRequestTopic<'a> {
    /// `string, versions 2-9, ignorable`
    pub name: Cow<'a, str>,
    /// `uuid, versions 10, ignorable`
    pub topic_id: Uuid,
    /// `[]OffsetCommitRequestPartition, versions 2-10`
    pub partitions: Vec<OffsetCommitRequestPartition<'a>>,
}

impl<'a> Default for OffsetCommitRequestTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetCommitRequestTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 8;
        let mut m = Self::default();
        if version <= 9 {
            m.name = r.string(flexible)?;
        }
        if version >= 10 {
            m.topic_id = r.uuid()?;
        }
        m.partitions = r.array(flexible, 14, |r| {
            OffsetCommitRequestPartition::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 8;
        if version <= 9 {
            w.string(&self.name, flexible)?;
        }
        if version >= 10 {
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

impl OffsetCommitRequestTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetCommitRequestTopic<'static> {
        OffsetCommitRequestTopic {
            name: Cow::Owned(self.name.into_owned()),
            topic_id: self.topic_id,
            partitions: self
                .partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitRequestPartition<'a> {
    /// `int32, versions 2-10`
    pub partition_index: i32,
    /// `int64, versions 2-10`
    pub committed_offset: i64,
    /// `int32, versions 6-10, default -1, ignorable`
    pub committed_leader_epoch: i32,
    /// `string, versions 2-10, nullable 2-10`
    pub committed_metadata: Option<Cow<'a, str>>,
}

impl<'a> Default for OffsetCommitRequestPartition<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> OffsetCommitRequestPartition<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 8;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.committed_offset = r.i64()?;
        if version >= 6 {
            m.committed_leader_epoch = r.i32()?;
        }
        m.committed_metadata = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 8;
        w.i32(self.partition_index);
        w.i64(self.committed_offset);
        if version >= 6 {
            w.i32(self.committed_leader_epoch);
        }
        w.nullable_string(self.committed_metadata.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetCommitRequestPartition<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetCommitRequestPartition<'static> {
        OffsetCommitRequestPartition {
            partition_index: self.partition_index,
            committed_offset: self.committed_offset,
            committed_leader_epoch: self.committed_leader_epoch,
            committed_metadata: self
                .committed_metadata
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
