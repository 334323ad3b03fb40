//! `JoinGroupRequest`, versions 0-9. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `JoinGroupRequest`, key 11, versions 0-9.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinGroupRequest<'a> {
    /// `string, versions 0-9`
    pub group_id: Cow<'a, str>,
    /// `int32, versions 0-9`
    pub session_timeout_ms: i32,
    /// `int32, versions 1-9, default -1, ignorable`
    pub rebalance_timeout_ms: i32,
    /// `string, versions 0-9`
    pub member_id: Cow<'a, str>,
    /// `string, versions 5-9, nullable 5-9, default null`
    pub group_instance_id: Option<Cow<'a, str>>,
    /// `string, versions 0-9`
    pub protocol_type: Cow<'a, str>,
    /// `[]JoinGroupRequestProtocol, versions 0-9`
    pub protocols: Vec<JoinGroupRequestProtocol<'a>>,
    /// `string, versions 8-9, nullable 8-9, default null, ignorable`
    pub reason: Option<Cow<'a, str>>,
}

impl<'a> Default for JoinGroupRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            session_timeout_ms: 0,
            rebalance_timeout_ms: -1,
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
            protocol_type: Cow::Borrowed(""),
            protocols: Vec::new(),
            reason: None,
        }
    }
}

impl<'a> Message<'a> for JoinGroupRequest<'a> {
    const KEY: i16 = 11;
    const NAME: &'static str = "JoinGroupRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 9);
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
        m.group_id = r.string(flexible)?;
        m.session_timeout_ms = r.i32()?;
        if version >= 1 {
            m.rebalance_timeout_ms = r.i32()?;
        }
        m.member_id = r.string(flexible)?;
        if version >= 5 {
            m.group_instance_id = r.nullable_string(flexible)?;
        }
        m.protocol_type = r.string(flexible)?;
        m.protocols = r.array(flexible, 3, |r| {
            JoinGroupRequestProtocol::decode(r, version)
        })?;
        if version >= 8 {
            m.reason = r.nullable_string(flexible)?;
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
        w.string(&self.group_id, flexible)?;
        w.i32(self.session_timeout_ms);
        if version >= 1 {
            w.i32(self.rebalance_timeout_ms);
        }
        w.string(&self.member_id, flexible)?;
        if version >= 5 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "JoinGroupRequest",
                field: "group_instance_id",
                version,
            });
        }
        w.string(&self.protocol_type, flexible)?;
        w.array(&self.protocols, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if version >= 8 {
            w.nullable_string(self.reason.as_deref(), flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for JoinGroupRequest<'_> {
    const API: ApiKey = ApiKey::JoinGroup;
    type Response<'b> = super::JoinGroupResponseType<'b>;
}

impl JoinGroupRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> JoinGroupRequest<'static> {
        JoinGroupRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            session_timeout_ms: self.session_timeout_ms,
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
            protocol_type: Cow::Owned(self.protocol_type.into_owned()),
            protocols: self
                .protocols
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            reason: self.reason.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}

/// Part of [`JoinGroupRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinGroupRequestProtocol<'a> {
    /// `string, versions 0-9`
    pub name: Cow<'a, str>,
    /// `bytes, versions 0-9`
    pub metadata: Cow<'a, [u8]>,
}

impl<'a> Default for JoinGroupRequestProtocol<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            metadata: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> JoinGroupRequestProtocol<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 6;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.metadata = r.bytes(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 6;
        w.string(&self.name, flexible)?;
        w.bytes(&self.metadata, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl JoinGroupRequestProtocol<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> JoinGroupRequestProtocol<'static> {
        JoinGroupRequestProtocol {
            name: Cow::Owned(self.name.into_owned()),
            metadata: Cow::Owned(self.metadata.into_owned()),
        }
    }
}
