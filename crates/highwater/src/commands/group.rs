//! `highwater group`: consumer groups of a running server.

use std::collections::BTreeMap;

use highwater::client::{
    Client, CommittedOffset, GroupDescription, GroupMember, Isolation, Offsets,
};
use serde_json::{Value, json};

use super::listing::{self, Rows};
use super::remote::{self, Connect, confirm, now_ms};
use super::when;
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// Arguments of `highwater group`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Names and states of all groups.
    List {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Committed offsets, lag and members of groups.
    Describe {
        #[arg(required = true, value_name = "GROUP")]
        groups: Vec<String>,
        /// Leave with code 1 when a group lags by more than this many offsets in all
        #[arg(long, value_name = "OFFSETS")]
        max_lag: Option<i64>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Move the committed offsets of a group that has no members.
    ResetOffsets(ResetArgs),
    /// Delete groups with their committed offsets.
    Delete {
        #[arg(required = true, value_name = "GROUP")]
        groups: Vec<String>,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
        /// Say what would happen, change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Debug, clap::Args)]
struct ResetArgs {
    #[arg(value_name = "GROUP")]
    group: String,
    /// Topic, or some of its partitions (`orders:0,3`); may be repeated [default: all the group has committed to]
    #[arg(long = "topic", value_name = "TOPIC[:P,P]", value_parser = topic_and_partitions)]
    topics: Vec<(String, Option<Vec<i32>>)>,
    #[command(flatten)]
    to: Target,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Show what would be committed, change nothing.
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
    /// To the first record still there
    #[arg(long)]
    to_earliest: bool,
    /// Past the last record
    #[arg(long)]
    to_latest: bool,
    /// To this offset
    #[arg(long, value_name = "OFFSET")]
    to_offset: Option<i64>,
    /// To the first record at or after: milliseconds, `2026-11-22T10:00:00Z`, or `-5m`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = |text: &str| when::parse(text, now_ms()))]
    to_time: Option<i64>,
    /// Forward, or back when negative, from what is committed
    #[arg(long, value_name = "OFFSETS", allow_hyphen_values = true)]
    shift_by: Option<i64>,
}

/// One committed offset and what it is to become.
struct Move {
    topic: String,
    partition: i32,
    from: Option<i64>,
    to: i64,
}

fn topic_and_partitions(text: &str) -> Result<(String, Option<Vec<i32>>), String> {
    let Some((topic, partitions)) = text.split_once(':') else {
        return Ok((text.to_owned(), None));
    };
    let numbers = partitions
        .split(',')
        .map(str::parse)
        .collect::<Result<Vec<i32>, _>>();
    let numbers = numbers.map_err(|_| "expected TOPIC or TOPIC:0,1,2".to_owned())?;
    Ok((topic.to_owned(), Some(numbers)))
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    remote::block_on(async {
        match args.verb {
            Verb::List { format, connect } => list(&mut connect.open().await?, format).await,
            Verb::Describe {
                groups,
                max_lag,
                format,
                connect,
            } => describe(&mut connect.open().await?, &groups, max_lag, format).await,
            Verb::ResetOffsets(args) => reset(args).await,
            Verb::Delete {
                groups,
                yes,
                dry_run,
                connect,
            } => delete(&mut connect.open().await?, &groups, yes, dry_run).await,
        }
    })
}

async fn list(client: &mut Client, format: Format) -> Result<(), Failure> {
    let groups = client.list_groups().await?;
    match format {
        Format::Table => {
            let mut rows = Rows::new(&["GROUP", "STATE", "TYPE", "PROTOCOL"]);
            for group in groups {
                rows.push(vec![group.id, group.state, group.kind, group.protocol_type]);
            }
            listing::print(&rows.text())
        }
        Format::Json => {
            let groups = groups.iter().map(|group| {
                json!({
                    "group": group.id,
                    "state": group.state,
                    "type": group.kind,
                    "protocol": group.protocol_type,
                })
            });
            listing::print_json(&json!({ "groups": groups.collect::<Vec<_>>() }))
        }
    }
}

/// One partition a group reads or has read.
struct Standing {
    topic: String,
    partition: i32,
    committed: Option<i64>,
    end: i64,
    member: Option<GroupMember>,
}

impl Standing {
    /// Offsets between what is committed and the end; nothing where nothing is committed.
    fn lag(&self) -> Option<i64> {
        self.committed
            .map(|committed| self.end.saturating_sub(committed).max(0))
    }
}

async fn describe(
    client: &mut Client,
    groups: &[String],
    max_lag: Option<i64>,
    format: Format,
) -> Result<(), Failure> {
    let mut documents = Vec::new();
    let mut behind = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let description = client.describe_group(group).await?;
        let standings = standings(client, &description).await?;
        let lag: i64 = standings.iter().filter_map(Standing::lag).sum();
        if max_lag.is_some_and(|limit| lag > limit) {
            behind.push(format!("group {group} lags by {lag}"));
        }
        match format {
            Format::Table => {
                let space = if at == 0 { "" } else { "\n" };
                let text = describe_text(&description, &standings, lag);
                listing::print(&format!("{space}{text}"))?;
            }
            Format::Json => documents.push(describe_json(&description, &standings, lag)),
        }
    }
    if format == Format::Json {
        listing::print_json(&json!({ "groups": documents }))?;
    }
    match behind.as_slice() {
        [] => Ok(()),
        behind => Err(Failure::new(Exit::NotWell, behind.join("; "))),
    }
}

async fn standings(
    client: &mut Client,
    description: &GroupDescription,
) -> Result<Vec<Standing>, Failure> {
    type Entry = (Option<i64>, Option<GroupMember>);
    let mut by_topic: BTreeMap<String, BTreeMap<i32, Entry>> = BTreeMap::new();
    for committed in client.committed_offsets(&description.id).await? {
        let partitions = by_topic.entry(committed.topic).or_default();
        partitions.entry(committed.partition).or_default().0 = Some(committed.offset);
    }
    for member in &description.members {
        for (topic, partition) in &member.assignment {
            let partitions = by_topic.entry(topic.clone()).or_default();
            partitions.entry(*partition).or_default().1 = Some(member.clone());
        }
    }
    let mut standings = Vec::new();
    for (topic, partitions) in by_topic {
        let indexes: Vec<i32> = partitions.keys().copied().collect();
        let isolation = Isolation::Uncommitted;
        let ends = client
            .offsets(&topic, &indexes, Offsets::Latest, isolation)
            .await;
        // The topic may be gone while its offsets are not.
        let ends = ends.unwrap_or_else(|_| vec![-1; indexes.len()]);
        for ((partition, (committed, member)), end) in partitions.into_iter().zip(ends) {
            standings.push(Standing {
                topic: topic.clone(),
                partition,
                committed,
                end,
                member,
            });
        }
    }
    Ok(standings)
}

fn describe_text(description: &GroupDescription, standings: &[Standing], lag: i64) -> String {
    let mut rows = Rows::new(&[
        "TOPIC",
        "#PARTITION",
        "#COMMITTED",
        "#END",
        "#LAG",
        "MEMBER",
        "CLIENT",
        "HOST",
    ]);
    let or_dash = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
    for standing in standings {
        let member = standing.member.as_ref();
        let text = |of: fn(&GroupMember) -> &str| member.map_or("-", of).to_owned();
        rows.push(vec![
            standing.topic.clone(),
            standing.partition.to_string(),
            or_dash(standing.committed),
            or_dash(Some(standing.end).filter(|&end| end >= 0)),
            or_dash(standing.lag()),
            text(|member| &member.id),
            text(|member| &member.client_id),
            text(|member| &member.host),
        ]);
    }
    format!(
        "group {}  {}  {} members  lag {lag}\n{}",
        description.id,
        description.state,
        description.members.len(),
        rows.text()
    )
}

fn describe_json(description: &GroupDescription, standings: &[Standing], lag: i64) -> Value {
    let partitions = standings.iter().map(|standing| {
        json!({
            "topic": standing.topic,
            "partition": standing.partition,
            "committed_offset": standing.committed,
            "end_offset": Some(standing.end).filter(|&end| end >= 0),
            "lag": standing.lag(),
            "member": standing.member.as_ref().map(|member| &member.id),
        })
    });
    let members = description.members.iter().map(|member| {
        json!({
            "member": member.id,
            "instance": member.instance_id,
            "client": member.client_id,
            "host": member.host,
            "partitions": member.assignment.len(),
        })
    });
    json!({
        "group": description.id,
        "state": description.state,
        "assignor": description.assignor,
        "lag": lag,
        "partitions": partitions.collect::<Vec<_>>(),
        "members": members.collect::<Vec<_>>(),
    })
}

async fn reset(args: ResetArgs) -> Result<(), Failure> {
    let mut client = args.connect.open().await?;
    let group = &args.group;
    if let Ok(description) = client.describe_group(group).await {
        let count = description.members.len();
        if count > 0 {
            let message = format!("group {group} has {count} members; stop them first");
            return Err(Failure::new(Exit::NotWell, message));
        }
    }
    let committed = client.committed_offsets(group).await?;
    let moves = plan(&mut client, &args, &committed).await?;
    print_moves(group, &moves, args.format)?;
    if args.dry_run || moves.is_empty() {
        return Ok(());
    }
    confirm(&format!("commit these offsets for group {group}"), args.yes)?;
    let offsets: Vec<CommittedOffset> = moves
        .into_iter()
        .map(|one| CommittedOffset {
            topic: one.topic,
            partition: one.partition,
            offset: one.to,
            metadata: String::new(),
        })
        .collect();
    Ok(client.commit_offsets(group, None, &offsets).await?)
}

/// What each committed offset becomes.
async fn plan(
    client: &mut Client,
    args: &ResetArgs,
    committed: &[CommittedOffset],
) -> Result<Vec<Move>, Failure> {
    let mut wanted: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for (topic, partitions) in &args.topics {
        let partitions = match partitions {
            Some(partitions) => partitions.clone(),
            None => {
                let topic = client.topic(topic, false).await?;
                topic.partitions.iter().map(|one| one.index).collect()
            }
        };
        wanted.entry(topic.clone()).or_default().extend(partitions);
    }
    if args.topics.is_empty() {
        for one in committed {
            wanted
                .entry(one.topic.clone())
                .or_default()
                .push(one.partition);
        }
    }
    if wanted.is_empty() {
        let message = format!("group {} has committed nothing; name a --topic", args.group);
        return Err(Failure::new(Exit::NotWell, message));
    }
    let mut moves = Vec::new();
    for (topic, mut partitions) in wanted {
        partitions.sort_unstable();
        partitions.dedup();
        let isolation = Isolation::Uncommitted;
        let first = client
            .offsets(&topic, &partitions, Offsets::Earliest, isolation)
            .await?;
        let end = client
            .offsets(&topic, &partitions, Offsets::Latest, isolation)
            .await?;
        let at = match args.to.to_time {
            Some(ms) => {
                client
                    .offsets(&topic, &partitions, Offsets::At(ms), isolation)
                    .await?
            }
            None => end.clone(),
        };
        for (((partition, first), end), at) in partitions.into_iter().zip(first).zip(end).zip(at) {
            let is_it = |one: &&CommittedOffset| one.topic == topic && one.partition == partition;
            let from = committed.iter().find(is_it).map(|one| one.offset);
            let to = args.to.offset(from, first, end, at).clamp(first, end);
            moves.push(Move {
                topic: topic.clone(),
                partition,
                from,
                to,
            });
        }
    }
    Ok(moves)
}

impl Target {
    /// The offset meant, perhaps outside of what the partition holds.
    fn offset(self, from: Option<i64>, first: i64, end: i64, at_time: i64) -> i64 {
        match (self.to_offset, self.shift_by) {
            (Some(offset), _) => offset,
            (None, Some(by)) => from.unwrap_or(first).saturating_add(by),
            (None, None) if self.to_earliest => first,
            (None, None) if self.to_time.is_some() => at_time,
            (None, None) => end,
        }
    }
}

fn print_moves(group: &str, moves: &[Move], format: Format) -> Result<(), Failure> {
    match format {
        Format::Table => {
            let mut rows = Rows::new(&["TOPIC", "#PARTITION", "#COMMITTED", "#NEW"]);
            for one in moves {
                rows.push(vec![
                    one.topic.clone(),
                    one.partition.to_string(),
                    one.from.map_or("-".to_owned(), |offset| offset.to_string()),
                    one.to.to_string(),
                ]);
            }
            listing::print(&rows.text())
        }
        Format::Json => {
            let moves = moves.iter().map(|one| {
                json!({
                    "topic": one.topic,
                    "partition": one.partition,
                    "committed_offset": one.from,
                    "new_offset": one.to,
                })
            });
            let moves: Vec<Value> = moves.collect();
            listing::print_json(&json!({ "group": group, "offsets": moves }))
        }
    }
}

async fn delete(
    client: &mut Client,
    groups: &[String],
    yes: bool,
    dry_run: bool,
) -> Result<(), Failure> {
    for group in groups {
        let description = client.describe_group(group).await?;
        if dry_run {
            let count = client.committed_offsets(group).await?.len();
            let state = description.state;
            let text = format!("would delete group {group} ({state}), {count} committed offsets\n");
            listing::print(&text)?;
        }
    }
    if dry_run {
        return Ok(());
    }
    confirm(&format!("delete {}", groups.join(", ")), yes)?;
    for group in groups {
        client.delete_group(group).await?;
        listing::print(&format!("deleted group {group}\n"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_follow_a_colon() {
        assert_eq!(topic_and_partitions("orders"), Ok(("orders".into(), None)));
        assert_eq!(
            topic_and_partitions("a:0,12"),
            Ok(("a".into(), Some(vec![0, 12])))
        );
        assert!(topic_and_partitions("a:").is_err());
        assert!(topic_and_partitions("a:x").is_err());
    }

    #[test]
    fn targets_of_a_reset() {
        let none = Target {
            to_earliest: false,
            to_latest: false,
            to_offset: None,
            to_time: None,
            shift_by: None,
        };
        for (target, offset) in [
            (
                Target {
                    to_earliest: true,
                    ..none
                },
                5,
            ),
            (
                Target {
                    to_latest: true,
                    ..none
                },
                50,
            ),
            (
                Target {
                    to_offset: Some(7),
                    ..none
                },
                7,
            ),
            (
                Target {
                    to_time: Some(1),
                    ..none
                },
                30,
            ),
            (
                Target {
                    shift_by: Some(-3),
                    ..none
                },
                17,
            ),
        ] {
            assert_eq!(target.offset(Some(20), 5, 50, 30), offset, "{target:?}");
        }
        let shifted = Target {
            shift_by: Some(2),
            ..none
        };
        assert_eq!(
            shifted.offset(None, 5, 50, 30),
            7,
            "from the first where nothing is committed"
        );
    }
}
