//! `ListPartitionReassignmentsResponse`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListPartitionReassignmentsResponse`, key 46, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPartitionReassignmentsResponse<'a> {
    /// `int32, versions 0`
    pub throttle_time_ms: i32,
    /// `int16, versions 0`
    pub error_code: i16,
    /// `string, versions 0, nullable 0`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]OngoingTopicReassignment, versions 0`
    pub topics: Vec<OngoingTopicReassignment<'a>>,
}

impl<'a> Default for ListPartitionReassignmentsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ListPartitionReassignmentsResponse<'a> {
    const KEY: i16 = 46;
    const NAME: &'static str = "ListPartitionReassignmentsResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        m.topics = r.array(true, 3, |r| OngoingTopicReassignment::decode(r, version))?;
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
        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl ListPartitionReassignmentsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListPartitionReassignmentsResponse<'static> {
        ListPartitionReassignmentsResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ListPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OngoingTopicReassignment<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `[]OngoingPartitionReassignment, versions 0`
    pub partitions: Vec<OngoingPartitionReassignment>,
}

impl<'a> Default for OngoingTopicReassignment<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> OngoingTopicReassignment<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.partitions = r.array(true, 8, |r| {
            OngoingPartitionReassignment::decode(r, version)
        })?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.array(&self.partitions, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl OngoingTopicReassignment<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OngoingTopicReassignment<'static> {
        OngoingTopicReassignment {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`ListPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OngoingPartitionReassignment {
    /// `int32, versions 0`
    pub partition_index: i32,
    /// `[]int32, versions 0`
    pub replicas: Vec<i32>,
    /// `[]int32, versions 0`
    pub adding_replicas: Vec<i32>,
    /// `[]int32, versions 0`
    pub removing_replicas: Vec<i32>,
}

impl Default for OngoingPartitionReassignment {
    fn default() -> Self {
        Self {
            partition_index: 0,
            replicas: Vec::new(),
            adding_replicas: Vec::new(),
            removing_replicas: Vec::new(),
        }
    }
}

impl OngoingPartitionReassignment {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.replicas = r.array(true, 4, |r| r.i32())?;
        m.adding_replicas = r.array(true, 4, |r| r.i32())?;
        m.removing_replicas = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.array(&self.replicas, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.adding_replicas, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.removing_replicas, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}
