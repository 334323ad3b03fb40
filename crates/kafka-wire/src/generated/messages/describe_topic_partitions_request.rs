//! `DescribeTopicPartitionsRequest`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeTopicPartitionsRequest`, key 75, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTopicPartitionsRequest<'a> {
    /// `[]TopicRequest, versions 0`
    pub topics: Vec<TopicRequest<'a>>,
    /// `int32, versions 0, default 2000`
    pub response_partition_limit: i32,
    /// `Cursor, versions 0, nullable 0, default null`
    pub cursor: Option<Cursor<'a>>,
}

impl<'a> Default for DescribeTopicPartitionsRequest<'a> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            response_partition_limit: 2000,
            cursor: None,
        }
    }
}

impl<'a> Message<'a> for DescribeTopicPartitionsRequest<'a> {
    const KEY: i16 = 75;
    const NAME: &'static str = "DescribeTopicPartitionsRequest";
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
        m.topics = r.array(true, 2, |r| TopicRequest::decode(r, version))?;
        m.response_partition_limit = r.i32()?;
        m.cursor = r.nullable_struct(|r| Cursor::decode(r, version))?;
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
        w.i32(self.response_partition_limit);
        w.nullable_struct(self.cursor.as_ref(), |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for DescribeTopicPartitionsRequest<'_> {
    const API: ApiKey = ApiKey::DescribeTopicPartitions;
    type Response<'b> = super::DescribeTopicPartitionsResponseType<'b>;
}

impl DescribeTopicPartitionsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeTopicPartitionsRequest<'static> {
        DescribeTopicPartitionsRequest {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            response_partition_limit: self.response_partition_limit,
            cursor: self.cursor.map(|value| value.into_owned()),
        }
    }
}

/// Part of [`DescribeTopicPartitionsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRequest<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
}

impl<'a> Default for TopicRequest<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
        }
    }
}

impl<'a> TopicRequest<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
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
        }
    }
}

/// Part of [`DescribeTopicPartitionsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<'a> {
    /// `string, versions 0`
    pub topic_name: Cow<'a, str>,
    /// `int32, versions 0`
    pub partition_index: i32,
}

impl<'a> Default for Cursor<'a> {
    fn default() -> Self {
        Self {
            topic_name: Cow::Borrowed(""),
            partition_index: 0,
        }
    }
}

impl<'a> Cursor<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_name = r.string(true)?;
        m.partition_index = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.topic_name, true)?;
        w.i32(self.partition_index);
        w.uvarint(0);
        Ok(())
    }
}

impl Cursor<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Cursor<'static> {
        Cursor {
            topic_name: Cow::Owned(self.topic_name.into_owned()),
            partition_index: self.partition_index,
        }
    }
}
