//! What all requests share: logs, metadata, groups, limits, clock.
//!
//! A [`Broker`] knows no socket; [`server`] gives it threads and listeners.

pub(crate) mod budget;
pub(crate) mod closings;
pub mod server;

use std::sync::Arc;
use std::time::Duration;

use self::budget::Budget;
use self::closings::Closings;

/// Bounds on what connections may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest request frame. Default 104 857 600 (`socket.request.max.bytes`).
    pub frame_bytes_max: usize,
    /// Bytes of large receive buffers over all connections. Default 32 MiB; a single larger frame still passes.
    pub in_flight_bytes_max: usize,
    /// A connection that sends nothing for this long is closed. Default 10 min (`connections.max.idle.ms`).
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 104_857_600,
            in_flight_bytes_max: 32 << 20,
            idle: Duration::from_secs(600),
        }
    }
}

/// How to open a broker.
#[derive(Debug, Clone, Default)]
pub struct BrokerConfig {
    /// Bounds on connections.
    pub limits: Limits,
}

/// Everything a request needs.
#[derive(Debug)]
pub struct Broker {
    limits: Limits,
    budget: Arc<Budget>,
    closings: Closings,
}

impl Broker {
    /// Opens the broker.
    #[must_use]
    pub fn open(config: BrokerConfig) -> Arc<Self> {
        Arc::new(Self {
            limits: config.limits,
            budget: Budget::new(config.limits.in_flight_bytes_max),
            closings: Closings::default(),
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub(crate) fn closings(&self) -> &Closings {
        &self.closings
    }
}
