//! `UpdateFeaturesRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `UpdateFeaturesRequest`, key 57, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateFeaturesRequest<'a> {
    /// `int32, versions 0-2, default 60000`
    pub timeout_ms: i32,
    /// `[]FeatureUpdateKey, versions 0-2`
    pub feature_updates: Vec<FeatureUpdateKey<'a>>,
    /// `bool, versions 1-2, default false`
    pub validate_only: bool,
}

impl<'a> Default for UpdateFeaturesRequest<'a> {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            feature_updates: Vec::new(),
            validate_only: false,
        }
    }
}

impl<'a> Message<'a> for UpdateFeaturesRequest<'a> {
    const KEY: i16 = 57;
    const NAME: &'static str = "UpdateFeaturesRequest";
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
        m.timeout_ms = r.i32()?;
        m.feature_updates = r.array(true, 5, |r| FeatureUpdateKey::decode(r, version))?;
        if version >= 1 {
            m.validate_only = r.bool()?;
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
        w.i32(self.timeout_ms);
        w.array(&self.feature_updates, true, |w, value| {
            value.encode(w, version)
        })?;
        if version >= 1 {
            w.bool(self.validate_only);
        } else if self.validate_only {
            return Err(WireError::FieldNotInVersion {
                message: "UpdateFeaturesRequest",
                field: "validate_only",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl Request for UpdateFeaturesRequest<'_> {
    const API: ApiKey = ApiKey::UpdateFeatures;
    type Response<'b> = super::UpdateFeaturesResponseType<'b>;
}

impl UpdateFeaturesRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> UpdateFeaturesRequest<'static> {
        UpdateFeaturesRequest {
            timeout_ms: self.timeout_ms,
            feature_updates: self
                .feature_updates
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            validate_only: self.validate_only,
        }
    }
}

/// Part of [`UpdateFeaturesRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureUpdateKey<'a> {
    /// `string, versions 0-2`
    pub feature: Cow<'a, str>,
    /// `int16, versions 0-2`
    pub max_version_level: i16,
    /// `bool, versions 0`
    pub allow_downgrade: bool,
    /// `int8, versions 1-2, default 1`
    pub upgrade_type: i8,
}

impl<'a> Default for FeatureUpdateKey<'a> {
    fn default() -> Self {
        Self {
            feature: Cow::Borrowed(""),
            max_version_level: 0,
            allow_downgrade: false,
            upgrade_type: 1,
        }
    }
}

impl<'a> FeatureUpdateKey<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.feature = r.string(true)?;
        m.max_version_level = r.i16()?;
        if version <= 0 {
            m.allow_downgrade = r.bool()?;
        }
        if version >= 1 {
            m.upgrade_type = r.i8()?;
        }
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.feature, true)?;
        w.i16(self.max_version_level);
        if version <= 0 {
            w.bool(self.allow_downgrade);
        } else if self.allow_downgrade {
            return Err(WireError::FieldNotInVersion {
                message: "FeatureUpdateKey",
                field: "allow_downgrade",
                version,
            });
        }
        if version >= 1 {
            w.i8(self.upgrade_type);
        } else if self.upgrade_type != 1 {
            return Err(WireError::FieldNotInVersion {
                message: "FeatureUpdateKey",
                field: "upgrade_type",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl FeatureUpdateKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FeatureUpdateKey<'static> {
        FeatureUpdateKey {
            feature: Cow::Owned(self.feature.into_owned()),
            max_version_level: self.max_version_level,
            allow_downgrade: self.allow_downgrade,
            upgrade_type: self.upgrade_type,
        }
    }
}
