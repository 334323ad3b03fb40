//! `HeartbeatRequest`, versions 0-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `HeartbeatRequest`, key 12, versions 0-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeartbeatRequest<'a> {
    /// `string, versions 0-4`
    pub group_id: Cow<'a, str>,
    /// `int32, versions 0-4`
    pub generation_id: i32,
    /// `string, versions 0-4`
    pub member_id: Cow<'a, str>,
    /// `string, versions 3-4, nullable 3-4, default null`
    pub group_instance_id: Option<Cow<'a, str>>,
}

impl<'a> Default for HeartbeatRequest<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            generation_id: 0,
            member_id: Cow::Borrowed(""),
            group_instance_id: None,
        }
    }
}

impl<'a> Message<'a> for HeartbeatRequest<'a> {
    const KEY: i16 = 12;
    const NAME: &'static str = "HeartbeatRequest";
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
        m.group_id = r.string(flexible)?;
        m.generation_id = r.i32()?;
        m.member_id = r.string(flexible)?;
        if version >= 3 {
            m.group_instance_id = r.nullable_string(flexible)?;
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
        let flexible = version >= 4;
        w.string(&self.group_id, flexible)?;
        w.i32(self.generation_id);
        w.string(&self.member_id, flexible)?;
        if version >= 3 {
            w.nullable_string(self.group_instance_id.as_deref(), flexible)?;
        } else if self.group_instance_id.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "HeartbeatRequest",
                field: "group_instance_id",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for HeartbeatRequest<'_> {
    const API: ApiKey = ApiKey::Heartbeat;
    type Response<'b> = super::HeartbeatResponseType<'b>;
}

impl HeartbeatRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> HeartbeatRequest<'static> {
        HeartbeatRequest {
            group_id: Cow::Owned(self.group_id.into_owned()),
            generation_id: self.generation_id,
            member_id: Cow::Owned(self.member_id.into_owned()),
            group_instance_id: self
                .group_instance_id
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
