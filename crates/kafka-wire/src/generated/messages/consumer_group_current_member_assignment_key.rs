//! `ConsumerGroupCurrentMemberAssignmentKey`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupCurrentMemberAssignmentKey`, key 8, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupCurrentMemberAssignmentKey<'a> {
    /// `string, versions 0`
    pub group_id: Cow<'a, str>,
    /// `string, versions 0`
    pub member_id: Cow<'a, str>,
}

impl<'a> Default for ConsumerGroupCurrentMemberAssignmentKey<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
            member_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupCurrentMemberAssignmentKey<'a> {
    const KEY: i16 = 8;
    const NAME: &'static str = "ConsumerGroupCurrentMemberAssignmentKey";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = None;

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.group_id = r.string(false)?;
        m.member_id = r.string(false)?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.group_id, false)?;
        w.string(&self.member_id, false)?;
        Ok(())
    }
}

impl ConsumerGroupCurrentMemberAssignmentKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupCurrentMemberAssignmentKey<'static> {
        ConsumerGroupCurrentMemberAssignmentKey {
            group_id: Cow::Owned(self.group_id.into_owned()),
            member_id: Cow::Owned(self.member_id.into_owned()),
        }
    }
}
