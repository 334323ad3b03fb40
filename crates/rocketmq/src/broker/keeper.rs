//! The broker's clockwork: what is on disk late, who is silent, what is old.
//!
//! One thread, woken once a second and when the broker closes. Durations are the machine's, not the broker's clock:
//! nothing but how soon depends on them.

use std::sync::Weak;
use std::time::{Duration, Instant};

use serving::Bell;

use super::Broker;

/// How often duties are looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often silent clients and brokers are forgotten, the store notes how far it is, and old files go.
const SWEEP: Duration = Duration::from_secs(10);

/// Something to do again and again.
struct Duty {
    every: Duration,
    last: Instant,
}

impl Duty {
    fn new(every: Duration) -> Self {
        let last = Instant::now();
        Self { every, last }
    }

    fn is_due(&mut self) -> bool {
        let due = self.last.elapsed() >= self.every;
        if due {
            self.last = Instant::now();
        }
        due
    }
}

pub(super) fn run(broker: &Weak<Broker>, bell: &Bell) {
    let Some((persist, check)) = broker.upgrade().map(|broker| {
        let settings = broker.settings();
        (
            settings.offset_persist_interval,
            settings.transaction_check_interval,
        )
    }) else {
        return;
    };
    let (mut persist, mut check) = (Duty::new(persist), Duty::new(check));
    let mut sweep = Duty::new(SWEEP);
    while !bell.rest(Some(TICK)) {
        let Some(broker) = broker.upgrade() else {
            return;
        };
        if persist.is_due() {
            broker.persist();
        }
        if sweep.is_due() {
            broker.sweep();
        }
        if check.is_due()
            && let Err(refusal) = broker.transactions().check(&broker)
        {
            tracing::warn!(%refusal, "open transactions were not looked at to their end");
        }
    }
}

impl Broker {
    /// Writes the tables that changed. What could not be written stays changed, and is tried again.
    pub(super) fn persist(&self) {
        let written = [
            self.write_topics(),
            self.write_groups(),
            self.write_offsets(),
        ];
        for refusal in written.into_iter().filter_map(Result::err) {
            tracing::warn!(%refusal, "a table was not written");
        }
    }

    /// Forgets who is silent, and has the store do what it does from time to time.
    fn sweep(&self) {
        let now_ms = self.now_ms();
        let change = self.consumers().forget_silent(now_ms);
        self.tell_members(&change);
        self.producers().forget_silent(now_ms);
        self.locks().sweep(now_ms);
        if let Some(name_server) = self.name_server() {
            name_server.forget_silent();
        }
        if let Err(error) = self.store().checkpoint() {
            tracing::warn!(%error, "the store's checkpoint was not written");
        }
        match self.store().retain() {
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old files were not removed"),
        }
    }
}
