//! Producer ids: unique for the life of the cluster.
//!
//! Ids are reserved in the metadata a block at a time and handed out from memory; what is left of a block at a stop
//! is never used.

use std::ops::Range;

use parking_lot::Mutex;

use crate::metadata::{ChangeError, Metadata, PRODUCER_ID_BLOCK};

#[derive(Debug, Default)]
pub(crate) struct ProducerIds {
    block: Mutex<Range<i64>>,
}

impl ProducerIds {
    /// An id from the block in hand, if there is one.
    pub(crate) fn ready(&self) -> Option<i64> {
        self.block.lock().next()
    }

    /// An id, from a new block if need be. May wait for the disk.
    ///
    /// # Errors
    /// As the metadata's.
    pub(crate) fn next(&self, metadata: &Metadata) -> Result<i64, ChangeError> {
        let mut block = self.block.lock();
        if let Some(id) = block.next() {
            return Ok(id);
        }
        *block = metadata.allocate_producer_ids(PRODUCER_ID_BLOCK)?;
        block
            .next()
            .ok_or_else(|| ChangeError::Poisoned("an empty block of producer ids".to_owned()))
    }
}
