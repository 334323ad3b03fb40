//! `DeleteTopicsRequest`, versions 1-6. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DeleteTopicsRequest`, key 20, versions 1-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTopicsRequest<'a> {
    /// `[]DeleteTopicState, versions 6`
    pub topics: Vec<DeleteTopicState<'a>>,
    /// `[]string, versions 1-5, ignorable`
    pub topic_names: Vec<Cow<'a, str>>,
    /// `int32, versions 1-6`
    pub timeout_ms: i32,
}

impl<'a> Default for DeleteTopicsRequest<'a> {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            topic_names: Vec::new(),
            timeout_ms: 0,
        }
    }
}

impl<'a> Message<'a> for DeleteTopicsRequest<'a> {
    const KEY: i16 = 20;
    const NAME: &'static str = "DeleteTopicsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 6);
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
        if version >= 6 {
            m.topics = r.array(flexible, 18, |r| DeleteTopicState::decode(r, version))?;
        }
        if version <= 5 {
            m.topic_names = r.array(flexible, 1, |r| r.string(flexible))?;
        }
        m.timeout_ms = r.i32()?;
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
        if version >= 6 {
            w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        } else if !self.topics.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "DeleteTopicsRequest",
                field: "topics",
                version,
            });
        }
        if version <= 5 {
            w.array(&self.topic_names, flexible, |w, value| {
                w.string(value, flexible)
            })?;
        }
        w.i32(self.timeout_ms);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for DeleteTopicsRequest<'_> {
    const API: ApiKey = ApiKey::DeleteTopics;
    type Response<'b> = super::DeleteTopicsResponseType<'b>;
}

impl DeleteTopicsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteTopicsRequest<'static> {
        DeleteTopicsRequest {
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            topic_names: self
                .topic_names
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            timeout_ms: self.timeout_ms,
        }
    }
}

/// Part of [`DeleteTopicsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTopicState<'a> {
    /// `string, versions 6, nullable 6, default null`
    pub name: Option<Cow<'a, str>>,
    /// `uuid, versions 6`
    pub topic_id: Uuid,
}

impl<'a> Default for DeleteTopicState<'a> {
    fn default() -> Self {
        Self {
            name: None,
            topic_id: Uuid::ZERO,
        }
    }
}

impl<'a> DeleteTopicState<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.nullable_string(true)?;
        m.topic_id = r.uuid()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.nullable_string(self.name.as_deref(), true)?;
        w.uuid(self.topic_id);
        w.uvarint(0);
        Ok(())
    }
}

impl DeleteTopicState<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DeleteTopicState<'static> {
        DeleteTopicState {
            name: self.name.map(|value| Cow::Owned(value.into_owned())),
            topic_id: self.topic_id,
        }
    }
}
