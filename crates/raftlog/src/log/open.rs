//! Opening a log: recovery, then the chain.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use segment::{Allocation, Chain, ChainConfig, FlushRules, SegmentSpec};

use super::append::Writer;
use super::recover::{Recovered, Recovery};
use super::{Ack, LogConfig, RaftLog, SEGMENT_SUFFIX, Shared, View};
use crate::cache::TailCache;
use crate::completions::Completions;
use crate::error::RaftLogError;
use crate::index::Indexes;
use crate::ledger::Ledger;
use crate::report::RecoveryReport;
use crate::state::StateFile;
use crate::store::Services;

/// Space is taken ahead of the writer in steps up to this.
const ALLOCATION_STEP_BYTES: u64 = 4 << 20;
/// What `Ack::Memory` leaves unsynced at most.
const MEMORY_UNSYNCED_BYTES: u64 = 64 << 20;
/// And for how long.
const MEMORY_UNSYNCED_AGE: Duration = Duration::from_millis(500);

const SEGMENT_BYTES_MIN: u64 = 4096;
const SEGMENT_BYTES_MAX: u64 = 4 << 30;

/// Opens the log in `dir`, which exists and is durable; makes it where there is none.
pub(crate) fn open(
    services: &Arc<Services>,
    group: &str,
    dir: PathBuf,
    config: LogConfig,
) -> Result<(RaftLog, RecoveryReport), RaftLogError> {
    let mut config = config;
    config.segment_bytes = config
        .segment_bytes
        .clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
    let mut state = open_state(services, &dir)?;
    let indexes = Indexes::new(&dir, &services.disk);
    let recovery = Recovery {
        dir: &dir,
        disk: &services.disk,
        indexes: &indexes,
        state: &mut state,
        report: RecoveryReport::default(),
        memberships: Vec::new(),
    };
    let Recovered {
        found,
        end,
        memberships,
        mut report,
    } = recovery.run()?;
    let view = view(&state, &found, &report, end.map(|end| end.expect.index));
    let committed = state.state().committed.as_ref().map(|last| last.id);
    report.committed_above_end = committed.filter(|last| last.index >= view.next);
    let completions = Arc::new(Completions::new(
        config.ack.mark(),
        services.pool.clone(),
        end.unwrap_or_default(),
    ));
    let (chain, appender) = Chain::open(
        Arc::clone(&services.engine),
        chain_config(services, &dir, &config),
        &found,
        Arc::clone(&completions) as Arc<dyn segment::ChainListener>,
        Arc::clone(&services.flush),
    )?;
    let generation = state.state().generation;
    let next = end.unwrap_or_default().expect;
    let writer = Writer {
        appender: Some(appender),
        next,
        started: end.is_some(),
        must_roll: false,
        generation,
    };
    let log = state.state().log;
    let ledger = Arc::new(Ledger::new(state, memberships, &completions));
    completions.belong_to(&chain, &ledger);
    let shared = Arc::new(Shared {
        chain,
        services: Arc::clone(services),
        group: group.to_owned(),
        dir,
        log,
        writer: Mutex::new(writer),
        ledger,
        view: RwLock::new(view),
        cache: Mutex::new(TailCache::new(config.cache_bytes)),
        indexes,
        completions,
        config,
    });
    Ok((RaftLog { shared }, report))
}

fn open_state(services: &Services, dir: &std::path::Path) -> Result<StateFile, RaftLogError> {
    if let Some(state) = StateFile::open(dir, &services.disk)? {
        return Ok(state);
    }
    // A log without its state has forgotten its votes. It is not a new one.
    if let Some(segment) = Chain::scan(dir, SEGMENT_SUFFIX)?.first() {
        let path = segment.path(dir, SEGMENT_SUFFIX);
        let what = "there is no state file beside it";
        return Err(RaftLogError::corrupt(&path, 0, what));
    }
    StateFile::create(dir, &services.disk, uuid::Uuid::new_v4().into_bytes())
}

fn view(
    state: &StateFile,
    found: &[segment::FoundSegment],
    report: &RecoveryReport,
    end: Option<u64>,
) -> View {
    let state = state.state();
    let purged_next = state.purged.as_ref().map(|_| state.purged_next());
    let next = end.unwrap_or_default();
    let first = purged_next.or_else(|| found.first().map(|first| first.base));
    let committed = state.committed.as_ref().map(|last| last.id.index);
    View {
        first: first.unwrap_or(next),
        next,
        last: report.last,
        purged_next: state.purged_next(),
        committed_next: committed.map_or(0, |index| index.saturating_add(1)),
        changes: 0,
    }
}

/// Zeros behind an append that is synced: see [`SegmentSpec::zero_ahead_bytes`].
const ZERO_AHEAD_BYTES: u64 = 64 * 1024;
/// And behind one that is not. It takes so little time that writing the zeros is felt in it, so there are fewer.
const MEMORY_ZERO_AHEAD_BYTES: u64 = 32 * 1024;

fn chain_config(services: &Services, dir: &std::path::Path, config: &LogConfig) -> ChainConfig {
    let spec = SegmentSpec {
        capacity_bytes: config.segment_bytes,
        allocation: Allocation::ZeroAhead {
            step_bytes: ALLOCATION_STEP_BYTES,
        },
        zero_ahead_bytes: match config.ack {
            Ack::Durable => ZERO_AHEAD_BYTES,
            Ack::Memory => MEMORY_ZERO_AHEAD_BYTES,
        },
        ..SegmentSpec::default()
    };
    let mut chain = ChainConfig::new(dir, SEGMENT_SUFFIX, spec);
    chain.spare_dir = Some(services.spare_dir.clone());
    if config.ack == Ack::Memory {
        chain.rules = FlushRules {
            unsynced_bytes_max: Some(MEMORY_UNSYNCED_BYTES),
            unsynced_age_max: Some(MEMORY_UNSYNCED_AGE),
            ..FlushRules::default()
        };
    }
    chain
}
