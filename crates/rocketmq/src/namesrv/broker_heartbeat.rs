//! BROKER_HEARTBEAT (904): a broker says that it is still there.

use super::{NameServer, done};
use crate::remoting::headers::BrokerHeartbeatHeader;
use crate::remoting::{Answer, Command, Refusal};

pub(super) fn handle(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = BrokerHeartbeatHeader::decode(&command.ext)?;
    let now_ms = server.clock.now_ms();
    let mut routes = server.routes.write();
    routes.seen(header.cluster_name, header.broker_addr, now_ms);
    done()
}
