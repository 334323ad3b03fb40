//! `ConsumerGroupHeartbeatRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupHeartbeatRequest`, key 68, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupHeartbeatRequest<'a> {
    /// `string, versions 0-1`
    pub group_id: Cow<'a, str>,
    /// `string, versions 0-1`
    pub member_id: Cow<'a, str>,
    /// `int32, versions 0-1`
    pub member_epoch: i32,
    /// `string, versions 0-1, nullable 0-1, default null`
    pub instance_id: Option<Cow<'a, str>>,
    /// `string, versions 0-1, nullable 0-1, default null`
    pub rack_id: Option<Cow<'a, str>>,
    /// `int32, versions 0-1, default -1`
    pub rebalance_timeout_ms: i32,
    /// `[]string, versions 0-1, nullable 0-1, default null`
    pub subscribed_topic_names: Option<Vec<Cow<'a, str>>>,
    /// `string, versions 1, nullable 1, default null`
    pub subscribed_topic_regex: Option<Cow<'a, str>>,
    /// `string, versions 0-1, nullable 0-1, default null`
    pub server_assignor: Option<Cow<'a, str>>,
    /// `[]TopicPartitions, versions 0-1, nullable 0-1, default null`
    pub topic_partitions: Option<Vec<TopicPartitions>>,
}

impl<'a> Default for ConsumerGroupHeartbeatRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            member_id: Cow::Borrowed(""),
            member_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            subscribed_topic_regex: None,
            server_assignor: None,
            topic_partitions: None,
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupHeartbeatRequest<'a> {
    const KEY: i16 = 68;
    const NAME: &'static str = "ConsumerGroupHeartbeatRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.group_id = r.string(true)?;
        m.member_id = r.string(true)?;
        m.member_epoch = r.i32()?;
        m.instance_id = r.nullable_string(true)?;
        m.rack_id = r.nullable_string(true)?;
        m.rebalance_timeout_ms = r.i32()?;
        m.subscribed_topic_names = r.nullable_array(true, 1, |r| r.string(true))?;
        if version >= 1 {
            m.subscribed_topic_regex = r.nullable_string(true)?;
        }
        m.server_assignor = r.nullable_string(true)?;
        m.topic_partitions = r.nullable_array(true, 18, |r| TopicPartitions::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.group_id, true)?;
        w.string(&self.member_id, true)?;
        w.i32(self.member_epoch);
        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.i32(self.rebalance_timeout_ms);
        w.nullable_array(self.subscribed_topic_names.as_deref(), true, |w, value| {
            w.string(value, true)
        })?;
        if version >= 1 {
            w.nullable_string(self.subscribed_topic_regex.as_deref(), true)?;
        } else if self.subscribed_topic_regex.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "ConsumerGroupHeartbeatRequest",
                field: "subscribed_topic_regex",
                version,
            });
        }
        w.nullable_string(self.server_assignor.as_deref(), true)?;
        w.nullable_array(self.topic_partitions.as_deref(), true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl Request for ConsumerGroupHeartbeatRequest<'_> {
    const API: ApiKey = ApiKey::ConsumerGroupHeartbeat;
    type Response<'b> = super::ConsumerGroupHeartbeatResponseType<'b>;
}

impl ConsumerGroupHeartbeatRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupHeartbeatRequest<'static> {
        ConsumerGroupHeartbeatRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            member_id: Cow::Owned(self.member_id.into_owned()),
            member_epoch: self.member_epoch,
            instance_id: self.instance_id.map(|value| Cow::Owned(value.into_owned())),
            rack_id: self.rack_id.map(|value| Cow::Owned(value.into_owned())),
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            subscribed_topic_names: self.subscribed_topic_names.map(|value| {
                value
                    .into_iter()
                    .map(|one| Cow::Owned(one.into_owned()))
                    .collect()
            }),
            subscribed_topic_regex: self
                .subscribed_topic_regex
                .map(|value| Cow::Owned(value.into_owned())),
            server_assignor: self
                .server_assignor
                .map(|value| Cow::Owned(value.into_owned())),
            topic_partitions: self.topic_partitions,
        }
    }
}

/// Part of [`ConsumerGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPartitions {
    /// `uuid, versions 0-1`
    pub topic_id: Uuid,
    /// `[]int32, versions 0-1`
    pub partitions: Vec<i32>,
}

impl Default for TopicPartitions {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            partitions: Vec::new(),
        }
    }
}

impl TopicPartitions {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.uuid()?;
        m.partitions = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.uuid(self.topic_id);
        w.array(&self.partitions, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}
