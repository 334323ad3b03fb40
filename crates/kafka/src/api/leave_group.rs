//! LeaveGroup (13), versions 0 to 5.

use std::borrow::Cow;
use std::sync::Arc;

use kafka_wire::leave_group_request::{LeaveGroupRequest, MemberIdentity};
use kafka_wire::leave_group_response::{LeaveGroupResponse, MemberResponse};

use super::{Close, RequestContext};
use crate::group::caller::Caller;
use crate::group::coordinator::Coordinator;
use crate::group::error::code_of;
use crate::group::state::Leaver;

/// First version that names several members.
const BATCH_FROM: i16 = 3;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: LeaveGroupRequest<'_>,
) -> Result<LeaveGroupResponse<'static>, Close> {
    let caller = Caller::of(context);
    Ok(answer(context.broker.groups(), &caller, request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    caller: &Caller<'_>,
    request: LeaveGroupRequest<'_>,
) -> LeaveGroupResponse<'static> {
    let leavers: Vec<_> = match caller.version {
        BATCH_FROM.. => request.members.iter().map(leaver).collect(),
        _ => vec![Leaver {
            member_id: Arc::from(&*request.member_id),
            instance_id: None,
        }],
    };
    let outcomes = match groups.leave(&request.group_id, &leavers).await {
        Ok(outcomes) => outcomes,
        Err(error) => {
            return LeaveGroupResponse {
                error_code: error.code(),
                ..LeaveGroupResponse::default()
            };
        }
    };
    if caller.version < BATCH_FROM {
        let error_code = outcomes.first().copied().map_or(0, code_of);
        return LeaveGroupResponse {
            error_code,
            ..LeaveGroupResponse::default()
        };
    }
    let member = |(leaver, outcome): (&Leaver, Result<(), _>)| MemberResponse {
        member_id: Cow::Owned(leaver.member_id.to_string()),
        group_instance_id: leaver
            .instance_id
            .as_deref()
            .map(|id| Cow::Owned(id.to_owned())),
        error_code: code_of(outcome),
    };
    LeaveGroupResponse {
        members: leavers.iter().zip(outcomes).map(member).collect(),
        ..LeaveGroupResponse::default()
    }
}

fn leaver(member: &MemberIdentity<'_>) -> Leaver {
    Leaver {
        member_id: Arc::from(&*member.member_id),
        instance_id: member.group_instance_id.as_deref().map(Arc::from),
    }
}
