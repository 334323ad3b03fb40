//! `AddPartitionsToTxnResponse`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AddPartitionsToTxnResponse`, key 24, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitionsToTxnResponse<'a> {
    /// `int32, versions 0-5`
    pub throttle_time_ms: i32,
    /// `int16, versions 4-5, ignorable`
    pub error_code: i16,
    /// `[]AddPartitionsToTxnResult, versions 4-5`
    pub results_by_transaction: Vec<AddPartitionsToTxnResult<'a>>,
    /// `[]AddPartitionsToTxnTopicResult, versions 0-3`
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult<'a>>,
}

impl<'a> Default for AddPartitionsToTxnResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            results_by_transaction: Vec::new(),
            results_by_topic_v3_and_below: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for AddPartitionsToTxnResponse<'a> {
    const KEY: i16 = 24;
    const NAME: &'static str = "AddPartitionsToTxnResponse";
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
        m.throttle_time_ms = r.i32()?;
        if version >= 4 {
            m.error_code = r.i16()?;
        }
        if version >= 4 {
            m.results_by_transaction = r.array(flexible, 3, |r| {
                AddPartitionsToTxnResult::decode(r, version)
            })?;
        }
        if version <= 3 {
            m.results_by_topic_v3_and_below = r.array(flexible, 3, |r| {
                AddPartitionsToTxnTopicResult::decode(r, version)
            })?;
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
        w.i32(self.throttle_time_ms);
        if version >= 4 {
            w.i16(self.error_code);
        }
        if version >= 4 {
            w.array(&self.results_by_transaction, flexible, |w, value| {
                value.encode(w, version)
            })?;
        } else if !self.results_by_transaction.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "AddPartitionsToTxnResponse",
                field: "results_by_transaction",
                version,
            });
        }
        if version <= 3 {
            w.array(&self.results_by_topic_v3_and_below, flexible, |w, value| {
                value.encode(w, version)
            })?;
        } else if !self.results_by_topic_v3_and_below.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "AddPartitionsToTxnResponse",
                field: "results_by_topic_v3_and_below",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AddPartitionsToTxnResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AddPartitionsToTxnResponse<'static> {
        AddPartitionsToTxnResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            results_by_transaction: self
                .results_by_transaction
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            results_by_topic_v3_and_below: self
                .results_by_topic_v3_and_below
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AddPartitionsToTxnResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitionsToTxnResult<'a> {
    /// `string, versions 4-5`
    pub transactional_id: Cow<'a, str>,
    /// `[]AddPartitionsToTxnTopicResult, versions 4-5`
    pub topic_results: Vec<AddPartitionsToTxnTopicResult<'a>>,
}

impl<'a> Default for AddPartitionsToTxnResult<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
            topic_results: Vec::new(),
        }
    }
}

impl<'a> AddPartitionsToTxnResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.transactional_id = r.string(true)?;
        m.topic_results = r.array(true, 3, |r| {
            AddPartitionsToTxnTopicResult::decode(r, version)
        })?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.transactional_id, true)?;
        w.array(&self.topic_results, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl AddPartitionsToTxnResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AddPartitionsToTxnResult<'static> {
        AddPartitionsToTxnResult {
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
            topic_results: self
                .topic_results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AddPartitionsToTxnResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitionsToTxnTopicResult<'a> {
    /// `string, versions 0-5`
    pub name: Cow<'a, str>,
    /// `[]AddPartitionsToTxnPartitionResult, versions 0-5`
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
}

impl<'a> Default for AddPartitionsToTxnTopicResult<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            results_by_partition: Vec::new(),
        }
    }
}

impl<'a> AddPartitionsToTxnTopicResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.results_by_partition = r.array(flexible, 6, |r| {
            AddPartitionsToTxnPartitionResult::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
        w.string(&self.name, flexible)?;
        w.array(&self.results_by_partition, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AddPartitionsToTxnTopicResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AddPartitionsToTxnTopicResult<'static> {
        AddPartitionsToTxnTopicResult {
            name: Cow::Owned(self.name.into_owned()),
            results_by_partition: self.results_by_partition,
        }
    }
}

/// Part of [`AddPartitionsToTxnResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitionsToTxnPartitionResult {
    /// `int32, versions 0-5`
    pub partition_index: i32,
    /// `int16, versions 0-5`
    pub partition_error_code: i16,
}

impl Default for AddPartitionsToTxnPartitionResult {
    fn default() -> Self {
        Self {
            partition_index: 0,
            partition_error_code: 0,
        }
    }
}

impl AddPartitionsToTxnPartitionResult {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 3;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.partition_error_code = r.i16()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 3;
        w.i32(self.partition_index);
        w.i16(self.partition_error_code);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
