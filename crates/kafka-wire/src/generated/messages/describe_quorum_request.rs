//! `DescribeQuorumRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeQuorumRequest`, key 55, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeQuorumRequest<'a> {
    /// `[]TopicData, versions 0-2`
    pub topics: Vec<TopicData<'a>>,
}

impl<'a> Default for DescribeQuorumRequest<'a> {
    fn default() -> Self {
        Self { topics: Vec::new() }
    }
}

impl<'a> Message<'a> for DescribeQuorumRequest<'a> {
    const KEY: i16 = 55;
    const NAME: &'static str = "DescribeQuorumRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.topics = r.array(true, 3, |r| TopicData::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for DescribeQuorumRequest<'_> {
    const API: ApiKey = ApiKey::DescribeQuorum;
    type Response<'b> = super::DescribeQuorumResponseType<'b>;
}

impl DescribeQuorumRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeQuorumRequest<'static> {
        DescribeQuorumRequest {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeQuorumRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicData<'a> {
    /// `string, versions 0-2`
    pub topic_name: Cow<'a, str>,
    /// `[]PartitionData, versions 0-2`
    pub partitions: Vec<PartitionData>,
}

impl<'a> Default for TopicData<'a> {
    fn default() -> Self {
        Self {
            topic_name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TopicData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_name = r.string(true)?;
        m.partitions = r.array(true, 5, |r| PartitionData::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl TopicData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicData<'static> {
        TopicData {
            topic_name: Cow::Owned(self.topic_name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`DescribeQuorumRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionData {
    /// `int32, versions 0-2`
    pub partition_index: i32,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self { partition_index: 0 }
    }
}

impl PartitionData {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.uvarint(0);
        Ok(())
    }
}
