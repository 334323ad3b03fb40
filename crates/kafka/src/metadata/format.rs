//! Makes a data directory what `kafka-storage format --standalone` makes it, and reads what that
//! command left for the first start (`bootstrap.checkpoint`).
//!
//! Invariants: `meta.properties` is written last; a directory without it was never made.
//! Format: docs/formats/cluster-metadata.md.

use std::path::Path;

use kafka_wire::messages::register_broker_record::{BrokerEndpoint, BrokerFeature};
use kafka_wire::{
    BeginTransactionRecord, ConfigRecord, EndTransactionRecord, FeatureLevelRecord, MetadataRecord,
    RegisterBrokerRecord, Uuid,
};

use super::error::OpenError;
use super::image::{Image, ResourceType};
use super::properties::MetaProperties;
use super::quorum::Quorum;
use super::records::{DEFAULT_FEATURES, METADATA_VERSION, METADATA_VERSION_MIN, RecordVersions};
use super::snapshot::{self, SnapshotPlace};
use crate::log::{StorageError, TopicId, partition_metadata, small_file};

/// The metadata log's directory at the data root.
pub const METADATA_DIR: &str = "__cluster_metadata-0";
/// What a formatted directory wants the first start to write.
pub(super) const BOOTSTRAP_CHECKPOINT: &str = "bootstrap.checkpoint";
/// The reserved topic id of the metadata log.
const METADATA_TOPIC_ID: TopicId = TopicId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
const ELR_FEATURE: &str = "eligible.leader.replicas.version";

/// Makes the files of a new directory.
///
/// # Errors
/// `Io`.
pub(super) fn format(root: &Path, identity: &MetaProperties, now_ms: i64) -> Result<(), OpenError> {
    std::fs::create_dir_all(root).map_err(|error| StorageError::io("create", root, error))?;
    write_bootstrap(root, now_ms)?;
    format_log(&root.join(METADATA_DIR), identity, now_ms)?;
    identity.write(root)?;
    Ok(())
}

/// Makes the directory of a metadata log whose only voter is this node. Kafka takes it with
/// `controller.quorum.bootstrap.servers` and with `controller.quorum.voters` alike.
///
/// # Errors
/// `Io`.
pub(super) fn format_log(
    dir: &Path,
    identity: &MetaProperties,
    now_ms: i64,
) -> Result<(), OpenError> {
    std::fs::create_dir_all(dir).map_err(|error| StorageError::io("create", dir, error))?;
    if partition_metadata::read(dir)?.is_none() {
        partition_metadata::write(dir, METADATA_TOPIC_ID)?;
    }
    small_file::sync_parent(dir)?;
    if identity.directory_id.is_zero() {
        // Formatted before Kafka 3.7: such a voter cannot be named, only configured.
        return Ok(());
    }
    let quorum = Quorum::standalone(identity);
    let place = SnapshotPlace {
        epoch: 0,
        timestamp_ms: now_ms,
        last_log_timestamp_ms: now_ms,
    };
    let bytes = snapshot::encode(&[], RecordVersions::at(0), Some(&quorum), place);
    snapshot::write(&snapshot::path_of(dir, 0, 0), &encoded(bytes, dir)?)?;
    Ok(())
}

fn write_bootstrap(root: &Path, now_ms: i64) -> Result<(), OpenError> {
    let records: Vec<_> = DEFAULT_FEATURES
        .iter()
        .map(|(name, feature_level)| {
            MetadataRecord::FeatureLevelRecord(FeatureLevelRecord {
                name: (*name).into(),
                feature_level: *feature_level,
            })
        })
        .collect();
    let place = SnapshotPlace {
        epoch: 0,
        timestamp_ms: now_ms,
        last_log_timestamp_ms: 0,
    };
    let path = root.join(BOOTSTRAP_CHECKPOINT);
    let bytes = snapshot::encode(&records, RecordVersions::at(0), None, place);
    snapshot::write(&path, &encoded(bytes, &path)?)?;
    Ok(())
}

fn encoded(bytes: Result<Vec<u8>, String>, path: &Path) -> Result<Vec<u8>, StorageError> {
    bytes.map_err(|why| StorageError::io("encode", path, std::io::Error::other(why)))
}

/// What the first start writes into an empty log: the records of `bootstrap.checkpoint` (features,
/// perhaps credentials), inside a metadata transaction where the version has them.
///
/// # Errors
/// `Damaged` or `Io`.
pub(super) fn bootstrap_image(root: &Path) -> Result<Image, OpenError> {
    let mut image = Image::default();
    let path = root.join(BOOTSTRAP_CHECKPOINT);
    if path.exists() {
        snapshot::read(&path, &mut image, &mut Quorum::default())?;
    } else {
        image.features = DEFAULT_FEATURES
            .map(|(name, level)| (name.to_owned(), level))
            .into_iter()
            .collect();
    }
    if image.metadata_version() < METADATA_VERSION_MIN {
        return Err(OpenError::damaged(
            &path,
            0,
            format!("it has no {METADATA_VERSION}"),
        ));
    }
    Ok(image)
}

/// The records for [`bootstrap_image`], in Kafka's order.
pub(super) fn bootstrap_records(image: &Image) -> Vec<MetadataRecord<'_>> {
    let mut records = Vec::new();
    let transactions = RecordVersions::at(image.metadata_version()).has_transactions();
    if transactions {
        let name = Some("Bootstrap records".into());
        records.push(MetadataRecord::BeginTransactionRecord(
            BeginTransactionRecord { name },
        ));
    }
    records.extend(snapshot::records_of(image));
    if image
        .features
        .get(ELR_FEATURE)
        .is_some_and(|level| *level > 0)
    {
        // Kafka wants the cluster's default spelled out where eligible replicas depend on it.
        records.push(MetadataRecord::ConfigRecord(ConfigRecord {
            resource_type: ResourceType::BROKER.0,
            resource_name: "".into(),
            name: "min.insync.replicas".into(),
            value: Some("1".into()),
        }));
    }
    if transactions {
        records.push(MetadataRecord::EndTransactionRecord(
            EndTransactionRecord {},
        ));
    }
    records
}

/// A registration that says: node known, not running as a Kafka broker. Kafka replaces it when it
/// starts; its epoch is what `.kafka_cleanshutdown` must name for a stop to count as clean.
pub(super) fn registration(
    identity: &MetaProperties,
    broker_epoch: i64,
    image: &Image,
) -> RegisterBrokerRecord<'static> {
    let feature = |name: &str, max| BrokerFeature {
        name: name.to_owned().into(),
        min_supported_version: if name == METADATA_VERSION {
            METADATA_VERSION_MIN
        } else {
            0
        },
        max_supported_version: max,
    };
    let mut features: Vec<_> = image
        .features
        .iter()
        .map(|(name, level)| feature(name, *level))
        .collect();
    features.push(feature("kraft.version", 1));
    let versions = RecordVersions::at(image.metadata_version());
    RegisterBrokerRecord {
        broker_id: identity.node_id,
        incarnation_id: Uuid(TopicId::random().0),
        broker_epoch,
        end_points: vec![BrokerEndpoint {
            name: "PLAINTEXT".into(),
            host: "localhost".into(),
            port: 9092,
            security_protocol: 0,
        }],
        features,
        rack: None,
        fenced: true,
        log_dirs: if versions.has_directories() {
            vec![identity.directory_id]
        } else {
            vec![]
        },
        ..RegisterBrokerRecord::default()
    }
}
