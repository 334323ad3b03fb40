//! JoinGroup (11), versions 0 to 9.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use kafka_wire::join_group_request::JoinGroupRequest;
use kafka_wire::join_group_response::{JoinGroupResponse, JoinGroupResponseMember};

use super::{Close, RequestContext};
use crate::group::caller::Caller;
use crate::group::coordinator::Coordinator;
use crate::group::state::{JoinAnswer, JoinRequest, Protocol};

/// First version in which a dynamic member must ask for its id first.
const ID_REQUIRED_FROM: i16 = 4;
/// First version in which the protocol's name may be null.
const NULL_PROTOCOL_FROM: i16 = 7;
/// First version with `skip_assignment`.
const SKIP_ASSIGNMENT_FROM: i16 = 9;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: JoinGroupRequest<'_>,
) -> Result<JoinGroupResponse<'static>, Close> {
    let caller = Caller::of(context);
    Ok(answer(context.broker.groups(), &caller, request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    caller: &Caller<'_>,
    request: JoinGroupRequest<'_>,
) -> JoinGroupResponse<'static> {
    let joining = translate(caller, &request);
    respond(
        caller.version,
        groups.join(&request.group_id, joining).await,
    )
}

fn translate(caller: &Caller<'_>, request: &JoinGroupRequest<'_>) -> JoinRequest {
    let prefix = request
        .group_instance_id
        .as_deref()
        .unwrap_or(caller.client_id);
    let protocol =
        |offered: &kafka_wire::join_group_request::JoinGroupRequestProtocol<'_>| Protocol {
            name: Arc::from(&*offered.name),
            metadata: Bytes::copy_from_slice(&offered.metadata),
        };
    JoinRequest {
        member_id: Arc::from(&*request.member_id),
        fresh_member_id: Arc::from(format!("{prefix}-{}", uuid::Uuid::new_v4())),
        instance_id: request.group_instance_id.as_deref().map(Arc::from),
        client_id: Arc::from(caller.client_id),
        client_host: Arc::from(&*caller.host),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: match caller.version {
            0 => request.session_timeout_ms,
            _ => request.rebalance_timeout_ms,
        },
        protocol_type: Arc::from(&*request.protocol_type),
        protocols: request.protocols.iter().map(protocol).collect(),
        id_required: caller.version >= ID_REQUIRED_FROM,
        may_skip_assignment: caller.version >= SKIP_ASSIGNMENT_FROM,
    }
}

fn respond(version: i16, answer: JoinAnswer) -> JoinGroupResponse<'static> {
    let name = |name: Option<Arc<str>>| match name {
        Some(name) => Some(Cow::Owned(name.to_string())),
        None if version < NULL_PROTOCOL_FROM => Some(Cow::Borrowed("")),
        None => None,
    };
    match answer {
        Ok(joined) => JoinGroupResponse {
            generation_id: joined.generation,
            protocol_type: name(joined.protocol_type),
            protocol_name: name(joined.protocol),
            leader: Cow::Owned(joined.leader.to_string()),
            skip_assignment: joined.skip_assignment,
            member_id: Cow::Owned(joined.member_id.to_string()),
            members: joined
                .members
                .into_iter()
                .map(|member| JoinGroupResponseMember {
                    member_id: Cow::Owned(member.member_id.to_string()),
                    group_instance_id: member.instance_id.map(|id| Cow::Owned(id.to_string())),
                    metadata: Cow::Owned(member.metadata.to_vec()),
                })
                .collect(),
            ..JoinGroupResponse::default()
        },
        Err(refusal) => JoinGroupResponse {
            error_code: refusal.error.code(),
            generation_id: -1,
            protocol_type: name(None),
            protocol_name: name(None),
            member_id: Cow::Owned(refusal.member_id.to_string()),
            ..JoinGroupResponse::default()
        },
    }
}
