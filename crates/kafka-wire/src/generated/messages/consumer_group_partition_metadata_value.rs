//! `ConsumerGroupPartitionMetadataValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupPartitionMetadataValue`, key 4, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupPartitionMetadataValue<'a> {
    /// `[]TopicMetadata, versions 0`
    pub topics: Vec<TopicMetadata<'a>>,
}

impl<'a> Default for ConsumerGroupPartitionMetadataValue<'a> {
    fn default() -> Self {
        Self { topics: Vec::new() }
    }
}

impl<'a> Message<'a> for ConsumerGroupPartitionMetadataValue<'a> {
    const KEY: i16 = 4;
    const NAME: &'static str = "ConsumerGroupPartitionMetadataValue";
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
        m.topics = r.array(true, 23, |r| TopicMetadata::decode(r, version))?;
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

impl ConsumerGroupPartitionMetadataValue<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupPartitionMetadataValue<'static> {
        ConsumerGroupPartitionMetadataValue {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ConsumerGroupPartitionMetadataValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicMetadata<'a> {
    /// `uuid, versions 0`
    pub topic_id: Uuid,
    /// `string, versions 0`
    pub topic_name: Cow<'a, str>,
    /// `int32, versions 0`
    pub num_partitions: i32,
    /// `[]PartitionMetadata, versions 0`
    pub partition_metadata: Vec<PartitionMetadata<'a>>,
}

impl<'a> Default for TopicMetadata<'a> {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            topic_name: Cow::Borrowed(""),
            num_partitions: 0,
            partition_metadata: Vec::new(),
        }
    }
}

impl<'a> TopicMetadata<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.uuid()?;
        m.topic_name = r.string(true)?;
        m.num_partitions = r.i32()?;
        m.partition_metadata = r.array(true, 6, |r| PartitionMetadata::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.uuid(self.topic_id);
        w.string(&self.topic_name, true)?;
        w.i32(self.num_partitions);
        w.array(&self.partition_metadata, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl TopicMetadata<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicMetadata<'static> {
        TopicMetadata {
            topic_id: self.topic_id,
            topic_name: Cow::Owned(self.topic_name.into_owned()),
            num_partitions: self.num_partitions,
            partition_metadata: self
                .partition_metadata
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ConsumerGroupPartitionMetadataValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionMetadata<'a> {
    /// `int32, versions 0`
    pub partition: i32,
    /// `[]string, versions 0`
    pub racks: Vec<Cow<'a, str>>,
}

impl<'a> Default for PartitionMetadata<'a> {
    fn default() -> Self {
        Self {
            partition: 0,
            racks: Vec::new(),
        }
    }
}

impl<'a> PartitionMetadata<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition = r.i32()?;
        m.racks = r.array(true, 1, |r| r.string(true))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition);
        w.array(&self.racks, true, |w, value| w.string(value, true))?;
        w.uvarint(0);
        Ok(())
    }
}

impl PartitionMetadata<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> PartitionMetadata<'static> {
        PartitionMetadata {
            partition: self.partition,
            racks: self
                .racks
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
        }
    }
}
