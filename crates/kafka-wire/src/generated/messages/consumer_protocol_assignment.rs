//! `ConsumerProtocolAssignment`, versions 0-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerProtocolAssignment`, versions 0-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerProtocolAssignment<'a> {
    /// `[]TopicPartition, versions 0-3`
    pub assigned_partitions: Vec<TopicPartition<'a>>,
    /// `bytes, versions 0-3, nullable 0-3, default null`
    pub user_data: Option<Cow<'a, [u8]>>,
}

impl<'a> Default for ConsumerProtocolAssignment<'a> {
    fn default() -> Self {
        Self {
            assigned_partitions: Vec::new(),
            user_data: None,
        }
    }
}

impl<'a> Message<'a> for ConsumerProtocolAssignment<'a> {
    const KEY: i16 = -1;
    const NAME: &'static str = "ConsumerProtocolAssignment";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
    const FLEXIBLE_FROM: Option<i16> = None;

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.assigned_partitions = r.array(false, 6, |r| TopicPartition::decode(r, version))?;
        m.user_data = r.nullable_bytes(false)?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.array(&self.assigned_partitions, false, |w, value| {
            value.encode(w, version)
        })?;
        w.nullable_bytes(self.user_data.as_deref(), false)?;
        Ok(())
    }
}

impl ConsumerProtocolAssignment<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerProtocolAssignment<'static> {
        ConsumerProtocolAssignment {
            assigned_partitions: self
                .assigned_partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            user_data: self.user_data.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// Part of [`ConsumerProtocolAssignment`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPartition<'a> {
    /// `string, versions 0-3`
    pub topic: Cow<'a, str>,
    /// `[]int32, versions 0-3`
    pub partitions: Vec<i32>,
}

impl<'a> Default for TopicPartition<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TopicPartition<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic = r.string(false)?;
        m.partitions = r.array(false, 4, |r| r.i32())?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.topic, false)?;
        w.array(&self.partitions, false, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        Ok(())
    }
}

impl TopicPartition<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicPartition<'static> {
        TopicPartition {
            topic: Cow::Owned(self.topic.into_owned()),
            partitions: self.partitions,
        }
    }
}
