//! HEART_BEAT (34): a client says that it is there, and what it produces and consumes.
//!
//! Version 2 of heartbeats leaves out what did not change: it has a fingerprint, and says when it speaks of nothing but
//! itself.

use std::sync::Arc;

use serde_json::Value;

use crate::broker::Broker;
use crate::broker::clients::{Client, GroupManner, Subscription};
use crate::broker::names;
use crate::broker::topics::{TopicConfig, perm, unit_flag};
use crate::connection::{Handled, Request};
use crate::remoting::{Answer, Refusal};

pub(super) fn handle(broker: &Arc<Broker>, request: &Request<'_>) -> Result<Handled, Refusal> {
    let command = request.command;
    let beat: Value = serde_json::from_slice(command.body)
        .map_err(|error| Refusal::system(format!("the heartbeat is not JSON: {error}")))?;
    let Some(id) = beat["clientID"].as_str() else {
        return Err(Refusal::system("the heartbeat has no clientID"));
    };
    let client = Client {
        id: id.into(),
        channel: Arc::clone(request.channel),
        language: command.language,
        version: command.version,
        seen_ms: broker.now_ms(),
    };
    let fingerprint = beat["heartbeatFingerprint"].as_i64().unwrap_or(0);
    let without_subscriptions = fingerprint != 0 && beat["withoutSub"] == Value::Bool(true);
    let mut subscriptions_changed = fingerprint == 0;
    for group in list(&beat["consumerDataSet"]) {
        let changed = consumer(broker, &client, group, without_subscriptions, fingerprint);
        subscriptions_changed |= changed;
    }
    for group in list(&beat["producerDataSet"]) {
        if let Some(name) = group["groupName"].as_str() {
            broker.producers().register(name, &client);
        }
    }
    let answer = Answer::success()
        .field("IS_SUPPORT_HEART_BEAT_V2", "true")
        .field("IS_SUB_CHANGE", subscriptions_changed.to_string());
    Ok(answer.into())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// One consumer group; whether another member said something else since.
fn consumer(
    broker: &Arc<Broker>,
    client: &Client,
    data: &Value,
    without_subscriptions: bool,
    fingerprint: i64,
) -> bool {
    let text = |field: &str| data[field].as_str().unwrap_or("").to_owned();
    let group = text("groupName");
    let Some(config) = broker.find_group(&group) else {
        // A group that may not be: its pulls will be told so.
        return false;
    };
    retry_topic(
        broker,
        &group,
        config.retry_queues,
        data["unitMode"] == Value::Bool(true),
    );
    let manner = GroupManner {
        consume_type: text("consumeType"),
        message_model: text("messageModel"),
        consume_from: text("consumeFromWhere"),
    };
    let wanted = (!without_subscriptions).then(|| {
        let wanted = list(&data["subscriptionDataSet"]).iter();
        wanted.filter_map(Subscription::from_json).collect()
    });
    let change = broker.consumers().register(&group, client, manner, wanted);
    if config.notify_changes {
        broker.tell_members(&change);
    }
    fingerprint != 0 && broker.fingerprint_changed(&group, fingerprint)
}

/// The topic of what the group will have to try again. The keeper puts it on disk: the next heartbeat brings it back.
fn retry_topic(broker: &Broker, group: &str, queues: i32, unit_mode: bool) {
    let name = names::retry_topic(group);
    if queues <= 0 || broker.topics().contains(&name) {
        return;
    }
    let mut topic = TopicConfig::new(&name, queues, perm::READ_WRITE);
    if unit_mode {
        topic.sys_flag = unit_flag::UNIT_SUBSCRIPTION;
    }
    broker.add_topic(topic);
}
