//! `DeleteRecordsRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DeleteRecordsRequest`, key 21, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRecordsRequest<'a> {
    /// `[]DeleteRecordsTopic, versions 0-2`
    pub topics: Vec<DeleteRecordsTopic<'a>>,
    /// `int32, versions 0-2`
    pub timeout_ms: i32,
}

impl<'a> Default for DeleteRecordsRequest<'a> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            timeout_ms: 0,
        }
    }
}

impl<'a> Message<'a> for DeleteRecordsRequest<'a> {
    const KEY: i16 = 21;
    const NAME: &'static str = "DeleteRecordsRequest";
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
        m.topics = r.array(flexible, 3, |r| DeleteRecordsTopic::decode(r, version))?;
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
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        w.i32(self.timeout_ms);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DeleteRecordsRequest<'_> {
    const API: ApiKey = ApiKey::DeleteRecords;
    type Response<'b> = super::DeleteRecordsResponseType<'b>;
}

impl DeleteRecordsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteRecordsRequest<'static> {
        DeleteRecordsRequest {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            timeout_ms: self.timeout_ms,
        }
    }
}

/// Part of [`DeleteRecordsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRecordsTopic<'a> {
    /// `string, versions 0-2`
    pub name: Cow<'a, str>,
    /// `[]DeleteRecordsPartition, versions 0-2`
    pub partitions: Vec<DeleteRecordsPartition>,
}

impl<'a> Default for DeleteRecordsTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> DeleteRecordsTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 12, |r| DeleteRecordsPartition::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
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

impl DeleteRecordsTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteRecordsTopic<'static> {
        DeleteRecordsTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`DeleteRecordsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRecordsPartition {
    /// `int32, versions 0-2`
    pub partition_index: i32,
    /// `int64, versions 0-2`
    pub offset: i64,
}

impl Default for DeleteRecordsPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            offset: 0,
        }
    }
}

impl DeleteRecordsPartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.offset = r.i64()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i32(self.partition_index);
        w.i64(self.offset);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
