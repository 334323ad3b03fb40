//! QUERY_DATA_VERSION (322): a broker asks whether its topics need to be told again.

use super::{DataVersion, NameServer};
use crate::remoting::headers::QueryDataVersionHeader;
use crate::remoting::{Answer, Command, Refusal};

pub(super) fn handle(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = QueryDataVersionHeader::decode(&command.ext)?;
    let asked = serde_json::from_slice(command.body);
    let asked = asked.map_err(|error| Refusal::system(format!("the data version: {error}")))?;
    let asked = DataVersion::from_json(&asked);
    let now_ms = server.clock.now_ms();
    let (cluster, address) = (header.cluster_name, header.broker_addr);
    let mut routes = server.routes.write();
    let changed = routes.version(cluster, address) != Some(&asked);
    let known = if changed {
        routes.version(cluster, address).cloned()
    } else {
        routes.seen(cluster, address, now_ms)
    };
    let body = known.map(|known| known.to_json().into_bytes());
    let answer = Answer::with_body(body.unwrap_or_default());
    Ok(answer.field("changed", changed.to_string()))
}
