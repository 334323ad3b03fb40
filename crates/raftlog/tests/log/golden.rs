//! The bytes on the disk: an old directory is read, and the same steps leave the same bytes.
//!
//! `tests/golden/v1/start` is a log without entries, `tests/golden/v1/end` what the steps below left of it. To write them anew
//! after a change of format (and a new version number): `RAFTLOG_GOLDEN=write cargo test -p raftlog --test log golden`.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use raftlog::{Entry, EntryKind, RaftLog, Vote};

use crate::fixture::{Fixture, all, copy_dir, entries, id};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/v1")
        .join(name)
}

fn membership(index: u64, term: u64) -> Entry {
    Entry {
        index,
        term,
        kind: EntryKind::Membership,
        payload: Bytes::from_static(b"members: 1, 2, 3"),
    }
}

fn steps(log: &RaftLog) {
    let text = |text: &'static str| Bytes::from_static(text.as_bytes());
    log.append_and_wait(&entries(1, 4, 1)).unwrap();
    log.append_and_wait(&[membership(4, 1)]).unwrap();
    log.append_and_wait(&entries(5, 70, 1)).unwrap();
    log.truncate(60).unwrap();
    log.append_and_wait(&entries(60, 63, 3)).unwrap();
    log.append_and_wait(&[membership(63, 3)]).unwrap();
    log.save_vote(Vote {
        term: 3,
        text: text("node 2"),
    })
    .unwrap();
    log.save_committed(id(3, 61), text("3-2-61")).unwrap();
    log.purge(id(1, 25), text("1-1-25")).unwrap();
}

fn check(log: &RaftLog) {
    let mut expected = entries(26, 60, 1);
    expected.extend(entries(60, 63, 3));
    expected.push(membership(63, 3));
    assert_eq!(all(log), expected);
    assert_eq!(log.last_membership().unwrap(), Some(membership(63, 3)));
    assert_eq!(log.vote().unwrap().text, "node 2");
    assert_eq!(log.committed().unwrap().text, "3-2-61");
    assert_eq!(log.purged().unwrap().id, id(1, 25));
    assert_eq!(log.purged().unwrap().text, "1-1-25");
}

/// The files whose bytes follow from the steps. The state's number of writes does not.
fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| name != "state" && !name.ends_with(".deleted"))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

#[test]
fn old_bytes_are_read_and_new_ones_are_the_same() {
    let fixture = Fixture::small();
    if std::env::var("RAFTLOG_GOLDEN").is_ok() {
        drop(fixture.open());
        copy_dir(&fixture.group_dir(), &golden("start"));
    }
    std::fs::create_dir_all(fixture.dir()).unwrap();
    copy_dir(&golden("start"), &fixture.group_dir());
    let (log, _) = fixture.open();
    steps(&log);
    check(&log);
    log.close().unwrap();
    drop(log);
    if std::env::var("RAFTLOG_GOLDEN").is_ok() {
        copy_dir(&fixture.group_dir(), &golden("end"));
    }
    let (new, old) = (contents(&fixture.group_dir()), contents(&golden("end")));
    assert!(old.len() >= 4, "golden files are missing");
    for ((name, new), (old_name, old)) in new.iter().zip(&old) {
        assert_eq!(name, old_name);
        assert!(new == old, "{name} has other bytes than the golden file");
    }
    assert_eq!(new.len(), old.len());
    let reader = Fixture::small();
    std::fs::create_dir_all(reader.dir()).unwrap();
    copy_dir(&golden("end"), &reader.group_dir());
    let (log, report) = reader.open();
    assert_eq!(report.cut, None);
    check(&log);
}
