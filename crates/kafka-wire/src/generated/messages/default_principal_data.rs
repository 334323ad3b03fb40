//! `DefaultPrincipalData`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DefaultPrincipalData`, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultPrincipalData<'a> {
    /// `string, versions 0`
    pub r#type: Cow<'a, str>,
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `bool, versions 0`
    pub token_authenticated: bool,
}

impl<'a> Default for DefaultPrincipalData<'a> {
    fn default() -> Self {
        Self {
            r#type: Cow::Borrowed(""),
            name: Cow::Borrowed(""),
            token_authenticated: false,
        }
    }
}

impl<'a> Message<'a> for DefaultPrincipalData<'a> {
    const KEY: i16 = -1;
    const NAME: &'static str = "DefaultPrincipalData";
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
        m.r#type = r.string(true)?;
        m.name = r.string(true)?;
        m.token_authenticated = r.bool()?;
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
        w.string(&self.r#type, true)?;
        w.string(&self.name, true)?;
        w.bool(self.token_authenticated);
        w.uvarint(0);
        Ok(())
    }
}

impl DefaultPrincipalData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DefaultPrincipalData<'static> {
        DefaultPrincipalData {
            r#type: Cow::Owned(self.r#type.into_owned()),
            name: Cow::Owned(self.name.into_owned()),
            token_authenticated: self.token_authenticated,
        }
    }
}
