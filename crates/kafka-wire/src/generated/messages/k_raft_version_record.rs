//! `KRaftVersionRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `KRaftVersionRecord`, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KRaftVersionRecord {
    /// `int16, versions 0`
    pub version: i16,
    /// `int16, versions 0`
    pub k_raft_version: i16,
}

impl Default for KRaftVersionRecord {
    fn default() -> Self {
        Self {
            version: 0,
            k_raft_version: 0,
        }
    }
}

impl<'a> Message<'a> for KRaftVersionRecord {
    const KEY: i16 = -1;
    const NAME: &'static str = "KRaftVersionRecord";
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
        m.k_raft_version = r.i16()?;
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
        w.i16(self.k_raft_version);
        w.uvarint(0);
        Ok(())
    }
}
