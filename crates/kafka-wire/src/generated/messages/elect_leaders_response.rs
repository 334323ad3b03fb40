//! `ElectLeadersResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ElectLeadersResponse`, key 43, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectLeadersResponse<'a> {
    /// `int32, versions 0-2`
    pub throttle_time_ms: i32,
    /// `int16, versions 1-2`
    pub error_code: i16,
    /// `[]ReplicaElectionResult, versions 0-2`
    pub replica_election_results: Vec<ReplicaElectionResult<'a>>,
}

impl<'a> Default for ElectLeadersResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            replica_election_results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ElectLeadersResponse<'a> {
    const KEY: i16 = 43;
    const NAME: &'static str = "ElectLeadersResponse";
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
        m.throttle_time_ms = r.i32()?;
        if version >= 1 {
            m.error_code = r.i16()?;
        }
        m.replica_election_results =
            r.array(flexible, 3, |r| ReplicaElectionResult::decode(r, version))?;
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
        w.i32(self.throttle_time_ms);
        if version >= 1 {
            w.i16(self.error_code);
        } else if self.error_code != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "ElectLeadersResponse",
                field: "error_code",
                version,
            });
        }
        w.array(&self.replica_election_results, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl ElectLeadersResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ElectLeadersResponse<'static> {
        ElectLeadersResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            replica_election_results: self
                .replica_election_results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ElectLeadersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaElectionResult<'a> {
    /// `string, versions 0-2`
    pub topic: Cow<'a, str>,
    /// `[]PartitionResult, versions 0-2`
    pub partition_result: Vec<PartitionResult<'a>>,
}

impl<'a> Default for ReplicaElectionResult<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partition_result: Vec::new(),
        }
    }
}

impl<'a> ReplicaElectionResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.topic = r.string(flexible)?;
        m.partition_result = r.array(flexible, 8, |r| PartitionResult::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.topic, flexible)?;
        w.array(&self.partition_result, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl ReplicaElectionResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ReplicaElectionResult<'static> {
        ReplicaElectionResult {
            topic: Cow::Owned(self.topic.into_owned()),
            partition_result: self
                .partition_result
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ElectLeadersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionResult<'a> {
    /// `int32, versions 0-2`
    pub partition_id: i32,
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `string, versions 0-2, nullable 0-2`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for PartitionResult<'a> {
    fn default() -> Self {
        Self {
            partition_id: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> PartitionResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.partition_id = r.i32()?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i32(self.partition_id);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl PartitionResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> PartitionResult<'static> {
        PartitionResult {
            partition_id: self.partition_id,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
