//! `ApiVersionsRequest`, versions 0-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ApiVersionsRequest`, key 18, versions 0-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersionsRequest<'a> {
    /// `string, versions 3-4, ignorable`
    pub client_software_name: Cow<'a, str>,
    /// `string, versions 3-4, ignorable`
    pub client_software_version: Cow<'a, str>,
}

impl<'a> Default for ApiVersionsRequest<'a> {
    fn default() -> Self {
        Self {
            client_software_name: Cow::Borrowed(""),
            client_software_version: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for ApiVersionsRequest<'a> {
    const KEY: i16 = 18;
    const NAME: &'static str = "ApiVersionsRequest";
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
        if version >= 3 {
            m.client_software_name = r.string(flexible)?;
        }
        if version >= 3 {
            m.client_software_version = r.string(flexible)?;
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
        if version >= 3 {
            w.string(&self.client_software_name, flexible)?;
        }
        if version >= 3 {
            w.string(&self.client_software_version, flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for ApiVersionsRequest<'_> {
    const API: ApiKey = ApiKey::ApiVersions;
    type Response<'b> = super::ApiVersionsResponseType<'b>;
}

impl ApiVersionsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ApiVersionsRequest<'static> {
        ApiVersionsRequest {
            client_software_name: Cow::Owned(self.client_software_name.into_owned()),
            client_software_version: Cow::Owned(self.client_software_version.into_owned()),
        }
    }
}
