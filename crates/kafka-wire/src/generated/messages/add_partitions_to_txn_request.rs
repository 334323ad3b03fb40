//! `AddPartitionsToTxnRequest`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AddPartitionsToTxnRequest`, key 24, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitionsToTxnRequest<'a> {
    /// `[]AddPartitionsToTxnTransaction, versions 4-5`
    pub transactions: Vec<AddPartitionsToTxnTransaction<'a>>,
    /// `string, versions 0-3`
    pub v3_and_below_transactional_id: Cow<'a, str>,
    /// `int64, versions 0-3`
    pub v3_and_below_producer_id: i64,
    /// `int16, versions 0-3`
    pub v3_and_below_producer_epoch: i16,
    /// `[]AddPartitionsToTxnTopic, versions 0-3`
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic<'a>>,
}

impl<'a> Default for AddPartitionsToTxnRequest<'a> {
    fn default() -> Self {
        Self {
            transactions: Vec::new(),
            v3_and_below_transactional_id: Cow::Borrowed(""),
            v3_and_below_producer_id: 0,
            v3_and_below_producer_epoch: 0,
            v3_and_below_topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AddPartitionsToTxnRequest<'a> {
    const KEY: i16 = 24;
    const NAME: &'static str = "AddPartitionsToTxnRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
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
        if version >= 4 {
            m.transactions = r.array(flexible, 14, |r| {
                AddPartitionsToTxnTransaction::decode(r, version)
            })?;
        }
        if version <= 3 {
            m.v3_and_below_transactional_id = r.string(flexible)?;
        }
        if version <= 3 {
            m.v3_and_below_producer_id = r.i64()?;
        }
        if version <= 3 {
            m.v3_and_below_producer_epoch = r.i16()?;
        }
        if version <= 3 {
            m.v3_and_below_topics =
                r.array(flexible, 3, |r| AddPartitionsToTxnTopic::decode(r, version))?;
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
        if version >= 4 {
            w.array(&self.transactions, flexible, |w, value| {
                value.encode(w, version)
            })?;
        } else if !self.transactions.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "AddPartitionsToTxnRequest",
                field: "transactions",
                version,
            });
        }
        if version <= 3 {
            w.string(&self.v3_and_below_transactional_id, flexible)?;
        } else if !self.v3_and_below_transactional_id.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "AddPartitionsToTxnRequest",
                field: "v3_and_below_transactional_id",
                version,
            });
        }
        if version <= 3 {
            w.i64(self.v3_and_below_producer_id);
        } else if self.v3_and_below_producer_id != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "AddPartitionsToTxnRequest",
                field: "v3_and_below_producer_id",
                version,
            });
        }
        if version <= 3 {
            w.i16(self.v3_and_below_producer_epoch);
        } else if self.v3_and_below_producer_epoch != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "AddPartitionsToTxnRequest",
                field: "v3_and_below_producer_epoch",
                version,
            });
        }
        if version <= 3 {
            w.array(&self.v3_and_below_topics, flexible, |w, value| {
                value.encode(w, version)
            })?;
        } else if !self.v3_and_below_topics.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "AddPartitionsToTxnRequest",
                field: "v3_and_below_topics",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for AddPartitionsToTxnRequest<'_> {
    const API: ApiKey = ApiKey::AddPartitionsToTxn;
    type Response<'b> = super::AddPartitionsToTxnResponseType<'b>;
}

impl AddPartitionsToTxnRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AddPartitionsToTxnRequest<'static> {
        AddPartitionsToTxnRequest {
            transactions: self
                .transactions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            v3_and_below_transactional_id: Cow::Owned(
                self.v3_and_below_transactional_id.into_owned(),
            ),
            v3_and_below_producer_id: self.v3_and_below_producer_id,
            v3_and_below_producer_epoch: self.v3_and_below_producer_epoch,
            v3_and_below_topics: self
                .v3_and_below_topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AddPartitionsToTxnRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitionsToTxnTransaction<'a> {
    /// `string, versions 4-5`
    pub transactional_id: Cow<'a, str>,
    /// `int64, versions 4-5`
    pub producer_id: i64,
    /// `int16, versions 4-5`
    pub producer_epoch: i16,
    /// `bool, versions 4-5, default false`
    pub verify_only: bool,
    /// `[]AddPartitionsToTxnTopic, versions 4-5`
    pub topics: Vec<AddPartitionsToTxnTopic<'a>>,
}

impl<'a> Default for AddPartitionsToTxnTransaction<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
            producer_id: 0,
            producer_epoch: 0,
            verify_only: false,
            topics: Vec::new(),
        }
    }
}

impl<'a> AddPartitionsToTxnTransaction<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.transactional_id = r.string(true)?;
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        m.verify_only = r.bool()?;
        m.topics = r.array(true, 3, |r| AddPartitionsToTxnTopic::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.transactional_id, true)?;
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.bool(self.verify_only);
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl AddPartitionsToTxnTransaction<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AddPartitionsToTxnTransaction<'static> {
        AddPartitionsToTxnTransaction {
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            verify_only: self.verify_only,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AddPartitionsToTxnRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitionsToTxnTopic<'a> {
    /// `string, versions 0-5`
    pub name: Cow<'a, str>,
    /// `[]int32, versions 0-5`
    pub partitions: Vec<i32>,
}

impl<'a> Default for AddPartitionsToTxnTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> AddPartitionsToTxnTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AddPartitionsToTxnTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AddPartitionsToTxnTopic<'static> {
        AddPartitionsToTxnTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}
