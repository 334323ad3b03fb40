//! END_TRANSACTION (37): a producer says what becomes of a half message.

use std::sync::Arc;

use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::headers::EndTransactionHeader;
use crate::remoting::{Command, Refusal};

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = EndTransactionHeader::decode(&command.ext)?;
    let commit = match header.commit_or_rollback {
        EndTransactionHeader::COMMIT => true,
        EndTransactionHeader::ROLLBACK => false,
        // Not known yet: the broker will ask.
        _ => return Ok(Handled::Nothing),
    };
    let ended = crate::broker::transactions::Ended {
        group: header.producer_group.to_owned(),
        queue_offset: header.tran_state_table_offset,
        physical_offset: header.commit_log_offset,
        from_check: header.from_transaction_check == Some(true),
        commit,
    };
    Ok(broker.answer_blocking(move |broker| broker.transactions().end(broker, &ended)))
}
