//! Errors of the layers below as the codes and sentences that clients get. One exhaustive match each.

use crate::admin::{Refused, SettingsError};
use crate::broker::TopicError;
use crate::config::AlterError;
use crate::log::StorageError;
use crate::metadata::ChangeError;
use kafka_wire::ErrorCode;
use std::borrow::Cow;

/// A refusal: its code and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// With the code's own sentence.
    pub(crate) fn plain(code: ErrorCode) -> Self {
        Self::new(code, code.message())
    }

    /// Code and message as responses carry them; success has neither.
    pub(crate) fn fields(result: Result<(), Self>) -> (i16, Option<Cow<'static, str>>) {
        match result {
            Ok(()) => (0, None),
            Err(refusal) => (refusal.code.into(), Some(Cow::Owned(refusal.message))),
        }
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        let code = match &error {
            ChangeError::TopicExists(_) => ErrorCode::TopicAlreadyExists,
            ChangeError::InvalidTopic(_) => ErrorCode::InvalidTopicException,
            ChangeError::InvalidPartitions(_) => ErrorCode::InvalidPartitions,
            ChangeError::UnknownTopic(_) => ErrorCode::UnknownTopicOrPartition,
            ChangeError::InvalidRequest(_) => ErrorCode::InvalidRequest,
            ChangeError::NotWritten(_) | ChangeError::Poisoned(_) => ErrorCode::KafkaStorageError,
        };
        Self::new(code, error.to_string())
    }
}

impl From<TopicError> for Refusal {
    fn from(error: TopicError) -> Self {
        match error {
            TopicError::Change(change) => change.into(),
            TopicError::Storage(storage) => storage.into(),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(error: Refused) -> Self {
        let code = match error {
            Refused::Topic(topic) => return topic.into(),
            Refused::Partitions(_) => ErrorCode::InvalidPartitions,
            Refused::ReplicationFactor(_) => ErrorCode::InvalidReplicationFactor,
            Refused::Assignment(_) => ErrorCode::InvalidReplicaAssignment,
            Refused::Config(_) => ErrorCode::InvalidConfig,
            Refused::Request(_) => ErrorCode::InvalidRequest,
            Refused::TooMany => ErrorCode::PolicyViolation,
            Refused::Internal(..) => ErrorCode::InvalidTopicException,
        };
        Self::new(code, error.to_string())
    }
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Alter(alter) => alter.into(),
            SettingsError::UnknownTopic(_) => {
                Self::new(ErrorCode::UnknownTopicOrPartition, error.to_string())
            }
            SettingsError::Change(change) => change.into(),
            SettingsError::Topic(topic) => topic.into(),
        }
    }
}

impl From<AlterError> for Refusal {
    fn from(error: AlterError) -> Self {
        let code = match &error {
            AlterError::Duplicate
            | AlterError::Null(_)
            | AlterError::NotDynamic(_)
            | AlterError::BrokerValue(_) => ErrorCode::InvalidRequest,
            AlterError::NotAList(..) | AlterError::TooLong(_) | AlterError::Topic(_) => {
                ErrorCode::InvalidConfig
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self::new(ErrorCode::KafkaStorageError, error.to_string())
    }
}
