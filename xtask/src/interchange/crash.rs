//! Rounds of `kill -9` under load: every acknowledged message must be there afterwards, at its place, once.
//!
//! One directory per engine, so that each round recovers what all rounds before it have left. Rounds take turns with
//! SYNC_FLUSH and ASYNC_FLUSH: a killed process may lose nothing with either. The moment of the kill is drawn from the seed;
//! what was in flight then is not, so a seed repeats the draw, not the run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::client::Client;
use super::load::{Load, QUEUES, TOPICS};
use super::model::{Looked, Model};
use super::server::{Peer, Running, store};
use crate::clients::Random;
use crate::report::Tally;

/// The load runs until so many messages were acknowledged, and for up to so long behind that.
const ACKED_MIN: u64 = 50;
const LOAD_MS_MAX: u64 = 400;

/// Runs `rounds` rounds on Highwater with one engine.
pub(super) fn run(peer: Peer, rounds: u32, seed: u64) -> Result<Tally> {
    let mut dir = tempfile::Builder::new()
        .prefix("highwater-rmq-crash-")
        .tempdir()?;
    let mut random = Random::new(seed);
    let (mut model, mut tally) = (Model::default(), Tally::default());
    let (mut acked, mut new, mut queries) = (0, 0, 0);
    for round in 0..=rounds {
        match one(peer, dir.path(), &mut model, round, rounds, &mut random) {
            Ok(looked) => {
                acked += looked.acked;
                new += looked.new;
                queries += looked.queries;
                tally.add(Tally::single(true));
            }
            Err(error) => {
                dir.disable_cleanup(true);
                println!("   round {round}: {error:#}");
                println!("   directory kept: {}", dir.path().display());
                tally.add(Tally::single(false));
                return Ok(tally);
            }
        }
    }
    println!("   {acked} messages acknowledged, {new} found, {queries} looked for by key");
    Ok(tally)
}

/// Looks at what the round before left, then loads and kills; the last one stops instead.
fn one(
    peer: Peer,
    home: &Path,
    model: &mut Model,
    round: u32,
    rounds: u32,
    random: &mut Random,
) -> Result<Looked> {
    let flush = match round % 2 {
        0 => "flushDiskType=SYNC_FLUSH",
        _ => "flushDiskType=ASYNC_FLUSH",
    };
    let server = Running::start(peer, home, "127.0.0.1", &[flush])?;
    let looked = look(&server, model, round).with_context(|| server.last_words())?;
    if round == rounds {
        server.stop()?;
        return Ok(looked);
    }
    let load = Load::start(server.address(), &format!("r{round}"));
    load.wait_acked(ACKED_MIN)?;
    random.sleep_up_to(LOAD_MS_MAX);
    server.kill()?;
    model.loaded(load.join()?);
    if peer == Peer::Highwater("direct") {
        let log = store(home).join("commitlog");
        for file in fs::read_dir(&log).with_context(|| log.display().to_string())? {
            segment::wait_for_writers(&file?.path())?;
        }
    }
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
