//! Changes to topics and settings, for whoever asks: admin requests, auto-creation, the group
//! coordinator.
//!
//! Invariants: the metadata log is the truth; a change is in it before it is acted on, and what a
//! crash leaves between the two is made good at the next start. Changes to settings come one at a
//! time; a setting is obeyed by every log before the change returns.
//! Everything here may wait for the disk: call it where blocking is allowed.
//! Absent on purpose: wire types, permissions.

mod settings;
mod topics;

#[cfg(test)]
mod tests;

pub use settings::{Extent, SettingsError, set_all};
pub use topics::{CreatedTopic, Replication, TopicError, TopicSpec};

use crate::config::{BrokerSettings, Layers, Overrides};
use crate::log::{LogConfig, LogDir};
use crate::metadata::Metadata;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;

/// Topics and settings of one broker.
pub struct Admin {
    metadata: Arc<Metadata>,
    logs: Arc<LogDir>,
    /// Start-up configuration without what was altered since.
    fixed: Layers,
    effective: RwLock<Effective>,
    /// Held while topics or settings change: read, decide, write, act.
    changing: Mutex<()>,
}

#[derive(Clone)]
struct Effective {
    layers: Arc<Layers>,
    settings: Arc<BrokerSettings>,
}

impl Effective {
    fn new(fixed: &Layers, metadata: &Metadata) -> Self {
        let layers = fixed.with_altered(&metadata.all_brokers_config(), &metadata.broker_config());
        let settings = Arc::new(layers.settings());
        Self {
            layers: Arc::new(layers),
            settings,
        }
    }
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").finish_non_exhaustive()
    }
}

/// The settings of a topic's logs, from the metadata and what was configured at start: what a log
/// opens with, before there is an [`Admin`].
pub fn log_config_of(fixed: &Layers, metadata: &Metadata, topic: &str) -> LogConfig {
    let layers = fixed.with_altered(&metadata.all_brokers_config(), &metadata.broker_config());
    layers.log_config(&metadata.topic_config(topic))
}

impl Admin {
    /// Takes charge of open metadata and logs. `fixed` is what was configured at start.
    pub fn new(fixed: Layers, metadata: Arc<Metadata>, logs: Arc<LogDir>) -> Self {
        let effective = RwLock::new(Effective::new(&fixed, &metadata));
        Self {
            metadata,
            logs,
            fixed,
            effective,
            changing: Mutex::new(()),
        }
    }

    /// The broker settings in force. Cheap.
    pub fn settings(&self) -> Arc<BrokerSettings> {
        Arc::clone(&self.effective.read().settings)
    }

    /// The broker settings with their sources.
    pub fn layers(&self) -> Arc<Layers> {
        Arc::clone(&self.effective.read().layers)
    }

    /// The settings a log of this topic has.
    pub fn log_config(&self, overrides: &Overrides) -> LogConfig {
        self.layers().log_config(overrides)
    }
}
