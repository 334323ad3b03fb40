//! `JoinGroupResponse`, versions 0-9. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::message::required;
use crate::*;

/// `JoinGroupResponse`, key 11, versions 0-9.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinGroupResponse<'a> {
    /// `int32, versions 2-9, ignorable`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-9`
    pub error_code: i16,
    /// `int32, versions 0-9, default -1`
    pub generation_id: i32,
    /// `string, versions 7-9, nullable 7-9, default null, ignorable`
    pub protocol_type: Option<Cow<'a, str>>,
    /// `string, versions 0-9, nullable 7-9`
    pub protocol_name: Option<Cow<'a, str>>,
    /// `string, versions 0-9`
    pub leader: Cow<'a, str>,
    /// `bool, versions 9, default false`
    pub skip_assignment: bool,
    /// `string, versions 0-9`
    pub member_id: Cow<'a, str>,
    /// `[]JoinGroupResponseMember, versions 0-9`
    pub members: Vec<JoinGroupResponseMember<'a>>,
}

impl<'a> Default for JoinGroupResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            generation_id: -1,
            protocol_type: None,
            protocol_name: Some(Cow::Borrowed("")),
            leader: Cow::Borrowed(""),
            skip_assignment: false,
            member_id: Cow::Borrowed(""),
            members: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for JoinGroupResponse<'a> {
    const KEY: i16 = 11;
    const NAME: &'static str = "JoinGroupResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 9);
    const FLEXIBLE_FROM: Option<i16> = Some(6);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 6;
        let mut m = Self::default();
        if version >= 2 {
            m.throttle_time_ms = r.i32()?;
        }
        m.error_code = r.i16()?;
        m.generation_id = r.i32()?;
        if version >= 7 {
            m.protocol_type = r.nullable_string(flexible)?;
        }
        m.protocol_name = if version >= 7 {
            r.nullable_string(flexible)?
        } else {
            Some(r.string(flexible)?)
        };
        m.leader = r.string(flexible)?;
        if version >= 9 {
            m.skip_assignment = r.bool()?;
        }
        m.member_id = r.string(flexible)?;
        m.members = r.array(flexible, 4, |r| JoinGroupResponseMember::decode(r, version))?;
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
        let flexible = version >= 6;
        if version >= 2 {
            w.i32(self.throttle_time_ms);
        }
        w.i16(self.error_code);
        w.i32(self.generation_id);
        if version >= 7 {
            w.nullable_string(self.protocol_type.as_deref(), flexible)?;
        }
        if version >= 7 {
            w.nullable_string(self.protocol_name.as_deref(), flexible)?;
        } else {
            let value = required(
                &self.protocol_name,
                "JoinGroupResponse",
                "protocol_name",
                version,
            )?;
            w.string(value, flexible)?;
        }
        w.string(&self.leader, flexible)?;
        if version >= 9 {
            w.bool(self.skip_assignment);
        } else if self.skip_assignment {
            return Err(WireError::FieldNotInVersion {
                message: "JoinGroupResponse",
                field: "skip_assignment",
                version,
            });
        }
        w.string(&self.member_id, flexible)?;
        w.array(&self.members, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl JoinGroupResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> JoinGroupResponse<'static> {
        JoinGroupResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            generation_id: self.generation_id,
            protocol_type: self
                .protocol_type
                .map(|value| Cow::Owned(value.into_owned())),
            protocol_name: self
                .protocol_name
                .map(|value| Cow::Owned(value.into_owned())),
            leader: Cow::Owned(self.leader.into_owned()),
            skip_assignment: self.skip_assignment,
            member_id: Cow::Owned(self.member_id.into_owned()),
            members: self
                .members
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`JoinGroupResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinGroupResponseMember<'a> {
    /// `string, versions 0-9`
    pub member_id: Cow<'a, str>,
    /// `string, versions 5-9, nullable 5-9, default null, ignorable`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `bytes, versions 0-9`
    pub metadata: Cow<'a, [u8]>,
}

impl<'a> Default for JoinGroupResponseMember<'a> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            metadata: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> JoinGroupResponseMember<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 6;
        let mut m = Self::default();
        m.member_id = r.string(flexible)?;
        if version >= 5 {
            m.group_instance_id = r.nullable_string(flexible)?;
        }
        m.metadata = r.bytes(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 6;
        w.string(&self.member_id, flexible)?;
        if version >= 5 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        }
        w.bytes(&self.metadata, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl JoinGroupResponseMember<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> JoinGroupResponseMember<'static> {
        JoinGroupResponseMember {
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            metadata: Cow::Owned(self.metadata.into_owned()),
        }
    }
}
