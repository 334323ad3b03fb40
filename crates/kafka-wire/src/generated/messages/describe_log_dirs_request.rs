//! `DescribeLogDirsRequest`, versions 1-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeLogDirsRequest`, key 35, versions 1-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeLogDirsRequest<'a> {
    /// `[]DescribableLogDirTopic, versions 1-5, nullable 1-5`
    pub topics: Option<Vec<DescribableLogDirTopic<'a>>>,
}

impl<'a> Default for DescribeLogDirsRequest<'a> {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
        }
    }
}

impl<'a> Message<'a> for DescribeLogDirsRequest<'a> {
    const KEY: i16 = 35;
    const NAME: &'static str = "DescribeLogDirsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 5);
    const FLEXIBLE_FROM: Option<i16> = Some(2);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 2;
        let mut m = Self::default();
        m.topics = r.nullable_array(flexible, 3, |r| DescribableLogDirTopic::decode(r, version))?;
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
        let flexible = version >= 2;
        w.nullable_array(self.topics.as_deref(), flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DescribeLogDirsRequest<'_> {
    const API: ApiKey = ApiKey::DescribeLogDirs;
    type Response<'b> = super::DescribeLogDirsResponseType<'b>;
}

impl DescribeLogDirsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeLogDirsRequest<'static> {
        DescribeLogDirsRequest {
            topics: self
                .topics
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
        }
    }
}

/// Part of [`DescribeLogDirsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribableLogDirTopic<'a> {
    /// `string, versions 1-5`
    pub topic: Cow<'a, str>,
    /// `[]int32, versions 1-5`
    pub partitions: Vec<i32>,
}

impl<'a> Default for DescribableLogDirTopic<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> DescribableLogDirTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.topic = r.string(flexible)?;
        m.partitions = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.topic, flexible)?;
        w.array(&self.partitions, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribableLogDirTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribableLogDirTopic<'static> {
        DescribableLogDirTopic {
            topic: Cow::Owned(self.topic.into_owned()),
            partitions: self.partitions,
        }
    }
}
