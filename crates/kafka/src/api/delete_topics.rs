//! DeleteTopics (20), versions 1-6; by topic id from 6 on.

use super::refusal::Refusal;
use super::{Close, RequestContext};
use crate::admin;
use crate::broker::Broker;
use crate::log::TopicId;
use kafka_wire::messages::delete_topics_response::DeletableTopicResult;
use kafka_wire::{DeleteTopicsRequest, DeleteTopicsResponse, ErrorCode, Uuid};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A topic as the request names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Name(String),
    Id([u8; 16]),
    Neither,
    Both(String, [u8; 16]),
}

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DeleteTopicsRequest<'_>,
) -> Result<DeleteTopicsResponse<'static>, Close> {
    let wanted = wanted(&request);
    if !ctx.broker.settings().delete_topics {
        let refusal = if ctx.version < 3 {
            Refusal::new(
                ErrorCode::InvalidRequest,
                "This version does not support topic deletion.",
            )
        } else {
            Refusal::plain(ErrorCode::TopicDeletionDisabled)
        };
        let responses = wanted
            .into_keys()
            .map(|wanted| answer(wanted, Err(refusal.clone())));
        return Ok(DeleteTopicsResponse {
            throttle_time_ms: 0,
            responses: responses.collect(),
        });
    }
    let delete = move |broker: &Arc<Broker>| {
        let mut responses = Vec::new();
        for (wanted, times) in wanted {
            let result = match &wanted {
                _ if times > 1 => Err(duplicate(&wanted)),
                Wanted::Name(name) => admin::delete_topic(broker, name).map_err(Refusal::from),
                Wanted::Id(id) => match broker.metadata().topic_by_id(TopicId(*id)) {
                    Some(topic) => {
                        let deleted =
                            admin::delete_topic(broker, topic.name()).map_err(Refusal::from);
                        let (error_code, error_message) = Refusal::fields(deleted);
                        responses.push(DeletableTopicResult {
                            name: Some(topic.name().to_string().into()),
                            topic_id: Uuid(*id),
                            error_code,
                            error_message,
                        });
                        continue;
                    }
                    None => Err(Refusal::plain(ErrorCode::UnknownTopicId)),
                },
                Wanted::Neither => Err(Refusal::new(
                    ErrorCode::InvalidRequest,
                    "Neither topic name nor id were specified.",
                )),
                Wanted::Both(..) => Err(Refusal::new(
                    ErrorCode::InvalidRequest,
                    "You may not specify both topic name and topic id.",
                )),
            };
            responses.push(answer(wanted, result));
        }
        responses
    };
    let responses = ctx.broker.blocking(delete).await?;
    Ok(DeleteTopicsResponse {
        throttle_time_ms: 0,
        responses,
    })
}

/// Everything named, with how often.
fn wanted(request: &DeleteTopicsRequest<'_>) -> BTreeMap<Wanted, usize> {
    let mut times = BTreeMap::new();
    for name in &request.topic_names {
        *times
            .entry(Wanted::Name(name.clone().into_owned()))
            .or_default() += 1;
    }
    for topic in &request.topics {
        let wanted = match (&topic.name, topic.topic_id) {
            (None, Uuid::ZERO) => Wanted::Neither,
            (None, id) => Wanted::Id(id.0),
            (Some(name), Uuid::ZERO) => Wanted::Name(name.clone().into_owned()),
            (Some(name), id) => Wanted::Both(name.clone().into_owned(), id.0),
        };
        // Each wrong one is answered as such, not as a duplicate.
        let times = times.entry(wanted.clone()).or_default();
        *times = if matches!(wanted, Wanted::Neither | Wanted::Both(..)) {
            1
        } else {
            *times + 1
        };
    }
    times
}

fn duplicate(wanted: &Wanted) -> Refusal {
    let what = if matches!(wanted, Wanted::Id(_)) {
        "id"
    } else {
        "name"
    };
    Refusal::new(
        ErrorCode::InvalidRequest,
        format!("Duplicate topic {what}."),
    )
}

fn answer(wanted: Wanted, result: Result<(), Refusal>) -> DeletableTopicResult<'static> {
    let (name, id) = match wanted {
        Wanted::Name(name) => (Some(name), [0; 16]),
        Wanted::Id(id) => (None, id),
        Wanted::Neither => (None, [0; 16]),
        Wanted::Both(name, id) => (Some(name), id),
    };
    let (error_code, error_message) = Refusal::fields(result);
    DeletableTopicResult {
        name: name.map(Into::into),
        topic_id: Uuid(id),
        error_code,
        error_message,
    }
}
