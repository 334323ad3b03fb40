//! `FindCoordinatorRequest`, versions 0-6. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `FindCoordinatorRequest`, key 10, versions 0-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindCoordinatorRequest<'a> {
    /// `string, versions 0-3`
    pub key: Cow<'a, str>,
    /// `int8, versions 1-6, default 0`
    pub key_type: i8,
    /// `[]string, versions 4-6`
    pub coordinator_keys: Vec<Cow<'a, str>>,
}

impl<'a> Default for FindCoordinatorRequest<'a> {
    fn default() -> Self {
        Self {
            key: Cow::Borrowed(""),
            key_type: 0,
            coordinator_keys: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for FindCoordinatorRequest<'a> {
    const KEY: i16 = 10;
    const NAME: &'static str = "FindCoordinatorRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
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
        if version <= 3 {
            m.key = r.string(flexible)?;
        }
        if version >= 1 {
            m.key_type = r.i8()?;
        }
        if version >= 4 {
            m.coordinator_keys = r.array(flexible, 1, |r| r.string(flexible))?;
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
        if version <= 3 {
            w.string(&self.key, flexible)?;
        } else if !self.key.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorRequest",
                field: "key",
                version,
            });
        }
        if version >= 1 {
            w.i8(self.key_type);
        } else if self.key_type != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorRequest",
                field: "key_type",
                version,
            });
        }
        if version >= 4 {
            w.array(&self.coordinator_keys, flexible, |w, value| {
                w.string(value, flexible)
            })?;
        } else if !self.coordinator_keys.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorRequest",
                field: "coordinator_keys",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for FindCoordinatorRequest<'_> {
    const API: ApiKey = ApiKey::FindCoordinator;
    type Response<'b> = super::FindCoordinatorResponseType<'b>;
}

impl FindCoordinatorRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FindCoordinatorRequest<'static> {
        FindCoordinatorRequest {
            key: Cow::Owned(self.key.into_owned()),
            key_type: self.key_type,
            coordinator_keys: self
                .coordinator_keys
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
        }
    }
}
