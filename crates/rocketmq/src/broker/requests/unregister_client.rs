//! UNREGISTER_CLIENT (35): a client leaves a group.

use super::done;
use crate::broker::Broker;
use crate::connection::{Handled, Request};
use crate::remoting::Refusal;
use crate::remoting::headers::UnregisterClientHeader;

pub(super) fn handle(broker: &Broker, request: &Request<'_>) -> Result<Handled, Refusal> {
    let header = UnregisterClientHeader::decode(&request.command.ext)?;
    let channel = request.channel.id;
    if let Some(group) = header.producer_group {
        broker.producers().unregister(group, channel);
    }
    if let Some(group) = header.consumer_group {
        let change = broker.consumers().unregister(group, channel);
        broker.tell_members(&change);
    }
    done()
}
