//! `OffsetCommitValue`, versions 0-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `OffsetCommitValue`, key 1, versions 0-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetCommitValue<'a> {
    /// `int64, versions 0-4`
    pub offset: i64,
    /// `int32, versions 3-4, default -1, ignorable`
    pub leader_epoch: i32,
    /// `string, versions 0-4`
    pub metadata: Cow<'a, str>,
    /// `int64, versions 0-4`
    pub commit_timestamp: i64,
    /// `int64, versions 1, default -1, ignorable`
    pub expire_timestamp: i64,
    /// `uuid, versions 4, tag 0, ignorable`
    pub topic_id: Uuid,
}

impl<'a> Default for OffsetCommitValue<'a> {
    fn default() -> Self {
        Self {
            offset: 0,
            leader_epoch: -1,
            metadata: Cow::Borrowed(""),
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::ZERO,
        }
    }
}

impl<'a> Message<'a> for OffsetCommitValue<'a> {
    const KEY: i16 = 1;
    const NAME: &'static str = "OffsetCommitValue";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
    const FLEXIBLE_FROM: Option<i16> = Some(4);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 4;
        let mut m = Self::default();
        m.offset = r.i64()?;
        if version >= 3 {
            m.leader_epoch = r.i32()?;
        }
        m.metadata = r.string(flexible)?;
        m.commit_timestamp = r.i64()?;
        if version == 1 {
            m.expire_timestamp = r.i64()?;
        }
        if flexible {
            r.tagged_fields(|tag, r| {
                match tag {
                    0 if version >= 4 => m.topic_id = r.uuid()?,
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
        let flexible = version >= 4;
        w.i64(self.offset);
        if version >= 3 {
            w.i32(self.leader_epoch);
        }
        w.string(&self.metadata, flexible)?;
        w.i64(self.commit_timestamp);
        if version == 1 {
            w.i64(self.expire_timestamp);
        }
        let has_topic_id = version >= 4 && self.topic_id != Uuid::ZERO;
        if flexible {
            w.uvarint(u32::from(has_topic_id));
            if has_topic_id {
                w.tagged(0, |w| {
                    w.uuid(self.topic_id);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

impl OffsetCommitValue<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> OffsetCommitValue<'static> {
        OffsetCommitValue {
            offset: self.offset,
            leader_epoch: self.leader_epoch,
            metadata: Cow::Owned(self.metadata.into_owned()),
            commit_timestamp: self.commit_timestamp,
            expire_timestamp: self.expire_timestamp,
            topic_id: self.topic_id,
        }
    }
}
