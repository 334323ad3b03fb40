//! `RegisterControllerRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `RegisterControllerRecord`, key 27, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterControllerRecord<'a> {
    /// `int32, versions 0`
    pub controller_id: i32,
    /// `uuid, versions 0`
    pub incarnation_id: Uuid,
    /// `bool, versions 0`
    pub zk_migration_ready: bool,
    /// `[]ControllerEndpoint, versions 0`
    pub end_points: Vec<ControllerEndpoint<'a>>,
    /// `[]ControllerFeature, versions 0`
    pub features: Vec<ControllerFeature<'a>>,
}

impl<'a> Default for RegisterControllerRecord<'a> {
    fn default() -> Self {
        Self {
            controller_id: 0,
            incarnation_id: Uuid::ZERO,
            zk_migration_ready: false,
            end_points: Vec::new(),
            features: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for RegisterControllerRecord<'a> {
    const KEY: i16 = 27;
    const NAME: &'static str = "RegisterControllerRecord";
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
        m.controller_id = r.i32()?;
        m.incarnation_id = r.uuid()?;
        m.zk_migration_ready = r.bool()?;
        m.end_points = r.array(true, 7, |r| ControllerEndpoint::decode(r, version))?;
        m.features = r.array(true, 6, |r| ControllerFeature::decode(r, version))?;
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
        w.i32(self.controller_id);
        w.uuid(self.incarnation_id);
        w.bool(self.zk_migration_ready);
        w.array(&self.end_points, true, |w, value| value.encode(w, version))?;
        w.array(&self.features, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl RegisterControllerRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> RegisterControllerRecord<'static> {
        RegisterControllerRecord {
            controller_id: self.controller_id,
            incarnation_id: self.incarnation_id,
            zk_migration_ready: self.zk_migration_ready,
            end_points: self
                .end_points
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            features: self
                .features
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`RegisterControllerRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerEndpoint<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `string, versions 0`
    pub host: Cow<'a, str>,
    /// `uint16, versions 0`
    pub port: u16,
    /// `int16, versions 0`
    pub security_protocol: i16,
}

impl<'a> Default for ControllerEndpoint<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            port: 0,
            security_protocol: 0,
        }
    }
}

impl<'a> ControllerEndpoint<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.host = r.string(true)?;
        m.port = r.u16()?;
        m.security_protocol = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.i16(self.security_protocol);
        w.uvarint(0);
        Ok(())
    }
}

impl ControllerEndpoint<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ControllerEndpoint<'static> {
        ControllerEndpoint {
            name: Cow::Owned(self.name.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
            security_protocol: self.security_protocol,
        }
    }
}

/// Part of [`RegisterControllerRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerFeature<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `int16, versions 0`
    pub min_supported_version: i16,
    /// `int16, versions 0`
    pub max_supported_version: i16,
}

impl<'a> Default for ControllerFeature<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            min_supported_version: 0,
            max_supported_version: 0,
        }
    }
}

impl<'a> ControllerFeature<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.min_supported_version = r.i16()?;
        m.max_supported_version = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.i16(self.min_supported_version);
        w.i16(self.max_supported_version);
        w.uvarint(0);
        Ok(())
    }
}

impl ControllerFeature<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ControllerFeature<'static> {
        ControllerFeature {
            name: Cow::Owned(self.name.into_owned()),
            min_supported_version: self.min_supported_version,
            max_supported_version: self.max_supported_version,
        }
    }
}
