//! DescribeConfigs (32), versions 1-4.

use super::refusal::Refusal;
use super::resource::Resource;
use super::{Close, RequestContext};
use crate::config::Described;
use crate::metadata::check_topic_name;
use kafka_wire::messages::describe_configs_request::DescribeConfigsResource;
use kafka_wire::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_wire::{DescribeConfigsRequest, DescribeConfigsResponse, ErrorCode};

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DescribeConfigsRequest<'_>,
) -> Result<DescribeConfigsResponse<'static>, Close> {
    let show = Show {
        synonyms: request.include_synonyms,
        docs: request.include_documentation,
    };
    let results = request.resources.iter().map(|resource| {
        let described = describe(ctx, resource).map(|rows| {
            let keys = resource.configuration_keys.as_deref().unwrap_or_default();
            let wanted =
                |row: &Described| keys.is_empty() || keys.iter().any(|key| *key == row.name);
            rows.into_iter()
                .filter(wanted)
                .map(|row| show.row(row))
                .collect()
        });
        let (configs, result) = match described {
            Ok(configs) => (configs, Ok(())),
            Err(refusal) => (Vec::new(), Err(refusal)),
        };
        let (error_code, error_message) = Refusal::fields(result);
        DescribeConfigsResult {
            error_code,
            error_message,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone().into_owned().into(),
            configs,
        }
    });
    Ok(DescribeConfigsResponse {
        throttle_time_ms: 0,
        results: results.collect(),
    })
}

fn describe(
    ctx: &RequestContext<'_>,
    resource: &DescribeConfigsResource<'_>,
) -> Result<Vec<Described>, Refusal> {
    let name = &*resource.resource_name;
    let layers = ctx.broker.layers();
    match Resource::from_wire(resource.resource_type)? {
        Resource::Topic => {
            check_topic_name(name)?;
            let image = ctx.broker.metadata().image();
            if image.topic(name).is_none() {
                return Err(Refusal::plain(ErrorCode::UnknownTopicOrPartition));
            }
            Ok(layers.describe_topic(&image.topic_config(name)))
        }
        Resource::Broker if name.is_empty() => Ok(layers.describe_all_brokers()),
        Resource::Broker => {
            Resource::check_is_this_broker(
                name,
                ctx.broker.metadata().node_id(),
                " or empty string",
            )?;
            Ok(layers.describe_broker())
        }
        // Nothing can be set for these here, and nothing is.
        Resource::BrokerLogger if name.is_empty() => Err(empty("Broker id must not be empty")),
        Resource::BrokerLogger => {
            Resource::check_is_this_broker(name, ctx.broker.metadata().node_id(), "")?;
            Ok(Vec::new())
        }
        Resource::ClientMetrics if name.is_empty() => {
            Err(empty("Client metrics subscription name must not be empty"))
        }
        Resource::Group if name.is_empty() => Err(empty("Group name must not be empty")),
        Resource::ClientMetrics | Resource::Group => Ok(Vec::new()),
    }
}

fn empty(message: &str) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, message)
}

/// Which optional parts a client wants.
#[derive(Clone, Copy)]
struct Show {
    synonyms: bool,
    docs: bool,
}

impl Show {
    fn row(self, row: Described) -> DescribeConfigsResourceResult<'static> {
        let synonyms = if self.synonyms {
            row.synonyms
        } else {
            Vec::new()
        };
        DescribeConfigsResourceResult {
            name: row.name.into(),
            value: row.value.map(Into::into),
            read_only: row.read_only,
            config_source: row.source as i8,
            is_sensitive: false,
            synonyms: synonyms
                .into_iter()
                .map(|synonym| DescribeConfigsSynonym {
                    name: synonym.name.into(),
                    value: synonym.value.map(Into::into),
                    source: synonym.source as i8,
                })
                .collect(),
            config_type: row.kind.map_or(0, |kind| kind as i8),
            documentation: self.docs.then_some(row.doc),
        }
    }
}
