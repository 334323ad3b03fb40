//! `DescribeTransactionsRequest`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeTransactionsRequest`, key 65, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTransactionsRequest<'a> {
    /// `[]string, versions 0`
    pub transactional_ids: Vec<Cow<'a, str>>,
}

impl<'a> Default for DescribeTransactionsRequest<'a> {
    fn default() -> Self {
        Self {
            transactional_ids: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeTransactionsRequest<'a> {
    const KEY: i16 = 65;
    const NAME: &'static str = "DescribeTransactionsRequest";
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
        m.transactional_ids = r.array(true, 1, |r| r.string(true))?;
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
        w.array(&self.transactional_ids, true, |w, value| {
            w.string(value, true)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for DescribeTransactionsRequest<'_> {
    const API: ApiKey = ApiKey::DescribeTransactions;
    type Response<'b> = super::DescribeTransactionsResponseType<'b>;
}

impl DescribeTransactionsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeTransactionsRequest<'static> {
        DescribeTransactionsRequest {
            transactional_ids: self
                .transactional_ids
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
        }
    }
}
