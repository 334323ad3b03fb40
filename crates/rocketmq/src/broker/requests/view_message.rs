//! VIEW_MESSAGE_BY_ID (33): one message, by its place in the log.

use std::sync::Arc;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::headers::ViewMessageHeader;
use crate::remoting::{Answer, Command, Refusal};
use crate::store::{Access, PhysicalOffset};

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = ViewMessageHeader::decode(&command.ext)?;
    let offset = PhysicalOffset(header.offset);
    Ok(broker.answer_blocking(move |broker| {
        let found = broker.store().look_up(offset, Access::MayBlock);
        let found = found.map_err(|error| read_refusal(&error))?;
        let missing = || Refusal::system(format!("can not find message by the offset, {offset}"));
        Ok(Answer::with_body(found.ok_or_else(missing)?.to_vec()))
    }))
}
