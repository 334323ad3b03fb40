//! `ProducerSnapshot`, versions 1. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ProducerSnapshot`, versions 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerSnapshot {
    /// `uint32, versions 1`
    pub crc: u32,
    /// `[]ProducerEntry, versions 1`
    pub producer_entries: Vec<ProducerEntry>,
}

impl Default for ProducerSnapshot {
    fn default() -> Self {
        Self {
            crc: 0,
            producer_entries: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for ProducerSnapshot {
    const KEY: i16 = -1;
    const NAME: &'static str = "ProducerSnapshot";
    const VERSIONS: VersionRange = VersionRange::new(1, 1);
    const FLEXIBLE_FROM: Option<i16> = None;

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.crc = r.u32()?;
        m.producer_entries = r.array(false, 46, |r| ProducerEntry::decode(r, version))?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.u32(self.crc);
        w.array(&self.producer_entries, false, |w, value| {
            value.encode(w, version)
        })?;
        Ok(())
    }
}

/// Part of [`ProducerSnapshot`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerEntry {
    /// `int64, versions 1`
    pub producer_id: i64,
    /// `int16, versions 1`
    pub epoch: i16,
    /// `int32, versions 1`
    pub last_sequence: i32,
    /// `int64, versions 1`
    pub last_offset: i64,
    /// `int32, versions 1`
    pub offset_delta: i32,
    /// `int64, versions 1`
    pub timestamp: i64,
    /// `int32, versions 1`
    pub coordinator_epoch: i32,
    /// `int64, versions 1`
    pub current_txn_first_offset: i64,
}

impl Default for ProducerEntry {
    fn default() -> Self {
        Self {
            producer_id: 0,
            epoch: 0,
            last_sequence: 0,
            last_offset: 0,
            offset_delta: 0,
            timestamp: 0,
            coordinator_epoch: 0,
            current_txn_first_offset: 0,
        }
    }
}

impl ProducerEntry {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let mut m = Self::default();
        m.producer_id = r.i64()?;
        m.epoch = r.i16()?;
        m.last_sequence = r.i32()?;
        m.last_offset = r.i64()?;
        m.offset_delta = r.i32()?;
        m.timestamp = r.i64()?;
        m.coordinator_epoch = r.i32()?;
        m.current_txn_first_offset = r.i64()?;
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        w.i64(self.producer_id);
        w.i16(self.epoch);
        w.i32(self.last_sequence);
        w.i64(self.last_offset);
        w.i32(self.offset_delta);
        w.i64(self.timestamp);
        w.i32(self.coordinator_epoch);
        w.i64(self.current_txn_first_offset);
        Ok(())
    }
}
