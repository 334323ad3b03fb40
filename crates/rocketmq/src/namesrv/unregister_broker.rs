//! UNREGISTER_BROKER (104): a broker says that it goes.

use super::{NameServer, done};
use crate::remoting::headers::UnregisterBrokerHeader;
use crate::remoting::{Answer, Command, Refusal};

pub(super) fn handle(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = UnregisterBrokerHeader::decode(&command.ext)?;
    server
        .routes
        .write()
        .unregister(header.cluster_name, header.broker_name, header.broker_addr);
    done()
}
