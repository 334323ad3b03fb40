//! `highwater rocketmq produce`: sends the lines of stdin or a file as messages.
//!
//! Each line waits for its answer: what was printed as sent is stored as the broker's flush policy says.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use highwater::remoting::{Cluster, Outgoing, Queue, Route};
use jiff::Timestamp;
use rocketmq::store::message::UniqueKey;

use super::connect::Connect;
use crate::commands::remote::{name_and_value, now_ms};
use crate::exit::{Exit, Failure};

pub(super) const EXAMPLES: &str = "\
Examples:
  printf 'one\\ntwo\\n' | highwater rocketmq produce orders --tags new
  printf 'k1:one\\n' | highwater rocketmq produce orders -k : -H region=north
  echo later | highwater rocketmq produce orders --delay-level 3";

/// Bit of a topic's permissions.
const MAY_WRITE: i32 = 2;

/// Arguments of `highwater rocketmq produce`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// Read this file instead of stdin
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// What stands between keys and body on a line [default: lines have no keys]
    #[arg(short, long, value_name = "TEXT")]
    key_separator: Option<String>,
    /// Keys of every message, separated by spaces
    #[arg(long, conflicts_with = "key_separator")]
    keys: Option<String>,
    /// The tag of every message
    #[arg(long)]
    tags: Option<String>,
    /// Deliver later, by the broker's levels: 1 is 1 s, 3 is 10 s, 5 is 1 min
    #[arg(long, value_name = "LEVEL", default_value_t = 0)]
    delay_level: u32,
    /// A property of every message; may be repeated
    #[arg(short = 'H', long = "property", value_name = "NAME=VALUE", value_parser = name_and_value)]
    properties: Vec<(String, String)>,
    /// Send everything to the queue with this number [default: to all in turn]
    #[arg(short, long)]
    queue: Option<i32>,
    /// Say nothing about what was sent.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut cluster = args.connect.open()?;
    let routes = cluster.route(&args.topic)?;
    let queues = writable(args, &routes)?;
    let input: Box<dyn BufRead> = match &args.file {
        None => Box::new(io::stdin().lock()),
        Some(path) => Box::new(BufReader::new(File::open(path).map_err(|error| {
            Failure::new(Exit::Usage, format!("{}: {error}", path.display()))
        })?)),
    };
    let sent = send_all(args, &mut cluster, &queues, input)?;
    if !args.quiet {
        // Nowhere left to report a broken stderr.
        let _ = writeln!(io::stderr(), "{sent} messages sent");
    }
    Ok(())
}

/// Where a message may go: a broker's address and a queue.
fn writable(args: &Args, routes: &[Route]) -> Result<Vec<(String, Queue)>, Failure> {
    let mut queues = Vec::new();
    for route in routes.iter().filter(|route| route.perm & MAY_WRITE != 0) {
        let ids = (0..route.write_queues).filter(|id| args.queue.is_none_or(|only| only == *id));
        queues.extend(ids.map(|id| {
            let broker = route.broker.name.clone();
            (route.broker.address.clone(), Queue { broker, id })
        }));
    }
    if queues.is_empty() {
        let text = match args.queue {
            Some(id) => format!("topic {} has no queue {id} that may be written", args.topic),
            None => format!("topic {} may not be written", args.topic),
        };
        return Err(Failure::new(Exit::Usage, text));
    }
    Ok(queues)
}

fn send_all(
    args: &Args,
    cluster: &mut Cluster,
    queues: &[(String, Queue)],
    mut input: impl BufRead,
) -> Result<u64, Failure> {
    let mut line = Vec::new();
    let mut ids = None;
    let mut turn = queues.iter().cycle();
    for number in 1u64.. {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        let read =
            read.map_err(|error| Failure::new(Exit::NotWell, format!("line {number}: {error}")))?;
        if read == 0 {
            return Ok(number - 1);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        let Some((address, queue)) = turn.next() else {
            break;
        };
        let born_ms = now_ms();
        if ids.is_none() {
            ids = Some(Ids::new(cluster.broker(address)?.local_ip()));
        }
        let unique_key = ids
            .as_mut()
            .map(|ids| ids.next(born_ms))
            .unwrap_or_default();
        let message = message(args, &line, number, unique_key, born_ms)?;
        let stored = cluster.send(address, &args.topic, queue, &message);
        stored.map_err(|error| {
            let failure = Failure::from(error);
            let text = format!(
                "line {number}: {failure}; {} lines before it were stored",
                number - 1
            );
            Failure::new(failure.exit, text)
        })?;
    }
    Ok(0)
}

fn message(
    args: &Args,
    line: &[u8],
    number: u64,
    unique_key: String,
    born_ms: i64,
) -> Result<Outgoing, Failure> {
    let (keys, body) = match &args.key_separator {
        None => (args.keys.clone(), line),
        Some(separator) => {
            let at = line
                .windows(separator.len().max(1))
                .position(|window| window == separator.as_bytes());
            let Some(at) = at else {
                let text =
                    format!("line {number} has no `{separator}`; the lines before it were sent");
                return Err(Failure::new(Exit::Usage, text));
            };
            let (keys, rest) = line.split_at(at);
            let keys = String::from_utf8(keys.to_vec()).map_err(|_| {
                Failure::new(Exit::Usage, format!("line {number}: its keys are no text"))
            })?;
            (Some(keys), rest.get(separator.len()..).unwrap_or_default())
        }
    };
    Ok(Outgoing {
        body: body.to_vec(),
        keys,
        tags: args.tags.clone(),
        delay_level: args.delay_level,
        properties: args.properties.clone(),
        unique_key,
        born_ms,
    })
}

/// Makes ids as RocketMQ's clients do.
struct Ids {
    ip: IpAddr,
    counter: u16,
}

impl Ids {
    fn new(ip: Option<IpAddr>) -> Self {
        Self {
            ip: ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            counter: 0,
        }
    }

    fn next(&mut self, now_ms: i64) -> String {
        self.counter = self.counter.wrapping_add(1);
        let key = UniqueKey {
            ip: self.ip,
            pid: u16::try_from(std::process::id() & u32::from(u16::MAX)).unwrap_or(0),
            // Nothing loads classes here; the time keeps ids of two processes with one number apart.
            loader_hash: i32::try_from(now_ms & i64::from(i32::MAX)).unwrap_or(0),
            since_month_start_ms: since_month_start_ms(now_ms),
            counter: self.counter,
        };
        key.to_string()
    }
}

/// Clients tell a message's time from its id; all count from the beginning of the month.
fn since_month_start_ms(now_ms: i64) -> u32 {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let now = now.to_zoned(jiff::tz::TimeZone::UTC);
    let start = now.first_of_month().and_then(|first| first.start_of_day());
    let start_ms = start.map_or(0, |start| start.timestamp().as_millisecond());
    u32::try_from(now_ms - start_ms).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_can_be_read_and_differ() {
        let mut ids = Ids::new(None);
        // 2023-11-14T22:13:20Z
        let (a, b) = (ids.next(1_700_000_000_000), ids.next(1_700_000_000_000));
        assert_ne!(a, b);
        let key: UniqueKey = a.parse().unwrap();
        assert_eq!(key.counter, 1);
        assert_eq!(
            key.since_month_start_ms,
            ((13 * 24 + 22) * 3600 + 13 * 60 + 20) * 1000
        );
    }
}
