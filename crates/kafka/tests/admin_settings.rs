//! Settings over a socket: described and altered in every version, and what is refused.

mod served;

use std::borrow::Cow;

use kafka_wire::messages::alter_configs_request as legacy;
use kafka_wire::messages::describe_configs_request::DescribeConfigsResource;
use kafka_wire::messages::incremental_alter_configs_request as incremental;
use kafka_wire::{
    AlterConfigsRequest, DescribeConfigsRequest, ErrorCode, IncrementalAlterConfigsRequest,
};
use served::admin::{code, create, topic, with_config};
use served::{Client, Served};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const LOGGER: i8 = 8;
const METRICS: i8 = 16;
const GROUP: i8 = 32;
/// What a new directory's metadata sets for all brokers, as Kafka's does.
const FROM_THE_START: &str = "min.insync.replicas=1 3 [3:min.insync.replicas]";

/// The code, and a line for each setting: value, source, synonyms.
fn describe(
    client: &mut Client,
    (kind, name): (i8, &str),
    keys: Option<&[&'static str]>,
    version: i16,
) -> (i16, Vec<String>) {
    let resource = DescribeConfigsResource {
        resource_type: kind,
        resource_name: name.to_owned().into(),
        configuration_keys: keys.map(|keys| keys.iter().map(|key| Cow::Borrowed(*key)).collect()),
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: true,
        include_documentation: version >= 3,
    };
    let response = client.call(&request, version);
    let [result] = &response.results[..] else {
        panic!("one resource")
    };
    assert_eq!((result.resource_type, &*result.resource_name), (kind, name));
    let rows = result.configs.iter().map(|row| {
        let documented = row
            .documentation
            .as_deref()
            .is_some_and(|doc| !doc.is_empty());
        assert_eq!(
            (documented, row.config_type != 0),
            (version >= 3, version >= 3)
        );
        let synonyms = row
            .synonyms
            .iter()
            .map(|s| format!("{}:{}", s.source, s.name));
        let synonyms = synonyms.collect::<Vec<_>>().join(" ");
        let value = row.value.as_deref().unwrap_or("null");
        format!("{}={value} {} [{synonyms}]", row.name, row.config_source)
    });
    (result.error_code, rows.collect())
}

#[test]
fn describe_configs_in_every_version() {
    let served = Served::start();
    let mut client = served.client();
    create(
        &mut client,
        vec![with_config("t", "retention.ms", Some("5"))],
        7,
    );
    for version in 1..=4 {
        let keys = Some(&["retention.ms", "segment.bytes", "write.caching"][..]);
        let (error, rows) = describe(&mut client, (TOPIC, "t"), keys, version);
        assert_eq!(error, 0, "version {version}");
        assert_eq!(
            rows,
            [
                "retention.ms=5 1 [1:retention.ms]",
                "segment.bytes=1073741824 5 [5:log.segment.bytes]",
                "write.caching=false 5 [5:log.write.caching]",
            ]
        );
        let keys = Some(&["num.partitions"][..]);
        let one = describe(&mut client, (BROKER, "1"), keys, version);
        assert_eq!(
            one,
            (0, vec!["num.partitions=1 5 [5:num.partitions]".to_owned()])
        );
        assert!(describe(&mut client, (BROKER, "1"), None, version).1.len() > 60);
        let all = describe(&mut client, (BROKER, ""), None, version);
        assert_eq!(all, (0, vec![FROM_THE_START.to_owned()]));
    }
    let (error, rows) = describe(&mut client, (TOPIC, "t"), None, 4);
    assert_eq!((error, rows.len()), (0, 34));
}

#[test]
fn what_describe_configs_refuses_and_how() {
    let served = Served::start();
    let mut client = served.client();
    for (kind, name, error) in [
        (TOPIC, "ghost", ErrorCode::UnknownTopicOrPartition),
        (TOPIC, "bad name", ErrorCode::InvalidTopicException),
        (BROKER, "2", ErrorCode::InvalidRequest),
        (BROKER, "one", ErrorCode::InvalidRequest),
        (LOGGER, "", ErrorCode::InvalidRequest),
        (LOGGER, "1", ErrorCode::None),
        (METRICS, "", ErrorCode::InvalidRequest),
        (METRICS, "m", ErrorCode::None),
        (GROUP, "", ErrorCode::InvalidRequest),
        (GROUP, "g", ErrorCode::None),
        (0, "x", ErrorCode::InvalidRequest),
        (3, "x", ErrorCode::InvalidRequest),
    ] {
        let answer = describe(&mut client, (kind, name), None, 4);
        assert_eq!(answer, (code(error), Vec::new()), "{kind} {name}");
    }
}

/// Setting, operation (0 set, 1 delete, 2 append, 3 subtract), operand.
type Change = (&'static str, i8, Option<&'static str>);

fn alter(client: &mut Client, (kind, name): (i8, &str), changes: &[Change], version: i16) -> i16 {
    let configs =
        changes.iter().map(
            |(name, config_operation, value)| incremental::AlterableConfig {
                name: (*name).into(),
                config_operation: *config_operation,
                value: value.map(Cow::Borrowed),
            },
        );
    let resource = incremental::AlterConfigsResource {
        resource_type: kind,
        resource_name: name.to_owned().into(),
        configs: configs.collect(),
    };
    let request = IncrementalAlterConfigsRequest {
        resources: vec![resource],
        validate_only: false,
    };
    client.call(&request, version).responses[0].error_code
}

/// What is set on topic `t` itself.
fn own(client: &mut Client) -> Vec<String> {
    let rows = describe(client, (TOPIC, "t"), None, 4).1.into_iter();
    let rows = rows.filter(|row| row.contains("[1:"));
    rows.map(|row| row.split(' ').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn incremental_alter_configs_in_every_version() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("t", 1, 1)], 7);
    for version in 0..=1 {
        let mut alter = |changes: &[Change]| alter(&mut client, (TOPIC, "t"), changes, version);
        assert_eq!(
            alter(&[
                ("retention.ms", 0, Some("9")),
                ("cleanup.policy", 2, Some("compact"))
            ]),
            0
        );
        assert_eq!(
            own(&mut client),
            ["cleanup.policy=delete,compact", "retention.ms=9"]
        );
        let mut alter =
            |changes: &[Change]| crate::alter(&mut client, (TOPIC, "t"), changes, version);
        assert_eq!(
            alter(&[
                ("cleanup.policy", 3, Some("delete")),
                ("retention.ms", 1, None)
            ]),
            0
        );
        assert_eq!(own(&mut client), ["cleanup.policy=compact"]);
        assert_eq!(
            crate::alter(
                &mut client,
                (TOPIC, "t"),
                &[("cleanup.policy", 1, None)],
                version
            ),
            0
        );
    }
    let change = [("log.retention.ms", 0, Some("11"))];
    assert_eq!(alter(&mut client, (BROKER, ""), &change, 1), 0);
    assert_eq!(served.broker.settings().log_defaults.retention_ms, 11);
    let all = describe(&mut client, (BROKER, ""), None, 4).1;
    assert_eq!(
        all,
        ["log.retention.ms=11 3 [3:log.retention.ms]", FROM_THE_START]
    );
}

#[test]
fn alter_configs_replaces_all_in_every_version() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("t", 1, 1)], 7);
    for version in 0..=2 {
        assert_eq!(
            alter(
                &mut client,
                (TOPIC, "t"),
                &[("segment.ms", 0, Some("9"))],
                1
            ),
            0
        );
        let config = legacy::AlterableConfig {
            name: "retention.ms".into(),
            value: Some("7".into()),
        };
        let resource = legacy::AlterConfigsResource {
            resource_type: TOPIC,
            resource_name: "t".into(),
            configs: vec![config],
        };
        let request = AlterConfigsRequest {
            resources: vec![resource],
            validate_only: false,
        };
        assert_eq!(client.call(&request, version).responses[0].error_code, 0);
        assert_eq!(own(&mut client), ["retention.ms=7"], "version {version}");
    }
}

#[test]
fn what_altering_refuses_and_how() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, vec![topic("t", 1, 1)], 7);
    let set = |name, value| vec![(name, 0, Some(value))];
    for (resource, changes, error) in [
        ((TOPIC, "t"), set("no.such", "1"), ErrorCode::InvalidConfig),
        (
            (TOPIC, "t"),
            set("retention.ms", "-2"),
            ErrorCode::InvalidConfig,
        ),
        (
            (TOPIC, "t"),
            vec![("retention.ms", 2, Some("1"))],
            ErrorCode::InvalidConfig,
        ),
        (
            (TOPIC, "t"),
            vec![("retention.ms", 0, None)],
            ErrorCode::InvalidRequest,
        ),
        (
            (TOPIC, "t"),
            vec![("retention.ms", 9, Some("1"))],
            ErrorCode::InvalidRequest,
        ),
        (
            (TOPIC, "t"),
            vec![("retention.ms", 0, Some("1")), ("retention.ms", 1, None)],
            ErrorCode::InvalidRequest,
        ),
        (
            (TOPIC, "ghost"),
            set("retention.ms", "1"),
            ErrorCode::UnknownTopicOrPartition,
        ),
        (
            (TOPIC, ""),
            set("retention.ms", "1"),
            ErrorCode::InvalidRequest,
        ),
        (
            (BROKER, "1"),
            set("num.partitions", "1"),
            ErrorCode::InvalidRequest,
        ),
        (
            (BROKER, "2"),
            set("log.retention.ms", "1"),
            ErrorCode::InvalidRequest,
        ),
        (
            (BROKER, "1"),
            set("log.retention.ms", "-9"),
            ErrorCode::InvalidRequest,
        ),
        (
            (LOGGER, "1"),
            set("root", "DEBUG"),
            ErrorCode::InvalidRequest,
        ),
        ((GROUP, "g"), set("x", "1"), ErrorCode::InvalidRequest),
        ((77, "g"), set("x", "1"), ErrorCode::InvalidRequest),
    ] {
        let answer = alter(&mut client, resource, &changes, 1);
        assert_eq!(answer, code(error), "{resource:?} {changes:?}");
    }
    assert_eq!(own(&mut client), Vec::<String>::new());
    let twice = || incremental::AlterConfigsResource {
        resource_type: TOPIC,
        resource_name: "t".into(),
        configs: Vec::new(),
    };
    let request = IncrementalAlterConfigsRequest {
        resources: vec![twice(), twice()],
        validate_only: false,
    };
    let answer = client.call(&request, 1);
    let codes: Vec<i16> = answer.responses.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [code(ErrorCode::InvalidRequest); 2]);
}
