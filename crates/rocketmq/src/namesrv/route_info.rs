//! GET_ROUTEINFO_BY_TOPIC (105): where a topic is.
//!
//! Clients before 4.9.4 read broker ids only without quotes, which is not JSON; newer ones, and those that ask for it,
//! get JSON.

use super::NameServer;
use super::register_broker::ORDER_TOPICS;
use super::routes::{BrokerGroup, TopicRoute};
use crate::remoting::codes::response;
use crate::remoting::headers::RouteHeader;
use crate::remoting::{Answer, Command, Refusal, json_string};

/// The protocol version of RocketMQ 4.9.4.
const STANDARD_JSON_FROM: i32 = 401;

pub(super) fn handle(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = RouteHeader::decode(&command.ext)?;
    let route = server.routes.read().route(header.topic);
    let Some(route) = route else {
        let topic = header.topic;
        let remark = format!("No topic route info in name server for the topic: {topic}");
        return Err(Refusal::new(response::TOPIC_NOT_EXIST, remark));
    };
    let standard =
        command.version >= STANDARD_JSON_FROM || header.accept_standard_json_only == Some(true);
    let order = server.kv.get(ORDER_TOPICS, header.topic);
    let body = write(&route, order.as_deref(), standard);
    Ok(Answer::with_body(body))
}

fn write(route: &TopicRoute, order: Option<&str>, standard: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"brokerDatas\":[");
    for (at, (name, group)) in route.brokers.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        broker(&mut out, name, group, standard);
    }
    out.extend_from_slice(b"],\"filterServerTable\":{}");
    if let Some(order) = order {
        out.extend_from_slice(b",\"orderTopicConf\":");
        json_string(&mut out, order);
    }
    out.extend_from_slice(b",\"queueDatas\":[");
    for (at, (name, queues)) in route.queues.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"brokerName\":");
        json_string(&mut out, name);
        let rest = format!(
            r#","perm":{},"readQueueNums":{},"topicSysFlag":{},"writeQueueNums":{}}}"#,
            queues.perm, queues.read, queues.sys_flag, queues.write
        );
        out.extend_from_slice(rest.as_bytes());
    }
    out.extend_from_slice(b"]}");
    out
}

/// One broker name with its addresses by id.
pub(super) fn broker(out: &mut Vec<u8>, name: &str, group: &BrokerGroup, standard: bool) {
    out.extend_from_slice(b"{\"brokerAddrs\":{");
    for (at, (id, address)) in group.addresses.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let id = if standard {
            format!("\"{id}\":")
        } else {
            format!("{id}:")
        };
        out.extend_from_slice(id.as_bytes());
        json_string(out, address);
    }
    out.extend_from_slice(b"},\"brokerName\":");
    json_string(out, name);
    out.extend_from_slice(b",\"cluster\":");
    json_string(out, &group.cluster);
    let acting = group.enable_acting_master;
    out.extend_from_slice(format!(",\"enableActingMaster\":{acting}}}").as_bytes());
}
