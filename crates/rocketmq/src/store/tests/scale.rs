//! Many queues: what each costs. `HIGHWATER_SCALE_TOPICS=10000 cargo test -p rocketmq --lib scale -- --nocapture` prints the
//! figures of the size that counts.

use super::*;

#[test]
fn many_queues_cost_no_descriptors_and_no_threads() {
    let topics = std::env::var("HIGHWATER_SCALE_TOPICS").map_or(150, |n| n.parse().unwrap());
    let root = tempfile::tempdir().unwrap();
    let settings = StoreSettings {
        durability: Durability::Os,
        commit_log_file_bytes: 16 << 20,
        queue_file_bytes: 6_000_000,
        queue_files_open_max: 64,
        ..StoreSettings::default()
    };
    let status = |name: &str| -> u64 {
        let text = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let before_kib = status("RssAnon:");
    let open = open_with(root.path(), EngineKind::File, settings.clone());
    let mut last = None;
    for topic in 0..topics {
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
    let used_kib = status("RssAnon:").saturating_sub(before_kib);
    open.store.close().unwrap();
    drop(open);
    let began = std::time::Instant::now();
    let open = open_with(root.path(), EngineKind::File, settings);
    println!(
        "{topics} topics of 4 queues: {used_kib} KiB, {} files open, start in {:?}",
        state.queue_files_open,
        began.elapsed()
    );
    assert_eq!(open.report.queues, topics * 4);
    let topic = format!("topic-{:05}", topics - 1);
    assert_eq!(open.store.max_offset(&topic, 3), QueueOffset(1));
    assert_eq!(all_of(&open.store, &topic, 3, 0).len(), 1);
    open.store.close().unwrap();
}
