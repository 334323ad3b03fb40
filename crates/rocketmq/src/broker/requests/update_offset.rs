//! UPDATE_CONSUMER_OFFSET (15): a consumer says how far it is.

use super::done;
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::headers::CommitOffsetHeader;
use crate::remoting::{Answer, Command, Refusal};

pub(super) fn handle(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = CommitOffsetHeader::decode(&command.ext)?;
    let (group, topic) = (header.consumer_group, header.topic);
    if broker.groups().get(group).is_none() {
        let remark = format!("Group {group} not exist!");
        return Err(Refusal::new(response::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    }
    if !broker.topics().contains(topic) {
        let remark = format!("Topic {topic} not exist!");
        return Err(Refusal::new(response::TOPIC_NOT_EXIST, remark));
    }
    let offsets = broker.offsets();
    if !offsets.commit(group, topic, header.queue_id, header.commit_offset) {
        let remark = "Offset has been previously reset";
        return Ok(Answer::with_code(response::SUCCESS, remark).into());
    }
    done()
}
