//! The APIs of Kafka 4.3.1. Written by `cargo xtask codegen`; do not edit.

use crate::VersionRange;

/// An API of Kafka's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum ApiKey {
    /// Versions 3-13.
    Produce = 0,
    /// Versions 4-18.
    Fetch = 1,
    /// Versions 1-11.
    ListOffsets = 2,
    /// Versions 0-13.
    Metadata = 3,
    /// Versions 2-10.
    OffsetCommit = 8,
    /// Versions 1-10.
    OffsetFetch = 9,
    /// Versions 0-6.
    FindCoordinator = 10,
    /// Versions 0-9.
    JoinGroup = 11,
    /// Versions 0-4.
    Heartbeat = 12,
    /// Versions 0-5.
    LeaveGroup = 13,
    /// Versions 0-5.
    SyncGroup = 14,
    /// Versions 0-6.
    DescribeGroups = 15,
    /// Versions 0-5.
    ListGroups = 16,
    /// Versions 0-1.
    SaslHandshake = 17,
    /// Versions 0-4.
    ApiVersions = 18,
    /// Versions 2-7.
    CreateTopics = 19,
    /// Versions 1-6.
    DeleteTopics = 20,
    /// Versions 0-2.
    DeleteRecords = 21,
    /// Versions 0-6.
    InitProducerId = 22,
    /// Versions 2-4.
    OffsetForLeaderEpoch = 23,
    /// Versions 0-5.
    AddPartitionsToTxn = 24,
    /// Versions 0-4.
    AddOffsetsToTxn = 25,
    /// Versions 0-5.
    EndTxn = 26,
    /// Versions 1-2.
    WriteTxnMarkers = 27,
    /// Versions 0-5.
    TxnOffsetCommit = 28,
    /// Versions 1-3.
    DescribeAcls = 29,
    /// Versions 1-3.
    CreateAcls = 30,
    /// Versions 1-3.
    DeleteAcls = 31,
    /// Versions 1-4.
    DescribeConfigs = 32,
    /// Versions 0-2.
    AlterConfigs = 33,
    /// Versions 1-2.
    AlterReplicaLogDirs = 34,
    /// Versions 1-5.
    DescribeLogDirs = 35,
    /// Versions 0-2.
    SaslAuthenticate = 36,
    /// Versions 0-3.
    CreatePartitions = 37,
    /// Versions 1-3.
    CreateDelegationToken = 38,
    /// Versions 1-2.
    RenewDelegationToken = 39,
    /// Versions 1-2.
    ExpireDelegationToken = 40,
    /// Versions 1-3.
    DescribeDelegationToken = 41,
    /// Versions 0-2.
    DeleteGroups = 42,
    /// Versions 0-2.
    ElectLeaders = 43,
    /// Versions 0-1.
    IncrementalAlterConfigs = 44,
    /// Versions 0-1.
    AlterPartitionReassignments = 45,
    /// Versions 0.
    ListPartitionReassignments = 46,
    /// Versions 0.
    OffsetDelete = 47,
    /// Versions 0-1.
    DescribeClientQuotas = 48,
    /// Versions 0-1.
    AlterClientQuotas = 49,
    /// Versions 0.
    DescribeUserScramCredentials = 50,
    /// Versions 0.
    AlterUserScramCredentials = 51,
    /// Versions 0-2.
    Vote = 52,
    /// Versions 0-1.
    BeginQuorumEpoch = 53,
    /// Versions 0-1.
    EndQuorumEpoch = 54,
    /// Versions 0-2.
    DescribeQuorum = 55,
    /// Versions 2-3.
    AlterPartition = 56,
    /// Versions 0-2.
    UpdateFeatures = 57,
    /// Versions 0.
    Envelope = 58,
    /// Versions 0-1.
    FetchSnapshot = 59,
    /// Versions 0-2.
    DescribeCluster = 60,
    /// Versions 0.
    DescribeProducers = 61,
    /// Versions 0-4.
    BrokerRegistration = 62,
    /// Versions 0-2.
    BrokerHeartbeat = 63,
    /// Versions 0.
    UnregisterBroker = 64,
    /// Versions 0.
    DescribeTransactions = 65,
    /// Versions 0-2.
    ListTransactions = 66,
    /// Versions 0.
    AllocateProducerIds = 67,
    /// Versions 0-1.
    ConsumerGroupHeartbeat = 68,
    /// Versions 0-1.
    ConsumerGroupDescribe = 69,
    /// Versions 0.
    ControllerRegistration = 70,
    /// Versions 0.
    GetTelemetrySubscriptions = 71,
    /// Versions 0.
    PushTelemetry = 72,
    /// Versions 0.
    AssignReplicasToDirs = 73,
    /// Versions 0-1.
    ListConfigResources = 74,
    /// Versions 0.
    DescribeTopicPartitions = 75,
    /// Versions 1.
    ShareGroupHeartbeat = 76,
    /// Versions 1.
    ShareGroupDescribe = 77,
    /// Versions 1-2.
    ShareFetch = 78,
    /// Versions 1-2.
    ShareAcknowledge = 79,
    /// Versions 0-1.
    AddRaftVoter = 80,
    /// Versions 0.
    RemoveRaftVoter = 81,
    /// Versions 0.
    UpdateRaftVoter = 82,
    /// Versions 0.
    InitializeShareGroupState = 83,
    /// Versions 0.
    ReadShareGroupState = 84,
    /// Versions 0-1.
    WriteShareGroupState = 85,
    /// Versions 0.
    DeleteShareGroupState = 86,
    /// Versions 0-1.
    ReadShareGroupStateSummary = 87,
    /// Versions 0.
    StreamsGroupHeartbeat = 88,
    /// Versions 0.
    StreamsGroupDescribe = 89,
    /// Versions 0-1.
    DescribeShareGroupOffsets = 90,
    /// Versions 0.
    AlterShareGroupOffsets = 91,
    /// Versions 0.
    DeleteShareGroupOffsets = 92,
}

impl ApiKey {
    /// Every API, by rising key.
    pub const ALL: &'static [Self] = &[
        Self::Produce,
        Self::Fetch,
        Self::ListOffsets,
        Self::Metadata,
        Self::OffsetCommit,
        Self::OffsetFetch,
        Self::FindCoordinator,
        Self::JoinGroup,
        Self::Heartbeat,
        Self::LeaveGroup,
        Self::SyncGroup,
        Self::DescribeGroups,
        Self::ListGroups,
        Self::SaslHandshake,
        Self::ApiVersions,
        Self::CreateTopics,
        Self::DeleteTopics,
        Self::DeleteRecords,
        Self::InitProducerId,
        Self::OffsetForLeaderEpoch,
        Self::AddPartitionsToTxn,
        Self::AddOffsetsToTxn,
        Self::EndTxn,
        Self::WriteTxnMarkers,
        Self::TxnOffsetCommit,
        Self::DescribeAcls,
        Self::CreateAcls,
        Self::DeleteAcls,
        Self::DescribeConfigs,
        Self::AlterConfigs,
        Self::AlterReplicaLogDirs,
        Self::DescribeLogDirs,
        Self::SaslAuthenticate,
        Self::CreatePartitions,
        Self::CreateDelegationToken,
        Self::RenewDelegationToken,
        Self::ExpireDelegationToken,
        Self::DescribeDelegationToken,
        Self::DeleteGroups,
        Self::ElectLeaders,
        Self::IncrementalAlterConfigs,
        Self::AlterPartitionReassignments,
        Self::ListPartitionReassignments,
        Self::OffsetDelete,
        Self::DescribeClientQuotas,
        Self::AlterClientQuotas,
        Self::DescribeUserScramCredentials,
        Self::AlterUserScramCredentials,
        Self::Vote,
        Self::BeginQuorumEpoch,
        Self::EndQuorumEpoch,
        Self::DescribeQuorum,
        Self::AlterPartition,
        Self::UpdateFeatures,
        Self::Envelope,
        Self::FetchSnapshot,
        Self::DescribeCluster,
        Self::DescribeProducers,
        Self::BrokerRegistration,
        Self::BrokerHeartbeat,
        Self::UnregisterBroker,
        Self::DescribeTransactions,
        Self::ListTransactions,
        Self::AllocateProducerIds,
        Self::ConsumerGroupHeartbeat,
        Self::ConsumerGroupDescribe,
        Self::ControllerRegistration,
        Self::GetTelemetrySubscriptions,
        Self::PushTelemetry,
        Self::AssignReplicasToDirs,
        Self::ListConfigResources,
        Self::DescribeTopicPartitions,
        Self::ShareGroupHeartbeat,
        Self::ShareGroupDescribe,
        Self::ShareFetch,
        Self::ShareAcknowledge,
        Self::AddRaftVoter,
        Self::RemoveRaftVoter,
        Self::UpdateRaftVoter,
        Self::InitializeShareGroupState,
        Self::ReadShareGroupState,
        Self::WriteShareGroupState,
        Self::DeleteShareGroupState,
        Self::ReadShareGroupStateSummary,
        Self::StreamsGroupHeartbeat,
        Self::StreamsGroupDescribe,
        Self::DescribeShareGroupOffsets,
        Self::AlterShareGroupOffsets,
        Self::DeleteShareGroupOffsets,
    ];

    /// The API with this key.
    #[must_use]
    pub const fn from_i16(key: i16) -> Option<Self> {
        match key {
            0 => Some(Self::Produce),
            1 => Some(Self::Fetch),
            2 => Some(Self::ListOffsets),
            3 => Some(Self::Metadata),
            8 => Some(Self::OffsetCommit),
            9 => Some(Self::OffsetFetch),
            10 => Some(Self::FindCoordinator),
            11 => Some(Self::JoinGroup),
            12 => Some(Self::Heartbeat),
            13 => Some(Self::LeaveGroup),
            14 => Some(Self::SyncGroup),
            15 => Some(Self::DescribeGroups),
            16 => Some(Self::ListGroups),
            17 => Some(Self::SaslHandshake),
            18 => Some(Self::ApiVersions),
            19 => Some(Self::CreateTopics),
            20 => Some(Self::DeleteTopics),
            21 => Some(Self::DeleteRecords),
            22 => Some(Self::InitProducerId),
            23 => Some(Self::OffsetForLeaderEpoch),
            24 => Some(Self::AddPartitionsToTxn),
            25 => Some(Self::AddOffsetsToTxn),
            26 => Some(Self::EndTxn),
            27 => Some(Self::WriteTxnMarkers),
            28 => Some(Self::TxnOffsetCommit),
            29 => Some(Self::DescribeAcls),
            30 => Some(Self::CreateAcls),
            31 => Some(Self::DeleteAcls),
            32 => Some(Self::DescribeConfigs),
            33 => Some(Self::AlterConfigs),
            34 => Some(Self::AlterReplicaLogDirs),
            35 => Some(Self::DescribeLogDirs),
            36 => Some(Self::SaslAuthenticate),
            37 => Some(Self::CreatePartitions),
            38 => Some(Self::CreateDelegationToken),
            39 => Some(Self::RenewDelegationToken),
            40 => Some(Self::ExpireDelegationToken),
            41 => Some(Self::DescribeDelegationToken),
            42 => Some(Self::DeleteGroups),
            43 => Some(Self::ElectLeaders),
            44 => Some(Self::IncrementalAlterConfigs),
            45 => Some(Self::AlterPartitionReassignments),
            46 => Some(Self::ListPartitionReassignments),
            47 => Some(Self::OffsetDelete),
            48 => Some(Self::DescribeClientQuotas),
            49 => Some(Self::AlterClientQuotas),
            50 => Some(Self::DescribeUserScramCredentials),
            51 => Some(Self::AlterUserScramCredentials),
            52 => Some(Self::Vote),
            53 => Some(Self::BeginQuorumEpoch),
            54 => Some(Self::EndQuorumEpoch),
            55 => Some(Self::DescribeQuorum),
            56 => Some(Self::AlterPartition),
            57 => Some(Self::UpdateFeatures),
            58 => Some(Self::Envelope),
            59 => Some(Self::FetchSnapshot),
            60 => Some(Self::DescribeCluster),
            61 => Some(Self::DescribeProducers),
            62 => Some(Self::BrokerRegistration),
            63 => Some(Self::BrokerHeartbeat),
            64 => Some(Self::UnregisterBroker),
            65 => Some(Self::DescribeTransactions),
            66 => Some(Self::ListTransactions),
            67 => Some(Self::AllocateProducerIds),
            68 => Some(Self::ConsumerGroupHeartbeat),
            69 => Some(Self::ConsumerGroupDescribe),
            70 => Some(Self::ControllerRegistration),
            71 => Some(Self::GetTelemetrySubscriptions),
            72 => Some(Self::PushTelemetry),
            73 => Some(Self::AssignReplicasToDirs),
            74 => Some(Self::ListConfigResources),
            75 => Some(Self::DescribeTopicPartitions),
            76 => Some(Self::ShareGroupHeartbeat),
            77 => Some(Self::ShareGroupDescribe),
            78 => Some(Self::ShareFetch),
            79 => Some(Self::ShareAcknowledge),
            80 => Some(Self::AddRaftVoter),
            81 => Some(Self::RemoveRaftVoter),
            82 => Some(Self::UpdateRaftVoter),
            83 => Some(Self::InitializeShareGroupState),
            84 => Some(Self::ReadShareGroupState),
            85 => Some(Self::WriteShareGroupState),
            86 => Some(Self::DeleteShareGroupState),
            87 => Some(Self::ReadShareGroupStateSummary),
            88 => Some(Self::StreamsGroupHeartbeat),
            89 => Some(Self::StreamsGroupDescribe),
            90 => Some(Self::DescribeShareGroupOffsets),
            91 => Some(Self::AlterShareGroupOffsets),
            92 => Some(Self::DeleteShareGroupOffsets),
            _ => None,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn to_i16(self) -> i16 {
        self as i16
    }

    /// The name in Kafka's schemas.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Produce => "Produce",
            Self::Fetch => "Fetch",
            Self::ListOffsets => "ListOffsets",
            Self::Metadata => "Metadata",
            Self::OffsetCommit => "OffsetCommit",
            Self::OffsetFetch => "OffsetFetch",
            Self::FindCoordinator => "FindCoordinator",
            Self::JoinGroup => "JoinGroup",
            Self::Heartbeat => "Heartbeat",
            Self::LeaveGroup => "LeaveGroup",
            Self::SyncGroup => "SyncGroup",
            Self::DescribeGroups => "DescribeGroups",
            Self::ListGroups => "ListGroups",
            Self::SaslHandshake => "SaslHandshake",
            Self::ApiVersions => "ApiVersions",
            Self::CreateTopics => "CreateTopics",
            Self::DeleteTopics => "DeleteTopics",
            Self::DeleteRecords => "DeleteRecords",
            Self::InitProducerId => "InitProducerId",
            Self::OffsetForLeaderEpoch => "OffsetForLeaderEpoch",
            Self::AddPartitionsToTxn => "AddPartitionsToTxn",
            Self::AddOffsetsToTxn => "AddOffsetsToTxn",
            Self::EndTxn => "EndTxn",
            Self::WriteTxnMarkers => "WriteTxnMarkers",
            Self::TxnOffsetCommit => "TxnOffsetCommit",
            Self::DescribeAcls => "DescribeAcls",
            Self::CreateAcls => "CreateAcls",
            Self::DeleteAcls => "DeleteAcls",
            Self::DescribeConfigs => "DescribeConfigs",
            Self::AlterConfigs => "AlterConfigs",
            Self::AlterReplicaLogDirs => "AlterReplicaLogDirs",
            Self::DescribeLogDirs => "DescribeLogDirs",
            Self::SaslAuthenticate => "SaslAuthenticate",
            Self::CreatePartitions => "CreatePartitions",
            Self::CreateDelegationToken => "CreateDelegationToken",
            Self::RenewDelegationToken => "RenewDelegationToken",
            Self::ExpireDelegationToken => "ExpireDelegationToken",
            Self::DescribeDelegationToken => "DescribeDelegationToken",
            Self::DeleteGroups => "DeleteGroups",
            Self::ElectLeaders => "ElectLeaders",
            Self::IncrementalAlterConfigs => "IncrementalAlterConfigs",
            Self::AlterPartitionReassignments => "AlterPartitionReassignments",
            Self::ListPartitionReassignments => "ListPartitionReassignments",
            Self::OffsetDelete => "OffsetDelete",
            Self::DescribeClientQuotas => "DescribeClientQuotas",
            Self::AlterClientQuotas => "AlterClientQuotas",
            Self::DescribeUserScramCredentials => "DescribeUserScramCredentials",
            Self::AlterUserScramCredentials => "AlterUserScramCredentials",
            Self::Vote => "Vote",
            Self::BeginQuorumEpoch => "BeginQuorumEpoch",
            Self::EndQuorumEpoch => "EndQuorumEpoch",
            Self::DescribeQuorum => "DescribeQuorum",
            Self::AlterPartition => "AlterPartition",
            Self::UpdateFeatures => "UpdateFeatures",
            Self::Envelope => "Envelope",
            Self::FetchSnapshot => "FetchSnapshot",
            Self::DescribeCluster => "DescribeCluster",
            Self::DescribeProducers => "DescribeProducers",
            Self::BrokerRegistration => "BrokerRegistration",
            Self::BrokerHeartbeat => "BrokerHeartbeat",
            Self::UnregisterBroker => "UnregisterBroker",
            Self::DescribeTransactions => "DescribeTransactions",
            Self::ListTransactions => "ListTransactions",
            Self::AllocateProducerIds => "AllocateProducerIds",
            Self::ConsumerGroupHeartbeat => "ConsumerGroupHeartbeat",
            Self::ConsumerGroupDescribe => "ConsumerGroupDescribe",
            Self::ControllerRegistration => "ControllerRegistration",
            Self::GetTelemetrySubscriptions => "GetTelemetrySubscriptions",
            Self::PushTelemetry => "PushTelemetry",
            Self::AssignReplicasToDirs => "AssignReplicasToDirs",
            Self::ListConfigResources => "ListConfigResources",
            Self::DescribeTopicPartitions => "DescribeTopicPartitions",
            Self::ShareGroupHeartbeat => "ShareGroupHeartbeat",
            Self::ShareGroupDescribe => "ShareGroupDescribe",
            Self::ShareFetch => "ShareFetch",
            Self::ShareAcknowledge => "ShareAcknowledge",
            Self::AddRaftVoter => "AddRaftVoter",
            Self::RemoveRaftVoter => "RemoveRaftVoter",
            Self::UpdateRaftVoter => "UpdateRaftVoter",
            Self::InitializeShareGroupState => "InitializeShareGroupState",
            Self::ReadShareGroupState => "ReadShareGroupState",
            Self::WriteShareGroupState => "WriteShareGroupState",
            Self::DeleteShareGroupState => "DeleteShareGroupState",
            Self::ReadShareGroupStateSummary => "ReadShareGroupStateSummary",
            Self::StreamsGroupHeartbeat => "StreamsGroupHeartbeat",
            Self::StreamsGroupDescribe => "StreamsGroupDescribe",
            Self::DescribeShareGroupOffsets => "DescribeShareGroupOffsets",
            Self::AlterShareGroupOffsets => "AlterShareGroupOffsets",
            Self::DeleteShareGroupOffsets => "DeleteShareGroupOffsets",
        }
    }

    /// The versions in Kafka's schema, unreleased ones included.
    #[must_use]
    pub const fn versions(self) -> VersionRange {
        match self {
            Self::Produce => VersionRange::new(3, 13),
            Self::Fetch => VersionRange::new(4, 18),
            Self::ListOffsets => VersionRange::new(1, 11),
            Self::Metadata => VersionRange::new(0, 13),
            Self::OffsetCommit => VersionRange::new(2, 10),
            Self::OffsetFetch => VersionRange::new(1, 10),
            Self::FindCoordinator => VersionRange::new(0, 6),
            Self::JoinGroup => VersionRange::new(0, 9),
            Self::Heartbeat => VersionRange::new(0, 4),
            Self::LeaveGroup => VersionRange::new(0, 5),
            Self::SyncGroup => VersionRange::new(0, 5),
            Self::DescribeGroups => VersionRange::new(0, 6),
            Self::ListGroups => VersionRange::new(0, 5),
            Self::SaslHandshake => VersionRange::new(0, 1),
            Self::ApiVersions => VersionRange::new(0, 4),
            Self::CreateTopics => VersionRange::new(2, 7),
            Self::DeleteTopics => VersionRange::new(1, 6),
            Self::DeleteRecords => VersionRange::new(0, 2),
            Self::InitProducerId => VersionRange::new(0, 6),
            Self::OffsetForLeaderEpoch => VersionRange::new(2, 4),
            Self::AddPartitionsToTxn => VersionRange::new(0, 5),
            Self::AddOffsetsToTxn => VersionRange::new(0, 4),
            Self::EndTxn => VersionRange::new(0, 5),
            Self::WriteTxnMarkers => VersionRange::new(1, 2),
            Self::TxnOffsetCommit => VersionRange::new(0, 5),
            Self::DescribeAcls => VersionRange::new(1, 3),
            Self::CreateAcls => VersionRange::new(1, 3),
            Self::DeleteAcls => VersionRange::new(1, 3),
            Self::DescribeConfigs => VersionRange::new(1, 4),
            Self::AlterConfigs => VersionRange::new(0, 2),
            Self::AlterReplicaLogDirs => VersionRange::new(1, 2),
            Self::DescribeLogDirs => VersionRange::new(1, 5),
            Self::SaslAuthenticate => VersionRange::new(0, 2),
            Self::CreatePartitions => VersionRange::new(0, 3),
            Self::CreateDelegationToken => VersionRange::new(1, 3),
            Self::RenewDelegationToken => VersionRange::new(1, 2),
            Self::ExpireDelegationToken => VersionRange::new(1, 2),
            Self::DescribeDelegationToken => VersionRange::new(1, 3),
            Self::DeleteGroups => VersionRange::new(0, 2),
            Self::ElectLeaders => VersionRange::new(0, 2),
            Self::IncrementalAlterConfigs => VersionRange::new(0, 1),
            Self::AlterPartitionReassignments => VersionRange::new(0, 1),
            Self::ListPartitionReassignments => VersionRange::new(0, 0),
            Self::OffsetDelete => VersionRange::new(0, 0),
            Self::DescribeClientQuotas => VersionRange::new(0, 1),
            Self::AlterClientQuotas => VersionRange::new(0, 1),
            Self::DescribeUserScramCredentials => VersionRange::new(0, 0),
            Self::AlterUserScramCredentials => VersionRange::new(0, 0),
            Self::Vote => VersionRange::new(0, 2),
            Self::BeginQuorumEpoch => VersionRange::new(0, 1),
            Self::EndQuorumEpoch => VersionRange::new(0, 1),
            Self::DescribeQuorum => VersionRange::new(0, 2),
            Self::AlterPartition => VersionRange::new(2, 3),
            Self::UpdateFeatures => VersionRange::new(0, 2),
            Self::Envelope => VersionRange::new(0, 0),
            Self::FetchSnapshot => VersionRange::new(0, 1),
            Self::DescribeCluster => VersionRange::new(0, 2),
            Self::DescribeProducers => VersionRange::new(0, 0),
            Self::BrokerRegistration => VersionRange::new(0, 4),
            Self::BrokerHeartbeat => VersionRange::new(0, 2),
            Self::UnregisterBroker => VersionRange::new(0, 0),
            Self::DescribeTransactions => VersionRange::new(0, 0),
            Self::ListTransactions => VersionRange::new(0, 2),
            Self::AllocateProducerIds => VersionRange::new(0, 0),
            Self::ConsumerGroupHeartbeat => VersionRange::new(0, 1),
            Self::ConsumerGroupDescribe => VersionRange::new(0, 1),
            Self::ControllerRegistration => VersionRange::new(0, 0),
            Self::GetTelemetrySubscriptions => VersionRange::new(0, 0),
            Self::PushTelemetry => VersionRange::new(0, 0),
            Self::AssignReplicasToDirs => VersionRange::new(0, 0),
            Self::ListConfigResources => VersionRange::new(0, 1),
            Self::DescribeTopicPartitions => VersionRange::new(0, 0),
            Self::ShareGroupHeartbeat => VersionRange::new(1, 1),
            Self::ShareGroupDescribe => VersionRange::new(1, 1),
            Self::ShareFetch => VersionRange::new(1, 2),
            Self::ShareAcknowledge => VersionRange::new(1, 2),
            Self::AddRaftVoter => VersionRange::new(0, 1),
            Self::RemoveRaftVoter => VersionRange::new(0, 0),
            Self::UpdateRaftVoter => VersionRange::new(0, 0),
            Self::InitializeShareGroupState => VersionRange::new(0, 0),
            Self::ReadShareGroupState => VersionRange::new(0, 0),
            Self::WriteShareGroupState => VersionRange::new(0, 1),
            Self::DeleteShareGroupState => VersionRange::new(0, 0),
            Self::ReadShareGroupStateSummary => VersionRange::new(0, 1),
            Self::StreamsGroupHeartbeat => VersionRange::new(0, 0),
            Self::StreamsGroupDescribe => VersionRange::new(0, 0),
            Self::DescribeShareGroupOffsets => VersionRange::new(0, 1),
            Self::AlterShareGroupOffsets => VersionRange::new(0, 0),
            Self::DeleteShareGroupOffsets => VersionRange::new(0, 0),
        }
    }

    /// First version with compact lengths and tagged fields.
    #[must_use]
    pub const fn flexible_from(self) -> Option<i16> {
        match self {
            Self::Produce => Some(9),
            Self::Fetch => Some(12),
            Self::ListOffsets => Some(6),
            Self::Metadata => Some(9),
            Self::OffsetCommit => Some(8),
            Self::OffsetFetch => Some(6),
            Self::FindCoordinator => Some(3),
            Self::JoinGroup => Some(6),
            Self::Heartbeat => Some(4),
            Self::LeaveGroup => Some(4),
            Self::SyncGroup => Some(4),
            Self::DescribeGroups => Some(5),
            Self::ListGroups => Some(3),
            Self::SaslHandshake => None,
            Self::ApiVersions => Some(3),
            Self::CreateTopics => Some(5),
            Self::DeleteTopics => Some(4),
            Self::DeleteRecords => Some(2),
            Self::InitProducerId => Some(2),
            Self::OffsetForLeaderEpoch => Some(4),
            Self::AddPartitionsToTxn => Some(3),
            Self::AddOffsetsToTxn => Some(3),
            Self::EndTxn => Some(3),
            Self::WriteTxnMarkers => Some(1),
            Self::TxnOffsetCommit => Some(3),
            Self::DescribeAcls => Some(2),
            Self::CreateAcls => Some(2),
            Self::DeleteAcls => Some(2),
            Self::DescribeConfigs => Some(4),
            Self::AlterConfigs => Some(2),
            Self::AlterReplicaLogDirs => Some(2),
            Self::DescribeLogDirs => Some(2),
            Self::SaslAuthenticate => Some(2),
            Self::CreatePartitions => Some(2),
            Self::CreateDelegationToken => Some(2),
            Self::RenewDelegationToken => Some(2),
            Self::ExpireDelegationToken => Some(2),
            Self::DescribeDelegationToken => Some(2),
            Self::DeleteGroups => Some(2),
            Self::ElectLeaders => Some(2),
            Self::IncrementalAlterConfigs => Some(1),
            Self::AlterPartitionReassignments => Some(0),
            Self::ListPartitionReassignments => Some(0),
            Self::OffsetDelete => None,
            Self::DescribeClientQuotas => Some(1),
            Self::AlterClientQuotas => Some(1),
            Self::DescribeUserScramCredentials => Some(0),
            Self::AlterUserScramCredentials => Some(0),
            Self::Vote => Some(0),
            Self::BeginQuorumEpoch => Some(1),
            Self::EndQuorumEpoch => Some(1),
            Self::DescribeQuorum => Some(0),
            Self::AlterPartition => Some(2),
            Self::UpdateFeatures => Some(0),
            Self::Envelope => Some(0),
            Self::FetchSnapshot => Some(0),
            Self::DescribeCluster => Some(0),
            Self::DescribeProducers => Some(0),
            Self::BrokerRegistration => Some(0),
            Self::BrokerHeartbeat => Some(0),
            Self::UnregisterBroker => Some(0),
            Self::DescribeTransactions => Some(0),
            Self::ListTransactions => Some(0),
            Self::AllocateProducerIds => Some(0),
            Self::ConsumerGroupHeartbeat => Some(0),
            Self::ConsumerGroupDescribe => Some(0),
            Self::ControllerRegistration => Some(0),
            Self::GetTelemetrySubscriptions => Some(0),
            Self::PushTelemetry => Some(0),
            Self::AssignReplicasToDirs => Some(0),
            Self::ListConfigResources => Some(0),
            Self::DescribeTopicPartitions => Some(0),
            Self::ShareGroupHeartbeat => Some(1),
            Self::ShareGroupDescribe => Some(1),
            Self::ShareFetch => Some(1),
            Self::ShareAcknowledge => Some(1),
            Self::AddRaftVoter => Some(0),
            Self::RemoveRaftVoter => Some(0),
            Self::UpdateRaftVoter => Some(0),
            Self::InitializeShareGroupState => Some(0),
            Self::ReadShareGroupState => Some(0),
            Self::WriteShareGroupState => Some(0),
            Self::DeleteShareGroupState => Some(0),
            Self::ReadShareGroupStateSummary => Some(0),
            Self::StreamsGroupHeartbeat => Some(0),
            Self::StreamsGroupDescribe => Some(0),
            Self::DescribeShareGroupOffsets => Some(0),
            Self::AlterShareGroupOffsets => Some(0),
            Self::DeleteShareGroupOffsets => Some(0),
        }
    }

    /// First version that is not released yet.
    #[must_use]
    pub const fn unstable_from(self) -> Option<i16> {
        match self {
            Self::InitProducerId => Some(6),
            _ => None,
        }
    }
}
