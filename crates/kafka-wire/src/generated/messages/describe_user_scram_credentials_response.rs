//! `DescribeUserScramCredentialsResponse`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeUserScramCredentialsResponse`, key 50, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeUserScramCredentialsResponse<'a> {
    /// `int32, versions 0`
    pub throttle_time_ms: i32,
    /// `int16, versions 0`
    pub error_code: i16,
    /// `string, versions 0, nullable 0`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]DescribeUserScramCredentialsResult, versions 0`
    pub results: Vec<DescribeUserScramCredentialsResult<'a>>,
}

impl<'a> Default for DescribeUserScramCredentialsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeUserScramCredentialsResponse<'a> {
    const KEY: i16 = 50;
    const NAME: &'static str = "DescribeUserScramCredentialsResponse";
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
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        m.results = r.array(true, 6, |r| {
            DescribeUserScramCredentialsResult::decode(r, version)
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
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.array(&self.results, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeUserScramCredentialsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeUserScramCredentialsResponse<'static> {
        DescribeUserScramCredentialsResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeUserScramCredentialsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeUserScramCredentialsResult<'a> {
    /// `string, versions 0`
    pub user: Cow<'a, str>,
    /// `int16, versions 0`
    pub error_code: i16,
    /// `string, versions 0, nullable 0`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]CredentialInfo, versions 0`
    pub credential_infos: Vec<CredentialInfo>,
}

impl<'a> Default for DescribeUserScramCredentialsResult<'a> {
    fn default() -> Self {
        Self {
            user: Cow::Borrowed(""),
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            credential_infos: Vec::new(),
        }
    }
}

impl<'a> DescribeUserScramCredentialsResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.user = r.string(true)?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        m.credential_infos = r.array(true, 6, |r| CredentialInfo::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.user, true)?;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.array(&self.credential_infos, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeUserScramCredentialsResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeUserScramCredentialsResult<'static> {
        DescribeUserScramCredentialsResult {
            user: Cow::Owned(self.user.into_owned()),
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            credential_infos: self.credential_infos,
        }
    }
}

/// Part of [`DescribeUserScramCredentialsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialInfo {
    /// `int8, versions 0`
    pub mechanism: i8,
    /// `int32, versions 0`
    pub iterations: i32,
}

impl Default for CredentialInfo {
    fn default() -> Self {
        Self {
            mechanism: 0,
            iterations: 0,
        }
    }
}

impl CredentialInfo {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.mechanism = r.i8()?;
        m.iterations = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i8(self.mechanism);
        w.i32(self.iterations);
        w.uvarint(0);
        Ok(())
    }
}
