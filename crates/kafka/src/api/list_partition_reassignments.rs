//! ListPartitionReassignments (46), version 0: on one node nothing is ever under way.

use super::{Close, RequestContext};
use kafka_wire::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};

pub(crate) async fn handle(
    _ctx: &RequestContext<'_>,
    _request: ListPartitionReassignmentsRequest<'_>,
) -> Result<ListPartitionReassignmentsResponse<'static>, Close> {
    Ok(ListPartitionReassignmentsResponse {
        error_message: None,
        ..Default::default()
    })
}
