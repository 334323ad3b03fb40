//! `DescribeTransactionsResponse`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeTransactionsResponse`, key 65, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTransactionsResponse<'a> {
    /// `int32, versions 0`
    pub throttle_time_ms: i32,
    /// `[]TransactionState, versions 0`
    pub transaction_states: Vec<TransactionState<'a>>,
}

impl<'a> Default for DescribeTransactionsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            transaction_states: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeTransactionsResponse<'a> {
    const KEY: i16 = 65;
    const NAME: &'static str = "DescribeTransactionsResponse";
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
        m.throttle_time_ms = r.i32()?;
        m.transaction_states = r.array(true, 28, |r| TransactionState::decode(r, version))?;
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
        w.array(&self.transaction_states, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeTransactionsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeTransactionsResponse<'static> {
        DescribeTransactionsResponse {
            throttle_time_ms: self.throttle_time_ms,
            transaction_states: self
                .transaction_states
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeTransactionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionState<'a> {
    /// `int16, versions 0`
    pub error_code: i16,
    /// `string, versions 0`
    pub transactional_id: Cow<'a, str>,
    /// `string, versions 0`
    pub transaction_state: Cow<'a, str>,
    /// `int32, versions 0`
    pub transaction_timeout_ms: i32,
    /// `int64, versions 0`
    pub transaction_start_time_ms: i64,
    /// `int64, versions 0`
    pub producer_id: i64,
    /// `int16, versions 0`
    pub producer_epoch: i16,
    /// `[]TopicData, versions 0`
    pub topics: Vec<TopicData<'a>>,
}

impl<'a> Default for TransactionState<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            transactional_id: Cow::Borrowed(""),
            transaction_state: Cow::Borrowed(""),
            transaction_timeout_ms: 0,
            transaction_start_time_ms: 0,
            producer_id: 0,
            producer_epoch: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> TransactionState<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.transactional_id = r.string(true)?;
        m.transaction_state = r.string(true)?;
        m.transaction_timeout_ms = r.i32()?;
        m.transaction_start_time_ms = r.i64()?;
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        m.topics = r.array(true, 3, |r| TopicData::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i16(self.error_code);
        w.string(&self.transactional_id, true)?;
        w.string(&self.transaction_state, true)?;
        w.i32(self.transaction_timeout_ms);
        w.i64(self.transaction_start_time_ms);
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl TransactionState<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TransactionState<'static> {
        TransactionState {
            error_code: self.error_code,
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
            transaction_state: Cow::Owned(self.transaction_state.into_owned()),
            transaction_timeout_ms: self.transaction_timeout_ms,
            transaction_start_time_ms: self.transaction_start_time_ms,
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeTransactionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicData<'a> {
    /// `string, versions 0`
    pub topic: Cow<'a, str>,
    /// `[]int32, versions 0`
    pub partitions: Vec<i32>,
}

impl<'a> Default for TopicData<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TopicData<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.topic = r.string(true)?;
        m.partitions = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.topic, true)?;
        w.array(&self.partitions, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl TopicData<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicData<'static> {
        TopicData {
            topic: Cow::Owned(self.topic.into_owned()),
            partitions: self.partitions,
        }
    }
}
