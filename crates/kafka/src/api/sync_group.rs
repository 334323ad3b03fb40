//! SyncGroup (14), versions 0 to 5.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use kafka_wire::sync_group_request::SyncGroupRequest;
use kafka_wire::sync_group_response::SyncGroupResponse;

use super::{Close, RequestContext};
use crate::group::caller::Caller;
use crate::group::coordinator::Coordinator;
use crate::group::error::GroupError;
use crate::group::state::{SyncAnswer, SyncRequest};

/// First version that must name protocol type and protocol.
const PROTOCOL_REQUIRED_FROM: i16 = 5;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: SyncGroupRequest<'_>,
) -> Result<SyncGroupResponse<'static>, Close> {
    let caller = Caller::of(context);
    Ok(answer(context.broker.groups(), &caller, request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    caller: &Caller<'_>,
    request: SyncGroupRequest<'_>,
) -> SyncGroupResponse<'static> {
    let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
    if caller.version >= PROTOCOL_REQUIRED_FROM && !names_protocol {
        return respond(Err(GroupError::InconsistentProtocol));
    }
    let group_id = request.group_id.clone();
    respond(groups.sync(&group_id, translate(&request)).await)
}

fn translate(request: &SyncGroupRequest<'_>) -> SyncRequest {
    let part = |assignment: &kafka_wire::sync_group_request::SyncGroupRequestAssignment<'_>| {
        (
            Arc::from(&*assignment.member_id),
            Bytes::copy_from_slice(&assignment.assignment),
        )
    };
    SyncRequest {
        member_id: Arc::from(&*request.member_id),
        instance_id: request.group_instance_id.as_deref().map(Arc::from),
        generation: request.generation_id,
        protocol_type: request.protocol_type.as_deref().map(Arc::from),
        protocol: request.protocol_name.as_deref().map(Arc::from),
        assignments: request.assignments.iter().map(part).collect(),
    }
}

fn respond(answer: SyncAnswer) -> SyncGroupResponse<'static> {
    let name = |name: Option<Arc<str>>| name.map(|name| Cow::Owned(name.to_string()));
    match answer {
        Ok(synced) => SyncGroupResponse {
            protocol_type: name(synced.protocol_type),
            protocol_name: name(synced.protocol),
            assignment: Cow::Owned(synced.assignment.to_vec()),
            ..SyncGroupResponse::default()
        },
        Err(error) => SyncGroupResponse {
            error_code: error.code(),
            ..SyncGroupResponse::default()
        },
    }
}
