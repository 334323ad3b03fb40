//! RocketMQ's settings, under `rocketmq.` by the names of its `broker.conf`: one row each, read by the layers, the
//! reference and the server.
//!
//! Invariants: a row's default, applied, changes nothing; a value is checked before it is set. What RocketMQ knows and
//! this build does nothing with is an error, not silence.

use super::values::{boolean, directory, engine};
use super::{EngineWish, Problem, Setting, Table};
use kafka::config::{parse_bytes, parse_millis};
use rocketmq::broker::BrokerSettings;
use rocketmq::store::{Durability, StoreSettings};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// In front of every name.
pub(super) const PREFIX: &str = "rocketmq.";

/// What the rows set.
#[derive(Debug, Clone)]
pub struct RocketmqSettings {
    /// `engine`; `None` is what the key `engine` says.
    pub engine: Option<EngineWish>,
    /// `storePathRootDir`; `None` is `rocketmq` in the data directory.
    pub store_dir: Option<PathBuf>,
    /// The broker's. Its address is not known before it listens.
    pub broker: BrokerSettings,
    /// The store's.
    pub store: StoreSettings,
}

impl Default for RocketmqSettings {
    fn default() -> Self {
        Self {
            engine: None,
            store_dir: None,
            broker: BrokerSettings::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            store: StoreSettings::default(),
        }
    }
}

type Apply = fn(&mut RocketmqSettings, &str) -> Result<(), String>;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct RocketmqSetting {
    /// Name with its prefix; what follows the dot is RocketMQ's, but for `engine`.
    pub name: &'static str,
    /// Default, as one would write it.
    pub default: &'static str,
    /// What it takes.
    pub takes: &'static str,
    /// What it does.
    pub doc: &'static str,
    apply: Apply,
}

const fn row(
    name: &'static str,
    default: &'static str,
    takes: &'static str,
    doc: &'static str,
    apply: Apply,
) -> RocketmqSetting {
    RocketmqSetting {
        name,
        default,
        takes,
        doc,
        apply,
    }
}

/// Every setting, in the order in which they are applied.
pub static ROCKETMQ_SETTINGS: &[RocketmqSetting] = &[
    row(
        "rocketmq.engine",
        "same",
        "same, auto, mmap, file, staged or direct",
        "How bytes of the commit log reach the disk; `same` is what `engine` says. What is `transientStorePoolEnable` there \
         is `staged` here.",
        |to, text| {
            to.engine = match text {
                "same" => None,
                _ => Some(
                    engine(text).map_err(|_| "must be same, auto, mmap, file, staged or direct")?,
                ),
            };
            Ok(())
        },
    ),
    row(
        "rocketmq.storePathRootDir",
        "",
        "directory",
        "Where the store lies; empty is `rocketmq` in the data directory. A directory of a stopped RocketMQ broker (file \
         store) is taken as it is.",
        |to, text| {
            to.store_dir = match text {
                "" => None,
                _ => Some(directory(text)?),
            };
            Ok(())
        },
    ),
    row(
        "rocketmq.flushDiskType",
        "SYNC_FLUSH",
        "SYNC_FLUSH (also `disk`) or ASYNC_FLUSH (also `os`)",
        "When a message is acknowledged: when it survives power loss, or when it survives the process. RocketMQ's own \
         default is ASYNC_FLUSH.",
        |to, text| {
            to.store.durability = match text {
                "SYNC_FLUSH" | "disk" => Durability::Disk,
                "ASYNC_FLUSH" | "os" => Durability::Os,
                _ => return Err("must be SYNC_FLUSH (or disk) or ASYNC_FLUSH (or os)".to_owned()),
            };
            Ok(())
        },
    ),
    row(
        "rocketmq.brokerClusterName",
        "DefaultCluster",
        NAME,
        "The cluster's name in routes.",
        |to, text| {
            to.broker.cluster = name(text)?;
            Ok(())
        },
    ),
    row(
        "rocketmq.brokerName",
        "broker-a",
        NAME,
        "The broker's name in routes; queues are told apart by it.",
        |to, text| {
            to.broker.name = name(text)?;
            Ok(())
        },
    ),
    row(
        "rocketmq.brokerId",
        "0",
        "0",
        "Only a master there is: slaves belong to replication, which this build does not have.",
        |_, text| match text {
            "0" => Ok(()),
            _ => Err("must be 0: there are no slaves in this build".to_owned()),
        },
    ),
    row(
        "rocketmq.brokerRole",
        "ASYNC_MASTER",
        "ASYNC_MASTER",
        "As above.",
        |_, text| match text {
            "ASYNC_MASTER" => Ok(()),
            _ => Err("must be ASYNC_MASTER: there are no slaves in this build".to_owned()),
        },
    ),
    row(
        "rocketmq.autoCreateTopicEnable",
        "true",
        BOOLEAN,
        "A message to an unknown topic makes it.",
        |to, text| set(&mut to.broker.auto_create_topics, boolean(text)),
    ),
    row(
        "rocketmq.defaultTopicQueueNums",
        "8",
        "1 to 65536",
        "Queues of a topic made so, at most.",
        |to, text| set(&mut to.broker.default_topic_queues, whole(text, 1, 65_536)),
    ),
    row(
        "rocketmq.autoCreateSubscriptionGroup",
        "true",
        BOOLEAN,
        "A group's first consumer makes it.",
        |to, text| set(&mut to.broker.auto_create_groups, boolean(text)),
    ),
    row(
        "rocketmq.maxMessageSize",
        "4MiB",
        "size, 1KiB to 1GiB",
        "Largest body of a message.",
        |to, text| {
            set(&mut to.store.body_bytes_max, size(text, 1 << 10, 1 << 30))?;
            to.broker.body_bytes_max =
                usize::try_from(to.store.body_bytes_max).unwrap_or(usize::MAX);
            Ok(())
        },
    ),
    row(
        "rocketmq.mappedFileSizeCommitLog",
        "1GiB",
        "size, 4KiB to 1TiB",
        "Bytes of a commit log file. A directory keeps the size it was made with.",
        |to, text| {
            set(
                &mut to.store.commit_log_file_bytes,
                size(text, 4096, 1 << 40),
            )
        },
    ),
    row(
        "rocketmq.mappedFileSizeConsumeQueue",
        "6000000",
        "size, a multiple of 20, 20 to 1GiB",
        "Bytes of a consume queue file. A directory keeps the size it was made with.",
        |to, text| {
            let bytes: u64 = size(text, 20, 1 << 30)?;
            if !bytes.is_multiple_of(20) {
                return Err("must be a multiple of 20, the bytes of an entry".to_owned());
            }
            to.store.queue_file_bytes = bytes;
            Ok(())
        },
    ),
    row(
        "rocketmq.messageIndexEnable",
        "true",
        BOOLEAN,
        "Messages can be found by key.",
        |to, text| set(&mut to.store.index_enabled, boolean(text)),
    ),
    row(
        "rocketmq.maxHashSlotNum",
        "5000000",
        "1 to 2147483647",
        "Slots of an index file. A directory keeps the number it was made with.",
        |to, text| set(&mut to.store.index_slots, whole(text, 1, MOST)),
    ),
    row(
        "rocketmq.maxIndexNum",
        "20000000",
        "2 to 2147483647",
        "Entries of an index file, of which the first is not used. A directory keeps the number it was made with.",
        |to, text| set(&mut to.store.index_entries, whole(text, 2, MOST)),
    ),
    row(
        "rocketmq.messageDelayLevel",
        "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
        "times, such as 1s 5m 2h, with a space between",
        "What each level of delay waits; the first is level 1.",
        |to, text| set(&mut to.store.delay_levels_ms, delay_levels(text)),
    ),
    row(
        "rocketmq.enabledAppendPropCRC",
        "false",
        BOOLEAN,
        "Each message carries a checksum of all of it.",
        |to, text| set(&mut to.store.property_crc, boolean(text)),
    ),
    row(
        "rocketmq.flushIntervalCommitLog",
        "500ms",
        "time, 1ms to 1h",
        "With ASYNC_FLUSH, how long a message may stay where a power loss would take it.",
        |to, text| set(&mut to.store.flush_interval, time(text, 1, HOUR_MS)),
    ),
    row(
        "rocketmq.commitIntervalCommitLog",
        "200ms",
        "time, 1ms to 1h",
        "Engines `staged` and `direct`: how long a message that nobody waits for may stay in the buffer.",
        |to, text| set(&mut to.store.commit_interval, time(text, 1, HOUR_MS)),
    ),
    row(
        "rocketmq.commitCommitLogLeastPages",
        "4",
        "1 to 65536",
        "Engines `staged` and `direct`: so many pages of 4 KiB leave the buffer without waiting.",
        |to, text| {
            let pages: u64 = whole(text, 1, 65_536)?;
            to.store.commit_bytes = pages * 4096;
            Ok(())
        },
    ),
    row(
        "rocketmq.warmMapedFileEnable",
        "false",
        BOOLEAN,
        "New commit log files are filled with zeros ahead of use, in the background. (RocketMQ's spelling.)",
        |to, text| set(&mut to.store.warm_files, boolean(text)),
    ),
    row(
        "rocketmq.fileReservedTime",
        "72",
        "hours, 1 to 876000",
        "A commit log file that was last written before so long is old, and may go.",
        |to, text| {
            let hours: i64 = whole(text, 1, 876_000)?;
            to.store.file_reserved_ms = hours * HOUR_MS;
            Ok(())
        },
    ),
    row(
        "rocketmq.deleteWhen",
        "04",
        "hours of the day, such as 04 or 04;16",
        "When old files go.",
        |to, text| set(&mut to.store.delete_hours, hours(text)),
    ),
    row(
        "rocketmq.deleteFileBatchMax",
        "10",
        "1 to 10000",
        "Commit log files that one round removes; there is a round every ten seconds.",
        |to, text| set(&mut to.store.delete_files_max, whole(text, 1, 10_000)),
    ),
    row(
        "rocketmq.diskMaxUsedSpaceRatio",
        "75",
        "per cent, 10 to 95",
        "On a disk fuller than this, old files go at any hour.",
        |to, text| {
            let percent: u32 = whole(text, 10, 95)?;
            to.store.disk_ratio_clean = f64::from(percent) / 100.0;
            Ok(())
        },
    ),
    row(
        "rocketmq.diskSpaceCleanForciblyRatio",
        "0.85",
        "0.1 to 1",
        "On a disk fuller than this, files go whatever their age.",
        |to, text| set(&mut to.store.disk_ratio_force, ratio(text)),
    ),
    row(
        "rocketmq.cleanFileForciblyEnable",
        "true",
        BOOLEAN,
        "Whether that is done at all.",
        |to, text| {
            if !boolean(text)? {
                to.store.disk_ratio_force = f64::INFINITY;
            }
            Ok(())
        },
    ),
    row(
        "rocketmq.diskSpaceWarningLevelRatio",
        "0.9",
        "0.1 to 1",
        "On a disk fuller than this, messages are refused.",
        |to, text| set(&mut to.store.disk_ratio_full, ratio(text)),
    ),
    row(
        "rocketmq.enablePropertyFilter",
        "true",
        BOOLEAN,
        "SQL92 filters are served. RocketMQ's own default is false.",
        |to, text| set(&mut to.broker.property_filter, boolean(text)),
    ),
    row(
        "rocketmq.longPollingEnable",
        "true",
        BOOLEAN,
        "Pulls that find nothing may wait for a message.",
        |to, text| set(&mut to.broker.long_polling, boolean(text)),
    ),
    row(
        "rocketmq.transactionTimeOut",
        "6s",
        "time, 0 to 24h",
        "A half message younger than this is not asked about.",
        |to, text| {
            set(
                &mut to.broker.transaction_timeout,
                time(text, 0, 24 * HOUR_MS),
            )
        },
    ),
    row(
        "rocketmq.transactionCheckInterval",
        "30s",
        "time, 1s to 24h",
        "How often half messages are looked at.",
        |to, text| {
            set(
                &mut to.broker.transaction_check_interval,
                time(text, 1000, 24 * HOUR_MS),
            )
        },
    ),
    row(
        "rocketmq.transactionCheckMax",
        "15",
        "1 to 1000000",
        "How often a producer is asked about one half message.",
        |to, text| {
            set(
                &mut to.broker.transaction_check_max,
                whole(text, 1, 1_000_000),
            )
        },
    ),
    row(
        "rocketmq.flushConsumerOffsetInterval",
        "5s",
        "time, 1s to 1h",
        "How often progress of consumers is written to the disk.",
        |to, text| {
            set(
                &mut to.broker.offset_persist_interval,
                time(text, 1000, HOUR_MS),
            )
        },
    ),
    row(
        "rocketmq.storeReplyMessageEnable",
        "true",
        BOOLEAN,
        "Replies to requests are stored, too.",
        |to, text| set(&mut to.broker.store_replies, boolean(text)),
    ),
    row(
        "rocketmq.regionId",
        "DefaultRegion",
        NAME,
        "Put into every message.",
        |to, text| {
            to.broker.region = name(text)?;
            Ok(())
        },
    ),
    row(
        "rocketmq.traceOn",
        "true",
        BOOLEAN,
        "Clients are told that they may send traces.",
        |to, text| set(&mut to.broker.trace_on, boolean(text)),
    ),
];

/// Names of RocketMQ's that are not set here, and what to do instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("listenPort", "set listen.rocketmq (--rocketmq) instead"),
    ("fastListenPort", "set listen.rocketmq_fast instead"),
    ("brokerIP1", "set advertise.rocketmq instead"),
    (
        "namesrvAddr",
        "the broker is known to the name server of this process (listen.namesrv) and to no other; remove it",
    ),
    (
        "storePathCommitLog",
        "it is `commitlog` in storePathRootDir; remove it",
    ),
    (
        "transientStorePoolEnable",
        "set engine = \"staged\" instead",
    ),
    ("storeType", "only the file store is kept here; remove it"),
    (
        "timerWheelEnable",
        "timers are not part of this build; remove it",
    ),
    ("brokerIP2", REPLICATION),
    ("haListenPort", REPLICATION),
    ("haMasterAddress", REPLICATION),
    ("slaveReadEnable", REPLICATION),
    ("enableDLegerCommitLog", REPLICATION),
    ("enableControllerMode", REPLICATION),
    ("aclEnable", ACCESS),
    ("authenticationEnabled", ACCESS),
    ("authorizationEnabled", ACCESS),
];

const REPLICATION: &str = "belongs to replication, which this build does not have; remove it";
const ACCESS: &str = "belongs to access control, which this build does not have; remove it";
const NAME: &str = "letters, digits and -_%|, at most 100";
const BOOLEAN: &str = "true or false";
const MOST: i64 = i32::MAX as i64;
const HOUR_MS: i64 = 3_600_000;

/// Every name, for whoever looks for the nearest.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ROCKETMQ_SETTINGS.iter().map(|row| row.name)
}

/// The name that is meant, whatever its case; of a variable also with underscores between its words.
pub(super) fn spelled(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    names().find(|known| plain(known) == plain(name))
}

/// What is to be done instead of setting `name`, one that is RocketMQ's and not a row here.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix(PREFIX)?;
    let found = ELSEWHERE.iter().find(|(known, _)| *known == name);
    found.map(|(_, instead)| *instead)
}

/// Reads what the layers set.
pub(super) fn read(table: &Table, problems: &mut Vec<Problem>) -> RocketmqSettings {
    let mut settings = RocketmqSettings::default();
    for row in ROCKETMQ_SETTINGS {
        let Some(Setting { value, origin }) = table.get(row.name) else {
            continue;
        };
        if let Err(why) = (row.apply)(&mut settings, value.trim()) {
            problems.push(Problem::Value {
                key: row.name.to_owned(),
                value: value.clone(),
                origin: origin.clone(),
                why,
            });
        }
    }
    settings
}

fn set<T>(to: &mut T, value: Result<T, String>) -> Result<(), String> {
    value.map(|value| *to = value)
}

fn whole<T: TryFrom<i64>>(text: &str, least: i64, most: i64) -> Result<T, String> {
    let number = text.parse::<i64>().ok();
    within(number, least, most)
        .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

fn size<T: TryFrom<i64>>(text: &str, least: i64, most: i64) -> Result<T, String> {
    within(parse_bytes(text), least, most)
        .ok_or_else(|| format!("must be a size from {least} to {most} bytes, such as 64MiB"))
}

fn within<T: TryFrom<i64>>(number: Option<i64>, least: i64, most: i64) -> Option<T> {
    let number = number.filter(|number| (least..=most).contains(number));
    number.and_then(|number| T::try_from(number).ok())
}

fn time(text: &str, least_ms: i64, most_ms: i64) -> Result<Duration, String> {
    let millis: Option<u64> = within(parse_millis(text), least_ms, most_ms);
    millis
        .map(Duration::from_millis)
        .ok_or_else(|| format!("must be a time from {least_ms} to {most_ms} ms, such as 10s"))
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if (0.1..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("must be a number from 0.1 to 1".to_owned()),
    }
}

fn name(text: &str) -> Result<String, String> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "-_%|".contains(c);
    if (1..=100).contains(&text.len()) && text.chars().all(is_fine) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 100 letters, digits or -_%|".to_owned())
    }
}

fn hours(text: &str) -> Result<Vec<u8>, String> {
    let hours = text.split(';').map(|hour| hour.trim().parse::<u8>().ok());
    let hours: Option<Vec<u8>> = hours.map(|hour| hour.filter(|hour| *hour < 24)).collect();
    hours.ok_or_else(|| "must be hours from 00 to 23, such as 04 or 04;16".to_owned())
}

fn delay_levels(text: &str) -> Result<Vec<i64>, String> {
    let is_level = |ms: &i64| (1..=40 * 24 * HOUR_MS).contains(ms);
    let with_unit = |word: &&str| word.ends_with(['s', 'm', 'h', 'd']) && !word.ends_with("ms");
    let words = text.split_ascii_whitespace();
    let levels = words.map(|word| {
        let word = Some(word).filter(with_unit);
        word.and_then(parse_millis).filter(is_level)
    });
    let levels: Option<Vec<i64>> = levels.collect();
    levels
        .filter(|levels| !levels.is_empty())
        .ok_or_else(|| "must be times up to 40d, such as 1s 5m 2h, with a space between".to_owned())
}

#[cfg(test)]
mod tests;
