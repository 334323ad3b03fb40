//! `DescribeAclsRequest`, versions 1-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeAclsRequest`, key 29, versions 1-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeAclsRequest<'a> {
    /// `int8, versions 1-3`
    pub resource_type_filter: i8,
    /// `string, versions 1-3, nullable 1-3`
    pub resource_name_filter: Option<Cow<'a, str>>,
    /// `int8, versions 1-3, default 3`
    pub pattern_type_filter: i8,
    /// `string, versions 1-3, nullable 1-3`
    pub principal_filter: Option<Cow<'a, str>>,
    /// `string, versions 1-3, nullable 1-3`
    pub host_filter: Option<Cow<'a, str>>,
    /// `int8, versions 1-3`
    pub operation: i8,
    /// `int8, versions 1-3`
    pub permission_type: i8,
}

impl<'a> Default for DescribeAclsRequest<'a> {
    fn default() -> Self {
        Self {
            resource_type_filter: 0,
            resource_name_filter: Some(Cow::Borrowed("")),
            pattern_type_filter: 3,
            principal_filter: Some(Cow::Borrowed("")),
            host_filter: Some(Cow::Borrowed("")),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl<'a> Message<'a> for DescribeAclsRequest<'a> {
    const KEY: i16 = 29;
    const NAME: &'static str = "DescribeAclsRequest";
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
        m.resource_type_filter = r.i8()?;
        m.resource_name_filter = r.nullable_string(flexible)?;
        m.pattern_type_filter = r.i8()?;
        m.principal_filter = r.nullable_string(flexible)?;
        m.host_filter = r.nullable_string(flexible)?;
        m.operation = r.i8()?;
        m.permission_type = r.i8()?;
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
        w.i8(self.resource_type_filter);
        w.nullable_string(self.resource_name_filter.as_deref(), flexible)?;
        w.i8(self.pattern_type_filter);
        w.nullable_string(self.principal_filter.as_deref(), flexible)?;
        w.nullable_string(self.host_filter.as_deref(), flexible)?;
        w.i8(self.operation);
        w.i8(self.permission_type);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DescribeAclsRequest<'_> {
    const API: ApiKey = ApiKey::DescribeAcls;
    type Response<'b> = super::DescribeAclsResponseType<'b>;
}

impl DescribeAclsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeAclsRequest<'static> {
        DescribeAclsRequest {
            resource_type_filter: self.resource_type_filter,
            resource_name_filter: self
                .resource_name_filter
                .map(|value| Cow::Owned(value.into_owned())),
            pattern_type_filter: self.pattern_type_filter,
            principal_filter: self
                .principal_filter
                .map(|value| Cow::Owned(value.into_owned())),
            host_filter: self.host_filter.map(|value| Cow::Owned(value.into_owned())),
            operation: self.operation,
            permission_type: self.permission_type,
        }
    }
}
