//! `GroupMetadataValue`, versions 0-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `GroupMetadataValue`, key 2, versions 0-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMetadataValue<'a> {
    /// `string, versions 0-4`
    pub protocol_type: Cow<'a, str>,
    /// `int32, versions 0-4`
    pub generation: i32,
    /// `string, versions 0-4, nullable 0-4`
    pub protocol: Option<Cow<'a, str>>,
    /// `string, versions 0-4, nullable 0-4`
    pub leader: Option<Cow<'a, str>>,
    /// `int64, versions 2-4, default -1, ignorable`
    pub current_state_timestamp: i64,
    /// `[]MemberMetadata, versions 0-4`
    pub members: Vec<MemberMetadata<'a>>,
}

impl<'a> Default for GroupMetadataValue<'a> {
    fn default() -> Self {
        Self {
            protocol_type: Cow::Borrowed(""),
            generation: 0,
            protocol: Some(Cow::Borrowed("")),
            leader: Some(Cow::Borrowed("")),
            current_state_timestamp: -1,
            members: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for GroupMetadataValue<'a> {
    const KEY: i16 = 2;
    const NAME: &'static str = "GroupMetadataValue";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
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
        m.protocol_type = r.string(flexible)?;
        m.generation = r.i32()?;
        m.protocol = r.nullable_string(flexible)?;
        m.leader = r.nullable_string(flexible)?;
        if version >= 2 {
            m.current_state_timestamp = r.i64()?;
        }
        m.members = r.array(flexible, 15, |r| MemberMetadata::decode(r, version))?;
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
        w.string(&self.protocol_type, flexible)?;
        w.i32(self.generation);
        w.nullable_string(self.protocol.as_deref(), flexible)?;
        w.nullable_string(self.leader.as_deref(), flexible)?;
        if version >= 2 {
            w.i64(self.current_state_timestamp);
        }
        w.array(&self.members, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl GroupMetadataValue<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> GroupMetadataValue<'static> {
        GroupMetadataValue {
            protocol_type: Cow::Owned(self.protocol_type.into_owned()),
            generation: self.generation,
            protocol: self.protocol.map(|value| Cow::Owned(value.into_owned())),
            leader: self.leader.map(|value| Cow::Owned(value.into_owned())),
            current_state_timestamp: self.current_state_timestamp,
            members: self
                .members
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`GroupMetadataValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberMetadata<'a> {
    /// `string, versions 0-4`
    pub member_id: Cow<'a, str>,
    /// `string, versions 3-4, nullable 3-4, default null, ignorable`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `string, versions 0-4`
    pub client_id: Cow<'a, str>,
    /// `string, versions 0-4`
    pub client_host: Cow<'a, str>,
    /// `int32, versions 1-4, default -1, ignorable`
    pub rebalance_timeout: i32,
    /// `int32, versions 0-4`
    pub session_timeout: i32,
    /// `bytes, versions 0-4`
    pub subscription: Cow<'a, [u8]>,
    /// `bytes, versions 0-4`
    pub assignment: Cow<'a, [u8]>,
}

impl<'a> Default for MemberMetadata<'a> {
    fn default() -> Self {
        Self {
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            client_id: Cow::Borrowed(""),
            client_host: Cow::Borrowed(""),
            rebalance_timeout: -1,
            session_timeout: 0,
            subscription: Cow::Borrowed(&[]),
            assignment: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> MemberMetadata<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 4;
        let mut m = Self::default();
        m.member_id = r.string(flexible)?;
        if version >= 3 {
            m.group_instance_id = r.nullable_string(flexible)?;
        }
        m.client_id = r.string(flexible)?;
        m.client_host = r.string(flexible)?;
        if version >= 1 {
            m.rebalance_timeout = r.i32()?;
        }
        m.session_timeout = r.i32()?;
        m.subscription = r.bytes(flexible)?;
        m.assignment = r.bytes(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 4;
        w.string(&self.member_id, flexible)?;
        if version >= 3 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        }
        w.string(&self.client_id, flexible)?;
        w.string(&self.client_host, flexible)?;
        if version >= 1 {
            w.i32(self.rebalance_timeout);
        }
        w.i32(self.session_timeout);
        w.bytes(&self.subscription, flexible)?;
        w.bytes(&self.assignment, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl MemberMetadata<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> MemberMetadata<'static> {
        MemberMetadata {
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            client_id: Cow::Owned(self.client_id.into_owned()),
            client_host: Cow::Owned(self.client_host.into_owned()),
            rebalance_timeout: self.rebalance_timeout,
            session_timeout: self.session_timeout,
            subscription: Cow::Owned(self.subscription.into_owned()),
            assignment: Cow::Owned(self.assignment.into_owned()),
        }
    }
}
