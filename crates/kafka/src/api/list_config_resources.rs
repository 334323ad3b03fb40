//! ListConfigResources (74), versions 0-1; version 0 asks for client metrics subscriptions only.

use super::resource::Resource;
use super::{Close, RequestContext};
use crate::metadata::ResourceType;
use kafka_wire::messages::list_config_resources_response::ConfigResource;
use kafka_wire::{ErrorCode, ListConfigResourcesRequest, ListConfigResourcesResponse};

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: ListConfigResourcesRequest,
) -> Result<ListConfigResourcesResponse<'static>, Close> {
    let wanted: Result<Vec<Resource>, _> = match request.resource_types.as_slice() {
        _ if ctx.version == 0 => Ok(vec![Resource::ClientMetrics]),
        [] => Ok(Resource::ALL.to_vec()),
        some => some
            .iter()
            .map(|number| Resource::from_wire(*number))
            .collect(),
    };
    let Ok(wanted) = wanted else {
        return Ok(ListConfigResourcesResponse {
            error_code: ErrorCode::UnsupportedVersion.into(),
            ..Default::default()
        });
    };
    let mut config_resources = Vec::new();
    for resource in wanted {
        let resource_type = resource.to_wire();
        config_resources.extend(names(ctx, resource).into_iter().map(|name| ConfigResource {
            resource_name: name.into(),
            resource_type,
        }));
    }
    Ok(ListConfigResourcesResponse {
        throttle_time_ms: 0,
        error_code: 0,
        config_resources,
    })
}

fn names(ctx: &RequestContext<'_>, resource: Resource) -> Vec<String> {
    let metadata = ctx.broker.metadata();
    let image = metadata.image();
    let configured = |kind| {
        image
            .configured(kind)
            .map(|(name, _)| name.to_string())
            .collect::<Vec<_>>()
    };
    match resource {
        Resource::Topic => image
            .topics()
            .map(|topic| topic.name().to_string())
            .collect(),
        Resource::Broker | Resource::BrokerLogger => vec![metadata.node_id().to_string()],
        Resource::ClientMetrics => configured(ResourceType::CLIENT_METRICS),
        Resource::Group => configured(ResourceType::GROUP),
    }
}
