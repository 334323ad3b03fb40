//! `LeaveGroupResponse`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `LeaveGroupResponse`, key 13, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveGroupResponse<'a> {
    /// `int32, versions 1-5, ignorable`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-5`
    pub error_code: i16,
    /// `[]MemberResponse, versions 3-5`
    pub members: Vec<MemberResponse<'a>>,
}

impl<'a> Default for LeaveGroupResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            members: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for LeaveGroupResponse<'a> {
    const KEY: i16 = 13;
    const NAME: &'static str = "LeaveGroupResponse";
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
        if version >= 3 {
            m.members = r.array(flexible, 5, |r| MemberResponse::decode(r, version))?;
        }
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
        if version >= 3 {
            w.array(&self.members, flexible, |w, value| value.encode(w, version))?;
        } else if !self.members.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "LeaveGroupResponse",
                field: "members",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl LeaveGroupResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> LeaveGroupResponse<'static> {
        LeaveGroupResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            members: self
                .members
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`LeaveGroupResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberResponse<'a> {
    /// `string, versions 3-5`
    pub member_id: Cow<'a, str>,
    /// `string, versions 3-5, nullable 3-5`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `int16, versions 3-5`
    pub error_code: i16,
}

impl<'a> Default for MemberResponse<'a> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            group_instance_id: Some(Cow::Borrowed("")),
            error_code: 0,
        }
    }
}

impl<'a> MemberResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.member_id = r.string(flexible)?;
        m.group_instance_id = r.nullable_string(flexible)?;
        m.error_code = r.i16()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.string(&self.member_id, flexible)?;
        w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        w.i16(self.error_code);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl MemberResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MemberResponse<'static> {
        MemberResponse {
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            error_code: self.error_code,
        }
    }
}
