//! `MetadataRequest`, versions 0-13. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::message::required;
use crate::*;

/// `MetadataRequest`, key 3, versions 0-13.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataRequest<'a> {
    /// `[]MetadataRequestTopic, versions 0-13, nullable 1-13`
    pub topics: Option<Vec<MetadataRequestTopic<'a>>>,
    /// `bool, versions 4-13, default true`
    pub allow_auto_topic_creation: bool,
    /// `bool, versions 8-10`
    pub include_cluster_authorized_operations: bool,
    /// `bool, versions 8-13`
    pub include_topic_authorized_operations: bool,
}

impl<'a> Default for MetadataRequest<'a> {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
        }
    }
}

impl<'a> Message<'a> for MetadataRequest<'a> {
    const KEY: i16 = 3;
    const NAME: &'static str = "MetadataRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 13);
    const FLEXIBLE_FROM: Option<i16> = Some(9);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 9;
        let mut m = Self::default();
        m.topics = if version >= 1 {
            r.nullable_array(flexible, 2, |r| MetadataRequestTopic::decode(r, version))?
        } else {
            Some(r.array(flexible, 2, |r| MetadataRequestTopic::decode(r, version))?)
        };
        if version >= 4 {
            m.allow_auto_topic_creation = r.bool()?;
        }
        if (8..=10).contains(&version) {
            m.include_cluster_authorized_operations = r.bool()?;
        }
        if version >= 8 {
            m.include_topic_authorized_operations = r.bool()?;
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
        let flexible = version >= 9;
        if version >= 1 {
            w.nullable_array(self.topics.as_deref(), flexible, |w, value| {
                value.encode(w, version)
            })?;
        } else {
            let value = required(&self.topics, "MetadataRequest", "topics", version)?;
            w.array(value, flexible, |w, value| value.encode(w, version))?;
        }
        if version >= 4 {
            w.bool(self.allow_auto_topic_creation);
        } else if !self.allow_auto_topic_creation {
            return Err(WireError::FieldNotInVersion {
                message: "MetadataRequest",
                field: "allow_auto_topic_creation",
                version,
            });
        }
        if (8..=10).contains(&version) {
            w.bool(self.include_cluster_authorized_operations);
        } else if self.include_cluster_authorized_operations {
            return Err(WireError::FieldNotInVersion {
                message: "MetadataRequest",
                field: "include_cluster_authorized_operations",
                version,
            });
        }
        if version >= 8 {
            w.bool(self.include_topic_authorized_operations);
        } else if self.include_topic_authorized_operations {
            return Err(WireError::FieldNotInVersion {
                message: "MetadataRequest",
                field: "include_topic_authorized_operations",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for MetadataRequest<'_> {
    const API: ApiKey = ApiKey::Metadata;
    type Response<'b> = super::MetadataResponseType<'b>;
}

impl MetadataRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MetadataRequest<'static> {
        MetadataRequest {
            topics: self
                .topics
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
            allow_auto_topic_creation: self.allow_auto_topic_creation,
            include_cluster_authorized_operations: self.include_cluster_authorized_operations,
            include_topic_authorized_operations: self.include_topic_authorized_operations,
        }
    }
}

/// Part of [`MetadataRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataRequestTopic<'a> {
    /// `uuid, versions 10-13, ignorable`
    pub topic_id: Uuid,
    /// `string, versions 0-13, nullable 10-13`
    pub name: Option<Cow<'a, str>>,
}

impl<'a> Default for MetadataRequestTopic<'a> {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            name: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> MetadataRequestTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        if version >= 10 {
            m.topic_id = r.uuid()?;
        }
        m.name = if version >= 10 {
            r.nullable_string(flexible)?
        } else {
            Some(r.string(flexible)?)
        };
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        if version >= 10 {
            w.uuid(self.topic_id);
        }
        if version >= 10 {
            w.nullable_string(self.name.as_deref(), flexible)?;
        } else {
            let value = required(&self.name, "MetadataRequestTopic", "name", version)?;
            w.string(value, flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl MetadataRequestTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MetadataRequestTopic<'static> {
        MetadataRequestTopic {
            topic_id: self.topic_id,
            name: self.name.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
