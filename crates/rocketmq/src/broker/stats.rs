//! What went in and out, and how often the broker said no. Cheap enough for every request.
//!
//! Absent on purpose: anything per topic, group or client; names for people (crate `highwater`).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::remoting::codes::response;

/// Messages and their bytes, on a cache line of their own: senders and pullers are seldom the same thread.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Flow {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// The counters of a broker, all since it was opened.
#[derive(Debug, Default)]
pub struct Stats {
    taken: Flow,
    given: Flow,
    refusals: [AtomicU64; REFUSALS.len()],
    /// Codes that are not in [`REFUSALS`].
    other: AtomicU64,
}

/// Codes that say no, by their names. What a client asks for in the normal course of things (a queue without a new
/// message, a group without progress) is none.
const REFUSALS: [(i32, &str); 20] = [
    (response::SYSTEM_ERROR, "SYSTEM_ERROR"),
    (response::SYSTEM_BUSY, "SYSTEM_BUSY"),
    (
        response::REQUEST_CODE_NOT_SUPPORTED,
        "REQUEST_CODE_NOT_SUPPORTED",
    ),
    (response::FLUSH_DISK_TIMEOUT, "FLUSH_DISK_TIMEOUT"),
    (response::SLAVE_NOT_AVAILABLE, "SLAVE_NOT_AVAILABLE"),
    (response::FLUSH_SLAVE_TIMEOUT, "FLUSH_SLAVE_TIMEOUT"),
    (response::MESSAGE_ILLEGAL, "MESSAGE_ILLEGAL"),
    (response::SERVICE_NOT_AVAILABLE, "SERVICE_NOT_AVAILABLE"),
    (response::NO_PERMISSION, "NO_PERMISSION"),
    (response::TOPIC_NOT_EXIST, "TOPIC_NOT_EXIST"),
    (
        response::SUBSCRIPTION_PARSE_FAILED,
        "SUBSCRIPTION_PARSE_FAILED",
    ),
    (response::SUBSCRIPTION_NOT_EXIST, "SUBSCRIPTION_NOT_EXIST"),
    (response::SUBSCRIPTION_NOT_LATEST, "SUBSCRIPTION_NOT_LATEST"),
    (
        response::SUBSCRIPTION_GROUP_NOT_EXIST,
        "SUBSCRIPTION_GROUP_NOT_EXIST",
    ),
    (response::FILTER_DATA_NOT_EXIST, "FILTER_DATA_NOT_EXIST"),
    (response::FILTER_DATA_NOT_LATEST, "FILTER_DATA_NOT_LATEST"),
    (response::INVALID_PARAMETER, "INVALID_PARAMETER"),
    (response::CONSUMER_NOT_ONLINE, "CONSUMER_NOT_ONLINE"),
    (response::CONSUME_MSG_TIMEOUT, "CONSUME_MSG_TIMEOUT"),
    (response::ILLEGAL_OPERATION, "ILLEGAL_OPERATION"),
];

/// What the counters say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Messages taken from senders: stored, though perhaps not acknowledged yet.
    pub messages_in: u64,
    /// Bytes of their entries in the log.
    pub bytes_in: u64,
    /// Messages given to pulls.
    pub messages_out: u64,
    /// Bytes of their entries.
    pub bytes_out: u64,
    /// Answers that said no, by the name of their code; those that never happened are left out.
    pub refusals: Vec<(&'static str, u64)>,
}

impl Flow {
    fn count(&self, messages: usize, bytes: u64) {
        let messages = u64::try_from(messages).unwrap_or(u64::MAX);
        self.messages.fetch_add(messages, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Stats {
    pub(super) fn taken(&self, messages: usize, bytes: u64) {
        self.taken.count(messages, bytes);
    }

    pub(super) fn given(&self, messages: usize, bytes: u64) {
        self.given.count(messages, bytes);
    }

    /// Notes what a request was answered with.
    pub(crate) fn answered(&self, code: i32) {
        let is_normal = matches!(
            code,
            response::SUCCESS
                | response::PULL_NOT_FOUND
                | response::PULL_RETRY_IMMEDIATELY
                | response::PULL_OFFSET_MOVED
                | response::QUERY_NOT_FOUND
        );
        if is_normal {
            return;
        }
        let at = REFUSALS.iter().position(|(known, _)| *known == code);
        let counter = at.and_then(|at| self.refusals.get(at));
        counter
            .unwrap_or(&self.other)
            .fetch_add(1, Ordering::Relaxed);
    }

    /// What they say now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let named = REFUSALS.iter().zip(&self.refusals);
        let named = named.map(|((_, name), count)| (*name, read(count)));
        let refusals = named.chain(std::iter::once(("other", read(&self.other))));
        Figures {
            messages_in: read(&self.taken.messages),
            bytes_in: read(&self.taken.bytes),
            messages_out: read(&self.given.messages),
            bytes_out: read(&self.given.bytes),
            refusals: refusals.filter(|(_, count)| *count > 0).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_no_is_a_refusal() {
        let stats = Stats::default();
        for code in [0, 19, 20, 21, 22, 17, 17, 604, 4711] {
            stats.answered(code);
        }
        stats.taken(3, 300);
        stats.given(2, 200);
        let expected = Figures {
            messages_in: 3,
            bytes_in: 300,
            messages_out: 2,
            bytes_out: 200,
            refusals: vec![
                ("TOPIC_NOT_EXIST", 2),
                ("ILLEGAL_OPERATION", 1),
                ("other", 1),
            ],
        };
        assert_eq!(stats.figures(), expected);
    }
}
