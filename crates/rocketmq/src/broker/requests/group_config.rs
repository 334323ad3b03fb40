//! Groups by hand: UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200), DELETE_SUBSCRIPTIONGROUP (207),
//! GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201), GET_SUBSCRIPTIONGROUP_CONFIG (352).

use std::sync::Arc;

use crate::broker::Broker;
use crate::broker::names;
use crate::broker::tables::{group_from_json, group_json, groups_json};
use crate::config_json::{Style, Value, parse};
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::headers::{DeleteGroupHeader, GroupHeader};
use crate::remoting::{Answer, Command, HeaderError, Refusal};

pub(super) fn create(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let json = parse(command.body)
        .map_err(|defect| Refusal::system(format!("the group is not JSON: {defect}")))?;
    let name = json.get("groupName").and_then(Value::text).unwrap_or("");
    if !names::is_group_name(name) {
        let remark = format!("`{name}` cannot be the name of a group");
        return Err(Refusal::new(response::INVALID_PARAMETER, remark));
    }
    broker
        .groups()
        .put(group_from_json(name, &json), broker.now_ms());
    Ok(on_disk(broker))
}

pub(super) fn delete(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = DeleteGroupHeader::decode(&command.ext)?;
    broker.groups().remove(header.group_name, broker.now_ms());
    if header.clean_offset.or(header.remove_offset) == Some(true) {
        broker.offsets().remove_group(header.group_name);
    }
    Ok(on_disk(broker))
}

/// Success, once the groups are on disk.
fn on_disk(broker: &Arc<Broker>) -> Handled {
    broker.answer_blocking(|broker| {
        broker
            .write_groups()
            .map_err(|error| Refusal::system(error.to_string()))?;
        Ok(Answer::success())
    })
}

pub(super) fn all(broker: &Broker) -> Handled {
    let table = groups_json(&broker.groups().all());
    Answer::with_body(table.write(Style::Dialect).into_bytes()).into()
}

pub(super) fn one(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = GroupHeader::decode(&command.ext)?;
    let name = header.group.or(header.consumer_group);
    let name = name.ok_or(HeaderError::Missing("group"))?;
    let Some(group) = broker.groups().get(name) else {
        let remark = format!("No group in this broker. group: {name}");
        return Err(Refusal::new(response::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    let body = group_json(&group).write(Style::Dialect).into_bytes();
    Ok(Answer::with_body(body).into())
}
