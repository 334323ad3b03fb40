//! `kafka-protocol`, another codec generated from the same schemas, as oracle.
//!
//! Its arrays trust their counts, so it only ever sees bytes we made. Left out: messages it does not
//! have, and LeaderChangeMessage and VotersRecord, whose parts it refuses in every version (Kafka's own
//! classes agree with ours there, see `java`).

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, Message};

use crate::sample::{self, Random};
use crate::schema;

/// Their trip for one message: decode, encode.
fn again<M: Encodable + Decodable>(bytes: &[u8], version: i16) -> Result<Vec<u8>, String> {
    let mut input = Bytes::copy_from_slice(bytes);
    let message = M::decode(&mut input, version).map_err(|error| error.to_string())?;
    if !input.is_empty() {
        return Err(format!("{} bytes left over", input.len()));
    }
    let mut out = BytesMut::new();
    message
        .encode(&mut out, version)
        .map_err(|error| error.to_string())?;
    Ok(out.to_vec())
}

/// Compares both codecs on every version both know. Our samples pass through our codec unchanged
/// (see `main`), so equal bytes after theirs mean agreement in both directions.
fn compare<M: Encodable + Decodable + Message>(
    schemas: &[schema::Message],
    name: &str,
    differing: &mut Vec<String>,
) {
    let schema = schemas
        .iter()
        .find(|schema| schema.name == name)
        .expect("a schema");
    let first = *schema.versions.start().max(&M::VERSIONS.min);
    let last = *schema.versions.end().min(&M::VERSIONS.max);
    assert!(first <= last, "{name}: no version in common");
    for version in first..=last {
        for seed in 0..crate::SAMPLES {
            let sample = sample::message(schema, version, &mut Random(seed));
            let theirs = again::<M>(&sample.bytes, version);
            if theirs.as_ref() != Ok(&sample.bytes) {
                differing.push(format!("{name} version {version} seed {seed}: {theirs:?}"));
            }
        }
    }
}

#[test]
fn both_codecs_agree_on_every_message_and_version_both_know() {
    let schemas = schema::load();
    let mut differing = Vec::new();
    macro_rules! check {
        ($name:ident) => {
            compare::<$name>(&schemas, stringify!($name), &mut differing);
        };
    }
    check!(AddOffsetsToTxnRequest);
    check!(AddOffsetsToTxnResponse);
    check!(AddPartitionsToTxnRequest);
    check!(AddPartitionsToTxnResponse);
    check!(AlterClientQuotasRequest);
    check!(AlterClientQuotasResponse);
    check!(AlterConfigsRequest);
    check!(AlterConfigsResponse);
    check!(AlterPartitionReassignmentsRequest);
    check!(AlterPartitionReassignmentsResponse);
    check!(AlterUserScramCredentialsRequest);
    check!(AlterUserScramCredentialsResponse);
    check!(ApiVersionsRequest);
    check!(ApiVersionsResponse);
    check!(ConsumerGroupDescribeRequest);
    check!(ConsumerGroupDescribeResponse);
    check!(ConsumerGroupHeartbeatRequest);
    check!(ConsumerGroupHeartbeatResponse);
    check!(ConsumerProtocolAssignment);
    check!(ConsumerProtocolSubscription);
    check!(CreateAclsRequest);
    check!(CreateAclsResponse);
    check!(CreatePartitionsRequest);
    check!(CreatePartitionsResponse);
    check!(CreateTopicsRequest);
    check!(CreateTopicsResponse);
    check!(DefaultPrincipalData);
    check!(DeleteAclsRequest);
    check!(DeleteAclsResponse);
    check!(DeleteGroupsRequest);
    check!(DeleteGroupsResponse);
    check!(DeleteRecordsRequest);
    check!(DeleteRecordsResponse);
    check!(DeleteTopicsRequest);
    check!(DeleteTopicsResponse);
    check!(DescribeAclsRequest);
    check!(DescribeAclsResponse);
    check!(DescribeClientQuotasRequest);
    check!(DescribeClientQuotasResponse);
    check!(DescribeClusterRequest);
    check!(DescribeClusterResponse);
    check!(DescribeConfigsRequest);
    check!(DescribeConfigsResponse);
    check!(DescribeGroupsRequest);
    check!(DescribeGroupsResponse);
    check!(DescribeLogDirsRequest);
    check!(DescribeLogDirsResponse);
    check!(DescribeProducersRequest);
    check!(DescribeProducersResponse);
    check!(DescribeQuorumRequest);
    check!(DescribeQuorumResponse);
    check!(DescribeTopicPartitionsRequest);
    check!(DescribeTopicPartitionsResponse);
    check!(DescribeTransactionsRequest);
    check!(DescribeTransactionsResponse);
    check!(DescribeUserScramCredentialsRequest);
    check!(DescribeUserScramCredentialsResponse);
    check!(ElectLeadersRequest);
    check!(ElectLeadersResponse);
    check!(EndTxnMarker);
    check!(EndTxnRequest);
    check!(EndTxnResponse);
    check!(FetchRequest);
    check!(FetchResponse);
    check!(FindCoordinatorRequest);
    check!(FindCoordinatorResponse);
    check!(HeartbeatRequest);
    check!(HeartbeatResponse);
    check!(IncrementalAlterConfigsRequest);
    check!(IncrementalAlterConfigsResponse);
    check!(InitProducerIdRequest);
    check!(InitProducerIdResponse);
    check!(JoinGroupRequest);
    check!(JoinGroupResponse);
    check!(KRaftVersionRecord);
    check!(LeaveGroupRequest);
    check!(LeaveGroupResponse);
    check!(ListConfigResourcesRequest);
    check!(ListConfigResourcesResponse);
    check!(ListGroupsRequest);
    check!(ListGroupsResponse);
    check!(ListOffsetsRequest);
    check!(ListOffsetsResponse);
    check!(ListPartitionReassignmentsRequest);
    check!(ListPartitionReassignmentsResponse);
    check!(ListTransactionsRequest);
    check!(ListTransactionsResponse);
    check!(MetadataRequest);
    check!(MetadataResponse);
    check!(OffsetCommitRequest);
    check!(OffsetCommitResponse);
    check!(OffsetDeleteRequest);
    check!(OffsetDeleteResponse);
    check!(OffsetFetchRequest);
    check!(OffsetFetchResponse);
    check!(OffsetForLeaderEpochRequest);
    check!(OffsetForLeaderEpochResponse);
    check!(ProduceRequest);
    check!(ProduceResponse);
    check!(SaslAuthenticateRequest);
    check!(SaslAuthenticateResponse);
    check!(SaslHandshakeRequest);
    check!(SaslHandshakeResponse);
    check!(SnapshotFooterRecord);
    check!(SnapshotHeaderRecord);
    check!(SyncGroupRequest);
    check!(SyncGroupResponse);
    check!(TxnOffsetCommitRequest);
    check!(TxnOffsetCommitResponse);
    check!(UpdateFeaturesRequest);
    check!(UpdateFeaturesResponse);
    check!(WriteTxnMarkersRequest);
    check!(WriteTxnMarkersResponse);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
