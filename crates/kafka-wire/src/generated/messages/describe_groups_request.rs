//! `DescribeGroupsRequest`, versions 0-6. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeGroupsRequest`, key 15, versions 0-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeGroupsRequest<'a> {
    /// `[]string, versions 0-6`
    pub groups: Vec<Cow<'a, str>>,
    /// `bool, versions 3-6`
    pub include_authorized_operations: bool,
}

impl<'a> Default for DescribeGroupsRequest<'a> {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            include_authorized_operations: false,
        }
    }
}

impl<'a> Message<'a> for DescribeGroupsRequest<'a> {
    const KEY: i16 = 15;
    const NAME: &'static str = "DescribeGroupsRequest";
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
        m.groups = r.array(flexible, 1, |r| r.string(flexible))?;
        if version >= 3 {
            m.include_authorized_operations = r.bool()?;
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
        let flexible = version >= 5;
        w.array(&self.groups, flexible, |w, value| w.string(value, flexible))?;
        if version >= 3 {
            w.bool(self.include_authorized_operations);
        } else if self.include_authorized_operations {
            return Err(WireError::FieldNotInVersion {
                message: "DescribeGroupsRequest",
                field: "include_authorized_operations",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DescribeGroupsRequest<'_> {
    const API: ApiKey = ApiKey::DescribeGroups;
    type Response<'b> = super::DescribeGroupsResponseType<'b>;
}

impl DescribeGroupsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeGroupsRequest<'static> {
        DescribeGroupsRequest {
            groups: self
                .groups
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            include_authorized_operations: self.include_authorized_operations,
        }
    }
}
