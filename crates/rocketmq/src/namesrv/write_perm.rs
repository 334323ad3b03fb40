//! WIPE_WRITE_PERM_OF_BROKER (205) and ADD_WRITE_PERM_OF_BROKER (327): producers leave a broker, or come back.
//!
//! Lasts until the broker registers its topics anew with other permissions.

use super::NameServer;
use crate::remoting::headers::BrokerNameHeader;
use crate::remoting::{Answer, Command, Refusal};

pub(super) fn wipe(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let changed = set(server, command, false)?;
    Ok(Answer::success().field("wipeTopicCount", changed.to_string()))
}

pub(super) fn add(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let changed = set(server, command, true)?;
    Ok(Answer::success().field("addTopicCount", changed.to_string()))
}

fn set(server: &NameServer, command: &Command<'_>, writable: bool) -> Result<usize, Refusal> {
    let header = BrokerNameHeader::decode(&command.ext)?;
    let mut routes = server.routes.write();
    Ok(routes.set_writable(header.broker_name, writable))
}
