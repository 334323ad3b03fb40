//! An answer as our own client reads it: key and version in the first four bytes, then header and body.
//!
//! Holds: nothing panics, and what decodes can be encoded, then decodes and encodes to the same bytes.
#![no_main]

use kafka_wire::{ApiKey, Message, Reader, ResponseHeader, Writer};
use libfuzzer_sys::fuzz_target;

/// Decodes, encodes, and does both again: the second encoding must equal the first.
macro_rules! bodies {
    ($($key:ident => $message:ident),* $(,)?) => {
        fn body(key: ApiKey, bytes: &[u8], version: i16) {
            match key {
                $(ApiKey::$key => {
                    let Ok(first) = kafka_wire::$message::decode(&mut Reader::new(bytes), version) else { return };
                    let mut once = Writer::new();
                    first.encode(&mut once, version).expect("what was decoded can be encoded");
                    let second = kafka_wire::$message::decode(&mut Reader::new(once.as_slice()), version)
                        .expect("what was encoded can be decoded");
                    let mut twice = Writer::new();
                    second.encode(&mut twice, version).expect("what was decoded can be encoded");
                    assert_eq!(once.as_slice(), twice.as_slice());
                })*
                #[allow(unreachable_patterns, reason = "keys without a schema here")]
                _ => {}
            }
        }
    };
}

bodies! {
    AddOffsetsToTxn => AddOffsetsToTxnResponse, AddPartitionsToTxn => AddPartitionsToTxnResponse,
    AlterClientQuotas => AlterClientQuotasResponse, AlterConfigs => AlterConfigsResponse,
    AlterPartitionReassignments => AlterPartitionReassignmentsResponse,
    AlterUserScramCredentials => AlterUserScramCredentialsResponse,
    ApiVersions => ApiVersionsResponse, ConsumerGroupDescribe => ConsumerGroupDescribeResponse,
    ConsumerGroupHeartbeat => ConsumerGroupHeartbeatResponse, CreateAcls => CreateAclsResponse,
    CreatePartitions => CreatePartitionsResponse, CreateTopics => CreateTopicsResponse,
    DeleteAcls => DeleteAclsResponse, DeleteGroups => DeleteGroupsResponse,
    DeleteRecords => DeleteRecordsResponse, DeleteTopics => DeleteTopicsResponse,
    DescribeAcls => DescribeAclsResponse, DescribeClientQuotas => DescribeClientQuotasResponse,
    DescribeCluster => DescribeClusterResponse, DescribeConfigs => DescribeConfigsResponse,
    DescribeGroups => DescribeGroupsResponse, DescribeLogDirs => DescribeLogDirsResponse,
    DescribeProducers => DescribeProducersResponse, DescribeQuorum => DescribeQuorumResponse,
    DescribeTopicPartitions => DescribeTopicPartitionsResponse,
    DescribeTransactions => DescribeTransactionsResponse,
    DescribeUserScramCredentials => DescribeUserScramCredentialsResponse,
    ElectLeaders => ElectLeadersResponse, EndTxn => EndTxnResponse, Fetch => FetchResponse,
    FindCoordinator => FindCoordinatorResponse, Heartbeat => HeartbeatResponse,
    IncrementalAlterConfigs => IncrementalAlterConfigsResponse,
    InitProducerId => InitProducerIdResponse, JoinGroup => JoinGroupResponse,
    LeaveGroup => LeaveGroupResponse, ListConfigResources => ListConfigResourcesResponse,
    ListGroups => ListGroupsResponse, ListOffsets => ListOffsetsResponse,
    ListPartitionReassignments => ListPartitionReassignmentsResponse,
    ListTransactions => ListTransactionsResponse, Metadata => MetadataResponse,
    OffsetCommit => OffsetCommitResponse, OffsetDelete => OffsetDeleteResponse,
    OffsetFetch => OffsetFetchResponse, OffsetForLeaderEpoch => OffsetForLeaderEpochResponse,
    Produce => ProduceResponse, SaslAuthenticate => SaslAuthenticateResponse,
    SaslHandshake => SaslHandshakeResponse, SyncGroup => SyncGroupResponse,
    TxnOffsetCommit => TxnOffsetCommitResponse, UpdateFeatures => UpdateFeaturesResponse,
    WriteTxnMarkers => WriteTxnMarkersResponse,
}

fuzz_target!(|frame: &[u8]| {
    let mut reader = Reader::new(frame);
    let (Ok(key), Ok(version)) = (reader.i16(), reader.i16()) else { return };
    let Some(key) = ApiKey::from_i16(key) else { return };
    let Ok(_) = ResponseHeader::decode(&mut reader, key.response_header_version(version)) else { return };
    body(key, reader.rest(), version);
});
