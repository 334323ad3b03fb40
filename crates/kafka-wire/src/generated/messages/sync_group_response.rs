//! `SyncGroupResponse`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `SyncGroupResponse`, key 14, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncGroupResponse<'a> {
    /// `int32, versions 1-5, ignorable`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-5`
    pub error_code: i16,
    /// `string, versions 5, nullable 5, default null, ignorable`
    pub protocol_type: Option<Cow<'a, str>>,
    /// `string, versions 5, nullable 5, default null, ignorable`
    pub protocol_name: Option<Cow<'a, str>>,
    /// `bytes, versions 0-5`
    pub assignment: Cow<'a, [u8]>,
}

impl<'a> Default for SyncGroupResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            protocol_type: None,
            protocol_name: None,
            assignment: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> Message<'a> for SyncGroupResponse<'a> {
    const KEY: i16 = 14;
    const NAME: &'static str = "SyncGroupResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
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
        if version >= 1 {
            m.throttle_time_ms = r.i32()?;
        }
        m.error_code = r.i16()?;
        if version >= 5 {
            m.protocol_type = r.nullable_string(flexible)?;
        }
        if version >= 5 {
            m.protocol_name = r.nullable_string(flexible)?;
        }
        m.assignment = r.bytes(flexible)?;
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
        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        w.i16(self.error_code);
        if version >= 5 {
            w.nullable_string(self.protocol_type.as_deref(), flexible)?;
        }
        if version >= 5 {
            w.nullable_string(self.protocol_name.as_deref(), flexible)?;
        }
        w.bytes(&self.assignment, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl SyncGroupResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SyncGroupResponse<'static> {
        SyncGroupResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            protocol_type: self
                .protocol_type
                .map(|value| Cow::Owned(value.into_owned())),
            protocol_name: self
                .protocol_name
                .map(|value| Cow::Owned(value.into_owned())),
            assignment: Cow::Owned(self.assignment.into_owned()),
        }
    }
}
