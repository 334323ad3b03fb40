//! `ZkMigrationStateRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ZkMigrationStateRecord`, key 21, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZkMigrationStateRecord {
    /// `int8, versions 0`
    pub zk_migration_state: i8,
}

impl Default for ZkMigrationStateRecord {
    fn default() -> Self {
        Self {
            zk_migration_state: 0,
        }
    }
}

impl<'a> Message<'a> for ZkMigrationStateRecord {
    const KEY: i16 = 21;
    const NAME: &'static str = "ZkMigrationStateRecord";
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
        m.zk_migration_state = r.i8()?;
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
        w.i8(self.zk_migration_state);
        w.uvarint(0);
        Ok(())
    }
}
