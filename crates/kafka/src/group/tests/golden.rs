//! What Kafka 4.3.1 wrote, read here.

use super::*;
use crate::log::batch::Batches;

fn kafkas() -> Arc<Disk> {
    let disk = Disk::with_partitions(2);
    let logs: [&[u8]; 2] = [
        include_bytes!("../../../tests/golden/kafka-4.3.1-groups/offsets-0.log"),
        include_bytes!("../../../tests/golden/kafka-4.3.1-groups/offsets-1.log"),
    ];
    for (partition, log) in (0..).zip(logs) {
        let batches = Batches::of(log).map(|batch| batch.expect("whole").bytes().to_vec());
        disk.batches.lock().insert(partition, batches.collect());
    }
    disk
}

#[tokio::test(start_paused = true)]
async fn every_group_and_offset_of_kafkas_is_there() {
    let disk = kafkas();
    let server = serve(&disk, &Arc::new(ManualClock::at(1_795_322_400_000)));
    let listed = server.list().await.expect("lists");
    let listed: Vec<_> = listed
        .iter()
        .map(|l| (&*l.group, l.kind, l.state))
        .collect();
    assert_eq!(
        listed,
        [
            ("classic", "classic", "Empty"),
            ("live-modern", "consumer", "Empty"),
            ("modern", "consumer", "Empty"),
            ("simple", "classic", "Empty"),
            ("static", "classic", "Stable"),
            ("txn-aborted", "classic", "Empty"),
            ("txn-committed", "classic", "Empty"),
        ]
    );
    for (group, expected) in [
        ("classic", &[(0, 10), (1, 10)][..]),
        ("live-modern", &[(0, 10), (1, 10)]),
        ("modern", &[(0, 10), (1, 10)]),
        ("simple", &[(0, 7), (1, 4)]),
        ("static", &[(0, 10), (1, 10)]),
        ("txn-aborted", &[(0, 1)]),
        ("txn-committed", &[(0, 9)]),
        ("deleted", &[]),
    ] {
        let all = server.offsets(group, None).await.expect("readable");
        let offsets = all.get("orders").into_iter().flatten();
        let offsets: Vec<_> = offsets
            .filter_map(|(p, c)| Some((*p, c.as_ref()?.offset)))
            .collect();
        assert_eq!(offsets, expected, "{group}");
        assert!(!all.contains_key("doomed"));
    }
    let simple = server.offsets("simple", None).await.expect("readable");
    let text = simple["orders"][&0]
        .as_ref()
        .map(|c| c.metadata.to_string());
    // librdkafka sends the terminating zero along.
    assert_eq!(text.as_deref(), Some("hello\0"));
}

#[tokio::test(start_paused = true)]
async fn a_member_of_kafkas_group_goes_on_here() {
    let server = serve(&kafkas(), &Arc::new(ManualClock::at(1_795_322_400_000)));
    let described = server
        .describe("static")
        .await
        .expect("describes")
        .expect("is there");
    let member = &described.members[0];
    assert_eq!(member.instance_id.as_deref(), Some("one"));
    let beat = server
        .heartbeat("static", &member.member_id, member.instance_id.clone(), 1)
        .await;
    assert_eq!(beat, Ok(()));
    // Another process of that name takes its place and its partitions.
    let mut request = join_request("");
    request.instance_id = member.instance_id.clone();
    let joined = server.join("static", request).await.expect("joins");
    assert_eq!(joined.generation, 1);
    let request = SyncRequest {
        instance_id: member.instance_id.clone(),
        ..sync_request(&joined)
    };
    let part = server.sync("static", request).await.expect("syncs");
    assert_eq!(part.assignment, member.assignment);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_kafkas_newer_groups_is_buried_in_the_order_kafka_loads() {
    let disk = kafkas();
    let server = serve(&disk, &Arc::new(ManualClock::at(1_795_322_400_000)));
    settle(&server, "live-modern").await;
    let name = b"live-modern";
    let of_group = |key: &[u8]| key.get(4..4 + name.len()) == Some(&name[..]);
    let keys = disk.keys();
    let tombstones = keys.iter().filter(|(key, live)| !live && of_group(key));
    let types: Vec<_> = tombstones.map(|(key, _)| key[1]).collect();
    assert_eq!(types, [8, 7, 6, 5, 3]);
    assert_eq!(server.delete_groups(&["modern"]).await, [Ok(())]);
}
