//! OffsetDelete (47), version 0.

use std::borrow::Cow;
use std::sync::Arc;

use kafka_wire::ErrorCode;
use kafka_wire::offset_delete_request::OffsetDeleteRequest;
use kafka_wire::offset_delete_response::{
    OffsetDeleteResponse, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};

use super::{Close, RequestContext};
use crate::group::coordinator::Coordinator;
use crate::group::error::code_of;
use crate::group::topics::Topics;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: OffsetDeleteRequest<'_>,
) -> Result<OffsetDeleteResponse<'static>, Close> {
    let topics: &dyn Topics = &**context.broker.metadata();
    Ok(answer(context.broker.groups(), topics, request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    topics: &dyn Topics,
    request: OffsetDeleteRequest<'_>,
) -> OffsetDeleteResponse<'static> {
    let mut asked: Vec<(Arc<str>, i32)> = Vec::new();
    let exists = |name: &str, partition: i32| {
        topics
            .by_name(name)
            .is_some_and(|topic| (0..topic.partitions).contains(&partition))
    };
    for topic in &request.topics {
        let name: Arc<str> = Arc::from(&*topic.name);
        let known = topic
            .partitions
            .iter()
            .filter(|p| exists(&name, p.partition_index));
        asked.extend(known.map(|p| (name.clone(), p.partition_index)));
    }
    // Asked even if nothing is left to delete: the group may not exist.
    let outcomes = match groups.delete_offsets(&request.group_id, &asked).await {
        Ok(outcomes) => outcomes,
        Err(error) => {
            return OffsetDeleteResponse {
                error_code: error.code(),
                ..OffsetDeleteResponse::default()
            };
        }
    };
    let mut outcomes = outcomes.into_iter();
    let mut response = OffsetDeleteResponse::default();
    for topic in &request.topics {
        let partition = |partition_index: i32| OffsetDeleteResponsePartition {
            partition_index,
            error_code: if exists(&topic.name, partition_index) {
                outcomes.next().map_or(ErrorCode::None as i16, code_of)
            } else {
                ErrorCode::UnknownTopicOrPartition as i16
            },
        };
        response.topics.push(OffsetDeleteResponseTopic {
            name: Cow::Owned(topic.name.to_string()),
            partitions: topic
                .partitions
                .iter()
                .map(|p| p.partition_index)
                .map(partition)
                .collect(),
        });
    }
    response
}
