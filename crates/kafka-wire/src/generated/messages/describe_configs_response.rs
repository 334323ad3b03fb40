//! `DescribeConfigsResponse`, versions 1-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeConfigsResponse`, key 32, versions 1-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsResponse<'a> {
    /// `int32, versions 1-4`
    pub throttle_time_ms: i32,
    /// `[]DescribeConfigsResult, versions 1-4`
    pub results: Vec<DescribeConfigsResult<'a>>,
}

impl<'a> Default for DescribeConfigsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeConfigsResponse<'a> {
    const KEY: i16 = 32;
    const NAME: &'static str = "DescribeConfigsResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.results = r.array(flexible, 7, |r| DescribeConfigsResult::decode(r, version))?;
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
        w.i32(self.throttle_time_ms);
        w.array(&self.results, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeConfigsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeConfigsResponse<'static> {
        DescribeConfigsResponse {
            throttle_time_ms: self.throttle_time_ms,
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeConfigsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsResult<'a> {
    /// `int16, versions 1-4`
    pub error_code: i16,
    /// `string, versions 1-4, nullable 1-4`
    pub error_message: Option<Cow<'a, str>>,
    /// `int8, versions 1-4`
    pub resource_type: i8,
    /// `string, versions 1-4`
    pub resource_name: Cow<'a, str>,
    /// `[]DescribeConfigsResourceResult, versions 1-4`
    pub configs: Vec<DescribeConfigsResourceResult<'a>>,
}

impl<'a> Default for DescribeConfigsResult<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            resource_type: 0,
            resource_name: Cow::Borrowed(""),
            configs: Vec::new(),
        }
    }
}

impl<'a> DescribeConfigsResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        m.resource_type = r.i8()?;
        m.resource_name = r.string(flexible)?;
        m.configs = r.array(flexible, 9, |r| {
            DescribeConfigsResourceResult::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.i8(self.resource_type);
        w.string(&self.resource_name, flexible)?;
        w.array(&self.configs, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeConfigsResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeConfigsResult<'static> {
        DescribeConfigsResult {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
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

/// Part of [`DescribeConfigsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsResourceResult<'a> {
    /// `string, versions 1-4`
    pub name: Cow<'a, str>,
    /// `string, versions 1-4, nullable 1-4`
    pub value: Option<Cow<'a, str>>,
    /// `bool, versions 1-4`
    pub read_only: bool,
    /// `int8, versions 1-4, default -1, ignorable`
    pub config_source: i8,
    /// `bool, versions 1-4`
    pub is_sensitive: bool,
    /// `[]DescribeConfigsSynonym, versions 1-4, ignorable`
    pub synonyms: Vec<DescribeConfigsSynonym<'a>>,
    /// `int8, versions 3-4, default 0, ignorable`
    pub config_type: i8,
    /// `string, versions 3-4, nullable 3-4, ignorable`
    pub documentation: Option<Cow<'a, str>>,
}

impl<'a> Default for DescribeConfigsResourceResult<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> DescribeConfigsResourceResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.value = r.nullable_string(flexible)?;
        m.read_only = r.bool()?;
        m.config_source = r.i8()?;
        m.is_sensitive = r.bool()?;
        m.synonyms = r.array(flexible, 4, |r| DescribeConfigsSynonym::decode(r, version))?;
        if version >= 3 {
            m.config_type = r.i8()?;
        }
        if version >= 3 {
            m.documentation = r.nullable_string(flexible)?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.string(&self.name, flexible)?;
        w.nullable_string(self.value.as_deref(), flexible)?;
        w.bool(self.read_only);
        w.i8(self.config_source);
        w.bool(self.is_sensitive);
        w.array(&self.synonyms, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if version >= 3 {
            w.i8(self.config_type);
        }
        if version >= 3 {
            w.nullable_string(self.documentation.as_deref(), flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeConfigsResourceResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeConfigsResourceResult<'static> {
        DescribeConfigsResourceResult {
            name: Cow::Owned(self.name.into_owned()),
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
            read_only: self.read_only,
            config_source: self.config_source,
            is_sensitive: self.is_sensitive,
            synonyms: self
                .synonyms
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            config_type: self.config_type,
            documentation: self
                .documentation
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// Part of [`DescribeConfigsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeConfigsSynonym<'a> {
    /// `string, versions 1-4`
    pub name: Cow<'a, str>,
    /// `string, versions 1-4, nullable 1-4`
    pub value: Option<Cow<'a, str>>,
    /// `int8, versions 1-4`
    pub source: i8,
}

impl<'a> Default for DescribeConfigsSynonym<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
            source: 0,
        }
    }
}

impl<'a> DescribeConfigsSynonym<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.value = r.nullable_string(flexible)?;
        m.source = r.i8()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.string(&self.name, flexible)?;
        w.nullable_string(self.value.as_deref(), flexible)?;
        w.i8(self.source);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeConfigsSynonym<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeConfigsSynonym<'static> {
        DescribeConfigsSynonym {
            name: Cow::Owned(self.name.into_owned()),
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
            source: self.source,
        }
    }
}
