//! The one writer of the metadata log: takes the log over, appends, publishes, snapshots.
//!
//! Invariants: a record is applied to the published image only after its batch is on the disk; an
//! epoch begins with the first change after an opening, not with the opening.
//! Absent on purpose: which records a change needs (`change`).

use std::sync::Arc;

use kafka_wire::{AbortTransactionRecord, MetadataRecord};

use super::Metadata;
use super::error::ChangeError;
use super::image::Image;
use super::names::Collisions;
use super::quorum::Quorum;
use super::records::{METADATA_VERSION, Place, RecordVersions, batch_of};
use super::snapshot::{self, SnapshotPlace};
use super::store::{MetadataLog, Replayed};
use crate::log::leader_epochs::LeaderEpochs;
use crate::log::{KafkaOffset, TopicId};

/// Log written or read since the last snapshot that makes the next one due (Kafka's default).
const SNAPSHOT_AFTER_BYTES: u64 = 20 << 20;

/// The one who writes.
#[derive(Debug)]
pub(super) struct Writer {
    log: MetadataLog,
    quorum: Quorum,
    epoch_begun: bool,
    log_is_empty: bool,
    open_transaction: bool,
    pub(super) collisions: Collisions,
    since_snapshot_bytes: u64,
    last_timestamp_ms: i64,
}

impl Writer {
    pub(super) fn new(log: MetadataLog, found: &Replayed) -> Self {
        let mut collisions = Collisions::default();
        found
            .image
            .topics()
            .for_each(|topic| collisions.insert(topic.name()));
        Self {
            log,
            quorum: found.quorum.clone(),
            epoch_begun: false,
            log_is_empty: found.image.end_offset() == 0,
            open_transaction: found.open_transaction,
            collisions,
            since_snapshot_bytes: found.log_bytes,
            last_timestamp_ms: found.last_timestamp_ms,
        }
    }

    pub(super) fn epoch(&self) -> i32 {
        self.quorum.epoch
    }
}

impl Metadata {
    /// Lets `decide` look at the present and say what to append; appends it.
    pub(super) fn change<'r>(
        &self,
        decide: impl FnOnce(&Image, &Writer) -> Result<Vec<MetadataRecord<'r>>, ChangeError>,
    ) -> Result<(), ChangeError> {
        let mut writer = self.writer.lock();
        let records = decide(&self.image(), &writer)?;
        if records.is_empty() {
            return Ok(());
        }
        self.begin_epoch(&mut writer)?;
        self.append(&mut writer, records)?;
        if writer.since_snapshot_bytes >= SNAPSHOT_AFTER_BYTES {
            self.snapshot(&mut writer);
        }
        Ok(())
    }

    /// Takes the log over from whoever wrote it last.
    fn begin_epoch(&self, writer: &mut Writer) -> Result<(), ChangeError> {
        if writer.epoch_begun {
            return Ok(());
        }
        let end = self.image().end_offset();
        let node_id = self.node_id();
        let epoch = writer.quorum.epoch.saturating_add(1);
        writer
            .log
            .drop_stale_indexes()
            .map_err(ChangeError::NotWritten)?;
        writer
            .quorum
            .write_state(&self.dir, node_id, epoch)
            .map_err(ChangeError::NotWritten)?;
        // Kafka rebuilds this file from the log, so a damaged one is begun anew.
        LeaderEpochs::load(&self.dir)
            .or_else(|_| Ok(LeaderEpochs::empty(&self.dir)))
            .and_then(|mut epochs| epochs.assign(epoch, KafkaOffset(end)))
            .map_err(ChangeError::NotWritten)?;
        writer.quorum.epoch = epoch;
        let place = Place {
            base_offset: end,
            epoch,
            timestamp_ms: self.clock.now_ms(),
        };
        let with_voters = writer.log_is_empty;
        let batch = writer
            .quorum
            .leader_change(place, node_id, with_voters)
            .map_err(ChangeError::InvalidRequest)?;
        writer.log.append(end, &batch)?;
        writer.epoch_begun = true;
        writer.log_is_empty = false;
        writer.since_snapshot_bytes += batch.len() as u64;
        let voters = if with_voters && writer.quorum.kraft_version > 0 {
            2
        } else {
            0
        };
        self.moved_to(end + 1 + voters);
        if writer.open_transaction {
            let reason = Some("Controller failover".into());
            let abort = MetadataRecord::AbortTransactionRecord(AbortTransactionRecord { reason });
            self.append(writer, vec![abort])?;
            writer.open_transaction = false;
        }
        Ok(())
    }

    fn moved_to(&self, end_offset: i64) {
        Arc::make_mut(&mut self.image.write()).end_offset = end_offset;
    }

    fn append(
        &self,
        writer: &mut Writer,
        mut records: Vec<MetadataRecord<'_>>,
    ) -> Result<(), ChangeError> {
        let image = self.image();
        let level = image.metadata_version().max(level_in(&records));
        let end = image.end_offset();
        drop(image);
        let now_ms = self.clock.now_ms();
        let place = Place {
            base_offset: end,
            epoch: writer.quorum.epoch,
            timestamp_ms: now_ms,
        };
        let versions = RecordVersions::at(level);
        for record in &mut records {
            if let MetadataRecord::PartitionRecord(partition) = record {
                versions.fit(partition);
            }
        }
        let batch = batch_of(&records, versions, place).map_err(ChangeError::InvalidRequest)?;
        writer.log.append(end, &batch)?;
        writer.since_snapshot_bytes += batch.len() as u64;
        writer.last_timestamp_ms = now_ms;
        let count = i64::try_from(records.len()).unwrap_or_default();
        let mut published = self.image.write();
        let image = Arc::make_mut(&mut published);
        for record in records {
            writer.note(image, &record);
            if let Err(why) = image.apply(record) {
                // Validated before it was written, so this is a defect of ours; readers keep what
                // could be applied, and the next start replays the same.
                tracing::error!(%why, "a metadata record was written that does not apply");
            }
        }
        image.end_offset = end + count;
        Ok(())
    }

    /// Writes a snapshot and lets the log go on in a new segment. A failure costs time at the next
    /// start, nothing else.
    fn snapshot(&self, writer: &mut Writer) {
        writer.since_snapshot_bytes = 0;
        let image = self.image();
        let place = SnapshotPlace {
            epoch: writer.quorum.epoch,
            timestamp_ms: self.clock.now_ms(),
            last_log_timestamp_ms: writer.last_timestamp_ms,
        };
        let versions = RecordVersions::at(image.metadata_version());
        let records = snapshot::records_of(&image);
        let path = snapshot::path_of(&self.dir, image.end_offset(), place.epoch);
        let written = snapshot::encode(&records, versions, Some(&writer.quorum), place)
            .and_then(|bytes| snapshot::write(&path, &bytes).map_err(|error| error.to_string()))
            .and_then(|()| {
                let rolled = writer.log.roll_and_trim(image.end_offset());
                rolled.map_err(|error| error.to_string())
            });
        match written {
            Ok(()) => tracing::info!(path = %path.display(), "metadata snapshot written"),
            Err(why) => tracing::warn!(%why, "no metadata snapshot"),
        }
    }

    /// Writes a snapshot now, however little was written since the last.
    pub fn write_snapshot(&self) -> Result<(), ChangeError> {
        let mut writer = self.writer.lock();
        self.begin_epoch(&mut writer)?;
        self.snapshot(&mut writer);
        Ok(())
    }
}

impl Writer {
    /// Keeps the table of clashing names in step with what is about to be applied.
    fn note(&mut self, image: &Image, record: &MetadataRecord<'_>) {
        match record {
            MetadataRecord::TopicRecord(topic) => self.collisions.insert(&Arc::from(&*topic.name)),
            MetadataRecord::RemoveTopicRecord(gone) => {
                if let Some(topic) = image.topic_by_id(TopicId(gone.topic_id.0)) {
                    self.collisions.remove(topic.name());
                }
            }
            _ => {}
        }
    }
}

/// The level the batch itself sets, for the very first one.
fn level_in(records: &[MetadataRecord<'_>]) -> i16 {
    let level = records.iter().find_map(|record| match record {
        MetadataRecord::FeatureLevelRecord(feature) if feature.name == METADATA_VERSION => {
            Some(feature.feature_level)
        }
        _ => None,
    });
    level.unwrap_or(0)
}
