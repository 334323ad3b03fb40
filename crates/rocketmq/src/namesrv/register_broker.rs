//! REGISTER_BROKER (103): a broker says that it is there and which topics it has.

use super::registration_body::RegistrationBody;
use super::{NameServer, Registration};
use crate::connection::Request;
use crate::remoting::headers::RegisterBrokerHeader;
use crate::remoting::{Answer, Refusal};
use crate::store::message::body_crc;

/// The KV namespace that is handed to every broker: which topics keep their order.
pub(super) const ORDER_TOPICS: &str = "ORDER_TOPIC_CONFIG";

pub(super) fn handle(server: &NameServer, request: &Request<'_>) -> Result<Answer, Refusal> {
    let command = request.command;
    let header = RegisterBrokerHeader::decode(&command.ext)?;
    let checked = header.body_crc32.is_none_or(|declared| {
        declared == 0 || i32::try_from(body_crc(command.body)) == Ok(declared)
    });
    if !checked {
        return Err(Refusal::system("crc32 not match"));
    }
    let body = if command.body.is_empty() {
        None
    } else {
        let compressed = header.compressed == Some(true);
        let body = RegistrationBody::read(command.body, compressed);
        Some(body.map_err(|error| Refusal::system(error.to_string()))?)
    };
    let (version, topics) = match body {
        Some(body) => (body.version, Some(body.topics)),
        None => Default::default(),
    };
    let registration = Registration {
        cluster: header.cluster_name.to_owned(),
        name: header.broker_name.to_owned(),
        address: header.broker_addr.to_owned(),
        ha_address: header.ha_server_addr.to_owned(),
        id: header.broker_id,
        enable_acting_master: header.enable_acting_master == Some(true),
        timeout_ms: header.heartbeat_timeout_millis,
        channel: Some(request.channel.id),
        version,
        topics,
    };
    let now_ms = server.clock.now_ms();
    let registered = server.routes.write().register(registration, now_ms);
    let mut answer = Answer::with_body(server.kv.table_json(ORDER_TOPICS).into_bytes());
    if let Some((master, ha)) = registered.master {
        answer = answer.field("masterAddr", master).field("haServerAddr", ha);
    }
    Ok(answer)
}
