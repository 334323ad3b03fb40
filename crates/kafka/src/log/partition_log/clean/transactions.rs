//! Which batches belong to aborted transactions, and which markers nobody needs any more.
//!
//! Batches must come in the order of the log. A marker may go once no batch of its transaction was met on the way to it:
//! then there is none left.

use std::collections::{HashMap, HashSet};

use super::super::super::batch::BatchView;
use super::super::super::ids::KafkaOffset;
use super::super::super::txn_index::AbortedTxn;
use super::super::append::marker_of;

#[derive(Default)]
pub(super) struct Transactions {
    /// Not begun yet, the next one last.
    aborted: Vec<AbortedTxn>,
    /// Begun and not ended, by producer; whether a batch of it was met.
    ongoing_aborted: HashMap<i64, (AbortedTxn, bool)>,
    ongoing_committed: HashSet<i64>,
    /// Aborted ones whose markers stay, in order of their markers.
    kept: Vec<AbortedTxn>,
}

impl Transactions {
    /// Knows these aborted transactions of the log.
    pub(super) fn new(mut aborted: Vec<AbortedTxn>) -> Self {
        aborted.sort_unstable_by_key(|one| std::cmp::Reverse(one.first_offset));
        Self {
            aborted,
            ..Self::default()
        }
    }

    /// Takes note of the next batch. True if its records can go: they were aborted, or it is a marker nobody needs.
    pub(super) fn read(&mut self, view: &BatchView<'_>) -> bool {
        let header = view.header();
        self.begin_up_to(header.last_offset());
        if header.is_control() {
            return self.marker(view);
        }
        if !header.is_transactional() {
            return false;
        }
        match self.ongoing_aborted.get_mut(&header.producer_id) {
            Some((_, met)) => {
                *met = true;
                true
            }
            None => {
                self.ongoing_committed.insert(header.producer_id);
                false
            }
        }
    }

    fn begin_up_to(&mut self, offset: KafkaOffset) {
        while let Some(next) = self.aborted.pop_if(|next| next.first_offset <= offset) {
            self.ongoing_aborted
                .entry(next.producer_id)
                .or_insert((next, false));
        }
    }

    fn marker(&mut self, view: &BatchView<'_>) -> bool {
        let producer = view.header().producer_id;
        let Some(marker) = marker_of(view.bytes()) else {
            // Emptied by an earlier pass, or a control record of another kind: those stay.
            return view.header().record_count == 0;
        };
        if !marker.abort {
            return !self.ongoing_committed.remove(&producer);
        }
        match self.ongoing_aborted.remove(&producer) {
            Some((transaction, true)) => {
                self.kept.push(transaction);
                false
            }
            _ => true,
        }
    }

    /// Takes out the aborted transactions whose markers stayed since the last call.
    pub(super) fn take_kept(&mut self) -> Vec<AbortedTxn> {
        std::mem::take(&mut self.kept)
    }
}
