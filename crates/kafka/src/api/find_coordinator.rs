//! FindCoordinator (10), versions 0 to 6: this server coordinates every group itself.
//!
//! Asking for a group's coordinator makes `__consumer_offsets` if it is not there. Coordinators of transactions and
//! of share groups do not exist here: clients are told so at once instead of trying for ever.

use std::borrow::Cow;

use kafka_wire::ErrorCode;
use kafka_wire::find_coordinator_request::FindCoordinatorRequest;
use kafka_wire::find_coordinator_response::{Coordinator, FindCoordinatorResponse};

use super::{Close, RequestContext};
use crate::broker::Broker;
use crate::metadata::{NewTopic, OFFSETS_TOPIC};

/// First version that asks for several coordinators.
const BATCH_FROM: i16 = 4;
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
/// What Kafka says where nothing is wrong, in the versions with one message for all.
const NOTHING_WRONG: &str = "NONE";

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: FindCoordinatorRequest<'_>,
) -> Result<FindCoordinatorResponse<'static>, Close> {
    let outcome = match request.key_type {
        GROUP => make_offsets_topic(context).await?,
        TRANSACTION => Err((
            ErrorCode::InvalidRequest,
            "transactions are not supported here",
        )),
        _ => Err((
            ErrorCode::InvalidRequest,
            "only groups have a coordinator here",
        )),
    };
    let coordinator = |key: &str| coordinator(context, key, outcome);
    if context.version >= BATCH_FROM {
        let coordinators = request
            .coordinator_keys
            .iter()
            .map(|key| coordinator(key))
            .collect();
        return Ok(FindCoordinatorResponse {
            coordinators,
            ..FindCoordinatorResponse::default()
        });
    }
    let single = coordinator(&request.key);
    Ok(FindCoordinatorResponse {
        error_code: single.error_code,
        error_message: match outcome {
            Ok(()) => Some(Cow::Borrowed(NOTHING_WRONG)),
            Err(_) => single.error_message,
        },
        node_id: single.node_id,
        host: single.host,
        port: single.port,
        ..FindCoordinatorResponse::default()
    })
}

type Outcome = Result<(), (ErrorCode, &'static str)>;

fn coordinator(context: &RequestContext<'_>, key: &str, outcome: Outcome) -> Coordinator<'static> {
    let key = Cow::Owned(key.to_owned());
    match outcome {
        Ok(()) => {
            let (host, port) = context.broker.advertised(context.connection.local);
            Coordinator {
                key,
                node_id: context.broker.metadata().node_id(),
                host: Cow::Owned(host),
                port,
                ..Coordinator::default()
            }
        }
        Err((error, message)) => Coordinator {
            key,
            node_id: -1,
            port: -1,
            error_code: error as i16,
            error_message: Some(Cow::Borrowed(message)),
            ..Coordinator::default()
        },
    }
}

async fn make_offsets_topic(context: &RequestContext<'_>) -> Result<Outcome, Close> {
    if context.broker.groups().is_made() {
        return Ok(Ok(()));
    }
    // Also while somebody else is making it: a client that is told of this coordinator comes at once.
    context.broker.blocking(make).await
}

/// Makes the topic unless somebody did in the meantime.
fn make(broker: &std::sync::Arc<Broker>) -> Outcome {
    let settings = broker.settings();
    let mut new = NewTopic::offsets(settings.offsets_topic_partitions);
    let segment_bytes = settings.offsets_topic_segment_bytes.to_string();
    new.configs
        .insert("segment.bytes".to_owned(), segment_bytes);
    for outcome in broker.create_topics(&[new]) {
        match outcome {
            Ok(_) => tracing::info!("{OFFSETS_TOPIC} created"),
            Err(error) if error.code() == ErrorCode::TopicAlreadyExists => {}
            Err(error) => {
                tracing::warn!(%error, "{OFFSETS_TOPIC} not created");
                return Err((
                    ErrorCode::CoordinatorNotAvailable,
                    "the offsets topic cannot be made",
                ));
            }
        }
    }
    Ok(())
}
