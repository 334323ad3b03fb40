//! The group coordinator: finds a group's shard, waits for it to be read, and for what it promises to be safe.
//!
//! Here: membership, reading, timers. In the files beside: `offsets` (committing and fetching them), `admin` (showing and
//! deleting groups), `burial` (tombstones and expiry).
//!
//! Invariants: an answer that tells of a commit, an assignment or a deletion leaves only when its record is as safe
//! as the offsets topic promises; so does one that shows committed offsets.
//! Absent on purpose: wire messages (the files in `api` translate) and Kafka's newer group protocols.

mod admin;
mod burial;
mod offsets;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{MappedMutexGuard, Mutex};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant};

pub(crate) use self::admin::{Described, DescribedMember, Listed};
pub(crate) use self::offsets::{Committer, NewOffset, Offsets};
use super::alarms::Alarms;
use super::error::GroupError;
use super::hash::partition_of;
use super::journal::{Journal, JournalError};
use super::records::ForeignKind;
use super::shard::{Common, Open, Shard};
use super::state::{
    GroupRules, JoinAnswer, JoinRefusal, JoinRequest, Leaver, SyncAnswer, SyncRequest,
};
use super::time::Timeline;
use crate::log::Clock;

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

/// The coordinator of all groups of this server.
pub(crate) struct Coordinator {
    common: Arc<Common>,
    settings: GroupSettings,
    shards: OnceLock<Vec<Arc<Shard>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    closed: AtomicBool,
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
            closed: AtomicBool::new(false),
        })
    }

    /// Starts the task for timers and expiry, and reads the groups in the background.
    pub(crate) fn start(self: &Arc<Self>) {
        let timers = tokio::spawn(self.clone().watch());
        let coordinator = self.clone();
        let reading = tokio::task::spawn_blocking(move || coordinator.read_all());
        self.tasks.lock().extend([timers, reading]);
    }

    /// Blocks on the disk.
    fn read_all(&self) {
        let mut groups = 0;
        for shard in self.shards().unwrap_or_default() {
            if self.closed.load(Ordering::SeqCst) {
                return;
            }
            if shard.begin_reading() {
                shard.read_now();
            }
            groups += shard.open().map_or(0, |open| open.ledger.len());
        }
        tracing::info!(groups, "consumer groups read");
    }

    /// Ends the tasks and answers whoever waits; later requests are sent away.
    pub(crate) fn close(&self) {
        // Set before the shards are gone through: whoever takes a shard's lock after that sees it.
        self.closed.store(true, Ordering::SeqCst);
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

    /// The shards there are, without making any.
    fn shards_read(&self) -> &[Arc<Shard>] {
        self.shards.get().map_or(&[], Vec::as_slice)
    }

    /// The settings it was made with.
    pub(crate) fn settings(&self) -> &GroupSettings {
        &self.settings
    }

    /// True if groups can be served: their topic is there with all its logs.
    pub(crate) fn is_made(&self) -> bool {
        self.common.journal.is_made()
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
            let mut open = self.enter(&shard).map_err(refuse)?;
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
                let burials = burial::bury_foreign(group, slot);
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
            let mut open = self.enter(&shard)?;
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

    /// The shard, locked, for a request that may wait in it.
    fn enter<'s>(&self, shard: &'s Shard) -> Result<MappedMutexGuard<'s, Open>, GroupError> {
        let open = shard.open().ok_or(GroupError::Loading)?;
        if self.closed.load(Ordering::SeqCst) {
            Err(GroupError::NotCoordinator)
        } else {
            Ok(open)
        }
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
        if shard.begin_reading() {
            let reader = shard.clone();
            tokio::task::spawn_blocking(move || reader.read_now());
        }
        let patience = tokio::time::timeout(READ_PATIENCE, shard.was_read());
        let outcome = patience.await.map_err(|_| GroupError::Loading)?;
        outcome.map_err(JournalError::for_client)
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
}
