//! `ConsumerGroupRegularExpressionValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupRegularExpressionValue`, key 16, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupRegularExpressionValue<'a> {
    /// `[]string, versions 0`
    pub topics: Vec<Cow<'a, str>>,
    /// `int64, versions 0`
    pub version: i64,
    /// `int64, versions 0`
    pub timestamp: i64,
}

impl<'a> Default for ConsumerGroupRegularExpressionValue<'a> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            version: 0,
            timestamp: 0,
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupRegularExpressionValue<'a> {
    const KEY: i16 = 16;
    const NAME: &'static str = "ConsumerGroupRegularExpressionValue";
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
        m.topics = r.array(true, 1, |r| r.string(true))?;
        m.version = r.i64()?;
        m.timestamp = r.i64()?;
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
        w.array(&self.topics, true, |w, value| w.string(value, true))?;
        w.i64(self.version);
        w.i64(self.timestamp);
        w.uvarint(0);
        Ok(())
    }
}

impl ConsumerGroupRegularExpressionValue<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupRegularExpressionValue<'static> {
        ConsumerGroupRegularExpressionValue {
            topics: self
                .topics
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            version: self.version,
            timestamp: self.timestamp,
        }
    }
}
