//! `OffsetFetchResponse`, versions 1-10. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetFetchResponse`, key 9, versions 1-10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponse<'a> {
    /// `int32, versions 3-10, ignorable`
    pub throttle_time_ms: i32,
    /// `[]OffsetFetchResponseTopic, versions 1-7`
    pub topics: Vec<OffsetFetchResponseTopic<'a>>,
    /// `int16, versions 2-7, default 0, ignorable`
    pub error_code: i16,
    /// `[]OffsetFetchResponseGroup, versions 8-10`
    pub groups: Vec<OffsetFetchResponseGroup<'a>>,
}

impl<'a> Default for OffsetFetchResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            topics: Vec::new(),
            error_code: 0,
            groups: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for OffsetFetchResponse<'a> {
    const KEY: i16 = 9;
    const NAME: &'static str = "OffsetFetchResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 10);
    const FLEXIBLE_FROM: Option<i16> = Some(6);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 6;
        let mut m = Self::default();
        if version >= 3 {
            m.throttle_time_ms = r.i32()?;
        }
        if version <= 7 {
            m.topics = r.array(flexible, 3, |r| {
                OffsetFetchResponseTopic::decode(r, version)
            })?;
        }
        if (2..=7).contains(&version) {
            m.error_code = r.i16()?;
        }
        if version >= 8 {
            m.groups = r.array(flexible, 5, |r| {
                OffsetFetchResponseGroup::decode(r, version)
            })?;
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
        let flexible = version >= 6;
        if version >= 3 {
            w.i32(self.throttle_time_ms);
        }
        if version <= 7 {
            w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        } else if !self.topics.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "OffsetFetchResponse",
                field: "topics",
                version,
            });
        }
        if (2..=7).contains(&version) {
            w.i16(self.error_code);
        }
        if version >= 8 {
            w.array(&self.groups, flexible, |w, value| value.encode(w, version))?;
        } else if !self.groups.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "OffsetFetchResponse",
                field: "groups",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetFetchResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchResponse<'static> {
        OffsetFetchResponse {
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            error_code: self.error_code,
            groups: self
                .groups
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponseTopic<'a> {
    /// `string, versions 1-7`
    pub name: Cow<'a, str>,
    /// `[]OffsetFetchResponsePartition, versions 1-7`
    pub partitions: Vec<OffsetFetchResponsePartition<'a>>,
}

impl<'a> Default for OffsetFetchResponseTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetFetchResponseTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 6;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 16, |r| {
            OffsetFetchResponsePartition::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 6;
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetFetchResponseTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchResponseTopic<'static> {
        OffsetFetchResponseTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self
                .partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponsePartition<'a> {
    /// `int32, versions 1-7`
    pub partition_index: i32,
    /// `int64, versions 1-7`
    pub committed_offset: i64,
    /// `int32, versions 5-7, default -1, ignorable`
    pub committed_leader_epoch: i32,
    /// `string, versions 1-7, nullable 1-7`
    pub metadata: Option<Cow<'a, str>>,
    /// `int16, versions 1-7`
    pub error_code: i16,
}

impl<'a> Default for OffsetFetchResponsePartition<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(Cow::Borrowed("")),
            error_code: 0,
        }
    }
}

impl<'a> OffsetFetchResponsePartition<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 6;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.committed_offset = r.i64()?;
        if version >= 5 {
            m.committed_leader_epoch = r.i32()?;
        }
        m.metadata = r.nullable_string(flexible)?;
        m.error_code = r.i16()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 6;
        w.i32(self.partition_index);
        w.i64(self.committed_offset);
        if version >= 5 {
            w.i32(self.committed_leader_epoch);
        }
        w.nullable_string(self.metadata.as_deref(), flexible)?;
        w.i16(self.error_code);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetFetchResponsePartition<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchResponsePartition<'static> {
        OffsetFetchResponsePartition {
            partition_index: self.partition_index,
            committed_offset: self.committed_offset,
            committed_leader_epoch: self.committed_leader_epoch,
            metadata: self.metadata.map(|value| Cow::Owned(value.into_owned())),
            error_code: self.error_code,
        }
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponseGroup<'a> {
    /// `string, versions 8-10`
    pub group_id: Cow<'a, str>,
    /// `[]OffsetFetchResponseTopics, versions 8-10`
    pub topics: Vec<OffsetFetchResponseTopics<'a>>,
    /// `int16, versions 8-10, default 0`
    pub error_code: i16,
}

impl<'a> Default for OffsetFetchResponseGroup<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            topics: Vec::new(),
            error_code: 0,
        }
    }
}

impl<'a> OffsetFetchResponseGroup<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.string(true)?;
        m.topics = r.array(true, 3, |r| OffsetFetchResponseTopics::decode(r, version))?;
        m.error_code = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.group_id, true)?;
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.i16(self.error_code);
        w.uvarint(0);
        Ok(())
    }
}

impl OffsetFetchResponseGroup<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchResponseGroup<'static> {
        OffsetFetchResponseGroup {
            group_id: Cow::Owned(self.group_id.into_owned()),
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            error_code: self.error_code,
        }
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponseTopics<'a> {
    /// `string, versions 8-9, ignorable`
    pub name: Cow<'a, str>,
    /// `uuid, versions 10, ignorable`
    pub topic_id: Uuid,
    /// `[]OffsetFetchResponsePartitions, versions 8-10`
    pub partitions: Vec<OffsetFetchResponsePartitions<'a>>,
}

impl<'a> Default for OffsetFetchResponseTopics<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetFetchResponseTopics<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        if version <= 9 {
            m.name = r.string(true)?;
        }
        if version >= 10 {
            m.topic_id = r.uuid()?;
        }
        m.partitions = r.array(true, 20, |r| {
            OffsetFetchResponsePartitions::decode(r, version)
        })?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if version <= 9 {
            w.string(&self.name, true)?;
        }
        if version >= 10 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partitions, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl OffsetFetchResponseTopics<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchResponseTopics<'static> {
        OffsetFetchResponseTopics {
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

/// Part of [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchResponsePartitions<'a> {
    /// `int32, versions 8-10`
    pub partition_index: i32,
    /// `int64, versions 8-10`
    pub committed_offset: i64,
    /// `int32, versions 8-10, default -1, ignorable`
    pub committed_leader_epoch: i32,
    /// `string, versions 8-10, nullable 8-10`
    pub metadata: Option<Cow<'a, str>>,
    /// `int16, versions 8-10`
    pub error_code: i16,
}

impl<'a> Default for OffsetFetchResponsePartitions<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(Cow::Borrowed("")),
            error_code: 0,
        }
    }
}

impl<'a> OffsetFetchResponsePartitions<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.committed_offset = r.i64()?;
        m.committed_leader_epoch = r.i32()?;
        m.metadata = r.nullable_string(true)?;
        m.error_code = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.i64(self.committed_offset);
        w.i32(self.committed_leader_epoch);
        w.nullable_string(self.metadata.as_deref(), true)?;
        w.i16(self.error_code);
        w.uvarint(0);
        Ok(())
    }
}

impl OffsetFetchResponsePartitions<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchResponsePartitions<'static> {
        OffsetFetchResponsePartitions {
            partition_index: self.partition_index,
            committed_offset: self.committed_offset,
            committed_leader_epoch: self.committed_leader_epoch,
            metadata: self.metadata.map(|value| Cow::Owned(value.into_owned())),
            error_code: self.error_code,
        }
    }
}
