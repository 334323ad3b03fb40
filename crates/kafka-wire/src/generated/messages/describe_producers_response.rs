//! `DescribeProducersResponse`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeProducersResponse`, key 61, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeProducersResponse<'a> {
    /// `int32, versions 0`
    pub throttle_time_ms: i32,
    /// `[]TopicResponse, versions 0`
    pub topics: Vec<TopicResponse<'a>>,
}

impl<'a> Default for DescribeProducersResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeProducersResponse<'a> {
    const KEY: i16 = 61;
    const NAME: &'static str = "DescribeProducersResponse";
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
        m.topics = r.array(true, 3, |r| TopicResponse::decode(r, version))?;
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
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl DescribeProducersResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeProducersResponse<'static> {
        DescribeProducersResponse {
            throttle_time_ms: self.throttle_time_ms,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeProducersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicResponse<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `[]PartitionResponse, versions 0`
    pub partitions: Vec<PartitionResponse<'a>>,
}

impl<'a> Default for TopicResponse<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> TopicResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.partitions = r.array(true, 9, |r| PartitionResponse::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.array(&self.partitions, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl TopicResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicResponse<'static> {
        TopicResponse {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self
                .partitions
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeProducersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionResponse<'a> {
    /// `int32, versions 0`
    pub partition_index: i32,
    /// `int16, versions 0`
    pub error_code: i16,
    /// `string, versions 0, nullable 0, default null`
    pub error_message: Option<Cow<'a, str>>,
    /// `[]ProducerState, versions 0`
    pub active_producers: Vec<ProducerState>,
}

impl<'a> Default for PartitionResponse<'a> {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: None,
            active_producers: Vec::new(),
        }
    }
}

impl<'a> PartitionResponse<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(true)?;
        m.active_producers = r.array(true, 37, |r| ProducerState::decode(r, version))?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), true)?;
        w.array(&self.active_producers, true, |w, value| {
            value.encode(w, version)
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl PartitionResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> PartitionResponse<'static> {
        PartitionResponse {
            partition_index: self.partition_index,
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            active_producers: self.active_producers,
        }
    }
}

/// Part of [`DescribeProducersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerState {
    /// `int64, versions 0`
    pub producer_id: i64,
    /// `int32, versions 0`
    pub producer_epoch: i32,
    /// `int32, versions 0, default -1`
    pub last_sequence: i32,
    /// `int64, versions 0, default -1`
    pub last_timestamp: i64,
    /// `int32, versions 0`
    pub coordinator_epoch: i32,
    /// `int64, versions 0, default -1`
    pub current_txn_start_offset: i64,
}

impl Default for ProducerState {
    fn default() -> Self {
        Self {
            producer_id: 0,
            producer_epoch: 0,
            last_sequence: -1,
            last_timestamp: -1,
            coordinator_epoch: 0,
            current_txn_start_offset: -1,
        }
    }
}

impl ProducerState {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i32()?;
        m.last_sequence = r.i32()?;
        m.last_timestamp = r.i64()?;
        m.coordinator_epoch = r.i32()?;
        m.current_txn_start_offset = r.i64()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i64(self.producer_id);
        w.i32(self.producer_epoch);
        w.i32(self.last_sequence);
        w.i64(self.last_timestamp);
        w.i32(self.coordinator_epoch);
        w.i64(self.current_txn_start_offset);
        w.uvarint(0);
        Ok(())
    }
}
