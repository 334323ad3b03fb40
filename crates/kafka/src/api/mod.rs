//! Requests: from a frame to its answer, one file per API key.
//!
//! Produce and Fetch are handled where the frame lies and answer through [`crate::connection::Waiting`]; every other API is an async
//! function over a copy of its request, reached through the exhaustive match in [`dispatch`]. [`versions`] is the
//! one place that says which versions are spoken.
//!
//! A request that cannot be read, or whose key or version is not spoken, closes the connection, as Kafka does: an
//! invented error body would be worse, clients read an end of stream as "try again".

mod acls;
mod alter_configs;
mod alter_partition_reassignments;
mod alter_replica_log_dirs;
mod api_versions;
mod close;
mod create_partitions;
mod create_topics;
pub(crate) mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
pub(crate) mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_quorum;
mod describe_topic_partitions;
mod elect_leaders;
pub(crate) mod fetch;
pub(crate) mod find_coordinator;
pub(crate) mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
mod list_config_resources;
pub(crate) mod list_groups;
mod list_offsets;
mod list_partition_reassignments;
mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
mod offset_for_leader_epoch;
mod operations;
mod produce;
mod refusal;
mod resource;
pub(crate) mod sync_group;
pub(crate) mod versions;

use std::net::SocketAddr;
use std::sync::Arc;

use kafka_wire::{ApiKey, ErrorCode, Message, Reader, RequestHeader, Writer, encode_response};
use tokio::time::Instant;

pub(crate) use self::close::Close;
use self::produce::Produced;
use crate::broker::Broker;
use crate::broker::routes::CachedRoutes;
use crate::connection::{AnswerFuture, Slot};

/// Key, version and correlation id come before the client id.
const CLIENT_ID_AT: usize = 8;

/// Who is at the other end, and how they reached us.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionInfo {
    /// Unique in this process.
    pub(crate) id: u64,
    pub(crate) peer: SocketAddr,
    /// The address the client dialled: what it is told about this broker, unless configured.
    pub(crate) local: SocketAddr,
}

/// What a handler may need besides its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestContext<'a> {
    pub(crate) broker: &'a Arc<Broker>,
    pub(crate) connection: &'a ConnectionInfo,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    /// When the request was received.
    pub(crate) received: Instant,
}

/// A whole answer frame, length included.
#[derive(Debug)]
pub(crate) struct Encoded(pub(crate) Vec<u8>);

/// What became of a request.
pub(crate) enum Received {
    /// It gets no answer (Produce with acks=0).
    Nothing,
    Answer(Slot),
}

/// What request kinds keep per connection.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    routes: CachedRoutes,
    produce: produce::Scratch,
}

/// Handles one frame (without its length). `frame` may be changed: record batches are stamped where they lie.
pub(crate) fn receive(
    broker: &Arc<Broker>,
    connection: &Arc<ConnectionInfo>,
    exchange: &mut Exchange,
    frame: &mut [u8],
    received: Instant,
) -> Result<Received, Close> {
    let mut reader = Reader::new(frame);
    let header = RequestHeader::decode(&mut reader).map_err(Close::Header)?;
    let body_at = reader.position();
    let (key, version, correlation_id) =
        (header.api_key, header.api_version, header.correlation_id);
    let range = ApiKey::from_i16(key).and_then(|api| Some((api, versions::handled(api)?)));
    let Some((api, range)) = range else {
        return Err(Close::Unsupported { key, version });
    };
    let known = range.contains(version);
    if !known && api != ApiKey::ApiVersions {
        return Err(Close::Unsupported { key, version });
    }
    if matches!(api, ApiKey::Produce | ApiKey::Fetch) {
        // The client id lies before the body, which is lent out mutably.
        let (head, body) = frame.split_at_mut(body_at);
        let context = RequestContext {
            broker,
            connection,
            client_id: client_id(head),
            version,
            correlation_id,
            received,
        };
        return hot(&context, api, exchange, body);
    }
    let call = Call {
        broker: Arc::clone(broker),
        connection: Arc::clone(connection),
        api,
        version,
        correlation_id,
        client_id: header.client_id.as_deref().map(Box::from),
        body: reader.rest().to_vec(),
        received,
    };
    if !known {
        // The body of an unknown version is not looked at.
        return Ok(Received::Answer(Slot::Ready(api_versions::downgrade(
            &call,
        )?)));
    }
    Ok(Received::Answer(Slot::Future {
        barrier: is_barrier(api),
        answer: dispatch(call),
    }))
}

/// The client id of a header that has been read once.
fn client_id(head: &[u8]) -> Option<&str> {
    let bytes = head.get(CLIENT_ID_AT..)?;
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let length = usize::try_from(i16::from_be_bytes(*length)).ok()?;
    std::str::from_utf8(rest.get(..length)?).ok()
}

/// Produce and Fetch: handled where they lie.
fn hot(
    context: &RequestContext<'_>,
    api: ApiKey,
    exchange: &mut Exchange,
    body: &mut [u8],
) -> Result<Received, Close> {
    let routes = exchange.routes.get(context.broker.routes());
    if api == ApiKey::Fetch {
        let answer = fetch::receive(context, routes, body)?;
        return Ok(Received::Answer(Slot::Waiting(answer)));
    }
    match produce::receive(context, routes, &mut exchange.produce, body, false)? {
        Produced::Silent => Ok(Received::Nothing),
        Produced::Answer(answer) => Ok(Received::Answer(Slot::Waiting(answer))),
        Produced::Cold => Ok(Received::Answer(Slot::Future {
            barrier: true,
            answer: produce::receive_cold(context, body.to_vec()),
        })),
    }
}

/// Whether requests behind this one wait until it is done. Those that park by design do not hold others up.
const fn is_barrier(api: ApiKey) -> bool {
    !matches!(
        api,
        ApiKey::JoinGroup | ApiKey::SyncGroup | ApiKey::OffsetCommit
    )
}

/// A request taken out of its receive buffer.
struct Call {
    broker: Arc<Broker>,
    connection: Arc<ConnectionInfo>,
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: Option<Box<str>>,
    body: Vec<u8>,
    received: Instant,
}

impl Call {
    fn context(&self) -> RequestContext<'_> {
        RequestContext {
            broker: &self.broker,
            connection: &self.connection,
            client_id: self.client_id.as_deref(),
            version: self.version,
            correlation_id: self.correlation_id,
            received: self.received,
        }
    }

    fn decode<'a, M: Message<'a>>(&'a self) -> Result<M, Close> {
        let mut reader = Reader::new(&self.body);
        M::decode(&mut reader, self.version).map_err(|error| self.undecodable(error))
    }

    fn encode<'a, M: Message<'a>>(&self, response: &M, version: i16) -> Result<Encoded, Close> {
        let mut writer = Writer::new();
        encode_response(&mut writer, self.correlation_id, version, response).map_err(|error| {
            Close::Unanswerable {
                api: self.api,
                version,
                error,
            }
        })?;
        Ok(Encoded(writer.into_vec()))
    }

    fn undecodable(&self, error: kafka_wire::WireError) -> Close {
        Close::Undecodable {
            api: self.api,
            version: self.version,
            error,
        }
    }
}

/// Decode, handle, encode: the same three steps for every API outside the hot path.
macro_rules! answer {
    ($call:ident, $handler:path) => {
        Box::pin(async move {
            let context = $call.context();
            let response = $handler(&context, $call.decode()?).await?;
            $call.encode(&response, $call.version)
        })
    };
}

fn dispatch(call: Call) -> AnswerFuture {
    match call.api {
        ApiKey::ApiVersions => answer!(call, api_versions::handle),
        ApiKey::Metadata => answer!(call, metadata::handle),
        ApiKey::ListOffsets => answer!(call, list_offsets::handle),
        ApiKey::InitProducerId => answer!(call, init_producer_id::handle),
        ApiKey::OffsetForLeaderEpoch => answer!(call, offset_for_leader_epoch::handle),
        ApiKey::DescribeAcls => answer!(call, acls::describe),
        ApiKey::CreateAcls => answer!(call, acls::create),
        ApiKey::DeleteAcls => answer!(call, acls::delete),
        ApiKey::AlterConfigs => answer!(call, alter_configs::handle),
        ApiKey::AlterPartitionReassignments => answer!(call, alter_partition_reassignments::handle),
        ApiKey::AlterReplicaLogDirs => answer!(call, alter_replica_log_dirs::handle),
        ApiKey::CreatePartitions => answer!(call, create_partitions::handle),
        ApiKey::CreateTopics => answer!(call, create_topics::handle),
        ApiKey::DeleteRecords => answer!(call, delete_records::handle),
        ApiKey::DeleteTopics => answer!(call, delete_topics::handle),
        ApiKey::DescribeCluster => answer!(call, describe_cluster::handle),
        ApiKey::DescribeConfigs => answer!(call, describe_configs::handle),
        ApiKey::DescribeLogDirs => answer!(call, describe_log_dirs::handle),
        ApiKey::DescribeProducers => answer!(call, describe_producers::handle),
        ApiKey::DescribeQuorum => answer!(call, describe_quorum::handle),
        ApiKey::DescribeTopicPartitions => answer!(call, describe_topic_partitions::handle),
        ApiKey::ElectLeaders => answer!(call, elect_leaders::handle),
        ApiKey::IncrementalAlterConfigs => answer!(call, incremental_alter_configs::handle),
        ApiKey::ListConfigResources => answer!(call, list_config_resources::handle),
        ApiKey::ListPartitionReassignments => answer!(call, list_partition_reassignments::handle),
        ApiKey::FindCoordinator => answer!(call, find_coordinator::handle),
        ApiKey::JoinGroup => answer!(call, join_group::handle),
        ApiKey::SyncGroup => answer!(call, sync_group::handle),
        ApiKey::Heartbeat => answer!(call, heartbeat::handle),
        ApiKey::LeaveGroup => answer!(call, leave_group::handle),
        ApiKey::OffsetCommit => answer!(call, offset_commit::handle),
        ApiKey::OffsetFetch => answer!(call, offset_fetch::handle),
        ApiKey::OffsetDelete => answer!(call, offset_delete::handle),
        ApiKey::DescribeGroups => answer!(call, describe_groups::handle),
        ApiKey::ListGroups => answer!(call, list_groups::handle),
        ApiKey::DeleteGroups => answer!(call, delete_groups::handle),
        // Built by later work; `versions::handled` keeps them out.
        other => Box::pin(async move {
            Err(Close::Unsupported {
                key: other.to_i16(),
                version: call.version,
            })
        }),
    }
}

/// What a reader that names its leader's epoch is told when ours is another.
pub(crate) fn leader_epoch_error(asked: i32, ours: i32) -> ErrorCode {
    match asked {
        ..0 => ErrorCode::None,
        asked if asked < ours => ErrorCode::FencedLeaderEpoch,
        asked if asked > ours => ErrorCode::UnknownLeaderEpoch,
        _ => ErrorCode::None,
    }
}
