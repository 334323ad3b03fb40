//! One file per request to the broker, or per family that shares its fields.
//!
//! Each has `handle`: decode the fields, do it, say how it went. What has to wait for the disk or for another client
//! returns a future and leaves the thread of the connection free.

mod broker_info;
mod check_client;
mod connections;
mod consume_directly;
mod consume_stats;
mod consumer_list;
mod end_transaction;
mod group_config;
mod heartbeat;
mod lock_queues;
mod pull;
mod query_message;
mod query_offset;
mod queue_offsets;
mod reply;
mod reset_offset;
mod running_info;
mod send;
mod send_back;
mod send_batch;
mod topic_config;
mod topic_stats;
mod unregister_client;
mod update_offset;
mod view_message;

use std::sync::Arc;

use super::Broker;
use crate::connection::{Handled, Request};
use crate::remoting::codes::{request as code, response};
use crate::remoting::{Answer, Refusal};

/// Handles one request to the broker.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request<'_>) -> Result<Handled, Refusal> {
    let command = request.command;
    match command.code {
        code::SEND_MESSAGE | code::SEND_MESSAGE_V2 | code::SEND_BATCH_MESSAGE => {
            send::handle(broker, request)
        }
        code::SEND_REPLY_MESSAGE | code::SEND_REPLY_MESSAGE_V2 => reply::handle(broker, request),
        code::PULL_MESSAGE | code::LITE_PULL_MESSAGE => pull::handle(broker, request),
        code::QUERY_MESSAGE => query_message::handle(broker, command),
        code::VIEW_MESSAGE_BY_ID => view_message::handle(broker, command),
        code::CONSUMER_SEND_MSG_BACK => send_back::handle(broker, request),
        code::QUERY_CONSUMER_OFFSET => query_offset::handle(broker, command),
        code::UPDATE_CONSUMER_OFFSET => update_offset::handle(broker, command),
        code::GET_MAX_OFFSET => queue_offsets::max(broker, command),
        code::GET_MIN_OFFSET => queue_offsets::min(broker, command),
        code::GET_EARLIEST_MSG_STORETIME => queue_offsets::earliest(broker, command),
        code::SEARCH_OFFSET_BY_TIMESTAMP => queue_offsets::search(broker, command),
        code::HEART_BEAT => heartbeat::handle(broker, request),
        code::UNREGISTER_CLIENT => unregister_client::handle(broker, request),
        code::CHECK_CLIENT_CONFIG => check_client::handle(broker, command),
        code::GET_CONSUMER_LIST_BY_GROUP => consumer_list::handle(broker, command),
        code::LOCK_BATCH_MQ => lock_queues::lock(broker, command),
        code::UNLOCK_BATCH_MQ => lock_queues::unlock(broker, command),
        code::END_TRANSACTION => end_transaction::handle(broker, command),
        code::GET_CONSUMER_RUNNING_INFO => running_info::handle(broker, command),
        code::CONSUME_MESSAGE_DIRECTLY => consume_directly::handle(broker, command),
        code::INVOKE_BROKER_TO_RESET_OFFSET => reset_offset::handle(broker, command),
        code::INVOKE_BROKER_TO_GET_CONSUMER_STATUS => running_info::status(broker, command),
        code::UPDATE_AND_CREATE_TOPIC => topic_config::create(broker, command),
        code::DELETE_TOPIC_IN_BROKER => topic_config::delete(broker, command),
        code::GET_ALL_TOPIC_CONFIG => Ok(topic_config::all(broker)),
        code::GET_TOPIC_CONFIG => topic_config::one(broker, command),
        code::UPDATE_AND_CREATE_SUBSCRIPTIONGROUP => group_config::create(broker, command),
        code::DELETE_SUBSCRIPTIONGROUP => group_config::delete(broker, command),
        code::GET_ALL_SUBSCRIPTIONGROUP_CONFIG => Ok(group_config::all(broker)),
        code::GET_SUBSCRIPTIONGROUP_CONFIG => group_config::one(broker, command),
        code::GET_CONSUMER_CONNECTION_LIST => connections::consumers(broker, command),
        code::GET_PRODUCER_CONNECTION_LIST => connections::producers(broker, command),
        code::GET_CONSUME_STATS => consume_stats::handle(broker, command),
        code::QUERY_TOPIC_CONSUME_BY_WHO => consume_stats::groups(broker, command),
        code::GET_TOPIC_STATS_INFO => topic_stats::handle(broker, command),
        code::GET_BROKER_CONFIG => Ok(broker_info::config(broker)),
        code::GET_BROKER_RUNTIME_INFO => Ok(broker_info::runtime(broker)),
        code::GET_SYSTEM_TOPIC_LIST_FROM_BROKER => Ok(broker_info::system_topics(broker)),
        unknown => Err(not_supported(unknown)),
    }
}

fn not_supported(code: i32) -> Refusal {
    Refusal::new(
        response::REQUEST_CODE_NOT_SUPPORTED,
        format!("request type {code} is not supported by this broker"),
    )
}

/// A response whose only content is that it went well.
fn done() -> Result<Handled, Refusal> {
    Ok(Answer::success().into())
}
