//! `BeginTransactionRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `BeginTransactionRecord`, key 23, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginTransactionRecord<'a> {
    /// `string, versions 0, nullable 0, tag 0, default null`
    pub name: Option<Cow<'a, str>>,
}

impl<'a> Default for BeginTransactionRecord<'a> {
    fn default() -> Self {
        Self { name: None }
    }
}

impl<'a> Message<'a> for BeginTransactionRecord<'a> {
    const KEY: i16 = 23;
    const NAME: &'static str = "BeginTransactionRecord";
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
        r.tagged_fields(|tag, r| {
            match tag {
                0 => m.name = r.nullable_string(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let has_name = self.name.is_some();
        w.uvarint(u32::from(has_name));
        if has_name {
            w.tagged(0, |w| {
                w.nullable_string(self.name.as_deref(), true)?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl BeginTransactionRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> BeginTransactionRecord<'static> {
        BeginTransactionRecord {
            name: self.name.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
