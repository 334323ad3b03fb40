//! `DescribeGroupsResponse`, versions 0-6. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeGroupsResponse`, key 15, versions 0-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeGroupsResponse<'a> {
    /// `int32, versions 1-6, ignorable`
    pub throttle_time_ms: i32,
    /// `[]DescribedGroup, versions 0-6`
    pub groups: Vec<DescribedGroup<'a>>,
}

impl<'a> Default for DescribeGroupsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            groups: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeGroupsResponse<'a> {
    const KEY: i16 = 15;
    const NAME: &'static str = "DescribeGroupsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FLEXIBLE_FROM: Option<i16> = Some(5);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 5;
        let mut m = Self::default();
        if version >= 1 {
            m.throttle_time_ms = r.i32()?;
        }
        m.groups = r.array(flexible, 12, |r| DescribedGroup::decode(r, version))?;
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
        let flexible = version >= 5;
        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        w.array(&self.groups, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeGroupsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeGroupsResponse<'static> {
        DescribeGroupsResponse {
            throttle_time_ms: self.throttle_time_ms,
            groups: self
                .groups
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedGroup<'a> {
    /// `int16, versions 0-6`
    pub error_code: i16,
    /// `string, versions 6, nullable 6, default null`
    pub error_message: Option<Cow<'a, str>>,
    /// `string, versions 0-6`
    pub group_id: Cow<'a, str>,
    /// `string, versions 0-6`
    pub group_state: Cow<'a, str>,
    /// `string, versions 0-6`
    pub protocol_type: Cow<'a, str>,
    /// `string, versions 0-6`
    pub protocol_data: Cow<'a, str>,
    /// `[]DescribedGroupMember, versions 0-6`
    pub members: Vec<DescribedGroupMember<'a>>,
    /// `int32, versions 3-6, default -2147483648`
    pub authorized_operations: i32,
}

impl<'a> Default for DescribedGroup<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: Cow::Borrowed(""),
            group_state: Cow::Borrowed(""),
            protocol_type: Cow::Borrowed(""),
            protocol_data: Cow::Borrowed(""),
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}

impl<'a> DescribedGroup<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 5;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        if version >= 6 {
            m.error_message = r.nullable_string(flexible)?;
        }
        m.group_id = r.string(flexible)?;
        m.group_state = r.string(flexible)?;
        m.protocol_type = r.string(flexible)?;
        m.protocol_data = r.string(flexible)?;
        m.members = r.array(flexible, 7, |r| DescribedGroupMember::decode(r, version))?;
        if version >= 3 {
            m.authorized_operations = r.i32()?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 5;
        w.i16(self.error_code);
        if version >= 6 {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        } else if self.error_message.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "DescribedGroup",
                field: "error_message",
                version,
            });
        }
        w.string(&self.group_id, flexible)?;
        w.string(&self.group_state, flexible)?;
        w.string(&self.protocol_type, flexible)?;
        w.string(&self.protocol_data, flexible)?;
        w.array(&self.members, flexible, |w, value| value.encode(w, version))?;
        if version >= 3 {
            w.i32(self.authorized_operations);
        } else if self.authorized_operations != -2147483648 {
            return Err(WireError::FieldNotInVersion {
                message: "DescribedGroup",
                field: "authorized_operations",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribedGroup<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribedGroup<'static> {
        DescribedGroup {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            group_id: Cow::Owned(self.group_id.into_owned()),
            group_state: Cow::Owned(self.group_state.into_owned()),
            protocol_type: Cow::Owned(self.protocol_type.into_owned()),
            protocol_data: Cow::Owned(self.protocol_data.into_owned()),
            members: self
                .members
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            authorized_operations: self.authorized_operations,
        }
    }
}

/// Part of [`DescribeGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedGroupMember<'a> {
    /// `string, versions 0-6`
    pub member_id: Cow<'a, str>,
    /// `string, versions 4-6, nullable 4-6, default null, ignorable`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `string, versions 0-6`
    pub client_id: Cow<'a, str>,
    /// `string, versions 0-6`
    pub client_host: Cow<'a, str>,
    /// `bytes, versions 0-6`
    pub member_metadata: Cow<'a, [u8]>,
    /// `bytes, versions 0-6`
    pub member_assignment: Cow<'a, [u8]>,
}

impl<'a> Default for DescribedGroupMember<'a> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            member_metadata: Cow::Borrowed(&[]),
            member_assignment: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> DescribedGroupMember<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 5;
        let mut m = Self::default();
        m.member_id = r.string(flexible)?;
        if version >= 4 {
            m.group_instance_id = r.nullable_string(flexible)?;
        }
        m.client_id = r.string(flexible)?;
        m.client_host = r.string(flexible)?;
        m.member_metadata = r.bytes(flexible)?;
        m.member_assignment = r.bytes(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 5;
        w.string(&self.member_id, flexible)?;
        if version >= 4 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        }
        w.string(&self.client_id, flexible)?;
        w.string(&self.client_host, flexible)?;
        w.bytes(&self.member_metadata, flexible)?;
        w.bytes(&self.member_assignment, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribedGroupMember<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribedGroupMember<'static> {
        DescribedGroupMember {
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            client_id: Cow::Owned(self.client_id.into_owned()),
            client_host: Cow::Owned(self.client_host.into_owned()),
            member_metadata: Cow::Owned(self.member_metadata.into_owned()),
            member_assignment: Cow::Owned(self.member_assignment.into_owned()),
        }
    }
}
