//! `ConfigRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConfigRecord`, key 4, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigRecord<'a> {
    /// `int8, versions 0`
    pub resource_type: i8,
    /// `string, versions 0`
    pub resource_name: Cow<'a, str>,
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `string, versions 0, nullable 0`
    pub value: Option<Cow<'a, str>>,
}

impl<'a> Default for ConfigRecord<'a> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Message<'a> for ConfigRecord<'a> {
    const KEY: i16 = 4;
    const NAME: &'static str = "ConfigRecord";
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
        m.resource_type = r.i8()?;
        m.resource_name = r.string(true)?;
        m.name = r.string(true)?;
        m.value = r.nullable_string(true)?;
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
        w.i8(self.resource_type);
        w.string(&self.resource_name, true)?;
        w.string(&self.name, true)?;
        w.nullable_string(self.value.as_deref(), true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl ConfigRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConfigRecord<'static> {
        ConfigRecord {
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            name: Cow::Owned(self.name.into_owned()),
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
