//! `FindCoordinatorResponse`, versions 0-6. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `FindCoordinatorResponse`, key 10, versions 0-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindCoordinatorResponse<'a> {
    /// `int32, versions 1-6, ignorable`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-3`
    pub error_code: i16,
    /// `string, versions 1-3, nullable 1-3, ignorable`
    pub error_message: Option<Cow<'a, str>>,
    /// `int32, versions 0-3`
    pub node_id: i32,
    /// `string, versions 0-3`
    pub host: Cow<'a, str>,
    /// `int32, versions 0-3`
    pub port: i32,
    /// `[]Coordinator, versions 4-6`
    pub coordinators: Vec<Coordinator<'a>>,
}

impl<'a> Default for FindCoordinatorResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            node_id: 0,
            host: Cow::Borrowed(""),
            port: 0,
            coordinators: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for FindCoordinatorResponse<'a> {
    const KEY: i16 = 10;
    const NAME: &'static str = "FindCoordinatorResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FLEXIBLE_FROM: Option<i16> = Some(3);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 3;
        let mut m = Self::default();
        if version >= 1 {
            m.throttle_time_ms = r.i32()?;
        }
        if version <= 3 {
            m.error_code = r.i16()?;
        }
        if (1..=3).contains(&version) {
            m.error_message = r.nullable_string(flexible)?;
        }
        if version <= 3 {
            m.node_id = r.i32()?;
        }
        if version <= 3 {
            m.host = r.string(flexible)?;
        }
        if version <= 3 {
            m.port = r.i32()?;
        }
        if version >= 4 {
            m.coordinators = r.array(flexible, 14, |r| Coordinator::decode(r, version))?;
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
        let flexible = version >= 3;
        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        if version <= 3 {
            w.i16(self.error_code);
        } else if self.error_code != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorResponse",
                field: "error_code",
                version,
            });
        }
        if (1..=3).contains(&version) {
            w.nullable_string(self.error_message.as_deref(), flexible)?;
        }
        if version <= 3 {
            w.i32(self.node_id);
        } else if self.node_id != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorResponse",
                field: "node_id",
                version,
            });
        }
        if version <= 3 {
            w.string(&self.host, flexible)?;
        } else if !self.host.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorResponse",
                field: "host",
                version,
            });
        }
        if version <= 3 {
            w.i32(self.port);
        } else if self.port != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorResponse",
                field: "port",
                version,
            });
        }
        if version >= 4 {
            w.array(&self.coordinators, flexible, |w, value| {
                value.encode(w, version)
            })?;
        } else if !self.coordinators.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "FindCoordinatorResponse",
                field: "coordinators",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl FindCoordinatorResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FindCoordinatorResponse<'static> {
        FindCoordinatorResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            node_id: self.node_id,
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
            coordinators: self
                .coordinators
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`FindCoordinatorResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinator<'a> {
    /// `string, versions 4-6`
    pub key: Cow<'a, str>,
    /// `int32, versions 4-6`
    pub node_id: i32,
    /// `string, versions 4-6`
    pub host: Cow<'a, str>,
    /// `int32, versions 4-6`
    pub port: i32,
    /// `int16, versions 4-6`
    pub error_code: i16,
    /// `string, versions 4-6, nullable 4-6, ignorable`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for Coordinator<'a> {
    fn default() -> Self {
        Self {
            key: Cow::Borrowed(""),
            node_id: 0,
            host: Cow::Borrowed(""),
            port: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> Coordinator<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.key = r.string(true)?;
        m.node_id = r.i32()?;
        m.host = r.string(true)?;
        m.port = r.i32()?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.key, true)?;
        w.i32(self.node_id);
        w.string(&self.host, true)?;
        w.i32(self.port);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl Coordinator<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Coordinator<'static> {
        Coordinator {
            key: Cow::Owned(self.key.into_owned()),
            node_id: self.node_id,
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
