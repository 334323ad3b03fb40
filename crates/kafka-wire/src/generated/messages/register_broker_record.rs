//! `RegisterBrokerRecord`, versions 0-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `RegisterBrokerRecord`, key 0, versions 0-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterBrokerRecord<'a> {
    /// `int32, versions 0-4`
    pub broker_id: i32,
    /// `bool, versions 2-4, default false`
    pub is_migrating_zk_broker: bool,
    /// `uuid, versions 0-4`
    pub incarnation_id: Uuid,
    /// `int64, versions 0-4`
    pub broker_epoch: i64,
    /// `[]BrokerEndpoint, versions 0-4`
    pub end_points: Vec<BrokerEndpoint<'a>>,
    /// `[]BrokerFeature, versions 0-4`
    pub features: Vec<BrokerFeature<'a>>,
    /// `string, versions 0-4, nullable 0-4`
    pub rack: Option<Cow<'a, str>>,
    /// `bool, versions 0-4, default true`
    pub fenced: bool,
    /// `bool, versions 1-4, default false`
    pub in_controlled_shutdown: bool,
    /// `[]uuid, versions 3-4, tag 0`
    pub log_dirs: Vec<Uuid>,
    /// `[]uuid, versions 4, nullable 4, tag 1, default null`
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl<'a> Default for RegisterBrokerRecord<'a> {
    fn default() -> Self {
        Self {
            broker_id: 0,
            is_migrating_zk_broker: false,
            incarnation_id: Uuid::ZERO,
            broker_epoch: 0,
            end_points: Vec::new(),
            features: Vec::new(),
            rack: Some(Cow::Borrowed("")),
            fenced: true,
            in_controlled_shutdown: false,
            log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl<'a> Message<'a> for RegisterBrokerRecord<'a> {
    const KEY: i16 = 0;
    const NAME: &'static str = "RegisterBrokerRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.broker_id = r.i32()?;
        if version >= 2 {
            m.is_migrating_zk_broker = r.bool()?;
        }
        m.incarnation_id = r.uuid()?;
        m.broker_epoch = r.i64()?;
        m.end_points = r.array(true, 7, |r| BrokerEndpoint::decode(r, version))?;
        m.features = r.array(true, 6, |r| BrokerFeature::decode(r, version))?;
        m.rack = r.nullable_string(true)?;
        m.fenced = r.bool()?;
        if version >= 1 {
            m.in_controlled_shutdown = r.bool()?;
        }
        r.tagged_fields(|tag, r| {
            match tag {
                0 if version >= 3 => m.log_dirs = r.array(true, 16, |r| r.uuid())?,
                1 if version >= 4 => {
                    m.cordoned_log_dirs = r.nullable_array(true, 16, |r| r.uuid())?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i32(self.broker_id);
        if version >= 2 {
            w.bool(self.is_migrating_zk_broker);
        } else if self.is_migrating_zk_broker {
            return Err(WireError::FieldNotInVersion {
                message: "RegisterBrokerRecord",
                field: "is_migrating_zk_broker",
                version,
            });
        }
        w.uuid(self.incarnation_id);
        w.i64(self.broker_epoch);
        w.array(&self.end_points, true, |w, value| value.encode(w, version))?;
        w.array(&self.features, true, |w, value| value.encode(w, version))?;
        w.nullable_string(self.rack.as_deref(), true)?;
        w.bool(self.fenced);
        if version >= 1 {
            w.bool(self.in_controlled_shutdown);
        } else if self.in_controlled_shutdown {
            return Err(WireError::FieldNotInVersion {
                message: "RegisterBrokerRecord",
                field: "in_controlled_shutdown",
                version,
            });
        }
        if !(version >= 3) && !self.log_dirs.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "RegisterBrokerRecord",
                field: "log_dirs",
                version,
            });
        }
        if !(version >= 4) && self.cordoned_log_dirs.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "RegisterBrokerRecord",
                field: "cordoned_log_dirs",
                version,
            });
        }
        let has_log_dirs = version >= 3 && !self.log_dirs.is_empty();
        let has_cordoned_log_dirs = version >= 4 && self.cordoned_log_dirs.is_some();
        w.uvarint(u32::from(has_log_dirs) + u32::from(has_cordoned_log_dirs));
        if has_log_dirs {
            w.tagged(0, |w| {
                w.array(&self.log_dirs, true, |w, value| {
                    w.uuid(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        if has_cordoned_log_dirs {
            w.tagged(1, |w| {
                w.nullable_array(self.cordoned_log_dirs.as_deref(), true, |w, value| {
                    w.uuid(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl RegisterBrokerRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> RegisterBrokerRecord<'static> {
        RegisterBrokerRecord {
            broker_id: self.broker_id,
            is_migrating_zk_broker: self.is_migrating_zk_broker,
            incarnation_id: self.incarnation_id,
            broker_epoch: self.broker_epoch,
            end_points: self
                .end_points
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            features: self
                .features
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            rack: self.rack.map(|value| Cow::Owned(value.into_owned())),
            fenced: self.fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            log_dirs: self.log_dirs,
            cordoned_log_dirs: self.cordoned_log_dirs,
        }
    }
}

/// Part of [`RegisterBrokerRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerEndpoint<'a> {
    /// `string, versions 0-4`
    pub name: Cow<'a, str>,
    /// `string, versions 0-4`
    pub host: Cow<'a, str>,
    /// `uint16, versions 0-4`
    pub port: u16,
    /// `int16, versions 0-4`
    pub security_protocol: i16,
}

impl<'a> Default for BrokerEndpoint<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            host: Cow::Borrowed(""),
            port: 0,
            security_protocol: 0,
        }
    }
}

impl<'a> BrokerEndpoint<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.host = r.string(true)?;
        m.port = r.u16()?;
        m.security_protocol = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.string(&self.host, true)?;
        w.u16(self.port);
        w.i16(self.security_protocol);
        w.uvarint(0);
        Ok(())
    }
}

impl BrokerEndpoint<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> BrokerEndpoint<'static> {
        BrokerEndpoint {
            name: Cow::Owned(self.name.into_owned()),
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
            security_protocol: self.security_protocol,
        }
    }
}

/// Part of [`RegisterBrokerRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerFeature<'a> {
    /// `string, versions 0-4`
    pub name: Cow<'a, str>,
    /// `int16, versions 0-4`
    pub min_supported_version: i16,
    /// `int16, versions 0-4`
    pub max_supported_version: i16,
}

impl<'a> Default for BrokerFeature<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            min_supported_version: 0,
            max_supported_version: 0,
        }
    }
}

impl<'a> BrokerFeature<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.min_supported_version = r.i16()?;
        m.max_supported_version = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.i16(self.min_supported_version);
        w.i16(self.max_supported_version);
        w.uvarint(0);
        Ok(())
    }
}

impl BrokerFeature<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> BrokerFeature<'static> {
        BrokerFeature {
            name: Cow::Owned(self.name.into_owned()),
            min_supported_version: self.min_supported_version,
            max_supported_version: self.max_supported_version,
        }
    }
}
