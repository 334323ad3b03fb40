//! What must be in a directory, kept by who wrote it, and the look at a server that is held against it.
//!
//! Invariants: what was seen once is seen again as the same bytes at the same place; a new message is one that was sent and
//! was not seen before; what was acknowledged is where its answer said; numbers in a queue have no holes; every message is
//! found by both its keys and its tags, once, but for those that RocketMQ is known to forget ([`forgotten`]), and those it does not find.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::client::{By, Client, PATIENCE, Placed, Stored, unique_key};
use super::forgotten;
use super::load::{Acked, Done};
use crate::rocketmq_peer::Peer;

/// Of the messages that were looked for by key before, each so many is looked for again.
const AGAIN_EVERY: usize = 10;

/// A topic and the id of a message in it.
type Name = (String, String);

/// A message that was seen.
struct Seen {
    /// Where in the log it lies.
    place: i64,
    /// Its tags; no other message has the same.
    tags: Option<String>,
}

#[derive(Default)]
pub(super) struct Model {
    /// What was seen, by topic and queue.
    queues: BTreeMap<(String, i32), Vec<Stored>>,
    /// What is in `queues`.
    seen: BTreeMap<Name, Seen>,
    /// What may be there and was not seen.
    possible: BTreeSet<Name>,
    /// What must come, sooner or later.
    due: BTreeSet<Name>,
    /// What must be there already, and where.
    acked: Vec<Acked>,
    /// Progress of groups, by group, topic and queue.
    pub(super) progress: BTreeMap<(String, String, i32), i64>,
    /// Who serves, or served last.
    peer: Option<Peer>,
    /// Places in the log of which it has forgotten the keys.
    forgotten: Vec<Range<i64>>,
}

/// What a look found.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) messages: usize,
    pub(super) new: usize,
    pub(super) acked: usize,
    pub(super) queries: usize,
    /// Of these, what was found by key no more, as was to be expected.
    pub(super) forgotten: usize,
}

impl Looked {
    /// Takes a later look in; the directory is the same.
    fn add(&mut self, more: &Self) {
        self.messages = more.messages;
        self.new += more.new;
        self.queries += more.queries;
        self.forgotten += more.forgotten;
    }
}

impl Model {
    pub(super) fn add_topic(&mut self, topic: &str, queues: i32) {
        for queue in 0..queues {
            self.queues.entry((topic.to_owned(), queue)).or_default();
        }
    }

    /// Told before `peer` starts on the directory.
    pub(super) fn starts(&mut self, peer: Peer, store: &Path) -> Result<()> {
        let before = self.peer.replace(peer);
        if peer != Peer::RocketMq {
            // What RocketMQ has forgotten is put in again.
            self.forgotten.clear();
            return Ok(());
        }
        if let Some(places) = forgotten::at_next_start(store)? {
            ensure!(
                before == Some(Peer::RocketMq),
                "RocketMQ will forget keys of what lies at {places:?}, though it was not the one that was killed"
            );
            self.forgotten.push(places);
        }
        Ok(())
    }

    /// Where in the log the newest message lies that was seen.
    pub(super) fn newest(&self) -> i64 {
        let places = self.seen.values().map(|seen| seen.place);
        places.max().unwrap_or(0)
    }

    /// A message that was acknowledged.
    pub(super) fn put(&mut self, topic: &str, id: &str, placed: Placed) {
        self.possible.insert((topic.to_owned(), id.to_owned()));
        self.acked.push(Acked {
            topic: topic.to_owned(),
            id: id.to_owned(),
            placed,
        });
    }

    /// A message that comes by itself, once.
    pub(super) fn expect(&mut self, topic: &str, id: &str) {
        let name = (topic.to_owned(), id.to_owned());
        self.possible.insert(name.clone());
        self.due.insert(name);
    }

    pub(super) fn loaded(&mut self, done: Done) {
        self.possible.extend(done.attempted);
        self.acked.extend(done.acked);
    }

    /// The messages seen of a topic.
    pub(super) fn messages(&self, topic: &str) -> impl Iterator<Item = &Stored> {
        let queues = self.queues.iter().filter(move |((of, _), _)| of == topic);
        queues.flat_map(|(_, messages)| messages)
    }

    /// Looks at everything, from the beginning of each queue.
    pub(super) fn look(&mut self, client: &mut Client) -> Result<Looked> {
        let ends = self.acked.iter().fold(BTreeMap::new(), |mut ends, acked| {
            let key = (acked.topic.clone(), acked.placed.queue_id);
            let end: &mut i64 = ends.entry(key).or_default();
            *end = (*end).max(acked.placed.queue_offset + 1);
            ends
        });
        for ((topic, queue), end) in ends {
            client.wait_end(&topic, queue, end)?;
        }
        let mut looked = Looked::default();
        let mut new = Vec::new();
        for ((topic, queue), known) in &mut self.queues {
            let found = client.pull(topic, *queue, 0)?;
            let kept = found.get(..known.len());
            if kept != Some(known.as_slice()) {
                bail!("{topic} {queue}: {}", difference(known, &found)?);
            }
            looked.messages += found.len();
            for (stored, at) in found.iter().zip(0..).skip(known.len()) {
                let name = (topic.clone(), stored.id()?);
                check_place(stored, topic, *queue, at).with_context(|| format!("{name:?}"))?;
                ensure!(
                    self.possible.remove(&name),
                    "{name:?} is there, unasked or twice"
                );
                self.due.remove(&name);
                let entry = stored.entry()?;
                let seen = Seen {
                    place: entry.physical_offset.0,
                    tags: entry.property("TAGS").map(Into::into),
                };
                self.seen.insert(name.clone(), seen);
                new.push(name);
            }
            *known = found;
        }
        self.check_acked()?;
        looked.acked = self.acked.len();
        // What was not acknowledged and is not there now never comes.
        self.possible.retain(|name| self.due.contains(name));
        self.acked.clear();
        looked.new = new.len();
        self.check_keys(client, &new, &mut looked)?;
        self.check_times(client)?;
        self.check_progress(client)?;
        Ok(looked)
    }

    /// Waits for what comes by itself, then looks.
    pub(super) fn look_for_due(&mut self, client: &mut Client) -> Result<Looked> {
        let started = Instant::now();
        let mut looked = self.look(client)?;
        while !self.due.is_empty() {
            let due = &self.due;
            ensure!(started.elapsed() < PATIENCE, "never came: {due:?}");
            std::thread::sleep(Duration::from_millis(200));
            let more = self.look(client)?;
            looked.add(&more);
        }
        Ok(looked)
    }

    fn check_acked(&self) -> Result<()> {
        for Acked { topic, id, placed } in &self.acked {
            let queue = self.queues.get(&(topic.clone(), placed.queue_id));
            let at = usize::try_from(placed.queue_offset)?;
            let stored = queue.and_then(|messages| messages.get(at));
            let stored = stored
                .with_context(|| format!("{id} was acknowledged at {placed:?} and is lost"))?;
            let found = stored.entry()?.physical_offset.0;
            ensure!(
                stored.id()? == *id && found == placed.physical_offset,
                "{id} was acknowledged at {placed:?}; there lies {} at {found}",
                stored.id()?
            );
        }
        Ok(())
    }

    /// Looks for messages by key: all that are new, and some of the others.
    fn check_keys(&self, client: &mut Client, new: &[Name], looked: &mut Looked) -> Result<()> {
        let again = self.seen.keys().step_by(AGAIN_EVERY);
        let names: BTreeSet<&Name> = new.iter().chain(again).collect();
        for name in names {
            let seen = self.seen.get(name).context("not seen")?;
            let (_, id) = name;
            let keys = [id.clone(), unique_key(id)].map(|key| (By::Key, key));
            let tags = seen.tags.iter().map(|tags| (By::Tags, tags.clone()));
            for (by, key) in keys.into_iter().chain(tags) {
                let is_found = self.query(client, name, by, &key)?;
                looked.queries += 1;
                looked.forgotten += usize::from(!is_found);
                let (place, forgotten) = (seen.place, &self.forgotten);
                ensure!(
                    self.expected(place).is_none_or(|wanted| wanted == is_found),
                    "{name:?}, at {place}, is {}found by {by:?} {key}; forgotten: {forgotten:?}",
                    if is_found { "" } else { "not " }
                );
            }
        }
        Ok(())
    }

    /// Whether this message, and no other, is found.
    fn query(&self, client: &mut Client, name: &Name, by: By, key: &str) -> Result<bool> {
        let (topic, id) = name;
        let mut found = client.query(topic, key, by)?;
        if self.peer == Some(Peer::RocketMq) {
            // What it dispatches again it may put in again.
            found.dedup();
        }
        let ids = found.iter().map(Stored::id).collect::<Result<Vec<_>>>()?;
        ensure!(
            ids.is_empty() || ids == [id.as_str()],
            "{topic}: by {by:?} {key} came {ids:?}"
        );
        Ok(!ids.is_empty())
    }

    /// Whether what lies there is found by key; `None` where it may be or not.
    fn expected(&self, place: i64) -> Option<bool> {
        match self.forgotten.iter().find(|range| range.contains(&place)) {
            Some(range) if range.start == place => None,
            Some(_) => Some(false),
            None => Some(true),
        }
    }

    /// Looks for the first, the last and two more messages of each queue by their time.
    fn check_times(&self, client: &mut Client) -> Result<()> {
        for ((topic, queue), messages) in &self.queues {
            let times = messages.iter().map(|stored| stored.entry());
            let times = times.map(|entry| Ok(entry?.store_timestamp_ms));
            let times = times.collect::<Result<Vec<i64>>>()?;
            let last = times.len().saturating_sub(1);
            for at in [0, last / 3, last / 2, last] {
                let Some(time) = times.get(at) else { continue };
                let wanted = times.partition_point(|before| before < time);
                let found = client.offset_at(topic, *queue, *time)?;
                ensure!(
                    usize::try_from(found) == Ok(wanted),
                    "{topic} {queue}: at {time} lies {found}, not {wanted}"
                );
            }
        }
        Ok(())
    }

    fn check_progress(&self, client: &mut Client) -> Result<()> {
        for ((group, topic, queue), at) in &self.progress {
            let found = client.progress(group, topic, *queue)?;
            ensure!(
                found == *at,
                "{group} in {topic} {queue} is at {found}, was at {at}"
            );
        }
        Ok(())
    }
}

/// Whether an entry is what its queue says, and not damaged.
fn check_place(stored: &Stored, topic: &str, queue: i32, at: i64) -> Result<()> {
    let entry = stored.entry()?;
    let place = (entry.topic()?, entry.queue_id, entry.queue_offset.0);
    ensure!(
        place == (topic, queue, at),
        "lies at {queue} {at}, says {place:?}"
    );
    Ok(())
}

/// Where two readings of a queue part.
fn difference(known: &[Stored], found: &[Stored]) -> Result<String> {
    for (at, (was, is)) in known.iter().zip(found).enumerate() {
        if was != is {
            return Ok(format!(
                "at {at} was {:?}, is {:?}",
                was.entry()?,
                is.entry()?
            ));
        }
    }
    Ok(format!("had {} messages, has {}", known.len(), found.len()))
}
