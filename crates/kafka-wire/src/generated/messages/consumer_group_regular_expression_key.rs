//! `ConsumerGroupRegularExpressionKey`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupRegularExpressionKey`, key 16, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupRegularExpressionKey<'a> {
    /// `string, versions 0`
    pub group_id: Cow<'a, str>,
    /// `string, versions 0`
    pub regular_expression: Cow<'a, str>,
}

impl<'a> Default for ConsumerGroupRegularExpressionKey<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            regular_expression: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupRegularExpressionKey<'a> {
    const KEY: i16 = 16;
    const NAME: &'static str = "ConsumerGroupRegularExpressionKey";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = None;

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.group_id = r.string(false)?;
        m.regular_expression = r.string(false)?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.group_id, false)?;
        w.string(&self.regular_expression, false)?;
        Ok(())
    }
}

impl ConsumerGroupRegularExpressionKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupRegularExpressionKey<'static> {
        ConsumerGroupRegularExpressionKey {
            group_id: Cow::Owned(self.group_id.into_owned()),
            regular_expression: Cow::Owned(self.regular_expression.into_owned()),
        }
    }
}
