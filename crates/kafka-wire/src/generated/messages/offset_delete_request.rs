//! `OffsetDeleteRequest`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetDeleteRequest`, key 47, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetDeleteRequest<'a> {
    /// `string, versions 0`
    pub group_id: Cow<'a, str>,
    /// `[]OffsetDeleteRequestTopic, versions 0`
    pub topics: Vec<OffsetDeleteRequestTopic<'a>>,
}

impl<'a> Default for OffsetDeleteRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for OffsetDeleteRequest<'a> {
    const KEY: i16 = 47;
    const NAME: &'static str = "OffsetDeleteRequest";
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
        m.group_id = r.string(false)?;
        m.topics = r.array(false, 6, |r| OffsetDeleteRequestTopic::decode(r, version))?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.group_id, false)?;
        w.array(&self.topics, false, |w, value| value.encode(w, version))?;
        Ok(())
    }
}

impl Request for OffsetDeleteRequest<'_> {
    const API: ApiKey = ApiKey::OffsetDelete;
    type Response<'b> = super::OffsetDeleteResponseType<'b>;
}

impl OffsetDeleteRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetDeleteRequest<'static> {
        OffsetDeleteRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`OffsetDeleteRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetDeleteRequestTopic<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `[]OffsetDeleteRequestPartition, versions 0`
    pub partitions: Vec<OffsetDeleteRequestPartition>,
}

impl<'a> Default for OffsetDeleteRequestTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> OffsetDeleteRequestTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(false)?;
        m.partitions = r.array(false, 4, |r| {
            OffsetDeleteRequestPartition::decode(r, version)
        })?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, false)?;
        w.array(&self.partitions, false, |w, value| value.encode(w, version))?;
        Ok(())
    }
}

impl OffsetDeleteRequestTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetDeleteRequestTopic<'static> {
        OffsetDeleteRequestTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`OffsetDeleteRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetDeleteRequestPartition {
    /// `int32, versions 0`
    pub partition_index: i32,
}

impl Default for OffsetDeleteRequestPartition {
    fn default() -> Self {
        Self { partition_index: 0 }
    }
}

impl OffsetDeleteRequestPartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        Ok(())
    }
}
