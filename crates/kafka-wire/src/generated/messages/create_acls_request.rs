//! `CreateAclsRequest`, versions 1-3. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `CreateAclsRequest`, key 30, versions 1-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAclsRequest<'a> {
    /// `[]AclCreation, versions 1-3`
    pub creations: Vec<AclCreation<'a>>,
}

impl<'a> Default for CreateAclsRequest<'a> {
    fn default() -> Self {
        Self {
            creations: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for CreateAclsRequest<'a> {
    const KEY: i16 = 30;
    const NAME: &'static str = "CreateAclsRequest";
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
        m.creations = r.array(flexible, 8, |r| AclCreation::decode(r, version))?;
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
        w.array(&self.creations, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for CreateAclsRequest<'_> {
    const API: ApiKey = ApiKey::CreateAcls;
    type Response<'b> = super::CreateAclsResponseType<'b>;
}

impl CreateAclsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreateAclsRequest<'static> {
        CreateAclsRequest {
            creations: self
                .creations
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`CreateAclsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclCreation<'a> {
    /// `int8, versions 1-3`
    pub resource_type: i8,
    /// `string, versions 1-3`
    pub resource_name: Cow<'a, str>,
    /// `int8, versions 1-3, default 3`
    pub resource_pattern_type: i8,
    /// `string, versions 1-3`
    pub principal: Cow<'a, str>,
    /// `string, versions 1-3`
    pub host: Cow<'a, str>,
    /// `int8, versions 1-3`
    pub operation: i8,
    /// `int8, versions 1-3`
    pub permission_type: i8,
}

impl<'a> Default for AclCreation<'a> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            resource_pattern_type: 3,
            principal: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl<'a> AclCreation<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.resource_type = r.i8()?;
        m.resource_name = r.string(flexible)?;
        m.resource_pattern_type = r.i8()?;
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
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.i8(self.resource_pattern_type);
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

impl AclCreation<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AclCreation<'static> {
        AclCreation {
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            resource_pattern_type: self.resource_pattern_type,
            principal: Cow::Owned(self.principal.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            operation: self.operation,
            permission_type: self.permission_type,
        }
    }
}
