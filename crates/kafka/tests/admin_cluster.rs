//! The rest of administration over a socket: records, log directories, pages of topics, the cluster,
//! and what one node has no use for.

mod served;

use kafka_wire::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_wire::messages::alter_replica_log_dirs_request::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic,
};
use kafka_wire::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_wire::messages::describe_log_dirs_request::DescribableLogDirTopic;
use kafka_wire::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_wire::messages::elect_leaders_request::TopicPartitions;
use kafka_wire::messages::{describe_producers_request, describe_quorum_request};
use kafka_wire::{
    AlterPartitionReassignmentsRequest, AlterReplicaLogDirsRequest, CreateAclsRequest,
    DeleteAclsRequest, DeleteRecordsRequest, DescribeAclsRequest, DescribeClusterRequest,
    DescribeLogDirsRequest, DescribeProducersRequest, DescribeQuorumRequest,
    DescribeTopicPartitionsRequest, ElectLeadersRequest, ErrorCode, ListConfigResourcesRequest,
    ListPartitionReassignmentsRequest,
};
use served::admin::{code, create, topic, with_config};
use served::{Client, Served};

#[test]
fn records_are_deleted_up_to_the_high_watermark_at_most() {
    let served = Served::start();
    let mut client = served.client();
    let compacted = with_config("compacted", "cleanup.policy", Some("compact"));
    create(&mut client, vec![topic("t", 1, 1), compacted], 7);
    let mut delete = |name: &'static str, partition_index, offset, version| {
        let partitions = vec![DeleteRecordsPartition {
            partition_index,
            offset,
        }];
        let topics = vec![DeleteRecordsTopic {
            name: name.into(),
            partitions,
        }];
        let response = client.call(
            &DeleteRecordsRequest {
                topics,
                timeout_ms: 1000,
            },
            version,
        );
        let partition = &response.topics[0].partitions[0];
        (partition.error_code, partition.low_watermark)
    };
    for version in 0..=2 {
        assert_eq!(delete("t", 0, -1, version), (0, 0));
        assert_eq!(delete("t", 0, 0, version), (0, 0));
        for (name, partition, offset, error) in [
            ("t", 0, 1, ErrorCode::OffsetOutOfRange),
            ("t", 0, -2, ErrorCode::OffsetOutOfRange),
            ("t", 1, 0, ErrorCode::UnknownTopicOrPartition),
            ("ghost", 0, 0, ErrorCode::UnknownTopicOrPartition),
            ("compacted", 0, 0, ErrorCode::PolicyViolation),
        ] {
            let answer = delete(name, partition, offset, version);
            assert_eq!(answer, (code(error), -1), "{name} {partition} {offset}");
        }
    }
}

#[test]
fn log_dirs_in_every_version() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("a", 2, 1), topic("b", 1, 1)], 7);
    for version in 1..=4 {
        let response = client.call(&DescribeLogDirsRequest { topics: None }, version);
        let [dir] = &response.results[..] else {
            panic!("one directory")
        };
        assert_eq!((response.error_code, dir.error_code), (0, 0));
        assert_eq!(
            dir.log_dir,
            served.broker.logs().root().display().to_string()
        );
        let topics = dir.topics.iter().map(|t| (&*t.name, t.partitions.len()));
        assert_eq!(topics.collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
        assert_eq!(dir.total_bytes > 0 && dir.usable_bytes > 0, version >= 4);
        let wanted = DescribableLogDirTopic {
            topic: "a".into(),
            partitions: vec![1, 7],
        };
        let request = DescribeLogDirsRequest {
            topics: Some(vec![wanted]),
        };
        let response = client.call(&request, version);
        let found = response.results[0]
            .topics
            .iter()
            .flat_map(|t| &t.partitions);
        assert_eq!(found.map(|p| p.partition_index).collect::<Vec<_>>(), [1]);
    }
}

#[test]
fn a_replica_moves_only_to_where_it_is() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("a", 2, 1)], 7);
    let here = served.broker.logs().root().display().to_string();
    let into = |path: &str, name: &'static str, partitions: Vec<i32>| AlterReplicaLogDir {
        path: path.to_owned().into(),
        topics: vec![AlterReplicaLogDirTopic {
            name: name.into(),
            partitions,
        }],
    };
    for version in 1..=2 {
        let dirs = vec![
            into(&here, "a", vec![0, 7]),
            into("/elsewhere", "a", vec![1]),
            into(&here, "ghost", vec![0]),
        ];
        let response = client.call(&AlterReplicaLogDirsRequest { dirs }, version);
        let answers = response.results.iter().map(|topic| {
            let outcomes = topic.partitions.iter();
            let outcomes = outcomes.map(|p| (p.partition_index, p.error_code));
            (&*topic.topic_name, outcomes.collect::<Vec<_>>())
        });
        let (none, absent) = (0, code(ErrorCode::UnknownTopicOrPartition));
        assert_eq!(
            answers.collect::<Vec<_>>(),
            [
                (
                    "a",
                    vec![(0, none), (7, absent), (1, code(ErrorCode::LogDirNotFound))]
                ),
                ("ghost", vec![(0, absent)]),
            ]
        );
    }
}

/// A page as `name:code numbers`, and where the next one starts.
fn page(
    client: &mut Client,
    topics: &[&'static str],
    limit: i32,
    cursor: Option<(&str, i32)>,
) -> (Vec<String>, Option<(String, i32)>) {
    let request = DescribeTopicPartitionsRequest {
        topics: topics
            .iter()
            .map(|name| TopicRequest {
                name: (*name).into(),
            })
            .collect(),
        response_partition_limit: limit,
        cursor: cursor.map(|(name, partition_index)| Cursor {
            topic_name: name.to_owned().into(),
            partition_index,
        }),
    };
    let response = client.call(&request, 0);
    let shown = response.topics.iter().map(|topic| {
        let numbers = topic
            .partitions
            .iter()
            .map(|p| format!(" {}", p.partition_index));
        let name = topic.name.as_deref().unwrap_or("null");
        format!("{name}:{}{}", topic.error_code, numbers.collect::<String>())
    });
    let next = response
        .next_cursor
        .map(|c| (c.topic_name.into_owned(), c.partition_index));
    (shown.collect(), next)
}

#[test]
fn topics_are_described_in_pages() {
    let served = Served::start();
    let mut client = served.client();
    create(
        &mut client,
        vec![topic("a", 2, 1), topic("b", 3, 1), topic("c", 1, 1)],
        7,
    );
    for (topics, limit, cursor, shown, next) in [
        (
            &[][..],
            100,
            None,
            &["a:0 0 1", "b:0 0 1 2", "c:0 0"][..],
            None,
        ),
        (&[], 3, None, &["a:0 0 1", "b:0 0"], Some(("b", 1))),
        (&[], 2, Some(("b", 1)), &["b:0 1 2"], Some(("c", 0))),
        (&[], 2, Some(("c", 0)), &["c:0 0"], None),
        (
            &["c", "ghost", "a"],
            9,
            None,
            &["a:0 0 1", "c:0 0", "ghost:3"],
            None,
        ),
        // The topic of the cursor must be among those asked for, its partition a number.
        (&["a"], 9, Some(("b", 0)), &["a:42"], None),
        (&["a"], 9, Some(("a", -1)), &["a:42"], None),
    ] {
        let expected = next.map(|(name, number): (&str, i32)| (name.to_owned(), number));
        let answer = page(&mut client, topics, limit, cursor);
        assert_eq!(
            (
                answer.0.iter().map(String::as_str).collect::<Vec<_>>(),
                answer.1
            ),
            (shown.to_vec(), expected)
        );
    }
}

#[test]
fn the_cluster_and_its_quorum() {
    let served = Served::start();
    let mut client = served.client();
    for version in 0..=2 {
        let request = DescribeClusterRequest {
            include_cluster_authorized_operations: true,
            ..Default::default()
        };
        let response = client.call(&request, version);
        assert_eq!((response.error_code, response.controller_id), (0, 1));
        assert_eq!(response.cluster_id, served.broker.metadata().cluster_id());
        let [broker] = &response.brokers[..] else {
            panic!("one broker")
        };
        let dialled = client.stream.peer_addr().expect("connected");
        assert_eq!((broker.broker_id, &*broker.host), (1, "127.0.0.1"));
        assert_eq!(broker.port, i32::from(dialled.port()));
        assert_eq!(response.cluster_authorized_operations, 8096);
    }
    for (endpoint_type, error) in [
        (2, ErrorCode::MismatchedEndpointType),
        (3, ErrorCode::UnsupportedEndpointType),
    ] {
        let request = DescribeClusterRequest {
            endpoint_type,
            ..Default::default()
        };
        assert_eq!(client.call(&request, 1).error_code, code(error));
    }
    for version in 0..=2 {
        let partitions = vec![describe_quorum_request::PartitionData { partition_index: 0 }];
        let topic_name = "__cluster_metadata".into();
        let topics = vec![describe_quorum_request::TopicData {
            topic_name,
            partitions,
        }];
        let response = client.call(&DescribeQuorumRequest { topics }, version);
        let quorum = &response.topics[0].partitions[0];
        assert_eq!(
            (
                quorum.error_code,
                quorum.leader_id,
                quorum.current_voters.len()
            ),
            (0, 1, 1)
        );
        assert!(quorum.high_watermark > 0);
    }
}

#[test]
fn what_can_have_settings_is_listed() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("t", 1, 1)], 7);
    let mut list = |resource_types: Vec<i8>, version| {
        let response = client.call(&ListConfigResourcesRequest { resource_types }, version);
        let resources = response.config_resources.iter();
        let names = resources.map(|r| format!("{} {}", r.resource_type, r.resource_name));
        (response.error_code, names.collect::<Vec<_>>().join(", "))
    };
    assert_eq!(list(Vec::new(), 0), (0, String::new()));
    assert_eq!(list(vec![2], 1), (0, "2 t".to_owned()));
    assert_eq!(list(Vec::new(), 1), (0, "2 t, 4 1, 8 1".to_owned()));
    assert_eq!(
        list(vec![99], 1),
        (code(ErrorCode::UnsupportedVersion), String::new())
    );
}

#[test]
fn elections_and_reassignments_have_nothing_to_do() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("t", 1, 1)], 7);
    for version in 0..=2 {
        let ask = |name: &'static str, number| TopicPartitions {
            topic: name.into(),
            partitions: vec![number],
        };
        let request = ElectLeadersRequest {
            topic_partitions: Some(vec![ask("t", 0), ask("t", 5), ask("ghost", 0)]),
            ..Default::default()
        };
        let response = client.call(&request, version);
        let results = response.replica_election_results.iter();
        let codes: Vec<i16> = results.map(|t| t.partition_result[0].error_code).collect();
        let unknown = code(ErrorCode::UnknownTopicOrPartition);
        assert_eq!(
            codes,
            [code(ErrorCode::ElectionNotNeeded), unknown, unknown]
        );
    }
    assert!(
        client
            .call(&ListPartitionReassignmentsRequest::default(), 0)
            .topics
            .is_empty()
    );
    for version in 0..=1 {
        for (name, partition_index, replicas, error) in [
            ("t", 0, Some(vec![1]), ErrorCode::None),
            ("t", 0, Some(vec![2]), ErrorCode::InvalidReplicaAssignment),
            (
                "t",
                0,
                Some(vec![1, 1]),
                ErrorCode::InvalidReplicaAssignment,
            ),
            ("t", 0, Some(vec![]), ErrorCode::InvalidReplicaAssignment),
            ("t", 0, None, ErrorCode::NoReassignmentInProgress),
            ("t", 3, Some(vec![1]), ErrorCode::UnknownTopicOrPartition),
            (
                "ghost",
                0,
                Some(vec![1]),
                ErrorCode::UnknownTopicOrPartition,
            ),
        ] {
            let partitions = vec![ReassignablePartition {
                partition_index,
                replicas,
            }];
            let topics = vec![ReassignableTopic {
                name: name.into(),
                partitions,
            }];
            let request = AlterPartitionReassignmentsRequest {
                topics,
                ..Default::default()
            };
            let response = client.call(&request, version);
            let answer = response.responses[0].partitions[0].error_code;
            assert_eq!(answer, code(error), "{name} {partition_index}");
        }
    }
}

#[test]
fn there_are_no_acls_and_no_producers() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("t", 1, 1)], 7);
    for version in 1..=3 {
        let disabled = code(ErrorCode::SecurityDisabled);
        assert_eq!(
            client
                .call(&DescribeAclsRequest::default(), version)
                .error_code,
            disabled
        );
        let creations = vec![Default::default(); 2];
        let response = client.call(&CreateAclsRequest { creations }, version);
        let codes: Vec<i16> = response.results.iter().map(|r| r.error_code).collect();
        assert_eq!(codes, [disabled; 2]);
        let filters = vec![Default::default()];
        let response = client.call(&DeleteAclsRequest { filters }, version);
        assert_eq!(response.filter_results[0].error_code, disabled);
    }
    let topics = ["t", "ghost"].map(|name| describe_producers_request::TopicRequest {
        name: name.into(),
        partition_indexes: vec![0],
    });
    let response = client.call(
        &DescribeProducersRequest {
            topics: topics.into(),
        },
        0,
    );
    let codes: Vec<i16> = response
        .topics
        .iter()
        .map(|t| t.partitions[0].error_code)
        .collect();
    assert_eq!(codes, [0, code(ErrorCode::UnknownTopicOrPartition)]);
}
