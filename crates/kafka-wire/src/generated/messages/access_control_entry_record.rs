//! `AccessControlEntryRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AccessControlEntryRecord`, key 18, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessControlEntryRecord<'a> {
    /// `uuid, versions 0`
    pub id: Uuid,
    /// `int8, versions 0`
    pub resource_type: i8,
    /// `string, versions 0`
    pub resource_name: Cow<'a, str>,
    /// `int8, versions 0`
    pub pattern_type: i8,
    /// `string, versions 0`
    pub principal: Cow<'a, str>,
    /// `string, versions 0`
    pub host: Cow<'a, str>,
    /// `int8, versions 0`
    pub operation: i8,
    /// `int8, versions 0`
    pub permission_type: i8,
}

impl<'a> Default for AccessControlEntryRecord<'a> {
    fn default() -> Self {
        Self {
            id: Uuid::ZERO,
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            pattern_type: 0,
            principal: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl<'a> Message<'a> for AccessControlEntryRecord<'a> {
    const KEY: i16 = 18;
    const NAME: &'static str = "AccessControlEntryRecord";
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
        m.id = r.uuid()?;
        m.resource_type = r.i8()?;
        m.resource_name = r.string(true)?;
        m.pattern_type = r.i8()?;
        m.principal = r.string(true)?;
        m.host = r.string(true)?;
        m.operation = r.i8()?;
        m.permission_type = r.i8()?;
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
        w.uuid(self.id);
        w.i8(self.resource_type);
        w.string(&self.resource_name, true)?;
        w.i8(self.pattern_type);
        w.string(&self.principal, true)?;
        w.string(&self.host, true)?;
        w.i8(self.operation);
        w.i8(self.permission_type);
        w.uvarint(0);
        Ok(())
    }
}

impl AccessControlEntryRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AccessControlEntryRecord<'static> {
        AccessControlEntryRecord {
            id: self.id,
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            pattern_type: self.pattern_type,
            principal: Cow::Owned(self.principal.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            operation: self.operation,
            permission_type: self.permission_type,
        }
    }
}
