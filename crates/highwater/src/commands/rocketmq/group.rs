//! `highwater rocketmq group`: consumer groups of a cluster.

use std::collections::BTreeMap;

use highwater::remoting::{Cluster, GroupQueue, Member, Queue};
use serde_json::{Value, json};

use super::connect::Connect;
use crate::cli::Format;
use crate::commands::listing::{self, Rows};
use crate::commands::remote::{confirm, now_ms};
use crate::commands::when;
use crate::exit::{Exit, Failure};

pub(super) const EXAMPLES: &str = "\
Examples:
  highwater rocketmq group list
  highwater rocketmq group describe billing --max-lag 100
  highwater rocketmq group reset billing --topic orders --to-time -1h --dry-run";

/// Arguments of `highwater rocketmq group`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Names of all groups.
    List {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Progress and lag per queue, and members, of groups.
    Describe {
        #[arg(required = true, value_name = "GROUP")]
        groups: Vec<String>,
        /// Leave with code 1 when a group lags by more than this many messages in all
        #[arg(long, value_name = "MESSAGES")]
        max_lag: Option<i64>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Set the progress of a group that has no members.
    Reset(ResetArgs),
}

#[derive(Debug, clap::Args)]
struct ResetArgs {
    #[arg(value_name = "GROUP")]
    group: String,
    /// The topic
    #[arg(long)]
    topic: String,
    #[command(flatten)]
    to: Target,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Show what would be set, change nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    connect: Connect,
}

#[derive(Debug, Clone, Copy, clap::Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// To the first message still there
    #[arg(long)]
    to_earliest: bool,
    /// Past the last message
    #[arg(long)]
    to_latest: bool,
    /// To this offset of each queue
    #[arg(long, value_name = "OFFSET")]
    to_offset: Option<i64>,
    /// To the first message at or after: milliseconds, `2026-11-22T10:00:00Z`, or `-5m`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = |text: &str| when::parse(text, now_ms()))]
    to_time: Option<i64>,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    match args.verb {
        Verb::List { format, connect } => list(&mut connect.open()?, format),
        Verb::Describe {
            groups,
            max_lag,
            format,
            connect,
        } => describe(&mut connect.open()?, &groups, max_lag, format),
        Verb::Reset(args) => reset(&args),
    }
}

fn list(cluster: &mut Cluster, format: Format) -> Result<(), Failure> {
    let groups = cluster.groups()?;
    match format {
        Format::Table => {
            let mut rows = Rows::new(&["GROUP"]);
            groups.into_iter().for_each(|group| rows.push(vec![group]));
            listing::print(&rows.text())
        }
        Format::Json => {
            let groups: Vec<Value> = groups.iter().map(|group| json!({"group": group})).collect();
            listing::print_json(&json!({"groups": groups}))
        }
    }
}

fn lag_of(queue: &GroupQueue) -> i64 {
    queue.end.saturating_sub(queue.committed).max(0)
}

fn describe(
    cluster: &mut Cluster,
    groups: &[String],
    max_lag: Option<i64>,
    format: Format,
) -> Result<(), Failure> {
    let known = cluster.groups()?;
    let mut found = Vec::new();
    for group in groups {
        if !known.contains(group) {
            return Err(Failure::new(
                Exit::NotWell,
                format!("there is no group {group}"),
            ));
        }
        let members: Vec<Member> = cluster.members(group)?.into_iter().collect();
        found.push((group, cluster.progress(group, None)?, members));
    }
    match format {
        Format::Json => {
            let groups: Vec<Value> = found
                .iter()
                .map(|(group, queues, members)| group_json(group, queues, members))
                .collect();
            listing::print_json(&json!({"groups": groups}))?;
        }
        Format::Table => {
            for (group, queues, members) in &found {
                listing::print(&group_text(group, queues, members))?;
            }
        }
    }
    for (group, queues, _) in &found {
        let lag: i64 = queues.iter().map(lag_of).sum();
        if max_lag.is_some_and(|limit| lag > limit) {
            return Err(Failure::new(
                Exit::NotWell,
                format!("group {group} lags by {lag} messages"),
            ));
        }
    }
    Ok(())
}

fn group_json(group: &str, queues: &[GroupQueue], members: &[Member]) -> Value {
    let lag: i64 = queues.iter().map(lag_of).sum();
    let queues: Vec<Value> = queues
        .iter()
        .map(|one| {
            json!({
                "topic": one.topic, "broker": one.queue.broker, "queue": one.queue.id,
                "committed_offset": one.committed, "end_offset": one.end, "lag": lag_of(one),
            })
        })
        .collect();
    let members: Vec<Value> = members
        .iter()
        .map(|one| json!({"member": one.id, "host": one.address, "language": one.language}))
        .collect();
    json!({"group": group, "lag": lag, "queues": queues, "members": members})
}

fn group_text(group: &str, queues: &[GroupQueue], members: &[Member]) -> String {
    let lag: i64 = queues.iter().map(lag_of).sum();
    let mut text = format!("group {group}: {} members, lag {lag}\n", members.len());
    let mut rows = Rows::new(&["TOPIC", "BROKER", "#QUEUE", "#COMMITTED", "#END", "#LAG"]);
    for one in queues {
        rows.push(vec![
            one.topic.clone(),
            one.queue.broker.clone(),
            one.queue.id.to_string(),
            one.committed.to_string(),
            one.end.to_string(),
            lag_of(one).to_string(),
        ]);
    }
    text.push_str(&rows.text());
    if !members.is_empty() {
        let mut rows = Rows::new(&["MEMBER", "HOST", "LANGUAGE"]);
        for one in members {
            rows.push(vec![
                one.id.clone(),
                one.address.clone(),
                one.language.clone(),
            ]);
        }
        text.push_str(&rows.text());
    }
    text
}

/// One queue's progress, as it is and as it shall be.
struct Change {
    address: String,
    queue: Queue,
    committed: Option<i64>,
    new: i64,
}

fn reset(args: &ResetArgs) -> Result<(), Failure> {
    let mut cluster = args.connect.open()?;
    let members = cluster.members(&args.group)?;
    if !members.is_empty() {
        let text = format!(
            "group {} has {} members; stop them first",
            args.group,
            members.len()
        );
        return Err(Failure::new(Exit::NotWell, text));
    }
    let changes = changes(&mut cluster, args)?;
    print_changes(args, &changes)?;
    if args.dry_run {
        return Ok(());
    }
    confirm(
        &format!("set the progress of group {} in {}", args.group, args.topic),
        args.yes,
    )?;
    for change in &changes {
        cluster.commit(
            &change.address,
            &args.group,
            &args.topic,
            change.queue.id,
            change.new,
        )?;
    }
    Ok(())
}

fn changes(cluster: &mut Cluster, args: &ResetArgs) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for route in cluster.route(&args.topic)? {
        let address = route.broker.address;
        for id in 0..route.read_queues {
            let limits = cluster.limits(&address, &args.topic, id)?;
            let to = &args.to;
            let wanted = match (to.to_offset, to.to_time) {
                (Some(offset), _) => offset,
                (None, Some(ms)) => cluster.offset_at(&address, &args.topic, id, ms)?,
                (None, None) if to.to_earliest => limits.first,
                (None, None) => limits.end,
            };
            changes.push(Change {
                committed: cluster.committed(&address, &args.group, &args.topic, id)?,
                address: address.clone(),
                queue: Queue {
                    broker: route.broker.name.clone(),
                    id,
                },
                new: wanted.clamp(limits.first, limits.end.max(limits.first)),
            });
        }
    }
    Ok(changes)
}

fn print_changes(args: &ResetArgs, changes: &[Change]) -> Result<(), Failure> {
    if args.format == Format::Json {
        let offsets: Vec<Value> = changes
            .iter()
            .map(|one| {
                json!({
                    "topic": args.topic, "broker": one.queue.broker, "queue": one.queue.id,
                    "committed_offset": one.committed, "new_offset": one.new,
                })
            })
            .collect();
        return listing::print_json(&json!({"group": args.group, "offsets": offsets}));
    }
    let mut rows = Rows::new(&["TOPIC", "BROKER", "#QUEUE", "#COMMITTED", "#NEW"]);
    let sorted: BTreeMap<&Queue, &Change> = changes.iter().map(|one| (&one.queue, one)).collect();
    for one in sorted.values() {
        rows.push(vec![
            args.topic.clone(),
            one.queue.broker.clone(),
            one.queue.id.to_string(),
            one.committed
                .map_or_else(|| "-".to_owned(), |offset| offset.to_string()),
            one.new.to_string(),
        ]);
    }
    listing::print(&rows.text())
}
