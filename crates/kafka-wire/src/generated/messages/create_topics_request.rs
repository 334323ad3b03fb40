//! `CreateTopicsRequest`, versions 2-7. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `CreateTopicsRequest`, key 19, versions 2-7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTopicsRequest<'a> {
    /// `[]CreatableTopic, versions 2-7`
    pub topics: Vec<CreatableTopic<'a>>,
    /// `int32, versions 2-7, default 60000`
    pub timeout_ms: i32,
    /// `bool, versions 2-7, default false`
    pub validate_only: bool,
}

impl<'a> Default for CreateTopicsRequest<'a> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            timeout_ms: 60000,
            validate_only: false,
        }
    }
}

impl<'a> Message<'a> for CreateTopicsRequest<'a> {
    const KEY: i16 = 19;
    const NAME: &'static str = "CreateTopicsRequest";
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
        m.topics = r.array(flexible, 10, |r| CreatableTopic::decode(r, version))?;
        m.timeout_ms = r.i32()?;
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
        let flexible = version >= 5;
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        w.i32(self.timeout_ms);
        w.bool(self.validate_only);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for CreateTopicsRequest<'_> {
    const API: ApiKey = ApiKey::CreateTopics;
    type Response<'b> = super::CreateTopicsResponseType<'b>;
}

impl CreateTopicsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreateTopicsRequest<'static> {
        CreateTopicsRequest {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            timeout_ms: self.timeout_ms,
            validate_only: self.validate_only,
        }
    }
}

/// Part of [`CreateTopicsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableTopic<'a> {
    /// `string, versions 2-7`
    pub name: Cow<'a, str>,
    /// `int32, versions 2-7`
    pub num_partitions: i32,
    /// `int16, versions 2-7`
    pub replication_factor: i16,
    /// `[]CreatableReplicaAssignment, versions 2-7`
    pub assignments: Vec<CreatableReplicaAssignment>,
    /// `[]CreatableTopicConfig, versions 2-7`
    pub configs: Vec<CreatableTopicConfig<'a>>,
}

impl<'a> Default for CreatableTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            num_partitions: 0,
            replication_factor: 0,
            assignments: Vec::new(),
            configs: Vec::new(),
        }
    }
}

impl<'a> CreatableTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 5;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.num_partitions = r.i32()?;
        m.replication_factor = r.i16()?;
        m.assignments = r.array(flexible, 6, |r| {
            CreatableReplicaAssignment::decode(r, version)
        })?;
        m.configs = r.array(flexible, 3, |r| CreatableTopicConfig::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 5;
        w.string(&self.name, flexible)?;
        w.i32(self.num_partitions);
        w.i16(self.replication_factor);
        w.array(&self.assignments, flexible, |w, value| {
            value.encode(w, version)
        })?;
        w.array(&self.configs, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl CreatableTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatableTopic<'static> {
        CreatableTopic {
            name: Cow::Owned(self.name.into_owned()),
            num_partitions: self.num_partitions,
            replication_factor: self.replication_factor,
            assignments: self.assignments,
            configs: self
                .configs
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`CreateTopicsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableReplicaAssignment {
    /// `int32, versions 2-7`
    pub partition_index: i32,
    /// `[]int32, versions 2-7`
    pub broker_ids: Vec<i32>,
}

impl Default for CreatableReplicaAssignment {
    fn default() -> Self {
        Self {
            partition_index: 0,
            broker_ids: Vec::new(),
        }
    }
}

impl CreatableReplicaAssignment {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 5;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.broker_ids = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 5;
        w.i32(self.partition_index);
        w.array(&self.broker_ids, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

/// Part of [`CreateTopicsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatableTopicConfig<'a> {
    /// `string, versions 2-7`
    pub name: Cow<'a, str>,
    /// `string, versions 2-7, nullable 2-7`
    pub value: Option<Cow<'a, str>>,
}

impl<'a> Default for CreatableTopicConfig<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            value: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> CreatableTopicConfig<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 5;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.value = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 5;
        w.string(&self.name, flexible)?;
        w.nullable_string(self.value.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl CreatableTopicConfig<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> CreatableTopicConfig<'static> {
        CreatableTopicConfig {
            name: Cow::Owned(self.name.into_owned()),
            value: self.value.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
