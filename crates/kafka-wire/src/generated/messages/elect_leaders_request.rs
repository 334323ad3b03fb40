//! `ElectLeadersRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ElectLeadersRequest`, key 43, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectLeadersRequest<'a> {
    /// `int8, versions 1-2`
    pub election_type: i8,
    /// `[]TopicPartitions, versions 0-2, nullable 0-2`
    pub topic_partitions: Option<Vec<TopicPartitions<'a>>>,
    /// `int32, versions 0-2, default 60000`
    pub timeout_ms: i32,
}

impl<'a> Default for ElectLeadersRequest<'a> {
    fn default() -> Self {
        Self {
            election_type: 0,
            topic_partitions: Some(Vec::new()),
            timeout_ms: 60000,
        }
    }
}

impl<'a> Message<'a> for ElectLeadersRequest<'a> {
    const KEY: i16 = 43;
    const NAME: &'static str = "ElectLeadersRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
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
        if version >= 1 {
            m.election_type = r.i8()?;
        }
        m.topic_partitions =
            r.nullable_array(flexible, 3, |r| TopicPartitions::decode(r, version))?;
        m.timeout_ms = r.i32()?;
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
        if version >= 1 {
            w.i8(self.election_type);
        } else if self.election_type != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "ElectLeadersRequest",
                field: "election_type",
                version,
            });
        }
        w.nullable_array(self.topic_partitions.as_deref(), flexible, |w, value| {
            value.encode(w, version)
        })?;
        w.i32(self.timeout_ms);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for ElectLeadersRequest<'_> {
    const API: ApiKey = ApiKey::ElectLeaders;
    type Response<'b> = super::ElectLeadersResponseType<'b>;
}

impl ElectLeadersRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ElectLeadersRequest<'static> {
        ElectLeadersRequest {
            election_type: self.election_type,
            topic_partitions: self
                .topic_partitions
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
            timeout_ms: self.timeout_ms,
        }
    }
}

/// Part of [`ElectLeadersRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPartitions<'a> {
    /// `string, versions 0-2`
    pub topic: Cow<'a, str>,
    /// `[]int32, versions 0-2`
    pub partitions: Vec<i32>,
}

impl<'a> Default for TopicPartitions<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TopicPartitions<'a> {
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

impl TopicPartitions<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicPartitions<'static> {
        TopicPartitions {
            topic: Cow::Owned(self.topic.into_owned()),
            partitions: self.partitions,
        }
    }
}
