//! A request frame as the server reads it: header, then the body of whatever key and version it names.
//!
//! Holds: nothing panics, and what decodes can be encoded, then decodes and encodes to the same bytes.
#![no_main]

use kafka_wire::{ApiKey, Message, Reader, RequestHeader, Writer};
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
    AddOffsetsToTxn => AddOffsetsToTxnRequest, AddPartitionsToTxn => AddPartitionsToTxnRequest,
    AlterClientQuotas => AlterClientQuotasRequest, AlterConfigs => AlterConfigsRequest,
    AlterPartitionReassignments => AlterPartitionReassignmentsRequest,
    AlterUserScramCredentials => AlterUserScramCredentialsRequest,
    ApiVersions => ApiVersionsRequest, ConsumerGroupDescribe => ConsumerGroupDescribeRequest,
    ConsumerGroupHeartbeat => ConsumerGroupHeartbeatRequest, CreateAcls => CreateAclsRequest,
    CreatePartitions => CreatePartitionsRequest, CreateTopics => CreateTopicsRequest,
    DeleteAcls => DeleteAclsRequest, DeleteGroups => DeleteGroupsRequest,
    DeleteRecords => DeleteRecordsRequest, DeleteTopics => DeleteTopicsRequest,
    DescribeAcls => DescribeAclsRequest, DescribeClientQuotas => DescribeClientQuotasRequest,
    DescribeCluster => DescribeClusterRequest, DescribeConfigs => DescribeConfigsRequest,
    DescribeGroups => DescribeGroupsRequest, DescribeLogDirs => DescribeLogDirsRequest,
    DescribeProducers => DescribeProducersRequest, DescribeQuorum => DescribeQuorumRequest,
    DescribeTopicPartitions => DescribeTopicPartitionsRequest,
    DescribeTransactions => DescribeTransactionsRequest,
    DescribeUserScramCredentials => DescribeUserScramCredentialsRequest,
    ElectLeaders => ElectLeadersRequest, EndTxn => EndTxnRequest, Fetch => FetchRequest,
    FindCoordinator => FindCoordinatorRequest, Heartbeat => HeartbeatRequest,
    IncrementalAlterConfigs => IncrementalAlterConfigsRequest,
    InitProducerId => InitProducerIdRequest, JoinGroup => JoinGroupRequest,
    LeaveGroup => LeaveGroupRequest, ListConfigResources => ListConfigResourcesRequest,
    ListGroups => ListGroupsRequest, ListOffsets => ListOffsetsRequest,
    ListPartitionReassignments => ListPartitionReassignmentsRequest,
    ListTransactions => ListTransactionsRequest, Metadata => MetadataRequest,
    OffsetCommit => OffsetCommitRequest, OffsetDelete => OffsetDeleteRequest,
    OffsetFetch => OffsetFetchRequest, OffsetForLeaderEpoch => OffsetForLeaderEpochRequest,
    Produce => ProduceRequest, SaslAuthenticate => SaslAuthenticateRequest,
    SaslHandshake => SaslHandshakeRequest, SyncGroup => SyncGroupRequest,
    TxnOffsetCommit => TxnOffsetCommitRequest, UpdateFeatures => UpdateFeaturesRequest,
    WriteTxnMarkers => WriteTxnMarkersRequest,
}

fuzz_target!(|frame: &[u8]| {
    let mut reader = Reader::new(frame);
    let Ok(header) = RequestHeader::decode(&mut reader) else { return };
    let Some(key) = ApiKey::from_i16(header.api_key) else { return };
    body(key, reader.rest(), header.api_version);
});
