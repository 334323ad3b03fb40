//! `DescribeConfigsRequest`, versions 1-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeConfigsRequest`, key 32, versions 1-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsRequest<'a> {
    /// `[]DescribeConfigsResource, versions 1-4`
    pub resources: Vec<DescribeConfigsResource<'a>>,
    /// `bool, versions 1-4, default false`
    pub include_synonyms: bool,
    /// `bool, versions 3-4, default false`
    pub include_documentation: bool,
}

impl<'a> Default for DescribeConfigsRequest<'a> {
    fn default() -> Self {
        Self {
            resources: Vec::new(),
            include_synonyms: false,
            include_documentation: false,
        }
    }
}

impl<'a> Message<'a> for DescribeConfigsRequest<'a> {
    const KEY: i16 = 32;
    const NAME: &'static str = "DescribeConfigsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 4);
    const FLEXIBLE_FROM: Option<i16> = Some(4);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 4;
        let mut m = Self::default();
        m.resources = r.array(flexible, 4, |r| DescribeConfigsResource::decode(r, version))?;
        m.include_synonyms = r.bool()?;
        if version >= 3 {
            m.include_documentation = r.bool()?;
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
        let flexible = version >= 4;
        w.array(&self.resources, flexible, |w, value| {
            value.encode(w, version)
        })?;
        w.bool(self.include_synonyms);
        if version >= 3 {
            w.bool(self.include_documentation);
        } else if self.include_documentation {
            return Err(WireError::FieldNotInVersion {
                message: "DescribeConfigsRequest",
                field: "include_documentation",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DescribeConfigsRequest<'_> {
    const API: ApiKey = ApiKey::DescribeConfigs;
    type Response<'b> = super::DescribeConfigsResponseType<'b>;
}

impl DescribeConfigsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeConfigsRequest<'static> {
        DescribeConfigsRequest {
            resources: self
                .resources
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            include_synonyms: self.include_synonyms,
            include_documentation: self.include_documentation,
        }
    }
}

/// Part of [`DescribeConfigsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsResource<'a> {
    /// `int8, versions 1-4`
    pub resource_type: i8,
    /// `string, versions 1-4`
    pub resource_name: Cow<'a, str>,
    /// `[]string, versions 1-4, nullable 1-4`
    pub configuration_keys: Option<Vec<Cow<'a, str>>>,
}

impl<'a> Default for DescribeConfigsResource<'a> {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            configuration_keys: Some(Vec::new()),
        }
    }
}

impl<'a> DescribeConfigsResource<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.resource_type = r.i8()?;
        m.resource_name = r.string(flexible)?;
        m.configuration_keys = r.nullable_array(flexible, 1, |r| r.string(flexible))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.nullable_array(self.configuration_keys.as_deref(), flexible, |w, value| {
            w.string(value, flexible)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeConfigsResource<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeConfigsResource<'static> {
        DescribeConfigsResource {
            resource_type: self.resource_type,
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            configuration_keys: self.configuration_keys.map(|value| {
                value
                    .into_iter()
                    .map(|one| Cow::Owned(one.into_owned()))
                    .collect()
            }),
        }
    }
}
