//! AlterConfigs (33), versions 0-2: replaces all settings of a resource.

use super::refusal::Refusal;
use super::resource::Resource;
use super::{Close, RequestContext};
use crate::admin::{self, Extent, set_all};
use crate::broker::Broker;
use crate::config::Alteration;
use kafka_wire::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_wire::{AlterConfigsRequest, AlterConfigsResponse, ErrorCode};
use std::sync::Arc;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: AlterConfigsRequest<'_>,
) -> Result<AlterConfigsResponse<'static>, Close> {
    let request = request.into_owned();
    let alter_all = move |broker: &Arc<Broker>| {
        let all: Vec<_> = request
            .resources
            .iter()
            .map(|r| (r.resource_type, &*r.resource_name))
            .collect();
        let responses = request.resources.iter().map(|resource| {
            let key = (resource.resource_type, &*resource.resource_name);
            let result = once(&all, key).and_then(|()| {
                let pairs = resource.configs.iter();
                let pairs = pairs.map(|config| (&*config.name, config.value.as_deref()));
                alter(
                    broker,
                    key,
                    &set_all(pairs),
                    Extent::All,
                    request.validate_only,
                )
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
    Ok(AlterConfigsResponse {
        throttle_time_ms: 0,
        responses,
    })
}

/// Refuses a resource that stands in the request more than once.
pub(super) fn once(all: &[(i8, &str)], key: (i8, &str)) -> Result<(), Refusal> {
    if all.iter().filter(|other| **other == key).count() == 1 {
        return Ok(());
    }
    let message = "Each resource must appear at most once.";
    Err(Refusal::new(ErrorCode::InvalidRequest, message))
}

/// Alters one resource; both requests about it end here.
pub(super) fn alter(
    broker: &Broker,
    (kind, name): (i8, &str),
    alterations: &[Alteration<'_>],
    extent: Extent,
    validate_only: bool,
) -> Result<(), Refusal> {
    match Resource::from_wire(kind)? {
        Resource::Topic if name.is_empty() => Err(Refusal::new(
            ErrorCode::InvalidRequest,
            "Default topic resources are not allowed.",
        )),
        Resource::Topic => Ok(admin::alter_topic(
            broker,
            name,
            alterations,
            extent,
            validate_only,
        )?),
        Resource::Broker => {
            if !name.is_empty() {
                Resource::check_is_this_broker(name, broker.metadata().node_id(), "")?;
            }
            Ok(admin::alter_broker(
                broker,
                name.is_empty(),
                alterations,
                extent,
                validate_only,
            )?)
        }
        Resource::BrokerLogger => Err(not_here("Log levels are set in the configuration file")),
        Resource::ClientMetrics => Err(not_here("Client metrics subscriptions are not kept")),
        Resource::Group => Err(not_here("Groups have no settings of their own")),
    }
}

fn not_here(what: &str) -> Refusal {
    Refusal::new(
        ErrorCode::InvalidRequest,
        format!("{what}; see docs/kafka.md."),
    )
}
