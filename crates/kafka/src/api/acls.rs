//! DescribeAcls (29), CreateAcls (30), DeleteAcls (31), versions 1-3: there is no authorizer, and this
//! says so, as Kafka does without one.

use super::{Close, RequestContext};
use kafka_wire::messages::create_acls_response::AclCreationResult;
use kafka_wire::messages::delete_acls_response::DeleteAclsFilterResult;
use kafka_wire::{
    CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest, DeleteAclsResponse,
    DescribeAclsRequest, DescribeAclsResponse, ErrorCode,
};
use std::borrow::Cow;

const CODE: i16 = ErrorCode::SecurityDisabled as i16;
const MESSAGE: Option<Cow<'static, str>> =
    Some(Cow::Borrowed("No Authorizer is configured on the broker"));

pub(crate) async fn describe(
    _ctx: &RequestContext<'_>,
    _request: DescribeAclsRequest<'_>,
) -> Result<DescribeAclsResponse<'static>, Close> {
    Ok(DescribeAclsResponse {
        error_code: CODE,
        error_message: MESSAGE,
        ..Default::default()
    })
}

pub(crate) async fn create(
    _ctx: &RequestContext<'_>,
    request: CreateAclsRequest<'_>,
) -> Result<CreateAclsResponse<'static>, Close> {
    let refused = |_| AclCreationResult {
        error_code: CODE,
        error_message: MESSAGE,
    };
    let results = request.creations.iter().map(refused).collect();
    Ok(CreateAclsResponse {
        throttle_time_ms: 0,
        results,
    })
}

pub(crate) async fn delete(
    _ctx: &RequestContext<'_>,
    request: DeleteAclsRequest<'_>,
) -> Result<DeleteAclsResponse<'static>, Close> {
    let refused = |_| DeleteAclsFilterResult {
        error_code: CODE,
        error_message: MESSAGE,
        ..Default::default()
    };
    let filter_results = request.filters.iter().map(refused).collect();
    Ok(DeleteAclsResponse {
        throttle_time_ms: 0,
        filter_results,
    })
}
