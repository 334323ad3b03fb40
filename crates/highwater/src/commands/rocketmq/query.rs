//! `highwater rocketmq query`: messages by id, key, unique key, or place in a queue.

use std::collections::BTreeSet;

use highwater::remoting::{Cluster, Pulled, Received, RemotingError, Search, Subscription};
use rocketmq::store::message::OffsetMessageId;
use serde_json::Value;

use super::connect::Connect;
use super::consume::TOOLS_GROUP;
use crate::cli::Format;
use crate::commands::listing::{self, Rows};
use crate::commands::remote::now_ms;
use crate::commands::when;
use crate::exit::{Exit, Failure};

pub(super) const EXAMPLES: &str = "\
Examples:
  highwater rocketmq query --id 7F00000100002A9F0000000000000BB8
  highwater rocketmq query --key order-17 --topic orders
  highwater rocketmq query --unique-key 7F0000010A2B12345678000000010001 --topic orders
  highwater rocketmq query --offset 42 --topic orders --queue 1 --format json";

/// Arguments of `highwater rocketmq query`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,
    /// The topic; all but --id need it
    #[arg(long)]
    topic: Option<String>,
    /// The queue of --offset
    #[arg(long, default_value_t = 0)]
    queue: i32,
    /// The broker of --offset [default: the topic's first]
    #[arg(long, value_name = "NAME")]
    broker: Option<String>,
    /// Messages with a key stored at or after: milliseconds, `2026-11-22T10:00:00Z`, or `-5m`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = |text: &str| when::parse(text, now_ms()))]
    from: Option<i64>,
    /// Messages with a key stored at or before
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = |text: &str| when::parse(text, now_ms()))]
    to: Option<i64>,
    /// Stop after so many messages
    #[arg(long, default_value_t = 32)]
    limit: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    connect: Connect,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// The message with this id, which a broker gave it
    #[arg(long)]
    id: Option<String>,
    /// Messages with this key
    #[arg(long)]
    key: Option<String>,
    /// The message with this id, which its client gave it
    #[arg(long, value_name = "ID")]
    unique_key: Option<String>,
    /// The message with this offset in its queue
    #[arg(long)]
    offset: Option<i64>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut cluster = args.connect.open()?;
    let bodies = match &args.what {
        What { id: Some(id), .. } => by_id(&mut cluster, id)?,
        What { key: Some(key), .. } => search(args, &mut cluster, key, false)?,
        What {
            unique_key: Some(key),
            ..
        } => search(args, &mut cluster, key, true)?,
        What { offset, .. } => by_offset(args, &mut cluster, offset.unwrap_or(0))?,
    };
    let mut found = Vec::new();
    for body in &bodies {
        found.extend(Received::all(body, "a broker")?);
    }
    // Brokers compare hashes: what has another key is none.
    found.retain(|message| is_wanted(args, message));
    let mut seen = BTreeSet::new();
    found.retain(|message| seen.insert((message.entry.store_host, message.entry.physical_offset)));
    found.truncate(args.limit);
    print(args.format, &found)?;
    match found.is_empty() {
        true => Err(Failure::new(Exit::NotWell, "no such message")),
        false => Ok(()),
    }
}

fn is_wanted(args: &Args, message: &Received<'_>) -> bool {
    let wanted = args.what.key.as_ref().or(args.what.unique_key.as_ref());
    let mut has_key = wanted.is_none();
    let _ = message.entry.visit_index_keys(|key| -> Result<(), ()> {
        has_key |= wanted.is_some_and(|wanted| wanted == key);
        Ok(())
    });
    has_key
}

fn topic(args: &Args) -> Result<&str, Failure> {
    let missing = || Failure::new(Exit::Usage, "name the topic with --topic");
    args.topic.as_deref().ok_or_else(missing)
}

fn by_id(cluster: &mut Cluster, id: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let parsed: OffsetMessageId = id.parse().map_err(|_| {
        let text =
            format!("{id} is not an id that a broker gave; ids of clients are for --unique-key");
        Failure::new(Exit::Usage, text)
    })?;
    let named = parsed.store_host.to_string();
    let masters = cluster.masters()?;
    // The broker the id names; where the name server knows it by another address, any that has the message.
    let address = masters.iter().find(|master| master.address == named);
    let asked: Vec<_> = address.map_or_else(|| masters.iter().collect(), |one| vec![one]);
    let mut bodies = Vec::new();
    for master in asked {
        match cluster.view(&master.address, parsed.physical_offset.0) {
            Ok(body) => {
                let is_it = Received::all(&body, &named)?
                    .iter()
                    .any(|message| message.entry.store_host == parsed.store_host);
                if is_it {
                    bodies.push(body);
                }
            }
            // No message is there.
            Err(RemotingError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(bodies)
}

fn search(
    args: &Args,
    cluster: &mut Cluster,
    key: &str,
    is_unique: bool,
) -> Result<Vec<Vec<u8>>, Failure> {
    Ok(cluster.search(&Search {
        topic: topic(args)?,
        key,
        is_unique,
        from_ms: args.from.unwrap_or(0),
        to_ms: args.to.unwrap_or(i64::MAX),
        limit: args.limit,
    })?)
}

fn by_offset(args: &Args, cluster: &mut Cluster, offset: i64) -> Result<Vec<Vec<u8>>, Failure> {
    let topic = topic(args)?;
    let routes = cluster.route(topic)?;
    let is_it = |name: &str| args.broker.as_deref().is_none_or(|only| only == name);
    let Some(route) = routes.iter().find(|route| is_it(&route.broker.name)) else {
        return Err(Failure::new(
            Exit::Usage,
            format!("topic {topic} is not on that broker"),
        ));
    };
    let wanted = Subscription {
        topic,
        expression: "*",
        is_sql: false,
    };
    let address = &route.broker.address;
    let opaque = cluster.send_pull(address, TOOLS_GROUP, &wanted, (args.queue, offset), 0)?;
    let deadline = std::time::Instant::now() + args.connect.patience();
    while let Some(answer) = cluster.broker(address)?.receive(deadline)? {
        if answer.opaque != opaque {
            continue;
        }
        let pulled = Pulled::of(answer, offset, &format!("topic {topic}"))?;
        let first = Received::all(&pulled.entries, address)?.into_iter().next();
        let first = first.filter(|message| message.entry.queue_offset.0 == offset);
        return Ok(first
            .map(|message| message.entry.bytes.to_vec())
            .into_iter()
            .collect());
    }
    Err(RemotingError::Timeout {
        address: address.clone(),
        what: "to pull",
        waited_ms: args.connect.patience().as_millis(),
    }
    .into())
}

fn print(format: Format, found: &[Received<'_>]) -> Result<(), Failure> {
    if format == Format::Json {
        let all: Vec<Value> = found.iter().map(Received::json).collect();
        return listing::print_json(&Value::from(all));
    }
    let mut rows = Rows::new(&[
        "TOPIC", "#QUEUE", "#OFFSET", "STORED", "TAGS", "KEYS", "BODY",
    ]);
    for message in found {
        let entry = &message.entry;
        rows.push(vec![
            String::from_utf8_lossy(entry.topic).into_owned(),
            entry.queue_id.to_string(),
            entry.queue_offset.to_string(),
            when::print(entry.store_timestamp_ms),
            message.tags().unwrap_or_default(),
            message.keys().unwrap_or_default(),
            super::consume::one_line(&String::from_utf8_lossy(&message.body())),
        ]);
    }
    listing::print(&rows.text())
}
