//! `PartitionRecord`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `PartitionRecord`, key 3, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionRecord {
    /// `int32, versions 0-2, default -1`
    pub partition_id: i32,
    /// `uuid, versions 0-2`
    pub topic_id: Uuid,
    /// `[]int32, versions 0-2`
    pub replicas: Vec<i32>,
    /// `[]int32, versions 0-2`
    pub isr: Vec<i32>,
    /// `[]int32, versions 0-2`
    pub removing_replicas: Vec<i32>,
    /// `[]int32, versions 0-2`
    pub adding_replicas: Vec<i32>,
    /// `int32, versions 0-2, default -1`
    pub leader: i32,
    /// `int8, versions 0-2, tag 0, default 0`
    pub leader_recovery_state: i8,
    /// `int32, versions 0-2, default -1`
    pub leader_epoch: i32,
    /// `int32, versions 0-2, default -1`
    pub partition_epoch: i32,
    /// `[]uuid, versions 1-2`
    pub directories: Vec<Uuid>,
    /// `[]int32, versions 2, nullable 2, tag 1, default null`
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// `[]int32, versions 2, nullable 2, tag 2, default null`
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            replicas: Vec::new(),
            isr: Vec::new(),
            removing_replicas: Vec::new(),
            adding_replicas: Vec::new(),
            leader: -1,
            leader_recovery_state: 0,
            leader_epoch: -1,
            partition_epoch: -1,
            directories: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl<'a> Message<'a> for PartitionRecord {
    const KEY: i16 = 3;
    const NAME: &'static str = "PartitionRecord";
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
        m.partition_id = r.i32()?;
        m.topic_id = r.uuid()?;
        m.replicas = r.array(true, 4, |r| r.i32())?;
        m.isr = r.array(true, 4, |r| r.i32())?;
        m.removing_replicas = r.array(true, 4, |r| r.i32())?;
        m.adding_replicas = r.array(true, 4, |r| r.i32())?;
        m.leader = r.i32()?;
        m.leader_epoch = r.i32()?;
        m.partition_epoch = r.i32()?;
        if version >= 1 {
            m.directories = r.array(true, 16, |r| r.uuid())?;
        }
        r.tagged_fields(|tag, r| {
            match tag {
                0 => m.leader_recovery_state = r.i8()?,
                1 if version >= 2 => {
                    m.eligible_leader_replicas = r.nullable_array(true, 4, |r| r.i32())?
                }
                2 if version >= 2 => m.last_known_elr = r.nullable_array(true, 4, |r| r.i32())?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i32(self.partition_id);
        w.uuid(self.topic_id);
        w.array(&self.replicas, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.isr, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.removing_replicas, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.array(&self.adding_replicas, true, |w, value| {
            w.i32(*value);
            Ok(())
        })?;
        w.i32(self.leader);
        w.i32(self.leader_epoch);
        w.i32(self.partition_epoch);
        if version >= 1 {
            w.array(&self.directories, true, |w, value| {
                w.uuid(*value);
                Ok(())
            })?;
        } else if !self.directories.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionRecord",
                field: "directories",
                version,
            });
        }
        if !(version >= 2) && self.eligible_leader_replicas.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionRecord",
                field: "eligible_leader_replicas",
                version,
            });
        }
        if !(version >= 2) && self.last_known_elr.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionRecord",
                field: "last_known_elr",
                version,
            });
        }
        let has_leader_recovery_state = self.leader_recovery_state != 0;
        let has_eligible_leader_replicas = version >= 2 && self.eligible_leader_replicas.is_some();
        let has_last_known_elr = version >= 2 && self.last_known_elr.is_some();
        w.uvarint(
            u32::from(has_leader_recovery_state)
                + u32::from(has_eligible_leader_replicas)
                + u32::from(has_last_known_elr),
        );
        if has_leader_recovery_state {
            w.tagged(0, |w| {
                w.i8(self.leader_recovery_state);
                Ok(())
            })?;
        }
        if has_eligible_leader_replicas {
            w.tagged(1, |w| {
                w.nullable_array(
                    self.eligible_leader_replicas.as_deref(),
                    true,
                    |w, value| {
                        w.i32(*value);
                        Ok(())
                    },
                )?;
                Ok(())
            })?;
        }
        if has_last_known_elr {
            w.tagged(2, |w| {
                w.nullable_array(self.last_known_elr.as_deref(), true, |w, value| {
                    w.i32(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    }
}
