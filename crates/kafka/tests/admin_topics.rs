//! Topics over a socket: created, grown and deleted in every version, and what is refused.

mod served;

use std::borrow::Cow;

use kafka::config::{Layers, Overrides};
use kafka::metadata::NewTopic;
use kafka_wire::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_wire::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_wire::messages::delete_topics_request::DeleteTopicState;
use kafka_wire::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, ErrorCode, MetadataRequest,
    Uuid,
};
use served::admin::{code, create, topic, with_config};
use served::{Client, Served};

#[test]
fn create_topics_in_every_version() {
    let served = Served::start();
    let mut client = served.client();
    for version in 2..=7 {
        let name = format!("v{version}");
        let request = CreateTopicsRequest {
            topics: vec![topic(&name, 3, 1)],
            timeout_ms: 1000,
            validate_only: false,
        };
        let response = client.call(&request, version);
        let [created] = &response.topics[..] else {
            panic!("one topic")
        };
        assert_eq!(
            (created.error_code, &*created.name),
            (0, &*name),
            "version {version}"
        );
        if version >= 5 {
            assert_eq!((created.num_partitions, created.replication_factor), (3, 1));
            let configs = created.configs.as_ref().expect("configs");
            let segment = configs
                .iter()
                .find(|c| c.name == "segment.bytes")
                .expect("listed");
            assert_eq!(
                (segment.value.as_deref(), segment.config_source),
                (Some("1073741824"), 5)
            );
        }
        let id = served.broker.metadata().topic(&name).expect("created").id();
        assert_eq!(
            created.topic_id,
            if version >= 7 { Uuid(id.0) } else { Uuid::ZERO }
        );
        let again = create(&mut client, vec![topic(&name, 3, 1)], version);
        assert_eq!(again, [(name, code(ErrorCode::TopicAlreadyExists))]);
    }
}

fn assigned(name: &str, assignments: &[(i32, &[i32])]) -> CreatableTopic<'static> {
    let assignments =
        assignments
            .iter()
            .map(|(partition_index, nodes)| CreatableReplicaAssignment {
                partition_index: *partition_index,
                broker_ids: nodes.to_vec(),
            });
    CreatableTopic {
        assignments: assignments.collect(),
        ..topic(name, -1, -1)
    }
}

fn refused() -> Vec<(CreatableTopic<'static>, ErrorCode)> {
    let one = || assigned("a", &[(0, &[1])]);
    vec![
        (topic("two", 1, 2), ErrorCode::InvalidReplicationFactor),
        (topic("none", 1, 0), ErrorCode::InvalidReplicationFactor),
        (topic("zero", 0, 1), ErrorCode::InvalidPartitions),
        (topic("minus", -3, 1), ErrorCode::InvalidPartitions),
        (topic("many", 10_001, 1), ErrorCode::PolicyViolation),
        (topic("bad name", 1, 1), ErrorCode::InvalidTopicException),
        (topic("", 1, 1), ErrorCode::InvalidTopicException),
        (
            topic("__consumer_offsets", 1, 1),
            ErrorCode::InvalidTopicException,
        ),
        (topic("__cluster_metadata", 1, 1), ErrorCode::InvalidRequest),
        (
            with_config("c", "no.such", Some("1")),
            ErrorCode::InvalidConfig,
        ),
        (
            with_config("c", "retention.ms", Some("soon")),
            ErrorCode::InvalidConfig,
        ),
        (
            with_config("c", "retention.ms", None),
            ErrorCode::InvalidConfig,
        ),
        (
            assigned("a", &[(0, &[9])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("a", &[(0, &[])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            assigned("a", &[(1, &[1])]),
            ErrorCode::InvalidReplicaAssignment,
        ),
        (
            CreatableTopic {
                num_partitions: 1,
                ..one()
            },
            ErrorCode::InvalidRequest,
        ),
        (
            CreatableTopic {
                replication_factor: 1,
                ..one()
            },
            ErrorCode::InvalidRequest,
        ),
    ]
}

#[test]
fn what_create_topics_refuses_and_how() {
    let served = Served::start();
    let mut client = served.client();
    for (topic, error) in refused() {
        let name = topic.name.clone().into_owned();
        let answer = create(&mut client, vec![topic], 7);
        assert_eq!(answer, [(name.clone(), code(error))]);
        assert!(served.broker.metadata().topic(&name).is_none(), "{name}");
    }
    let mixed = vec![
        topic("good", 1, 1),
        topic("twice", 1, 1),
        topic("twice", 2, 1),
    ];
    let mut answer = create(&mut client, mixed, 4);
    answer.sort();
    let expected = [
        ("good".to_owned(), 0),
        ("twice".to_owned(), code(ErrorCode::InvalidRequest)),
    ];
    assert_eq!(answer, expected);
    assert!(served.broker.metadata().topic("twice").is_none());
}

fn state(name: Option<&'static str>, topic_id: Uuid) -> DeleteTopicState<'static> {
    DeleteTopicState {
        name: name.map(Cow::Borrowed),
        topic_id,
    }
}

fn delete(client: &mut Client, topics: Vec<DeleteTopicState<'static>>) -> Vec<i16> {
    let request = DeleteTopicsRequest {
        topics,
        ..Default::default()
    };
    client
        .call(&request, 6)
        .responses
        .iter()
        .map(|r| r.error_code)
        .collect()
}

#[test]
fn delete_topics_by_name_in_every_version() {
    let served = Served::start();
    let mut client = served.client();
    for version in 1..=6 {
        create(&mut client, vec![topic("doomed", 1, 1)], 7);
        let mut request = DeleteTopicsRequest {
            timeout_ms: 1000,
            ..Default::default()
        };
        match version {
            6 => request.topics = vec![state(Some("doomed"), Uuid::ZERO)],
            _ => request.topic_names = vec!["doomed".into()],
        }
        let codes = |client: &mut Client| -> Vec<i16> {
            client
                .call(&request, version)
                .responses
                .iter()
                .map(|r| r.error_code)
                .collect()
        };
        assert_eq!(codes(&mut client), [0], "version {version}");
        assert_eq!(
            codes(&mut client),
            [code(ErrorCode::UnknownTopicOrPartition)]
        );
        assert!(served.broker.logs().logs().is_empty());
    }
}

#[test]
fn delete_topics_by_id_and_what_is_refused() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("doomed", 1, 1)], 7);
    let id = Uuid(
        served
            .broker
            .metadata()
            .topic("doomed")
            .expect("created")
            .id()
            .0,
    );
    for (states, error) in [
        (vec![state(None, Uuid([7; 16]))], ErrorCode::UnknownTopicId),
        (vec![state(None, Uuid::ZERO)], ErrorCode::InvalidRequest),
        (vec![state(Some("doomed"), id)], ErrorCode::InvalidRequest),
        (
            vec![state(None, id), state(None, id)],
            ErrorCode::InvalidRequest,
        ),
        (
            vec![state(Some("__consumer_offsets"), Uuid::ZERO)],
            ErrorCode::InvalidTopicException,
        ),
        (vec![state(None, id)], ErrorCode::None),
    ] {
        assert_eq!(
            delete(&mut client, states.clone()),
            [code(error)],
            "{states:?}"
        );
    }
    assert!(served.broker.metadata().topic("doomed").is_none());
}

#[test]
fn deleting_can_be_switched_off() {
    let mut layers = Layers::default();
    layers
        .set_fixed("delete.topic.enable", "false")
        .expect("a setting");
    let served = Served::with(layers);
    let mut client = served.client();
    create(&mut client, vec![topic("kept", 1, 1)], 7);
    for (version, error) in [
        (1, ErrorCode::InvalidRequest),
        (5, ErrorCode::TopicDeletionDisabled),
    ] {
        let request = DeleteTopicsRequest {
            topic_names: vec!["kept".into()],
            ..Default::default()
        };
        let response = client.call(&request, version);
        assert_eq!(response.responses[0].error_code, code(error));
    }
    assert!(served.broker.metadata().topic("kept").is_some());
}

#[test]
fn create_partitions_in_every_version() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("t", 1, 1)], 7);
    let mut grow = |name: &'static str, count, nodes: Option<&[i32]>, validate_only, version| {
        let one = |node: &i32| CreatePartitionsAssignment {
            broker_ids: vec![*node],
        };
        let assignments = nodes.map(|nodes| nodes.iter().map(one).collect());
        let topics = vec![CreatePartitionsTopic {
            name: name.into(),
            count,
            assignments,
        }];
        let request = CreatePartitionsRequest {
            topics,
            timeout_ms: 1000,
            validate_only,
        };
        client.call(&request, version).results[0].error_code
    };
    for version in 0..=3 {
        let count = i32::from(version) + 2;
        assert_eq!(grow("t", count, None, true, version), 0);
        assert_eq!(
            grow("t", count, None, false, version),
            0,
            "version {version}"
        );
        assert_eq!(
            grow("t", count, None, false, version),
            code(ErrorCode::InvalidPartitions)
        );
        assert_eq!(
            served
                .broker
                .metadata()
                .topic("t")
                .expect("there")
                .partition_count(),
            count
        );
    }
    assert_eq!(served.broker.logs().logs().len(), 5);
    for (name, count, nodes, error) in [
        ("ghost", 2, None, ErrorCode::UnknownTopicOrPartition),
        ("t", 1, None, ErrorCode::InvalidPartitions),
        ("t", 8, Some(&[1][..]), ErrorCode::InvalidReplicaAssignment),
        ("t", 6, Some(&[9][..]), ErrorCode::InvalidReplicaAssignment),
        (
            "__consumer_offsets",
            99,
            None,
            ErrorCode::InvalidTopicException,
        ),
    ] {
        assert_eq!(
            grow(name, count, nodes, false, 3),
            code(error),
            "{name} {count}"
        );
    }
    assert_eq!(grow("t", 6, Some(&[1][..]), false, 3), 0);
}

/// All topics as a client sees them: name, and the error of each partition.
fn listed(client: &mut Client) -> Vec<(String, Vec<i16>)> {
    let everything = MetadataRequest {
        topics: None,
        ..Default::default()
    };
    let response = client.call(&everything, 12);
    let topics = response.topics.iter().map(|topic| {
        assert_eq!(topic.error_code, 0);
        let name = topic.name.as_deref().expect("named").to_owned();
        let errors = topic.partitions.iter().map(|one| one.error_code).collect();
        (name, errors)
    });
    topics.collect()
}

#[test]
fn a_list_shows_nothing_that_is_only_being_made() {
    let served = Served::start();
    let mut client = served.client();
    let new = |name: &str, partitions| NewTopic {
        name: name.to_owned(),
        partitions,
        configs: Overrides::new(),
    };
    assert!(served.broker.create_topics(&[new("whole", 2)])[0].is_ok());
    let whole = |errors: &[i16]| ("whole".to_owned(), errors.to_vec());

    // In the metadata, without a route: what another thread sees between the two steps.
    assert!(served.broker.metadata().create_topics(&[new("half", 1)])[0].is_ok());
    assert_eq!(listed(&mut client), [whole(&[0, 0])]);
    let grown = served.broker.metadata().create_partitions("whole", 3);
    assert_eq!(grown.expect("grows").partition_count(), 3);
    assert_eq!(listed(&mut client), [whole(&[0, 0])]);

    let grown = served.broker.create_partitions("whole", 4);
    assert_eq!(grown.expect("grows").partition_count(), 4);
    assert_eq!(listed(&mut client), [whole(&[0, 0, 0, 0])]);
}

#[test]
fn a_topic_whose_log_could_not_be_made_is_listed_and_says_so() {
    let served = Served::start();
    let mut client = served.client();
    std::fs::write(served.dir.path().join("barred-0"), "in the way").expect("writes");
    let created = create(&mut client, vec![topic("barred", 1, 1)], 7);
    assert_eq!(
        created,
        [("barred".to_owned(), code(ErrorCode::KafkaStorageError))]
    );
    let no_leader = code(ErrorCode::LeaderNotAvailable);
    assert_eq!(
        listed(&mut client),
        [("barred".to_owned(), vec![no_leader])]
    );
}
