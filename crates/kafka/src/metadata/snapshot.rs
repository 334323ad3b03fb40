//! Snapshots of the metadata: `<end offset>-<epoch>.checkpoint`, read and written.
//!
//! Invariants: a snapshot is a header batch, data batches, a footer batch; without the footer it
//! does not count. It is written under another name, synced, renamed. What is written reads back
//! to an equal image.
//! Format: docs/formats/cluster-metadata.md.

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kafka_wire::{
    ConfigRecord, FeatureLevelRecord, MetadataRecord, PartitionRecord, ProducerIdsRecord,
    SnapshotFooterRecord, SnapshotHeaderRecord, TopicRecord, Uuid,
};

use super::error::OpenError;
use super::image::{Image, ResourceType};
use super::quorum::Quorum;
use super::records::{
    ControlBatch, ControlType, METADATA_VERSION, Place, RecordVersions, batch_of, unframe,
};
use super::segments::{BatchFile, Step};
use crate::log::batch::BatchView;
use crate::log::record;
use crate::log::{StorageError, small_file};

/// Records in one batch of a snapshot.
const BATCH_RECORDS: usize = 1024;

/// Name of the snapshot that ends before `offset`.
pub(super) fn path_of(dir: &Path, offset: i64, epoch: i32) -> PathBuf {
    dir.join(format!("{offset:020}-{epoch:010}.checkpoint"))
}

/// Hands every record of a batch to the image or the quorum.
pub(super) fn each_record(
    view: &BatchView<'_>,
    quorum: &mut Quorum,
    mut data: impl FnMut(MetadataRecord<'_>) -> Result<(), String>,
) -> Result<u64, String> {
    let control = view.header().is_control();
    let (mut outcome, mut count) = (Ok(()), 0);
    let walked = record::visit(view, |record| {
        outcome = if control {
            quorum.apply(&record)
        } else {
            let value = record
                .value
                .ok_or_else(|| "a record has no value".to_owned());
            value.and_then(unframe).and_then(&mut data)
        };
        count += 1;
        match &mut outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(why) => {
                *why = format!("offset {}: {why}", record.offset);
                ControlFlow::Break(())
            }
        }
    });
    outcome?;
    walked.map_err(|defect| defect.to_string())?;
    Ok(count)
}

/// Reads a snapshot file; the image's end offset is left alone.
///
/// # Errors
/// `Damaged` unless it is whole, or `Io`.
pub(super) fn read(path: &Path, image: &mut Image, quorum: &mut Quorum) -> Result<u64, OpenError> {
    let mut file = BatchFile::open(path)?;
    let (mut expected, mut records, mut complete) = (0, 0, false);
    loop {
        let at = file.at();
        let defect = match file.step(expected)? {
            Step::End if complete => return Ok(records),
            Step::End => "it has no footer".to_owned(),
            Step::Bad(why) => why,
            Step::Whole(view) => {
                expected = view.header().next_offset().0;
                complete = is_footer(&view);
                match each_record(&view, quorum, |record| image.apply(record)) {
                    Ok(count) => {
                        records += count;
                        continue;
                    }
                    Err(why) => why,
                }
            }
        };
        return Err(OpenError::damaged(path, at, defect));
    }
}

fn is_footer(view: &BatchView<'_>) -> bool {
    let mut footer = false;
    let walked = record::visit(view, |record| {
        footer = ControlType::of_key(record.key) == Some(ControlType::SnapshotFooter);
        ControlFlow::Continue(())
    });
    view.header().is_control() && walked.is_ok() && footer
}

/// The records that make up an image, features first, as Kafka orders them.
pub(super) fn records_of(image: &Image) -> Vec<MetadataRecord<'_>> {
    let mut records = Vec::new();
    let mut feature = |name, feature_level| {
        let record = FeatureLevelRecord {
            name,
            feature_level,
        };
        records.push(MetadataRecord::FeatureLevelRecord(record));
    };
    feature(METADATA_VERSION.into(), image.metadata_version());
    for (name, level) in image
        .features
        .iter()
        .filter(|(name, _)| *name != METADATA_VERSION)
    {
        feature(name.as_str().into(), *level);
    }
    let retained = &image.retained;
    for broker in image.brokers.values() {
        records.push(MetadataRecord::RegisterBrokerRecord(broker.clone()));
    }
    for controller in retained.controllers.values() {
        records.push(MetadataRecord::RegisterControllerRecord(controller.clone()));
    }
    push_topics(image, &mut records);
    push_configs(image, &mut records);
    records.extend(
        retained
            .quotas
            .values()
            .cloned()
            .map(MetadataRecord::ClientQuotaRecord),
    );
    if image.next_producer_id > 0 {
        records.push(MetadataRecord::ProducerIdsRecord(ProducerIdsRecord {
            broker_id: -1,
            broker_epoch: -1,
            next_producer_id: image.next_producer_id,
        }));
    }
    records.extend(
        retained
            .acls
            .values()
            .cloned()
            .map(MetadataRecord::AccessControlEntryRecord),
    );
    records.extend(
        retained
            .scram
            .values()
            .cloned()
            .map(MetadataRecord::UserScramCredentialRecord),
    );
    records.extend(
        retained
            .tokens
            .values()
            .cloned()
            .map(MetadataRecord::DelegationTokenRecord),
    );
    records
}

fn push_topics<'i>(image: &'i Image, records: &mut Vec<MetadataRecord<'i>>) {
    let mut topics: Vec<_> = image.topics().collect();
    topics.sort_by_key(|topic| topic.id);
    for topic in topics {
        records.push(MetadataRecord::TopicRecord(TopicRecord {
            name: (&*topic.name).into(),
            topic_id: Uuid(topic.id.0),
        }));
        for (_, partition) in topic.partitions() {
            let record: PartitionRecord = partition.record.clone();
            records.push(MetadataRecord::PartitionRecord(record));
        }
    }
}

fn push_configs<'i>(image: &'i Image, records: &mut Vec<MetadataRecord<'i>>) {
    let mut types: Vec<ResourceType> = image.configs.keys().copied().collect();
    types.sort();
    for kind in types {
        for (resource, settings) in image.configured(kind) {
            for (name, value) in settings.iter() {
                records.push(MetadataRecord::ConfigRecord(ConfigRecord {
                    resource_type: kind.0,
                    resource_name: (&**resource).into(),
                    name: name.as_str().into(),
                    value: Some(value.as_str().into()),
                }));
            }
        }
    }
}

/// A snapshot's bytes: header, `records` in batches, footer. With `voters`, they follow the header.
pub(super) fn encode(
    records: &[MetadataRecord<'_>],
    versions: RecordVersions,
    voters: Option<&Quorum>,
    place: SnapshotPlace,
) -> Result<Vec<u8>, String> {
    let at = |base_offset| Place {
        base_offset,
        epoch: place.epoch,
        timestamp_ms: place.timestamp_ms,
    };
    let mut header = ControlBatch::at(at(0));
    let header_record = SnapshotHeaderRecord {
        version: 0,
        last_contained_log_timestamp: place.last_log_timestamp_ms,
    };
    header.push(ControlType::SnapshotHeader, &header_record)?;
    let mut next_offset = 1i64;
    if let Some(quorum) = voters.filter(|quorum| quorum.kraft_version > 0) {
        quorum.push_voters(&mut header)?;
        next_offset = 3;
    }
    let mut bytes = header.finish()?;
    for chunk in records.chunks(BATCH_RECORDS) {
        bytes.extend(batch_of(chunk, versions, at(next_offset))?);
        next_offset += i64::try_from(chunk.len()).unwrap_or_default();
    }
    let mut footer = ControlBatch::at(at(next_offset));
    footer.push(
        ControlType::SnapshotFooter,
        &SnapshotFooterRecord { version: 0 },
    )?;
    bytes.extend(footer.finish()?);
    Ok(bytes)
}

/// Epoch and times that stand in a snapshot's batches.
#[derive(Debug, Clone, Copy)]
pub(super) struct SnapshotPlace {
    pub(super) epoch: i32,
    pub(super) timestamp_ms: i64,
    pub(super) last_log_timestamp_ms: i64,
}

/// Puts a snapshot into place, synced; `bytes` are what [`encode`] gave.
///
/// # Errors
/// `Io`.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    // Kafka removes leftovers of this name when it opens the directory.
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    File::create(&part)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|error| StorageError::io("write", path, error))?;
    small_file::sync_parent(path)
}
