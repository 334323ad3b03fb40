//! Heartbeat (12), versions 0 to 4.

use std::sync::Arc;

use kafka_wire::heartbeat_request::HeartbeatRequest;
use kafka_wire::heartbeat_response::HeartbeatResponse;

use super::{Close, RequestContext};
use crate::group::coordinator::Coordinator;
use crate::group::error::code_of;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: HeartbeatRequest<'_>,
) -> Result<HeartbeatResponse, Close> {
    Ok(answer(context.broker.groups(), request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    request: HeartbeatRequest<'_>,
) -> HeartbeatResponse {
    let instance_id = request.group_instance_id.as_deref().map(Arc::from);
    let beat = groups.heartbeat(
        &request.group_id,
        &request.member_id,
        instance_id,
        request.generation_id,
    );
    HeartbeatResponse {
        error_code: code_of(beat.await),
        ..HeartbeatResponse::default()
    }
}
