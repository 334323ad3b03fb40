//! The records of `__cluster_metadata` as one enum. Written by `cargo xtask codegen`; do not edit.

use super::messages::*;
use crate::{Message, Reader, VersionRange, WireError, Writer};

/// One record of the metadata log, without its frame (frame version, type, version).
#[derive(Debug, Clone, PartialEq)]
pub enum MetadataRecord<'a> {
    /// Type 0.
    RegisterBrokerRecord(RegisterBrokerRecord<'a>),
    /// Type 1.
    UnregisterBrokerRecord(UnregisterBrokerRecord),
    /// Type 2.
    TopicRecord(TopicRecord<'a>),
    /// Type 3.
    PartitionRecord(PartitionRecord),
    /// Type 4.
    ConfigRecord(ConfigRecord<'a>),
    /// Type 5.
    PartitionChangeRecord(PartitionChangeRecord),
    /// Type 7.
    FenceBrokerRecord(FenceBrokerRecord),
    /// Type 8.
    UnfenceBrokerRecord(UnfenceBrokerRecord),
    /// Type 9.
    RemoveTopicRecord(RemoveTopicRecord),
    /// Type 10.
    DelegationTokenRecord(DelegationTokenRecord<'a>),
    /// Type 11.
    UserScramCredentialRecord(UserScramCredentialRecord<'a>),
    /// Type 12.
    FeatureLevelRecord(FeatureLevelRecord<'a>),
    /// Type 14.
    ClientQuotaRecord(ClientQuotaRecord<'a>),
    /// Type 15.
    ProducerIdsRecord(ProducerIdsRecord),
    /// Type 17.
    BrokerRegistrationChangeRecord(BrokerRegistrationChangeRecord),
    /// Type 18.
    AccessControlEntryRecord(AccessControlEntryRecord<'a>),
    /// Type 19.
    RemoveAccessControlEntryRecord(RemoveAccessControlEntryRecord),
    /// Type 20.
    NoOpRecord(NoOpRecord),
    /// Type 21.
    ZkMigrationStateRecord(ZkMigrationStateRecord),
    /// Type 22.
    RemoveUserScramCredentialRecord(RemoveUserScramCredentialRecord<'a>),
    /// Type 23.
    BeginTransactionRecord(BeginTransactionRecord<'a>),
    /// Type 24.
    EndTransactionRecord(EndTransactionRecord),
    /// Type 25.
    AbortTransactionRecord(AbortTransactionRecord<'a>),
    /// Type 26.
    RemoveDelegationTokenRecord(RemoveDelegationTokenRecord<'a>),
    /// Type 27.
    RegisterControllerRecord(RegisterControllerRecord<'a>),
    /// Type 28.
    ClearElrRecord(ClearElrRecord<'a>),
}

impl<'a> MetadataRecord<'a> {
    /// Reads the body of a record of type `record_type`.
    ///
    /// # Errors
    /// `UnknownRecordType`, or any decoding variant.
    pub fn decode(r: &mut Reader<'a>, record_type: i16, version: i16) -> Result<Self, WireError> {
        Ok(match record_type {
            RegisterBrokerRecord::KEY => {
                Self::RegisterBrokerRecord(RegisterBrokerRecord::decode(r, version)?)
            }
            UnregisterBrokerRecord::KEY => {
                Self::UnregisterBrokerRecord(UnregisterBrokerRecord::decode(r, version)?)
            }
            TopicRecord::KEY => Self::TopicRecord(TopicRecord::decode(r, version)?),
            PartitionRecord::KEY => Self::PartitionRecord(PartitionRecord::decode(r, version)?),
            ConfigRecord::KEY => Self::ConfigRecord(ConfigRecord::decode(r, version)?),
            PartitionChangeRecord::KEY => {
                Self::PartitionChangeRecord(PartitionChangeRecord::decode(r, version)?)
            }
            FenceBrokerRecord::KEY => {
                Self::FenceBrokerRecord(FenceBrokerRecord::decode(r, version)?)
            }
            UnfenceBrokerRecord::KEY => {
                Self::UnfenceBrokerRecord(UnfenceBrokerRecord::decode(r, version)?)
            }
            RemoveTopicRecord::KEY => {
                Self::RemoveTopicRecord(RemoveTopicRecord::decode(r, version)?)
            }
            DelegationTokenRecord::KEY => {
                Self::DelegationTokenRecord(DelegationTokenRecord::decode(r, version)?)
            }
            UserScramCredentialRecord::KEY => {
                Self::UserScramCredentialRecord(UserScramCredentialRecord::decode(r, version)?)
            }
            FeatureLevelRecord::KEY => {
                Self::FeatureLevelRecord(FeatureLevelRecord::decode(r, version)?)
            }
            ClientQuotaRecord::KEY => {
                Self::ClientQuotaRecord(ClientQuotaRecord::decode(r, version)?)
            }
            ProducerIdsRecord::KEY => {
                Self::ProducerIdsRecord(ProducerIdsRecord::decode(r, version)?)
            }
            BrokerRegistrationChangeRecord::KEY => Self::BrokerRegistrationChangeRecord(
                BrokerRegistrationChangeRecord::decode(r, version)?,
            ),
            AccessControlEntryRecord::KEY => {
                Self::AccessControlEntryRecord(AccessControlEntryRecord::decode(r, version)?)
            }
            RemoveAccessControlEntryRecord::KEY => Self::RemoveAccessControlEntryRecord(
                RemoveAccessControlEntryRecord::decode(r, version)?,
            ),
            NoOpRecord::KEY => Self::NoOpRecord(NoOpRecord::decode(r, version)?),
            ZkMigrationStateRecord::KEY => {
                Self::ZkMigrationStateRecord(ZkMigrationStateRecord::decode(r, version)?)
            }
            RemoveUserScramCredentialRecord::KEY => Self::RemoveUserScramCredentialRecord(
                RemoveUserScramCredentialRecord::decode(r, version)?,
            ),
            BeginTransactionRecord::KEY => {
                Self::BeginTransactionRecord(BeginTransactionRecord::decode(r, version)?)
            }
            EndTransactionRecord::KEY => {
                Self::EndTransactionRecord(EndTransactionRecord::decode(r, version)?)
            }
            AbortTransactionRecord::KEY => {
                Self::AbortTransactionRecord(AbortTransactionRecord::decode(r, version)?)
            }
            RemoveDelegationTokenRecord::KEY => {
                Self::RemoveDelegationTokenRecord(RemoveDelegationTokenRecord::decode(r, version)?)
            }
            RegisterControllerRecord::KEY => {
                Self::RegisterControllerRecord(RegisterControllerRecord::decode(r, version)?)
            }
            ClearElrRecord::KEY => Self::ClearElrRecord(ClearElrRecord::decode(r, version)?),
            other => return Err(WireError::UnknownRecordType(other.into())),
        })
    }

    /// Appends the body of the record.
    ///
    /// # Errors
    /// As [`Message::encode`].
    pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        match self {
            Self::RegisterBrokerRecord(record) => record.encode(w, version),
            Self::UnregisterBrokerRecord(record) => record.encode(w, version),
            Self::TopicRecord(record) => record.encode(w, version),
            Self::PartitionRecord(record) => record.encode(w, version),
            Self::ConfigRecord(record) => record.encode(w, version),
            Self::PartitionChangeRecord(record) => record.encode(w, version),
            Self::FenceBrokerRecord(record) => record.encode(w, version),
            Self::UnfenceBrokerRecord(record) => record.encode(w, version),
            Self::RemoveTopicRecord(record) => record.encode(w, version),
            Self::DelegationTokenRecord(record) => record.encode(w, version),
            Self::UserScramCredentialRecord(record) => record.encode(w, version),
            Self::FeatureLevelRecord(record) => record.encode(w, version),
            Self::ClientQuotaRecord(record) => record.encode(w, version),
            Self::ProducerIdsRecord(record) => record.encode(w, version),
            Self::BrokerRegistrationChangeRecord(record) => record.encode(w, version),
            Self::AccessControlEntryRecord(record) => record.encode(w, version),
            Self::RemoveAccessControlEntryRecord(record) => record.encode(w, version),
            Self::NoOpRecord(record) => record.encode(w, version),
            Self::ZkMigrationStateRecord(record) => record.encode(w, version),
            Self::RemoveUserScramCredentialRecord(record) => record.encode(w, version),
            Self::BeginTransactionRecord(record) => record.encode(w, version),
            Self::EndTransactionRecord(record) => record.encode(w, version),
            Self::AbortTransactionRecord(record) => record.encode(w, version),
            Self::RemoveDelegationTokenRecord(record) => record.encode(w, version),
            Self::RegisterControllerRecord(record) => record.encode(w, version),
            Self::ClearElrRecord(record) => record.encode(w, version),
        }
    }

    /// Its type number.
    #[must_use]
    pub fn record_type(&self) -> i16 {
        match self {
            Self::RegisterBrokerRecord(_) => RegisterBrokerRecord::KEY,
            Self::UnregisterBrokerRecord(_) => UnregisterBrokerRecord::KEY,
            Self::TopicRecord(_) => TopicRecord::KEY,
            Self::PartitionRecord(_) => PartitionRecord::KEY,
            Self::ConfigRecord(_) => ConfigRecord::KEY,
            Self::PartitionChangeRecord(_) => PartitionChangeRecord::KEY,
            Self::FenceBrokerRecord(_) => FenceBrokerRecord::KEY,
            Self::UnfenceBrokerRecord(_) => UnfenceBrokerRecord::KEY,
            Self::RemoveTopicRecord(_) => RemoveTopicRecord::KEY,
            Self::DelegationTokenRecord(_) => DelegationTokenRecord::KEY,
            Self::UserScramCredentialRecord(_) => UserScramCredentialRecord::KEY,
            Self::FeatureLevelRecord(_) => FeatureLevelRecord::KEY,
            Self::ClientQuotaRecord(_) => ClientQuotaRecord::KEY,
            Self::ProducerIdsRecord(_) => ProducerIdsRecord::KEY,
            Self::BrokerRegistrationChangeRecord(_) => BrokerRegistrationChangeRecord::KEY,
            Self::AccessControlEntryRecord(_) => AccessControlEntryRecord::KEY,
            Self::RemoveAccessControlEntryRecord(_) => RemoveAccessControlEntryRecord::KEY,
            Self::NoOpRecord(_) => NoOpRecord::KEY,
            Self::ZkMigrationStateRecord(_) => ZkMigrationStateRecord::KEY,
            Self::RemoveUserScramCredentialRecord(_) => RemoveUserScramCredentialRecord::KEY,
            Self::BeginTransactionRecord(_) => BeginTransactionRecord::KEY,
            Self::EndTransactionRecord(_) => EndTransactionRecord::KEY,
            Self::AbortTransactionRecord(_) => AbortTransactionRecord::KEY,
            Self::RemoveDelegationTokenRecord(_) => RemoveDelegationTokenRecord::KEY,
            Self::RegisterControllerRecord(_) => RegisterControllerRecord::KEY,
            Self::ClearElrRecord(_) => ClearElrRecord::KEY,
        }
    }

    /// The name in Kafka's schemas.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RegisterBrokerRecord(_) => RegisterBrokerRecord::NAME,
            Self::UnregisterBrokerRecord(_) => UnregisterBrokerRecord::NAME,
            Self::TopicRecord(_) => TopicRecord::NAME,
            Self::PartitionRecord(_) => PartitionRecord::NAME,
            Self::ConfigRecord(_) => ConfigRecord::NAME,
            Self::PartitionChangeRecord(_) => PartitionChangeRecord::NAME,
            Self::FenceBrokerRecord(_) => FenceBrokerRecord::NAME,
            Self::UnfenceBrokerRecord(_) => UnfenceBrokerRecord::NAME,
            Self::RemoveTopicRecord(_) => RemoveTopicRecord::NAME,
            Self::DelegationTokenRecord(_) => DelegationTokenRecord::NAME,
            Self::UserScramCredentialRecord(_) => UserScramCredentialRecord::NAME,
            Self::FeatureLevelRecord(_) => FeatureLevelRecord::NAME,
            Self::ClientQuotaRecord(_) => ClientQuotaRecord::NAME,
            Self::ProducerIdsRecord(_) => ProducerIdsRecord::NAME,
            Self::BrokerRegistrationChangeRecord(_) => BrokerRegistrationChangeRecord::NAME,
            Self::AccessControlEntryRecord(_) => AccessControlEntryRecord::NAME,
            Self::RemoveAccessControlEntryRecord(_) => RemoveAccessControlEntryRecord::NAME,
            Self::NoOpRecord(_) => NoOpRecord::NAME,
            Self::ZkMigrationStateRecord(_) => ZkMigrationStateRecord::NAME,
            Self::RemoveUserScramCredentialRecord(_) => RemoveUserScramCredentialRecord::NAME,
            Self::BeginTransactionRecord(_) => BeginTransactionRecord::NAME,
            Self::EndTransactionRecord(_) => EndTransactionRecord::NAME,
            Self::AbortTransactionRecord(_) => AbortTransactionRecord::NAME,
            Self::RemoveDelegationTokenRecord(_) => RemoveDelegationTokenRecord::NAME,
            Self::RegisterControllerRecord(_) => RegisterControllerRecord::NAME,
            Self::ClearElrRecord(_) => ClearElrRecord::NAME,
        }
    }

    /// The versions this type has.
    #[must_use]
    pub fn versions(&self) -> VersionRange {
        match self {
            Self::RegisterBrokerRecord(_) => RegisterBrokerRecord::VERSIONS,
            Self::UnregisterBrokerRecord(_) => UnregisterBrokerRecord::VERSIONS,
            Self::TopicRecord(_) => TopicRecord::VERSIONS,
            Self::PartitionRecord(_) => PartitionRecord::VERSIONS,
            Self::ConfigRecord(_) => ConfigRecord::VERSIONS,
            Self::PartitionChangeRecord(_) => PartitionChangeRecord::VERSIONS,
            Self::FenceBrokerRecord(_) => FenceBrokerRecord::VERSIONS,
            Self::UnfenceBrokerRecord(_) => UnfenceBrokerRecord::VERSIONS,
            Self::RemoveTopicRecord(_) => RemoveTopicRecord::VERSIONS,
            Self::DelegationTokenRecord(_) => DelegationTokenRecord::VERSIONS,
            Self::UserScramCredentialRecord(_) => UserScramCredentialRecord::VERSIONS,
            Self::FeatureLevelRecord(_) => FeatureLevelRecord::VERSIONS,
            Self::ClientQuotaRecord(_) => ClientQuotaRecord::VERSIONS,
            Self::ProducerIdsRecord(_) => ProducerIdsRecord::VERSIONS,
            Self::BrokerRegistrationChangeRecord(_) => BrokerRegistrationChangeRecord::VERSIONS,
            Self::AccessControlEntryRecord(_) => AccessControlEntryRecord::VERSIONS,
            Self::RemoveAccessControlEntryRecord(_) => RemoveAccessControlEntryRecord::VERSIONS,
            Self::NoOpRecord(_) => NoOpRecord::VERSIONS,
            Self::ZkMigrationStateRecord(_) => ZkMigrationStateRecord::VERSIONS,
            Self::RemoveUserScramCredentialRecord(_) => RemoveUserScramCredentialRecord::VERSIONS,
            Self::BeginTransactionRecord(_) => BeginTransactionRecord::VERSIONS,
            Self::EndTransactionRecord(_) => EndTransactionRecord::VERSIONS,
            Self::AbortTransactionRecord(_) => AbortTransactionRecord::VERSIONS,
            Self::RemoveDelegationTokenRecord(_) => RemoveDelegationTokenRecord::VERSIONS,
            Self::RegisterControllerRecord(_) => RegisterControllerRecord::VERSIONS,
            Self::ClearElrRecord(_) => ClearElrRecord::VERSIONS,
        }
    }
}
