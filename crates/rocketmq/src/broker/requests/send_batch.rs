//! SEND_BATCH_MESSAGE (320), or 310 that says it is a batch: many messages for one queue in one body.
//!
//! All are stored, one behind the other, or none is.

use std::sync::Arc;

use super::send::{Target, stored};
use crate::broker::Broker;
use crate::broker::names::RETRY_PREFIX;
use crate::broker::properties::PropertyMap;
use crate::broker::put::Draft;
use crate::connection::{Handled, Request};
use crate::remoting::Refusal;
use crate::remoting::codes::response;
use crate::remoting::headers::SendHeader;
use crate::store::message::SysFlag;

pub(super) fn handle(
    broker: &Arc<Broker>,
    request: &Request<'_>,
    header: &SendHeader<'_>,
    target: &Target,
) -> Result<Handled, Refusal> {
    if header.topic.starts_with(RETRY_PREFIX) {
        let remark = format!(
            "batch request does not support retry group {}",
            header.topic
        );
        return Err(Refusal::new(response::MESSAGE_ILLEGAL, remark));
    }
    let draft = Draft {
        topic: &target.topic.name,
        queue_id: target.queue_id,
        flag: header.flag,
        sys_flag: SysFlag(header.sys_flag).with(SysFlag::MULTI_TAGS, target.topic.multi_tag),
        born_timestamp_ms: header.born_timestamp,
        born_host: request.channel.peer,
        reconsume_times: header.reconsume_times.unwrap_or(0),
        prepared_transaction_offset: 0,
        delay_level: 0,
        body: request.command.body,
        properties: PropertyMap::of(header.properties.unwrap_or("").as_bytes()),
    };
    let pending = broker.put_batch(&draft)?;
    let (messages, bytes) = pending.size();
    broker.stats().taken(messages, bytes);
    let answer = stored(broker)
        .number("queueId", i64::from(target.queue_id))
        .number("queueOffset", pending.queue_offset.0)
        .field("msgId", pending.message_id());
    Ok(broker.when_stored(pending, answer, target.is_new))
}
