//! CreateTopics (19), versions 2-7.

use super::refusal::Refusal;
use super::{Close, RequestContext};
use crate::admin::{self, CreatedTopic, Replication, TopicSpec};
use crate::broker::Broker;
use crate::config::{Layers, Overrides};
use kafka_wire::messages::create_topics_request::CreatableTopic;
use kafka_wire::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_wire::{CreateTopicsRequest, CreateTopicsResponse, ErrorCode, Uuid};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: CreateTopicsRequest<'_>,
) -> Result<CreateTopicsResponse<'static>, Close> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for topic in &request.topics {
        *times.entry(&topic.name).or_default() += 1;
    }
    let mut refused = BTreeMap::new();
    let mut specs = Vec::new();
    for topic in &request.topics {
        let once = times.get(&*topic.name) == Some(&1);
        let spec = if once { spec(topic) } else { Err(duplicate()) };
        match spec {
            Ok(spec) => specs.push(spec),
            Err(refusal) => {
                refused.insert(topic.name.clone().into_owned(), refusal);
            }
        }
    }
    let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
    let validate_only = request.validate_only;
    let create = move |broker: &Arc<Broker>| admin::create_topics(broker, &specs, validate_only);
    let outcomes = ctx.broker.blocking(create).await?;
    let layers = ctx.broker.layers();
    let mut topics: Vec<_> = names
        .into_iter()
        .zip(outcomes)
        .map(|(name, outcome)| match outcome {
            Ok(created) => success(name, &created, &layers),
            Err(error) => failure(name, error.into()),
        })
        .collect();
    topics.extend(
        refused
            .into_iter()
            .map(|(name, refusal)| failure(name, refusal)),
    );
    Ok(CreateTopicsResponse {
        throttle_time_ms: 0,
        topics,
    })
}

fn duplicate() -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, "Duplicate topic name.")
}

fn spec(topic: &CreatableTopic<'_>) -> Result<TopicSpec, Refusal> {
    let null: Vec<&str> = topic
        .configs
        .iter()
        .filter(|c| c.value.is_none())
        .map(|c| &*c.name)
        .collect();
    if !null.is_empty() {
        let message = format!(
            "Null value not supported for topic configs: {}",
            null.join(",")
        );
        return Err(Refusal::new(ErrorCode::InvalidConfig, message));
    }
    let configs: Overrides = topic
        .configs
        .iter()
        .filter_map(|c| Some((c.name.clone().into_owned(), c.value.clone()?.into_owned())))
        .collect();
    let replication = if topic.assignments.is_empty() {
        Replication::Automatic {
            partitions: topic.num_partitions,
            replication_factor: topic.replication_factor,
        }
    } else if topic.replication_factor != -1 {
        return Err(manual_and("replication factor"));
    } else if topic.num_partitions != -1 {
        return Err(manual_and("numPartitions"));
    } else {
        let assignments = topic.assignments.iter();
        Replication::Manual(
            assignments
                .map(|a| (a.partition_index, a.broker_ids.clone()))
                .collect(),
        )
    };
    Ok(TopicSpec {
        name: topic.name.clone().into_owned(),
        replication,
        configs,
    })
}

fn manual_and(what: &str) -> Refusal {
    let message =
        format!("A manual partition assignment was specified, but {what} was not set to -1.");
    Refusal::new(ErrorCode::InvalidRequest, message)
}

fn success(name: String, created: &CreatedTopic, layers: &Layers) -> CreatableTopicResult<'static> {
    let rows = layers.describe_topic(&created.configs).into_iter();
    let configs = rows.map(|row| CreatableTopicConfigs {
        name: row.name.into(),
        value: row.value.map(Into::into),
        read_only: row.read_only,
        config_source: row.source as i8,
        is_sensitive: false,
    });
    CreatableTopicResult {
        name: name.into(),
        topic_id: created
            .topic
            .as_ref()
            .map_or(Uuid::ZERO, |topic| Uuid(topic.id().0)),
        error_code: 0,
        error_message: None,
        topic_config_error_code: 0,
        num_partitions: created.partitions,
        replication_factor: 1,
        configs: Some(configs.collect()),
    }
}

fn failure(name: String, refusal: Refusal) -> CreatableTopicResult<'static> {
    let (error_code, error_message) = Refusal::fields(Err(refusal));
    CreatableTopicResult {
        name: name.into(),
        error_code,
        error_message,
        num_partitions: -1,
        replication_factor: -1,
        configs: Some(Vec::new()),
        ..CreatableTopicResult::default()
    }
}
