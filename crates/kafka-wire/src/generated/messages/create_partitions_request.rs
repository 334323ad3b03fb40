//! `CreatePartitionsRequest`, versions 0-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `CreatePartitionsRequest`, key 37, versions 0-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePartitionsRequest<'a> {
    /// `[]CreatePartitionsTopic, versions 0-3`
    pub topics: Vec<CreatePartitionsTopic<'a>>,
    /// `int32, versions 0-3`
    pub timeout_ms: i32,
    /// `bool, versions 0-3`
    pub validate_only: bool,
}

impl<'a> Default for CreatePartitionsRequest<'a> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            timeout_ms: 0,
            validate_only: false,
        }
    }
}

impl<'a> Message<'a> for CreatePartitionsRequest<'a> {
    const KEY: i16 = 37;
    const NAME: &'static str = "CreatePartitionsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
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
        m.topics = r.array(flexible, 7, |r| CreatePartitionsTopic::decode(r, version))?;
        m.timeout_ms = r.i32()?;
        m.validate_only = r.bool()?;
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
        w.bool(self.validate_only);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for CreatePartitionsRequest<'_> {
    const API: ApiKey = ApiKey::CreatePartitions;
    type Response<'b> = super::CreatePartitionsResponseType<'b>;
}

impl CreatePartitionsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatePartitionsRequest<'static> {
        CreatePartitionsRequest {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            timeout_ms: self.timeout_ms,
            validate_only: self.validate_only,
        }
    }
}

/// Part of [`CreatePartitionsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePartitionsTopic<'a> {
    /// `string, versions 0-3`
    pub name: Cow<'a, str>,
    /// `int32, versions 0-3`
    pub count: i32,
    /// `[]CreatePartitionsAssignment, versions 0-3, nullable 0-3`
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
}

impl<'a> Default for CreatePartitionsTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            count: 0,
            assignments: Some(Vec::new()),
        }
    }
}

impl<'a> CreatePartitionsTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.count = r.i32()?;
        m.assignments = r.nullable_array(flexible, 2, |r| {
            CreatePartitionsAssignment::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.name, flexible)?;
        w.i32(self.count);
        w.nullable_array(self.assignments.as_deref(), flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl CreatePartitionsTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatePartitionsTopic<'static> {
        CreatePartitionsTopic {
            name: Cow::Owned(self.name.into_owned()),
            count: self.count,
            assignments: self.assignments,
        }
    }
}

/// Part of [`CreatePartitionsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePartitionsAssignment {
    /// `[]int32, versions 0-3`
    pub broker_ids: Vec<i32>,
}

impl Default for CreatePartitionsAssignment {
    fn default() -> Self {
        Self {
            broker_ids: Vec::new(),
        }
    }
}

impl CreatePartitionsAssignment {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.broker_ids = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.array(&self.broker_ids, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
