//! The group coordinator: finds a group's shard, waits for it to be read, and for what it promises to be safe.
//!
//! Invariants: an answer that tells of a commit, an assignment or a deletion leaves only when its record is as safe
//! as the offsets topic promises; so does one that shows committed offsets.
//! Absent on purpose: wire messages (the files in `api` translate) and Kafka's newer group protocols.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant};

use super::alarms::Alarms;
use super::error::GroupError;
use super::hash::partition_of;
use super::journal::Journal;
use super::ledger::Slot;
use super::records::{self, Committed, Entry, ForeignKind};
use super::shard::{Common, Open, Shard, Write};
use super::state::{
    GroupRules, JoinAnswer, JoinRefusal, JoinRequest, Leaver, Phase, SyncAnswer, SyncRequest,
};
use super::time::Timeline;
use crate::log::{Clock, KafkaOffset, TopicId};

/// How long a request waits for its shard to be read before the client is told to ask again.
const READ_PATIENCE: Duration = Duration::from_millis(1000);

/// What the server's settings say about groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupSettings {
    pub(crate) rules: GroupRules,
    pub(crate) min_session_timeout_ms: i32,
    pub(crate) max_session_timeout_ms: i32,
    /// Longest text that may be committed with an offset, in UTF-16 units as Kafka counts.
    pub(crate) metadata_max: usize,
    pub(crate) retention_ms: i64,
    pub(crate) retention_check_interval_ms: i64,
}

/// An offset to commit.
#[derive(Clone, Debug)]
pub(crate) struct NewOffset {
    pub(crate) topic: Arc<str>,
    pub(crate) topic_id: TopicId,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: Arc<str>,
}

/// Who commits, and for which generation.
#[derive(Clone, Debug)]
pub(crate) struct Committer {
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    /// -1 for "no member".
    pub(crate) generation: i32,
    /// How long the offsets shall be kept; `None` leaves it to the server.
    pub(crate) retention_ms: Option<i64>,
}

/// A group as ListGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) group: Arc<str>,
    pub(crate) protocol_type: Arc<str>,
    pub(crate) state: &'static str,
    pub(crate) kind: &'static str,
}

/// A group as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) state: &'static str,
    pub(crate) protocol_type: Arc<str>,
    /// Empty unless stable.
    pub(crate) protocol: Arc<str>,
    pub(crate) members: Vec<DescribedMember>,
}

/// A member as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribedMember {
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    /// Empty unless stable.
    pub(crate) metadata: bytes::Bytes,
    pub(crate) assignment: bytes::Bytes,
}

/// Offsets by topic and partition, `None` where nothing was committed.
pub(crate) type Offsets = BTreeMap<Arc<str>, BTreeMap<i32, Option<Committed>>>;

/// The coordinator of all groups of this server.
pub(crate) struct Coordinator {
    common: Arc<Common>,
    settings: GroupSettings,
    shards: OnceLock<Vec<Arc<Shard>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Coordinator {
    /// A coordinator over `journal`. Must be called within the runtime; call [`Self::start`] next.
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        settings: GroupSettings,
    ) -> Arc<Self> {
        let common = Common {
            journal,
            alarms: Alarms::default(),
            time: Timeline::new(clock),
            rules: settings.rules,
        };
        Arc::new(Self {
            common: Arc::new(common),
            settings,
            shards: OnceLock::new(),
            tasks: Mutex::new(Vec::new()),
        })
    }

    /// Starts the task for timers and expiry, and reads the groups in the background.
    pub(crate) fn start(self: &Arc<Self>) {
        let timers = tokio::spawn(self.clone().watch());
        let coordinator = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            for shard in coordinator.shards().unwrap_or_default() {
                shard.read();
            }
        });
        self.tasks.lock().extend([timers, reading]);
    }

    /// Ends the tasks and answers whoever waits.
    pub(crate) fn close(&self) {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        for shard in self.shards.get().into_iter().flatten() {
            let Some(mut open) = shard.open() else {
                continue;
            };
            let groups: Vec<_> = open.ledger.groups().map(|(name, _)| name.clone()).collect();
            for group in groups {
                shard.change(&mut open, &group, |state, _, out| {
                    state.close(GroupError::NotCoordinator, out);
                });
            }
        }
    }

    /// The settings it was made with.
    pub(crate) fn settings(&self) -> &GroupSettings {
        &self.settings
    }

    /// A JoinGroup.
    pub(crate) async fn join(&self, group: &str, request: JoinRequest) -> JoinAnswer {
        let member_id = request.member_id.clone();
        let refuse = |error| JoinRefusal {
            error,
            member_id: member_id.clone(),
        };
        if group.is_empty() {
            return Err(refuse(GroupError::InvalidGroupId));
        }
        let allowed = self.settings.min_session_timeout_ms..=self.settings.max_session_timeout_ms;
        if !allowed.contains(&request.session_timeout_ms) {
            return Err(refuse(GroupError::InvalidSessionTimeout));
        }
        let shard = self.ready(group).await.map_err(refuse)?;
        let group: Arc<str> = Arc::from(group);
        let answer = {
            let mut open = shard.open().ok_or_else(|| refuse(GroupError::Loading))?;
            if open.ledger.get(&group).is_none() && !request.member_id.is_empty() {
                return Err(refuse(GroupError::UnknownMember));
            }
            self.make_classic(&shard, &mut open, &group)
                .map_err(refuse)?;
            let (ticket, answer) = open.expect_join();
            shard.change(&mut open, &group, |state, now_ms, out| {
                state.join(request, ticket, now_ms, out);
            });
            open.ledger.drop_if_void(&group);
            answer
        };
        answer
            .await
            .unwrap_or_else(|_| Err(refuse(GroupError::NotCoordinator)))
    }

    /// Makes sure the group is there and one of ours. A group that another server ran with the newer consumer
    /// protocol has no living members here, so it is converted: its records are buried, its offsets stay.
    fn make_classic(
        &self,
        shard: &Shard,
        open: &mut Open,
        group: &Arc<str>,
    ) -> Result<(), GroupError> {
        let slot = open.ledger.get_or_create(group, self.common.time.now_ms());
        match slot.foreign {
            None => Ok(()),
            Some(ForeignKind::Share | ForeignKind::Streams) => {
                Err(GroupError::InconsistentProtocol)
            }
            Some(ForeignKind::Consumer) => {
                let burials = bury_foreign(group, slot);
                shard.append(open, burials)?;
                open.ledger.get_or_create(group, self.common.time.now_ms());
                Ok(())
            }
        }
    }

    /// A SyncGroup.
    pub(crate) async fn sync(&self, group: &str, request: SyncRequest) -> SyncAnswer {
        if group.is_empty() {
            return Err(GroupError::InvalidGroupId);
        }
        let shard = self.ready(group).await?;
        let answer = {
            let mut open = shard.open().ok_or(GroupError::Loading)?;
            let group: Arc<str> = Arc::from(group);
            if open.ledger.get(&group).is_none() {
                return Err(GroupError::UnknownMember);
            }
            let (ticket, answer) = open.expect_sync();
            shard.change(&mut open, &group, |state, now_ms, out| {
                state.sync(request, ticket, now_ms, out);
            });
            answer
        };
        answer.await.unwrap_or(Err(GroupError::NotCoordinator))
    }

    /// A Heartbeat.
    pub(crate) async fn heartbeat(
        &self,
        group: &str,
        member_id: &str,
        instance_id: Option<Arc<str>>,
        generation: i32,
    ) -> Result<(), GroupError> {
        if group.is_empty() {
            return Err(GroupError::InvalidGroupId);
        }
        let shard = match self.ready(group).await {
            // Nobody is dropped while the groups are read, so nobody needs to worry.
            Err(GroupError::Loading) => return Ok(()),
            other => other?,
        };
        let Some(mut open) = shard.open() else {
            return Ok(());
        };
        let beat = shard.change(&mut open, &Arc::from(group), |state, now_ms, _| {
            state.heartbeat(member_id, instance_id.as_ref(), generation, now_ms)
        });
        beat.unwrap_or(Err(GroupError::UnknownMember))
    }

    /// A LeaveGroup: one outcome per leaver.
    pub(crate) async fn leave(
        &self,
        group: &str,
        leavers: &[Leaver],
    ) -> Result<Vec<Result<(), GroupError>>, GroupError> {
        if group.is_empty() {
            return Err(GroupError::InvalidGroupId);
        }
        let shard = self.ready(group).await?;
        let mut open = shard.open().ok_or(GroupError::Loading)?;
        let group: Arc<str> = Arc::from(group);
        let outcomes = shard.change(&mut open, &group, |state, now_ms, out| {
            state.leave(leavers, now_ms, out)
        });
        open.ledger.drop_if_void(&group);
        Ok(outcomes.unwrap_or_else(|| vec![Err(GroupError::UnknownMember); leavers.len()]))
    }

    /// An OffsetCommit: all or nothing as to who may, and safe when it returns.
    ///
    /// # Errors
    /// `GroupNotFound` if the group does not exist and the committer claims to be a member.
    pub(crate) async fn commit(
        &self,
        group: &str,
        committer: &Committer,
        offsets: Vec<NewOffset>,
    ) -> Result<(), GroupError> {
        let shard = self.ready(group).await?;
        let end = {
            let mut open = shard.open().ok_or(GroupError::Loading)?;
            let group: Arc<str> = Arc::from(group);
            may_commit(&shard, &mut open, &group, committer)?;
            let committed_ms = self.common.time.wall_ms();
            let expires_ms = committer
                .retention_ms
                .map(|kept| committed_ms.saturating_add(kept));
            let writes: Result<Vec<_>, _> = offsets
                .into_iter()
                .map(|offset| offset.into_write(&group, committed_ms, expires_ms))
                .collect();
            shard.append(&mut open, writes?)?
        };
        shard.reached(end).await
    }

    /// Committed offsets: those asked for, or all. Safe ones only.
    pub(crate) async fn offsets(
        &self,
        group: &str,
        wanted: Option<&[(Arc<str>, Vec<i32>)]>,
    ) -> Result<Offsets, GroupError> {
        let shard = self.ready(group).await?;
        let mut end: Option<KafkaOffset> = None;
        let mut found = Offsets::new();
        {
            let open = shard.open().ok_or(GroupError::Loading)?;
            let table = open.ledger.get(group).map(|slot| &slot.offsets);
            match wanted {
                Some(topics) => {
                    for (topic, partitions) in topics {
                        let of_topic = found.entry(topic.clone()).or_default();
                        for partition in partitions {
                            let held = table.and_then(|table| table.get(topic, *partition));
                            end = end.max(held.map(|held| held.end));
                            of_topic.insert(*partition, held.map(|held| held.committed.clone()));
                        }
                    }
                }
                None => {
                    for (topic, partitions) in table.into_iter().flat_map(|table| table.topics()) {
                        let of_topic = found.entry(topic.clone()).or_default();
                        for (partition, held) in partitions {
                            end = end.max(Some(held.end));
                            of_topic.insert(*partition, Some(held.committed.clone()));
                        }
                    }
                }
            }
        }
        shard.reached(end).await?;
        Ok(found)
    }

    /// Deletes single offsets of a group; one outcome per topic and partition, in order.
    pub(crate) async fn delete_offsets(
        &self,
        group: &str,
        partitions: &[(Arc<str>, i32)],
    ) -> Result<Vec<Result<(), GroupError>>, GroupError> {
        // Unlike for commits, Kafka takes no empty name here.
        if group.is_empty() {
            return Err(GroupError::InvalidGroupId);
        }
        let shard = self.ready(group).await?;
        let mut outcomes = Vec::with_capacity(partitions.len());
        let end = {
            let mut open = shard.open().ok_or(GroupError::Loading)?;
            let slot = open.ledger.get(group).ok_or(GroupError::GroupNotFound)?;
            slot.state.may_delete_offsets()?;
            let mut writes = Vec::new();
            for (topic, partition) in partitions {
                if slot.state.is_subscribed(topic) {
                    outcomes.push(Err(GroupError::SubscribedToTopic));
                    continue;
                }
                outcomes.push(Ok(()));
                if slot.offsets.get(topic, *partition).is_some() {
                    writes.push(bury_offset(group, topic, *partition)?);
                }
            }
            shard.append(&mut open, writes)?
        };
        shard.reached(end).await?;
        Ok(outcomes)
    }

    /// Deletes groups with all their offsets; one outcome per group, in order.
    pub(crate) async fn delete_groups(&self, groups: &[&str]) -> Vec<Result<(), GroupError>> {
        let mut outcomes = Vec::with_capacity(groups.len());
        for group in groups {
            outcomes.push(self.delete_group(group).await);
        }
        outcomes
    }

    async fn delete_group(&self, group: &str) -> Result<(), GroupError> {
        let shard = self.ready(group).await?;
        let end = {
            let mut open = shard.open().ok_or(GroupError::Loading)?;
            let slot = open.ledger.get(group).ok_or(GroupError::GroupNotFound)?;
            slot.state.may_be_deleted()?;
            let group: Arc<str> = Arc::from(group);
            let writes = bury_group(&group, slot)?;
            let end = shard.append(&mut open, writes)?;
            open.ledger.forget(&group);
            end
        };
        shard.reached(end).await
    }

    /// A group's members; `None` if there is no such group, or it is not a classic one.
    pub(crate) async fn describe(&self, group: &str) -> Result<Option<Described>, GroupError> {
        let shard = self.ready(group).await?;
        let open = shard.open().ok_or(GroupError::Loading)?;
        Ok(open
            .ledger
            .get(group)
            .filter(|slot| slot.foreign.is_none())
            .map(describe))
    }

    /// All groups.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, GroupError> {
        let mut listed = Vec::new();
        for shard in self.shards().unwrap_or_default() {
            self.read(shard).await?;
            let open = shard.open().ok_or(GroupError::Loading)?;
            listed.extend(open.ledger.groups().map(|(name, slot)| list(name, slot)));
        }
        listed.sort_by(|a, b| a.group.cmp(&b.group));
        Ok(listed)
    }

    /// Topics were deleted: their offsets go too. Only groups that were read already are looked at; offsets of
    /// the others are told apart by the topic's id later.
    pub(crate) fn topics_deleted(&self, topics: &[(Arc<str>, TopicId)]) {
        for shard in self.shards.get().into_iter().flatten() {
            let Some(mut open) = shard.open() else {
                continue;
            };
            let mut writes = Vec::new();
            for (group, slot) in open.ledger.groups() {
                for (topic, partitions) in slot.offsets.topics() {
                    let Some((_, id)) = topics.iter().find(|(name, _)| name == topic) else {
                        continue;
                    };
                    let of_topic = partitions.iter().filter(|(_, held)| {
                        held.committed.topic_id.is_zero() || held.committed.topic_id == *id
                    });
                    let buried = of_topic.filter_map(|(p, _)| bury_offset(group, topic, *p).ok());
                    writes.extend(buried);
                }
            }
            if let Err(error) = shard.append(&mut open, writes) {
                tracing::warn!(?error, "offsets of deleted topics not removed");
            }
        }
    }

    /// The shards; `None` while the offsets topic does not exist.
    fn shards(&self) -> Option<&[Arc<Shard>]> {
        if let Some(shards) = self.shards.get() {
            return Some(shards);
        }
        let count = self.common.journal.partitions()?;
        let shard = |partition| Shard::new(partition, self.common.clone());
        Some(self.shards.get_or_init(|| (0..count).map(shard).collect()))
    }

    fn shard(&self, group: &str) -> Result<Arc<Shard>, GroupError> {
        let shards = self.shards().ok_or(GroupError::NotAvailable)?;
        let count = i32::try_from(shards.len()).unwrap_or(i32::MAX);
        let index = usize::try_from(partition_of(group, count)).unwrap_or(0);
        shards.get(index).cloned().ok_or(GroupError::NotAvailable)
    }

    async fn ready(&self, group: &str) -> Result<Arc<Shard>, GroupError> {
        let shard = self.shard(group)?;
        self.read(&shard).await?;
        Ok(shard)
    }

    /// Has the shard read if need be, and waits for that a while.
    async fn read(&self, shard: &Arc<Shard>) -> Result<(), GroupError> {
        if shard.open().is_some() {
            return Ok(());
        }
        if shard.is_empty() {
            shard.read();
            if shard.open().is_some() {
                return Ok(());
            }
        }
        let reader = shard.clone();
        tokio::task::spawn_blocking(move || reader.read());
        let patience = tokio::time::timeout(READ_PATIENCE, shard.was_read());
        patience.await.map_err(|_| GroupError::Loading)?;
        if shard.open().is_some() {
            Ok(())
        } else {
            Err(GroupError::NotCoordinator)
        }
    }

    /// Wakes groups when they want it, and lets offsets expire.
    async fn watch(self: Arc<Self>) {
        let interval_ms = u64::try_from(self.settings.retention_check_interval_ms)
            .unwrap_or(1)
            .max(1);
        let interval = Duration::from_millis(interval_ms);
        let mut check_at = Instant::now() + interval;
        loop {
            let time = &self.common.time;
            while let Some(alarm) = self.common.alarms.due(time.now_ms()) {
                let index = usize::try_from(alarm.partition).unwrap_or(usize::MAX);
                if let Some(shard) = self.shards.get().and_then(|shards| shards.get(index)) {
                    shard.tick(&alarm.group);
                }
            }
            let next = self
                .common
                .alarms
                .next_ms()
                .map(|at_ms| time.instant(at_ms));
            let sleep = tokio::time::sleep_until(next.unwrap_or(check_at).min(check_at));
            tokio::select! {
                () = self.common.alarms.earlier() => {}
                () = sleep => {}
            }
            if Instant::now() >= check_at {
                self.expire();
                check_at = Instant::now() + interval;
            }
        }
    }

    /// Removes offsets that are too old, and groups nothing is left of.
    pub(crate) fn expire(&self) {
        let now_ms = self.common.time.wall_ms();
        for shard in self.shards.get().into_iter().flatten() {
            let Some(mut open) = shard.open() else {
                continue;
            };
            let mut writes = Vec::new();
            let mut emptied = Vec::new();
            for (group, slot) in open
                .ledger
                .groups()
                .filter(|(_, slot)| slot.foreign.is_none())
            {
                let is_wanted = |topic: &str| slot.state.is_subscribed(topic);
                let base = slot.state.expiry_base();
                let old = slot
                    .offsets
                    .expired(base, now_ms, self.settings.retention_ms, is_wanted);
                if old.len() == slot.offsets.keys().len() && slot.state.is_deserted() {
                    writes.extend(bury_group(group, slot).unwrap_or_default());
                    emptied.push(group.clone());
                } else {
                    let buried = old
                        .iter()
                        .filter_map(|(t, p)| bury_offset(group, t, *p).ok());
                    writes.extend(buried);
                }
            }
            if !writes.is_empty() {
                tracing::info!(records = writes.len(), "expired offsets and groups removed");
            }
            match shard.append(&mut open, writes) {
                Ok(_) => emptied.iter().for_each(|group| open.ledger.forget(group)),
                Err(error) => tracing::warn!(?error, "expired offsets not removed"),
            }
        }
    }
}

impl NewOffset {
    fn into_write(
        self,
        group: &Arc<str>,
        committed_ms: i64,
        expires_ms: Option<i64>,
    ) -> Result<Write, GroupError> {
        let committed = Committed {
            offset: self.offset,
            leader_epoch: self.leader_epoch.max(-1),
            metadata: self.metadata,
            committed_ms,
            expires_ms,
            topic_id: self.topic_id,
        };
        let key = records::offset_key(group, &self.topic, self.partition);
        Ok(Write {
            key: key.map_err(|_| GroupError::Unexpected)?,
            value: Some(records::offset_value(&committed).map_err(|_| GroupError::Unexpected)?),
            entry: Entry::Offset {
                group: group.clone(),
                topic: self.topic,
                partition: self.partition,
                committed: Some(committed),
            },
        })
    }
}

fn may_commit(
    shard: &Arc<Shard>,
    open: &mut Open,
    group: &Arc<str>,
    committer: &Committer,
) -> Result<(), GroupError> {
    let Some(slot) = open.ledger.get(group) else {
        // Without membership anybody may: the group comes into being with its offsets.
        return if committer.generation < 0 {
            Ok(())
        } else {
            Err(GroupError::GroupNotFound)
        };
    };
    if slot.foreign.is_some() && committer.generation >= 0 {
        return Err(GroupError::UnknownMember);
    }
    let (member_id, instance_id) = (&committer.member_id, committer.instance_id.as_ref());
    let allowed = shard.change(open, group, |state, now_ms, _| {
        state.may_commit(member_id, instance_id, committer.generation, now_ms)
    });
    allowed.unwrap_or(Ok(()))
}

fn bury_offset(group: &str, topic: &Arc<str>, partition: i32) -> Result<Write, GroupError> {
    let key = records::offset_key(group, topic, partition).map_err(|_| GroupError::Unexpected)?;
    let topic = topic.clone();
    let entry = Entry::Offset {
        group: Arc::from(group),
        topic,
        partition,
        committed: None,
    };
    Ok(Write {
        key,
        value: None,
        entry,
    })
}

fn bury_foreign(group: &Arc<str>, slot: &Slot) -> Vec<Write> {
    let kind = slot.foreign.unwrap_or(ForeignKind::Consumer);
    let bury = |key: &Vec<u8>| Write {
        key: key.clone(),
        value: None,
        entry: Entry::Foreign {
            kind,
            group: group.clone(),
            live: false,
        },
    };
    slot.foreign_keys.iter().map(bury).collect()
}

/// Everything the log knows of a group: first its offsets, last itself.
fn bury_group(group: &Arc<str>, slot: &Slot) -> Result<Vec<Write>, GroupError> {
    let mut writes = Vec::new();
    for (topic, partition) in slot.offsets.keys() {
        writes.push(bury_offset(group, &topic, partition)?);
    }
    writes.extend(bury_foreign(group, slot));
    if slot.recorded {
        let key = records::group_key(group).map_err(|_| GroupError::Unexpected)?;
        let entry = Entry::Group {
            group: group.clone(),
            snapshot: None,
        };
        writes.push(Write {
            key,
            value: None,
            entry,
        });
    }
    Ok(writes)
}

fn describe(slot: &Slot) -> Described {
    let state = &slot.state;
    let is_stable = state.phase() == Phase::Stable;
    let protocol = state.protocol().filter(|_| is_stable).cloned();
    let metadata_of = protocol.clone();
    let members = state.members().map(|member| DescribedMember {
        member_id: member.id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        metadata: metadata_of
            .as_deref()
            .and_then(|name| member.metadata(name))
            .unwrap_or_default(),
        assignment: member.assignment.clone(),
    });
    Described {
        state: state.phase().name(),
        protocol_type: state
            .protocol_type()
            .cloned()
            .unwrap_or_else(|| Arc::from("")),
        members: members.collect(),
        protocol: protocol.unwrap_or_else(|| Arc::from("")),
    }
}

fn list(name: &Arc<str>, slot: &Slot) -> Listed {
    let protocol_type = match slot.foreign {
        None => slot
            .state
            .protocol_type()
            .cloned()
            .unwrap_or_else(|| Arc::from("")),
        Some(kind) => Arc::from(kind.name()),
    };
    Listed {
        group: name.clone(),
        protocol_type,
        // Members of the newer protocols cannot live here.
        state: slot
            .foreign
            .map_or(slot.state.phase().name(), |_| Phase::Empty.name()),
        kind: slot.foreign.map_or("classic", ForeignKind::name),
    }
}
