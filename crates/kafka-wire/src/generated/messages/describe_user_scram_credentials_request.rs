//! `DescribeUserScramCredentialsRequest`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeUserScramCredentialsRequest`, key 50, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeUserScramCredentialsRequest<'a> {
    /// `[]UserName, versions 0, nullable 0`
    pub users: Option<Vec<UserName<'a>>>,
}

impl<'a> Default for DescribeUserScramCredentialsRequest<'a> {
    fn default() -> Self {
        Self {
            users: Some(Vec::new()),
        }
    }
}

impl<'a> Message<'a> for DescribeUserScramCredentialsRequest<'a> {
    const KEY: i16 = 50;
    const NAME: &'static str = "DescribeUserScramCredentialsRequest";
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
        m.users = r.nullable_array(true, 2, |r| UserName::decode(r, version))?;
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
        w.nullable_array(self.users.as_deref(), true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for DescribeUserScramCredentialsRequest<'_> {
    const API: ApiKey = ApiKey::DescribeUserScramCredentials;
    type Response<'b> = super::DescribeUserScramCredentialsResponseType<'b>;
}

impl DescribeUserScramCredentialsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeUserScramCredentialsRequest<'static> {
        DescribeUserScramCredentialsRequest {
            users: self
                .users
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
        }
    }
}

/// Part of [`DescribeUserScramCredentialsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
}

impl<'a> Default for UserName<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
        }
    }
}

impl<'a> UserName<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl UserName<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> UserName<'static> {
        UserName {
            name: Cow::Owned(self.name.into_owned()),
        }
    }
}
