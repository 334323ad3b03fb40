//! DeleteGroups (42), versions 0 to 2.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kafka_wire::delete_groups_request::DeleteGroupsRequest;
use kafka_wire::delete_groups_response::{DeletableGroupResult, DeleteGroupsResponse};

use super::{Close, RequestContext};
use crate::group::coordinator::Coordinator;
use crate::group::error::code_of;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: DeleteGroupsRequest<'_>,
) -> Result<DeleteGroupsResponse<'static>, Close> {
    Ok(answer(context.broker.groups(), request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    request: DeleteGroupsRequest<'_>,
) -> DeleteGroupsResponse<'static> {
    let mut seen = BTreeSet::new();
    let names = request
        .groups_names
        .iter()
        .map(|name| &**name)
        .filter(|name| seen.insert(*name));
    let names: Vec<_> = names.collect();
    let outcomes = groups.delete_groups(&names).await;
    let result = |(name, outcome): (&&str, _)| DeletableGroupResult {
        group_id: Cow::Owned((*name).to_owned()),
        error_code: code_of(outcome),
    };
    DeleteGroupsResponse {
        results: names.iter().zip(outcomes).map(result).collect(),
        ..DeleteGroupsResponse::default()
    }
}
