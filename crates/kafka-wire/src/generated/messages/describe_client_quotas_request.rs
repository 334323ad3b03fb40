//! `DescribeClientQuotasRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeClientQuotasRequest`, key 48, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeClientQuotasRequest<'a> {
    /// `[]ComponentData, versions 0-1`
    pub components: Vec<ComponentData<'a>>,
    /// `bool, versions 0-1`
    pub strict: bool,
}

impl<'a> Default for DescribeClientQuotasRequest<'a> {
    fn default() -> Self {
        Self {
            components: Vec::new(),
            strict: false,
        }
    }
}

impl<'a> Message<'a> for DescribeClientQuotasRequest<'a> {
    const KEY: i16 = 48;
    const NAME: &'static str = "DescribeClientQuotasRequest";
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
        m.components = r.array(flexible, 4, |r| ComponentData::decode(r, version))?;
        m.strict = r.bool()?;
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
        w.array(&self.components, flexible, |w, value| {
            value.encode(w, version)
        })?;
        w.bool(self.strict);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DescribeClientQuotasRequest<'_> {
    const API: ApiKey = ApiKey::DescribeClientQuotas;
    type Response<'b> = super::DescribeClientQuotasResponseType<'b>;
}

impl DescribeClientQuotasRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeClientQuotasRequest<'static> {
        DescribeClientQuotasRequest {
            components: self
                .components
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            strict: self.strict,
        }
    }
}

/// Part of [`DescribeClientQuotasRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentData<'a> {
    /// `string, versions 0-1`
    pub entity_type: Cow<'a, str>,
    /// `int8, versions 0-1`
    pub match_type: i8,
    /// `string, versions 0-1, nullable 0-1`
    pub r#match: Option<Cow<'a, str>>,
}

impl<'a> Default for ComponentData<'a> {
    fn default() -> Self {
        Self {
            entity_type: Cow::Borrowed(""),
            match_type: 0,
            r#match: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> ComponentData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.entity_type = r.string(flexible)?;
        m.match_type = r.i8()?;
        m.r#match = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.string(&self.entity_type, flexible)?;
        w.i8(self.match_type);
        w.nullable_string(self.r#match.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl ComponentData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ComponentData<'static> {
        ComponentData {
            entity_type: Cow::Owned(self.entity_type.into_owned()),
            match_type: self.match_type,
            r#match: self.r#match.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
