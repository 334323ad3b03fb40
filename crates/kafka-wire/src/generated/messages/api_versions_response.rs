//! `ApiVersionsResponse`, versions 0-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ApiVersionsResponse`, key 18, versions 0-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersionsResponse<'a> {
    /// `int16, versions 0-4`
    pub error_code: i16,
    /// `[]ApiVersion, versions 0-4`
    pub api_keys: Vec<ApiVersion>,
    /// `int32, versions 1-4, ignorable`
    pub throttle_time_ms: i32,
    /// `[]SupportedFeatureKey, versions 3-4, tag 0, ignorable`
    pub supported_features: Vec<SupportedFeatureKey<'a>>,
    /// `int64, versions 3-4, tag 1, default -1, ignorable`
    pub finalized_features_epoch: i64,
    /// `[]FinalizedFeatureKey, versions 3-4, tag 2, ignorable`
    pub finalized_features: Vec<FinalizedFeatureKey<'a>>,
    /// `bool, versions 3-4, tag 3, default false, ignorable`
    pub zk_migration_ready: bool,
}

impl<'a> Default for ApiVersionsResponse<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
        }
    }
}

impl<'a> Message<'a> for ApiVersionsResponse<'a> {
    const KEY: i16 = 18;
    const NAME: &'static str = "ApiVersionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
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
        m.error_code = r.i16()?;
        m.api_keys = r.array(flexible, 6, |r| ApiVersion::decode(r, version))?;
        if version >= 1 {
            m.throttle_time_ms = r.i32()?;
        }
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 3 => {
                        m.supported_features =
                            r.array(true, 6, |r| SupportedFeatureKey::decode(r, version))?
                    }
                    1 if version >= 3 => m.finalized_features_epoch = r.i64()?,
                    2 if version >= 3 => {
                        m.finalized_features =
                            r.array(true, 6, |r| FinalizedFeatureKey::decode(r, version))?
                    }
                    3 if version >= 3 => m.zk_migration_ready = r.bool()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
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
        w.i16(self.error_code);
        w.array(&self.api_keys, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if version >= 1 {
            w.i32(self.throttle_time_ms);
        }
        let has_supported_features = version >= 3 && !self.supported_features.is_empty();
        let has_finalized_features_epoch = version >= 3 && self.finalized_features_epoch != -1;
        let has_finalized_features = version >= 3 && !self.finalized_features.is_empty();
        let has_zk_migration_ready = version >= 3 && self.zk_migration_ready;
        if flexible {
            w.uvarint(
                u32::from(has_supported_features)
                    + u32::from(has_finalized_features_epoch)
                    + u32::from(has_finalized_features)
                    + u32::from(has_zk_migration_ready),
            );
            if has_supported_features {
                w.tagged(0, |w| {
                    w.array(&self.supported_features, true, |w, value| {
                        value.encode(w, version)
                    })?;
                    Ok(())
                })?;
            }
            if has_finalized_features_epoch {
                w.tagged(1, |w| {
                    w.i64(self.finalized_features_epoch);
                    Ok(())
                })?;
            }
            if has_finalized_features {
                w.tagged(2, |w| {
                    w.array(&self.finalized_features, true, |w, value| {
                        value.encode(w, version)
                    })?;
                    Ok(())
                })?;
            }
            if has_zk_migration_ready {
                w.tagged(3, |w| {
                    w.bool(self.zk_migration_ready);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

impl ApiVersionsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ApiVersionsResponse<'static> {
        ApiVersionsResponse {
            error_code: self.error_code,
            api_keys: self.api_keys,
            throttle_time_ms: self.throttle_time_ms,
            supported_features: self
                .supported_features
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            finalized_features_epoch: self.finalized_features_epoch,
            finalized_features: self
                .finalized_features
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            zk_migration_ready: self.zk_migration_ready,
        }
    }
}

/// Part of [`ApiVersionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion {
    /// `int16, versions 0-4`
    pub api_key: i16,
    /// `int16, versions 0-4`
    pub min_version: i16,
    /// `int16, versions 0-4`
    pub max_version: i16,
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self {
            api_key: 0,
            min_version: 0,
            max_version: 0,
        }
    }
}

impl ApiVersion {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.api_key = r.i16()?;
        m.min_version = r.i16()?;
        m.max_version = r.i16()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
        w.i16(self.api_key);
        w.i16(self.min_version);
        w.i16(self.max_version);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

/// Part of [`ApiVersionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportedFeatureKey<'a> {
    /// `string, versions 3-4`
    pub name: Cow<'a, str>,
    /// `int16, versions 3-4`
    pub min_version: i16,
    /// `int16, versions 3-4`
    pub max_version: i16,
}

impl<'a> Default for SupportedFeatureKey<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            min_version: 0,
            max_version: 0,
        }
    }
}

impl<'a> SupportedFeatureKey<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.min_version = r.i16()?;
        m.max_version = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.i16(self.min_version);
        w.i16(self.max_version);
        w.uvarint(0);
        Ok(())
    }
}

impl SupportedFeatureKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SupportedFeatureKey<'static> {
        SupportedFeatureKey {
            name: Cow::Owned(self.name.into_owned()),
            min_version: self.min_version,
            max_version: self.max_version,
        }
    }
}

/// Part of [`ApiVersionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalizedFeatureKey<'a> {
    /// `string, versions 3-4`
    pub name: Cow<'a, str>,
    /// `int16, versions 3-4`
    pub max_version_level: i16,
    /// `int16, versions 3-4`
    pub min_version_level: i16,
}

impl<'a> Default for FinalizedFeatureKey<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            max_version_level: 0,
            min_version_level: 0,
        }
    }
}

impl<'a> FinalizedFeatureKey<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.max_version_level = r.i16()?;
        m.min_version_level = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.i16(self.max_version_level);
        w.i16(self.min_version_level);
        w.uvarint(0);
        Ok(())
    }
}

impl FinalizedFeatureKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FinalizedFeatureKey<'static> {
        FinalizedFeatureKey {
            name: Cow::Owned(self.name.into_owned()),
            max_version_level: self.max_version_level,
            min_version_level: self.min_version_level,
        }
    }
}
