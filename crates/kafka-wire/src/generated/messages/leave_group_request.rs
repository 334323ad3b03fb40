//! `LeaveGroupRequest`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `LeaveGroupRequest`, key 13, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveGroupRequest<'a> {
    /// `string, versions 0-5`
    pub group_id: Cow<'a, str>,
    /// `string, versions 0-2`
    pub member_id: Cow<'a, str>,
    /// `[]MemberIdentity, versions 3-5`
    pub members: Vec<MemberIdentity<'a>>,
}

impl<'a> Default for LeaveGroupRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            member_id: Cow::Borrowed(""),
            members: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for LeaveGroupRequest<'a> {
    const KEY: i16 = 13;
    const NAME: &'static str = "LeaveGroupRequest";
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
        m.group_id = r.string(flexible)?;
        if version <= 2 {
            m.member_id = r.string(flexible)?;
        }
        if version >= 3 {
            m.members = r.array(flexible, 3, |r| MemberIdentity::decode(r, version))?;
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
        w.string(&self.group_id, flexible)?;
        if version <= 2 {
            w.string(&self.member_id, flexible)?;
        } else if !self.member_id.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "LeaveGroupRequest",
                field: "member_id",
                version,
            });
        }
        if version >= 3 {
            w.array(&self.members, flexible, |w, value| value.encode(w, version))?;
        } else if !self.members.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "LeaveGroupRequest",
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

impl Request for LeaveGroupRequest<'_> {
    const API: ApiKey = ApiKey::LeaveGroup;
    type Response<'b> = super::LeaveGroupResponseType<'b>;
}

impl LeaveGroupRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> LeaveGroupRequest<'static> {
        LeaveGroupRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            member_id: Cow::Owned(self.member_id.into_owned()),
            members: self
                .members
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`LeaveGroupRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberIdentity<'a> {
    /// `string, versions 3-5`
    pub member_id: Cow<'a, str>,
    /// `string, versions 3-5, nullable 3-5, default null`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `string, versions 5, nullable 5, default null, ignorable`
    pub reason: Option<Cow<'a, str>>,
}

impl<'a> Default for MemberIdentity<'a> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            reason: None,
        }
    }
}

impl<'a> MemberIdentity<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.member_id = r.string(flexible)?;
        m.group_instance_id = r.nullable_string(flexible)?;
        if version >= 5 {
            m.reason = r.nullable_string(flexible)?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.string(&self.member_id, flexible)?;
        w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        if version >= 5 {
            w.nullable_string(self.reason.as_deref(), flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl MemberIdentity<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MemberIdentity<'static> {
        MemberIdentity {
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            reason: self.reason.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
