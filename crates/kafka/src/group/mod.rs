//! Classic consumer groups: who shares a topic's partitions, and how far each group has read.
//!
//! From the bottom up: `state` (one group, pure) and `offsets` (its committed offsets); `records` (how both look in
//! the log); `ledger` (all groups of one partition of `__consumer_offsets`); `shard` (that partition with its lock and
//! its log); `coordinator` (all shards, timers, expiry), which the files in `api` call.
//!
//! Absent on purpose: the newer protocols (KIP-848, share and streams groups); what another server recorded of
//! such groups is kept and their offsets are served.

mod alarms;
pub(crate) mod caller;
pub(crate) mod coordinator;
pub(crate) mod error;
mod hash;
mod journal;
mod ledger;
mod member;
mod offsets;
mod offsets_log;
mod records;
mod shard;
pub(crate) mod state;
mod subscription;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod topics;

use std::sync::Arc;

use self::coordinator::{Coordinator, GroupSettings};
use self::offsets_log::OffsetsLog;
pub(crate) use self::records::Committed;
use self::state::GroupRules;
use crate::config::BrokerSettings;
use crate::log::{Clock, LogDir};
use crate::metadata::Metadata;

/// The coordinator of a broker with this data directory. Not started yet.
pub(crate) fn open(
    logs: &Arc<LogDir>,
    metadata: &Arc<Metadata>,
    clock: &Arc<dyn Clock>,
    settings: &BrokerSettings,
) -> Arc<Coordinator> {
    let journal = OffsetsLog {
        logs: logs.clone(),
        metadata: metadata.clone(),
        clock: clock.clone(),
    };
    Coordinator::new(
        Arc::new(journal),
        clock.clone(),
        GroupSettings::of(settings),
    )
}

impl GroupSettings {
    fn of(settings: &BrokerSettings) -> Self {
        Self {
            rules: GroupRules {
                initial_rebalance_delay_ms: settings.group_initial_rebalance_delay_ms,
                max_members: usize::try_from(settings.group_max_size).unwrap_or(usize::MAX),
                ..GroupRules::default()
            },
            min_session_timeout_ms: settings.group_min_session_timeout_ms,
            max_session_timeout_ms: settings.group_max_session_timeout_ms,
            metadata_max: usize::try_from(settings.offset_metadata_max_bytes).unwrap_or(0),
            retention_ms: settings.offsets_retention_ms,
            retention_check_interval_ms: settings.offsets_retention_check_interval_ms,
        }
    }
}
