//! `DescribeAclsResponse`, versions 1-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeAclsResponse`, key 29, versions 1-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeAclsResponse<'a> {
    /// `int32, versions 1-3`
    pub throttle_time_ms: i32,
    /// `int16, versions 1-3`
    pub error_code: i16,
    /// `string, versions 1-3, nullable 1-3`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]DescribeAclsResource, versions 1-3`
    pub resources: Vec<DescribeAclsResource<'a>>,
}

impl<'a> Default for DescribeAclsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            resources: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeAclsResponse<'a> {
    const KEY: i16 = 29;
    const NAME: &'static str = "DescribeAclsResponse";
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
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        m.resources = r.array(flexible, 5, |r| DescribeAclsResource::decode(r, version))?;
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
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.array(&self.resources, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeAclsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeAclsResponse<'static> {
        DescribeAclsResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            resources: self
                .resources
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeAclsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeAclsResource<'a> {
    /// `int8, versions 1-3`
    pub resource_type: i8,
    /// `string, versions 1-3`
    pub resource_name: Cow<'a, str>,
    /// `int8, versions 1-3, default 3`
    pub pattern_type: i8,
    /// `[]AclDescription, versions 1-3`
    pub acls: Vec<AclDescription<'a>>,
}

impl<'a> Default for DescribeAclsResource<'a> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            pattern_type: 3,
            acls: Vec::new(),
        }
    }
}

impl<'a> DescribeAclsResource<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.resource_type = r.i8()?;
        m.resource_name = r.string(flexible)?;
        m.pattern_type = r.i8()?;
        m.acls = r.array(flexible, 5, |r| AclDescription::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.i8(self.pattern_type);
        w.array(&self.acls, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeAclsResource<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeAclsResource<'static> {
        DescribeAclsResource {
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            pattern_type: self.pattern_type,
            acls: self.acls.into_iter().map(|one| one.into_owned()).collect(),
        }
    }
}

/// Part of [`DescribeAclsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclDescription<'a> {
    /// `string, versions 1-3`
    pub principal: Cow<'a, str>,
    /// `string, versions 1-3`
    pub host: Cow<'a, str>,
    /// `int8, versions 1-3`
    pub operation: i8,
    /// `int8, versions 1-3`
    pub permission_type: i8,
}

impl<'a> Default for AclDescription<'a> {
    fn default() -> Self {
        Self {
            principal: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl<'a> AclDescription<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
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

impl AclDescription<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AclDescription<'static> {
        AclDescription {
            principal: Cow::Owned(self.principal.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            operation: self.operation,
            permission_type: self.permission_type,
        }
    }
}
