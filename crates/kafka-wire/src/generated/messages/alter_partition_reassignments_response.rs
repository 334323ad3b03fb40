//! `AlterPartitionReassignmentsResponse`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterPartitionReassignmentsResponse`, key 45, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterPartitionReassignmentsResponse<'a> {
    /// `int32, versions 0-1`
    pub throttle_time_ms: i32,
    /// `bool, versions 1, default true, ignorable`
    pub allow_replication_factor_change: bool,
    /// `int16, versions 0-1`
    pub error_code: i16,
    /// `string, versions 0-1, nullable 0-1`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]ReassignableTopicResponse, versions 0-1`
    pub responses: Vec<ReassignableTopicResponse<'a>>,
}

impl<'a> Default for AlterPartitionReassignmentsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            allow_replication_factor_change: true,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            responses: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AlterPartitionReassignmentsResponse<'a> {
    const KEY: i16 = 45;
    const NAME: &'static str = "AlterPartitionReassignmentsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
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
        if version >= 1 {
            m.allow_replication_factor_change = r.bool()?;
        }
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        m.responses = r.array(true, 3, |r| ReassignableTopicResponse::decode(r, version))?;
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
        if version >= 1 {
            w.bool(self.allow_replication_factor_change);
        }
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.array(&self.responses, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl AlterPartitionReassignmentsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterPartitionReassignmentsResponse<'static> {
        AlterPartitionReassignmentsResponse {
            throttle_time_ms: self.throttle_time_ms,
            allow_replication_factor_change: self.allow_replication_factor_change,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            responses: self
                .responses
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassignableTopicResponse<'a> {
    /// `string, versions 0-1`
    pub name: Cow<'a, str>,
    /// `[]ReassignablePartitionResponse, versions 0-1`
    pub partitions: Vec<ReassignablePartitionResponse<'a>>,
}

impl<'a> Default for ReassignableTopicResponse<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> ReassignableTopicResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.partitions = r.array(true, 8, |r| {
            ReassignablePartitionResponse::decode(r, version)
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

impl ReassignableTopicResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ReassignableTopicResponse<'static> {
        ReassignableTopicResponse {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self
                .partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassignablePartitionResponse<'a> {
    /// `int32, versions 0-1`
    pub partition_index: i32,
    /// `int16, versions 0-1`
    pub error_code: i16,
    /// `string, versions 0-1, nullable 0-1`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for ReassignablePartitionResponse<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> ReassignablePartitionResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl ReassignablePartitionResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ReassignablePartitionResponse<'static> {
        ReassignablePartitionResponse {
            partition_index: self.partition_index,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
