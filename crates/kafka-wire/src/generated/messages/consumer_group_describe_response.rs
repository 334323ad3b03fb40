//! `ConsumerGroupDescribeResponse`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupDescribeResponse`, key 69, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupDescribeResponse<'a> {
    /// `int32, versions 0-1`
    pub throttle_time_ms: i32,
    /// `[]DescribedGroup, versions 0-1`
    pub groups: Vec<DescribedGroup<'a>>,
}

impl<'a> Default for ConsumerGroupDescribeResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            groups: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupDescribeResponse<'a> {
    const KEY: i16 = 69;
    const NAME: &'static str = "ConsumerGroupDescribeResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.groups = r.array(true, 20, |r| DescribedGroup::decode(r, version))?;
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
        w.i32(self.throttle_time_ms);
        w.array(&self.groups, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl ConsumerGroupDescribeResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupDescribeResponse<'static> {
        ConsumerGroupDescribeResponse {
            throttle_time_ms: self.throttle_time_ms,
            groups: self
                .groups
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedGroup<'a> {
    /// `int16, versions 0-1`
    pub error_code: i16,
    /// `string, versions 0-1, nullable 0-1, default null`
    pub error_message: Option<Cow<'a, str>>,
    /// `string, versions 0-1`
    pub group_id: Cow<'a, str>,
    /// `string, versions 0-1`
    pub group_state: Cow<'a, str>,
    /// `int32, versions 0-1`
    pub group_epoch: i32,
    /// `int32, versions 0-1`
    pub assignment_epoch: i32,
    /// `string, versions 0-1`
    pub assignor_name: Cow<'a, str>,
    /// `[]Member, versions 0-1`
    pub members: Vec<Member<'a>>,
    /// `int32, versions 0-1, default -2147483648`
    pub authorized_operations: i32,
}

impl<'a> Default for DescribedGroup<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: Cow::Borrowed(""),
            group_state: Cow::Borrowed(""),
            group_epoch: 0,
            assignment_epoch: 0,
            assignor_name: Cow::Borrowed(""),
            members: Vec::new(),
            authorized_operations: -2147483648,
        }
    }
}

impl<'a> DescribedGroup<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        m.group_id = r.string(true)?;
        m.group_state = r.string(true)?;
        m.group_epoch = r.i32()?;
        m.assignment_epoch = r.i32()?;
        m.assignor_name = r.string(true)?;
        m.members = r.array(true, 16, |r| Member::decode(r, version))?;
        m.authorized_operations = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.string(&self.group_id, true)?;
        w.string(&self.group_state, true)?;
        w.i32(self.group_epoch);
        w.i32(self.assignment_epoch);
        w.string(&self.assignor_name, true)?;
        w.array(&self.members, true, |w, value| value.encode(w, version))?;
        w.i32(self.authorized_operations);
        w.uvarint(0);
        Ok(())
    }
}

impl DescribedGroup<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribedGroup<'static> {
        DescribedGroup {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            group_id: Cow::Owned(self.group_id.into_owned()),
            group_state: Cow::Owned(self.group_state.into_owned()),
            group_epoch: self.group_epoch,
            assignment_epoch: self.assignment_epoch,
            assignor_name: Cow::Owned(self.assignor_name.into_owned()),
            members: self
                .members
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            authorized_operations: self.authorized_operations,
        }
    }
}

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// `string, versions 0-1`
    pub member_id: Cow<'a, str>,
    /// `string, versions 0-1, nullable 0-1, default null`
    pub instance_id: Option<Cow<'a, str>>,
    /// `string, versions 0-1, nullable 0-1, default null`
    pub rack_id: Option<Cow<'a, str>>,
    /// `int32, versions 0-1`
    pub member_epoch: i32,
    /// `string, versions 0-1`
    pub client_id: Cow<'a, str>,
    /// `string, versions 0-1`
    pub client_host: Cow<'a, str>,
    /// `[]string, versions 0-1`
    pub subscribed_topic_names: Vec<Cow<'a, str>>,
    /// `string, versions 0-1, nullable 0-1, default null`
    pub subscribed_topic_regex: Option<Cow<'a, str>>,
    /// `Assignment, versions 0-1`
    pub assignment: Assignment<'a>,
    /// `Assignment, versions 0-1`
    pub target_assignment: Assignment<'a>,
    /// `int8, versions 1, default -1, ignorable`
    pub member_type: i8,
}

impl<'a> Default for Member<'a> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            instance_id: None,
            rack_id: None,
            member_epoch: 0,
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: None,
            assignment: Assignment::default(),
            target_assignment: Assignment::default(),
            member_type: -1,
        }
    }
}

impl<'a> Member<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.member_id = r.string(true)?;
        m.instance_id = r.nullable_string(true)?;
        m.rack_id = r.nullable_string(true)?;
        m.member_epoch = r.i32()?;
        m.client_id = r.string(true)?;
        m.client_host = r.string(true)?;
        m.subscribed_topic_names = r.array(true, 1, |r| r.string(true))?;
        m.subscribed_topic_regex = r.nullable_string(true)?;
        m.assignment = Assignment::decode(r, version)?;
        m.target_assignment = Assignment::decode(r, version)?;
        if version >= 1 {
            m.member_type = r.i8()?;
        }
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.member_id, true)?;
        w.nullable_string(self.instance_id.as_deref(), true)?;
        w.nullable_string(self.rack_id.as_deref(), true)?;
        w.i32(self.member_epoch);
        w.string(&self.client_id, true)?;
        w.string(&self.client_host, true)?;
        w.array(&self.subscribed_topic_names, true, |w, value| {
            w.string(value, true)
        })?;
        w.nullable_string(self.subscribed_topic_regex.as_deref(), true)?;
        self.assignment.encode(w, version)?;
        self.target_assignment.encode(w, version)?;
        if version >= 1 {
            w.i8(self.member_type);
        }
        w.uvarint(0);
        Ok(())
    }
}

impl Member<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Member<'static> {
        Member {
            member_id: Cow::Owned(self.member_id.into_owned()),
            instance_id: self.instance_id.map(|value| Cow::Owned(value.into_owned())),
            rack_id: self.rack_id.map(|value| Cow::Owned(value.into_owned())),
            member_epoch: self.member_epoch,
            client_id: Cow::Owned(self.client_id.into_owned()),
            client_host: Cow::Owned(self.client_host.into_owned()),
            subscribed_topic_names: self
                .subscribed_topic_names
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            subscribed_topic_regex: self
                .subscribed_topic_regex
                .map(|value| Cow::Owned(value.into_owned())),
            assignment: self.assignment.into_owned(),
            target_assignment: self.target_assignment.into_owned(),
            member_type: self.member_type,
        }
    }
}

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// `[]TopicPartitions, versions 0-1`
    pub topic_partitions: Vec<TopicPartitions<'a>>,
}

impl<'a> Default for Assignment<'a> {
    fn default() -> Self {
        Self {
            topic_partitions: Vec::new(),
        }
    }
}

impl<'a> Assignment<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_partitions = r.array(true, 19, |r| TopicPartitions::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.array(&self.topic_partitions, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl Assignment<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Assignment<'static> {
        Assignment {
            topic_partitions: self
                .topic_partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPartitions<'a> {
    /// `uuid, versions 0-1`
    pub topic_id: Uuid,
    /// `string, versions 0-1`
    pub topic_name: Cow<'a, str>,
    /// `[]int32, versions 0-1`
    pub partitions: Vec<i32>,
}

impl<'a> Default for TopicPartitions<'a> {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
            topic_name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TopicPartitions<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic_id = r.uuid()?;
        m.topic_name = r.string(true)?;
        m.partitions = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.uuid(self.topic_id);
        w.string(&self.topic_name, true)?;
        w.array(&self.partitions, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl TopicPartitions<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicPartitions<'static> {
        TopicPartitions {
            topic_id: self.topic_id,
            topic_name: Cow::Owned(self.topic_name.into_owned()),
            partitions: self.partitions,
        }
    }
}
