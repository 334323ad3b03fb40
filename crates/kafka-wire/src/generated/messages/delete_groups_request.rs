//! `DeleteGroupsRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DeleteGroupsRequest`, key 42, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteGroupsRequest<'a> {
    /// `[]string, versions 0-2`
    pub groups_names: Vec<Cow<'a, str>>,
}

impl<'a> Default for DeleteGroupsRequest<'a> {
    fn default() -> Self {
        Self {
            groups_names: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DeleteGroupsRequest<'a> {
    const KEY: i16 = 42;
    const NAME: &'static str = "DeleteGroupsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
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
        m.groups_names = r.array(flexible, 1, |r| r.string(flexible))?;
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
        w.array(&self.groups_names, flexible, |w, value| {
            w.string(value, flexible)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DeleteGroupsRequest<'_> {
    const API: ApiKey = ApiKey::DeleteGroups;
    type Response<'b> = super::DeleteGroupsResponseType<'b>;
}

impl DeleteGroupsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteGroupsRequest<'static> {
        DeleteGroupsRequest {
            groups_names: self
                .groups_names
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
        }
    }
}
