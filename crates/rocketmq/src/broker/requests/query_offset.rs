//! QUERY_CONSUMER_OFFSET (14): how far a consumer was.
//!
//! A group without progress starts at 0 where the queue is young: its first message is still there and near the log's
//! end, where Java asks whether it is in memory. Elsewhere it is told that there is none, and starts where it chooses to.

use std::sync::Arc;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::headers::QueryOffsetHeader;
use crate::remoting::{Answer, Command, Refusal};

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = QueryOffsetHeader::decode(&command.ext)?;
    let (group, topic, queue_id) = (header.consumer_group, header.topic, header.queue_id);
    let known = broker.offsets().get(group, topic, queue_id);
    if let Some(offset) = known.filter(|offset| *offset >= 0) {
        return Ok(Answer::success().number("offset", offset).into());
    }
    if header.set_zero_if_not_found == Some(false) {
        let remark = "Not found, do not set to zero, maybe this group boot first";
        return Err(Refusal::new(response::QUERY_NOT_FOUND, remark));
    }
    let topic = topic.to_owned();
    Ok(broker.answer_blocking(move |broker| {
        let young = broker.queue_is_young(&topic, queue_id);
        if young.map_err(|error| read_refusal(&error))? {
            return Ok(Answer::success().number("offset", 0));
        }
        let remark = "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first";
        Err(Refusal::new(response::QUERY_NOT_FOUND, remark))
    }))
}
