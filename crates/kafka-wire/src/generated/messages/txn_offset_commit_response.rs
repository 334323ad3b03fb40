//! `TxnOffsetCommitResponse`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `TxnOffsetCommitResponse`, key 28, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitResponse<'a> {
    /// `int32, versions 0-5`
    pub throttle_time_ms: i32,
    /// `[]TxnOffsetCommitResponseTopic, versions 0-5`
    pub topics: Vec<TxnOffsetCommitResponseTopic<'a>>,
}

impl<'a> Default for TxnOffsetCommitResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for TxnOffsetCommitResponse<'a> {
    const KEY: i16 = 28;
    const NAME: &'static str = "TxnOffsetCommitResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.topics = r.array(flexible, 3, |r| {
            TxnOffsetCommitResponseTopic::decode(r, version)
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
        w.i32(self.throttle_time_ms);
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl TxnOffsetCommitResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TxnOffsetCommitResponse<'static> {
        TxnOffsetCommitResponse {
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`TxnOffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitResponseTopic<'a> {
    /// `string, versions 0-5`
    pub name: Cow<'a, str>,
    /// `[]TxnOffsetCommitResponsePartition, versions 0-5`
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
}

impl<'a> Default for TxnOffsetCommitResponseTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TxnOffsetCommitResponseTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 6, |r| {
            TxnOffsetCommitResponsePartition::decode(r, version)
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

impl TxnOffsetCommitResponseTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TxnOffsetCommitResponseTopic<'static> {
        TxnOffsetCommitResponseTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`TxnOffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOffsetCommitResponsePartition {
    /// `int32, versions 0-5`
    pub partition_index: i32,
    /// `int16, versions 0-5`
    pub error_code: i16,
}

impl Default for TxnOffsetCommitResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
        }
    }
}

impl TxnOffsetCommitResponsePartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
        w.i32(self.partition_index);
        w.i16(self.error_code);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
