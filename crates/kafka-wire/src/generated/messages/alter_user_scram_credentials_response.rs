//! `AlterUserScramCredentialsResponse`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterUserScramCredentialsResponse`, key 51, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterUserScramCredentialsResponse<'a> {
    /// `int32, versions 0`
    pub throttle_time_ms: i32,
    /// `[]AlterUserScramCredentialsResult, versions 0`
    pub results: Vec<AlterUserScramCredentialsResult<'a>>,
}

impl<'a> Default for AlterUserScramCredentialsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AlterUserScramCredentialsResponse<'a> {
    const KEY: i16 = 51;
    const NAME: &'static str = "AlterUserScramCredentialsResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.results = r.array(true, 5, |r| {
            AlterUserScramCredentialsResult::decode(r, version)
        })?;
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
        w.i32(self.throttle_time_ms);
        w.array(&self.results, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl AlterUserScramCredentialsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterUserScramCredentialsResponse<'static> {
        AlterUserScramCredentialsResponse {
            throttle_time_ms: self.throttle_time_ms,
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterUserScramCredentialsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterUserScramCredentialsResult<'a> {
    /// `string, versions 0`
    pub user: Cow<'a, str>,
    /// `int16, versions 0`
    pub error_code: i16,
    /// `string, versions 0, nullable 0`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for AlterUserScramCredentialsResult<'a> {
    fn default() -> Self {
        Self {
            user: Cow::Borrowed(""),
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> AlterUserScramCredentialsResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.user = r.string(true)?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.user, true)?;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl AlterUserScramCredentialsResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterUserScramCredentialsResult<'static> {
        AlterUserScramCredentialsResult {
            user: Cow::Owned(self.user.into_owned()),
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
