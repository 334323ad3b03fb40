//! ListGroups (16), versions 0 to 5.

use std::borrow::Cow;

use kafka_wire::list_groups_request::ListGroupsRequest;
use kafka_wire::list_groups_response::{ListGroupsResponse, ListedGroup};

use super::{Close, RequestContext};
use crate::group::coordinator::{Coordinator, Listed};

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: ListGroupsRequest<'_>,
) -> Result<ListGroupsResponse<'static>, Close> {
    Ok(answer(context.broker.groups(), request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    request: ListGroupsRequest<'_>,
) -> ListGroupsResponse<'static> {
    match groups.list().await {
        Ok(listed) => {
            let wanted = listed
                .into_iter()
                .filter(|group| is_wanted(group, &request));
            ListGroupsResponse {
                groups: wanted.map(show).collect(),
                ..ListGroupsResponse::default()
            }
        }
        Err(error) => ListGroupsResponse {
            error_code: error.code(),
            ..ListGroupsResponse::default()
        },
    }
}

/// No filter lets everything through; a name nobody knows lets nothing through.
fn is_wanted(group: &Listed, request: &ListGroupsRequest<'_>) -> bool {
    let names = |filter: &[Cow<'_, str>], name: &str| {
        filter.is_empty()
            || filter
                .iter()
                .any(|wanted| wanted.trim().eq_ignore_ascii_case(name))
    };
    names(&request.states_filter, group.state) && names(&request.types_filter, group.kind)
}

fn show(group: Listed) -> ListedGroup<'static> {
    ListedGroup {
        group_id: Cow::Owned(group.group.to_string()),
        protocol_type: Cow::Owned(group.protocol_type.to_string()),
        group_state: Cow::Borrowed(group.state),
        group_type: Cow::Borrowed(group.kind),
    }
}
