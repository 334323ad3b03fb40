//! `ConsumerProtocolSubscription`, versions 0-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerProtocolSubscription`, versions 0-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerProtocolSubscription<'a> {
    /// `[]string, versions 0-3`
    pub topics: Vec<Cow<'a, str>>,
    /// `bytes, versions 0-3, nullable 0-3, default null`
    pub user_data: Option<Cow<'a, [u8]>>,
    /// `[]TopicPartition, versions 1-3, ignorable`
    pub owned_partitions: Vec<TopicPartition<'a>>,
    /// `int32, versions 2-3, default -1, ignorable`
    pub generation_id: i32,
    /// `string, versions 3, nullable 3, default null, ignorable`
    pub rack_id: Option<Cow<'a, str>>,
}

impl<'a> Default for ConsumerProtocolSubscription<'a> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            user_data: None,
            owned_partitions: Vec::new(),
            generation_id: -1,
            rack_id: None,
        }
    }
}

impl<'a> Message<'a> for ConsumerProtocolSubscription<'a> {
    const KEY: i16 = -1;
    const NAME: &'static str = "ConsumerProtocolSubscription";
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
        m.topics = r.array(false, 2, |r| r.string(false))?;
        m.user_data = r.nullable_bytes(false)?;
        if version >= 1 {
            m.owned_partitions = r.array(false, 6, |r| TopicPartition::decode(r, version))?;
        }
        if version >= 2 {
            m.generation_id = r.i32()?;
        }
        if version >= 3 {
            m.rack_id = r.nullable_string(false)?;
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
        w.array(&self.topics, false, |w, value| w.string(value, false))?;
        w.nullable_bytes(self.user_data.as_deref(), false)?;
        if version >= 1 {
            w.array(&self.owned_partitions, false, |w, value| {
                value.encode(w, version)
            })?;
        }
        if version >= 2 {
            w.i32(self.generation_id);
        }
        if version >= 3 {
            w.nullable_string(self.rack_id.as_deref(), false)?;
        }
        Ok(())
    }
}

impl ConsumerProtocolSubscription<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerProtocolSubscription<'static> {
        ConsumerProtocolSubscription {
            topics: self
                .topics
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            user_data: self.user_data.map(|value| Cow::Owned(value.into_owned())),
            owned_partitions: self
                .owned_partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            generation_id: self.generation_id,
            rack_id: self.rack_id.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// Part of [`ConsumerProtocolSubscription`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPartition<'a> {
    /// `string, versions 1-3`
    pub topic: Cow<'a, str>,
    /// `[]int32, versions 1-3`
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
