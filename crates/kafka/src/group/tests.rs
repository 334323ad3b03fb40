//! The coordinator over a log in memory that is slow, full or broken when asked to be.

mod golden;
mod real_log;
mod requests;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use proptest::prelude::*;
use tokio::sync::watch;
use tokio::time::Duration;

use super::coordinator::{Committer, Coordinator, GroupSettings, NewOffset};
use super::error::GroupError;
use super::journal::{Journal, JournalError, Wait};
use super::member::Protocol;
use super::records;
use super::state::{GroupRules, JoinRequest, Joined, Leaver, SyncRequest};
use crate::log::batch::{BatchView, stamp_position};
use crate::log::builder::{BatchBuilder, ProducerStamp};
use crate::log::{KafkaOffset, ManualClock, TopicId};

const PARTITIONS: i32 = 4;

/// What the disk holds, what of it is safe, and what goes wrong.
struct Disk {
    partitions: i32,
    batches: Mutex<BTreeMap<i32, Vec<Vec<u8>>>>,
    /// Batches after this many in a partition are not safe yet.
    safe: watch::Sender<usize>,
    failing: Mutex<Option<JournalError>>,
    exists: Mutex<bool>,
    /// True while no partition may be read.
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Disk {
    fn new() -> Arc<Self> {
        Self::with_partitions(PARTITIONS)
    }

    fn with_partitions(partitions: i32) -> Arc<Self> {
        Arc::new(Self {
            partitions,
            batches: Mutex::default(),
            safe: watch::channel(usize::MAX).0,
            failing: Mutex::new(None),
            exists: Mutex::new(true),
            shut: Mutex::new(false),
            opened: Condvar::new(),
        })
    }

    /// The disk after a power cut: only what was safe is left.
    fn after_power_cut(&self) -> Arc<Self> {
        let copy = Self::new();
        let safe = *self.safe.borrow();
        for (partition, batches) in self.batches.lock().iter() {
            let left = batches.iter().take(safe).cloned().collect();
            copy.batches.lock().insert(*partition, left);
        }
        copy
    }

    fn count(&self) -> usize {
        self.batches.lock().values().map(Vec::len).sum()
    }

    fn keys(&self) -> Vec<(Vec<u8>, bool)> {
        let mut keys = Vec::new();
        for partition in 0..PARTITIONS {
            let visited = self.replay(partition, &mut |batch| {
                crate::log::record::visit(&batch, |record| {
                    let key = record.key.unwrap_or_default().to_vec();
                    keys.push((key, record.value.is_some()));
                    std::ops::ControlFlow::Continue(())
                })
                .expect("readable");
            });
            visited.expect("readable");
        }
        keys
    }
}

impl Journal for Disk {
    fn partitions(&self) -> Option<i32> {
        self.exists.lock().then_some(self.partitions)
    }

    fn is_made(&self) -> bool {
        *self.exists.lock()
    }

    fn append(&self, partition: i32, batch: &mut [u8]) -> Result<KafkaOffset, JournalError> {
        if let Some(error) = *self.failing.lock() {
            return Err(error);
        }
        let mut batches = self.batches.lock();
        let batches = batches.entry(partition).or_default();
        // One offset per batch is enough here.
        let offset = i64::try_from(batches.len()).expect("few");
        stamp_position(batch, KafkaOffset(offset), 0);
        batches.push(batch.to_vec());
        Ok(KafkaOffset(offset + 1))
    }

    fn reached(&self, _partition: i32, end: KafkaOffset) -> Wait {
        let mut safe = self.safe.subscribe();
        Box::pin(async move {
            let end = usize::try_from(end.0).expect("positive");
            safe.wait_for(|safe| *safe >= end)
                .await
                .map(|_| ())
                .map_err(|_| JournalError::Broken)
        })
    }

    fn replay(
        &self,
        partition: i32,
        visit: &mut dyn FnMut(BatchView<'_>),
    ) -> Result<(), JournalError> {
        self.opened.wait_while(&mut self.shut.lock(), |shut| *shut);
        if let Some(error @ (JournalError::Broken | JournalError::Missing)) = *self.failing.lock() {
            return Err(error);
        }
        for batch in self.batches.lock().get(&partition).into_iter().flatten() {
            visit(BatchView::first(batch).expect("whole"));
        }
        Ok(())
    }
}

fn settings() -> GroupSettings {
    GroupSettings {
        rules: GroupRules::default(),
        min_session_timeout_ms: 6000,
        max_session_timeout_ms: 60_000,
        metadata_max: 4096,
        retention_ms: 10_000,
        retention_check_interval_ms: 600_000,
    }
}

/// A server on a disk.
fn serve(disk: &Arc<Disk>, clock: &Arc<ManualClock>) -> Arc<Coordinator> {
    let coordinator = Coordinator::new(disk.clone(), clock.clone(), settings());
    coordinator.start();
    coordinator
}

fn fresh() -> (Arc<Disk>, Arc<ManualClock>, Arc<Coordinator>) {
    let (disk, clock) = (Disk::new(), Arc::new(ManualClock::at(1_000_000)));
    let server = serve(&disk, &clock);
    (disk, clock, server)
}

fn join_request(member_id: &str) -> JoinRequest {
    JoinRequest {
        member_id: Arc::from(member_id),
        fresh_member_id: Arc::from(format!("m-{}", uuid::Uuid::new_v4())),
        instance_id: None,
        client_id: Arc::from("c"),
        client_host: Arc::from("/127.0.0.1"),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 30_000,
        protocol_type: Arc::from("consumer"),
        protocols: vec![Protocol {
            name: Arc::from("range"),
            metadata: Bytes::from_static(&[0, 0, 0, 0, 0, 1, 0, 1, b't']),
        }],
        id_required: false,
        may_skip_assignment: true,
    }
}

fn sync_request(joined: &Joined) -> SyncRequest {
    SyncRequest {
        member_id: joined.member_id.clone(),
        instance_id: None,
        generation: joined.generation,
        protocol_type: None,
        protocol: None,
        assignments: vec![(joined.member_id.clone(), Bytes::from_static(b"part"))],
    }
}

/// One member, stable.
async fn settle(server: &Coordinator, group: &str) -> Joined {
    let joined = server.join(group, join_request("")).await.expect("joins");
    let part = server
        .sync(group, sync_request(&joined))
        .await
        .expect("syncs");
    assert_eq!(part.assignment, "part");
    joined
}

fn nobody() -> Committer {
    Committer {
        member_id: Arc::from(""),
        instance_id: None,
        generation: -1,
        retention_ms: None,
    }
}

fn offset(topic: &str, partition: i32, offset: i64) -> NewOffset {
    NewOffset {
        topic: Arc::from(topic),
        topic_id: TopicId([1; 16]),
        partition,
        offset,
        leader_epoch: 0,
        metadata: Arc::from("why"),
    }
}

async fn commit(server: &Coordinator, group: &str, value: i64) -> Result<(), GroupError> {
    server
        .commit(group, &nobody(), vec![offset("t", 0, value)])
        .await
}

async fn read(server: &Coordinator, group: &str) -> Option<i64> {
    let all = server.offsets(group, None).await.expect("readable");
    Some(all.get("t")?.get(&0)?.as_ref()?.offset)
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_told_to_nobody_before_it_is_safe() {
    let (disk, _, server) = fresh();
    disk.safe.send_replace(0);
    let mut committing = Box::pin(commit(&server, "g", 7));
    let mut reading = Box::pin(read(&server, "g"));
    let short = Duration::from_secs(5);
    assert!(tokio::time::timeout(short, &mut committing).await.is_err());
    assert!(tokio::time::timeout(short, &mut reading).await.is_err());
    disk.safe.send_replace(1);
    assert_eq!(committing.await, Ok(()));
    assert_eq!(reading.await, Some(7));
}

#[tokio::test(start_paused = true)]
async fn an_assignment_is_told_to_nobody_before_it_is_safe() {
    let (disk, _, server) = fresh();
    disk.safe.send_replace(0);
    let joined = server.join("g", join_request("")).await.expect("joins");
    let mut syncing = Box::pin(server.sync("g", sync_request(&joined)));
    assert!(
        tokio::time::timeout(Duration::from_secs(5), &mut syncing)
            .await
            .is_err()
    );
    disk.safe.send_replace(1);
    assert!(syncing.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn groups_and_offsets_are_there_after_a_restart() {
    let (disk, clock, server) = fresh();
    let joined = settle(&server, "g").await;
    let member = Committer {
        member_id: joined.member_id.clone(),
        generation: joined.generation,
        ..nobody()
    };
    server
        .commit("g", &member, vec![offset("t", 0, 5)])
        .await
        .expect("commits");
    commit(&server, "simple", 9).await.expect("commits");
    server.close();

    let server = serve(&disk.after_power_cut(), &clock);
    assert_eq!(read(&server, "g").await, Some(5));
    assert_eq!(read(&server, "simple").await, Some(9));
    let (id, generation) = (&joined.member_id, joined.generation);
    assert_eq!(server.heartbeat("g", id, None, generation).await, Ok(()));
    let part = server
        .sync("g", sync_request(&joined))
        .await
        .expect("syncs");
    assert_eq!(part.assignment, "part");
    let listed = server.list().await.expect("lists");
    let states: Vec<_> = listed
        .iter()
        .map(|l| (&*l.group, l.state, &*l.protocol_type))
        .collect();
    assert_eq!(
        states,
        [("g", "Stable", "consumer"), ("simple", "Empty", "")]
    );
    let described = server
        .describe("g")
        .await
        .expect("describes")
        .expect("is there");
    assert_eq!(
        (described.members.len(), &*described.protocol),
        (1, "range")
    );
    assert_eq!(server.describe("other").await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn a_silent_member_is_dropped_and_a_parked_join_goes_on() {
    let (_, _, server) = fresh();
    let first = settle(&server, "g").await;
    let started = tokio::time::Instant::now();
    // The second waits for the first, which never comes back.
    let second = server.join("g", join_request("")).await.expect("joins");
    assert_eq!(second.members.len(), 1);
    let waited = started.elapsed();
    assert!(
        waited >= Duration::from_secs(9) && waited <= Duration::from_secs(11),
        "{waited:?}"
    );
    let beat = server
        .heartbeat("g", &first.member_id, None, first.generation)
        .await;
    assert_eq!(beat, Err(GroupError::UnknownMember));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_refuses_is_reported_and_changes_nothing() {
    let (disk, _, server) = fresh();
    commit(&server, "g", 1).await.expect("commits");
    for (failure, told) in [
        (JournalError::Full, GroupError::NotAvailable),
        (JournalError::Missing, GroupError::NotAvailable),
        (JournalError::TooLarge, GroupError::Unexpected),
        (JournalError::Broken, GroupError::NotCoordinator),
    ] {
        *disk.failing.lock() = Some(failure);
        assert_eq!(commit(&server, "g", 2).await, Err(told));
        assert_eq!(read(&server, "g").await, Some(1));
        let joined = server.join("h", join_request("")).await.expect("joins");
        assert_eq!(server.sync("h", sync_request(&joined)).await, Err(told));
        assert_eq!(server.delete_groups(&["g"]).await, [Err(told)]);
        *disk.failing.lock() = None;
        server
            .leave("h", &[leaver(&joined.member_id)])
            .await
            .expect("leaves");
    }
    assert_eq!(commit(&server, "g", 2).await, Ok(()));
}

fn leaver(member_id: &str) -> Leaver {
    Leaver {
        member_id: Arc::from(member_id),
        instance_id: None,
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_groups_leave_only_tombstones() {
    let (disk, clock, server) = fresh();
    let joined = settle(&server, "g").await;
    commit(&server, "simple", 1).await.expect("commits");
    let outcomes = server.delete_groups(&["g", "simple", "none"]).await;
    assert_eq!(
        outcomes,
        [
            Err(GroupError::NotEmpty),
            Ok(()),
            Err(GroupError::GroupNotFound)
        ]
    );
    server
        .leave("g", &[leaver(&joined.member_id)])
        .await
        .expect("leaves");
    assert_eq!(server.delete_groups(&["g"]).await, [Ok(())]);
    assert_eq!(server.list().await.map(|l| l.len()), Ok(0));
    let mut last = BTreeMap::new();
    last.extend(disk.keys());
    assert_eq!(last.len(), 3, "an offset, two groups");
    assert!(last.values().all(|live| !live), "{last:?}");
    let server = serve(&disk, &clock);
    assert_eq!(server.list().await.map(|l| l.len()), Ok(0));
}

#[tokio::test(start_paused = true)]
async fn single_offsets_are_deleted_unless_somebody_wants_the_topic() {
    let (disk, clock, server) = fresh();
    let joined = settle(&server, "g").await;
    let member = Committer {
        member_id: joined.member_id,
        generation: joined.generation,
        ..nobody()
    };
    let offsets = vec![offset("t", 0, 1), offset("old", 0, 2)];
    server.commit("g", &member, offsets).await.expect("commits");
    let asked = [("t".into(), 0), ("old".into(), 0), ("old".into(), 7)];
    let outcomes = server.delete_offsets("g", &asked).await.expect("allowed");
    assert_eq!(
        outcomes,
        [Err(GroupError::SubscribedToTopic), Ok(()), Ok(())]
    );
    let none = server.delete_offsets("none", &asked).await;
    assert_eq!(none, Err(GroupError::GroupNotFound));
    let server = serve(&disk, &clock);
    let left = server.offsets("g", None).await.expect("readable");
    assert_eq!(left.keys().map(|t| &**t).collect::<Vec<_>>(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn old_offsets_expire_and_their_groups_with_them() {
    let (disk, clock, server) = fresh();
    commit(&server, "simple", 1).await.expect("commits");
    let kept = Committer {
        retention_ms: Some(60_000),
        ..nobody()
    };
    server
        .commit("kept", &kept, vec![offset("t", 0, 1)])
        .await
        .expect("commits");
    let joined = settle(&server, "g").await;
    let member = Committer {
        member_id: joined.member_id,
        generation: joined.generation,
        ..nobody()
    };
    let offsets = vec![offset("t", 0, 1), offset("old", 0, 2)];
    server.commit("g", &member, offsets).await.expect("commits");
    clock.advance(9_999);
    server.expire();
    assert_eq!(server.list().await.map(|l| l.len()), Ok(3));
    clock.advance(1);
    server.expire();
    let listed = server.list().await.expect("lists");
    assert_eq!(
        listed.iter().map(|l| &*l.group).collect::<Vec<_>>(),
        ["g", "kept"]
    );
    let left = server.offsets("g", None).await.expect("readable");
    assert_eq!(
        left.keys().map(|t| &**t).collect::<Vec<_>>(),
        ["t"],
        "it is subscribed"
    );
    clock.advance(50_000);
    server.expire();
    let server = serve(&disk, &clock);
    assert_eq!(server.list().await.map(|l| l.len()), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn offsets_of_deleted_topics_go() {
    let (_, _, server) = fresh();
    commit(&server, "g", 1).await.expect("commits");
    server.topics_deleted(&[("t".into(), TopicId([2; 16]))]);
    assert_eq!(
        read(&server, "g").await,
        Some(1),
        "another topic of that name"
    );
    server.topics_deleted(&[("t".into(), TopicId([1; 16]))]);
    assert_eq!(read(&server, "g").await, None);
}

#[tokio::test(start_paused = true)]
async fn without_the_topic_clients_are_told_to_come_back() {
    let (disk, clock) = (Disk::new(), Arc::new(ManualClock::at(0)));
    *disk.exists.lock() = false;
    let server = serve(&disk, &clock);
    let refusal = server
        .join("g", join_request(""))
        .await
        .expect_err("refused");
    assert_eq!(refusal.error, GroupError::NotAvailable);
    assert_eq!(commit(&server, "g", 1).await, Err(GroupError::NotAvailable));
    assert_eq!(server.list().await.map(|l| l.len()), Ok(0));
    *disk.exists.lock() = true;
    // The topic is known before its logs are there.
    *disk.failing.lock() = Some(JournalError::Missing);
    assert_eq!(commit(&server, "g", 1).await, Err(GroupError::NotAvailable));
    *disk.failing.lock() = None;
    assert_eq!(commit(&server, "g", 1).await, Ok(()));
}

// Real time: a blocking read keeps a paused clock from moving.
#[tokio::test]
#[allow(
    clippy::await_holding_lock,
    reason = "the held gate is what keeps the reading thread, not this one, waiting"
)]
async fn while_groups_are_read_clients_wait_and_heartbeats_are_fine() {
    let (disk, clock, server) = fresh();
    let joined = settle(&server, "g").await;
    server.close();
    *disk.shut.lock() = true;
    let server = serve(&disk, &clock);
    let refusal = server
        .join("g", join_request(""))
        .await
        .expect_err("refused");
    assert_eq!(refusal.error, GroupError::Loading);
    assert_eq!(server.heartbeat("g", "anybody", None, 3).await, Ok(()));
    assert_eq!(server.list().await, Err(GroupError::Loading));
    *disk.shut.lock() = false;
    disk.opened.notify_all();
    let mut beat = server.heartbeat("g", "anybody", None, 3).await;
    while beat == Ok(()) {
        beat = server.heartbeat("g", "anybody", None, 3).await;
    }
    assert_eq!(beat, Err(GroupError::UnknownMember));
    let beat = server
        .heartbeat("g", &joined.member_id, None, joined.generation)
        .await;
    assert_eq!(beat, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn closing_answers_those_who_wait() {
    let (_, _, server) = fresh();
    settle(&server, "g").await;
    let waiting = {
        let server = server.clone();
        tokio::spawn(async move { server.join("g", join_request("")).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.close();
    let refusal = waiting.await.expect("runs").expect_err("refused");
    assert_eq!(refusal.error, GroupError::NotCoordinator);
    let late = server
        .join("g", join_request(""))
        .await
        .expect_err("refused");
    assert_eq!(late.error, GroupError::NotCoordinator);
}

#[tokio::test(start_paused = true)]
async fn a_group_of_the_newer_protocol_is_served_and_taken_over() {
    let (disk, clock) = (Disk::new(), Arc::new(ManualClock::at(0)));
    let mut batch = BatchBuilder::default();
    let key = records::offset_key("g", "t", 0).expect("key");
    let value = records::offset_value(&records::Committed {
        offset: 8,
        leader_epoch: -1,
        metadata: Arc::from(""),
        committed_ms: 0,
        expires_ms: None,
        topic_id: TopicId::ZERO,
    });
    batch.push(0, Some(&key), value.ok().as_deref());
    for key_type in [3u8, 5, 6] {
        batch.push(
            0,
            Some(&[0, key_type, 0, 1, b'g', 0, 1, b'm']),
            Some(b"\0\0"),
        );
    }
    let partition = super::hash::partition_of("g", PARTITIONS);
    disk.append(partition, &mut batch.finish().expect("batch"))
        .expect("appends");

    let server = serve(&disk, &clock);
    assert_eq!(read(&server, "g").await, Some(8));
    let listed = server.list().await.expect("lists");
    assert_eq!((listed[0].kind, listed[0].state), ("consumer", "Empty"));
    assert_eq!(server.describe("g").await, Ok(None), "not a classic group");
    assert_eq!(commit(&server, "g", 9).await, Ok(()));
    settle(&server, "g").await;
    assert_eq!(read(&server, "g").await, Some(9));
    let listed = server.list().await.expect("lists");
    assert_eq!((listed[0].kind, listed[0].state), ("classic", "Stable"));
    let mut last = BTreeMap::new();
    last.extend(disk.keys());
    assert_eq!(
        last.iter().filter(|(_, live)| **live).count(),
        2,
        "offset and group"
    );
    assert_eq!(last.len(), 5, "the old protocol's three are buried");
}

#[tokio::test(start_paused = true)]
async fn transactional_offsets_of_another_server_are_understood() {
    let (disk, clock) = (Disk::new(), Arc::new(ManualClock::at(0)));
    let partition = super::hash::partition_of("g", PARTITIONS);
    let stamp = ProducerStamp {
        id: 5,
        epoch: 0,
        base_sequence: 0,
    };
    let key = records::offset_key("g", "t", 0).expect("key");
    let committed = records::Committed {
        offset: 8,
        leader_epoch: -1,
        metadata: Arc::from(""),
        committed_ms: 0,
        expires_ms: None,
        topic_id: TopicId::ZERO,
    };
    let value = records::offset_value(&committed).expect("value");
    let mut data = BatchBuilder::default().producer(stamp).transactional();
    data.push(0, Some(&key), Some(&value));
    disk.append(partition, &mut data.finish().expect("batch"))
        .expect("appends");
    let server = serve(&disk, &clock);
    assert_eq!(read(&server, "g").await, None, "not decided");

    let stamp = ProducerStamp {
        base_sequence: -1,
        ..stamp
    };
    let mut marker = BatchBuilder::default()
        .producer(stamp)
        .transactional()
        .control();
    marker.push(0, Some(&[0, 0, 0, 1]), Some(&[0, 0, 0, 0, 0, 0]));
    disk.append(partition, &mut marker.finish().expect("batch"))
        .expect("appends");
    let server = serve(&disk, &clock);
    assert_eq!(read(&server, "g").await, Some(8));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Cut the power after any number of safe batches: what was acknowledged is there, and nothing that was never
    /// sent.
    #[test]
    fn acknowledged_commits_survive_power_cuts(
        commits in prop::collection::vec((0..3usize, 0..100i64), 1..40),
        safe in 0..40usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("runtime");
        runtime.block_on(async {
            let (disk, clock, server) = fresh();
            disk.safe.send_replace(safe);
            let groups = ["a", "b", "c"];
            let mut acknowledged: BTreeMap<&str, usize> = BTreeMap::new();
            let mut sent: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
            for (group, value) in commits {
                let group = groups[group];
                let sending = commit(&server, group, value);
                let outcome = tokio::time::timeout(Duration::from_millis(10), sending).await;
                sent.entry(group).or_default().push(value);
                if outcome == Ok(Ok(())) {
                    acknowledged.insert(group, sent[group].len());
                }
            }
            let server = serve(&disk.after_power_cut(), &clock);
            for (group, values) in &sent {
                let at_least = acknowledged.get(group).copied().unwrap_or(0);
                let found = read(&server, group).await;
                let candidates: Vec<_> = values[at_least.saturating_sub(1)..].to_vec();
                let nothing_is_fine = at_least == 0 && found.is_none();
                assert!(
                    nothing_is_fine || found.is_some_and(|v| candidates.contains(&v)),
                    "{group}: {found:?} of {values:?}, {at_least} acknowledged"
                );
            }
            assert!(disk.count() > 0);
        });
    }
}
