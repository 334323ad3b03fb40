//! `AlterClientQuotasResponse`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterClientQuotasResponse`, key 49, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterClientQuotasResponse<'a> {
    /// `int32, versions 0-1`
    pub throttle_time_ms: i32,
    /// `[]EntryData, versions 0-1`
    pub entries: Vec<EntryData<'a>>,
}

impl<'a> Default for AlterClientQuotasResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            entries: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AlterClientQuotasResponse<'a> {
    const KEY: i16 = 49;
    const NAME: &'static str = "AlterClientQuotasResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FLEXIBLE_FROM: Option<i16> = Some(1);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 1;
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        m.entries = r.array(flexible, 5, |r| EntryData::decode(r, version))?;
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
        let flexible = version >= 1;
        w.i32(self.throttle_time_ms);
        w.array(&self.entries, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AlterClientQuotasResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterClientQuotasResponse<'static> {
        AlterClientQuotasResponse {
            throttle_time_ms: self.throttle_time_ms,
            entries: self
                .entries
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterClientQuotasResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryData<'a> {
    /// `int16, versions 0-1`
    pub error_code: i16,
    /// `string, versions 0-1, nullable 0-1`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]EntityData, versions 0-1`
    pub entity: Vec<EntityData<'a>>,
}

impl<'a> Default for EntryData<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            entity: Vec::new(),
        }
    }
}

impl<'a> EntryData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        m.entity = r.array(flexible, 3, |r| EntityData::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.array(&self.entity, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl EntryData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> EntryData<'static> {
        EntryData {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            entity: self
                .entity
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterClientQuotasResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityData<'a> {
    /// `string, versions 0-1`
    pub entity_type: Cow<'a, str>,
    /// `string, versions 0-1, nullable 0-1`
    pub entity_name: Option<Cow<'a, str>>,
}

impl<'a> Default for EntityData<'a> {
    fn default() -> Self {
        Self {
            entity_type: Cow::Borrowed(""),
            entity_name: Some(Cow::Borrowed("")),
        }
    }
}

impl<'a> EntityData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.entity_type = r.string(flexible)?;
        m.entity_name = r.nullable_string(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.string(&self.entity_type, flexible)?;
        w.nullable_string(self.entity_name.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl EntityData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> EntityData<'static> {
        EntityData {
            entity_type: Cow::Owned(self.entity_type.into_owned()),
            entity_name: self.entity_name.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
