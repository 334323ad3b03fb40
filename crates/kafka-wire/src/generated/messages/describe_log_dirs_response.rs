//! `DescribeLogDirsResponse`, versions 1-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `DescribeLogDirsResponse`, key 35, versions 1-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeLogDirsResponse<'a> {
    /// `int32, versions 1-5`
    pub throttle_time_ms: i32,
    /// `int16, versions 3-5, ignorable`
    pub error_code: i16,
    /// `[]DescribeLogDirsResult, versions 1-5`
    pub results: Vec<DescribeLogDirsResult<'a>>,
}

impl<'a> Default for DescribeLogDirsResponse<'a> {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            results: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for DescribeLogDirsResponse<'a> {
    const KEY: i16 = 35;
    const NAME: &'static str = "DescribeLogDirsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 5);
    const FLEXIBLE_FROM: Option<i16> = Some(2);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 2;
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        if version >= 3 {
            m.error_code = r.i16()?;
        }
        m.results = r.array(flexible, 5, |r| DescribeLogDirsResult::decode(r, version))?;
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
        let flexible = version >= 2;
        w.i32(self.throttle_time_ms);
        if version >= 3 {
            w.i16(self.error_code);
        }
        w.array(&self.results, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeLogDirsResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeLogDirsResponse<'static> {
        DescribeLogDirsResponse {
            throttle_time_ms: self.throttle_time_ms,
            error_code: self.error_code,
            results: self
                .results
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`DescribeLogDirsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeLogDirsResult<'a> {
    /// `int16, versions 1-5`
    pub error_code: i16,
    /// `string, versions 1-5`
    pub log_dir: Cow<'a, str>,
    /// `[]DescribeLogDirsTopic, versions 1-5`
    pub topics: Vec<DescribeLogDirsTopic<'a>>,
    /// `int64, versions 4-5, default -1, ignorable`
    pub total_bytes: i64,
    /// `int64, versions 4-5, default -1, ignorable`
    pub usable_bytes: i64,
    /// `bool, versions 5, default false, ignorable`
    pub is_cordoned: bool,
}

impl<'a> Default for DescribeLogDirsResult<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            log_dir: Cow::Borrowed(""),
            topics: Vec::new(),
            total_bytes: -1,
            usable_bytes: -1,
            is_cordoned: false,
        }
    }
}

impl<'a> DescribeLogDirsResult<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.log_dir = r.string(flexible)?;
        m.topics = r.array(flexible, 3, |r| DescribeLogDirsTopic::decode(r, version))?;
        if version >= 4 {
            m.total_bytes = r.i64()?;
        }
        if version >= 4 {
            m.usable_bytes = r.i64()?;
        }
        if version >= 5 {
            m.is_cordoned = r.bool()?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i16(self.error_code);
        w.string(&self.log_dir, flexible)?;
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if version >= 4 {
            w.i64(self.total_bytes);
        }
        if version >= 4 {
            w.i64(self.usable_bytes);
        }
        if version >= 5 {
            w.bool(self.is_cordoned);
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeLogDirsResult<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeLogDirsResult<'static> {
        DescribeLogDirsResult {
            error_code: self.error_code,
            log_dir: Cow::Owned(self.log_dir.into_owned()),
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
            total_bytes: self.total_bytes,
            usable_bytes: self.usable_bytes,
            is_cordoned: self.is_cordoned,
        }
    }
}

/// Part of [`DescribeLogDirsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeLogDirsTopic<'a> {
    /// `string, versions 1-5`
    pub name: Cow<'a, str>,
    /// `[]DescribeLogDirsPartition, versions 1-5`
    pub partitions: Vec<DescribeLogDirsPartition>,
}

impl<'a> Default for DescribeLogDirsTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> DescribeLogDirsTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 21, |r| {
            DescribeLogDirsPartition::decode(r, version)
        })?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, |w, value| {
            value.encode(w, version)
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl DescribeLogDirsTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> DescribeLogDirsTopic<'static> {
        DescribeLogDirsTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}

/// Part of [`DescribeLogDirsResponse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeLogDirsPartition {
    /// `int32, versions 1-5`
    pub partition_index: i32,
    /// `int64, versions 1-5`
    pub partition_size: i64,
    /// `int64, versions 1-5`
    pub offset_lag: i64,
    /// `bool, versions 1-5`
    pub is_future_key: bool,
}

impl Default for DescribeLogDirsPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            partition_size: 0,
            offset_lag: 0,
            is_future_key: false,
        }
    }
}

impl DescribeLogDirsPartition {
    pub(crate) fn decode(r: &mut Reader<'_>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.partition_index = r.i32()?;
        m.partition_size = r.i64()?;
        m.offset_lag = r.i64()?;
        m.is_future_key = r.bool()?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.i32(self.partition_index);
        w.i64(self.partition_size);
        w.i64(self.offset_lag);
        w.bool(self.is_future_key);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
