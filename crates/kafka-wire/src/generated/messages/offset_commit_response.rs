//! `OffsetCommitResponse`, versions 2-10. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetCommitResponse`, key 8, versions 2-10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitResponse<'a> {
    /// `int32, versions 3-10, ignorable`
    pub throttle_time_ms: i32,
    /// `[]OffsetCommitResponseTopic, versions 2-10`
    pub topics: Vec<OffsetCommitResponseTopic<'a>>,
}

impl<'a> Default for OffsetCommitResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for OffsetCommitResponse<'a> {
    const KEY: i16 = 8;
    const NAME: &'static str = "OffsetCommitResponse";
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
        if version >= 3 {
            m.throttle_time_ms = r.i32()?;
        }
        m.topics = r.array(flexible, 3, |r| {
            OffsetCommitResponseTopic::decode(r, version)
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
        if version >= 3 {
            w.i32(self.throttle_time_ms);
        }
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetCommitResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetCommitResponse<'static> {
        OffsetCommitResponse {
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitResponseTopic<'a> {
    /// `string, versions 2-9, ignorable`
    pub name: Cow<'a, str>,
    /// `uuid, versions 10, ignorable`
    pub topic_id: Uuid,
    /// `[]OffsetCommitResponsePartition, versions 2-10`
    pub partitions: Vec<OffsetCommitResponsePartition>,
}

impl<'a> Default for OffsetCommitResponseTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetCommitResponseTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 8;
        let mut m = Self::default();
        if version <= 9 {
            m.name = r.string(flexible)?;
        }
        if version >= 10 {
            m.topic_id = r.uuid()?;
        }
        m.partitions = r.array(flexible, 6, |r| {
            OffsetCommitResponsePartition::decode(r, version)
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

impl OffsetCommitResponseTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetCommitResponseTopic<'static> {
        OffsetCommitResponseTopic {
            name: Cow::Owned(self.name.into_owned()),
            topic_id: self.topic_id,
            partitions: self.partitions,
        }
    }
}

/// Part of [`OffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitResponsePartition {
    /// `int32, versions 2-10`
    pub partition_index: i32,
    /// `int16, versions 2-10`
    pub error_code: i16,
}

impl Default for OffsetCommitResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
        }
    }
}

impl OffsetCommitResponsePartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 8;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 8;
        w.i32(self.partition_index);
        w.i16(self.error_code);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
