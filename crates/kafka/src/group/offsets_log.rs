//! `__consumer_offsets` as a [`Journal`]: partition logs like any other.

use std::future::poll_fn;
use std::sync::Arc;

use segment::Part;

use super::journal::{Journal, JournalError, Wait};
use crate::log::batch::{BatchView, Batches};
use crate::log::{
    Access, Ack, AppendContext, AppendError, Clock, Isolation, KafkaOffset, LogDir, PartitionLog,
    TopicPartition,
};
use crate::metadata::{Metadata, OFFSETS_TOPIC};

/// Bytes read at a time when a partition is read from its start.
const READ_BYTES: usize = 1 << 20;

/// The offsets topic of a data directory.
pub(super) struct OffsetsLog {
    pub(super) logs: Arc<LogDir>,
    pub(super) metadata: Arc<Metadata>,
    pub(super) clock: Arc<dyn Clock>,
}

impl OffsetsLog {
    fn log(&self, partition: i32) -> Result<Arc<PartitionLog>, JournalError> {
        self.logs
            .log(&TopicPartition::new(OFFSETS_TOPIC, partition))
            .ok_or(JournalError::Missing)
    }
}

impl Journal for OffsetsLog {
    fn partitions(&self) -> Option<i32> {
        self.metadata
            .topic(OFFSETS_TOPIC)
            .map(|topic| topic.partition_count())
    }

    fn is_made(&self) -> bool {
        let Some(count) = self.partitions() else {
            return false;
        };
        (0..count).all(|partition| self.log(partition).is_ok())
    }

    fn append(&self, partition: i32, batch: &mut [u8]) -> Result<KafkaOffset, JournalError> {
        let log = self.log(partition)?;
        let appended = log.append(batch, &AppendContext::coordinator(self.clock.now_ms()));
        appended.map(|appended| appended.end).map_err(|error| match error {
            AppendError::NoSpace(_) => JournalError::Full,
            AppendError::Closed => JournalError::Missing,
            AppendError::TooLarge { .. } | AppendError::LargerThanSegment { .. } => {
                JournalError::TooLarge
            }
            other => {
                tracing::error!(partition, error = %other, "__consumer_offsets takes no records");
                JournalError::Broken
            }
        })
    }

    fn reached(&self, partition: i32, end: KafkaOffset) -> Wait {
        let log = self.log(partition);
        Box::pin(async move {
            let log = log?;
            let reached = poll_fn(|context| log.poll_reached(Ack::Visible, end, context)).await;
            reached.map_err(|_| JournalError::Broken)
        })
    }

    fn replay(
        &self,
        partition: i32,
        visit: &mut dyn FnMut(BatchView<'_>),
    ) -> Result<(), JournalError> {
        let log = self.log(partition)?;
        let mut from = log.log_start_offset().map_err(|_| JournalError::Broken)?;
        let mut bytes = Vec::new();
        loop {
            let read = log.read(from, READ_BYTES, true, Isolation::LogEnd, Access::MayBlock);
            let fetched = read.map_err(|error| broken(partition, &error))?;
            bytes.clear();
            for part in fetched.parts {
                copy(&part, &mut bytes).map_err(|error| broken(partition, &error))?;
            }
            let mut last = from;
            for batch in Batches::of(&bytes) {
                // The read may end inside a batch.
                let Ok(batch) = batch else { break };
                last = batch.header().next_offset();
                visit(batch);
            }
            if last <= from {
                return Ok(());
            }
            from = last;
        }
    }
}

fn broken(partition: i32, error: &dyn std::fmt::Display) -> JournalError {
    tracing::error!(partition, %error, "__consumer_offsets cannot be read");
    JournalError::Broken
}

fn copy(part: &Part, into: &mut Vec<u8>) -> std::io::Result<()> {
    match part {
        Part::Mem(lease) => into.extend_from_slice(lease),
        Part::File { file, offset, len } => {
            use std::os::unix::fs::FileExt;
            let start = into.len();
            into.resize(start + len, 0);
            let end = into.get_mut(start..).unwrap_or_default();
            file.read_exact_at(end, *offset)?;
        }
    }
    Ok(())
}
