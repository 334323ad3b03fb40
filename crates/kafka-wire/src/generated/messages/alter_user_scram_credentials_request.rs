//! `AlterUserScramCredentialsRequest`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterUserScramCredentialsRequest`, key 51, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterUserScramCredentialsRequest<'a> {
    /// `[]ScramCredentialDeletion, versions 0`
    pub deletions: Vec<ScramCredentialDeletion<'a>>,
    /// `[]ScramCredentialUpsertion, versions 0`
    pub upsertions: Vec<ScramCredentialUpsertion<'a>>,
}

impl<'a> Default for AlterUserScramCredentialsRequest<'a> {
    fn default() -> Self {
        Self {
            deletions: Vec::new(),
            upsertions: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AlterUserScramCredentialsRequest<'a> {
    const KEY: i16 = 51;
    const NAME: &'static str = "AlterUserScramCredentialsRequest";
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
        m.deletions = r.array(true, 3, |r| ScramCredentialDeletion::decode(r, version))?;
        m.upsertions = r.array(true, 9, |r| ScramCredentialUpsertion::decode(r, version))?;
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
        w.array(&self.deletions, true, |w, value| value.encode(w, version))?;
        w.array(&self.upsertions, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for AlterUserScramCredentialsRequest<'_> {
    const API: ApiKey = ApiKey::AlterUserScramCredentials;
    type Response<'b> = super::AlterUserScramCredentialsResponseType<'b>;
}

impl AlterUserScramCredentialsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterUserScramCredentialsRequest<'static> {
        AlterUserScramCredentialsRequest {
            deletions: self
                .deletions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            upsertions: self
                .upsertions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterUserScramCredentialsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramCredentialDeletion<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `int8, versions 0`
    pub mechanism: i8,
}

impl<'a> Default for ScramCredentialDeletion<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            mechanism: 0,
        }
    }
}

impl<'a> ScramCredentialDeletion<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.mechanism = r.i8()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.i8(self.mechanism);
        w.uvarint(0);
        Ok(())
    }
}

impl ScramCredentialDeletion<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ScramCredentialDeletion<'static> {
        ScramCredentialDeletion {
            name: Cow::Owned(self.name.into_owned()),
            mechanism: self.mechanism,
        }
    }
}

/// Part of [`AlterUserScramCredentialsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramCredentialUpsertion<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `int8, versions 0`
    pub mechanism: i8,
    /// `int32, versions 0`
    pub iterations: i32,
    /// `bytes, versions 0`
    pub salt: Cow<'a, [u8]>,
    /// `bytes, versions 0`
    pub salted_password: Cow<'a, [u8]>,
}

impl<'a> Default for ScramCredentialUpsertion<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            mechanism: 0,
            iterations: 0,
            salt: Cow::Borrowed(&[]),
            salted_password: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> ScramCredentialUpsertion<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.mechanism = r.i8()?;
        m.iterations = r.i32()?;
        m.salt = r.bytes(true)?;
        m.salted_password = r.bytes(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.i8(self.mechanism);
        w.i32(self.iterations);
        w.bytes(&self.salt, true)?;
        w.bytes(&self.salted_password, true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl ScramCredentialUpsertion<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ScramCredentialUpsertion<'static> {
        ScramCredentialUpsertion {
            name: Cow::Owned(self.name.into_owned()),
            mechanism: self.mechanism,
            iterations: self.iterations,
            salt: Cow::Owned(self.salt.into_owned()),
            salted_password: Cow::Owned(self.salted_password.into_owned()),
        }
    }
}
