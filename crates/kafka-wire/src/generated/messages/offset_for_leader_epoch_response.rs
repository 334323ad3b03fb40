//! `OffsetForLeaderEpochResponse`, versions 2-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetForLeaderEpochResponse`, key 23, versions 2-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetForLeaderEpochResponse<'a> {
    /// `int32, versions 2-4, ignorable`
    pub throttle_time_ms: i32,
    /// `[]OffsetForLeaderTopicResult, versions 2-4`
    pub topics: Vec<OffsetForLeaderTopicResult<'a>>,
}

impl<'a> Default for OffsetForLeaderEpochResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for OffsetForLeaderEpochResponse<'a> {
    const KEY: i16 = 23;
    const NAME: &'static str = "OffsetForLeaderEpochResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.topics = r.array(flexible, 3, |r| {
            OffsetForLeaderTopicResult::decode(r, version)
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
        let flexible = version >= 4;
        w.i32(self.throttle_time_ms);
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetForLeaderEpochResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetForLeaderEpochResponse<'static> {
        OffsetForLeaderEpochResponse {
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetForLeaderEpochResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetForLeaderTopicResult<'a> {
    /// `string, versions 2-4`
    pub topic: Cow<'a, str>,
    /// `[]EpochEndOffset, versions 2-4`
    pub partitions: Vec<EpochEndOffset>,
}

impl<'a> Default for OffsetForLeaderTopicResult<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetForLeaderTopicResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.topic = r.string(flexible)?;
        m.partitions = r.array(flexible, 18, |r| EpochEndOffset::decode(r, version))?;
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

impl OffsetForLeaderTopicResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetForLeaderTopicResult<'static> {
        OffsetForLeaderTopicResult {
            topic: Cow::Owned(self.topic.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`OffsetForLeaderEpochResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochEndOffset {
    /// `int16, versions 2-4`
    pub error_code: i16,
    /// `int32, versions 2-4`
    pub partition: i32,
    /// `int32, versions 2-4, default -1, ignorable`
    pub leader_epoch: i32,
    /// `int64, versions 2-4, default -1`
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition: 0,
            leader_epoch: -1,
            end_offset: -1,
        }
    }
}

impl EpochEndOffset {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.partition = r.i32()?;
        m.leader_epoch = r.i32()?;
        m.end_offset = r.i64()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.i16(self.error_code);
        w.i32(self.partition);
        w.i32(self.leader_epoch);
        w.i64(self.end_offset);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
