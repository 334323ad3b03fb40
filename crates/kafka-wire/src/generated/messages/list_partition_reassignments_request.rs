//! `ListPartitionReassignmentsRequest`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListPartitionReassignmentsRequest`, key 46, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPartitionReassignmentsRequest<'a> {
    /// `int32, versions 0, default 60000`
    pub timeout_ms: i32,
    /// `[]ListPartitionReassignmentsTopics, versions 0, nullable 0, default null`
    pub topics: Option<Vec<ListPartitionReassignmentsTopics<'a>>>,
}

impl<'a> Default for ListPartitionReassignmentsRequest<'a> {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            topics: None,
        }
    }
}

impl<'a> Message<'a> for ListPartitionReassignmentsRequest<'a> {
    const KEY: i16 = 46;
    const NAME: &'static str = "ListPartitionReassignmentsRequest";
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
        m.timeout_ms = r.i32()?;
        m.topics = r.nullable_array(true, 3, |r| {
            ListPartitionReassignmentsTopics::decode(r, version)
        })?;
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
        w.i32(self.timeout_ms);
        w.nullable_array(self.topics.as_deref(), true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for ListPartitionReassignmentsRequest<'_> {
    const API: ApiKey = ApiKey::ListPartitionReassignments;
    type Response<'b> = super::ListPartitionReassignmentsResponseType<'b>;
}

impl ListPartitionReassignmentsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListPartitionReassignmentsRequest<'static> {
        ListPartitionReassignmentsRequest {
            timeout_ms: self.timeout_ms,
            topics: self
                .topics
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
        }
    }
}

/// Part of [`ListPartitionReassignmentsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPartitionReassignmentsTopics<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `[]int32, versions 0`
    pub partition_indexes: Vec<i32>,
}

impl<'a> Default for ListPartitionReassignmentsTopics<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partition_indexes: Vec::new(),
        }
    }
}

impl<'a> ListPartitionReassignmentsTopics<'a> {
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

impl ListPartitionReassignmentsTopics<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListPartitionReassignmentsTopics<'static> {
        ListPartitionReassignmentsTopics {
            name: Cow::Owned(self.name.into_owned()),
            partition_indexes: self.partition_indexes,
        }
    }
}
