//! `DescribeClusterResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeClusterResponse`, key 60, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeClusterResponse<'a> {
    /// `int32, versions 0-2`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `string, versions 0-2, nullable 0-2, default null`
    pub error_message: Option<Cow<'a, str>>,
    /// `int8, versions 1-2, default 1`
    pub endpoint_type: i8,
    /// `string, versions 0-2`
    pub cluster_id: Cow<'a, str>,
    /// `int32, versions 0-2, default -1`
    pub controller_id: i32,
    /// `[]DescribeClusterBroker, versions 0-2`
    pub brokers: Vec<DescribeClusterBroker<'a>>,
    /// `int32, versions 0-2, default -2147483648`
    pub cluster_authorized_operations: i32,
}

impl<'a> Default for DescribeClusterResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            endpoint_type: 1,
            cluster_id: Cow::Borrowed(""),
            controller_id: -1,
            brokers: Vec::new(),
            cluster_authorized_operations: -2147483648,
        }
    }
}

impl<'a> Message<'a> for DescribeClusterResponse<'a> {
    const KEY: i16 = 60;
    const NAME: &'static str = "DescribeClusterResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
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
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        if version >= 1 {
            m.endpoint_type = r.i8()?;
        }
        m.cluster_id = r.string(true)?;
        m.controller_id = r.i32()?;
        m.brokers = r.array(true, 11, |r| DescribeClusterBroker::decode(r, version))?;
        m.cluster_authorized_operations = r.i32()?;
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
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        if version >= 1 {
            w.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(WireError::FieldNotInVersion {
                message: "DescribeClusterResponse",
                field: "endpoint_type",
                version,
            });
        }
        w.string(&self.cluster_id, true)?;
        w.i32(self.controller_id);
        w.array(&self.brokers, true, |w, value| value.encode(w, version))?;
        w.i32(self.cluster_authorized_operations);
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeClusterResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeClusterResponse<'static> {
        DescribeClusterResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            endpoint_type: self.endpoint_type,
            cluster_id: Cow::Owned(self.cluster_id.into_owned()),
            controller_id: self.controller_id,
            brokers: self
                .brokers
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            cluster_authorized_operations: self.cluster_authorized_operations,
        }
    }
}

/// Part of [`DescribeClusterResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeClusterBroker<'a> {
    /// `int32, versions 0-2`
    pub broker_id: i32,
    /// `string, versions 0-2`
    pub host: Cow<'a, str>,
    /// `int32, versions 0-2`
    pub port: i32,
    /// `string, versions 0-2, nullable 0-2, default null`
    pub rack: Option<Cow<'a, str>>,
    /// `bool, versions 2`
    pub is_fenced: bool,
}

impl<'a> Default for DescribeClusterBroker<'a> {
    fn default() -> Self {
        Self {
            broker_id: 0,
            host: Cow::Borrowed(""),
            port: 0,
            rack: None,
            is_fenced: false,
        }
    }
}

impl<'a> DescribeClusterBroker<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.broker_id = r.i32()?;
        m.host = r.string(true)?;
        m.port = r.i32()?;
        m.rack = r.nullable_string(true)?;
        if version >= 2 {
            m.is_fenced = r.bool()?;
        }
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.broker_id);
        w.string(&self.host, true)?;
        w.i32(self.port);
        w.nullable_string(self.rack.as_deref(), true)?;
        if version >= 2 {
            w.bool(self.is_fenced);
        } else if self.is_fenced {
            return Err(WireError::FieldNotInVersion {
                message: "DescribeClusterBroker",
                field: "is_fenced",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeClusterBroker<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeClusterBroker<'static> {
        DescribeClusterBroker {
            broker_id: self.broker_id,
            host: Cow::Owned(self.host.into_owned()),
            port: self.port,
            rack: self.rack.map(|value| Cow::Owned(value.into_owned())),
            is_fenced: self.is_fenced,
        }
    }
}
