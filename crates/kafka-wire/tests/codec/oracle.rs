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

macro_rules! compare_all {
    ($($name:ident)*) => {
        fn compare_all(schemas: &[schema::Message], differing: &mut Vec<String>) {
            $(compare::<$name>(schemas, stringify!($name), differing);)*
        }
    };
}

compare_all! {
    AddOffsetsToTxnRequest AddOffsetsToTxnResponse AddPartitionsToTxnRequest
    AddPartitionsToTxnResponse AlterClientQuotasRequest AlterClientQuotasResponse
    AlterConfigsRequest AlterConfigsResponse AlterPartitionReassignmentsRequest
    AlterPartitionReassignmentsResponse AlterUserScramCredentialsRequest
    AlterUserScramCredentialsResponse ApiVersionsRequest ApiVersionsResponse
    ConsumerGroupDescribeRequest ConsumerGroupDescribeResponse ConsumerGroupHeartbeatRequest
    ConsumerGroupHeartbeatResponse ConsumerProtocolAssignment ConsumerProtocolSubscription
    CreateAclsRequest CreateAclsResponse CreatePartitionsRequest CreatePartitionsResponse
    CreateTopicsRequest CreateTopicsResponse DefaultPrincipalData DeleteAclsRequest
    DeleteAclsResponse DeleteGroupsRequest DeleteGroupsResponse DeleteRecordsRequest
    DeleteRecordsResponse DeleteTopicsRequest DeleteTopicsResponse DescribeAclsRequest
    DescribeAclsResponse DescribeClientQuotasRequest DescribeClientQuotasResponse
    DescribeClusterRequest DescribeClusterResponse DescribeConfigsRequest DescribeConfigsResponse
    DescribeGroupsRequest DescribeGroupsResponse DescribeLogDirsRequest DescribeLogDirsResponse
    DescribeProducersRequest DescribeProducersResponse DescribeQuorumRequest
    DescribeQuorumResponse DescribeTopicPartitionsRequest DescribeTopicPartitionsResponse
    DescribeTransactionsRequest DescribeTransactionsResponse DescribeUserScramCredentialsRequest
    DescribeUserScramCredentialsResponse ElectLeadersRequest ElectLeadersResponse EndTxnMarker
    EndTxnRequest EndTxnResponse FetchRequest FetchResponse FindCoordinatorRequest
    FindCoordinatorResponse HeartbeatRequest HeartbeatResponse IncrementalAlterConfigsRequest
    IncrementalAlterConfigsResponse InitProducerIdRequest InitProducerIdResponse JoinGroupRequest
    JoinGroupResponse KRaftVersionRecord LeaveGroupRequest LeaveGroupResponse
    ListConfigResourcesRequest ListConfigResourcesResponse ListGroupsRequest ListGroupsResponse
    ListOffsetsRequest ListOffsetsResponse ListPartitionReassignmentsRequest
    ListPartitionReassignmentsResponse ListTransactionsRequest ListTransactionsResponse
    MetadataRequest MetadataResponse OffsetCommitRequest OffsetCommitResponse OffsetDeleteRequest
    OffsetDeleteResponse OffsetFetchRequest OffsetFetchResponse OffsetForLeaderEpochRequest
    OffsetForLeaderEpochResponse ProduceRequest ProduceResponse SaslAuthenticateRequest
    SaslAuthenticateResponse SaslHandshakeRequest SaslHandshakeResponse SnapshotFooterRecord
    SnapshotHeaderRecord SyncGroupRequest SyncGroupResponse TxnOffsetCommitRequest
    TxnOffsetCommitResponse UpdateFeaturesRequest UpdateFeaturesResponse WriteTxnMarkersRequest
    WriteTxnMarkersResponse
}

#[test]
fn both_codecs_agree_on_every_message_and_version_both_know() {
    let mut differing = Vec::new();
    compare_all(&schema::load(), &mut differing);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
