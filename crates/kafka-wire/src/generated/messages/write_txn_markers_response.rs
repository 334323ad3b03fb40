//! `WriteTxnMarkersResponse`, versions 1-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `WriteTxnMarkersResponse`, key 27, versions 1-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteTxnMarkersResponse<'a> {
    /// `[]WritableTxnMarkerResult, versions 1-2`
    pub markers: Vec<WritableTxnMarkerResult<'a>>,
}

impl<'a> Default for WriteTxnMarkersResponse<'a> {
    fn default() -> Self {
        Self {
            markers: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for WriteTxnMarkersResponse<'a> {
    const KEY: i16 = 27;
    const NAME: &'static str = "WriteTxnMarkersResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FLEXIBLE_FROM: Option<i16> = Some(1);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.markers = r.array(true, 10, |r| WritableTxnMarkerResult::decode(r, version))?;
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
        w.array(&self.markers, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl WriteTxnMarkersResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> WriteTxnMarkersResponse<'static> {
        WriteTxnMarkersResponse {
            markers: self
                .markers
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableTxnMarkerResult<'a> {
    /// `int64, versions 1-2`
    pub producer_id: i64,
    /// `[]WritableTxnMarkerTopicResult, versions 1-2`
    pub topics: Vec<WritableTxnMarkerTopicResult<'a>>,
}

impl<'a> Default for WritableTxnMarkerResult<'a> {
    fn default() -> Self {
        Self {
            producer_id: 0,
            topics: Vec::new(),
        }
    }
}

impl<'a> WritableTxnMarkerResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.producer_id = r.i64()?;
        m.topics = r.array(true, 3, |r| {
            WritableTxnMarkerTopicResult::decode(r, version)
        })?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i64(self.producer_id);
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.uvarint(0);
        Ok(())
    }
}

impl WritableTxnMarkerResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> WritableTxnMarkerResult<'static> {
        WritableTxnMarkerResult {
            producer_id: self.producer_id,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableTxnMarkerTopicResult<'a> {
    /// `string, versions 1-2`
    pub name: Cow<'a, str>,
    /// `[]WritableTxnMarkerPartitionResult, versions 1-2`
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
}

impl<'a> Default for WritableTxnMarkerTopicResult<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> WritableTxnMarkerTopicResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.partitions = r.array(true, 7, |r| {
            WritableTxnMarkerPartitionResult::decode(r, version)
        })?;
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

impl WritableTxnMarkerTopicResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> WritableTxnMarkerTopicResult<'static> {
        WritableTxnMarkerTopicResult {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableTxnMarkerPartitionResult {
    /// `int32, versions 1-2`
    pub partition_index: i32,
    /// `int16, versions 1-2`
    pub error_code: i16,
}

impl Default for WritableTxnMarkerPartitionResult {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
        }
    }
}

impl WritableTxnMarkerPartitionResult {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.error_code = r.i16()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i32(self.partition_index);
        w.i16(self.error_code);
        w.uvarint(0);
        Ok(())
    }
}
