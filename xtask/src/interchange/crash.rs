//! Rounds of `kill -9` under load: every acknowledged message must be there afterwards, at its place, once.
//!
//! Up to twenty rounds have one directory, so that each recovers what all before it have left. Rounds take turns with
//! SYNC_FLUSH and ASYNC_FLUSH: a killed process may lose nothing with either. The moment of the kill is drawn from the seed;
//! what was in flight then is not, so a seed repeats the draw, not the run.

use std::path::Path;

use anyhow::{Context, Result};

use super::client::Client;
use super::load::{Load, QUEUES, TOPICS};
use super::model::{Looked, Model};
use super::server::Running;
use crate::clients::Random;
use crate::report::Tally;
use crate::rocketmq_peer::Peer;

/// The load runs until so many messages were acknowledged, and for up to so long behind that.
const ACKED_MIN: u64 = 50;
const LOAD_MS_MAX: u64 = 200;
/// Each look is at everything, so a directory must not grow for ever.
const ROUNDS_OF_A_DIRECTORY: u32 = 20;

/// What all rounds together have seen.
#[derive(Default)]
struct Sum {
    acked: usize,
    new: usize,
    queries: usize,
}

/// Runs `rounds` rounds on Highwater with one engine.
pub(super) fn run(peer: Peer, rounds: u32, seed: u64) -> Result<Tally> {
    let mut random = Random::new(seed);
    let (mut sum, mut tally) = (Sum::default(), Tally::default());
    let mut done = 0;
    while done < rounds && tally.failed == 0 {
        let count = ROUNDS_OF_A_DIRECTORY.min(rounds - done);
        directory(peer, count, &mut random, &mut sum, &mut tally)?;
        done += count;
    }
    let Sum {
        acked,
        new,
        queries,
    } = sum;
    println!("   {acked} messages acknowledged, {new} found, {queries} looked for by key");
    Ok(tally)
}

/// Rounds in a new directory, and a look at what the last one left.
fn directory(
    peer: Peer,
    rounds: u32,
    random: &mut Random,
    sum: &mut Sum,
    tally: &mut Tally,
) -> Result<()> {
    let mut dir = tempfile::Builder::new()
        .prefix("highwater-rmq-crash-")
        .tempdir()?;
    let mut model = Model::default();
    for round in 0..=rounds {
        let kill_after = (round < rounds).then_some(&mut *random);
        match one(peer, dir.path(), &mut model, round, kill_after) {
            Ok(looked) => {
                sum.acked += looked.acked;
                sum.new += looked.new;
                sum.queries += looked.queries;
                // The first looks at nothing.
                if round > 0 {
                    tally.add(Tally::single(true));
                }
            }
            Err(error) => {
                dir.disable_cleanup(true);
                println!("   round {round}: {error:#}");
                println!("   directory kept: {}", dir.path().display());
                tally.add(Tally::single(false));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Looks at what the round before left, then loads and kills, or stops.
fn one(
    peer: Peer,
    home: &Path,
    model: &mut Model,
    round: u32,
    kill_after: Option<&mut Random>,
) -> Result<Looked> {
    let flush = match round % 2 {
        0 => "flushDiskType=SYNC_FLUSH",
        _ => "flushDiskType=ASYNC_FLUSH",
    };
    let server = Running::start(peer, home, "127.0.0.1", &[flush])?;
    let looked = look(&server, model, round).with_context(|| server.last_words())?;
    let Some(random) = kill_after else {
        server.stop()?;
        return Ok(looked);
    };
    let load = Load::start(server.address(), &format!("r{round}"));
    load.wait_acked(ACKED_MIN)?;
    random.sleep_up_to(LOAD_MS_MAX);
    server.kill()?;
    model.loaded(load.join()?);
    Ok(looked)
}

fn look(server: &Running, model: &mut Model, round: u32) -> Result<Looked> {
    let mut client = Client::connect(server.address())?;
    if round == 0 {
        for topic in TOPICS {
            client.create_topic(topic, QUEUES)?;
            model.add_topic(topic, QUEUES);
        }
    }
    model.look(&mut client)
}
