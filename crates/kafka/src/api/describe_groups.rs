//! DescribeGroups (15), versions 0 to 6.

use std::borrow::Cow;

use kafka_wire::ErrorCode;
use kafka_wire::describe_groups_request::DescribeGroupsRequest;
use kafka_wire::describe_groups_response::{
    DescribeGroupsResponse, DescribedGroup, DescribedGroupMember,
};

use super::{Close, RequestContext};
use crate::group::coordinator::{Coordinator, Described, DescribedMember};
use crate::group::error::GroupError;

/// First version that reports a missing group as an error; before, it was "Dead".
const NOT_FOUND_FROM: i16 = 6;
/// "Not asked for".
const NO_OPERATIONS: i32 = i32::MIN;
/// What may be done with a group where nobody is forbidden anything: bits of Kafka's operations read (3), delete (6),
/// describe (8), describe configs (10), alter configs (11).
const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: DescribeGroupsRequest<'_>,
) -> Result<DescribeGroupsResponse<'static>, Close> {
    Ok(answer(context.broker.groups(), context.version, request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    version: i16,
    request: DescribeGroupsRequest<'_>,
) -> DescribeGroupsResponse<'static> {
    let mut response = DescribeGroupsResponse::default();
    for group_id in &request.groups {
        let found = groups.describe(group_id).await;
        let mut group = describe(version, group_id, found);
        if request.include_authorized_operations && group.error_code == ErrorCode::None as i16 {
            group.authorized_operations = ALL_OPERATIONS;
        }
        response.groups.push(group);
    }
    response
}

fn describe(
    version: i16,
    group_id: &str,
    found: Result<Option<Described>, GroupError>,
) -> DescribedGroup<'static> {
    let empty = DescribedGroup {
        group_id: Cow::Owned(group_id.to_owned()),
        error_message: None,
        authorized_operations: NO_OPERATIONS,
        ..DescribedGroup::default()
    };
    match found {
        Ok(Some(group)) => DescribedGroup {
            group_state: Cow::Borrowed(group.state),
            protocol_type: Cow::Owned(group.protocol_type.to_string()),
            protocol_data: Cow::Owned(group.protocol.to_string()),
            members: group.members.into_iter().map(member).collect(),
            ..empty
        },
        Ok(None) if version >= NOT_FOUND_FROM => DescribedGroup {
            error_code: ErrorCode::GroupIdNotFound as i16,
            error_message: Some(Cow::Owned(format!("Group {group_id} not found."))),
            group_state: Cow::Borrowed("Dead"),
            ..empty
        },
        Ok(None) => DescribedGroup {
            group_state: Cow::Borrowed("Dead"),
            ..empty
        },
        Err(error) => DescribedGroup {
            error_code: error.code(),
            ..empty
        },
    }
}

fn member(member: DescribedMember) -> DescribedGroupMember<'static> {
    DescribedGroupMember {
        member_id: Cow::Owned(member.member_id.to_string()),
        group_instance_id: member.instance_id.map(|id| Cow::Owned(id.to_string())),
        client_id: Cow::Owned(member.client_id.to_string()),
        client_host: Cow::Owned(member.client_host.to_string()),
        member_metadata: Cow::Owned(member.metadata.to_vec()),
        member_assignment: Cow::Owned(member.assignment.to_vec()),
    }
}
