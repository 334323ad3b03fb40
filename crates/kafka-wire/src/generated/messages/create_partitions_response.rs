//! `CreatePartitionsResponse`, versions 0-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `CreatePartitionsResponse`, key 37, versions 0-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePartitionsResponse<'a> {
    /// `int32, versions 0-3`
    pub throttle_time_ms: i32,
    /// `[]CreatePartitionsTopicResult, versions 0-3`
    pub results: Vec<CreatePartitionsTopicResult<'a>>,
}

impl<'a> Default for CreatePartitionsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for CreatePartitionsResponse<'a> {
    const KEY: i16 = 37;
    const NAME: &'static str = "CreatePartitionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
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
        m.results = r.array(flexible, 5, |r| {
            CreatePartitionsTopicResult::decode(r, version)
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
        w.array(&self.results, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl CreatePartitionsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatePartitionsResponse<'static> {
        CreatePartitionsResponse {
            throttle_time_ms: self.throttle_time_ms,
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`CreatePartitionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePartitionsTopicResult<'a> {
    /// `string, versions 0-3`
    pub name: Cow<'a, str>,
    /// `int16, versions 0-3`
    pub error_code: i16,
    /// `string, versions 0-3, nullable 0-3, default null`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for CreatePartitionsTopicResult<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            error_code: 0,
            error_message: None,
        }
    }
}

impl<'a> CreatePartitionsTopicResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.name, flexible)?;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl CreatePartitionsTopicResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatePartitionsTopicResult<'static> {
        CreatePartitionsTopicResult {
            name: Cow::Owned(self.name.into_owned()),
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
