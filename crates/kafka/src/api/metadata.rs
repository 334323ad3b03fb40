//! Metadata (3), versions 0 to 13: who leads what. On one node: we lead everything.
//!
//! A topic that is asked for by name and unknown is created, if both the client and the broker's settings allow it. The
//! answer does not show it yet but says that its leader is not there, upon which every client asks again: a client that only
//! wants to see that a topic is gone must not find it there, and a group's leader must not take "unknown" for final.
//!
//! A topic that is just being created or deleted is in the metadata and has no route. The list of all topics leaves it out,
//! and no answer shows partitions that are just being added: there are clients that take an error of one partition for a
//! failure of the whole list. So routes are always taken after the metadata.

use std::borrow::Cow;
use std::sync::Arc;

use kafka_wire::metadata_request::MetadataRequestTopic;
use kafka_wire::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_wire::{ErrorCode, MetadataRequest, MetadataResponse, Uuid};

use super::{Close, RequestContext};
use crate::broker::Broker;
use crate::broker::routes::Routes;
use crate::log::TopicId;
use crate::metadata::{Image, TRANSACTIONS_TOPIC, TopicImage, check_topic_name, is_internal};

/// Topics may be asked for by id from here on.
const LOOKUP_BY_ID_FROM: i16 = 12;
/// Topic ids appear here.
const TOPIC_IDS_FROM: i16 = 10;
/// Before this, every request allows topics to be created.
const AUTO_CREATE_FIELD_FROM: i16 = 4;
/// Not asked for, in the fields of permitted operations.
const NOT_ASKED: i32 = i32::MIN;
/// Everything that can be permitted on a topic: read, write, create, delete, alter, describe and both of configs.
const ALL_TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
/// Everything that can be permitted on the cluster.
const ALL_CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: MetadataRequest<'_>,
) -> Result<MetadataResponse<'static>, Close> {
    let broker = context.broker;
    let all = match &request.topics {
        None => true,
        Some(topics) => context.version == 0 && topics.is_empty(),
    };
    let operations = if request.include_topic_authorized_operations {
        ALL_TOPIC_OPERATIONS
    } else {
        NOT_ASKED
    };
    let topics = if all {
        all_topics(broker, operations)
    } else {
        let asked = request.topics.as_deref().unwrap_or_default();
        let allowed = context.version < AUTO_CREATE_FIELD_FROM || request.allow_auto_topic_creation;
        let image = broker.metadata().image();
        let created = if allowed && broker.settings().auto_create_topics {
            create_missing(broker, &image, asked, context.version).await?
        } else {
            Vec::new()
        };
        let is_new = |topic: &MetadataResponseTopic<'_>| {
            topic.error_code == ErrorCode::UnknownTopicOrPartition.to_i16()
                && created
                    .iter()
                    .any(|name| topic.name.as_deref() == Some(name))
        };
        let answer = Answer::new(broker, operations);
        let mut topics: Vec<_> = asked
            .iter()
            .map(|topic| answer.asked(&image, topic, context.version))
            .collect();
        for topic in topics.iter_mut().filter(|topic| is_new(topic)) {
            topic.error_code = ErrorCode::LeaderNotAvailable.to_i16();
        }
        topics
    };
    let (host, port) = broker.advertised(context.connection.local);
    let node_id = broker.metadata().node_id();
    let cluster_operations = if request.include_cluster_authorized_operations {
        ALL_CLUSTER_OPERATIONS
    } else {
        NOT_ASKED
    };
    Ok(MetadataResponse {
        throttle_time_ms: 0,
        brokers: vec![MetadataResponseBroker {
            node_id,
            host: Cow::Owned(host),
            port,
            rack: None,
        }],
        cluster_id: Some(Cow::Owned(broker.metadata().cluster_id().to_owned())),
        controller_id: node_id,
        topics,
        cluster_authorized_operations: cluster_operations,
        error_code: 0,
    })
}

/// All topics that are served.
fn all_topics(broker: &Arc<Broker>, operations: i32) -> Vec<MetadataResponseTopic<'static>> {
    let topics = broker.metadata().topics();
    let answer = Answer::new(broker, operations);
    let served = topics
        .iter()
        .filter(|topic| answer.routes.topic_by_id(topic.id()).is_some());
    served.map(|topic| answer.known(topic)).collect()
}

/// Creates the topics that were asked for by name and do not exist, and names them. One that cannot be is left unknown.
async fn create_missing(
    broker: &Arc<Broker>,
    image: &Image,
    asked: &[MetadataRequestTopic<'_>],
    version: i16,
) -> Result<Vec<String>, Close> {
    let missing = asked.iter().filter_map(|topic| {
        let by_name = topic.topic_id == Uuid::default() && is_well_formed(topic, version);
        let name = topic.name.as_deref().filter(|_| by_name)?;
        let creatable = image.topic(name).is_none()
            && check_topic_name(name).is_ok()
            && name != TRANSACTIONS_TOPIC;
        creatable.then(|| name.to_owned())
    });
    let missing: Vec<String> = missing.collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    broker
        .blocking(move |broker| {
            let mut created = missing;
            created.retain(|name| {
                let outcome = broker.auto_create(name);
                // Another request may have been faster.
                let exists = broker.metadata().image().topic(name).is_some();
                if let (Err(error), false) = (outcome, exists) {
                    tracing::warn!(topic = %name, %error, "not created");
                }
                exists
            });
            created
        })
        .await
}

/// Whether a topic is asked for in the way its version allows.
fn is_well_formed(topic: &MetadataRequestTopic<'_>, version: i16) -> bool {
    match version {
        // With an id the name does not count: the Java admin client sends an empty one then.
        LOOKUP_BY_ID_FROM.. => topic.name.is_some() || topic.topic_id != Uuid::default(),
        TOPIC_IDS_FROM.. => topic.name.is_some() && topic.topic_id == Uuid::default(),
        _ => topic.name.is_some(),
    }
}

struct Answer<'a> {
    broker: &'a Arc<Broker>,
    routes: Arc<Routes>,
    operations: i32,
}

impl<'a> Answer<'a> {
    /// Only after the metadata has been looked at.
    fn new(broker: &'a Arc<Broker>, operations: i32) -> Self {
        Self {
            broker,
            routes: broker.routes().current(),
            operations,
        }
    }

    fn asked(
        &self,
        image: &Image,
        asked: &MetadataRequestTopic<'_>,
        version: i16,
    ) -> MetadataResponseTopic<'static> {
        let name = asked.name.as_deref();
        if !is_well_formed(asked, version) {
            return failed(
                ErrorCode::InvalidRequest,
                Some(name.unwrap_or_default()),
                asked.topic_id,
            );
        }
        let by_id = version >= LOOKUP_BY_ID_FROM && asked.topic_id != Uuid::default();
        let Some(name) = name.filter(|_| !by_id) else {
            return match image.topic_by_id(TopicId(asked.topic_id.0)) {
                Some(topic) => self.known(topic),
                None => failed(ErrorCode::UnknownTopicId, None, asked.topic_id),
            };
        };
        match image.topic(name) {
            Some(topic) => self.known(topic),
            None if check_topic_name(name).is_err() => failed(
                ErrorCode::InvalidTopicException,
                Some(name),
                Uuid::default(),
            ),
            None => failed(
                ErrorCode::UnknownTopicOrPartition,
                Some(name),
                Uuid::default(),
            ),
        }
    }

    fn known(&self, topic: &TopicImage) -> MetadataResponseTopic<'static> {
        let route = self.routes.topic_by_id(topic.id());
        let node_id = self.broker.metadata().node_id();
        let there = topic
            .partitions()
            .filter(|(number, _)| route.is_none_or(|route| route.has(*number)));
        let partitions = there.map(|(partition_index, image)| {
            let served = route.is_some_and(|route| route.partition(partition_index).is_some());
            let error = if served {
                ErrorCode::None
            } else {
                ErrorCode::LeaderNotAvailable
            };
            MetadataResponsePartition {
                error_code: error.to_i16(),
                partition_index,
                leader_id: if served { node_id } else { -1 },
                leader_epoch: image.leader_epoch(),
                replica_nodes: vec![node_id],
                isr_nodes: vec![node_id],
                offline_replicas: if served { Vec::new() } else { vec![node_id] },
            }
        });
        MetadataResponseTopic {
            error_code: 0,
            name: Some(Cow::Owned(topic.name().to_string())),
            topic_id: Uuid(topic.id().0),
            is_internal: is_internal(topic.name()),
            partitions: partitions.collect(),
            topic_authorized_operations: self.operations,
        }
    }
}

fn failed(error: ErrorCode, name: Option<&str>, topic_id: Uuid) -> MetadataResponseTopic<'static> {
    MetadataResponseTopic {
        error_code: error.to_i16(),
        name: name.map(|name| Cow::Owned(name.to_owned())),
        topic_id,
        is_internal: name.is_some_and(is_internal),
        partitions: Vec::new(),
        topic_authorized_operations: NOT_ASKED,
    }
}
