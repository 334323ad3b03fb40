//! One connection that sends.
//!
//! Two halves of one task: the one makes batches and sends them, the other takes the answers. What
//! is on its way stands in a queue between them; the room in it is what the plan allows in flight.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kafka_wire::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_wire::produce_response::PartitionProduceResponse;
use kafka_wire::{ErrorCode, ProduceRequest};
use tokio::sync::{Notify, Semaphore};

use super::super::LoadError;
use super::super::pace::{Schedule, Timer};
use super::super::plan::{End, Work};
use super::super::recorder::{self, Recorder};
use super::lanes::{Dues, Lanes, Sealed};
use super::verify::Acknowledged;
use super::{Outage, Part, RECONNECT_PAUSE, Shared, connect};
use crate::client::{Acks, Answers, ClientError, Connection, PRODUCE_CEILING, Pending, Requests};

/// Groups in which records that were never sent are counted.
const UNSENT_GROUPS: u64 = 1000;

/// How long after its end an open loop may send what was due before.
const GRACE_NS: u64 = 1_000_000_000;

/// The runtime's timers do not take arbitrarily long times.
const LONGEST_WAIT: Duration = Duration::from_hours(30 * 24);

/// A request on its way.
struct Sent {
    pending: Pending,
    batches: Vec<Sealed>,
}

/// What is on its way.
struct Flight {
    queue: RefCell<VecDeque<Sent>>,
    arrived: Notify,
    room: Semaphore,
    /// No more will be sent on this connection.
    closed: RefCell<bool>,
}

/// One connection's sender.
struct Sender<'s> {
    shared: &'s Shared,
    lanes: RefCell<Lanes<'s>>,
    recorder: RefCell<Recorder>,
    timer: Timer,
    schedule: Option<Schedule>,
    /// How many records to make in all, if that is known.
    records: Option<u64>,
    deadline_ns: u64,
}

/// Sends until the plan is fulfilled.
pub(super) async fn run(shared: &Shared, index: u32) -> Result<Part, LoadError> {
    let first = connect(shared, index).await;
    let may_begin = shared.begin(first.is_ok()).await;
    let mut connected = Some(first?);
    let sender = Sender::new(shared, index)?;
    let mut outage = Outage::default();
    while may_begin && !sender.is_over() {
        let session = match connected.take() {
            Some(connected) => Ok(connected),
            None => connect(shared, index).await,
        };
        outage.note(session.is_ok(), shared);
        let ended = match session {
            Ok((connection, led)) => sender.session(connection, &led.partitions).await?,
            Err(error) => Err(error),
        };
        let Err(error) = ended else {
            continue;
        };
        let kind = recorder::kind_of(&error);
        let now_ns = shared.now_ns();
        sender.recorder.borrow_mut().error(kind, now_ns, 0);
        if outage.has_lasted(now_ns, shared) {
            break;
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
    sender.give_up_the_rest();
    Ok(Part {
        work: Work::Produce,
        half: sender.recorder.into_inner().finish(),
        end_to_end: recorder::histogram(),
    })
}

impl<'s> Sender<'s> {
    fn new(shared: &'s Shared, index: u32) -> Result<Self, LoadError> {
        let plan = &shared.plan;
        let connections = u64::from(plan.connections);
        let schedule = plan
            .rate
            .map(|rate| Schedule::new(rate, index, plan.connections));
        let (records, deadline_ns) = match plan.end {
            End::Records(all) => {
                let rest = u64::from(u64::from(index) < all % connections);
                (Some(all / connections + rest), u64::MAX)
            }
            End::After(time) => {
                let end = u64::try_from((plan.warm_up + time).as_nanos()).unwrap_or(u64::MAX);
                // What is due just before the end is still sent, if it can be without falling behind.
                let grace = schedule.map_or(0, |_| GRACE_NS);
                let records = schedule.map(|schedule| schedule.count_before(end));
                (records, end.saturating_add(grace))
            }
        };
        let lanes = Lanes::new(plan, &shared.payload, index, shared.before.len());
        Ok(Self {
            shared,
            lanes: RefCell::new(lanes),
            recorder: RefCell::new(Recorder::new(shared.measured_from_ns())),
            timer: Timer::new(shared.clock())?,
            schedule,
            records,
            deadline_ns,
        })
    }

    /// No further record is to be made.
    fn is_over(&self) -> bool {
        let made_all = self
            .records
            .is_some_and(|all| self.lanes.borrow().made() >= all);
        made_all || self.shared.is_stopped() || self.shared.now_ns() >= self.deadline_ns
    }

    /// One connection's life. The outer error ends the run, the inner one the connection.
    async fn session(
        &self,
        connection: Connection,
        partitions: &[i32],
    ) -> Result<Result<(), ClientError>, LoadError> {
        let lost = self.lanes.borrow_mut().lead(partitions);
        if lost > 0 {
            let kind = ErrorCode::NotLeaderOrFollower.name().to_owned();
            self.recorder
                .borrow_mut()
                .error(kind, self.shared.now_ns(), lost);
        }
        let in_flight = usize::try_from(self.shared.plan.in_flight).unwrap_or(1);
        let flight = Flight {
            queue: RefCell::default(),
            arrived: Notify::new(),
            room: Semaphore::new(in_flight),
            closed: RefCell::new(false),
        };
        let (mut requests, mut answers) = connection.split();
        let ended = {
            let sending = async {
                let outcome = self.send(&flight, &mut requests).await;
                *flight.closed.borrow_mut() = true;
                flight.arrived.notify_one();
                outcome
            };
            let taking = self.take(&flight, &mut answers);
            tokio::pin!(sending, taking);
            tokio::select! {
                biased;
                taken = &mut taking => match taken {
                    // Only after the sending has ended.
                    Ok(()) => sending.await,
                    Err(error) => Ok(Err(error)),
                },
                sent = &mut sending => match sent {
                    Ok(Ok(())) => Ok(taking.await),
                    other => other,
                },
            }
        }?;
        if let Err(error) = &ended {
            self.lose(&flight, error);
        }
        Ok(ended)
    }

    /// What was on its way when the connection broke: it may have arrived, nobody knows.
    fn lose(&self, flight: &Flight, error: &ClientError) {
        let mut recorder = self.recorder.borrow_mut();
        for sent in flight.queue.borrow_mut().drain(..) {
            let records: u64 = sent.batches.iter().map(|one| u64::from(one.records)).sum();
            recorder.error(recorder::kind_of(error), self.shared.now_ns(), records);
        }
    }

    async fn send(
        &self,
        flight: &Flight,
        requests: &mut Requests,
    ) -> Result<Result<(), ClientError>, LoadError> {
        loop {
            let is_over = self.is_over();
            let batches = match self.schedule {
                _ if is_over => self.lanes.borrow_mut().take_ready(0, true)?,
                None => {
                    if !self.wait_for_room(flight).await {
                        continue;
                    }
                    self.fill()?
                }
                Some(schedule) => self.gather(schedule)?,
            };
            if batches.is_empty() {
                if is_over {
                    return Ok(Ok(()));
                }
                if let Some(schedule) = self.schedule {
                    self.sleep(schedule).await?;
                }
                continue;
            }
            if self.schedule.is_some() || is_over {
                self.wait_for_room_or_for_ever(flight).await;
            }
            if let Err(error) = self.post(flight, requests, batches).await {
                return Ok(Err(error));
            }
        }
    }

    /// Waits for room in the flight; false when the run ends before.
    async fn wait_for_room(&self, flight: &Flight) -> bool {
        let left = Duration::from_nanos(self.deadline_ns.saturating_sub(self.shared.now_ns()));
        let until_end = tokio::time::sleep(left.min(LONGEST_WAIT));
        tokio::select! {
            biased;
            room = flight.room.acquire() => {
                if let Ok(room) = room {
                    room.forget();
                }
                true
            }
            () = self.shared.stopped() => false,
            () = until_end => false,
        }
    }

    /// For batches that exist already: they are sent whatever happens, or lost with the connection.
    async fn wait_for_room_or_for_ever(&self, flight: &Flight) {
        if let Ok(room) = flight.room.acquire().await {
            room.forget();
        }
    }

    /// A closed loop's next batches: all due now, made until one is full.
    fn fill(&self) -> Result<Vec<Sealed>, LoadError> {
        let now_ns = self.shared.now_ns();
        let now_ms = wall_ms();
        let mut lanes = self.lanes.borrow_mut();
        while self.records.is_none_or(|all| lanes.made() < all) {
            if lanes.push(now_ns, now_ms) {
                break;
            }
        }
        Ok(lanes.take_ready(now_ns, true)?)
    }

    /// An open loop's next batches: everything that is due by now, until one is full.
    fn gather(&self, schedule: Schedule) -> Result<Vec<Sealed>, LoadError> {
        let now_ns = self.shared.now_ns();
        let now_ms = wall_ms();
        let mut lanes = self.lanes.borrow_mut();
        while self.records.is_none_or(|all| lanes.made() < all) {
            let due_ns = schedule.due_ns(lanes.made());
            if due_ns > now_ns || lanes.push(due_ns, now_ms) {
                break;
            }
        }
        Ok(lanes.take_ready(now_ns, false)?)
    }

    /// Waits until there is something to send. Records that only join an open batch wake nobody.
    async fn sleep(&self, schedule: Schedule) -> Result<(), LoadError> {
        let wake_ns = {
            let lanes = self.lanes.borrow();
            let made = lanes.made();
            match lanes.deadline_ns() {
                None => schedule.due_ns(made),
                Some(deadline_ns) => deadline_ns.min(schedule.due_ns(made + lanes.room())),
            }
        };
        let wake_ns = wake_ns.min(self.deadline_ns);
        tokio::select! {
            biased;
            () = self.shared.stopped() => {}
            slept = self.timer.until(wake_ns) => {
                slept?;
                let now_ns = self.shared.now_ns();
                self.recorder.borrow_mut().lateness(wake_ns, now_ns);
            }
        }
        Ok(())
    }

    /// Sends one request with these batches.
    async fn post(
        &self,
        flight: &Flight,
        requests: &mut Requests,
        batches: Vec<Sealed>,
    ) -> Result<(), ClientError> {
        let plan = &self.shared.plan;
        let partition_data = batches.iter().map(|sealed| PartitionProduceData {
            index: sealed.partition,
            records: Some(sealed.encoded.as_slice().into()),
        });
        let request = ProduceRequest {
            transactional_id: None,
            acks: plan.acks.on_the_wire(),
            timeout_ms: i32::try_from(plan.patience.as_millis()).unwrap_or(i32::MAX),
            topic_data: vec![TopicProduceData {
                name: self.shared.target.topic.as_str().into(),
                partition_data: partition_data.collect(),
                ..TopicProduceData::default()
            }],
        };
        let staged = requests.stage(&request, PRODUCE_CEILING);
        let mut batches = batches;
        for sealed in &mut batches {
            sealed.encoded = Vec::new();
        }
        let pending = match staged {
            Ok(pending) => pending,
            Err(error) => {
                let records: u64 = batches.iter().map(|one| u64::from(one.records)).sum();
                let kind = recorder::kind_of(&error);
                self.recorder
                    .borrow_mut()
                    .error(kind, self.shared.now_ns(), records);
                return Err(error);
            }
        };
        // In the queue before it is on the wire, so that it is not forgotten when that fails.
        flight
            .queue
            .borrow_mut()
            .push_back(Sent { pending, batches });
        requests.flush().await?;
        if plan.acks == Acks::None {
            let sent = flight.queue.borrow_mut().pop_back();
            self.sent_without_answer(sent);
            flight.room.add_permits(1);
        } else {
            flight.arrived.notify_one();
        }
        Ok(())
    }

    /// With acks 0 a record is done when it is on its way; that has no latency worth the name.
    fn sent_without_answer(&self, sent: Option<Sent>) {
        let now_ns = self.shared.now_ns();
        let mut recorder = self.recorder.borrow_mut();
        recorder.request();
        for sealed in sent.iter().flat_map(|sent| &sent.batches) {
            self.settle_batch(&mut recorder, sealed, now_ns);
        }
    }

    /// Takes answers until no more can come.
    async fn take(&self, flight: &Flight, answers: &mut Answers) -> Result<(), ClientError> {
        loop {
            let arrived = flight.arrived.notified();
            if flight.queue.borrow().is_empty() {
                if *flight.closed.borrow() {
                    return Ok(());
                }
                arrived.await;
                continue;
            }
            let Some(sent) = self.next_answer(flight, answers).await? else {
                continue;
            };
            flight.room.add_permits(1);
            self.settle(sent)?;
        }
    }

    async fn next_answer(
        &self,
        flight: &Flight,
        answers: &mut Answers,
    ) -> Result<Option<Answered>, ClientError> {
        // Taken out only when it is answered, so that it is counted as lost otherwise.
        let Some(pending) = flight.queue.borrow().front().map(|sent| sent.pending) else {
            return Ok(None);
        };
        let patience = self.shared.plan.patience + Duration::from_secs(1);
        let taken =
            tokio::time::timeout(patience, answers.take::<ProduceRequest<'_>>(pending)).await;
        let answer = taken.unwrap_or_else(|_| {
            Err(ClientError::Timeout {
                address: answers.address().to_owned(),
                what: "Produce",
                waited_ms: patience.as_millis(),
            })
        })?;
        let now_ns = self.shared.now_ns();
        let response = answer.read()?;
        let results = response
            .responses
            .iter()
            .flat_map(|topic| &topic.partition_responses);
        let results = results.map(Verdict::of).collect();
        let sent = flight.queue.borrow_mut().pop_front();
        Ok(sent.map(|sent| Answered {
            batches: sent.batches,
            results,
            now_ns,
        }))
    }

    /// Counts what the server said. An error says that the leader is another one.
    fn settle(&self, answered: Answered) -> Result<(), ClientError> {
        let Answered {
            batches,
            results,
            now_ns,
        } = answered;
        let mut recorder = self.recorder.borrow_mut();
        recorder.request();
        let mut moved = None;
        for sealed in &batches {
            let result = results
                .iter()
                .find(|result| result.partition == sealed.partition);
            let code = result.map_or(ErrorCode::UnknownServerError, |result| result.code);
            if code == ErrorCode::None {
                self.settle_batch(&mut recorder, sealed, now_ns);
                if self.shared.plan.verify {
                    self.shared.log.lock().push(Acknowledged {
                        partition: sealed.partition,
                        base_offset: result.map_or(-1, |result| result.base_offset),
                        records: sealed.records,
                        digest: sealed.digest,
                    });
                }
                continue;
            }
            recorder.error(code.name().to_owned(), now_ns, sealed.records.into());
            if matches!(
                code,
                ErrorCode::NotLeaderOrFollower | ErrorCode::UnknownTopicOrPartition
            ) {
                moved = Some(code);
            }
        }
        match moved {
            None => Ok(()),
            Some(code) => {
                let about = format!("topic {}", self.shared.target.topic);
                Err(ClientError::refused(code, &about, None))
            }
        }
    }

    fn settle_batch(&self, recorder: &mut Recorder, sealed: &Sealed, now_ns: u64) {
        let records = u64::from(sealed.records);
        let first_due_ns = match &sealed.dues {
            Dues::Together(due_ns) => {
                recorder.done(*due_ns, now_ns, records);
                *due_ns
            }
            Dues::Each(dues) => {
                for &due_ns in dues {
                    recorder.done(due_ns, now_ns, 1);
                }
                dues.first().copied().unwrap_or_default()
            }
        };
        recorder.bytes(first_due_ns, now_ns, sealed.bytes);
        self.shared
            .acknowledged
            .fetch_add(records, Ordering::Relaxed);
    }

    /// Records of an open loop that were due and never made: each has waited at least until now.
    fn give_up_the_rest(&self) {
        let (Some(schedule), Some(all)) = (self.schedule, self.records) else {
            return;
        };
        let made = self.lanes.borrow().made();
        let now_ns = self.shared.now_ns();
        let due = all.min(schedule.count_before(now_ns));
        let missing = due.saturating_sub(made);
        let mut recorder = self.recorder.borrow_mut();
        let group = missing.div_ceil(UNSENT_GROUPS).max(1);
        let mut at = made;
        while at < due {
            let records = group.min(due - at);
            let due_ns = schedule.due_ns(at + records / 2);
            if due_ns >= self.shared.measured_from_ns() {
                recorder.unsent(due_ns, now_ns, records);
            }
            at += records;
        }
    }
}

/// An answer with the batches it is about.
struct Answered {
    batches: Vec<Sealed>,
    results: Vec<Verdict>,
    now_ns: u64,
}

/// What a server said of one batch.
struct Verdict {
    partition: i32,
    code: ErrorCode,
    base_offset: i64,
}

impl Verdict {
    fn of(result: &PartitionProduceResponse<'_>) -> Self {
        let code = ErrorCode::from_i16(result.error_code);
        Self {
            partition: result.index,
            code: code.unwrap_or(ErrorCode::UnknownServerError),
            base_offset: result.base_offset,
        }
    }
}

/// For the time stamps of records.
fn wall_ms() -> i64 {
    use kafka::log::Clock as _;
    crate::clock::SystemClock.now_ms()
}
