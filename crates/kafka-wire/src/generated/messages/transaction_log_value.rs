//! `TransactionLogValue`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `TransactionLogValue`, key 0, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionLogValue<'a> {
    /// `int64, versions 0-1`
    pub producer_id: i64,
    /// `int64, versions 1, tag 0, default -1`
    pub previous_producer_id: i64,
    /// `int64, versions 1, tag 1, default -1`
    pub next_producer_id: i64,
    /// `int16, versions 0-1`
    pub producer_epoch: i16,
    /// `int16, versions 1, tag 3, default -1`
    pub next_producer_epoch: i16,
    /// `int32, versions 0-1`
    pub transaction_timeout_ms: i32,
    /// `int8, versions 0-1`
    pub transaction_status: i8,
    /// `[]PartitionsSchema, versions 0-1, nullable 0-1`
    pub transaction_partitions: Option<Vec<PartitionsSchema<'a>>>,
    /// `int64, versions 0-1`
    pub transaction_last_update_timestamp_ms: i64,
    /// `int64, versions 0-1`
    pub transaction_start_timestamp_ms: i64,
    /// `int16, versions 1, tag 2, default 0`
    pub client_transaction_version: i16,
}

impl<'a> Default for TransactionLogValue<'a> {
    fn default() -> Self {
        Self {
            producer_id: 0,
            previous_producer_id: -1,
            next_producer_id: -1,
            producer_epoch: 0,
            next_producer_epoch: -1,
            transaction_timeout_ms: 0,
            transaction_status: 0,
            transaction_partitions: Some(Vec::new()),
            transaction_last_update_timestamp_ms: 0,
            transaction_start_timestamp_ms: 0,
            client_transaction_version: 0,
        }
    }
}

impl<'a> Message<'a> for TransactionLogValue<'a> {
    const KEY: i16 = 0;
    const NAME: &'static str = "TransactionLogValue";
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
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        m.transaction_timeout_ms = r.i32()?;
        m.transaction_status = r.i8()?;
        m.transaction_partitions =
            r.nullable_array(flexible, 3, |r| PartitionsSchema::decode(r, version))?;
        m.transaction_last_update_timestamp_ms = r.i64()?;
        m.transaction_start_timestamp_ms = r.i64()?;
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 1 => m.previous_producer_id = r.i64()?,
                    1 if version >= 1 => m.next_producer_id = r.i64()?,
                    3 if version >= 1 => m.next_producer_epoch = r.i16()?,
                    2 if version >= 1 => m.client_transaction_version = r.i16()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
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
        w.i64(self.producer_id);
        if !(version >= 1) && self.previous_producer_id != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "TransactionLogValue",
                field: "previous_producer_id",
                version,
            });
        }
        if !(version >= 1) && self.next_producer_id != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "TransactionLogValue",
                field: "next_producer_id",
                version,
            });
        }
        w.i16(self.producer_epoch);
        if !(version >= 1) && self.next_producer_epoch != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "TransactionLogValue",
                field: "next_producer_epoch",
                version,
            });
        }
        w.i32(self.transaction_timeout_ms);
        w.i8(self.transaction_status);
        w.nullable_array(
            self.transaction_partitions.as_deref(),
            flexible,
            |w, value| value.encode(w, version),
        )?;
        w.i64(self.transaction_last_update_timestamp_ms);
        w.i64(self.transaction_start_timestamp_ms);
        if !(version >= 1) && self.client_transaction_version != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "TransactionLogValue",
                field: "client_transaction_version",
                version,
            });
        }
        let has_previous_producer_id = version >= 1 && self.previous_producer_id != -1;
        let has_next_producer_id = version >= 1 && self.next_producer_id != -1;
        let has_client_transaction_version = version >= 1 && self.client_transaction_version != 0;
        let has_next_producer_epoch = version >= 1 && self.next_producer_epoch != -1;
        if flexible {
            w.uvarint(
                u32::from(has_previous_producer_id)
                    + u32::from(has_next_producer_id)
                    + u32::from(has_client_transaction_version)
                    + u32::from(has_next_producer_epoch),
            );
            if has_previous_producer_id {
                w.tagged(0, |w| {
                    w.i64(self.previous_producer_id);
                    Ok(())
                })?;
            }
            if has_next_producer_id {
                w.tagged(1, |w| {
                    w.i64(self.next_producer_id);
                    Ok(())
                })?;
            }
            if has_client_transaction_version {
                w.tagged(2, |w| {
                    w.i16(self.client_transaction_version);
                    Ok(())
                })?;
            }
            if has_next_producer_epoch {
                w.tagged(3, |w| {
                    w.i16(self.next_producer_epoch);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

impl TransactionLogValue<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TransactionLogValue<'static> {
        TransactionLogValue {
            producer_id: self.producer_id,
            previous_producer_id: self.previous_producer_id,
            next_producer_id: self.next_producer_id,
            producer_epoch: self.producer_epoch,
            next_producer_epoch: self.next_producer_epoch,
            transaction_timeout_ms: self.transaction_timeout_ms,
            transaction_status: self.transaction_status,
            transaction_partitions: self
                .transaction_partitions
                .map(|value| value.into_iter().map(|one| one.into_owned()).collect()),
            transaction_last_update_timestamp_ms: self.transaction_last_update_timestamp_ms,
            transaction_start_timestamp_ms: self.transaction_start_timestamp_ms,
            client_transaction_version: self.client_transaction_version,
        }
    }
}

/// Part of [`TransactionLogValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionsSchema<'a> {
    /// `string, versions 0-1`
    pub topic: Cow<'a, str>,
    /// `[]int32, versions 0-1`
    pub partition_ids: Vec<i32>,
}

impl<'a> Default for PartitionsSchema<'a> {
    fn default() -> Self {
        Self {
            topic: Cow::Borrowed(""),
            partition_ids: Vec::new(),
        }
    }
}

impl<'a> PartitionsSchema<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 1;
        let mut m = Self::default();
        m.topic = r.string(flexible)?;
        m.partition_ids = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 1;
        w.string(&self.topic, flexible)?;
        w.array(&self.partition_ids, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl PartitionsSchema<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> PartitionsSchema<'static> {
        PartitionsSchema {
            topic: Cow::Owned(self.topic.into_owned()),
            partition_ids: self.partition_ids,
        }
    }
}
