//! Where a queue begins and ends: GET_MAX_OFFSET (30), GET_MIN_OFFSET (31), GET_EARLIEST_MSG_STORETIME (32),
//! SEARCH_OFFSET_BY_TIMESTAMP (29).

use std::sync::Arc;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::headers::{QueueHeader, SearchOffsetHeader};
use crate::remoting::{Answer, Command, Refusal};
use crate::store::Boundary;

pub(super) fn max(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = QueueHeader::decode(&command.ext)?;
    let max = broker.store().max_offset(header.topic, header.queue_id);
    Ok(Answer::success().number("offset", max.0).into())
}

pub(super) fn min(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = QueueHeader::decode(&command.ext)?;
    let min = broker.store().min_offset(header.topic, header.queue_id);
    let min = min.map_err(|error| read_refusal(&error))?;
    Ok(Answer::success().number("offset", min.0).into())
}

/// The first message's store time; -1 where there is none.
pub(super) fn earliest(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = QueueHeader::decode(&command.ext)?;
    let (topic, queue_id) = (header.topic.to_owned(), header.queue_id);
    Ok(broker.answer_blocking(move |broker| {
        let store = broker.store();
        let min = store.min_offset(&topic, queue_id);
        let time = min.and_then(|min| store.store_time(&topic, queue_id, min));
        let time = time.map_err(|error| read_refusal(&error))?;
        Ok(Answer::success().number("timestamp", time.unwrap_or(-1)))
    }))
}

pub(super) fn search(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = SearchOffsetHeader::decode(&command.ext)?;
    let boundary = match header.boundary_type {
        Some(text) if text.eq_ignore_ascii_case("UPPER") => Boundary::Upper,
        _ => Boundary::Lower,
    };
    let (topic, queue_id, time_ms) = (header.topic.to_owned(), header.queue_id, header.timestamp);
    Ok(broker.answer_blocking(move |broker| {
        let offset = broker
            .store()
            .offset_by_time(&topic, queue_id, time_ms, boundary);
        let offset = offset.map_err(|error| read_refusal(&error))?;
        Ok(Answer::success().number("offset", offset.0))
    }))
}
