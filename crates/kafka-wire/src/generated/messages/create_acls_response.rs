//! `CreateAclsResponse`, versions 1-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `CreateAclsResponse`, key 30, versions 1-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAclsResponse<'a> {
    /// `int32, versions 1-3`
    pub throttle_time_ms: i32,
    /// `[]AclCreationResult, versions 1-3`
    pub results: Vec<AclCreationResult<'a>>,
}

impl<'a> Default for CreateAclsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for CreateAclsResponse<'a> {
    const KEY: i16 = 30;
    const NAME: &'static str = "CreateAclsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FLEXIBLE_FROM: Option<i16> = Some(2);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 2;
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        m.results = r.array(flexible, 4, |r| AclCreationResult::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 2;
        w.i32(self.throttle_time_ms);
        w.array(&self.results, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl CreateAclsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreateAclsResponse<'static> {
        CreateAclsResponse {
            throttle_time_ms: self.throttle_time_ms,
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`CreateAclsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclCreationResult<'a> {
    /// `int16, versions 1-3`
    pub error_code: i16,
    /// `string, versions 1-3, nullable 1-3`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for AclCreationResult<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> AclCreationResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AclCreationResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AclCreationResult<'static> {
        AclCreationResult {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
