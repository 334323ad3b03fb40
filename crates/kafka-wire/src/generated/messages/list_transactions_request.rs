//! `ListTransactionsRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ListTransactionsRequest`, key 66, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTransactionsRequest<'a> {
    /// `[]string, versions 0-2`
    pub state_filters: Vec<Cow<'a, str>>,
    /// `[]int64, versions 0-2`
    pub producer_id_filters: Vec<i64>,
    /// `int64, versions 1-2, default -1`
    pub duration_filter: i64,
    /// `string, versions 2, nullable 2, default null`
    pub transactional_id_pattern: Option<Cow<'a, str>>,
}

impl<'a> Default for ListTransactionsRequest<'a> {
    fn default() -> Self {
        Self {
            state_filters: Vec::new(),
            producer_id_filters: Vec::new(),
            duration_filter: -1,
            transactional_id_pattern: None,
        }
    }
}

impl<'a> Message<'a> for ListTransactionsRequest<'a> {
    const KEY: i16 = 66;
    const NAME: &'static str = "ListTransactionsRequest";
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
        m.state_filters = r.array(true, 1, |r| r.string(true))?;
        m.producer_id_filters = r.array(true, 8, |r| r.i64())?;
        if version >= 1 {
            m.duration_filter = r.i64()?;
        }
        if version >= 2 {
            m.transactional_id_pattern = r.nullable_string(true)?;
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
        w.array(&self.state_filters, true, |w, value| w.string(value, true))?;
        w.array(&self.producer_id_filters, true, |w, value| {
            w.i64(*value);
            Ok(())
        })?;
        if version >= 1 {
            w.i64(self.duration_filter);
        } else if self.duration_filter != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "ListTransactionsRequest",
                field: "duration_filter",
                version,
            });
        }
        if version >= 2 {
            w.nullable_string(self.transactional_id_pattern.as_deref(), true)?;
        } else if self.transactional_id_pattern.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "ListTransactionsRequest",
                field: "transactional_id_pattern",
                version,
            });
        }
        w.uvarint(0);
        Ok(())
    }
}

impl Request for ListTransactionsRequest<'_> {
    const API: ApiKey = ApiKey::ListTransactions;
    type Response<'b> = super::ListTransactionsResponseType<'b>;
}

impl ListTransactionsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ListTransactionsRequest<'static> {
        ListTransactionsRequest {
            state_filters: self
                .state_filters
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
            producer_id_filters: self.producer_id_filters,
            duration_filter: self.duration_filter,
            transactional_id_pattern: self
                .transactional_id_pattern
                .map(|value| Cow::Owned(value.into_owned())),
        }
    }
}
