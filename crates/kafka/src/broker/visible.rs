//! Read your own writes: what was acknowledged before a question is part of its answer.
//!
//! On a topic that promises the disk, `acks=1` comes before the sync, and readers see nothing that is not synced. So
//! whoever asks where a log ends waits for the sync of what is in it: milliseconds, shared with everybody else's.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::log::{Ack, Durability, PartitionLog};

/// Waits until readers see everything that is in `logs` now. A log that takes no more syncs is not waited for.
pub(crate) async fn visible(logs: &[Arc<PartitionLog>]) {
    let mut waits = Vec::with_capacity(logs.len());
    for log in logs.iter().filter(|log| log.is_open()) {
        let ack = match log.policy() {
            Durability::Os => Ack::Committed,
            Durability::Disk => Ack::Durable,
        };
        if let Ok(end) = log.log_end_offset() {
            waits.push((log, ack, end));
        }
    }
    poll_fn(|cx| {
        waits.retain(|(log, ack, end)| {
            // The mark first, for that asks for the sync; then what readers see.
            log.poll_reached(*ack, *end, cx).is_pending()
                || log.poll_reached(Ack::Visible, *end, cx).is_pending()
        });
        if waits.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
