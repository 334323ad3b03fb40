//! CreatePartitions (37), versions 0-3.

use super::refusal::Refusal;
use super::{Close, RequestContext};
use crate::admin;
use crate::broker::Broker;
use kafka_wire::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_wire::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_wire::{CreatePartitionsRequest, CreatePartitionsResponse, ErrorCode};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Wish {
    total: i32,
    assignments: Option<Vec<Vec<i32>>>,
    times: usize,
}

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: CreatePartitionsRequest<'_>,
) -> Result<CreatePartitionsResponse<'static>, Close> {
    let mut wishes: BTreeMap<String, Wish> = BTreeMap::new();
    for topic in request.topics {
        let CreatePartitionsTopic {
            name,
            count,
            assignments,
        } = topic;
        let assignments =
            assignments.map(|list| list.into_iter().map(|one| one.broker_ids).collect());
        let wish = wishes.entry(name.into_owned());
        wish.or_insert(Wish {
            total: count,
            assignments,
            times: 0,
        })
        .times += 1;
    }
    let validate_only = request.validate_only;
    let create = move |broker: &Arc<Broker>| {
        let results = wishes.into_iter().map(|(name, wish)| {
            let result = if wish.times > 1 {
                Err(Refusal::new(
                    ErrorCode::InvalidRequest,
                    "Duplicate topic name.",
                ))
            } else {
                let assignments = wish.assignments.as_deref();
                admin::create_partitions(broker, &name, wish.total, assignments, validate_only)
                    .map_err(Refusal::from)
            };
            let (error_code, error_message) = Refusal::fields(result);
            CreatePartitionsTopicResult {
                name: name.into(),
                error_code,
                error_message,
            }
        });
        results.collect()
    };
    let results = ctx.broker.blocking(create).await?;
    Ok(CreatePartitionsResponse {
        throttle_time_ms: 0,
        results,
    })
}
