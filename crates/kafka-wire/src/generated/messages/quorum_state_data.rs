//! `QuorumStateData`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `QuorumStateData`, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumStateData<'a> {
    /// `string, versions 0`
    pub cluster_id: Cow<'a, str>,
    /// `int32, versions 0-1, default -1`
    pub leader_id: i32,
    /// `int32, versions 0-1, default -1`
    pub leader_epoch: i32,
    /// `int32, versions 0-1, default -1`
    pub voted_id: i32,
    /// `uuid, versions 1`
    pub voted_directory_id: Uuid,
    /// `int64, versions 0`
    pub applied_offset: i64,
    /// `[]Voter, versions 0, nullable 0`
    pub current_voters: Option<Vec<Voter>>,
}

impl<'a> Default for QuorumStateData<'a> {
    fn default() -> Self {
        Self {
            cluster_id: Cow::Borrowed(""),
            leader_id: -1,
            leader_epoch: -1,
            voted_id: -1,
            voted_directory_id: Uuid::ZERO,
            applied_offset: 0,
            current_voters: Some(Vec::new()),
        }
    }
}

impl<'a> Message<'a> for QuorumStateData<'a> {
    const KEY: i16 = -1;
    const NAME: &'static str = "QuorumStateData";
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
        if version <= 0 {
            m.cluster_id = r.string(true)?;
        }
        m.leader_id = r.i32()?;
        m.leader_epoch = r.i32()?;
        m.voted_id = r.i32()?;
        if version >= 1 {
            m.voted_directory_id = r.uuid()?;
        }
        if version <= 0 {
            m.applied_offset = r.i64()?;
        }
        if version <= 0 {
            m.current_voters = r.nullable_array(true, 5, |r| Voter::decode(r, version))?;
        }
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
        if version <= 0 {
            w.string(&self.cluster_id, true)?;
        } else if !self.cluster_id.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "QuorumStateData",
                field: "cluster_id",
                version,
            });
        }
        w.i32(self.leader_id);
        w.i32(self.leader_epoch);
        w.i32(self.voted_id);
        if version >= 1 {
            w.uuid(self.voted_directory_id);
        } else if self.voted_directory_id != Uuid::ZERO {
            return Err(WireError::FieldNotInVersion {
                message: "QuorumStateData",
                field: "voted_directory_id",
                version,
            });
        }
        if version <= 0 {
            w.i64(self.applied_offset);
        } else if self.applied_offset != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "QuorumStateData",
                field: "applied_offset",
                version,
            });
        }
        if version <= 0 {
            w.nullable_array(self.current_voters.as_deref(), true, |w, value| {
                value.encode(w, version)
            })?;
        } else if self
            .current_voters
            .as_deref()
            .is_some_and(|value| !value.is_empty())
        {
            return Err(WireError::FieldNotInVersion {
                message: "QuorumStateData",
                field: "current_voters",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl QuorumStateData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> QuorumStateData<'static> {
        QuorumStateData {
            cluster_id: Cow::Owned(self.cluster_id.into_owned()),
            leader_id: self.leader_id,
            leader_epoch: self.leader_epoch,
            voted_id: self.voted_id,
            voted_directory_id: self.voted_directory_id,
            applied_offset: self.applied_offset,
            current_voters: self.current_voters,
        }
    }
}

/// Part of [`QuorumStateData`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// `int32, versions 0`
    pub voter_id: i32,
}

impl Default for Voter {
    fn default() -> Self {
        Self { voter_id: 0 }
    }
}

impl Voter {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.voter_id = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.voter_id);
        w.uvarint(0);
        Ok(())
    }
}
