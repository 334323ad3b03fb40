//! `DescribeClusterRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `DescribeClusterRequest`, key 60, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeClusterRequest {
    /// `bool, versions 0-2`
    pub include_cluster_authorized_operations: bool,
    /// `int8, versions 1-2, default 1`
    pub endpoint_type: i8,
    /// `bool, versions 2`
    pub include_fenced_brokers: bool,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self {
            include_cluster_authorized_operations: false,
            endpoint_type: 1,
            include_fenced_brokers: false,
        }
    }
}

impl<'a> Message<'a> for DescribeClusterRequest {
    const KEY: i16 = 60;
    const NAME: &'static str = "DescribeClusterRequest";
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
        m.include_cluster_authorized_operations = r.bool()?;
        if version >= 1 {
            m.endpoint_type = r.i8()?;
        }
        if version >= 2 {
            m.include_fenced_brokers = r.bool()?;
        }
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
        w.bool(self.include_cluster_authorized_operations);
        if version >= 1 {
            w.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(WireError::FieldNotInVersion {
                message: "DescribeClusterRequest",
                field: "endpoint_type",
                version,
            });
        }
        if version >= 2 {
            w.bool(self.include_fenced_brokers);
        } else if self.include_fenced_brokers {
            return Err(WireError::FieldNotInVersion {
                message: "DescribeClusterRequest",
                field: "include_fenced_brokers",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl Request for DescribeClusterRequest {
    const API: ApiKey = ApiKey::DescribeCluster;
    type Response<'b> = super::DescribeClusterResponseType<'b>;
}
