//! What readers and waiters see of a log: offsets derived from the byte marks of its chain.
//!
//! Invariants: offsets only rise; a mark's offset is the end of the last whole batch below it; the
//! high watermark is the mark the topic's durability names. Atomics are read first, the lock is
//! taken only to move them or to wait. A waker list never grows past `WAITERS_MAX`: when it would,
//! everybody in it is woken and asks again. Who adds a boundary reads the chain's marks under the
//! lock: a sync that ends just before it is in the marks, one that ends just after it finds the
//! boundary. Marks read earlier would leave a gap in which the last sync is heard by nobody.
//! Absent on purpose: the append lock, files.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use segment::{ChainListener, Marks, Position, SegmentError};

use super::super::config::Durability;
use super::super::error::Poisoned;
use super::super::ids::KafkaOffset;

/// Marks of batches kept before older ones are thinned out.
const PENDING_MAX: usize = 8192;
const WAITERS_MAX: usize = 4096;

/// What somebody waits for a batch to reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ack {
    /// Survives the process being killed.
    Committed,
    /// Survives power loss.
    Durable,
    /// Readers may see it: the topic's durability names which of the other two that is.
    Visible,
}

/// A place between two batches: offset and byte position of the same boundary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Boundary {
    pub(crate) offset: KafkaOffset,
    pub(crate) position: Position,
}

/// Offsets of the marks, and who waits for them.
pub(crate) struct Shared {
    log_start: AtomicI64,
    log_end: AtomicI64,
    committed: AtomicI64,
    durable: AtomicI64,
    visible: AtomicI64,
    last_stable: AtomicI64,
    policy: AtomicU8,
    closed: AtomicBool,
    poisoned: OnceLock<Poisoned>,
    state: Mutex<State>,
}

struct State {
    /// Ends of batches that are not durable, oldest first.
    pending: VecDeque<Boundary>,
    committed: Boundary,
    durable: Boundary,
    visible: Boundary,
    /// First offset of the oldest open transaction.
    open_transaction: Option<KafkaOffset>,
    /// Transactions that ended, whose marker is not visible yet: first offset, marker's offset.
    ending: Vec<(KafkaOffset, KafkaOffset)>,
    ack_waiters: Vec<(Ack, KafkaOffset, Waker)>,
    newer_waiters: Vec<(KafkaOffset, Waker)>,
}

fn policy_of(durability: Durability) -> u8 {
    match durability {
        Durability::Os => 0,
        Durability::Disk => 1,
    }
}

impl Shared {
    /// A log that ends at `end`, all of it durable.
    pub(crate) fn new(log_start: KafkaOffset, end: Boundary, durability: Durability) -> Self {
        let offset = end.offset.0;
        Self {
            log_start: log_start.0.into(),
            log_end: offset.into(),
            committed: offset.into(),
            durable: offset.into(),
            visible: offset.into(),
            last_stable: offset.into(),
            policy: policy_of(durability).into(),
            closed: false.into(),
            poisoned: OnceLock::new(),
            state: Mutex::new(State {
                pending: VecDeque::new(),
                committed: end,
                durable: end,
                visible: end,
                open_transaction: None,
                ending: Vec::new(),
                ack_waiters: Vec::new(),
                newer_waiters: Vec::new(),
            }),
        }
    }

    pub(crate) fn log_start(&self) -> KafkaOffset {
        KafkaOffset(self.log_start.load(Ordering::Acquire))
    }

    pub(crate) fn raise_log_start(&self, to: KafkaOffset) -> bool {
        self.log_start.fetch_max(to.0, Ordering::AcqRel) < to.0
    }

    pub(crate) fn log_end(&self) -> KafkaOffset {
        KafkaOffset(self.log_end.load(Ordering::Acquire))
    }

    pub(crate) fn committed(&self) -> KafkaOffset {
        KafkaOffset(self.committed.load(Ordering::Acquire))
    }

    pub(crate) fn durable(&self) -> KafkaOffset {
        KafkaOffset(self.durable.load(Ordering::Acquire))
    }

    pub(crate) fn visible(&self) -> KafkaOffset {
        KafkaOffset(self.visible.load(Ordering::Acquire))
    }

    pub(crate) fn last_stable(&self) -> KafkaOffset {
        KafkaOffset(self.last_stable.load(Ordering::Acquire))
    }

    /// High watermark as offset and position of the same boundary.
    pub(crate) fn visible_boundary(&self) -> Boundary {
        self.state.lock().visible
    }

    /// `marks` reads the chain's; it is called under the lock.
    pub(crate) fn set_policy(&self, durability: Durability, marks: impl FnOnce() -> Marks) {
        let state = self.state.lock();
        self.policy.store(policy_of(durability), Ordering::Release);
        self.advance(state, marks());
    }

    /// Whether readers see a batch only once it is durable.
    pub(crate) fn waits_for_disk(&self) -> bool {
        self.policy.load(Ordering::Acquire) != 0
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Everybody who waits is woken and finds the log closed.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake_everybody();
    }

    pub(crate) fn poison_of(&self) -> Option<Poisoned> {
        self.poisoned.get().cloned()
    }

    fn wake_everybody(&self) {
        let mut state = self.state.lock();
        let acks = std::mem::take(&mut state.ack_waiters);
        let newer = std::mem::take(&mut state.newer_waiters);
        drop(state);
        acks.into_iter().for_each(|(_, _, waker)| waker.wake());
        newer.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// A batch ending at `end` is in the chain; `marks` reads the chain's, under the lock.
    pub(crate) fn appended(&self, end: Boundary, marks: impl FnOnce() -> Marks) {
        let mut state = self.state.lock();
        if state.pending.len() >= PENDING_MAX {
            state.thin_out();
        }
        state.pending.push_back(end);
        self.log_end.store(end.offset.0, Ordering::Release);
        self.advance(state, marks());
    }

    /// The open transactions have changed; `ended` is one that a marker just ended. `marks` reads
    /// the chain's, under the lock.
    pub(crate) fn transactions(
        &self,
        open: Option<KafkaOffset>,
        ended: Option<(KafkaOffset, KafkaOffset)>,
        marks: impl FnOnce() -> Marks,
    ) {
        let mut state = self.state.lock();
        state.open_transaction = open;
        state.ending.extend(ended);
        self.advance(state, marks());
    }

    fn advance(&self, mut state: parking_lot::MutexGuard<'_, State>, marks: Marks) {
        while let Some(first) = state
            .pending
            .front()
            .filter(|first| first.position <= marks.durable)
        {
            state.durable = *first;
            state.pending.pop_front();
        }
        let below = match state.pending.back() {
            Some(last) if last.position <= marks.committed => state.pending.len(),
            _ => state
                .pending
                .partition_point(|end| end.position <= marks.committed),
        };
        state.committed = match below.checked_sub(1) {
            Some(index) => state.pending[index],
            None => state.durable,
        };
        let mark = if self.waits_for_disk() {
            state.durable
        } else {
            state.committed
        };
        let rose = mark.offset > state.visible.offset;
        if rose {
            state.visible = mark;
        }
        self.durable
            .store(state.durable.offset.0, Ordering::Release);
        self.committed
            .fetch_max(state.committed.offset.0, Ordering::AcqRel);
        self.visible
            .store(state.visible.offset.0, Ordering::Release);
        self.last_stable
            .store(state.last_stable().0, Ordering::Release);
        let acks = self.take_reached(&mut state);
        let newer = if rose { state.take_newer() } else { Vec::new() };
        drop(state);
        acks.into_iter().chain(newer).for_each(Waker::wake);
    }

    /// Takes out the waiters that are served, and those that have to ask for another sync.
    fn take_reached(&self, state: &mut State) -> Vec<Waker> {
        if state.ack_waiters.is_empty() {
            return Vec::new();
        }
        let mut woken = Vec::new();
        let durable_rose = state.durable.offset;
        state.ack_waiters.retain(|(ack, upto, waker)| {
            // Thinned marks may hide that a batch is durable: who waits for that asks again.
            let ask_again = *ack == Ack::Durable && *upto > durable_rose && !self.waits_for_disk();
            let served = self.mark(*ack) >= *upto || ask_again;
            if served {
                woken.push(waker.clone());
            }
            !served
        });
        woken
    }

    fn mark(&self, ack: Ack) -> KafkaOffset {
        match ack {
            Ack::Committed => self.committed(),
            Ack::Durable => self.durable(),
            Ack::Visible => self.visible(),
        }
    }

    fn failed(&self) -> Option<Poisoned> {
        if let Some(poison) = self.poisoned.get() {
            return Some(poison.clone());
        }
        self.is_closed()
            .then(|| Poisoned("the log is closed".to_owned()))
    }

    pub(crate) fn poll_reached(
        &self,
        ack: Ack,
        upto: KafkaOffset,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Poisoned>> {
        if self.mark(ack) >= upto {
            return Poll::Ready(Ok(()));
        }
        if let Some(poison) = self.failed() {
            return Poll::Ready(Err(poison));
        }
        let mut state = self.state.lock();
        if self.mark(ack) >= upto {
            return Poll::Ready(Ok(()));
        }
        let waker = context.waker();
        if !state
            .ack_waiters
            .iter()
            .any(|(a, u, w)| *a == ack && *u == upto && w.will_wake(waker))
        {
            if state.ack_waiters.len() >= WAITERS_MAX {
                std::mem::take(&mut state.ack_waiters)
                    .into_iter()
                    .for_each(|(_, _, w)| w.wake());
            }
            state.ack_waiters.push((ack, upto, waker.clone()));
        }
        drop(state);
        // Poison set between the check and the push found nobody to wake.
        self.failed()
            .map_or(Poll::Pending, |poison| Poll::Ready(Err(poison)))
    }

    pub(crate) fn poll_newer(&self, than: KafkaOffset, context: &mut Context<'_>) -> Poll<()> {
        let ready = || self.visible() > than || self.is_closed() || self.poisoned.get().is_some();
        if ready() {
            return Poll::Ready(());
        }
        let mut state = self.state.lock();
        if ready() {
            return Poll::Ready(());
        }
        let waker = context.waker();
        match state
            .newer_waiters
            .iter_mut()
            .find(|(_, known)| known.will_wake(waker))
        {
            Some((known, _)) => *known = (*known).min(than),
            None => {
                if state.newer_waiters.len() >= WAITERS_MAX {
                    std::mem::take(&mut state.newer_waiters)
                        .into_iter()
                        .for_each(|(_, w)| w.wake());
                }
                state.newer_waiters.push((than, waker.clone()));
            }
        }
        Poll::Pending
    }

    /// The log was cut back to `end` (an empty log moved elsewhere, or a truncation).
    pub(crate) fn reset(&self, log_start: KafkaOffset, end: Boundary) {
        let mut state = self.state.lock();
        state.pending.clear();
        state.ending.clear();
        (state.committed, state.durable, state.visible) = (end, end, end);
        for cell in [
            &self.log_end,
            &self.committed,
            &self.durable,
            &self.visible,
            &self.last_stable,
        ] {
            cell.store(end.offset.0, Ordering::Release);
        }
        self.log_start.store(log_start.0, Ordering::Release);
    }
}

impl State {
    /// Halves the older marks; the newest stays, so that a full sync is always seen exactly.
    fn thin_out(&mut self) {
        let last = self.pending.len().saturating_sub(1);
        let mut index = 0usize;
        self.pending.retain(|_| {
            index += 1;
            index > last || index.is_multiple_of(2)
        });
    }

    fn last_stable(&mut self) -> KafkaOffset {
        let visible = self.visible.offset;
        self.ending.retain(|(_, marker)| *marker >= visible);
        let ending = self.ending.iter().map(|(first, _)| *first).min();
        [self.open_transaction, ending]
            .into_iter()
            .flatten()
            .fold(visible, KafkaOffset::min)
    }

    fn take_newer(&mut self) -> Vec<Waker> {
        let visible = self.visible.offset;
        let mut woken = Vec::new();
        self.newer_waiters.retain(|(than, waker)| {
            let ready = *than < visible;
            if ready {
                woken.push(waker.clone());
            }
            !ready
        });
        woken
    }
}

impl ChainListener for Shared {
    fn marks_moved(&self, marks: Marks) {
        self.advance(self.state.lock(), marks);
    }

    fn poisoned(&self, error: &SegmentError) {
        let _ = self.poisoned.set(Poisoned(error.to_string()));
        self.wake_everybody();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn at(offset: i64, position: u64) -> Boundary {
        Boundary {
            offset: KafkaOffset(offset),
            position: Position(position),
        }
    }

    fn marks(written: u64, committed: u64, durable: u64) -> Marks {
        Marks {
            written: Position(written),
            committed: Position(committed),
            durable: Position(durable),
        }
    }

    fn log(durability: Durability) -> Shared {
        Shared::new(KafkaOffset(0), at(0, 0), durability)
    }

    #[test]
    fn the_topics_durability_names_the_high_watermark() {
        for (durability, want) in [(Durability::Os, 2), (Durability::Disk, 1)] {
            let shared = log(durability);
            shared.appended(at(1, 100), || marks(100, 100, 0));
            shared.appended(at(2, 200), || marks(200, 200, 100));
            shared.appended(at(3, 300), || marks(300, 250, 150));
            assert_eq!(shared.visible(), KafkaOffset(want));
            assert_eq!(shared.committed(), KafkaOffset(2));
            assert_eq!(shared.durable(), KafkaOffset(1));
            assert_eq!(shared.log_end(), KafkaOffset(3));
            shared.marks_moved(marks(300, 300, 300));
            assert_eq!(shared.visible(), KafkaOffset(3));
        }
    }

    #[test]
    fn waiters_are_woken_once_when_their_mark_is_reached() {
        let shared = log(Durability::Disk);
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        shared.appended(at(1, 100), || marks(100, 100, 0));
        assert!(
            shared
                .poll_reached(Ack::Committed, KafkaOffset(1), &mut context)
                .is_ready()
        );
        for _ in 0..3 {
            assert!(
                shared
                    .poll_reached(Ack::Visible, KafkaOffset(1), &mut context)
                    .is_pending()
            );
        }
        assert!(shared.poll_newer(KafkaOffset(0), &mut context).is_pending());
        shared.marks_moved(marks(100, 100, 99));
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
        shared.marks_moved(marks(100, 100, 100));
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
        assert_eq!(
            shared.poll_reached(Ack::Visible, KafkaOffset(1), &mut context),
            Poll::Ready(Ok(()))
        );
        assert!(shared.poll_newer(KafkaOffset(0), &mut context).is_ready());
    }

    /// A sync that ends between an append's write and its boundary tells a log that does not know the boundary yet.
    #[test]
    fn no_mark_moves_between_reading_the_marks_and_adding_the_boundary() {
        let shared = log(Durability::Disk);
        let locked = || shared.state.is_locked();
        shared.appended(at(1, 100), || {
            assert!(locked(), "a sync could be heard here, and forgotten");
            marks(100, 100, 100)
        });
        assert_eq!(shared.visible(), KafkaOffset(1));
        shared.transactions(None, None, || {
            assert!(locked());
            marks(100, 100, 100)
        });
        shared.set_policy(Durability::Os, || {
            assert!(locked());
            marks(100, 100, 100)
        });
    }

    #[test]
    fn poison_reaches_those_who_wait_and_those_who_come_later() {
        let shared = log(Durability::Disk);
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        shared.appended(at(1, 100), || marks(100, 100, 0));
        assert!(
            shared
                .poll_reached(Ack::Durable, KafkaOffset(1), &mut context)
                .is_pending()
        );
        ChainListener::poisoned(&shared, &SegmentError::Closed);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(matches!(
            shared.poll_reached(Ack::Durable, KafkaOffset(1), &mut context),
            Poll::Ready(Err(_))
        ));
        assert!(
            shared
                .poll_reached(Ack::Committed, KafkaOffset(1), &mut context)
                .is_ready()
        );
    }

    #[test]
    fn thinning_never_loses_the_end() {
        let shared = log(Durability::Os);
        let batches = PENDING_MAX as u64 * 5;
        for batch in 1..=batches {
            shared.appended(at(batch as i64, batch * 10), || {
                marks(batch * 10, batch * 10, 0)
            });
            assert_eq!(shared.visible(), KafkaOffset(batch as i64));
        }
        assert!(shared.state.lock().pending.len() <= PENDING_MAX);
        shared.marks_moved(marks(batches * 10, batches * 10, batches * 10));
        assert_eq!(shared.durable(), KafkaOffset(batches as i64));
    }

    #[test]
    fn open_and_ending_transactions_hold_the_stable_offset() {
        let shared = log(Durability::Disk);
        shared.appended(at(5, 100), || marks(100, 100, 100));
        shared.transactions(Some(KafkaOffset(3)), None, || marks(100, 100, 100));
        assert_eq!(shared.last_stable(), KafkaOffset(3));
        shared.appended(at(6, 200), || marks(200, 200, 100));
        shared.transactions(None, Some((KafkaOffset(3), KafkaOffset(5))), || {
            marks(200, 200, 100)
        });
        assert_eq!(
            shared.last_stable(),
            KafkaOffset(3),
            "its marker is not visible yet"
        );
        shared.marks_moved(marks(200, 200, 200));
        assert_eq!(shared.last_stable(), KafkaOffset(6));
    }
}
