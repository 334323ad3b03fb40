//! `SyncGroupRequest`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `SyncGroupRequest`, key 14, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncGroupRequest<'a> {
    /// `string, versions 0-5`
    pub group_id: Cow<'a, str>,
    /// `int32, versions 0-5`
    pub generation_id: i32,
    /// `string, versions 0-5`
    pub member_id: Cow<'a, str>,
    /// `string, versions 3-5, nullable 3-5, default null`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `string, versions 5, nullable 5, default null, ignorable`
    pub protocol_type: Option<Cow<'a, str>>,
    /// `string, versions 5, nullable 5, default null, ignorable`
    pub protocol_name: Option<Cow<'a, str>>,
    /// `[]SyncGroupRequestAssignment, versions 0-5`
    pub assignments: Vec<SyncGroupRequestAssignment<'a>>,
}

impl<'a> Default for SyncGroupRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            generation_id: 0,
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            protocol_type: None,
            protocol_name: None,
            assignments: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for SyncGroupRequest<'a> {
    const KEY: i16 = 14;
    const NAME: &'static str = "SyncGroupRequest";
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
        m.generation_id = r.i32()?;
        m.member_id = r.string(flexible)?;
        if version >= 3 {
            m.group_instance_id = r.nullable_string(flexible)?;
        }
        if version >= 5 {
            m.protocol_type = r.nullable_string(flexible)?;
        }
        if version >= 5 {
            m.protocol_name = r.nullable_string(flexible)?;
        }
        m.assignments = r.array(flexible, 3, |r| {
            SyncGroupRequestAssignment::decode(r, version)
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
        let flexible = version >= 4;
        w.string(&self.group_id, flexible)?;
        w.i32(self.generation_id);
        w.string(&self.member_id, flexible)?;
        if version >= 3 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "SyncGroupRequest",
                field: "group_instance_id",
                version,
            });
        }
        if version >= 5 {
            w.nullable_string(self.protocol_type.as_deref(), flexible)?;
        }
        if version >= 5 {
            w.nullable_string(self.protocol_name.as_deref(), flexible)?;
        }
        w.array(&self.assignments, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for SyncGroupRequest<'_> {
    const API: ApiKey = ApiKey::SyncGroup;
    type Response<'b> = super::SyncGroupResponseType<'b>;
}

impl SyncGroupRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SyncGroupRequest<'static> {
        SyncGroupRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            generation_id: self.generation_id,
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            protocol_type: self
                .protocol_type
                .map(|value| Cow::Owned(value.into_owned())),
            protocol_name: self
                .protocol_name
                .map(|value| Cow::Owned(value.into_owned())),
            assignments: self
                .assignments
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`SyncGroupRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncGroupRequestAssignment<'a> {
    /// `string, versions 0-5`
    pub member_id: Cow<'a, str>,
    /// `bytes, versions 0-5`
    pub assignment: Cow<'a, [u8]>,
}

impl<'a> Default for SyncGroupRequestAssignment<'a> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            assignment: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> SyncGroupRequestAssignment<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.member_id = r.string(flexible)?;
        m.assignment = r.bytes(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.string(&self.member_id, flexible)?;
        w.bytes(&self.assignment, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl SyncGroupRequestAssignment<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SyncGroupRequestAssignment<'static> {
        SyncGroupRequestAssignment {
            member_id: Cow::Owned(self.member_id.into_owned()),
            assignment: Cow::Owned(self.assignment.into_owned()),
        }
    }
}
