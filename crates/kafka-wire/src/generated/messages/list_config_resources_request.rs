//! `ListConfigResourcesRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ListConfigResourcesRequest`, key 74, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListConfigResourcesRequest {
    /// `[]int8, versions 1`
    pub resource_types: Vec<i8>,
}

impl Default for ListConfigResourcesRequest {
    fn default() -> Self {
        Self {
            resource_types: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ListConfigResourcesRequest {
    const KEY: i16 = 74;
    const NAME: &'static str = "ListConfigResourcesRequest";
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
        if version >= 1 {
            m.resource_types = r.array(true, 1, |r| r.i8())?;
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
        if version >= 1 {
            w.array(&self.resource_types, true, |w, value| {
                w.i8(*value);
                Ok(())
            })?;
        } else if !self.resource_types.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "ListConfigResourcesRequest",
                field: "resource_types",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl Request for ListConfigResourcesRequest {
    const API: ApiKey = ApiKey::ListConfigResources;
    type Response<'b> = super::ListConfigResourcesResponseType<'b>;
}
