//! `ListConfigResourcesResponse`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListConfigResourcesResponse`, key 74, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListConfigResourcesResponse<'a> {
    /// `int32, versions 0-1`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-1`
    pub error_code: i16,
    /// `[]ConfigResource, versions 0-1`
    pub config_resources: Vec<ConfigResource<'a>>,
}

impl<'a> Default for ListConfigResourcesResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            config_resources: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ListConfigResourcesResponse<'a> {
    const KEY: i16 = 74;
    const NAME: &'static str = "ListConfigResourcesResponse";
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
        m.error_code = r.i16()?;
        m.config_resources = r.array(true, 2, |r| ConfigResource::decode(r, version))?;
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
        w.array(&self.config_resources, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl ListConfigResourcesResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListConfigResourcesResponse<'static> {
        ListConfigResourcesResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            config_resources: self
                .config_resources
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ListConfigResourcesResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigResource<'a> {
    /// `string, versions 0-1`
    pub resource_name: Cow<'a, str>,
    /// `int8, versions 1, default 16, ignorable`
    pub resource_type: i8,
}

impl<'a> Default for ConfigResource<'a> {
    fn default() -> Self {
        Self {
            resource_name: Cow::Borrowed(""),
            resource_type: 16,
        }
    }
}

impl<'a> ConfigResource<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.resource_name = r.string(true)?;
        if version >= 1 {
            m.resource_type = r.i8()?;
        }
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.resource_name, true)?;
        if version >= 1 {
            w.i8(self.resource_type);
        }
        w.uvarint(0);
        Ok(())
    }
}

impl ConfigResource<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConfigResource<'static> {
        ConfigResource {
            resource_name: Cow::Owned(self.resource_name.into_owned()),
            resource_type: self.resource_type,
        }
    }
}
