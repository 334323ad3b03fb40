//! `DeleteGroupsResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DeleteGroupsResponse`, key 42, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteGroupsResponse<'a> {
    /// `int32, versions 0-2`
    pub throttle_time_ms: i32,
    /// `[]DeletableGroupResult, versions 0-2`
    pub results: Vec<DeletableGroupResult<'a>>,
}

impl<'a> Default for DeleteGroupsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DeleteGroupsResponse<'a> {
    const KEY: i16 = 42;
    const NAME: &'static str = "DeleteGroupsResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.results = r.array(flexible, 4, |r| DeletableGroupResult::decode(r, version))?;
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
        w.i32(self.throttle_time_ms);
        w.array(&self.results, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DeleteGroupsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteGroupsResponse<'static> {
        DeleteGroupsResponse {
            throttle_time_ms: self.throttle_time_ms,
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DeleteGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletableGroupResult<'a> {
    /// `string, versions 0-2`
    pub group_id: Cow<'a, str>,
    /// `int16, versions 0-2`
    pub error_code: i16,
}

impl<'a> Default for DeletableGroupResult<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            error_code: 0,
        }
    }
}

impl<'a> DeletableGroupResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.group_id = r.string(flexible)?;
        m.error_code = r.i16()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.group_id, flexible)?;
        w.i16(self.error_code);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DeletableGroupResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeletableGroupResult<'static> {
        DeletableGroupResult {
            group_id: Cow::Owned(self.group_id.into_owned()),
            error_code: self.error_code,
        }
    }
}
