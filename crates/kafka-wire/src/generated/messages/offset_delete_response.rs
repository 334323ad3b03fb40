//! `OffsetDeleteResponse`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetDeleteResponse`, key 47, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetDeleteResponse<'a> {
    /// `int16, versions 0`
    pub error_code: i16,
    /// `int32, versions 0, ignorable`
    pub throttle_time_ms: i32,
    /// `[]OffsetDeleteResponseTopic, versions 0`
    pub topics: Vec<OffsetDeleteResponseTopic<'a>>,
}

impl<'a> Default for OffsetDeleteResponse<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            throttle_time_ms: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for OffsetDeleteResponse<'a> {
    const KEY: i16 = 47;
    const NAME: &'static str = "OffsetDeleteResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = None;

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.throttle_time_ms = r.i32()?;
        m.topics = r.array(false, 6, |r| OffsetDeleteResponseTopic::decode(r, version))?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i16(self.error_code);
        w.i32(self.throttle_time_ms);
        w.array(&self.topics, false, |w, value| value.encode(w, version))?;
        Ok(())
    }
}

impl OffsetDeleteResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetDeleteResponse<'static> {
        OffsetDeleteResponse {
            error_code: self.error_code,
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetDeleteResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetDeleteResponseTopic<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `[]OffsetDeleteResponsePartition, versions 0`
    pub partitions: Vec<OffsetDeleteResponsePartition>,
}

impl<'a> Default for OffsetDeleteResponseTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetDeleteResponseTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(false)?;
        m.partitions = r.array(false, 6, |r| {
            OffsetDeleteResponsePartition::decode(r, version)
        })?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, false)?;
        w.array(&self.partitions, false, |w, value| value.encode(w, version))?;
        Ok(())
    }
}

impl OffsetDeleteResponseTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetDeleteResponseTopic<'static> {
        OffsetDeleteResponseTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`OffsetDeleteResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetDeleteResponsePartition {
    /// `int32, versions 0`
    pub partition_index: i32,
    /// `int16, versions 0`
    pub error_code: i16,
}

impl Default for OffsetDeleteResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
        }
    }
}

impl OffsetDeleteResponsePartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        Ok(())
    }
}
