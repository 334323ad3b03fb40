//! `WriteTxnMarkersRequest`, versions 1-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `WriteTxnMarkersRequest`, key 27, versions 1-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteTxnMarkersRequest<'a> {
    /// `[]WritableTxnMarker, versions 1-2`
    pub markers: Vec<WritableTxnMarker<'a>>,
}

impl<'a> Default for WriteTxnMarkersRequest<'a> {
    fn default() -> Self {
        Self {
            markers: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for WriteTxnMarkersRequest<'a> {
    const KEY: i16 = 27;
    const NAME: &'static str = "WriteTxnMarkersRequest";
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
        m.markers = r.array(true, 17, |r| WritableTxnMarker::decode(r, version))?;
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

impl Request for WriteTxnMarkersRequest<'_> {
    const API: ApiKey = ApiKey::WriteTxnMarkers;
    type Response<'b> = super::WriteTxnMarkersResponseType<'b>;
}

impl WriteTxnMarkersRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> WriteTxnMarkersRequest<'static> {
        WriteTxnMarkersRequest {
            markers: self
                .markers
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`WriteTxnMarkersRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableTxnMarker<'a> {
    /// `int64, versions 1-2`
    pub producer_id: i64,
    /// `int16, versions 1-2`
    pub producer_epoch: i16,
    /// `bool, versions 1-2`
    pub transaction_result: bool,
    /// `[]WritableTxnMarkerTopic, versions 1-2`
    pub topics: Vec<WritableTxnMarkerTopic<'a>>,
    /// `int32, versions 1-2`
    pub coordinator_epoch: i32,
    /// `int8, versions 2, default 0, ignorable`
    pub transaction_version: i8,
}

impl<'a> Default for WritableTxnMarker<'a> {
    fn default() -> Self {
        Self {
            producer_id: 0,
            producer_epoch: 0,
            transaction_result: false,
            topics: Vec::new(),
            coordinator_epoch: 0,
            transaction_version: 0,
        }
    }
}

impl<'a> WritableTxnMarker<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        m.transaction_result = r.bool()?;
        m.topics = r.array(true, 3, |r| WritableTxnMarkerTopic::decode(r, version))?;
        m.coordinator_epoch = r.i32()?;
        if version >= 2 {
            m.transaction_version = r.i8()?;
        }
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.bool(self.transaction_result);
        w.array(&self.topics, true, |w, value| value.encode(w, version))?;
        w.i32(self.coordinator_epoch);
        if version >= 2 {
            w.i8(self.transaction_version);
        }
        w.uvarint(0);
        Ok(())
    }
}

impl WritableTxnMarker<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> WritableTxnMarker<'static> {
        WritableTxnMarker {
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            transaction_result: self.transaction_result,
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            coordinator_epoch: self.coordinator_epoch,
            transaction_version: self.transaction_version,
        }
    }
}

/// Part of [`WriteTxnMarkersRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableTxnMarkerTopic<'a> {
    /// `string, versions 1-2`
    pub name: Cow<'a, str>,
    /// `[]int32, versions 1-2`
    pub partition_indexes: Vec<i32>,
}

impl<'a> Default for WritableTxnMarkerTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partition_indexes: Vec::new(),
        }
    }
}

impl<'a> WritableTxnMarkerTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.partition_indexes = r.array(true, 4, |r| r.i32())?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.string(&self.name, true)?;
        w.array(&self.partition_indexes, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.uvarint(0);
        Ok(())
    }
}

impl WritableTxnMarkerTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> WritableTxnMarkerTopic<'static> {
        WritableTxnMarkerTopic {
            name: Cow::Owned(self.name.into_owned()),
            partition_indexes: self.partition_indexes,
        }
    }
}
