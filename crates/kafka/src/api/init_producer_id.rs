//! InitProducerId (22), versions 0 to 5: an id for an idempotent producer.
//!
//! Absent on purpose: transactions. A transactional id gets UNSUPPORTED_VERSION, which producers take as final.

use kafka_wire::{ErrorCode, InitProducerIdRequest, InitProducerIdResponse};

use super::{Close, RequestContext};
use crate::broker::Broker;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: InitProducerIdRequest<'_>,
) -> Result<InitProducerIdResponse, Close> {
    if let Some(transactional_id) = &request.transactional_id {
        let empty = transactional_id.is_empty();
        return Ok(failed(if empty {
            ErrorCode::InvalidRequest
        } else {
            ErrorCode::UnsupportedVersion
        }));
    }
    let id = match context.broker.producer_ids().ready() {
        Some(id) => Ok(id),
        None => context.broker.blocking(|broker| new_id(broker)).await?,
    };
    Ok(match id {
        Ok(producer_id) => InitProducerIdResponse {
            producer_id,
            producer_epoch: 0,
            ..Default::default()
        },
        Err(error) => failed(error),
    })
}

fn new_id(broker: &Broker) -> Result<i64, ErrorCode> {
    broker
        .producer_ids()
        .next(broker.metadata())
        .map_err(|error| {
            tracing::warn!(%error, "no producer id");
            // Retried by every client, as Kafka's own answer while ids cannot be had.
            ErrorCode::CoordinatorLoadInProgress
        })
}

fn failed(error: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse {
        error_code: error.to_i16(),
        producer_id: -1,
        producer_epoch: -1,
        ..Default::default()
    }
}
