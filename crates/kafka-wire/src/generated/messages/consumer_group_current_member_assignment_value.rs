//! `ConsumerGroupCurrentMemberAssignmentValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ConsumerGroupCurrentMemberAssignmentValue`, key 8, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupCurrentMemberAssignmentValue {
    /// `int32, versions 0`
    pub member_epoch: i32,
    /// `int32, versions 0`
    pub previous_member_epoch: i32,
    /// `int8, versions 0`
    pub state: i8,
    /// `[]TopicPartitions, versions 0`
    pub assigned_partitions: Vec<TopicPartitions>,
    /// `[]TopicPartitions, versions 0`
    pub partitions_pending_revocation: Vec<TopicPartitions>,
}

impl Default for ConsumerGroupCurrentMemberAssignmentValue {
    fn default() -> Self {
        Self {
            member_epoch: 0,
            previous_member_epoch: 0,
            state: 0,
            assigned_partitions: Vec::new(),
            partitions_pending_revocation: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupCurrentMemberAssignmentValue {
    const KEY: i16 = 8;
    const NAME: &'static str = "ConsumerGroupCurrentMemberAssignmentValue";
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
        m.member_epoch = r.i32()?;
        m.previous_member_epoch = r.i32()?;
        m.state = r.i8()?;
        m.assigned_partitions = r.array(true, 18, |r| TopicPartitions::decode(r, version))?;
        m.partitions_pending_revocation =
            r.array(true, 18, |r| TopicPartitions::decode(r, version))?;
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
        w.i32(self.member_epoch);
        w.i32(self.previous_member_epoch);
        w.i8(self.state);
        w.array(&self.assigned_partitions, true, |w, value| {
            value.encode(w, version)
        })?;
        w.array(&self.partitions_pending_revocation, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`ConsumerGroupCurrentMemberAssignmentValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPartitions {
    /// `uuid, versions 0`
    pub topic_id: Uuid,
    /// `[]int32, versions 0`
    pub partitions: Vec<i32>,
    /// `[]int32, versions 0, nullable 0, tag 0`
    pub assignment_epochs: Option<Vec<i32>>,
}

impl Default for TopicPartitions {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
            assignment_epochs: Some(Vec::new()),
        }
    }
}

impl TopicPartitions {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.uuid()?;
        m.partitions = r.array(true, 4, |r| r.i32())?;
        r.tagged_fields(|tag, r| {
            match tag {
                0 => m.assignment_epochs = r.nullable_array(true, 4, |r| r.i32())?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.uuid(self.topic_id);
        w.array(&self.partitions, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        let has_assignment_epochs = self
            .assignment_epochs
            .as_deref()
            .is_none_or(|value| !value.is_empty());
        w.uvarint(u32::from(has_assignment_epochs));
        if has_assignment_epochs {
            w.tagged(0, |w| {
                w.nullable_array(self.assignment_epochs.as_deref(), true, |w, value| {
                    w.i32(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    }
}
