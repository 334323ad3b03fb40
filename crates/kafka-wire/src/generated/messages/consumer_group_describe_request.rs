//! `ConsumerGroupDescribeRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupDescribeRequest`, key 69, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupDescribeRequest<'a> {
    /// `[]string, versions 0-1`
    pub group_ids: Vec<Cow<'a, str>>,
    /// `bool, versions 0-1`
    pub include_authorized_operations: bool,
}

impl<'a> Default for ConsumerGroupDescribeRequest<'a> {
    fn default() -> Self {
        Self {
            group_ids: Vec::new(),
            include_authorized_operations: false,
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupDescribeRequest<'a> {
    const KEY: i16 = 69;
    const NAME: &'static str = "ConsumerGroupDescribeRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.group_ids = r.array(true, 1, |r| r.string(true))?;
        m.include_authorized_operations = r.bool()?;
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
        w.array(&self.group_ids, true, |w, value| w.string(value, true))?;
        w.bool(self.include_authorized_operations);
        w.uvarint(0);
        Ok(())
    }
}

impl Request for ConsumerGroupDescribeRequest<'_> {
    const API: ApiKey = ApiKey::ConsumerGroupDescribe;
    type Response<'b> = super::ConsumerGroupDescribeResponseType<'b>;
}

impl ConsumerGroupDescribeRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupDescribeRequest<'static> {
        ConsumerGroupDescribeRequest {
            group_ids: self
                .group_ids
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            include_authorized_operations: self.include_authorized_operations,
        }
    }
}
