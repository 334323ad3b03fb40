//! `ListGroupsRequest`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListGroupsRequest`, key 16, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListGroupsRequest<'a> {
    /// `[]string, versions 4-5`
    pub states_filter: Vec<Cow<'a, str>>,
    /// `[]string, versions 5`
    pub types_filter: Vec<Cow<'a, str>>,
}

impl<'a> Default for ListGroupsRequest<'a> {
    fn default() -> Self {
        Self {
            states_filter: Vec::new(),
            types_filter: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ListGroupsRequest<'a> {
    const KEY: i16 = 16;
    const NAME: &'static str = "ListGroupsRequest";
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
        if version >= 4 {
            m.states_filter = r.array(flexible, 1, |r| r.string(flexible))?;
        }
        if version >= 5 {
            m.types_filter = r.array(flexible, 1, |r| r.string(flexible))?;
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
        let flexible = version >= 3;
        if version >= 4 {
            w.array(&self.states_filter, flexible, |w, value| {
                w.string(value, flexible)
            })?;
        } else if !self.states_filter.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "ListGroupsRequest",
                field: "states_filter",
                version,
            });
        }
        if version >= 5 {
            w.array(&self.types_filter, flexible, |w, value| {
                w.string(value, flexible)
            })?;
        } else if !self.types_filter.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "ListGroupsRequest",
                field: "types_filter",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for ListGroupsRequest<'_> {
    const API: ApiKey = ApiKey::ListGroups;
    type Response<'b> = super::ListGroupsResponseType<'b>;
}

impl ListGroupsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListGroupsRequest<'static> {
        ListGroupsRequest {
            states_filter: self
                .states_filter
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            types_filter: self
                .types_filter
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
        }
    }
}
