//! `ListTransactionsResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListTransactionsResponse`, key 66, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTransactionsResponse<'a> {
    /// `int32, versions 0-2`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `[]string, versions 0-2`
    pub unknown_state_filters: Vec<Cow<'a, str>>,
    /// `[]TransactionState, versions 0-2`
    pub transaction_states: Vec<TransactionState<'a>>,
}

impl<'a> Default for ListTransactionsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            unknown_state_filters: Vec::new(),
            transaction_states: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ListTransactionsResponse<'a> {
    const KEY: i16 = 66;
    const NAME: &'static str = "ListTransactionsResponse";
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
        m.unknown_state_filters = r.array(true, 1, |r| r.string(true))?;
        m.transaction_states = r.array(true, 11, |r| TransactionState::decode(r, version))?;
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
        w.array(&self.unknown_state_filters, true, |w, value| {
            w.string(value, true)
        })?;
        w.array(&self.transaction_states, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl ListTransactionsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListTransactionsResponse<'static> {
        ListTransactionsResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            unknown_state_filters: self
                .unknown_state_filters
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            transaction_states: self
                .transaction_states
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`ListTransactionsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionState<'a> {
    /// `string, versions 0-2`
    pub transactional_id: Cow<'a, str>,
    /// `int64, versions 0-2`
    pub producer_id: i64,
    /// `string, versions 0-2`
    pub transaction_state: Cow<'a, str>,
}

impl<'a> Default for TransactionState<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
            producer_id: 0,
            transaction_state: Cow::Borrowed(""),
        }
    }
}

impl<'a> TransactionState<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.transactional_id = r.string(true)?;
        m.producer_id = r.i64()?;
        m.transaction_state = r.string(true)?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.transactional_id, true)?;
        w.i64(self.producer_id);
        w.string(&self.transaction_state, true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl TransactionState<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TransactionState<'static> {
        TransactionState {
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
            producer_id: self.producer_id,
            transaction_state: Cow::Owned(self.transaction_state.into_owned()),
        }
    }
}
