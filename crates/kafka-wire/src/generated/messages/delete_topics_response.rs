//! `DeleteTopicsResponse`, versions 1-6. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::message::required;
use crate::*;

/// `DeleteTopicsResponse`, key 20, versions 1-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTopicsResponse<'a> {
    /// `int32, versions 1-6, ignorable`
    pub throttle_time_ms: i32,
    /// `[]DeletableTopicResult, versions 1-6`
    pub responses: Vec<DeletableTopicResult<'a>>,
}

impl<'a> Default for DeleteTopicsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            responses: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DeleteTopicsResponse<'a> {
    const KEY: i16 = 20;
    const NAME: &'static str = "DeleteTopicsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 6);
    const FLEXIBLE_FROM: Option<i16> = Some(4);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 4;
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        m.responses = r.array(flexible, 4, |r| DeletableTopicResult::decode(r, version))?;
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
        let flexible = version >= 4;
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

impl DeleteTopicsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteTopicsResponse<'static> {
        DeleteTopicsResponse {
            throttle_time_ms: self.throttle_time_ms,
            responses: self
                .responses
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DeleteTopicsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletableTopicResult<'a> {
    /// `string, versions 1-6, nullable 6`
    pub name: Option<Cow<'a, str>>,
    /// `uuid, versions 6, ignorable`
    pub topic_id: Uuid,
    /// `int16, versions 1-6`
    pub error_code: i16,
    /// `string, versions 5-6, nullable 5-6, default null, ignorable`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for DeletableTopicResult<'a> {
    fn default() -> Self {
        Self {
            name: Some(Cow::Borrowed("")),
            topic_id: Uuid::ZERO,
            error_code: 0,
            error_message: None,
        }
    }
}

impl<'a> DeletableTopicResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.name = if version >= 6 {
            r.nullable_string(flexible)?
        } else {
            Some(r.string(flexible)?)
        };
        if version >= 6 {
            m.topic_id = r.uuid()?;
        }
        m.error_code = r.i16()?;
        if version >= 5 {
            m.error_message = r.nullable_string(flexible)?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        if version >= 6 {
            w.nullable_string(self.name.as_deref(), flexible)?;
        } else {
            let value = required(&self.name, "DeletableTopicResult", "name", version)?;
            w.string(value, flexible)?;
        }
        if version >= 6 {
            w.uuid(self.topic_id);
        }
        w.i16(self.error_code);
        if version >= 5 {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DeletableTopicResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeletableTopicResult<'static> {
        DeletableTopicResult {
            name: self.name.map(|value| Cow::Owned(value.into_owned())),
            topic_id: self.topic_id,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
