//! `LeaderChangeMessage`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `LeaderChangeMessage`, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderChangeMessage {
    /// `int16, versions 0-1`
    pub version: i16,
    /// `int32, versions 0-1`
    pub leader_id: i32,
    /// `[]Voter, versions 0-1`
    pub voters: Vec<Voter>,
    /// `[]Voter, versions 0-1`
    pub granting_voters: Vec<Voter>,
}

impl Default for LeaderChangeMessage {
    fn default() -> Self {
        Self {
            version: 0,
            leader_id: 0,
            voters: Vec::new(),
            granting_voters: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for LeaderChangeMessage {
    const KEY: i16 = -1;
    const NAME: &'static str = "LeaderChangeMessage";
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
        m.version = r.i16()?;
        m.leader_id = r.i32()?;
        m.voters = r.array(true, 5, |r| Voter::decode(r, version))?;
        m.granting_voters = r.array(true, 5, |r| Voter::decode(r, version))?;
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
        w.i16(self.version);
        w.i32(self.leader_id);
        w.array(&self.voters, true, |w, value| value.encode(w, version))?;
        w.array(&self.granting_voters, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

/// Part of [`LeaderChangeMessage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// `int32, versions 0-1`
    pub voter_id: i32,
    /// `uuid, versions 1`
    pub voter_directory_id: Uuid,
}

impl Default for Voter {
    fn default() -> Self {
        Self {
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
        }
    }
}

impl Voter {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.voter_id = r.i32()?;
        if version >= 1 {
            m.voter_directory_id = r.uuid()?;
        }
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.voter_id);
        if version >= 1 {
            w.uuid(self.voter_directory_id);
        } else if self.voter_directory_id != Uuid::ZERO {
            return Err(WireError::FieldNotInVersion {
                message: "Voter",
                field: "voter_directory_id",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}
