//! `TxnOffsetCommitRequest`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `TxnOffsetCommitRequest`, key 28, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitRequest<'a> {
    /// `string, versions 0-5`
    pub transactional_id: Cow<'a, str>,
    /// `string, versions 0-5`
    pub group_id: Cow<'a, str>,
    /// `int64, versions 0-5`
    pub producer_id: i64,
    /// `int16, versions 0-5`
    pub producer_epoch: i16,
    /// `int32, versions 3-5, default -1`
    pub generation_id: i32,
    /// `string, versions 3-5, default ""`
    pub member_id: Cow<'a, str>,
    /// `string, versions 3-5, nullable 3-5, default null`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `[]TxnOffsetCommitRequestTopic, versions 0-5`
    pub topics: Vec<TxnOffsetCommitRequestTopic<'a>>,
}

impl<'a> Default for TxnOffsetCommitRequest<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
            group_id: Cow::Borrowed(""),
            producer_id: 0,
            producer_epoch: 0,
            generation_id: -1,
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for TxnOffsetCommitRequest<'a> {
    const KEY: i16 = 28;
    const NAME: &'static str = "TxnOffsetCommitRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FLEXIBLE_FROM: Option<i16> = Some(3);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 3;
        let mut m = Self::default();
        m.transactional_id = r.string(flexible)?;
        m.group_id = r.string(flexible)?;
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        if version >= 3 {
            m.generation_id = r.i32()?;
        }
        if version >= 3 {
            m.member_id = r.string(flexible)?;
        }
        if version >= 3 {
            m.group_instance_id = r.nullable_string(flexible)?;
        }
        m.topics = r.array(flexible, 3, |r| {
            TxnOffsetCommitRequestTopic::decode(r, version)
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
        let flexible = version >= 3;
        w.string(&self.transactional_id, flexible)?;
        w.string(&self.group_id, flexible)?;
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        if version >= 3 {
            w.i32(self.generation_id);
        } else if self.generation_id != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "TxnOffsetCommitRequest",
                field: "generation_id",
                version,
            });
        }
        if version >= 3 {
            w.string(&self.member_id, flexible)?;
        } else if !self.member_id.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "TxnOffsetCommitRequest",
                field: "member_id",
                version,
            });
        }
        if version >= 3 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "TxnOffsetCommitRequest",
                field: "group_instance_id",
                version,
            });
        }
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for TxnOffsetCommitRequest<'_> {
    const API: ApiKey = ApiKey::TxnOffsetCommit;
    type Response<'b> = super::TxnOffsetCommitResponseType<'b>;
}

impl TxnOffsetCommitRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TxnOffsetCommitRequest<'static> {
        TxnOffsetCommitRequest {
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
            group_id: Cow::Owned(self.group_id.into_owned()),
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            generation_id: self.generation_id,
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`TxnOffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitRequestTopic<'a> {
    /// `string, versions 0-5`
    pub name: Cow<'a, str>,
    /// `[]TxnOffsetCommitRequestPartition, versions 0-5`
    pub partitions: Vec<TxnOffsetCommitRequestPartition<'a>>,
}

impl<'a> Default for TxnOffsetCommitRequestTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TxnOffsetCommitRequestTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 14, |r| {
            TxnOffsetCommitRequestPartition::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
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

impl TxnOffsetCommitRequestTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TxnOffsetCommitRequestTopic<'static> {
        TxnOffsetCommitRequestTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self
                .partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`TxnOffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitRequestPartition<'a> {
    /// `int32, versions 0-5`
    pub partition_index: i32,
    /// `int64, versions 0-5`
    pub committed_offset: i64,
    /// `int32, versions 2-5, default -1, ignorable`
    pub committed_leader_epoch: i32,
    /// `string, versions 0-5, nullable 0-5`
    pub committed_metadata: Option<Cow<'a, str>>,
}

impl<'a> Default for TxnOffsetCommitRequestPartition<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> TxnOffsetCommitRequestPartition<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.committed_offset = r.i64()?;
        if version >= 2 {
            m.committed_leader_epoch = r.i32()?;
        }
        m.committed_metadata = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
        w.i32(self.partition_index);
        w.i64(self.committed_offset);
        if version >= 2 {
            w.i32(self.committed_leader_epoch);
        }
        w.nullable_string(self.committed_metadata.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl TxnOffsetCommitRequestPartition<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TxnOffsetCommitRequestPartition<'static> {
        TxnOffsetCommitRequestPartition {
            partition_index: self.partition_index,
            committed_offset: self.committed_offset,
            committed_leader_epoch: self.committed_leader_epoch,
            committed_metadata: self
                .committed_metadata
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
