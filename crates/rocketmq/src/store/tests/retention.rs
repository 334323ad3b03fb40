//! What goes when it is old, or when the disk is full, and who does not notice.

use super::*;

const HOUR_MS: i64 = 3_600_000;

fn filled(settings: StoreSettings) -> (tempfile::TempDir, Open) {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::Mmap, settings);
    // Ages are counted from the files' times, which are the system's.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    open.clock.set(i64::try_from(now.as_millis()).unwrap());
    for n in 0..200 {
        put(
            &open.store,
            "t",
            n % 2,
            &[1; 300],
            format!("KEYS\x01k{n}\x02").as_bytes(),
        );
    }
    (root, open)
}

fn all_hours() -> StoreSettings {
    StoreSettings {
        delete_hours: (0..24).collect(),
        delete_files_max: 3,
        ..settings()
    }
}

#[test]
fn old_files_go_at_their_hour_and_queues_and_index_follow() {
    let (root, open) = filled(all_hours());
    let store = &open.store;
    assert_eq!(store.retain().unwrap().log_files, 0);
    open.clock.advance(73 * HOUR_MS);
    let held = store.get(&GetRequest::new("t", 0, QueueOffset(0))).unwrap();
    let retained = store.retain().unwrap();
    assert_eq!(retained.log_files, 3);
    assert!(
        retained.queue_files > 0 && retained.index_files > 0,
        "{retained:?}"
    );
    while store.retain().unwrap().log_files > 0 {}
    let log_start = store.state().log_start;
    assert!(log_start > PhysicalOffset(0) && log_start < store.state().log_end);
    for id in 0..2 {
        let min = store.min_offset("t", id).unwrap();
        assert!(min > QueueOffset(0));
        let got = store
            .get(&GetRequest::new("t", id, QueueOffset(0)))
            .unwrap();
        assert_eq!(
            (got.status, got.next_offset),
            (GetStatus::OffsetTooSmall, min)
        );
        assert_eq!(all_of(store, "t", id, min.0).len() as i64, 100 - min.0);
    }
    assert!(query(store, "t", "k0").is_empty());
    assert_eq!(query(store, "t", "k199").len(), 1);
    // Who holds what was there before goes on reading it.
    assert_eq!(entries(&bytes_of(&held.parts)).len(), held.units.len());
    let names = super::super::files::names_in(&root.path().join("commitlog")).unwrap();
    assert!(names.iter().all(|name| name.len() == 20), "{names:?}");
    store.close().unwrap();
    let (min, end) = (store.min_offset("t", 0).unwrap(), store.max_offset("t", 0));
    drop(open);
    for name in ["abort", "keep"] {
        std::fs::write(root.path().join(name), "").unwrap();
        let open = open_with(root.path(), EngineKind::File, all_hours());
        assert_eq!(open.report.clean, name == "keep");
        assert_eq!(open.store.min_offset("t", 0).unwrap(), min);
        assert_eq!(open.store.max_offset("t", 0), end);
        open.store.close().unwrap();
    }
}

#[test]
fn a_full_disk_takes_files_at_any_age_and_refuses_messages() {
    let mut settings = all_hours();
    settings.delete_hours = Vec::new();
    let (_root, open) = filled(settings);
    let store = &open.store;
    open.clock.advance(73 * HOUR_MS);
    let round = |usage| {
        *open.usage.lock() = usage;
        store.retain().unwrap().log_files
    };
    assert_eq!(round(0.5), 0);
    assert_eq!(round(0.8), 3);
    open.clock.advance(-73 * HOUR_MS);
    assert_eq!(round(0.8), 0);
    assert_eq!(round(0.86), 3);
    assert!(store.put(&message("t", 0, b"", b""), None).is_ok());
    round(0.95);
    let refused = store.put(&message("t", 0, b"", b""), None);
    assert!(
        matches!(refused, Err(PutError::NotWritable(_))),
        "{refused:?}"
    );
    // The newest file stays whatever happens.
    while round(0.95) > 0 {}
    assert!(store.state().log_start < store.state().log_end);
    round(0.5);
    assert!(store.put(&message("t", 0, b"", b""), None).is_ok());
}

#[test]
fn a_queue_that_is_dispatched_again_from_the_middle_starts_there() {
    let (root, open) = filled(all_hours());
    open.clock.advance(73 * HOUR_MS);
    while open.store.retain().unwrap().log_files > 0 {}
    let (min, end) = (
        open.store.min_offset("t", 1).unwrap(),
        open.store.max_offset("t", 1),
    );
    open.store.close().unwrap();
    drop(open);
    std::fs::remove_dir_all(root.path().join("consumequeue")).unwrap();
    let open = open_with(root.path(), EngineKind::File, all_hours());
    assert_eq!(open.store.min_offset("t", 1).unwrap(), min);
    assert_eq!(open.store.max_offset("t", 1), end);
    assert_eq!(
        all_of(&open.store, "t", 1, min.0).len() as i64,
        end.0 - min.0
    );
    // Below it lies what RocketMQ puts there.
    let first = super::super::files::names_in(&root.path().join("consumequeue/t/1")).unwrap();
    let bytes = std::fs::read(root.path().join("consumequeue/t/1").join(&first[0])).unwrap();
    if min.0 % 10 != 0 {
        assert_eq!(
            bytes[..20],
            [
                0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0
            ]
        );
    }
}
