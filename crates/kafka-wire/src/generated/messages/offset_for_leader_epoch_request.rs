//! `OffsetForLeaderEpochRequest`, versions 2-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetForLeaderEpochRequest`, key 23, versions 2-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetForLeaderEpochRequest<'a> {
    /// `int32, versions 3-4, default -2, ignorable`
    pub replica_id: i32,
    /// `[]OffsetForLeaderTopic, versions 2-4`
    pub topics: Vec<OffsetForLeaderTopic<'a>>,
}

impl<'a> Default for OffsetForLeaderEpochRequest<'a> {
    fn default() -> Self {
        Self {
            replica_id: -2,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for OffsetForLeaderEpochRequest<'a> {
    const KEY: i16 = 23;
    const NAME: &'static str = "OffsetForLeaderEpochRequest";
    const VERSIONS: VersionRange = VersionRange::new(2, 4);
    const FLEXIBLE_FROM: Option<i16> = Some(4);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 4;
        let mut m = Self::default();
        if version >= 3 {
            m.replica_id = r.i32()?;
        }
        m.topics = r.array(flexible, 3, |r| OffsetForLeaderTopic::decode(r, version))?;
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
        let flexible = version >= 4;
        if version >= 3 {
            w.i32(self.replica_id);
        }
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for OffsetForLeaderEpochRequest<'_> {
    const API: ApiKey = ApiKey::OffsetForLeaderEpoch;
    type Response<'b> = super::OffsetForLeaderEpochResponseType<'b>;
}

impl OffsetForLeaderEpochRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetForLeaderEpochRequest<'static> {
        OffsetForLeaderEpochRequest {
            replica_id: self.replica_id,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetForLeaderEpochRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetForLeaderTopic<'a> {
    /// `string, versions 2-4`
    pub topic: Cow<'a, str>,
    /// `[]OffsetForLeaderPartition, versions 2-4`
    pub partitions: Vec<OffsetForLeaderPartition>,
}

impl<'a> Default for OffsetForLeaderTopic<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetForLeaderTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.topic = r.string(flexible)?;
        m.partitions = r.array(flexible, 12, |r| {
            OffsetForLeaderPartition::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.string(&self.topic, flexible)?;
        w.array(&self.partitions, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetForLeaderTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetForLeaderTopic<'static> {
        OffsetForLeaderTopic {
            topic: Cow::Owned(self.topic.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`OffsetForLeaderEpochRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetForLeaderPartition {
    /// `int32, versions 2-4`
    pub partition: i32,
    /// `int32, versions 2-4, default -1, ignorable`
    pub current_leader_epoch: i32,
    /// `int32, versions 2-4`
    pub leader_epoch: i32,
}

impl Default for OffsetForLeaderPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            leader_epoch: 0,
        }
    }
}

impl OffsetForLeaderPartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.partition = r.i32()?;
        m.current_leader_epoch = r.i32()?;
        m.leader_epoch = r.i32()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.i32(self.partition);
        w.i32(self.current_leader_epoch);
        w.i32(self.leader_epoch);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
