//! `CreateTopicsResponse`, versions 2-7. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `CreateTopicsResponse`, key 19, versions 2-7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTopicsResponse<'a> {
    /// `int32, versions 2-7, ignorable`
    pub throttle_time_ms: i32,
    /// `[]CreatableTopicResult, versions 2-7`
    pub topics: Vec<CreatableTopicResult<'a>>,
}

impl<'a> Default for CreateTopicsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for CreateTopicsResponse<'a> {
    const KEY: i16 = 19;
    const NAME: &'static str = "CreateTopicsResponse";
    const VERSIONS: VersionRange = VersionRange::new(2, 7);
    const FLEXIBLE_FROM: Option<i16> = Some(5);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 5;
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        m.topics = r.array(flexible, 6, |r| CreatableTopicResult::decode(r, version))?;
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
        let flexible = version >= 5;
        w.i32(self.throttle_time_ms);
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl CreateTopicsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreateTopicsResponse<'static> {
        CreateTopicsResponse {
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`CreateTopicsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableTopicResult<'a> {
    /// `string, versions 2-7`
    pub name: Cow<'a, str>,
    /// `uuid, versions 7, ignorable`
    pub topic_id: Uuid,
    /// `int16, versions 2-7`
    pub error_code: i16,
    /// `string, versions 2-7, nullable 2-7, ignorable`
    pub error_message: Option<Cow<'a, str>>,
    /// `int16, versions 5-7, tag 0, ignorable`
    pub topic_config_error_code: i16,
    /// `int32, versions 5-7, default -1, ignorable`
    pub num_partitions: i32,
    /// `int16, versions 5-7, default -1, ignorable`
    pub replication_factor: i16,
    /// `[]CreatableTopicConfigs, versions 5-7, nullable 5-7, ignorable`
    pub configs: Option<Vec<CreatableTopicConfigs<'a>>>,
}

impl<'a> Default for CreatableTopicResult<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            topic_config_error_code: 0,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
        }
    }
}

impl<'a> CreatableTopicResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 5;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        if version >= 7 {
            m.topic_id = r.uuid()?;
        }
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        if version >= 5 {
            m.num_partitions = r.i32()?;
        }
        if version >= 5 {
            m.replication_factor = r.i16()?;
        }
        if version >= 5 {
            m.configs =
                r.nullable_array(flexible, 6, |r| CreatableTopicConfigs::decode(r, version))?;
        }
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 5 => m.topic_config_error_code = r.i16()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 5;
        w.string(&self.name, flexible)?;
        if version >= 7 {
            w.uuid(self.topic_id);
        }
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        if version >= 5 {
            w.i32(self.num_partitions);
        }
        if version >= 5 {
            w.i16(self.replication_factor);
        }
        if version >= 5 {
            w.nullable_array(self.configs.as_deref(), flexible, |w, value| {
                value.encode(w, version)
            })?;
        }
        let has_topic_config_error_code = version >= 5 && self.topic_config_error_code != 0;
        if flexible {
            w.uvarint(u32::from(has_topic_config_error_code));
            if has_topic_config_error_code {
                w.tagged(0, |w| {
                    w.i16(self.topic_config_error_code);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

impl CreatableTopicResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatableTopicResult<'static> {
        CreatableTopicResult {
            name: Cow::Owned(self.name.into_owned()),
            topic_id: self.topic_id,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            topic_config_error_code: self.topic_config_error_code,
            num_partitions: self.num_partitions,
            replication_factor: self.replication_factor,
            configs: self
                .configs
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
        }
    }
}

/// Part of [`CreateTopicsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableTopicConfigs<'a> {
    /// `string, versions 5-7`
    pub name: Cow<'a, str>,
    /// `string, versions 5-7, nullable 5-7`
    pub value: Option<Cow<'a, str>>,
    /// `bool, versions 5-7`
    pub read_only: bool,
    /// `int8, versions 5-7, default -1, ignorable`
    pub config_source: i8,
    /// `bool, versions 5-7`
    pub is_sensitive: bool,
}

impl<'a> Default for CreatableTopicConfigs<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
        }
    }
}

impl<'a> CreatableTopicConfigs<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.value = r.nullable_string(true)?;
        m.read_only = r.bool()?;
        m.config_source = r.i8()?;
        m.is_sensitive = r.bool()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.nullable_string(self.value.as_deref(), true)?;
        w.bool(self.read_only);
        w.i8(self.config_source);
        w.bool(self.is_sensitive);
        w.uvarint(0);
        Ok(())
    }
}

impl CreatableTopicConfigs<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatableTopicConfigs<'static> {
        CreatableTopicConfigs {
            name: Cow::Owned(self.name.into_owned()),
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
            read_only: self.read_only,
            config_source: self.config_source,
            is_sensitive: self.is_sensitive,
        }
    }
}
