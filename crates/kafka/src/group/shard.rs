//! One partition of `__consumer_offsets`: its groups, who waits for their answers, and the way to the log.
//!
//! One lock per partition. Whoever changes a group appends the record under the same lock, so the log tells the
//! changes in the order in which they were made; waiting for the record to be safe happens outside.
//!
//! Invariants: a client hears of nothing that is not safe; the lock is never held across an await.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::sync::{oneshot, watch};

use super::alarms::{Alarm, Alarms};
use super::error::GroupError;
use super::journal::{Journal, JournalError};
use super::ledger::Ledger;
use super::records::{self, Entry};
use super::state::{
    Action, GroupRules, GroupState, JoinAnswer, Snapshot, StoreId, SyncAnswer, Ticket,
};
use super::time::Timeline;
use crate::log::builder::BatchBuilder;
use crate::log::{KafkaOffset, record};

/// Records are gathered into batches up to about this size.
const BATCH_BYTES: usize = 256 * 1024;

/// A record to append, and what it means.
pub(super) struct Write {
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) entry: Entry,
}

/// What all shards share.
pub(super) struct Common {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) alarms: Alarms,
    pub(super) time: Timeline,
    pub(super) rules: GroupRules,
}

/// How far a shard is.
enum Stage {
    Unread,
    Reading,
    Ready(Box<Open>),
}

/// A shard in use.
pub(super) struct Open {
    pub(super) ledger: Ledger,
    joins: HashMap<Ticket, oneshot::Sender<JoinAnswer>>,
    syncs: HashMap<Ticket, oneshot::Sender<SyncAnswer>>,
    next_ticket: u64,
}

impl Open {
    fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            joins: HashMap::new(),
            syncs: HashMap::new(),
            next_ticket: 0,
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    pub(super) fn expect_join(&mut self) -> (Ticket, oneshot::Receiver<JoinAnswer>) {
        let (sender, receiver) = oneshot::channel();
        let ticket = self.ticket();
        self.joins.insert(ticket, sender);
        (ticket, receiver)
    }

    pub(super) fn expect_sync(&mut self) -> (Ticket, oneshot::Receiver<SyncAnswer>) {
        let (sender, receiver) = oneshot::channel();
        let ticket = self.ticket();
        self.syncs.insert(ticket, sender);
        (ticket, receiver)
    }
}

/// One partition.
pub(super) struct Shard {
    partition: i32,
    common: Arc<Common>,
    stage: Mutex<Stage>,
    /// How reading ended; `None` before and while it goes on.
    read: watch::Sender<Option<Result<(), JournalError>>>,
}

impl Shard {
    pub(super) fn new(partition: i32, common: Arc<Common>) -> Arc<Self> {
        let (read, _) = watch::channel(None);
        Arc::new(Self {
            partition,
            common,
            stage: Mutex::new(Stage::Unread),
            read,
        })
    }

    /// The open shard, locked. `None` until it was read.
    pub(super) fn open(&self) -> Option<MappedMutexGuard<'_, Open>> {
        MutexGuard::try_map(self.stage.lock(), |stage| match stage {
            Stage::Ready(open) => Some(&mut **open),
            Stage::Unread | Stage::Reading => None,
        })
        .ok()
    }

    /// Waits until somebody finished reading, and tells how that went.
    pub(super) async fn was_read(&self) -> Result<(), JournalError> {
        let mut read = self.read.subscribe();
        let outcome = read.wait_for(Option::is_some).await.map(|outcome| *outcome);
        // An error means that the shard is gone, and then nobody waits for it.
        outcome.ok().flatten().unwrap_or(Err(JournalError::Missing))
    }

    /// True for the one who must call [`Self::read_now`].
    pub(super) fn begin_reading(&self) -> bool {
        let mut stage = self.stage.lock();
        if !matches!(*stage, Stage::Unread) {
            return false;
        }
        *stage = Stage::Reading;
        self.read.send_replace(None);
        true
    }

    /// Reads the partition. Blocks on the disk.
    pub(super) fn read_now(self: &Arc<Self>) {
        let replayed = self.replay();
        let outcome = replayed.as_ref().map(|_| ()).map_err(|error| *error);
        // If it failed, the next request tries again.
        let next = replayed.map_or(Stage::Unread, |ledger| {
            Stage::Ready(Box::new(self.bring_to_life(ledger)))
        });
        *self.stage.lock() = next;
        self.read.send_replace(Some(outcome));
    }

    fn bring_to_life(&self, mut ledger: Ledger) -> Open {
        ledger.finish(self.common.time.now_ms());
        tracing::debug!(
            partition = self.partition,
            groups = ledger.len(),
            "groups read"
        );
        let groups: Vec<_> = ledger.groups().map(|(name, _)| name.clone()).collect();
        let mut open = Open::new(ledger);
        for group in groups {
            self.set_alarm(&mut open, &group);
        }
        open
    }

    fn replay(&self) -> Result<Ledger, JournalError> {
        let (now_ms, partition) = (self.common.time.now_ms(), self.partition);
        let mut ledger = Ledger::new(self.common.rules);
        let mut unreadable = 0u64;
        let outcome = self.common.journal.replay(partition, &mut |batch| {
            let header = batch.header();
            let transaction = header.is_transactional().then_some(header.producer_id);
            let visited = record::visit(&batch, |record| {
                let key = record.key.unwrap_or_default();
                if header.is_control() {
                    if let Some(commits) = outcome_of_marker(key) {
                        ledger.end_transaction(header.producer_id, commits, now_ms);
                    }
                } else {
                    match records::decode(key, record.value) {
                        Ok(entry) => {
                            ledger.apply(entry, key, record.offset.next(), transaction, now_ms);
                        }
                        Err(_) => unreadable += 1,
                    }
                }
                ControlFlow::Continue(())
            });
            unreadable += u64::from(visited.is_err());
        });
        if unreadable > 0 {
            tracing::warn!(
                partition,
                unreadable,
                "records of __consumer_offsets skipped"
            );
        }
        if let Err(error @ (JournalError::Broken | JournalError::Full | JournalError::TooLarge)) =
            outcome
        {
            tracing::error!(partition, ?error, "__consumer_offsets cannot be read");
        }
        outcome.map(|()| ledger)
    }

    /// Changes a group and does what it asks for. Nothing happens if there is no such group.
    pub(super) fn change<T>(
        self: &Arc<Self>,
        open: &mut Open,
        group: &Arc<str>,
        change: impl FnOnce(&mut GroupState, i64, &mut Vec<Action>) -> T,
    ) -> Option<T> {
        let now_ms = self.common.time.now_ms();
        let mut actions = Vec::new();
        let result = change(&mut open.ledger.get_mut(group)?.state, now_ms, &mut actions);
        self.perform(open, group, actions);
        self.set_alarm(open, group);
        Some(result)
    }

    /// Lets the group do what is due. Called by the alarm task.
    pub(super) fn tick(self: &Arc<Self>, group: &Arc<str>) {
        let Some(mut open) = self.open() else { return };
        if let Some(slot) = open.ledger.get_mut(group) {
            slot.alarm_ms = None;
        }
        self.change(&mut open, group, |state, now_ms, out| {
            state.tick(now_ms, out)
        });
        open.ledger.drop_if_void(group);
    }

    fn perform(self: &Arc<Self>, open: &mut Open, group: &Arc<str>, mut actions: Vec<Action>) {
        while !actions.is_empty() {
            let mut more = Vec::new();
            for action in actions {
                match action {
                    // A client that went away does not mind.
                    Action::Join(ticket, answer) => {
                        open.joins.remove(&ticket).map(|waits| waits.send(answer));
                    }
                    Action::Sync(ticket, answer) => {
                        open.syncs.remove(&ticket).map(|waits| waits.send(answer));
                    }
                    Action::Store(id, snapshot) => {
                        self.store(open, group, id, &snapshot, &mut more);
                    }
                }
            }
            actions = more;
        }
    }

    fn store(
        self: &Arc<Self>,
        open: &mut Open,
        group: &Arc<str>,
        id: StoreId,
        snapshot: &Snapshot,
        out: &mut Vec<Action>,
    ) {
        let now_ms = self.common.time.now_ms();
        let appended = self.append_group(group, snapshot);
        let Some(slot) = open.ledger.get_mut(group) else {
            return;
        };
        let end = match appended {
            Ok(end) => end,
            Err(error) => {
                tracing::warn!(group = &**group, ?error, "group metadata not stored");
                return slot.state.stored(id, Err(error), now_ms, out);
            }
        };
        slot.recorded = true;
        let (shard, group, incarnation) = (self.clone(), group.clone(), slot.incarnation);
        let reached = self.common.journal.reached(self.partition, end);
        tokio::spawn(async move {
            let outcome = reached.await.map_err(|error| error.for_client());
            let Some(mut open) = shard.open() else { return };
            if open
                .ledger
                .get(&group)
                .is_some_and(|slot| slot.incarnation == incarnation)
            {
                shard.change(&mut open, &group, |state, now_ms, out| {
                    state.stored(id, outcome, now_ms, out);
                });
            }
        });
    }

    fn append_group(&self, group: &str, snapshot: &Snapshot) -> Result<KafkaOffset, GroupError> {
        let key = records::group_key(group).map_err(|_| GroupError::Unexpected)?;
        let value = records::group_value(snapshot).map_err(|_| GroupError::Unexpected)?;
        self.append_batch(|batch, wall_ms| {
            batch.push(wall_ms, Some(&key), Some(&value));
        })
    }

    /// Appends records and takes each in as soon as its batch is appended. Returns the position to wait for.
    pub(super) fn append(
        &self,
        open: &mut Open,
        writes: Vec<Write>,
    ) -> Result<Option<KafkaOffset>, GroupError> {
        let now_ms = self.common.time.now_ms();
        let mut last = None;
        let mut writes = writes.into_iter().peekable();
        while writes.peek().is_some() {
            let mut taken = Vec::new();
            let mut bytes = 0;
            while let Some(write) = writes.next_if(|_| bytes < BATCH_BYTES) {
                bytes += write.key.len() + write.value.as_ref().map_or(0, Vec::len);
                taken.push(write);
            }
            let end = self.append_batch(|batch, wall_ms| {
                for write in &taken {
                    batch.push(wall_ms, Some(&write.key), write.value.as_deref());
                }
            })?;
            for write in taken {
                open.ledger
                    .apply(write.entry, &write.key, end, None, now_ms);
            }
            last = Some(end);
        }
        Ok(last)
    }

    fn append_batch(
        &self,
        fill: impl FnOnce(&mut BatchBuilder, i64),
    ) -> Result<KafkaOffset, GroupError> {
        let mut batch = BatchBuilder::default();
        fill(&mut batch, self.common.time.wall_ms());
        let mut bytes = batch.finish().map_err(|_| GroupError::Unexpected)?;
        self.common
            .journal
            .append(self.partition, &mut bytes)
            .map_err(|error| error.for_client())
    }

    /// Waits until what was written before `end` is safe.
    pub(super) async fn reached(&self, end: Option<KafkaOffset>) -> Result<(), GroupError> {
        match end {
            Some(end) => {
                let reached = self.common.journal.reached(self.partition, end);
                reached.await.map_err(|error| error.for_client())
            }
            None => Ok(()),
        }
    }

    fn set_alarm(&self, open: &mut Open, group: &Arc<str>) {
        let Some(slot) = open.ledger.get_mut(group) else {
            return;
        };
        let Some(at_ms) = slot.state.wake_at_ms() else {
            return;
        };
        if slot.alarm_ms.is_none_or(|set_ms| at_ms < set_ms) {
            slot.alarm_ms = Some(at_ms);
            let alarm = Alarm {
                at_ms,
                partition: self.partition,
                group: group.clone(),
            };
            self.common.alarms.set(alarm);
        }
    }
}

/// Whether a transaction marker commits. `None` for other control records.
fn outcome_of_marker(key: &[u8]) -> Option<bool> {
    match key {
        [_, _, 0, 0, ..] => Some(false),
        [_, _, 0, 1, ..] => Some(true),
        _ => None,
    }
}
