//! `ConsumerGroupTargetAssignmentMemberValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ConsumerGroupTargetAssignmentMemberValue`, key 7, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupTargetAssignmentMemberValue {
    /// `[]TopicPartition, versions 0`
    pub topic_partitions: Vec<TopicPartition>,
}

impl Default for ConsumerGroupTargetAssignmentMemberValue {
    fn default() -> Self {
        Self {
            topic_partitions: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupTargetAssignmentMemberValue {
    const KEY: i16 = 7;
    const NAME: &'static str = "ConsumerGroupTargetAssignmentMemberValue";
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
        m.topic_partitions = r.array(true, 18, |r| TopicPartition::decode(r, version))?;
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
        w.array(&self.topic_partitions, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`ConsumerGroupTargetAssignmentMemberValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPartition {
    /// `uuid, versions 0`
    pub topic_id: Uuid,
    /// `[]int32, versions 0`
    pub partitions: Vec<i32>,
}

impl Default for TopicPartition {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl TopicPartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.uuid()?;
        m.partitions = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.uuid(self.topic_id);
        w.array(&self.partitions, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}
