//! `DeleteAclsResponse`, versions 1-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DeleteAclsResponse`, key 31, versions 1-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteAclsResponse<'a> {
    /// `int32, versions 1-3`
    pub throttle_time_ms: i32,
    /// `[]DeleteAclsFilterResult, versions 1-3`
    pub filter_results: Vec<DeleteAclsFilterResult<'a>>,
}

impl<'a> Default for DeleteAclsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            filter_results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DeleteAclsResponse<'a> {
    const KEY: i16 = 31;
    const NAME: &'static str = "DeleteAclsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
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
        m.filter_results = r.array(flexible, 5, |r| DeleteAclsFilterResult::decode(r, version))?;
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
        w.array(&self.filter_results, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DeleteAclsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteAclsResponse<'static> {
        DeleteAclsResponse {
            throttle_time_ms: self.throttle_time_ms,
            filter_results: self
                .filter_results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DeleteAclsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteAclsFilterResult<'a> {
    /// `int16, versions 1-3`
    pub error_code: i16,
    /// `string, versions 1-3, nullable 1-3`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]DeleteAclsMatchingAcl, versions 1-3`
    pub matching_acls: Vec<DeleteAclsMatchingAcl<'a>>,
}

impl<'a> Default for DeleteAclsFilterResult<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            matching_acls: Vec::new(),
        }
    }
}

impl<'a> DeleteAclsFilterResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        m.matching_acls = r.array(flexible, 11, |r| DeleteAclsMatchingAcl::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.array(&self.matching_acls, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DeleteAclsFilterResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteAclsFilterResult<'static> {
        DeleteAclsFilterResult {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            matching_acls: self
                .matching_acls
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DeleteAclsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteAclsMatchingAcl<'a> {
    /// `int16, versions 1-3`
    pub error_code: i16,
    /// `string, versions 1-3, nullable 1-3`
    pub error_message: Option<Cow<'a, str>>,
    /// `int8, versions 1-3`
    pub resource_type: i8,
    /// `string, versions 1-3`
    pub resource_name: Cow<'a, str>,
    /// `int8, versions 1-3, default 3`
    pub pattern_type: i8,
    /// `string, versions 1-3`
    pub principal: Cow<'a, str>,
    /// `string, versions 1-3`
    pub host: Cow<'a, str>,
    /// `int8, versions 1-3`
    pub operation: i8,
    /// `int8, versions 1-3`
    pub permission_type: i8,
}

impl<'a> Default for DeleteAclsMatchingAcl<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            pattern_type: 3,
            principal: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl<'a> DeleteAclsMatchingAcl<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        m.resource_type = r.i8()?;
        m.resource_name = r.string(flexible)?;
        m.pattern_type = r.i8()?;
        m.principal = r.string(flexible)?;
        m.host = r.string(flexible)?;
        m.operation = r.i8()?;
        m.permission_type = r.i8()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.i8(self.pattern_type);
        w.string(&self.principal, flexible)?;
        w.string(&self.host, flexible)?;
        w.i8(self.operation);
        w.i8(self.permission_type);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DeleteAclsMatchingAcl<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteAclsMatchingAcl<'static> {
        DeleteAclsMatchingAcl {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            pattern_type: self.pattern_type,
            principal: Cow::Owned(self.principal.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            operation: self.operation,
            permission_type: self.permission_type,
        }
    }
}
