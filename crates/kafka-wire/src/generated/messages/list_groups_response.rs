//! `ListGroupsResponse`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListGroupsResponse`, key 16, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListGroupsResponse<'a> {
    /// `int32, versions 1-5, ignorable`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-5`
    pub error_code: i16,
    /// `[]ListedGroup, versions 0-5`
    pub groups: Vec<ListedGroup<'a>>,
}

impl<'a> Default for ListGroupsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            groups: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ListGroupsResponse<'a> {
    const KEY: i16 = 16;
    const NAME: &'static str = "ListGroupsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FLEXIBLE_FROM: Option<i16> = Some(3);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 3;
        let mut m = Self::default();
        if version >= 1 {
            m.throttle_time_ms = r.i32()?;
        }
        m.error_code = r.i16()?;
        m.groups = r.array(flexible, 3, |r| ListedGroup::decode(r, version))?;
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
        let flexible = version >= 3;
        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        w.i16(self.error_code);
        w.array(&self.groups, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl ListGroupsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListGroupsResponse<'static> {
        ListGroupsResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            groups: self
                .groups
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ListGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup<'a> {
    /// `string, versions 0-5`
    pub group_id: Cow<'a, str>,
    /// `string, versions 0-5`
    pub protocol_type: Cow<'a, str>,
    /// `string, versions 4-5, ignorable`
    pub group_state: Cow<'a, str>,
    /// `string, versions 5, ignorable`
    pub group_type: Cow<'a, str>,
}

impl<'a> Default for ListedGroup<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            protocol_type: Cow::Borrowed(""),
            group_state: Cow::Borrowed(""),
            group_type: Cow::Borrowed(""),
        }
    }
}

impl<'a> ListedGroup<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.group_id = r.string(flexible)?;
        m.protocol_type = r.string(flexible)?;
        if version >= 4 {
            m.group_state = r.string(flexible)?;
        }
        if version >= 5 {
            m.group_type = r.string(flexible)?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
        w.string(&self.group_id, flexible)?;
        w.string(&self.protocol_type, flexible)?;
        if version >= 4 {
            w.string(&self.group_state, flexible)?;
        }
        if version >= 5 {
            w.string(&self.group_type, flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl ListedGroup<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListedGroup<'static> {
        ListedGroup {
            group_id: Cow::Owned(self.group_id.into_owned()),
            protocol_type: Cow::Owned(self.protocol_type.into_owned()),
            group_state: Cow::Owned(self.group_state.into_owned()),
            group_type: Cow::Owned(self.group_type.into_owned()),
        }
    }
}
