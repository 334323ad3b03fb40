//! `AbortTransactionRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AbortTransactionRecord`, key 25, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbortTransactionRecord<'a> {
    /// `string, versions 0, nullable 0, tag 0, default null`
    pub reason: Option<Cow<'a, str>>,
}

impl<'a> Default for AbortTransactionRecord<'a> {
    fn default() -> Self {
        Self { reason: None }
    }
}

impl<'a> Message<'a> for AbortTransactionRecord<'a> {
    const KEY: i16 = 25;
    const NAME: &'static str = "AbortTransactionRecord";
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
                0 => m.reason = r.nullable_string(true)?,
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
        let has_reason = self.reason.is_some();
        w.uvarint(u32::from(has_reason));
        if has_reason {
            w.tagged(0, |w| {
                w.nullable_string(self.reason.as_deref(), true)?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl AbortTransactionRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AbortTransactionRecord<'static> {
        AbortTransactionRecord {
            reason: self.reason.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
