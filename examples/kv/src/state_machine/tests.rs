//! The map against its commands, and its snapshots across installs and restarts.

use std::collections::BTreeSet;

use openraft::{CommittedLeaderId, Membership};

use super::*;

fn log_id(index: u64) -> LogId<NodeId> {
    LogId::new(CommittedLeaderId::new(1, 1), index)
}

fn entry(index: u64, command: Command) -> Entry<TypeConfig> {
    Entry {
        log_id: log_id(index),
        payload: EntryPayload::Normal(command),
    }
}

fn put(key: &str, value: &str) -> Command {
    Command::Put {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn cas(key: &str, expected: Option<&str>, value: &str) -> Command {
    Command::Cas {
        key: key.to_owned(),
        expected: expected.map(str::to_owned),
        value: value.to_owned(),
    }
}

/// A machine that has applied `put k I` for each index up to `last`.
async fn filled(dir: &Path, last: u64) -> StateMachine {
    let mut machine = StateMachine::open(dir).unwrap();
    let entries: Vec<_> = (1..=last)
        .map(|index| entry(index, put("k", &index.to_string())))
        .collect();
    machine.apply(entries).await.unwrap();
    machine
}

async fn applied_index(machine: &mut StateMachine) -> Option<u64> {
    machine.applied_state().await.unwrap().0.map(|id| id.index)
}

#[tokio::test]
async fn commands_do_what_they_say() {
    let delete = |key: &str| Command::Delete {
        key: key.to_owned(),
    };
    let cases = [
        (cas("k", Some("1"), "2"), false, None, None),
        (cas("k", None, "1"), true, None, Some("1")),
        (cas("k", None, "2"), false, Some("1"), Some("1")),
        (cas("k", Some("1"), "2"), true, Some("1"), Some("2")),
        (put("k", "3"), true, Some("2"), Some("3")),
        (delete("k"), true, Some("3"), None),
        (delete("k"), true, None, None),
        (put("k", ""), true, None, Some("")),
    ];
    let dir = tempfile::tempdir().unwrap();
    let mut machine = StateMachine::open(dir.path()).unwrap();
    for (index, (command, applied, before, after)) in (1..).zip(cases) {
        let outcome = machine
            .apply([entry(index, command.clone())])
            .await
            .unwrap();
        let expected = Outcome {
            applied,
            before: before.map(str::to_owned),
        };
        assert_eq!(outcome, [expected], "{command:?}");
        assert_eq!(machine.get("k").as_deref(), after, "{command:?}");
        assert_eq!(applied_index(&mut machine).await, Some(index));
    }
}

#[tokio::test]
async fn every_entry_is_answered_and_members_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = StateMachine::open(dir.path()).unwrap();
    let membership = Membership::new(vec![BTreeSet::from([1, 2])], None);
    let entries = [
        Entry {
            log_id: log_id(1),
            payload: EntryPayload::Membership(membership.clone()),
        },
        entry(2, put("k", "v")),
        Entry {
            log_id: log_id(3),
            payload: EntryPayload::Blank,
        },
    ];
    assert_eq!(machine.apply(entries).await.unwrap().len(), 3);
    machine
        .get_snapshot_builder()
        .await
        .build_snapshot()
        .await
        .unwrap();
    let mut machine = StateMachine::open(dir.path()).unwrap();
    let (applied, stored) = machine.applied_state().await.unwrap();
    assert_eq!(applied, Some(log_id(3)));
    assert_eq!(stored, StoredMembership::new(Some(log_id(1)), membership));
}

#[tokio::test]
async fn a_snapshot_is_of_the_moment_it_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = filled(dir.path(), 5).await;
    let mut builder = machine.get_snapshot_builder().await;
    machine.apply([entry(6, put("k", "6"))]).await.unwrap();
    let snapshot = builder.build_snapshot().await.unwrap();
    assert_eq!(snapshot.meta.last_log_id, Some(log_id(5)));
    assert_eq!(machine.get("k").as_deref(), Some("6"));
    let reopened = StateMachine::open(dir.path()).unwrap();
    assert_eq!(reopened.get("k").as_deref(), Some("5"));
}

#[tokio::test]
async fn a_received_snapshot_replaces_the_state_and_survives() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut sender = filled(from.path(), 9).await;
    let mut snapshot = sender
        .get_snapshot_builder()
        .await
        .build_snapshot()
        .await
        .unwrap();
    let mut receiver = filled(to.path(), 2).await;
    // Building began before the other snapshot arrived, and ends after it.
    let mut overtaken = receiver.get_snapshot_builder().await;
    let mut spool = receiver.begin_receiving_snapshot().await.unwrap();
    tokio::io::copy(&mut snapshot.snapshot, &mut spool)
        .await
        .unwrap();
    receiver
        .install_snapshot(&snapshot.meta, spool)
        .await
        .unwrap();
    overtaken.build_snapshot().await.unwrap();
    let mut reopened = StateMachine::open(to.path()).unwrap();
    for machine in [&mut receiver, &mut reopened] {
        assert_eq!(machine.get("k").as_deref(), Some("9"));
        assert_eq!(applied_index(machine).await, Some(9));
        let current = machine.get_current_snapshot().await.unwrap().unwrap();
        assert_eq!(current.meta, snapshot.meta);
    }
}

#[tokio::test]
async fn a_damaged_or_mislabelled_snapshot_changes_nothing() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut sender = filled(from.path(), 9).await;
    let snapshot = sender
        .get_snapshot_builder()
        .await
        .build_snapshot()
        .await
        .unwrap();
    let bytes = std::fs::read(from.path().join("snapshot")).unwrap();
    let mut cut = bytes.clone();
    cut.pop();
    let mut mislabelled = snapshot.meta.clone();
    mislabelled.last_log_id = Some(log_id(10));
    for (meta, bytes) in [(&snapshot.meta, cut), (&mislabelled, bytes)] {
        let mut receiver = filled(to.path(), 2).await;
        let mut spool = receiver.begin_receiving_snapshot().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut spool, &bytes)
            .await
            .unwrap();
        receiver.install_snapshot(meta, spool).await.unwrap_err();
        assert_eq!(receiver.get("k").as_deref(), Some("2"));
        assert!(receiver.get_current_snapshot().await.unwrap().is_none());
    }
}
