//! ListOffsets over a socket: by end, by time, and what was just acknowledged.

mod served;

use std::borrow::Cow;

use kafka_wire::{ListOffsetsRequest, list_offsets_request as list};
use served::Served;
use served::data::{PRODUCE, batch, create, produce, produced};

#[test]
fn offsets_are_listed_by_end_and_by_time() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["t"]);
    for _ in 0..3 {
        produced(&mut client, &produce("t", -1, Some(batch(1, 10))), PRODUCE);
    }
    for (timestamp, offset) in [
        (-1, 3),
        (-2, 0),
        (-3, 0),
        (-4, 0),
        (-5, -1),
        (0, 0),
        (1_000, 0),
        (1_001, -1),
    ] {
        for version in [7, 10] {
            let request = ListOffsetsRequest {
                replica_id: -1,
                topics: vec![list::ListOffsetsTopic {
                    name: Cow::Borrowed("t"),
                    partitions: vec![list::ListOffsetsPartition {
                        partition_index: 0,
                        current_leader_epoch: -1,
                        timestamp,
                    }],
                }],
                ..Default::default()
            };
            let response = client.call(&request, version);
            let partition = &response.topics[0].partitions[0];
            assert_eq!(
                (partition.error_code, partition.offset),
                (0, offset),
                "{timestamp}, version {version}"
            );
        }
    }
    served.stop();
}

#[test]
fn what_was_acknowledged_is_within_the_offsets_listed_next() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["t"]);
    // acks=1 comes before the sync that shows the record to readers.
    for written in 1..=20 {
        produced(&mut client, &produce("t", 1, Some(batch(1, 10))), PRODUCE);
        let request = ListOffsetsRequest {
            replica_id: -1,
            topics: vec![list::ListOffsetsTopic {
                name: Cow::Borrowed("t"),
                partitions: vec![list::ListOffsetsPartition {
                    partition_index: 0,
                    current_leader_epoch: -1,
                    timestamp: -1,
                }],
            }],
            ..Default::default()
        };
        assert_eq!(
            client.call(&request, 7).topics[0].partitions[0].offset,
            written
        );
    }
    served.stop();
}
