//! The answer to a fetch: reads, waits until there is enough, writes itself.
//!
//! Invariants: reading is repeated from the start on each wake, so what is answered is one consistent pass; the byte
//! limits are kept except for the first batch of the first partition that has data. Nothing here waits for the disk.

use std::sync::Arc;
use std::task::{Context, Poll};

use kafka_wire::{ApiKey, ErrorCode};
use segment::Part;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::encode;
use super::target::{Read, Target};
use crate::api::{Close, RequestContext};
use crate::broker::Broker;
use crate::broker::fetch_sessions::{Opened, Session};
use crate::broker::routes::Routes;
use crate::connection::{Buffers, Output, Waiting};
use crate::log::txn_index::AbortedTxn;
use crate::log::{Access, Isolation};

/// Limits of one fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) max_bytes: usize,
    pub(super) min_bytes: usize,
    pub(super) deadline: Instant,
    pub(super) isolation: Isolation,
}

/// What is answered for one partition.
#[derive(Debug)]
pub(super) struct PartitionAnswer {
    pub(super) slot: u32,
    pub(super) error: ErrorCode,
    pub(super) high_watermark: i64,
    pub(super) last_stable: i64,
    pub(super) log_start: i64,
    pub(super) aborted: Option<Vec<AbortedTxn>>,
    /// Epoch and end offset.
    pub(super) diverging: Option<(i32, i64)>,
    pub(super) parts: Vec<Part>,
    pub(super) bytes: usize,
}

/// Reads done on the blocking pool, by slot.
type Warmed = Vec<(u32, Read)>;

#[derive(Debug)]
pub(crate) struct FetchAnswer {
    broker: Arc<Broker>,
    pub(super) correlation_id: i32,
    pub(super) version: i16,
    bounds: Bounds,
    pub(super) session: Result<Opened, ErrorCode>,
    pub(super) partitions: Vec<PartitionAnswer>,
    warming: Option<JoinHandle<Warmed>>,
    warmed: Warmed,
}

/// What a pass over the partitions found.
struct Pass {
    bytes: usize,
    /// Something that is answered at once however little data there is.
    urgent: bool,
    cold: Vec<u32>,
}

impl FetchAnswer {
    pub(super) fn new(
        context: &RequestContext<'_>,
        broker: Arc<Broker>,
        bounds: Bounds,
        session: Result<Opened, ErrorCode>,
    ) -> Self {
        Self {
            broker,
            correlation_id: context.correlation_id,
            version: context.version,
            bounds,
            session,
            partitions: Vec::new(),
            warming: None,
            warmed: Vec::new(),
        }
    }

    /// Ready when the partitions of the answer are settled.
    fn poll_filled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Ok(opened) = &self.session else {
            return Poll::Ready(());
        };
        let opened = opened.clone();
        // Warmed once, an answer goes out with what was read: partitions that turn cold meanwhile come with the next
        // request. Warming in turns would serve nobody while several of them do not fit the answer together.
        let mut was_warmed = false;
        loop {
            if let Some(warming) = &mut self.warming {
                // A pool that panicked leaves the partitions cold; they are tried again by the next request.
                let done = std::task::ready!(std::pin::Pin::new(warming).poll(cx));
                self.warmed = done.unwrap_or_default();
                self.warming = None;
                was_warmed = true;
            }
            let routes = self.broker.routes().current();
            let mut session = opened.session.lock();
            let pass = self.read(&mut session, &routes);
            if !pass.cold.is_empty() && !was_warmed {
                self.warming = Some(warm(&mut session, &routes, self.bounds, &pass.cold));
                continue;
            }
            self.warmed.clear();
            let enough =
                pass.urgent || pass.bytes >= self.bounds.min_bytes || session.targets.is_empty();
            if enough || Instant::now() >= self.bounds.deadline {
                self.conclude(&mut session, opened.incremental);
                return Poll::Ready(());
            }
            if wait(&session, cx).is_pending() {
                self.partitions.clear();
                return Poll::Pending;
            }
            was_warmed = false;
        }
    }

    /// Reads every partition once, in order.
    fn read(&mut self, session: &mut Session, routes: &Routes) -> Pass {
        let mut pass = Pass {
            bytes: 0,
            urgent: false,
            cold: Vec::new(),
        };
        self.partitions.clear();
        self.partitions.reserve(session.targets.len());
        for at in 0..session.targets.len() {
            let Some(slot) = session.targets.order().get(at).copied() else {
                break;
            };
            let Some(target) = session.targets.get_mut(slot) else {
                continue;
            };
            let left_bytes = self.bounds.max_bytes.saturating_sub(pass.bytes);
            let warmed = self.warmed.iter().position(|(warm, _)| *warm == slot);
            let read = match warmed {
                Some(at) => self.warmed.swap_remove(at).1,
                None => {
                    let first = pass.bytes == 0;
                    target.read(
                        routes,
                        self.bounds.isolation,
                        left_bytes,
                        first,
                        Access::InMemory,
                    )
                }
            };
            let answer = PartitionAnswer::of(slot, read);
            pass.bytes += answer.bytes;
            pass.urgent |= answer.error.is_error() || answer.diverging.is_some();
            if answer.error == ErrorCode::None && answer.high_watermark < 0 {
                pass.cold.push(slot);
            }
            self.partitions.push(answer);
        }
        pass
    }

    /// Fixes what is answered, and notes in the session what its reader now knows.
    fn conclude(&mut self, session: &mut Session, incremental: bool) {
        let mut served = Vec::new();
        self.partitions.retain_mut(|answer| {
            if answer.high_watermark < 0 && answer.error == ErrorCode::None {
                // Went cold again while others were warmed.
                answer.high_watermark = 0;
                return !incremental;
            }
            let Some(target) = session.targets.get_mut(answer.slot) else {
                return false;
            };
            let failed = answer.error.is_error();
            let matters = failed || answer.bytes > 0 || answer.diverging.is_some();
            let told = target.tell(answer.high_watermark, answer.log_start, matters);
            if failed {
                target.untell();
            }
            if answer.bytes > 0 {
                served.push(answer.slot);
            }
            told || !incremental
        });
        session.targets.move_back(&served);
    }
}

impl PartitionAnswer {
    fn of(slot: u32, read: Read) -> Self {
        let mut answer = Self {
            slot,
            error: ErrorCode::None,
            high_watermark: -1,
            last_stable: -1,
            log_start: -1,
            aborted: None,
            diverging: None,
            parts: Vec::new(),
            bytes: 0,
        };
        match read {
            Read::Data(fetched) => {
                answer.high_watermark = fetched.high_watermark.0;
                answer.last_stable = fetched.last_stable_offset.0;
                answer.log_start = fetched.log_start_offset.0;
                answer.aborted = fetched.aborted;
                answer.bytes = fetched.bytes;
                answer.parts = fetched.parts;
            }
            Read::Diverging {
                epoch,
                end,
                high_watermark,
                log_start,
            } => {
                answer.high_watermark = high_watermark.0;
                answer.log_start = log_start.0;
                answer.diverging = Some((epoch, end.0));
            }
            Read::Failed(error) => answer.error = error,
            // Told apart by its high watermark of −1 without an error.
            Read::Cold => {}
        }
        answer
    }
}

/// Reads the cold partitions where waiting for the disk is allowed.
fn warm(
    session: &mut Session,
    routes: &Arc<Routes>,
    bounds: Bounds,
    cold: &[u32],
) -> JoinHandle<Warmed> {
    let mut targets: Vec<(u32, Target)> = Vec::with_capacity(cold.len());
    for slot in cold {
        if let Some(target) = session.targets.get(*slot) {
            targets.push((*slot, target.again()));
        }
    }
    let routes = Arc::clone(routes);
    tokio::task::spawn_blocking(move || {
        let mut left_bytes = bounds.max_bytes;
        let mut warmed = Warmed::with_capacity(targets.len());
        for (slot, mut target) in targets {
            let first = left_bytes == bounds.max_bytes;
            let read = target.read(
                &routes,
                bounds.isolation,
                left_bytes,
                first,
                Access::MayBlock,
            );
            if let Read::Data(fetched) = &read {
                left_bytes = left_bytes.saturating_sub(fetched.bytes);
            }
            warmed.push((slot, read));
        }
        warmed
    })
}

/// Ready when a partition has more than it had a moment ago.
fn wait(session: &Session, cx: &mut Context<'_>) -> Poll<()> {
    for target in session.targets.iter() {
        let Some(log) = target.log() else { continue };
        let Ok(high_watermark) = log.high_watermark() else {
            continue;
        };
        // What lies below it was looked at already and was too little.
        let than = high_watermark.max(target.offset);
        if log.poll_newer(than, cx).is_ready() {
            return Poll::Ready(());
        }
    }
    Poll::Pending
}

impl Waiting for FetchAnswer {
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Output,
        buffers: &Buffers,
    ) -> Poll<Result<(), Close>> {
        std::task::ready!(self.poll_filled(cx));
        let version = self.version;
        let encoded = encode::encode(self, output, buffers);
        Poll::Ready(encoded.map_err(|error| Close::Unanswerable {
            api: ApiKey::Fetch,
            version,
            error,
        }))
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.bounds.deadline)
    }

    fn cut_short(&mut self) {
        self.bounds.deadline = Instant::now();
    }
}
