//! `ProduceRequest`, versions 3-13. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ProduceRequest`, key 0, versions 3-13.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProduceRequest<'a> {
    /// `string, versions 3-13, nullable 3-13, default null`
    pub transactional_id: Option<Cow<'a, str>>,
    /// `int16, versions 3-13`
    pub acks: i16,
    /// `int32, versions 3-13`
    pub timeout_ms: i32,
    /// `[]TopicProduceData, versions 3-13`
    pub topic_data: Vec<TopicProduceData<'a>>,
}

impl<'a> Default for ProduceRequest<'a> {
    fn default() -> Self {
        Self {
            transactional_id: None,
            acks: 0,
            timeout_ms: 0,
            topic_data: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ProduceRequest<'a> {
    const KEY: i16 = 0;
    const NAME: &'static str = "ProduceRequest";
    const VERSIONS: VersionRange = VersionRange::new(3, 13);
    const FLEXIBLE_FROM: Option<i16> = Some(9);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 9;
        let mut m = Self::default();
        m.transactional_id = r.nullable_string(flexible)?;
        m.acks = r.i16()?;
        m.timeout_ms = r.i32()?;
        m.topic_data = r.array(flexible, 3, |r| TopicProduceData::decode(r, version))?;
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
        let flexible = version >= 9;
        w.nullable_string(self.transactional_id.as_deref(), flexible)?;
        w.i16(self.acks);
        w.i32(self.timeout_ms);
        w.array(&self.topic_data, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for ProduceRequest<'_> {
    const API: ApiKey = ApiKey::Produce;
    type Response<'b> = super::ProduceResponseType<'b>;
}

impl ProduceRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ProduceRequest<'static> {
        ProduceRequest {
            transactional_id: self
                .transactional_id
                .map(|value| Cow::Owned(value.into_owned())),
            acks: self.acks,
            timeout_ms: self.timeout_ms,
            topic_data: self
                .topic_data
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ProduceRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicProduceData<'a> {
    /// `string, versions 3-12, ignorable`
    pub name: Cow<'a, str>,
    /// `uuid, versions 13, ignorable`
    pub topic_id: Uuid,
    /// `[]PartitionProduceData, versions 3-13`
    pub partition_data: Vec<PartitionProduceData<'a>>,
}

impl<'a> Default for TopicProduceData<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
            partition_data: Vec::new(),
        }
    }
}

impl<'a> TopicProduceData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        if version <= 12 {
            m.name = r.string(flexible)?;
        }
        if version >= 13 {
            m.topic_id = r.uuid()?;
        }
        m.partition_data = r.array(flexible, 6, |r| PartitionProduceData::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        if version <= 12 {
            w.string(&self.name, flexible)?;
        }
        if version >= 13 {
            w.uuid(self.topic_id);
        }
        w.array(&self.partition_data, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl TopicProduceData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicProduceData<'static> {
        TopicProduceData {
            name: Cow::Owned(self.name.into_owned()),
            topic_id: self.topic_id,
            partition_data: self
                .partition_data
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ProduceRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionProduceData<'a> {
    /// `int32, versions 3-13`
    pub index: i32,
    /// `bytes, versions 3-13, nullable 3-13`
    pub records: Option<Cow<'a, [u8]>>,
}

impl<'a> Default for PartitionProduceData<'a> {
    fn default() -> Self {
        Self {
            index: 0,
            records: Some(Cow::Borrowed(&[])),
        }
    }
}

impl<'a> PartitionProduceData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 9;
        let mut m = Self::default();
        m.index = r.i32()?;
        m.records = r.nullable_bytes(flexible)?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 9;
        w.i32(self.index);
        w.nullable_bytes(self.records.as_deref(), flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl PartitionProduceData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> PartitionProduceData<'static> {
        PartitionProduceData {
            index: self.index,
            records: self.records.map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
