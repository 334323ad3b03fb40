//! `OffsetFetchRequest`, versions 1-10. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::message::required;
use crate::*;

/// `OffsetFetchRequest`, key 9, versions 1-10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchRequest<'a> {
    /// `string, versions 1-7`
    pub group_id: Cow<'a, str>,
    /// `[]OffsetFetchRequestTopic, versions 1-7, nullable 2-7`
    pub topics: Option<Vec<OffsetFetchRequestTopic<'a>>>,
    /// `[]OffsetFetchRequestGroup, versions 8-10`
    pub groups: Vec<OffsetFetchRequestGroup<'a>>,
    /// `bool, versions 7-10, default false`
    pub require_stable: bool,
}

impl<'a> Default for OffsetFetchRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            topics: Some(Vec::new()),
            groups: Vec::new(),
            require_stable: false,
        }
    }
}

impl<'a> Message<'a> for OffsetFetchRequest<'a> {
    const KEY: i16 = 9;
    const NAME: &'static str = "OffsetFetchRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 10);
    const FLEXIBLE_FROM: Option<i16> = Some(6);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 6;
        let mut m = Self::default();
        if version <= 7 {
            m.group_id = r.string(flexible)?;
        }
        if version <= 7 {
            m.topics = if version >= 2 {
                r.nullable_array(flexible, 3, |r| OffsetFetchRequestTopic::decode(r, version))?
            } else {
                Some(r.array(flexible, 3, |r| OffsetFetchRequestTopic::decode(r, version))?)
            };
        }
        if version >= 8 {
            m.groups = r.array(flexible, 3, |r| OffsetFetchRequestGroup::decode(r, version))?;
        }
        if version >= 7 {
            m.require_stable = r.bool()?;
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
        let flexible = version >= 6;
        if version <= 7 {
            w.string(&self.group_id, flexible)?;
        } else if !self.group_id.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "OffsetFetchRequest",
                field: "group_id",
                version,
            });
        }
        if version <= 7 {
            if version >= 2 {
                w.nullable_array(self.topics.as_deref(), flexible, |w, value| {
                    value.encode(w, version)
                })?;
            } else {
                let value = required(&self.topics, "OffsetFetchRequest", "topics", version)?;
                w.array(value, flexible, |w, value| value.encode(w, version))?;
            }
        } else if self
            .topics
            .as_deref()
            .is_some_and(|value| !value.is_empty())
        {
            return Err(WireError::FieldNotInVersion {
                message: "OffsetFetchRequest",
                field: "topics",
                version,
            });
        }
        if version >= 8 {
            w.array(&self.groups, flexible, |w, value| value.encode(w, version))?;
        } else if !self.groups.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "OffsetFetchRequest",
                field: "groups",
                version,
            });
        }
        if version >= 7 {
            w.bool(self.require_stable);
        } else if self.require_stable {
            return Err(WireError::FieldNotInVersion {
                message: "OffsetFetchRequest",
                field: "require_stable",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for OffsetFetchRequest<'_> {
    const API: ApiKey = ApiKey::OffsetFetch;
    type Response<'b> = super::OffsetFetchResponseType<'b>;
}

impl OffsetFetchRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchRequest<'static> {
        OffsetFetchRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            topics: self
                .topics
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
            groups: self
                .groups
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            require_stable: self.require_stable,
        }
    }
}

/// Part of [`OffsetFetchRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchRequestTopic<'a> {
    /// `string, versions 1-7`
    pub name: Cow<'a, str>,
    /// `[]int32, versions 1-7`
    pub partition_indexes: Vec<i32>,
}

impl<'a> Default for OffsetFetchRequestTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partition_indexes: Vec::new(),
        }
    }
}

impl<'a> OffsetFetchRequestTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 6;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partition_indexes = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 6;
        w.string(&self.name, flexible)?;
        w.array(&self.partition_indexes, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OffsetFetchRequestTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchRequestTopic<'static> {
        OffsetFetchRequestTopic {
            name: Cow::Owned(self.name.into_owned()),
            partition_indexes: self.partition_indexes,
        }
    }
}

/// Part of [`OffsetFetchRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchRequestGroup<'a> {
    /// `string, versions 8-10`
    pub group_id: Cow<'a, str>,
    /// `string, versions 9-10, nullable 9-10, default null, ignorable`
    pub member_id: Option<Cow<'a, str>>,
    /// `int32, versions 9-10, default -1, ignorable`
    pub member_epoch: i32,
    /// `[]OffsetFetchRequestTopics, versions 8-10, nullable 8-10`
    pub topics: Option<Vec<OffsetFetchRequestTopics<'a>>>,
}

impl<'a> Default for OffsetFetchRequestGroup<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            member_id: None,
            member_epoch: -1,
            topics: Some(Vec::new()),
        }
    }
}

impl<'a> OffsetFetchRequestGroup<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.group_id = r.string(true)?;
        if version >= 9 {
            m.member_id = r.nullable_string(true)?;
        }
        if version >= 9 {
            m.member_epoch = r.i32()?;
        }
        m.topics = r.nullable_array(true, 3, |r| OffsetFetchRequestTopics::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.group_id, true)?;
        if version >= 9 {
            w.nullable_string(self.member_id.as_deref(), true)?;
        }
        if version >= 9 {
            w.i32(self.member_epoch);
        }
        w.nullable_array(self.topics.as_deref(), true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl OffsetFetchRequestGroup<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchRequestGroup<'static> {
        OffsetFetchRequestGroup {
            group_id: Cow::Owned(self.group_id.into_owned()),
            member_id: self.member_id.map(|value| Cow::Owned(value.into_owned())),
            member_epoch: self.member_epoch,
            topics: self
                .topics
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
        }
    }
}

/// Part of [`OffsetFetchRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetFetchRequestTopics<'a> {
    /// `string, versions 8-9, ignorable`
    pub name: Cow<'a, str>,
    /// `uuid, versions 10, ignorable`
    pub topic_id: Uuid,
    /// `[]int32, versions 8-10`
    pub partition_indexes: Vec<i32>,
}

impl<'a> Default for OffsetFetchRequestTopics<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partition_indexes: Vec::new(),
        }
    }
}

impl<'a> OffsetFetchRequestTopics<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        if version <= 9 {
            m.name = r.string(true)?;
        }
        if version >= 10 {
            m.topic_id = r.uuid()?;
        }
        m.partition_indexes = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if version <= 9 {
            w.string(&self.name, true)?;
        }
        if version >= 10 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partition_indexes, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl OffsetFetchRequestTopics<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetFetchRequestTopics<'static> {
        OffsetFetchRequestTopics {
            name: Cow::Owned(self.name.into_owned()),
            topic_id: self.topic_id,
            partition_indexes: self.partition_indexes,
        }
    }
}
