//! `VotersRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `VotersRecord`, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VotersRecord<'a> {
    /// `int16, versions 0`
    pub version: i16,
    /// `[]Voter, versions 0`
    pub voters: Vec<Voter<'a>>,
}

impl<'a> Default for VotersRecord<'a> {
    fn default() -> Self {
        Self {
            version: 0,
            voters: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for VotersRecord<'a> {
    const KEY: i16 = -1;
    const NAME: &'static str = "VotersRecord";
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
        m.version = r.i16()?;
        m.voters = r.array(true, 27, |r| Voter::decode(r, version))?;
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
        w.array(&self.voters, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl VotersRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> VotersRecord<'static> {
        VotersRecord {
            version: self.version,
            voters: self
                .voters
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`VotersRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter<'a> {
    /// `int32, versions 0`
    pub voter_id: i32,
    /// `uuid, versions 0`
    pub voter_directory_id: Uuid,
    /// `[]Endpoint, versions 0`
    pub endpoints: Vec<Endpoint<'a>>,
    /// `KRaftVersionFeature, versions 0`
    pub k_raft_version_feature: KRaftVersionFeature,
}

impl<'a> Default for Voter<'a> {
    fn default() -> Self {
        Self {
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            endpoints: Vec::new(),
            k_raft_version_feature: KRaftVersionFeature::default(),
        }
    }
}

impl<'a> Voter<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.voter_id = r.i32()?;
        m.voter_directory_id = r.uuid()?;
        m.endpoints = r.array(true, 5, |r| Endpoint::decode(r, version))?;
        m.k_raft_version_feature = KRaftVersionFeature::decode(r, version)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.voter_id);
        w.uuid(self.voter_directory_id);
        w.array(&self.endpoints, true, |w, value| value.encode(w, version))?;
        self.k_raft_version_feature.encode(w, version)?;
        w.uvarint(0);
        Ok(())
    }
}

impl Voter<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Voter<'static> {
        Voter {
            voter_id: self.voter_id,
            voter_directory_id: self.voter_directory_id,
            endpoints: self
                .endpoints
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            k_raft_version_feature: self.k_raft_version_feature,
        }
    }
}

/// Part of [`VotersRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `string, versions 0`
    pub host: Cow<'a, str>,
    /// `uint16, versions 0`
    pub port: u16,
}

impl<'a> Default for Endpoint<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            port: 0,
        }
    }
}

impl<'a> Endpoint<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.host = r.string(true)?;
        m.port = r.u16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.uvarint(0);
        Ok(())
    }
}

impl Endpoint<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Endpoint<'static> {
        Endpoint {
            name: Cow::Owned(self.name.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
        }
    }
}

/// Part of [`VotersRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KRaftVersionFeature {
    /// `int16, versions 0`
    pub min_supported_version: i16,
    /// `int16, versions 0`
    pub max_supported_version: i16,
}

impl Default for KRaftVersionFeature {
    fn default() -> Self {
        Self {
            min_supported_version: 0,
            max_supported_version: 0,
        }
    }
}

impl KRaftVersionFeature {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.min_supported_version = r.i16()?;
        m.max_supported_version = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i16(self.min_supported_version);
        w.i16(self.max_supported_version);
        w.uvarint(0);
        Ok(())
    }
}
