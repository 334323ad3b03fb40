//! What a fetch reads: partitions in order, each with its place.
//!
//! A list belongs to one request or lives on in a session. In a session, partitions that gave data move behind the
//! others, so that each gets its turn when the byte limit is small.

use std::collections::HashMap;
use std::sync::Arc;

use kafka_wire::ErrorCode;

use super::request::{Asked, TopicName};
use crate::broker::routes::{Routes, TopicRoute};
use crate::log::{
    Access, Fetched, Isolation, KafkaOffset, PartitionLog, ReadError, StorageError, TopicId,
};

/// How the reader names the topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum TopicKey {
    Name(Arc<str>),
    Id(TopicId),
}

/// One partition that is read.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) topic: TopicKey,
    pub(crate) partition: i32,
    pub(crate) offset: KafkaOffset,
    max_bytes: usize,
    leader_epoch: i32,
    last_fetched_epoch: i32,
    route: Option<Arc<TopicRoute>>,
    /// What the session's reader was told last.
    told: Option<Told>,
}

/// What an incremental answer compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    high_watermark: i64,
    log_start: i64,
}

/// What reading a target gave.
#[derive(Debug)]
pub(crate) enum Read {
    Data(Fetched),
    /// The reader's history differs from ours: it must go back to this epoch and end.
    Diverging {
        epoch: i32,
        end: KafkaOffset,
        high_watermark: KafkaOffset,
        log_start: KafkaOffset,
    },
    Failed(ErrorCode),
    /// Only the blocking pool can say.
    Cold,
}

impl Target {
    fn new(asked: &Asked<'_>, routes: &Routes) -> Self {
        let route = match asked.topic {
            TopicName::Name(name) => routes.topic(name),
            TopicName::Id(id) => routes.topic_by_id(id),
        };
        let topic = match (asked.topic, route) {
            (TopicName::Id(id), _) => TopicKey::Id(id),
            (TopicName::Name(_), Some(route)) => TopicKey::Name(Arc::clone(&route.name)),
            (TopicName::Name(name), None) => TopicKey::Name(name.into()),
        };
        Self {
            topic,
            partition: asked.partition,
            offset: asked.offset,
            max_bytes: usize::try_from(asked.max_bytes).unwrap_or(0),
            leader_epoch: asked.leader_epoch,
            last_fetched_epoch: asked.last_fetched_epoch,
            route: route.cloned(),
            told: None,
        }
    }

    /// The same partition and place, for reading elsewhere.
    pub(crate) fn again(&self) -> Self {
        Self {
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.offset,
            max_bytes: self.max_bytes,
            leader_epoch: self.leader_epoch,
            last_fetched_epoch: self.last_fetched_epoch,
            route: self.route.clone(),
            told: None,
        }
    }

    fn key(&self) -> (TopicKey, i32) {
        (self.topic.clone(), self.partition)
    }

    /// Takes the place a further request names.
    fn move_to(&mut self, asked: &Asked<'_>) {
        self.offset = asked.offset;
        self.max_bytes = usize::try_from(asked.max_bytes).unwrap_or(0);
        self.leader_epoch = asked.leader_epoch;
        self.last_fetched_epoch = asked.last_fetched_epoch;
    }

    /// The log, if it is known and being served.
    pub(crate) fn log(&self) -> Option<&Arc<PartitionLog>> {
        Some(&self.route.as_ref()?.partition(self.partition)?.log)
    }

    /// Looks the topic up again when it is not known, or known no more.
    fn resolve(&mut self, routes: &Routes) {
        let route = match &self.topic {
            TopicKey::Name(name) => routes.topic(name),
            TopicKey::Id(id) => routes.topic_by_id(*id),
        };
        self.route = route.cloned();
    }

    fn unknown(&self) -> ErrorCode {
        match (&self.topic, &self.route) {
            (TopicKey::Id(_), None) => ErrorCode::UnknownTopicId,
            (_, Some(route)) if route.has(self.partition) => ErrorCode::KafkaStorageError,
            _ => ErrorCode::UnknownTopicOrPartition,
        }
    }

    /// Reads at most `left_bytes`; `first` allows one whole batch beyond every limit.
    pub(crate) fn read(
        &mut self,
        routes: &Routes,
        isolation: Isolation,
        left_bytes: usize,
        first: bool,
        access: Access,
    ) -> Read {
        for attempt in 0..2 {
            if attempt > 0 || self.log().is_none() {
                self.resolve(routes);
            }
            // A closed log's topic was deleted, perhaps made again: once more by its name.
            if let Ok(read) = self.read_once(isolation, left_bytes, first, access) {
                return read;
            }
        }
        Read::Failed(self.unknown())
    }

    fn read_once(
        &self,
        isolation: Isolation,
        left_bytes: usize,
        first: bool,
        access: Access,
    ) -> Result<Read, Closed> {
        let partition = self
            .route
            .as_ref()
            .and_then(|route| route.partition(self.partition));
        let Some(partition) = partition else {
            return Ok(Read::Failed(self.unknown()));
        };
        if self.leader_epoch >= 0 && self.leader_epoch != partition.leader_epoch {
            let older = self.leader_epoch < partition.leader_epoch;
            let fenced = if older {
                ErrorCode::FencedLeaderEpoch
            } else {
                ErrorCode::UnknownLeaderEpoch
            };
            return Ok(Read::Failed(fenced));
        }
        let log = &partition.log;
        if access == Access::InMemory && !log.is_open() {
            return Ok(Read::Cold);
        }
        if self.last_fetched_epoch >= 0
            && let Some(diverging) = self.divergence(log)
        {
            return Ok(diverging);
        }
        let max_bytes = self.max_bytes.min(left_bytes);
        match log.read(self.offset, max_bytes, first, isolation, access) {
            Ok(fetched) => Ok(Read::Data(fetched)),
            Err(ReadError::WouldBlock) => Ok(Read::Cold),
            Err(ReadError::Closed) => Err(Closed),
            Err(ReadError::OutOfRange { .. }) => Ok(Read::Failed(ErrorCode::OffsetOutOfRange)),
            Err(ReadError::Storage(error)) => Ok(Read::Failed(storage_code(log, &error))),
        }
    }

    fn divergence(&self, log: &PartitionLog) -> Option<Read> {
        let (epoch, end) = match log.end_offset_for_epoch(self.last_fetched_epoch) {
            Ok(known) => known,
            Err(error) => return Some(Read::Failed(storage_code(log, &error))),
        };
        if epoch == -1 && end.0 == -1 {
            return Some(Read::Failed(ErrorCode::OffsetOutOfRange));
        }
        if epoch >= self.last_fetched_epoch && end >= self.offset {
            return None;
        }
        let (Ok(high_watermark), Ok(log_start)) = (log.high_watermark(), log.log_start_offset())
        else {
            return Some(Read::Failed(ErrorCode::KafkaStorageError));
        };
        Some(Read::Diverging {
            epoch,
            end,
            high_watermark,
            log_start,
        })
    }

    /// Notes what an answer tells; true if an incremental one must mention it.
    pub(crate) fn tell(&mut self, high_watermark: i64, log_start: i64, matters: bool) -> bool {
        let now = Some(Told {
            high_watermark,
            log_start,
        });
        let changed = self.told != now;
        self.told = now;
        changed || matters
    }

    /// Forgets what was told, so that the next incremental answer mentions this partition again.
    pub(crate) fn untell(&mut self) {
        self.told = None;
    }
}

/// The log was closed under the reader.
struct Closed;

fn storage_code(log: &PartitionLog, error: &StorageError) -> ErrorCode {
    tracing::warn!(log = %log.tp(), %error, "fetch failed");
    ErrorCode::KafkaStorageError
}

/// Partitions in the order they are read.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    list: Vec<Option<Target>>,
    order: Vec<u32>,
    /// Only in sessions.
    index: HashMap<(TopicKey, i32), u32>,
}

impl Targets {
    /// A list for one request.
    pub(crate) fn of(asked: &[Asked<'_>], routes: &Routes) -> Self {
        let list: Vec<_> = asked
            .iter()
            .map(|asked| Some(Target::new(asked, routes)))
            .collect();
        let order = (0..).take(list.len()).collect();
        Self {
            list,
            order,
            index: HashMap::new(),
        }
    }

    /// A list for a session. A partition that is named twice counts once.
    pub(crate) fn indexed(asked: &[Asked<'_>], routes: &Routes) -> Self {
        let mut targets = Self::default();
        targets.update(asked, &[], routes);
        targets
    }

    /// Applies what a request changes.
    pub(crate) fn update(
        &mut self,
        asked: &[Asked<'_>],
        forgotten: &[(TopicName<'_>, i32)],
        routes: &Routes,
    ) {
        for asked in asked {
            let target = Target::new(asked, routes);
            let key = target.key();
            match self
                .index
                .get(&key)
                .and_then(|slot| self.list.get_mut(*slot as usize)?.as_mut())
            {
                Some(known) => known.move_to(asked),
                None => self.add(key, target),
            }
        }
        for (topic, partition) in forgotten {
            let key = match topic {
                TopicName::Name(name) => TopicKey::Name((*name).into()),
                TopicName::Id(id) => TopicKey::Id(*id),
            };
            if let Some(slot) = self.index.remove(&(key, *partition)) {
                if let Some(place) = self.list.get_mut(slot as usize) {
                    *place = None;
                }
                self.order.retain(|other| *other != slot);
            }
        }
    }

    fn add(&mut self, key: (TopicKey, i32), target: Target) {
        let free = self
            .list
            .iter()
            .position(Option::is_none)
            .filter(|_| self.order.len() < self.list.len());
        let at = free.unwrap_or(self.list.len());
        let Ok(slot) = u32::try_from(at) else { return };
        match self.list.get_mut(at) {
            Some(place) => *place = Some(target),
            None => self.list.push(Some(target)),
        }
        self.index.insert(key, slot);
        self.order.push(slot);
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether topics are named by id; `None` without topics.
    pub(crate) fn uses_ids(&self) -> Option<bool> {
        let first = self.order.first()?;
        Some(matches!(self.get(*first)?.topic, TopicKey::Id(_)))
    }

    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Target> {
        self.list.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Target> {
        self.list.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Target> {
        self.order.iter().filter_map(|slot| self.get(*slot))
    }

    /// Moves targets behind the others, which keep their order.
    pub(crate) fn move_back(&mut self, served: &[u32]) {
        if served.is_empty() || served.len() == self.order.len() {
            return;
        }
        self.order.retain(|slot| !served.contains(slot));
        self.order.extend_from_slice(served);
    }
}
