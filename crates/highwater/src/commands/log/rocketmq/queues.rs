//! Do the consume queues agree with the log? Both ways: each message has its unit, and each unit its message.
//!
//! Invariants: the log is the truth. A queue is walked once for itself, then asked for the unit of each message as the log
//! is walked; memory is a few hundred bytes and 64 units per queue. A topic that was deleted and made again has older
//! messages in the log whose places its queues have given to newer ones: these are not damage.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rocketmq::store::message::{Entry, SysFlag, key, tags_code};
use rocketmq::store::{QueueUnit, SCHEDULE_TOPIC, UNIT_BYTES};

use super::store_dir::{OffsetFile, QueueDir, StoreDir};
use super::verify::Problems;

/// Units of a queue that are kept while the log is walked.
const KEPT_UNITS: usize = 64;
/// Units read at a time in the walk through a queue.
const WALK_UNITS: usize = 3200;
/// A code below this is an address into `consumequeue_ext`.
const EXT_ADDRESS_BELOW: i64 = i32::MIN as i64;
/// Queues of this kind name messages of other topics.
const LIGHT_QUEUE: &str = "%LMQ%";

/// A count and the first one counted.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    first: Option<String>,
}

impl Tally {
    fn add(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(what);
    }
}

struct Queue {
    dir: QueueDir,
    /// Number of its first unit.
    first: u64,
    /// Number behind its last unit.
    end: u64,
    first_physical: i64,
    last_physical: i64,
    /// Units that name a byte of the log there is.
    in_log: u64,
    /// Units that are the ones of their messages.
    matched: u64,
    missing: Tally,
    missing_at_end: Tally,
    wrong: Tally,
    kept_from: u64,
    kept: Vec<QueueUnit>,
}

/// All queues of a store.
pub(super) struct Queues {
    by_topic: HashMap<String, HashMap<i32, Queue>>,
    is_unclean: bool,
    /// Messages of topics, or queues, that have no directory.
    without: BTreeMap<String, u64>,
}

impl Queues {
    /// Walks each queue for itself. `log_end` is behind the last whole message.
    pub(super) fn open(
        store: &StoreDir,
        log_end: u64,
        problems: &mut Problems,
    ) -> io::Result<Self> {
        let mut by_topic: HashMap<String, HashMap<i32, Queue>> = HashMap::new();
        for dir in &store.queues {
            let queue = walk(store, dir, log_end, problems)?;
            let queues = by_topic.entry(dir.topic.clone()).or_default();
            queues.insert(dir.id, queue);
        }
        Ok(Self {
            by_topic,
            is_unclean: store.is_unclean,
            without: BTreeMap::new(),
        })
    }

    /// Looks for the unit of a message.
    pub(super) fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        if !entry.has_queue_place()
            || entry.queue_id < 0
            || entry.sys_flag.has(SysFlag::INNER_BATCH)
        {
            return Ok(());
        }
        let Ok(topic) = entry.topic() else {
            return Ok(());
        };
        let queue = self
            .by_topic
            .get_mut(topic)
            .and_then(|queues| queues.get_mut(&entry.queue_id));
        match queue {
            Some(queue) => queue.entry(entry, topic),
            None => {
                *self.without.entry(topic.to_owned()).or_default() += 1;
                Ok(())
            }
        }
    }

    /// Says what was found. Returns how many units there are.
    pub(super) fn end(self, problems: &mut Problems) -> u64 {
        for (topic, count) in &self.without {
            let what = format!(
                "{count} messages of {topic} have no queue: the topic was deleted, or its queues were"
            );
            problems.note(None, None, what);
        }
        let mut queues: Vec<Queue> = self
            .by_topic
            .into_values()
            .flat_map(HashMap::into_values)
            .collect();
        queues.sort_by(|a, b| a.dir.path.cmp(&b.dir.path));
        let units = queues.iter().map(|queue| queue.end - queue.first).sum();
        for queue in queues {
            queue.report(self.is_unclean, problems);
        }
        units
    }
}

impl Queue {
    fn entry(&mut self, entry: &Entry<'_>, topic: &str) -> io::Result<()> {
        let physical = entry.physical_offset.0;
        let of_an_earlier_life = physical < self.first_physical;
        let number = u64::try_from(entry.queue_offset.0).unwrap_or(u64::MAX);
        let what = || format!("offset {number}, of the message at {physical}");
        if number < self.first || number >= self.end {
            if of_an_earlier_life || (number >= self.end && physical < self.last_physical) {
                return Ok(());
            }
            match number >= self.end {
                true => self.missing_at_end.add(what),
                false => self.missing.add(what),
            }
            return Ok(());
        }
        let unit = self.unit(number)?;
        let is_its = unit.physical_offset == entry.physical_offset
            && i64::from(unit.size_bytes) == i64::from(entry.size_bytes());
        if is_its && code_fits(&unit, entry, topic) {
            self.matched += 1;
        } else if is_its {
            self.matched += 1;
            self.wrong
                .add(|| format!("offset {number} has the tags code {}", unit.tags_code));
        } else if unit.physical_offset <= entry.physical_offset && !of_an_earlier_life {
            self.wrong.add(|| {
                format!(
                    "offset {number} names {}, not {physical}",
                    unit.physical_offset
                )
            });
        }
        Ok(())
    }

    fn unit(&mut self, number: u64) -> io::Result<QueueUnit> {
        let kept = number
            .checked_sub(self.kept_from)
            .and_then(|at| self.kept.get(usize::try_from(at).ok()?));
        if let Some(unit) = kept {
            return Ok(*unit);
        }
        self.kept = read_units(&self.dir.files, number, KEPT_UNITS)?;
        self.kept_from = number;
        self.kept
            .first()
            .copied()
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn report(self, is_unclean: bool, problems: &mut Problems) {
        let path = &self.dir.path;
        let example = |tally: &Tally| tally.first.clone().unwrap_or_default();
        if self.missing_at_end.count > 0 {
            let what = format!(
                "{} messages are not in it yet, the first {}",
                self.missing_at_end.count,
                example(&self.missing_at_end)
            );
            match is_unclean {
                true => problems.note(Some(path), None, what),
                false => problems.queue_damage(path, what),
            }
        }
        for (tally, what) in [
            (&self.missing, "messages lack their units"),
            (&self.wrong, "units are wrong"),
        ] {
            if tally.count > 0 {
                problems.queue_damage(path, format!("{} {what}: {}", tally.count, example(tally)));
            }
        }
        let strays = self.in_log.saturating_sub(self.matched);
        let is_light = self.dir.topic.starts_with(LIGHT_QUEUE);
        if strays > 0 && self.wrong.count == 0 && !is_light {
            let what = format!("{strays} units name no message of this queue");
            problems.queue_damage(path, what);
        }
    }
}

/// Whether the filter's code is the message's. Delivery times depend on settings, and codes may lie elsewhere.
fn code_fits(unit: &QueueUnit, entry: &Entry<'_>, topic: &str) -> bool {
    unit.tags_code == tags_code(entry.property(key::TAGS).as_deref())
        || (topic == SCHEDULE_TOPIC && entry.property(key::DELAY).is_some())
        || unit.tags_code < EXT_ADDRESS_BELOW
}

fn walk(
    store: &StoreDir,
    dir: &QueueDir,
    log_end: u64,
    problems: &mut Problems,
) -> io::Result<Queue> {
    check_files(store, dir, problems);
    let unit_bytes = UNIT_BYTES as u64;
    let first = dir.files.first().map_or(0, |file| file.base / unit_bytes);
    let mut queue = Queue {
        dir: dir.clone(),
        first,
        end: first,
        first_physical: i64::MAX,
        last_physical: -1,
        in_log: 0,
        matched: 0,
        missing: Tally::default(),
        missing_at_end: Tally::default(),
        wrong: Tally::default(),
        kept_from: 0,
        kept: Vec::new(),
    };
    let (log_start, log_end) = (
        i64::try_from(store.log_start()).unwrap_or(i64::MAX),
        i64::try_from(log_end).unwrap_or(i64::MAX),
    );
    let (mut behind, mut is_open) = (0u64, true);
    let mut falls = Tally::default();
    let mut number = first;
    loop {
        let units = read_units(&dir.files, number, WALK_UNITS)?;
        if units.is_empty() {
            break;
        }
        for unit in units {
            is_open &= unit.is_written();
            if !is_open {
                behind += u64::from(unit.is_written());
            } else if !unit.is_prefill() {
                let physical = unit.physical_offset.0;
                if physical <= queue.last_physical {
                    falls.add(|| format!("offset {number} names {physical}"));
                }
                queue.first_physical = queue.first_physical.min(physical);
                queue.last_physical = queue.last_physical.max(physical);
                queue.in_log += u64::from(physical >= log_start && physical < log_end);
                if physical >= log_end {
                    queue.wrong_end(store, number, physical, problems);
                }
            }
            number += 1;
            if is_open {
                queue.end = number;
            }
        }
    }
    if behind > 0 {
        let what = format!(
            "{behind} units lie behind offset {}, where it has none",
            queue.end
        );
        problems.queue_damage(&dir.path, what);
    }
    if let Some(what) = falls.first {
        let what = format!("{} units go back in the log: {what}", falls.count);
        problems.queue_damage(&dir.path, what);
    }
    Ok(queue)
}

impl Queue {
    /// A unit of a message that the log does not have: once per queue.
    fn wrong_end(&self, store: &StoreDir, number: u64, physical: i64, problems: &mut Problems) {
        let what = format!(
            "from offset {number} on it names messages behind the end of the log, the first at {physical}"
        );
        if problems.is_last_of(&self.dir.path, "from offset") {
            return;
        }
        match store.is_unclean {
            true => problems.note(Some(&self.dir.path), None, what),
            false => problems.queue_damage(&self.dir.path, what),
        }
    }
}

fn check_files(store: &StoreDir, dir: &QueueDir, problems: &mut Problems) {
    for pair in dir.files.windows(2) {
        if let [before, after] = pair
            && before.base + store.queue_file_bytes != after.base
        {
            let what = format!("a file is missing before {}", after.path.display());
            problems.queue_damage(&dir.path, what);
        }
    }
    for file in &dir.files {
        if file.len != store.queue_file_bytes || !file.base.is_multiple_of(store.queue_file_bytes) {
            let what = format!(
                "{} bytes, where its files have {}",
                file.len, store.queue_file_bytes
            );
            problems.queue_damage(&file.path, what);
        }
    }
}

/// Units from `number` on: up to `count`, to the end of a file.
pub(super) fn read_units(
    files: &[OffsetFile],
    number: u64,
    count: usize,
) -> io::Result<Vec<QueueUnit>> {
    let at = number.saturating_mul(UNIT_BYTES as u64);
    let after = files.partition_point(|file| file.base <= at);
    let file = after.checked_sub(1).and_then(|index| files.get(index));
    let file = match file {
        Some(file) if at < file.base + file.len => file,
        _ => return Ok(Vec::new()),
    };
    let left = usize::try_from(file.base + file.len - at).unwrap_or(usize::MAX);
    let mut bytes = vec![0; left.min(count * UNIT_BYTES)];
    File::open(&file.path)?.read_exact_at(&mut bytes, at - file.base)?;
    Ok(bytes.as_chunks().0.iter().map(QueueUnit::decode).collect())
}
