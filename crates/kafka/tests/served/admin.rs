//! What the admin tests share: topics to be created, and codes.

use std::borrow::Cow;

use kafka_wire::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_wire::{CreateTopicsRequest, ErrorCode};

use super::Client;

pub(crate) fn topic(
    name: &str,
    num_partitions: i32,
    replication_factor: i16,
) -> CreatableTopic<'static> {
    CreatableTopic {
        name: name.to_owned().into(),
        num_partitions,
        replication_factor,
        ..CreatableTopic::default()
    }
}

pub(crate) fn with_config(
    name: &str,
    key: &'static str,
    value: Option<&'static str>,
) -> CreatableTopic<'static> {
    let config = CreatableTopicConfig {
        name: key.into(),
        value: value.map(Cow::Borrowed),
    };
    CreatableTopic {
        configs: vec![config],
        ..topic(name, 1, 1)
    }
}

/// Creates, and gives the codes in the order of the answer with the names.
pub(crate) fn create(
    client: &mut Client,
    topics: Vec<CreatableTopic<'static>>,
    version: i16,
) -> Vec<(String, i16)> {
    let request = CreateTopicsRequest {
        topics,
        timeout_ms: 1000,
        validate_only: false,
    };
    let response = client.call(&request, version);
    response
        .topics
        .iter()
        .map(|t| (t.name.clone().into_owned(), t.error_code))
        .collect()
}

pub(crate) fn code(error: ErrorCode) -> i16 {
    error.into()
}
