//! `ListOffsetsRequest`, versions 1-11. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListOffsetsRequest`, key 2, versions 1-11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOffsetsRequest<'a> {
    /// `int32, versions 1-11`
    pub replica_id: i32,
    /// `int8, versions 2-11`
    pub isolation_level: i8,
    /// `[]ListOffsetsTopic, versions 1-11`
    pub topics: Vec<ListOffsetsTopic<'a>>,
    /// `int32, versions 10-11, ignorable`
    pub timeout_ms: i32,
}

impl<'a> Default for ListOffsetsRequest<'a> {
    fn default() -> Self {
        Self {
            replica_id: 0,
            isolation_level: 0,
            topics: Vec::new(),
            timeout_ms: 0,
        }
    }
}

impl<'a> Message<'a> for ListOffsetsRequest<'a> {
    const KEY: i16 = 2;
    const NAME: &'static str = "ListOffsetsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 11);
    const FLEXIBLE_FROM: Option<i16> = Some(6);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 6;
        let mut m = Self::default();
        m.replica_id = r.i32()?;
        if version >= 2 {
            m.isolation_level = r.i8()?;
        }
        m.topics = r.array(flexible, 3, |r| ListOffsetsTopic::decode(r, version))?;
        if version >= 10 {
            m.timeout_ms = r.i32()?;
        }
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
        let flexible = version >= 6;
        w.i32(self.replica_id);
        if version >= 2 {
            w.i8(self.isolation_level);
        } else if self.isolation_level != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "ListOffsetsRequest",
                field: "isolation_level",
                version,
            });
        }
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if version >= 10 {
            w.i32(self.timeout_ms);
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for ListOffsetsRequest<'_> {
    const API: ApiKey = ApiKey::ListOffsets;
    type Response<'b> = super::ListOffsetsResponseType<'b>;
}

impl ListOffsetsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListOffsetsRequest<'static> {
        ListOffsetsRequest {
            replica_id: self.replica_id,
            isolation_level: self.isolation_level,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            timeout_ms: self.timeout_ms,
        }
    }
}

/// Part of [`ListOffsetsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOffsetsTopic<'a> {
    /// `string, versions 1-11`
    pub name: Cow<'a, str>,
    /// `[]ListOffsetsPartition, versions 1-11`
    pub partitions: Vec<ListOffsetsPartition>,
}

impl<'a> Default for ListOffsetsTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> ListOffsetsTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 6;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 12, |r| ListOffsetsPartition::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 6;
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl ListOffsetsTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListOffsetsTopic<'static> {
        ListOffsetsTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`ListOffsetsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOffsetsPartition {
    /// `int32, versions 1-11`
    pub partition_index: i32,
    /// `int32, versions 4-11, default -1, ignorable`
    pub current_leader_epoch: i32,
    /// `int64, versions 1-11`
    pub timestamp: i64,
}

impl Default for ListOffsetsPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            current_leader_epoch: -1,
            timestamp: 0,
        }
    }
}

impl ListOffsetsPartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 6;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        if version >= 4 {
            m.current_leader_epoch = r.i32()?;
        }
        m.timestamp = r.i64()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 6;
        w.i32(self.partition_index);
        if version >= 4 {
            w.i32(self.current_leader_epoch);
        }
        w.i64(self.timestamp);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
