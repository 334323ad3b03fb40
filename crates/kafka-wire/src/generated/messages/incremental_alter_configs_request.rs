//! `IncrementalAlterConfigsRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `IncrementalAlterConfigsRequest`, key 44, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncrementalAlterConfigsRequest<'a> {
    /// `[]AlterConfigsResource, versions 0-1`
    pub resources: Vec<AlterConfigsResource<'a>>,
    /// `bool, versions 0-1`
    pub validate_only: bool,
}

impl<'a> Default for IncrementalAlterConfigsRequest<'a> {
    fn default() -> Self {
        Self {
            resources: Vec::new(),
            validate_only: false,
        }
    }
}

impl<'a> Message<'a> for IncrementalAlterConfigsRequest<'a> {
    const KEY: i16 = 44;
    const NAME: &'static str = "IncrementalAlterConfigsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FLEXIBLE_FROM: Option<i16> = Some(1);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 1;
        let mut m = Self::default();
        m.resources = r.array(flexible, 4, |r| AlterConfigsResource::decode(r, version))?;
        m.validate_only = r.bool()?;
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
        let flexible = version >= 1;
        w.array(&self.resources, flexible, |w, value| {
            value.encode(w, version)
        })?;
        w.bool(self.validate_only);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for IncrementalAlterConfigsRequest<'_> {
    const API: ApiKey = ApiKey::IncrementalAlterConfigs;
    type Response<'b> = super::IncrementalAlterConfigsResponseType<'b>;
}

impl IncrementalAlterConfigsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> IncrementalAlterConfigsRequest<'static> {
        IncrementalAlterConfigsRequest {
            resources: self
                .resources
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            validate_only: self.validate_only,
        }
    }
}

/// Part of [`IncrementalAlterConfigsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterConfigsResource<'a> {
    /// `int8, versions 0-1`
    pub resource_type: i8,
    /// `string, versions 0-1`
    pub resource_name: Cow<'a, str>,
    /// `[]AlterableConfig, versions 0-1`
    pub configs: Vec<AlterableConfig<'a>>,
}

impl<'a> Default for AlterConfigsResource<'a> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            configs: Vec::new(),
        }
    }
}

impl<'a> AlterConfigsResource<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.resource_type = r.i8()?;
        m.resource_name = r.string(flexible)?;
        m.configs = r.array(flexible, 4, |r| AlterableConfig::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.array(&self.configs, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AlterConfigsResource<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterConfigsResource<'static> {
        AlterConfigsResource {
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            configs: self
                .configs
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`IncrementalAlterConfigsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterableConfig<'a> {
    /// `string, versions 0-1`
    pub name: Cow<'a, str>,
    /// `int8, versions 0-1`
    pub config_operation: i8,
    /// `string, versions 0-1, nullable 0-1`
    pub value: Option<Cow<'a, str>>,
}

impl<'a> Default for AlterableConfig<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            config_operation: 0,
            value: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> AlterableConfig<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.config_operation = r.i8()?;
        m.value = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.string(&self.name, flexible)?;
        w.i8(self.config_operation);
        w.nullable_string(self.value.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AlterableConfig<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterableConfig<'static> {
        AlterableConfig {
            name: Cow::Owned(self.name.into_owned()),
            config_operation: self.config_operation,
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
