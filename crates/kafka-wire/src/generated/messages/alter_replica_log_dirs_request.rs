//! `AlterReplicaLogDirsRequest`, versions 1-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AlterReplicaLogDirsRequest`, key 34, versions 1-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterReplicaLogDirsRequest<'a> {
    /// `[]AlterReplicaLogDir, versions 1-2`
    pub dirs: Vec<AlterReplicaLogDir<'a>>,
}

impl<'a> Default for AlterReplicaLogDirsRequest<'a> {
    fn default() -> Self {
        Self { dirs: Vec::new() }
    }
}

impl<'a> Message<'a> for AlterReplicaLogDirsRequest<'a> {
    const KEY: i16 = 34;
    const NAME: &'static str = "AlterReplicaLogDirsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
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
        m.dirs = r.array(flexible, 3, |r| AlterReplicaLogDir::decode(r, version))?;
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
        w.array(&self.dirs, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for AlterReplicaLogDirsRequest<'_> {
    const API: ApiKey = ApiKey::AlterReplicaLogDirs;
    type Response<'b> = super::AlterReplicaLogDirsResponseType<'b>;
}

impl AlterReplicaLogDirsRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterReplicaLogDirsRequest<'static> {
        AlterReplicaLogDirsRequest {
            dirs: self.dirs.into_iter().map(|one| one.into_owned()).collect(),
        }
    }
}

/// Part of [`AlterReplicaLogDirsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterReplicaLogDir<'a> {
    /// `string, versions 1-2`
    pub path: Cow<'a, str>,
    /// `[]AlterReplicaLogDirTopic, versions 1-2`
    pub topics: Vec<AlterReplicaLogDirTopic<'a>>,
}

impl<'a> Default for AlterReplicaLogDir<'a> {
    fn default() -> Self {
        Self {
            path: Cow::Borrowed(""),
            topics: Vec::new(),
        }
    }
}

impl<'a> AlterReplicaLogDir<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.path = r.string(flexible)?;
        m.topics = r.array(flexible, 3, |r| AlterReplicaLogDirTopic::decode(r, version))?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.path, flexible)?;
        w.array(&self.topics, flexible, |w, value| value.encode(w, version))?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AlterReplicaLogDir<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterReplicaLogDir<'static> {
        AlterReplicaLogDir {
            path: Cow::Owned(self.path.into_owned()),
            topics: self
                .topics
                .into_iter()
                .map(|one| one.into_owned())
                .collect(),
        }
    }
}

/// Part of [`AlterReplicaLogDirsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterReplicaLogDirTopic<'a> {
    /// `string, versions 1-2`
    pub name: Cow<'a, str>,
    /// `[]int32, versions 1-2`
    pub partitions: Vec<i32>,
}

impl<'a> Default for AlterReplicaLogDirTopic<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            partitions: Vec::new(),
        }
    }
}

impl<'a> AlterReplicaLogDirTopic<'a> {
    pub(crate) fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = version >= 2;
        let mut m = Self::default();
        m.name = r.string(flexible)?;
        m.partitions = r.array(flexible, 4, |r| r.i32())?;
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    pub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= 2;
        w.string(&self.name, flexible)?;
        w.array(&self.partitions, flexible, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl AlterReplicaLogDirTopic<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AlterReplicaLogDirTopic<'static> {
        AlterReplicaLogDirTopic {
            name: Cow::Owned(self.name.into_owned()),
            partitions: self.partitions,
        }
    }
}
