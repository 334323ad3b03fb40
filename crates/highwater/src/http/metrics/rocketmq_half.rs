//! Figures of the RocketMQ half.

use super::{Figure, Out, RecoveryFigures};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use rocketmq::broker::Broker;
use serving::Connections;
use std::fmt;
use std::sync::Arc;

/// Where they come from.
#[derive(Clone)]
pub(crate) struct RocketmqSource {
    pub(crate) connections: Arc<Connections>,
    /// `None` where only the name server is on.
    pub(crate) broker: Option<Arc<Broker>>,
    /// The engine in use; empty without a broker.
    pub(crate) engine: &'static str,
    /// What the start recovered.
    pub(crate) recovery: Option<RecoveryFigures>,
}

pub(super) fn encode(out: &mut Out<'_>, source: &RocketmqSource) -> fmt::Result {
    let open = u64::try_from(source.connections.open()).unwrap_or(u64::MAX);
    let about = "RocketMQ connections open now";
    out.gauge("rocketmq_connections", about, None, open)?;
    let accepted = source.connections.accepted();
    let about = "RocketMQ connections since the start";
    out.counter("rocketmq_connections_accepted", about, None, accepted)?;
    if let Some(recovery) = source.recovery {
        super::recovery(out, "rocketmq_", recovery)?;
    }
    match &source.broker {
        Some(broker) => {
            flow(out, broker)?;
            store(out, broker)
        }
        None => Ok(()),
    }
}

fn flow(out: &mut Out<'_>, broker: &Broker) -> fmt::Result {
    let figures = broker.stats().figures();
    let bytes = Some(&Unit::Bytes);
    let rows = [
        (
            "rocketmq_messages_in",
            "Messages stored",
            None,
            figures.messages_in,
        ),
        (
            "rocketmq_in",
            "Bytes of the messages stored",
            bytes,
            figures.bytes_in,
        ),
        (
            "rocketmq_messages_out",
            "Messages given to consumers",
            None,
            figures.messages_out,
        ),
        (
            "rocketmq_out",
            "Bytes of the messages given",
            bytes,
            figures.bytes_out,
        ),
    ];
    for (name, help, unit, value) in rows {
        out.counter(name, help, unit, value)?;
    }
    let about = "Requests to the broker that were answered with an error";
    let refusals = figures.refusals.iter();
    out.family(
        ("rocketmq_refusals", about, None, MetricType::Counter),
        refusals.map(|(code, count)| ([("code", *code)], Figure::Whole(*count))),
    )?;
    let held = u64::try_from(broker.held_pulls()).unwrap_or(u64::MAX);
    let about = "Pulls that wait for a message";
    out.gauge("rocketmq_held_pulls", about, None, held)
}

fn store(out: &mut Out<'_>, broker: &Broker) -> fmt::Result {
    let state = broker.store().state();
    let between = |start: i64, end: i64| u64::try_from(end.saturating_sub(start)).unwrap_or(0);
    let bytes = Some(&Unit::Bytes);
    let rows = [
        (
            "rocketmq_log_size",
            "Bytes of the commit log, from its first message to its last",
            bytes,
            between(state.log_start.0, state.log_end.0),
        ),
        (
            "rocketmq_dispatch_lag",
            "Bytes of the log that consumers may see and that are not in their queues yet",
            bytes,
            between(state.dispatched.0, state.visible.0),
        ),
        (
            "rocketmq_unsynced",
            "Bytes a power loss would take",
            bytes,
            state.unsynced_bytes,
        ),
        (
            "rocketmq_queue_files_open",
            "Consume queue files that are open",
            None,
            u64::try_from(state.queue_files_open).unwrap_or(u64::MAX),
        ),
        (
            "rocketmq_refusing",
            "1 when no message is taken: the disk is full, or a write failed",
            None,
            u64::from(state.refusing.is_some()),
        ),
    ];
    for (name, help, unit, value) in rows {
        out.gauge(name, help, unit, value)?;
    }
    let age = state.unsynced_since;
    let age = age.map_or(0.0, |since| since.elapsed().as_secs_f64());
    out.seconds("rocketmq_unsynced_age", "Age of the oldest such byte", age)
}
