//! `AlterConfigsResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterConfigsResponse`, key 33, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterConfigsResponse<'a> {
    /// `int32, versions 0-2`
    pub throttle_time_ms: i32,
    /// `[]AlterConfigsResourceResponse, versions 0-2`
    pub responses: Vec<AlterConfigsResourceResponse<'a>>,
}

impl<'a> Default for AlterConfigsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            responses: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AlterConfigsResponse<'a> {
    const KEY: i16 = 33;
    const NAME: &'static str = "AlterConfigsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
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
        m.responses = r.array(flexible, 6, |r| {
            AlterConfigsResourceResponse::decode(r, version)
        })?;
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
        w.array(&self.responses, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AlterConfigsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterConfigsResponse<'static> {
        AlterConfigsResponse {
            throttle_time_ms: self.throttle_time_ms,
            responses: self
                .responses
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterConfigsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterConfigsResourceResponse<'a> {
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `string, versions 0-2, nullable 0-2`
    pub error_message: Option<Cow<'a, str>>,
    /// `int8, versions 0-2`
    pub resource_type: i8,
    /// `string, versions 0-2`
    pub resource_name: Cow<'a, str>,
}

impl<'a> Default for AlterConfigsResourceResponse<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
        }
    }
}

impl<'a> AlterConfigsResourceResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        m.resource_type = r.i8()?;
        m.resource_name = r.string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AlterConfigsResourceResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterConfigsResourceResponse<'static> {
        AlterConfigsResourceResponse {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
        }
    }
}
