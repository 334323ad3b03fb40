//! `ClientQuotaRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ClientQuotaRecord`, key 14, versions 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientQuotaRecord<'a> {
    /// `[]EntityData, versions 0`
    pub entity: Vec<EntityData<'a>>,
    /// `string, versions 0`
    pub key: Cow<'a, str>,
    /// `float64, versions 0`
    pub value: f64,
    /// `bool, versions 0`
    pub remove: bool,
}

impl<'a> Default for ClientQuotaRecord<'a> {
    fn default() -> Self {
        Self {
            entity: Vec::new(),
            key: Cow::Borrowed(""),
            value: 0.0,
            remove: false,
        }
    }
}

impl<'a> Message<'a> for ClientQuotaRecord<'a> {
    const KEY: i16 = 14;
    const NAME: &'static str = "ClientQuotaRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.entity = r.array(true, 3, |r| EntityData::decode(r, version))?;
        m.key = r.string(true)?;
        m.value = r.f64()?;
        m.remove = r.bool()?;
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
        w.array(&self.entity, true, |w, value| value.encode(w, version))?;
        w.string(&self.key, true)?;
        w.f64(self.value);
        w.bool(self.remove);
        w.uvarint(0);
        Ok(())
    }
}

impl ClientQuotaRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ClientQuotaRecord<'static> {
        ClientQuotaRecord {
            entity: self
                .entity
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            key: Cow::Owned(self.key.into_owned()),
            value: self.value,
            remove: self.remove,
        }
    }
}

/// Part of [`ClientQuotaRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityData<'a> {
    /// `string, versions 0`
    pub entity_type: Cow<'a, str>,
    /// `string, versions 0, nullable 0`
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
        let mut m = Self::default();
        m.entity_type = r.string(true)?;
        m.entity_name = r.nullable_string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.entity_type, true)?;
        w.nullable_string(self.entity_name.as_deref(), true)?;
        w.uvarint(0);
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
