//! DescribeLogDirs (35), versions 1-4: sizes on disk. User interfaces show topic sizes from it.

use super::{Close, RequestContext};
use crate::broker::Broker;
use crate::log::LogDescription;
use kafka_wire::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_wire::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// "Not known."
const UNKNOWN: i64 = -1;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DescribeLogDirsRequest<'_>,
) -> Result<DescribeLogDirsResponse<'static>, Close> {
    let wanted = request.topics.map(|topics| {
        let mut wanted: HashMap<String, HashSet<i32>> = HashMap::new();
        for topic in topics {
            wanted
                .entry(topic.topic.into_owned())
                .or_default()
                .extend(topic.partitions);
        }
        wanted
    });
    let describe = move |broker: &Arc<Broker>| describe(broker, wanted.as_ref());
    let result = ctx.broker.blocking(describe).await?;
    Ok(DescribeLogDirsResponse {
        throttle_time_ms: 0,
        error_code: 0,
        results: vec![result],
    })
}

fn describe(
    broker: &Broker,
    wanted: Option<&HashMap<String, HashSet<i32>>>,
) -> DescribeLogDirsResult<'static> {
    let is_wanted = |log: &LogDescription| {
        let asked = |wanted: &HashMap<String, HashSet<i32>>| {
            wanted
                .get(&*log.tp.topic)
                .is_some_and(|numbers| numbers.contains(&log.tp.partition))
        };
        wanted.is_none_or(asked)
    };
    let mut topics: BTreeMap<Arc<str>, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    for log in broker.logs().describe().into_iter().filter(is_wanted) {
        topics
            .entry(log.tp.topic)
            .or_default()
            .push(DescribeLogDirsPartition {
                partition_index: log.tp.partition,
                partition_size: i64::try_from(log.size_bytes).unwrap_or(i64::MAX),
                offset_lag: 0,
                is_future_key: false,
            });
    }
    let root = broker.logs().root();
    let (total_bytes, usable_bytes) = space(root);
    DescribeLogDirsResult {
        error_code: 0,
        log_dir: root.display().to_string().into(),
        topics: topics
            .into_iter()
            .map(|(name, mut partitions)| {
                partitions.sort_unstable_by_key(|partition| partition.partition_index);
                DescribeLogDirsTopic {
                    name: name.to_string().into(),
                    partitions,
                }
            })
            .collect(),
        total_bytes,
        usable_bytes,
        is_cordoned: false,
    }
}

/// Size of the filesystem, and what of it an ordinary user can still take.
fn space(root: &Path) -> (i64, i64) {
    let bytes = |blocks: u64, size: u64| {
        blocks
            .checked_mul(size)
            .and_then(|bytes| i64::try_from(bytes).ok())
            .unwrap_or(UNKNOWN)
    };
    match rustix::fs::statvfs(root) {
        Ok(found) => (
            bytes(found.f_blocks, found.f_frsize),
            bytes(found.f_bavail, found.f_frsize),
        ),
        Err(_) => (UNKNOWN, UNKNOWN),
    }
}
