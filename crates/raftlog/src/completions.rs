//! Who waits for which append, and how far the log is durable.
//!
//! Invariants: callbacks run in the order of the appends, one at a time; each runs once; none runs before its bytes have
//! reached the mark that the log acknowledges at, as the chain says *now*: what a notice says may be older than a cut.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::{Condvar, Mutex};
use segment::{Chain, ChainListener, Mark, Marks, Position, SegmentError};

use crate::error::RaftLogError;
use crate::ledger::Ledger;
use crate::pool::Pool;
use crate::state::Checkpoint;

/// What is called when an append has reached its mark, or never will.
pub(crate) type Done = Box<dyn FnOnce(Result<(), RaftLogError>) + Send>;

/// Bytes after which the checkpoint is renewed.
const CHECKPOINT_BYTES: u64 = 8 << 20;

/// The queue. It is the listener of the log's chain.
pub(crate) struct Completions {
    ack: Mark,
    pool: Pool,
    chain: OnceLock<Weak<Chain>>,
    ledger: OnceLock<Weak<Ledger>>,
    poison: OnceLock<Arc<str>>,
    queue: Mutex<Queue>,
    quiet: Condvar,
    /// The first index that is not durable.
    durable_next: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Position, Done)>,
    /// Ends of appends that are not durable yet.
    ends: VecDeque<(Position, Checkpoint)>,
    durable: Checkpoint,
    /// The chain's durable mark at the last checkpoint.
    checkpointed: Position,
    /// Somebody is calling callbacks, and looks again when done.
    delivering: bool,
    failed: Option<RaftLogError>,
}

impl Completions {
    pub(crate) fn new(ack: Mark, pool: Pool, durable: Checkpoint) -> Self {
        let queue = Queue {
            durable,
            ..Queue::default()
        };
        Self {
            ack,
            pool,
            chain: OnceLock::new(),
            ledger: OnceLock::new(),
            poison: OnceLock::new(),
            queue: Mutex::new(queue),
            quiet: Condvar::new(),
            durable_next: AtomicU64::new(durable.expect.index),
        }
    }

    /// Tells the queue whose it is. Once, before the first append.
    pub(crate) fn belong_to(&self, chain: &Arc<Chain>, ledger: &Arc<Ledger>) {
        let _ = self.chain.set(Arc::downgrade(chain));
        let _ = self.ledger.set(Arc::downgrade(ledger));
    }

    pub(crate) fn ack(&self) -> Mark {
        self.ack
    }

    /// The first index that is not known to be durable.
    pub(crate) fn durable_next(&self) -> u64 {
        self.durable_next.load(Ordering::Acquire)
    }

    /// A place below which everything is durable: the highest known.
    pub(crate) fn durable(&self) -> Checkpoint {
        self.queue.lock().durable
    }

    /// Moves that place by hand: when the log is cut, or begun anew.
    pub(crate) fn set_durable(&self, place: Checkpoint) {
        let mut queue = self.queue.lock();
        queue.durable = place;
        queue.ends.clear();
        self.durable_next
            .store(place.expect.index, Ordering::Release);
    }

    /// Adds an append that ends at `end`; behind it lies `after`. Appends come in order.
    pub(crate) fn push(&self, end: Position, after: Checkpoint, done: Done) {
        let mut queue = self.queue.lock();
        queue.waiting.push_back((end, done));
        queue.ends.push_back((end, after));
    }

    /// Calls whom there is to call.
    pub(crate) fn advance(&self) {
        if self.deliver() {
            self.checkpoint_soon();
        }
    }

    /// As [`Self::advance`]; true if it is time for a checkpoint.
    fn deliver(&self) -> bool {
        // The chain only: on a thread that syncs, letting go of the log itself could close it, and wait for that thread.
        let Some(chain) = self.chain.get().and_then(Weak::upgrade) else {
            return false;
        };
        let mut queue = self.queue.lock();
        // Read under the lock: whatever is in the queue was written before, so a cut before that is seen.
        let is_due = self.note_durable(&mut queue, chain.marks().durable);
        if queue.delivering {
            return is_due;
        }
        queue.delivering = true;
        loop {
            let reached = chain.marks().get(self.ack);
            let failed = queue.failed.clone();
            let count = match failed {
                Some(_) => queue.waiting.len(),
                None => queue
                    .waiting
                    .iter()
                    .take_while(|(end, _)| *end <= reached)
                    .count(),
            };
            if count == 0 {
                queue.delivering = false;
                self.quiet.notify_all();
                return is_due;
            }
            let ready: Vec<(Position, Done)> = queue.waiting.drain(..count).collect();
            drop(queue);
            for (end, done) in ready {
                done(match &failed {
                    Some(error) if end > reached => Err(error.clone()),
                    _ => Ok(()),
                });
            }
            queue = self.queue.lock();
        }
    }

    /// Waits until nobody waits: everything that was appended has reached its mark, and those who asked know.
    pub(crate) fn quiesce(&self) {
        self.advance();
        let mut queue = self.queue.lock();
        while queue.delivering {
            self.quiet.wait(&mut queue);
        }
    }

    /// Moves the durable place; true if it is time for a checkpoint.
    fn note_durable(&self, queue: &mut Queue, durable: Position) -> bool {
        while let Some((end, place)) = queue.ends.front().copied()
            && end <= durable
        {
            queue.durable = place;
            queue.ends.pop_front();
        }
        self.durable_next
            .store(queue.durable.expect.index, Ordering::Release);
        let is_due = durable.0.saturating_sub(queue.checkpointed.0) >= CHECKPOINT_BYTES;
        if is_due || durable < queue.checkpointed {
            queue.checkpointed = durable;
        }
        is_due
    }

    /// Has the checkpoint renewed on another thread.
    pub(crate) fn checkpoint_soon(&self) {
        if let Some(ledger) = self.ledger.get() {
            let ledger = Weak::clone(ledger);
            self.pool.run(move || {
                if let Some(ledger) = ledger.upgrade() {
                    ledger.checkpoint();
                }
            });
        }
    }

    /// Why nothing is written any more, if so.
    pub(crate) fn poisoned(&self) -> Option<RaftLogError> {
        self.poison
            .get()
            .map(|why| RaftLogError::Poisoned(Arc::clone(why)))
    }

    /// Ends all writing; everybody who waits gets an error. The first cause stays, and is returned.
    pub(crate) fn poison(&self, error: &RaftLogError) -> RaftLogError {
        let why = match error {
            RaftLogError::Poisoned(why) => Arc::clone(why),
            other => other.to_string().into(),
        };
        if self.poison.set(Arc::clone(&why)).is_ok() {
            tracing::error!(cause = %why, "a Raft log takes no more writes");
        }
        let error = self.poisoned().unwrap_or(RaftLogError::Poisoned(why));
        self.fail(error.clone());
        error
    }

    /// Nothing will reach its mark any more.
    fn fail(&self, error: RaftLogError) {
        self.queue.lock().failed.get_or_insert(error);
        self.advance();
    }
}

impl ChainListener for Completions {
    fn marks_moved(&self, _marks: Marks) {
        self.advance();
    }

    fn poisoned(&self, error: &SegmentError) {
        self.poison(&RaftLogError::from(error.clone()));
    }
}
