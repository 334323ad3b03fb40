//! `AlterClientQuotasRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterClientQuotasRequest`, key 49, versions 0-1.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterClientQuotasRequest<'a> {
    /// `[]EntryData, versions 0-1`
    pub entries: Vec<EntryData<'a>>,
    /// `bool, versions 0-1`
    pub validate_only: bool,
}

impl<'a> Default for AlterClientQuotasRequest<'a> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            validate_only: false,
        }
    }
}

impl<'a> Message<'a> for AlterClientQuotasRequest<'a> {
    const KEY: i16 = 49;
    const NAME: &'static str = "AlterClientQuotasRequest";
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
        m.entries = r.array(flexible, 3, |r| EntryData::decode(r, version))?;
        m.validate_only = r.bool()?;
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
        w.array(&self.entries, flexible, |w, value| value.encode(w, version))?;
        w.bool(self.validate_only);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for AlterClientQuotasRequest<'_> {
    const API: ApiKey = ApiKey::AlterClientQuotas;
    type Response<'b> = super::AlterClientQuotasResponseType<'b>;
}

impl AlterClientQuotasRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterClientQuotasRequest<'static> {
        AlterClientQuotasRequest {
            entries: self
                .entries
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            validate_only: self.validate_only,
        }
    }
}

/// Part of [`AlterClientQuotasRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct EntryData<'a> {
    /// `[]EntityData, versions 0-1`
    pub entity: Vec<EntityData<'a>>,
    /// `[]OpData, versions 0-1`
    pub ops: Vec<OpData<'a>>,
}

impl<'a> Default for EntryData<'a> {
    fn default() -> Self {
        Self {
            entity: Vec::new(),
            ops: Vec::new(),
        }
    }
}

impl<'a> EntryData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.entity = r.array(flexible, 3, |r| EntityData::decode(r, version))?;
        m.ops = r.array(flexible, 11, |r| OpData::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.array(&self.entity, flexible, |w, value| value.encode(w, version))?;
        w.array(&self.ops, flexible, |w, value| value.encode(w, version))?;
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
            entity: self
                .entity
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            ops: self.ops.into_iter().map(|one| one.into_owned()).collect(),
        }
    }
}

/// Part of [`AlterClientQuotasRequest`].
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

/// Part of [`AlterClientQuotasRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct OpData<'a> {
    /// `string, versions 0-1`
    pub key: Cow<'a, str>,
    /// `float64, versions 0-1`
    pub value: f64,
    /// `bool, versions 0-1`
    pub remove: bool,
}

impl<'a> Default for OpData<'a> {
    fn default() -> Self {
        Self {
            key: Cow::Borrowed(""),
            value: 0.0,
            remove: false,
        }
    }
}

impl<'a> OpData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.key = r.string(flexible)?;
        m.value = r.f64()?;
        m.remove = r.bool()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.string(&self.key, flexible)?;
        w.f64(self.value);
        w.bool(self.remove);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl OpData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OpData<'static> {
        OpData {
            key: Cow::Owned(self.key.into_owned()),
            value: self.value,
            remove: self.remove,
        }
    }
}
