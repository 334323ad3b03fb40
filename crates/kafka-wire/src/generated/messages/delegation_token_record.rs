//! `DelegationTokenRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DelegationTokenRecord`, key 10, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationTokenRecord<'a> {
    /// `string, versions 0`
    pub owner: Cow<'a, str>,
    /// `string, versions 0`
    pub requester: Cow<'a, str>,
    /// `[]string, versions 0`
    pub renewers: Vec<Cow<'a, str>>,
    /// `int64, versions 0`
    pub issue_timestamp: i64,
    /// `int64, versions 0`
    pub max_timestamp: i64,
    /// `int64, versions 0`
    pub expiration_timestamp: i64,
    /// `string, versions 0`
    pub token_id: Cow<'a, str>,
}

impl<'a> Default for DelegationTokenRecord<'a> {
    fn default() -> Self {
        Self {
            owner: Cow::Borrowed(""),
            requester: Cow::Borrowed(""),
            renewers: Vec::new(),
            issue_timestamp: 0,
            max_timestamp: 0,
            expiration_timestamp: 0,
            token_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for DelegationTokenRecord<'a> {
    const KEY: i16 = 10;
    const NAME: &'static str = "DelegationTokenRecord";
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
        m.owner = r.string(true)?;
        m.requester = r.string(true)?;
        m.renewers = r.array(true, 1, |r| r.string(true))?;
        m.issue_timestamp = r.i64()?;
        m.max_timestamp = r.i64()?;
        m.expiration_timestamp = r.i64()?;
        m.token_id = r.string(true)?;
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
        w.string(&self.owner, true)?;
        w.string(&self.requester, true)?;
        w.array(&self.renewers, true, |w, value| w.string(value, true))?;
        w.i64(self.issue_timestamp);
        w.i64(self.max_timestamp);
        w.i64(self.expiration_timestamp);
        w.string(&self.token_id, true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl DelegationTokenRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DelegationTokenRecord<'static> {
        DelegationTokenRecord {
            owner: Cow::Owned(self.owner.into_owned()),
            requester: Cow::Owned(self.requester.into_owned()),
            renewers: self
                .renewers
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            issue_timestamp: self.issue_timestamp,
            max_timestamp: self.max_timestamp,
            expiration_timestamp: self.expiration_timestamp,
            token_id: Cow::Owned(self.token_id.into_owned()),
        }
    }
}
