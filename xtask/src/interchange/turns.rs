//! One directory, served in turn by Highwater and by Apache RocketMQ 5.5.0, with nothing done to it in between.
//!
//! Each turn looks at everything that the turns before left ([`Model`]), ends what they left open, adds to it, and ends by
//! a stop or by `kill -9` under load. In flight from one server to the next are: prepared messages, which a later turn
//! commits or rolls back; delayed ones; messages that a consumer gave back, for a group whose retry topic needs entries of
//! version 2 as well. One topic has the longest name there may be. Every other turn calls itself by an IPv6 address, and half of what is sent comes from one.
//! Files are small ([`super::server`]), so every turn rolls commit log, consume queues and index.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rocketmq::config_json::{self, Value};
use rocketmq::remoting::headers::EndTransactionHeader;
use rocketmq::store::Checkpoint;
use rocketmq::store::message::SysFlag;

use super::client::{Client, Draft, PATIENCE, Placed, Stored};
use super::load::{Load, QUEUES, TOPICS};
use super::model::Model;
use super::server::{Running, store};
use crate::clients::Random;
use crate::report::Tally;
use crate::rocketmq_peer::Peer;

const TOPIC: &str = "turns";
const GROUP: &str = "group";
/// With `%RETRY%` in front the name has 157 characters: more than one byte of length can say. RocketMQ serves such a group
/// and makes none (120 are its limit), so the first turn of Highwater makes it.
const LONG_GROUP_BYTES: usize = 150;
/// A topic's name may be so long.
const LONG_TOPIC_BYTES: usize = 127;
/// Messages of a turn that are sent one by one; of them, each so many goes to the topic with the long name.
const SINGLES: usize = 120;
const LONG_EVERY: usize = 10;
const BATCH: usize = 5;
const DELAYED: usize = 6;
/// Of the single ones, those that each group gives back.
const BACK: usize = 4;
/// Load before a kill.
const ACKED_MIN: u64 = 200;
const LOAD_MS_MAX: u64 = 200;

/// How a turn ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Stop,
    /// `kill -9` while messages are being sent.
    Kill,
    /// `kill -9` while nothing is sent, when the checkpoint says that all is in the queues.
    KillIdle,
}

/// The directory and what must be in it.
struct Trip<'d> {
    home: &'d Path,
    model: Model,
    /// Prepared messages, and in which turn each is to end how.
    halves: Vec<Half>,
    /// Messages put on each delay level, all turns together.
    delayed: BTreeMap<i64, i64>,
    /// Of them, those that the running turn has put there.
    left: i64,
    groups: Vec<String>,
    long_topic: String,
    random: Random,
    /// How often a message was not found by key, as was to be expected.
    forgotten: usize,
}

struct Half {
    id: String,
    placed: Placed,
    end_in: usize,
    how: i32,
}

/// Takes the turns one after the other, and at last looks at what they left.
pub(super) fn run(turns: &[(Peer, End)], seed: u64, keep: bool) -> Result<Tally> {
    let mut dir = tempfile::Builder::new()
        .prefix("highwater-rmq-turns-")
        .tempdir()?;
    dir.disable_cleanup(keep);
    let home = dir.path().to_owned();
    let mut trip = Trip {
        home: &home,
        model: Model::default(),
        halves: Vec::new(),
        delayed: BTreeMap::new(),
        left: 0,
        groups: Vec::new(),
        long_topic: "t".repeat(LONG_TOPIC_BYTES),
        random: Random::new(seed),
        forgotten: 0,
    };
    let mut tally = Tally::default();
    for (number, (peer, end)) in turns.iter().enumerate() {
        let started = Instant::now();
        let outcome = trip.turn(number, *peer, *end);
        tally.add(Tally::single(outcome.is_ok()));
        match outcome {
            Ok(said) => {
                let seconds = started.elapsed().as_secs_f64();
                println!("   {peer:<8} {end:?}: {said} ({seconds:.0} s)");
            }
            Err(error) => {
                dir.disable_cleanup(true);
                println!("   {peer} {end:?}, turn {number}: {error:#}");
                println!("   directory kept: {}", dir.path().display());
                return Ok(tally);
            }
        }
    }
    let is_about_keys = turns.iter().any(|(_, end)| *end == End::KillIdle);
    if is_about_keys && trip.forgotten == 0 {
        println!("   nothing was forgotten, so nothing was shown");
        tally.add(Tally::single(false));
    }
    Ok(tally)
}

impl Trip<'_> {
    fn turn(&mut self, number: usize, peer: Peer, end: End) -> Result<String> {
        let host = match number.is_multiple_of(2) {
            true => "127.0.0.1",
            false => "::1",
        };
        // Killed processes lose nothing with either.
        let flush = match number / 2 % 2 {
            0 => "flushDiskType=ASYNC_FLUSH",
            _ => "flushDiskType=SYNC_FLUSH",
        };
        self.model.starts(peer, &store(self.home))?;
        let server = Running::start(peer, self.home, host, &[flush])?;
        let served = self.serve(&server, peer, number, end);
        let said = served.with_context(|| format!("the server said:\n{}", server.last_words()))?;
        match end {
            End::Stop => server.stop()?,
            End::Kill => {
                self.wait_written()?;
                let load = Load::start(server.address(), &format!("t{number}"));
                load.wait_acked(ACKED_MIN)?;
                self.random.sleep_up_to(LOAD_MS_MAX);
                server.kill()?;
                self.model.loaded(load.join()?);
                self.wait_landed()?;
            }
            End::KillIdle => {
                self.wait_written()?;
                self.wait_checkpoint()?;
                server.kill()?;
            }
        }
        Ok(said)
    }

    /// Looks, ends what is open, adds.
    fn serve(&mut self, server: &Running, peer: Peer, number: usize, end: End) -> Result<String> {
        let mut v4 = Client::connect(server.address())?;
        let mut v6 = Client::connect(server.address_v6())?;
        if number == 0 {
            for topic in TOPICS.into_iter().chain([TOPIC, &self.long_topic]) {
                v4.create_topic(topic, QUEUES)?;
                self.model.add_topic(topic, QUEUES);
            }
            v4.create_group(GROUP)?;
            self.groups.push(GROUP.to_owned());
        }
        if self.groups.len() == 1 && peer != Peer::RocketMq {
            let group = "g".repeat(LONG_GROUP_BYTES);
            v4.create_group(&group)?;
            self.groups.push(group);
        }
        let found = self.model.look_for_due(&mut v4).context("what was left")?;
        self.end_halves(&mut v4, number)?;
        self.add(&mut v4, &mut v6, number)?;
        self.model.look_for_due(&mut v4).context("what was added")?;
        self.leave_in_flight(&mut v6, number, end)?;
        self.forgotten += found.forgotten;
        Ok(format!(
            "{} messages, {} new, {} acknowledged just before, {} looked for by key, {} of them forgotten",
            found.messages, found.new, found.acked, found.queries, found.forgotten
        ))
    }

    /// Commits and rolls back what turns before have prepared.
    fn end_halves(&mut self, client: &mut Client, number: usize) -> Result<()> {
        for half in &self.halves {
            if half.end_in == number {
                client
                    .end_transaction(half.placed, &half.id, half.how)
                    .with_context(|| half.id.clone())?;
                if half.how == EndTransactionHeader::COMMIT {
                    self.model.expect(TOPIC, &half.id);
                }
            }
        }
        self.halves.retain(|half| half.end_in != number);
        Ok(())
    }

    /// Messages one by one and as a batch, from both kinds of address; progress of both groups.
    fn add(&mut self, v4: &mut Client, v6: &mut Client, number: usize) -> Result<()> {
        for i in 0..SINGLES {
            let client = if i % 2 == 0 { &mut *v4 } else { &mut *v6 };
            let tag = ("TAGS", format!("tag{number}-{i}"));
            let mut draft = draft(vec![format!("s{number}-{i}")], i, 0, vec![tag]);
            let long_topic = self.long_topic.clone();
            if i % LONG_EVERY == LONG_EVERY - 1 {
                draft.topic = &long_topic;
            }
            self.put(client, &draft)?;
        }
        let batch = (0..BATCH).map(|i| format!("b{number}-{i}")).collect();
        self.put(v6, &draft(batch, number, 0, Vec::new()))?;
        for group in &self.groups {
            for queue in 0..QUEUES {
                let (_, end) = v4.bounds(TOPIC, queue)?;
                let at = end - i64::from(queue) - 1;
                v4.commit(group, TOPIC, queue, at)?;
                let key = (group.clone(), TOPIC.to_owned(), queue);
                self.model.progress.insert(key, at);
            }
        }
        Ok(())
    }

    fn put(&mut self, client: &mut Client, draft: &Draft<'_>) -> Result<()> {
        let places = client.send(draft)?;
        ensure!(
            places.len() == draft.ids.len(),
            "{draft:?} was put at {places:?}"
        );
        for (id, placed) in draft.ids.iter().zip(places) {
            self.model.put(draft.topic, id, placed);
        }
        Ok(())
    }

    /// Prepared, delayed and given-back messages, for the turns to come.
    fn leave_in_flight(&mut self, client: &mut Client, number: usize, end: End) -> Result<()> {
        let plan = [
            (1, EndTransactionHeader::COMMIT),
            (1, EndTransactionHeader::ROLLBACK),
            (2, EndTransactionHeader::COMMIT),
        ];
        for (i, (turns, how)) in plan.into_iter().enumerate() {
            let id = format!("h{number}-{i}");
            let properties = vec![
                ("TRAN_MSG", "true".to_owned()),
                ("PGROUP", "producers".to_owned()),
            ];
            let prepared = SysFlag::TRANSACTION_PREPARED;
            let places = client.send(&draft(vec![id.clone()], i, prepared, properties))?;
            let placed = *places.first().context("no place")?;
            let end_in = number + turns;
            self.halves.push(Half {
                id,
                placed,
                end_in,
                how,
            });
        }
        // A killed server may repeat what it delivered just before, so there nothing becomes due: 15 s, not 6.
        let level = if end == End::Stop { 3 } else { 4 };
        for i in 0..DELAYED {
            let id = format!("d{number}-{i}");
            let delay = vec![("DELAY", level.to_string())];
            client.send(&draft(vec![id.clone()], i, 0, delay))?;
            self.model.expect(TOPIC, &id);
        }
        let given_back = self.give_back(client, number, level)?;
        self.left = i64::try_from(DELAYED + given_back)?;
        *self.delayed.entry(level).or_default() += self.left;
        Ok(())
    }

    /// How many messages were given back.
    fn give_back(&mut self, client: &mut Client, number: usize, level: i64) -> Result<usize> {
        let stored = self.model.messages(TOPIC);
        let named = stored.map(|stored| Ok((stored.id()?, stored.clone())));
        let named = named.collect::<Result<BTreeMap<String, Stored>>>()?;
        let mut count = 0;
        for group in &self.groups {
            let retry = format!("%RETRY%{group}");
            self.model.add_topic(&retry, 1);
            for _ in 0..BACK {
                let id = format!("s{number}-{count}");
                let stored = named.get(&id).context("a message of this turn is gone")?;
                client.send_back(group, stored, i32::try_from(level)?)?;
                self.model.expect(&retry, &id);
                count += 1;
            }
        }
        Ok(count)
    }

    /// Waits until progress is on the disk: a killed server may have forgotten what it had not written down.
    fn wait_written(&self) -> Result<()> {
        let config = store(self.home).join("config");
        wait_for(&config.join("consumerOffset.json"), |table| {
            self.model
                .progress
                .iter()
                .all(|((group, topic, queue), at)| {
                    let of = table.get(&format!("{topic}@{group}"));
                    of.and_then(|of| of.get(&queue.to_string()))
                        .and_then(Value::integer)
                        == Some(*at)
                })
        })?;
        // What this turn has left is not due yet; everything else was delivered.
        wait_for(&config.join("delayOffset.json"), |table| {
            self.delayed.iter().all(|(level, count)| {
                let delivered = if *level == 4 {
                    count - self.left
                } else {
                    *count
                };
                let found = table.get(&level.to_string()).and_then(Value::integer);
                found.unwrap_or(0) >= delivered
            })
        })
    }

    /// Waits until nobody writes into the log: what `direct` has on its way outlives the process. Highwater's recovery waits
    /// for that by itself.
    fn wait_landed(&self) -> Result<()> {
        let log = store(self.home).join("commitlog");
        for file in fs::read_dir(&log).with_context(|| log.display().to_string())? {
            segment::wait_for_writers(&file?.path())?;
        }
        Ok(())
    }

    /// Waits until the checkpoint says that everything is in the queues.
    fn wait_checkpoint(&self) -> Result<()> {
        let started = Instant::now();
        let newest = self.model.newest();
        loop {
            let checkpoint = Checkpoint::read(&store(self.home))?.unwrap_or_default();
            if checkpoint.dispatch_from >= newest {
                return Ok(());
            }
            ensure!(
                started.elapsed() < PATIENCE,
                "the checkpoint does not come to {newest}: {checkpoint:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Waits until the `offsetTable` of a file is as wanted.
fn wait_for(path: &Path, wanted: impl Fn(&Value) -> bool) -> Result<()> {
    let started = Instant::now();
    loop {
        let text = fs::read(path).unwrap_or_default();
        let table = config_json::parse(&text).unwrap_or(Value::Null);
        if wanted(table.get("offsetTable").unwrap_or(&Value::object())) {
            return Ok(());
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "{} was not written: {}",
            path.display(),
            String::from_utf8_lossy(&text)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn draft<'d>(
    ids: Vec<String>,
    number: usize,
    sys_flag: i32,
    properties: Vec<(&'d str, String)>,
) -> Draft<'d> {
    Draft {
        topic: TOPIC,
        queue_id: i32::try_from(number % 4).unwrap_or(0),
        ids,
        padding_bytes: 300 + number * 61 % 1500,
        sys_flag,
        properties,
    }
}
