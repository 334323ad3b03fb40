//! The coordinator's door to the log: append, wait until it is safe, read it all again.
//!
//! A trait, so that the coordinator can be tested with a log that fails when asked to.

use std::future::Future;
use std::pin::Pin;

use super::error::GroupError;
use crate::log::KafkaOffset;
use crate::log::batch::BatchView;

/// Why the log did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JournalError {
    /// There is no such partition (yet). Nothing was written.
    Missing,
    /// No space. Nothing was written; later it may be.
    Full,
    /// The record can never be written.
    TooLarge,
    /// The log takes no more writes; what was written last may or may not survive.
    Broken,
}

impl JournalError {
    /// What a client is told.
    pub(crate) fn for_client(self) -> GroupError {
        match self {
            Self::Missing | Self::Full => GroupError::NotAvailable,
            Self::TooLarge => GroupError::Unexpected,
            Self::Broken => GroupError::NotCoordinator,
        }
    }
}

/// A wait for durability.
pub(crate) type Wait = Pin<Box<dyn Future<Output = Result<(), JournalError>> + Send>>;

/// The partitions of `__consumer_offsets`.
pub(crate) trait Journal: Send + Sync + 'static {
    /// How many there are; `None` while the topic does not exist.
    fn partitions(&self) -> Option<i32>;

    /// True once every partition can be used: the topic is in the metadata before its logs exist.
    fn is_made(&self) -> bool;

    /// Appends one batch and returns the position after it. Not yet safe.
    fn append(&self, partition: i32, batch: &mut [u8]) -> Result<KafkaOffset, JournalError>;

    /// Waits until everything before `end` is as safe as the topic promises.
    fn reached(&self, partition: i32, end: KafkaOffset) -> Wait;

    /// Shows every batch, oldest first. Blocks on the disk.
    fn replay(
        &self,
        partition: i32,
        visit: &mut dyn FnMut(BatchView<'_>),
    ) -> Result<(), JournalError>;
}
