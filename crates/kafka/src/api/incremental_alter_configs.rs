//! IncrementalAlterConfigs (44), versions 0-1: changes what is named, keeps the rest.

use super::alter_configs::{alter, once};
use super::refusal::Refusal;
use super::{Close, RequestContext};
use crate::admin::Extent;
use crate::broker::Broker;
use crate::config::{Alteration, Operation};
use kafka_wire::messages::incremental_alter_configs_request::AlterConfigsResource;
use kafka_wire::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_wire::{ErrorCode, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use std::sync::Arc;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: IncrementalAlterConfigsRequest<'_>,
) -> Result<IncrementalAlterConfigsResponse<'static>, Close> {
    let request = request.into_owned();
    let alter_all = move |broker: &Arc<Broker>| {
        let all: Vec<_> = request
            .resources
            .iter()
            .map(|r| (r.resource_type, &*r.resource_name))
            .collect();
        let responses = request.resources.iter().map(|resource| {
            let key = (resource.resource_type, &*resource.resource_name);
            let result = once(&all, key)
                .and_then(|()| alterations(resource))
                .and_then(|changes| {
                    alter(broker, key, &changes, Extent::Named, request.validate_only)
                });
            let (error_code, error_message) = Refusal::fields(result);
            AlterConfigsResourceResponse {
                error_code,
                error_message,
                resource_type: resource.resource_type,
                resource_name: resource.resource_name.clone(),
            }
        });
        responses.collect()
    };
    let responses = ctx.broker.blocking(alter_all).await?;
    Ok(IncrementalAlterConfigsResponse {
        throttle_time_ms: 0,
        responses,
    })
}

fn alterations<'a>(resource: &'a AlterConfigsResource<'_>) -> Result<Vec<Alteration<'a>>, Refusal> {
    let changes = resource.configs.iter().map(|config| {
        let operation = Operation::from_wire(config.config_operation).ok_or_else(|| {
            let message = format!("Unknown operations type {}", config.config_operation);
            Refusal::new(ErrorCode::InvalidRequest, message)
        })?;
        Ok(Alteration {
            name: &config.name,
            operation,
            value: config.value.as_deref(),
        })
    });
    changes.collect()
}
