//! `UpdateFeaturesResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `UpdateFeaturesResponse`, key 57, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateFeaturesResponse<'a> {
    /// `int32, versions 0-2`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `string, versions 0-2, nullable 0-2`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]UpdatableFeatureResult, versions 0-1, ignorable`
    pub results: Vec<UpdatableFeatureResult<'a>>,
}

impl<'a> Default for UpdateFeaturesResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for UpdateFeaturesResponse<'a> {
    const KEY: i16 = 57;
    const NAME: &'static str = "UpdateFeaturesResponse";
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
        if version <= 1 {
            m.results = r.array(true, 5, |r| UpdatableFeatureResult::decode(r, version))?;
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
        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        if version <= 1 {
            w.array(&self.results, true, |w, value| value.encode(w, version))?;
        }
        w.uvarint(0);
        Ok(())
    }
}

impl UpdateFeaturesResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> UpdateFeaturesResponse<'static> {
        UpdateFeaturesResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`UpdateFeaturesResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatableFeatureResult<'a> {
    /// `string, versions 0-1`
    pub feature: Cow<'a, str>,
    /// `int16, versions 0-1`
    pub error_code: i16,
    /// `string, versions 0-1, nullable 0-1`
    pub error_message: Option<Cow<'a, str>>,
}

impl<'a> Default for UpdatableFeatureResult<'a> {
    fn default() -> Self {
        Self {
            feature: Cow::Borrowed(""),
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> UpdatableFeatureResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.feature = r.string(true)?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.feature, true)?;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl UpdatableFeatureResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> UpdatableFeatureResult<'static> {
        UpdatableFeatureResult {
            feature: Cow::Owned(self.feature.into_owned()),
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
