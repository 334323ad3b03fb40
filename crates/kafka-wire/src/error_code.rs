//! Kafka's error codes: number, name, whether a client may retry, and a sentence for people.
//!
//! Numbers, names and the retriable mark are those of Kafka 4.3.1; the sentences are ours.

use std::fmt;

macro_rules! error_codes {
    ($($variant:ident = $code:literal, $name:literal, $retriable:literal, $message:literal;)*) => {
        /// What a response says went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(i16)]
        pub enum ErrorCode {
            $(
                #[doc = concat!("`", $name, "`: ", $message)]
                $variant = $code,
            )*
        }

        impl ErrorCode {
            /// Every code, by rising number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code with this number, if Kafka 4.3.1 has one.
            #[must_use]
            pub const fn from_i16(code: i16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The name in Kafka's documentation.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Whether the same request may succeed later without being changed.
            #[must_use]
            pub const fn is_retriable(self) -> bool {
                match self {
                    $(Self::$variant => $retriable,)*
                }
            }

            /// A sentence for people, without capital and full stop; empty for [`Self::None`].
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$variant => $message,)*
                }
            }
        }
    };
}

error_codes! {
UnknownServerError = -1, "UNKNOWN_SERVER_ERROR", false, "the server met an error it did not expect";
None = 0, "NONE", false, "";
OffsetOutOfRange = 1, "OFFSET_OUT_OF_RANGE", false, "the offset lies outside the range the partition holds";
CorruptMessage = 2, "CORRUPT_MESSAGE", true, "the records are damaged: wrong checksum, impossible size, or a missing key on a compacted topic";
UnknownTopicOrPartition = 3, "UNKNOWN_TOPIC_OR_PARTITION", true, "no such topic or partition here";
InvalidFetchSize = 4, "INVALID_FETCH_SIZE", false, "the fetch size is not valid";
LeaderNotAvailable = 5, "LEADER_NOT_AVAILABLE", true, "the partition has no leader at the moment";
NotLeaderOrFollower = 6, "NOT_LEADER_OR_FOLLOWER", true, "this broker is not the leader (or not a replica) of the partition";
RequestTimedOut = 7, "REQUEST_TIMED_OUT", true, "the request took longer than its timeout";
BrokerNotAvailable = 8, "BROKER_NOT_AVAILABLE", false, "the broker is not available";
ReplicaNotAvailable = 9, "REPLICA_NOT_AVAILABLE", true, "the replica is not available";
MessageTooLarge = 10, "MESSAGE_TOO_LARGE", false, "the record batch is larger than max.message.bytes";
StaleControllerEpoch = 11, "STALE_CONTROLLER_EPOCH", false, "the controller epoch is out of date";
OffsetMetadataTooLarge = 12, "OFFSET_METADATA_TOO_LARGE", false, "the metadata stored with an offset is too large";
NetworkException = 13, "NETWORK_EXCEPTION", true, "the connection ended before the response came";
CoordinatorLoadInProgress = 14, "COORDINATOR_LOAD_IN_PROGRESS", true, "the coordinator is still loading its state";
CoordinatorNotAvailable = 15, "COORDINATOR_NOT_AVAILABLE", true, "the coordinator is not available";
NotCoordinator = 16, "NOT_COORDINATOR", true, "this broker is not the coordinator asked for";
InvalidTopicException = 17, "INVALID_TOPIC_EXCEPTION", false, "the topic name is not valid, or the topic may not be used this way";
RecordListTooLarge = 18, "RECORD_LIST_TOO_LARGE", false, "the record batch is larger than the segment size";
NotEnoughReplicas = 19, "NOT_ENOUGH_REPLICAS", true, "fewer replicas in sync than required; nothing was written";
NotEnoughReplicasAfterAppend = 20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true, "written, but to fewer replicas in sync than required";
InvalidRequiredAcks = 21, "INVALID_REQUIRED_ACKS", false, "acks must be -1, 0 or 1";
IllegalGeneration = 22, "ILLEGAL_GENERATION", false, "the group generation is not the current one";
InconsistentGroupProtocol = 23, "INCONSISTENT_GROUP_PROTOCOL", false, "the member's protocols do not match those of its group";
InvalidGroupId = 24, "INVALID_GROUP_ID", false, "the group id is not valid";
UnknownMemberId = 25, "UNKNOWN_MEMBER_ID", false, "the coordinator does not know this member";
InvalidSessionTimeout = 26, "INVALID_SESSION_TIMEOUT", false, "the session timeout is outside the range the broker allows";
RebalanceInProgress = 27, "REBALANCE_IN_PROGRESS", false, "the group is rebalancing; the member must rejoin";
InvalidCommitOffsetSize = 28, "INVALID_COMMIT_OFFSET_SIZE", false, "the offsets to commit are too large";
TopicAuthorizationFailed = 29, "TOPIC_AUTHORIZATION_FAILED", false, "no permission for the topic";
GroupAuthorizationFailed = 30, "GROUP_AUTHORIZATION_FAILED", false, "no permission for the group";
ClusterAuthorizationFailed = 31, "CLUSTER_AUTHORIZATION_FAILED", false, "no permission for the cluster";
InvalidTimestamp = 32, "INVALID_TIMESTAMP", false, "the record's timestamp is outside the allowed range";
UnsupportedSaslMechanism = 33, "UNSUPPORTED_SASL_MECHANISM", false, "the SASL mechanism is not offered here";
IllegalSaslState = 34, "ILLEGAL_SASL_STATE", false, "the request does not fit the state of the SASL exchange";
UnsupportedVersion = 35, "UNSUPPORTED_VERSION", false, "this version of the API is not supported";
TopicAlreadyExists = 36, "TOPIC_ALREADY_EXISTS", false, "a topic of this name exists";
InvalidPartitions = 37, "INVALID_PARTITIONS", false, "the number of partitions is not valid";
InvalidReplicationFactor = 38, "INVALID_REPLICATION_FACTOR", false, "the replication factor is not valid for this cluster";
InvalidReplicaAssignment = 39, "INVALID_REPLICA_ASSIGNMENT", false, "the replica assignment is not valid";
InvalidConfig = 40, "INVALID_CONFIG", false, "the configuration is not valid";
NotController = 41, "NOT_CONTROLLER", true, "this broker is not the controller";
InvalidRequest = 42, "INVALID_REQUEST", false, "the request is malformed or contradicts itself";
UnsupportedForMessageFormat = 43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false, "the message format does not support the request";
PolicyViolation = 44, "POLICY_VIOLATION", false, "the request violates a policy of the server";
OutOfOrderSequenceNumber = 45, "OUT_OF_ORDER_SEQUENCE_NUMBER", false, "the sequence number is not the next one of this producer";
DuplicateSequenceNumber = 46, "DUPLICATE_SEQUENCE_NUMBER", false, "the sequence number was seen before";
InvalidProducerEpoch = 47, "INVALID_PRODUCER_EPOCH", false, "the producer's epoch is out of date";
InvalidTxnState = 48, "INVALID_TXN_STATE", false, "the transaction is not in a state that allows this";
InvalidProducerIdMapping = 49, "INVALID_PRODUCER_ID_MAPPING", false, "the producer id does not belong to the transactional id";
InvalidTransactionTimeout = 50, "INVALID_TRANSACTION_TIMEOUT", false, "the transaction timeout is outside the allowed range";
ConcurrentTransactions = 51, "CONCURRENT_TRANSACTIONS", true, "another operation on the same transaction is under way";
TransactionCoordinatorFenced = 52, "TRANSACTION_COORDINATOR_FENCED", false, "the transaction coordinator that sent the marker was replaced";
TransactionalIdAuthorizationFailed = 53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false, "no permission for the transactional id";
SecurityDisabled = 54, "SECURITY_DISABLED", false, "security features are switched off";
OperationNotAttempted = 55, "OPERATION_NOT_ATTEMPTED", false, "not attempted, because another part of the request failed";
KafkaStorageError = 56, "KAFKA_STORAGE_ERROR", true, "the disk failed while accessing the log";
LogDirNotFound = 57, "LOG_DIR_NOT_FOUND", false, "no such log directory";
SaslAuthenticationFailed = 58, "SASL_AUTHENTICATION_FAILED", false, "SASL authentication failed";
UnknownProducerId = 59, "UNKNOWN_PRODUCER_ID", false, "nothing is known of this producer id";
ReassignmentInProgress = 60, "REASSIGNMENT_IN_PROGRESS", false, "a reassignment of the partition is under way";
DelegationTokenAuthDisabled = 61, "DELEGATION_TOKEN_AUTH_DISABLED", false, "delegation tokens are switched off";
DelegationTokenNotFound = 62, "DELEGATION_TOKEN_NOT_FOUND", false, "no such delegation token";
DelegationTokenOwnerMismatch = 63, "DELEGATION_TOKEN_OWNER_MISMATCH", false, "not the owner or renewer of the delegation token";
DelegationTokenRequestNotAllowed = 64, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false, "delegation tokens are not allowed over this kind of connection";
DelegationTokenAuthorizationFailed = 65, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", false, "no permission for the delegation token";
DelegationTokenExpired = 66, "DELEGATION_TOKEN_EXPIRED", false, "the delegation token has expired";
InvalidPrincipalType = 67, "INVALID_PRINCIPAL_TYPE", false, "this type of principal is not supported";
NonEmptyGroup = 68, "NON_EMPTY_GROUP", false, "the group has members";
GroupIdNotFound = 69, "GROUP_ID_NOT_FOUND", false, "no such group";
FetchSessionIdNotFound = 70, "FETCH_SESSION_ID_NOT_FOUND", true, "no such fetch session";
InvalidFetchSessionEpoch = 71, "INVALID_FETCH_SESSION_EPOCH", true, "the epoch of the fetch session is not the next one";
ListenerNotFound = 72, "LISTENER_NOT_FOUND", true, "the leader has no listener of the kind the request came in on";
TopicDeletionDisabled = 73, "TOPIC_DELETION_DISABLED", false, "deleting topics is switched off";
FencedLeaderEpoch = 74, "FENCED_LEADER_EPOCH", true, "the leader epoch in the request is older than the broker's";
UnknownLeaderEpoch = 75, "UNKNOWN_LEADER_EPOCH", true, "the leader epoch in the request is newer than the broker's";
UnsupportedCompressionType = 76, "UNSUPPORTED_COMPRESSION_TYPE", false, "the compression type is not supported by this version of the API";
StaleBrokerEpoch = 77, "STALE_BROKER_EPOCH", false, "the broker epoch is out of date";
OffsetNotAvailable = 78, "OFFSET_NOT_AVAILABLE", true, "the high watermark is not known yet after an election";
MemberIdRequired = 79, "MEMBER_ID_REQUIRED", false, "the member must join again with the id it was given";
PreferredLeaderNotAvailable = 80, "PREFERRED_LEADER_NOT_AVAILABLE", true, "the preferred leader is not available";
GroupMaxSizeReached = 81, "GROUP_MAX_SIZE_REACHED", false, "the group is full";
FencedInstanceId = 82, "FENCED_INSTANCE_ID", false, "another member has taken over this group instance id";
EligibleLeadersNotAvailable = 83, "ELIGIBLE_LEADERS_NOT_AVAILABLE", true, "no eligible leader is available";
ElectionNotNeeded = 84, "ELECTION_NOT_NEEDED", true, "no election is needed";
NoReassignmentInProgress = 85, "NO_REASSIGNMENT_IN_PROGRESS", false, "no reassignment is under way";
GroupSubscribedToTopic = 86, "GROUP_SUBSCRIBED_TO_TOPIC", false, "the group is subscribed to the topic";
InvalidRecord = 87, "INVALID_RECORD", false, "the record failed validation";
UnstableOffsetCommit = 88, "UNSTABLE_OFFSET_COMMIT", true, "a transaction on these offsets has not ended";
ThrottlingQuotaExceeded = 89, "THROTTLING_QUOTA_EXCEEDED", true, "the quota is used up";
ProducerFenced = 90, "PRODUCER_FENCED", false, "a newer producer uses this transactional id";
ResourceNotFound = 91, "RESOURCE_NOT_FOUND", false, "no such resource";
DuplicateResource = 92, "DUPLICATE_RESOURCE", false, "the resource is named twice";
UnacceptableCredential = 93, "UNACCEPTABLE_CREDENTIAL", false, "the credential does not meet the requirements";
InconsistentVoterSet = 94, "INCONSISTENT_VOTER_SET", false, "sender or receiver is not one of the expected voters";
InvalidUpdateVersion = 95, "INVALID_UPDATE_VERSION", false, "the feature version is not valid";
FeatureUpdateFailed = 96, "FEATURE_UPDATE_FAILED", false, "the features could not be updated";
PrincipalDeserializationFailure = 97, "PRINCIPAL_DESERIALIZATION_FAILURE", false, "the forwarded principal could not be read";
SnapshotNotFound = 98, "SNAPSHOT_NOT_FOUND", false, "no such snapshot";
PositionOutOfRange = 99, "POSITION_OUT_OF_RANGE", false, "the position lies outside the snapshot";
UnknownTopicId = 100, "UNKNOWN_TOPIC_ID", true, "no topic with this id here";
DuplicateBrokerRegistration = 101, "DUPLICATE_BROKER_REGISTRATION", false, "a broker with this id is registered";
BrokerIdNotRegistered = 102, "BROKER_ID_NOT_REGISTERED", false, "no broker with this id is registered";
InconsistentTopicId = 103, "INCONSISTENT_TOPIC_ID", true, "the topic id is not the log's";
InconsistentClusterId = 104, "INCONSISTENT_CLUSTER_ID", false, "the cluster id is not this cluster's";
TransactionalIdNotFound = 105, "TRANSACTIONAL_ID_NOT_FOUND", false, "no such transactional id";
FetchSessionTopicIdError = 106, "FETCH_SESSION_TOPIC_ID_ERROR", true, "topic ids and names are mixed within a fetch session";
IneligibleReplica = 107, "INELIGIBLE_REPLICA", false, "the new in-sync set holds a replica that may not be in it";
NewLeaderElected = 108, "NEW_LEADER_ELECTED", false, "the partition changed and now has another leader";
OffsetMovedToTieredStorage = 109, "OFFSET_MOVED_TO_TIERED_STORAGE", false, "the offset lies in tiered storage";
FencedMemberEpoch = 110, "FENCED_MEMBER_EPOCH", false, "the member epoch is out of date; the member must rejoin";
UnreleasedInstanceId = 111, "UNRELEASED_INSTANCE_ID", false, "the group instance id is still held by another member";
UnsupportedAssignor = 112, "UNSUPPORTED_ASSIGNOR", false, "the assignor is not supported by the group";
StaleMemberEpoch = 113, "STALE_MEMBER_EPOCH", false, "the member epoch is stale; retry with the newer one";
MismatchedEndpointType = 114, "MISMATCHED_ENDPOINT_TYPE", false, "the request came to an endpoint of the wrong kind";
UnsupportedEndpointType = 115, "UNSUPPORTED_ENDPOINT_TYPE", false, "this kind of endpoint is not supported";
UnknownControllerId = 116, "UNKNOWN_CONTROLLER_ID", false, "no controller with this id";
UnknownSubscriptionId = 117, "UNKNOWN_SUBSCRIPTION_ID", false, "the telemetry subscription is unknown or out of date";
TelemetryTooLarge = 118, "TELEMETRY_TOO_LARGE", false, "the telemetry is larger than the broker accepts";
InvalidRegistration = 119, "INVALID_REGISTRATION", false, "the broker's registration is not valid";
TransactionAbortable = 120, "TRANSACTION_ABORTABLE", false, "the transaction failed but can be aborted and the transactional id used again";
InvalidRecordState = 121, "INVALID_RECORD_STATE", false, "the record is not in a state that allows the acknowledgement";
ShareSessionNotFound = 122, "SHARE_SESSION_NOT_FOUND", true, "no such share session";
InvalidShareSessionEpoch = 123, "INVALID_SHARE_SESSION_EPOCH", true, "the epoch of the share session is not the next one";
FencedStateEpoch = 124, "FENCED_STATE_EPOCH", false, "the state epoch of the share group is out of date";
InvalidVoterKey = 125, "INVALID_VOTER_KEY", false, "the voter's directory id is not the receiver's";
DuplicateVoter = 126, "DUPLICATE_VOTER", false, "the voter is one already";
VoterNotFound = 127, "VOTER_NOT_FOUND", false, "no such voter";
InvalidRegularExpression = 128, "INVALID_REGULAR_EXPRESSION", false, "the regular expression is not valid";
RebootstrapRequired = 129, "REBOOTSTRAP_REQUIRED", false, "the client must fetch the cluster's addresses anew";
StreamsInvalidTopology = 130, "STREAMS_INVALID_TOPOLOGY", false, "the topology is not valid";
StreamsInvalidTopologyEpoch = 131, "STREAMS_INVALID_TOPOLOGY_EPOCH", false, "the topology epoch is not valid";
StreamsTopologyFenced = 132, "STREAMS_TOPOLOGY_FENCED", false, "the topology epoch is out of date";
ShareSessionLimitReached = 133, "SHARE_SESSION_LIMIT_REACHED", true, "too many share sessions";}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub const fn to_i16(self) -> i16 {
        self as i16
    }

    /// Whether there is an error.
    #[must_use]
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::None)
    }
}

#[allow(
    clippy::derivable_impls,
    reason = "a derive needs a mark on one row of the table above"
)]
impl Default for ErrorCode {
    fn default() -> Self {
        Self::None
    }
}

impl From<ErrorCode> for i16 {
    fn from(code: ErrorCode) -> Self {
        code.to_i16()
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.name(), self.to_i16(), self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_one_code_each() {
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_i16(code.to_i16()), Some(code));
        }
        assert_eq!(ErrorCode::ALL.len(), 135);
        assert_eq!(ErrorCode::from_i16(134), None);
        assert_eq!(ErrorCode::from_i16(-2), None);
    }
}
