//! `DescribeProducersRequest`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeProducersRequest`, key 61, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeProducersRequest<'a> {
    /// `[]TopicRequest, versions 0`
    pub topics: Vec<TopicRequest<'a>>,
}

impl<'a> Default for DescribeProducersRequest<'a> {
    fn default() -> Self {
        Self { topics: Vec::new() }
    }
}

impl<'a> Message<'a> for DescribeProducersRequest<'a> {
    const KEY: i16 = 61;
    const NAME: &'static str = "DescribeProducersRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.topics = r.array(true, 3, |r| TopicRequest::decode(r, version))?;
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

impl Request for DescribeProducersRequest<'_> {
    const API: ApiKey = ApiKey::DescribeProducers;
    type Response<'b> = super::DescribeProducersResponseType<'b>;
}

impl DescribeProducersRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeProducersRequest<'static> {
        DescribeProducersRequest {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeProducersRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRequest<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `[]int32, versions 0`
    pub partition_indexes: Vec<i32>,
}

impl<'a> Default for TopicRequest<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partition_indexes: Vec::new(),
        }
    }
}

impl<'a> TopicRequest<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.partition_indexes = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.array(&self.partition_indexes, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl TopicRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicRequest<'static> {
        TopicRequest {
            name: Cow::Owned(self.name.into_owned()),
            partition_indexes: self.partition_indexes,
        }
    }
}
