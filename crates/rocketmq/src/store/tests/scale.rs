//! Many queues share few open files. (What ten thousand topics cost a server: `many_queues.rs` of `highwater`.)

use super::*;

const TOPICS: usize = 150;

#[test]
fn many_queues_share_few_open_files() {
    let root = tempfile::tempdir().unwrap();
    let settings = StoreSettings {
        durability: Durability::Os,
        commit_log_file_bytes: 16 << 20,
        queue_file_bytes: 6_000_000,
        queue_files_open_max: 64,
        ..StoreSettings::default()
    };
    let open = open_with(root.path(), EngineKind::File, settings.clone());
    let mut last = None;
    for topic in 0..TOPICS {
        for id in 0..4 {
            let topic = format!("topic-{topic:05}");
            last = Some(
                open.store
                    .put(&message(&topic, id, b"x", b""), None)
                    .unwrap(),
            );
        }
    }
    settle(&open.store, &last.unwrap());
    let state = open.store.state();
    assert!(state.queue_files_open <= 64, "{state:?}");
    open.store.close().unwrap();
    drop(open);
    let open = open_with(root.path(), EngineKind::File, settings);
    assert_eq!(open.report.queues, TOPICS * 4);
    let topic = format!("topic-{:05}", TOPICS - 1);
    assert_eq!(open.store.max_offset(&topic, 3), QueueOffset(1));
    assert_eq!(all_of(&open.store, &topic, 3, 0).len(), 1);
    open.store.close().unwrap();
}
