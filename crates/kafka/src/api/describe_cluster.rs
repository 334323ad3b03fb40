//! DescribeCluster (60), versions 0-2.

use super::operations::{CLUSTER_OPERATIONS, NOT_ASKED};
use super::{Close, RequestContext};
use kafka_wire::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_wire::{DescribeClusterRequest, DescribeClusterResponse, ErrorCode};

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DescribeClusterRequest,
) -> Result<DescribeClusterResponse<'static>, Close> {
    let refusal = match request.endpoint_type {
        BROKERS => None,
        CONTROLLERS => Some((
            ErrorCode::MismatchedEndpointType,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER",
        )),
        _ => Some((
            ErrorCode::UnsupportedEndpointType,
            "Unsupported endpoint type",
        )),
    };
    if let Some((code, message)) = refusal {
        return Ok(DescribeClusterResponse {
            error_code: code.into(),
            error_message: Some(message.into()),
            endpoint_type: request.endpoint_type,
            ..DescribeClusterResponse::default()
        });
    }
    let node = ctx.broker.metadata().node_id();
    let (host, port) = ctx.broker.advertised(ctx.connection.local);
    Ok(DescribeClusterResponse {
        throttle_time_ms: 0,
        error_code: 0,
        error_message: None,
        endpoint_type: BROKERS,
        cluster_id: ctx.broker.metadata().cluster_id().to_owned().into(),
        controller_id: node,
        brokers: vec![DescribeClusterBroker {
            broker_id: node,
            host: host.into(),
            port,
            rack: None,
            is_fenced: false,
        }],
        cluster_authorized_operations: if request.include_cluster_authorized_operations {
            CLUSTER_OPERATIONS
        } else {
            NOT_ASKED
        },
    })
}
