//! LOCK_BATCH_MQ (41), UNLOCK_BATCH_MQ (42): a consumer in order takes queues, and gives them back.

use serde_json::{Value, json};

use super::done;
use crate::broker::Broker;
use crate::broker::locks::MessageQueue;
use crate::connection::Handled;
use crate::remoting::{Answer, Command, Refusal};

struct Asked {
    group: String,
    client: String,
    queues: Vec<MessageQueue>,
}

impl Asked {
    fn read(command: &Command<'_>) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(command.body)
            .map_err(|error| Refusal::system(format!("the request is not JSON: {error}")))?;
        let text = |field: &str| {
            let text = body[field].as_str().map(ToOwned::to_owned);
            text.ok_or_else(|| Refusal::system(format!("the request has no {field}")))
        };
        let queues = body["mqSet"].as_array().into_iter().flatten();
        let queue = |queue: &Value| {
            Some(MessageQueue {
                topic: queue["topic"].as_str()?.to_owned(),
                broker_name: queue["brokerName"].as_str()?.to_owned(),
                queue_id: i32::try_from(queue["queueId"].as_i64()?).ok()?,
            })
        };
        Ok(Self {
            group: text("consumerGroup")?,
            client: text("clientId")?,
            queues: queues.filter_map(queue).collect(),
        })
    }
}

pub(super) fn lock(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let asked = Asked::read(command)?;
    let (locks, now_ms) = (broker.locks(), broker.now_ms());
    let locked = locks.lock(&asked.group, &asked.client, asked.queues, now_ms);
    let locked = locked.iter().map(|queue| {
        json!({
            "brokerName": queue.broker_name,
            "queueId": queue.queue_id,
            "topic": queue.topic,
        })
    });
    let body = json!({ "lockOKMQSet": locked.collect::<Vec<_>>() });
    Ok(Answer::with_body(body.to_string().into_bytes()).into())
}

pub(super) fn unlock(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let asked = Asked::read(command)?;
    broker
        .locks()
        .unlock(&asked.group, &asked.client, &asked.queues);
    done()
}
