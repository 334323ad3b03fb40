//! `highwater consume`: prints records of a topic, alone or as a member of a group.

mod print;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use highwater::client::{
    Client, ClientError, CommittedOffset, Consumer, ConsumerOptions, Heartbeat, Isolation,
    Membership, Offsets, Position,
};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use kafka_wire::ErrorCode;

use self::print::{Printer, RecordFormat};
use super::remote::{self, Connect, now_ms};
use super::when;
use crate::exit::Failure;

/// How often a group's offsets are committed while reading.
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);

/// Arguments of `highwater consume`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "TOPIC")]
    topic: String,
    #[command(flatten)]
    from: From,
    /// Read as a member of this group: start where it has committed, commit what was printed
    #[arg(short, long, value_name = "GROUP", conflicts_with_all = ["partitions", "offset", "from_time"])]
    group: Option<String>,
    /// Only this partition; may be repeated
    #[arg(short, long = "partition", value_name = "PARTITION")]
    partitions: Vec<i32>,
    /// Stop after this many records
    #[arg(short = 'n', long, value_name = "RECORDS")]
    max_messages: Option<u64>,
    /// Stop at the end of what was there at the start
    #[arg(short, long)]
    exit_at_end: bool,
    /// Leave out records of transactions that are open or were aborted
    #[arg(long)]
    committed: bool,
    /// How records are printed
    #[arg(long, value_enum, default_value_t)]
    format: RecordFormat,
    /// Print the key and this text before each value
    #[arg(short, long, value_name = "TEXT")]
    key_separator: Option<String>,
    #[command(flatten)]
    connect: Connect,
}

/// Where to start. Without any of these: at the end, so that only new records are seen.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
struct From {
    /// Start at the first record still there; in a group, where it has committed nothing
    #[arg(long)]
    from_beginning: bool,
    /// Start at this offset; a negative one counts from the end
    #[arg(short, long, value_name = "OFFSET", allow_hyphen_values = true)]
    offset: Option<i64>,
    /// Start at the first record at or after: milliseconds, `2026-11-22T10:00:00Z`, or `-5m`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = |text: &str| when::parse(text, now_ms()))]
    from_time: Option<i64>,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match &args.group {
        None => remote::block_on(alone(&args)),
        Some(group) => remote::block_on_to_the_end(in_group(&args, group)),
    }
}

/// Why reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Everything asked for was printed, or nobody reads it any more.
    Done,
    /// Ctrl-C.
    Interrupted,
    /// The group divides its partitions anew.
    Rebalance,
}

/// The reading state that both ways of reading share.
struct Reading<'a> {
    args: &'a Args,
    printer: Printer,
    progress: ProgressBar,
    /// Records still wanted.
    wanted: u64,
}

impl<'a> Reading<'a> {
    fn new(args: &'a Args) -> Self {
        Self {
            args,
            printer: Printer::new(args.format, args.key_separator.clone()),
            progress: progress_bar(args),
            wanted: args.max_messages.unwrap_or(u64::MAX),
        }
    }

    fn isolation(&self) -> Isolation {
        if self.args.committed {
            Isolation::Committed
        } else {
            Isolation::Uncommitted
        }
    }

    fn consumer(&self, positions: Vec<Position>) -> Consumer {
        let isolation = self.isolation();
        Consumer::new(
            ConsumerOptions {
                isolation,
                ..ConsumerOptions::default()
            },
            positions,
        )
    }

    /// One fetch, printed. Says whether that was all.
    async fn step(
        &mut self,
        client: &mut Client,
        consumer: &mut Consumer,
        ends: &HashMap<i32, i64>,
    ) -> Result<ControlFlow<()>, Failure> {
        if self.wanted == 0 || self.args.exit_at_end && is_at_end(consumer, ends) {
            return Ok(ControlFlow::Break(()));
        }
        let (printer, wanted, mut printed) = (&mut self.printer, &mut self.wanted, 0);
        let flow = consumer.poll(client, |record| {
            let is_past_the_end = self.args.exit_at_end
                && ends
                    .get(&record.partition)
                    .is_some_and(|&end| record.record.offset.0 >= end);
            if is_past_the_end {
                return ControlFlow::Continue(());
            }
            printed += 1;
            *wanted -= 1;
            let flow = printer.record(&record);
            if *wanted == 0 {
                ControlFlow::Break(())
            } else {
                flow
            }
        });
        let flow = flow.await?;
        self.progress.inc(printed);
        Ok(if self.printer.flush()?.is_break() {
            ControlFlow::Break(())
        } else {
            flow
        })
    }
}

fn is_at_end(consumer: &Consumer, ends: &HashMap<i32, i64>) -> bool {
    consumer.positions().all(|position| {
        ends.get(&position.partition)
            .is_none_or(|&end| position.offset >= end)
    })
}

/// Counts on stderr when that is a terminal and the records go elsewhere.
fn progress_bar(args: &Args) -> ProgressBar {
    if io::stdout().is_terminal() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match args.max_messages {
        Some(count) => (
            ProgressBar::new(count),
            "{bar:30} {pos}/{len} records  {rate}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {pos} records  {rate}",
        ),
    };
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    bar.with_style(
        style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
            // What cannot be drawn is not drawn.
            let _ = write!(out, "{:.0}/s", state.per_sec());
        }),
    )
}

async fn alone(args: &Args) -> Result<(), Failure> {
    let client = &mut args.connect.open().await?;
    let mut reading = Reading::new(args);
    let topic = client.topic(&args.topic, false).await?;
    let partitions: Vec<i32> = match args.partitions.as_slice() {
        [] => topic.partitions.iter().map(|one| one.index).collect(),
        chosen => chosen.to_vec(),
    };
    let isolation = reading.isolation();
    let ends = client
        .offsets(&args.topic, &partitions, Offsets::Latest, isolation)
        .await?;
    let starts = starts(args, client, &partitions, &ends, isolation).await?;
    let ends: HashMap<i32, i64> = partitions.iter().copied().zip(ends).collect();
    let positions = partitions
        .into_iter()
        .zip(starts)
        .map(|(partition, offset)| Position {
            topic: args.topic.clone(),
            partition,
            offset,
        });
    let mut consumer = reading.consumer(positions.collect());
    while reading
        .step(client, &mut consumer, &ends)
        .await?
        .is_continue()
    {}
    reading.progress.finish_and_clear();
    Ok(())
}

/// The offset to start at, per partition.
async fn starts(
    args: &Args,
    client: &mut Client,
    partitions: &[i32],
    ends: &[i64],
    isolation: Isolation,
) -> Result<Vec<i64>, Failure> {
    let wanted = match args.from.from_time {
        Some(ms) => Offsets::At(ms),
        None => Offsets::Earliest,
    };
    if args.from.offset.is_none() && args.from.from_time.is_none() && !args.from.from_beginning {
        return Ok(ends.to_vec());
    }
    let found = client
        .offsets(&args.topic, partitions, wanted, isolation)
        .await?;
    let Some(offset) = args.from.offset else {
        return Ok(found);
    };
    let spans = partitions
        .iter()
        .zip(found.into_iter().zip(ends.iter().copied()));
    let starts = spans.map(|(partition, (first, end))| match offset {
        // So many before the end, as far as they are still there.
        back if back < 0 => Ok(end.saturating_add(back).max(first)),
        inside if (first..=end).contains(&inside) => Ok(inside),
        outside => Err(ClientError::refused(
            ErrorCode::OffsetOutOfRange,
            &format!("topic {} partition {partition}", args.topic),
            Some(&format!("offset {outside} is outside of {first} to {end}")),
        )),
    });
    Ok(starts.collect::<Result<_, _>>()?)
}

async fn in_group(args: &Args, group: &str) -> Result<(), Failure> {
    let client = &mut args.connect.open().await?;
    let mut member_id = String::new();
    let outcome = membership(args, client, group, &mut member_id).await;
    if !member_id.is_empty() {
        // An answer may still be on its way to a call that was cut short.
        client.disconnect();
        let left = Membership::leave(client, group, &member_id).await;
        // What happened before says more than why leaving failed.
        return outcome.and(left.map_err(Failure::from));
    }
    outcome
}

/// Joins and reads until that is over, again after each rebalance.
async fn membership(
    args: &Args,
    client: &mut Client,
    group: &str,
    member_id: &mut String,
) -> Result<(), Failure> {
    let mut reading = Reading::new(args);
    let topics = [args.topic.clone()];
    loop {
        let joined = tokio::select! {
            joined = Membership::join(client, group, &topics, member_id) => joined?,
            () = remote::interrupted() => return Err(remote::interruption()),
        };
        let (stop, consumer) = tenure(&mut reading, client, group, &joined).await?;
        if stop == Stop::Rebalance {
            // The generation may be over already; then the others read these records again.
            let _ = commit(client, group, &joined, &consumer).await;
            continue;
        }
        client.disconnect();
        commit(client, group, &joined, &consumer).await?;
        reading.progress.finish_and_clear();
        return if stop == Stop::Done {
            Ok(())
        } else {
            Err(remote::interruption())
        };
    }
}

/// Reads as long as the group leaves its partitions as they are.
async fn tenure(
    reading: &mut Reading<'_>,
    client: &mut Client,
    group: &str,
    membership: &Membership,
) -> Result<(Stop, Consumer), Failure> {
    let positions = group_positions(reading, client, group, membership).await?;
    let partitions: Vec<i32> = positions
        .iter()
        .map(|position| position.partition)
        .collect();
    let topic = &reading.args.topic;
    let ends = client
        .offsets(topic, &partitions, Offsets::Latest, reading.isolation())
        .await?;
    let ends: HashMap<i32, i64> = partitions.into_iter().zip(ends).collect();
    let mut consumer = reading.consumer(positions);
    let (mut heartbeat_due, mut commit_due) = (Instant::now(), Instant::now() + COMMIT_INTERVAL);
    loop {
        if Instant::now() >= heartbeat_due {
            heartbeat_due = Instant::now() + Membership::HEARTBEAT_INTERVAL;
            if membership.heartbeat(client).await? == Heartbeat::Rebalance {
                return Ok((Stop::Rebalance, consumer));
            }
        }
        if Instant::now() >= commit_due {
            commit_due = Instant::now() + COMMIT_INTERVAL;
            commit(client, group, membership, &consumer).await?;
        }
        if membership.assignment().is_empty() && !reading.args.exit_at_end {
            // More members than partitions: wait for one of them to go.
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        let step = tokio::select! {
            step = reading.step(client, &mut consumer, &ends) => step?,
            () = remote::interrupted() => return Ok((Stop::Interrupted, consumer)),
        };
        if step.is_break() {
            return Ok((Stop::Done, consumer));
        }
    }
}

/// Where the group left off in the partitions that are this member's.
async fn group_positions(
    reading: &Reading<'_>,
    client: &mut Client,
    group: &str,
    membership: &Membership,
) -> Result<Vec<Position>, Failure> {
    let topic = &reading.args.topic;
    let mine: Vec<i32> = membership
        .assignment()
        .iter()
        .filter(|(name, _)| name == topic)
        .map(|(_, partition)| *partition)
        .collect();
    let fallback = if reading.args.from.from_beginning {
        Offsets::Earliest
    } else {
        Offsets::Latest
    };
    let fallback = client
        .offsets(topic, &mine, fallback, reading.isolation())
        .await?;
    let committed = client.committed_offsets(group).await?;
    let positions = mine.into_iter().zip(fallback).map(|(partition, fallback)| {
        let is_it = |one: &&CommittedOffset| one.topic == *topic && one.partition == partition;
        let offset = committed
            .iter()
            .find(is_it)
            .map_or(fallback, |one| one.offset);
        Position {
            topic: topic.clone(),
            partition,
            offset,
        }
    });
    Ok(positions.collect())
}

async fn commit(
    client: &mut Client,
    group: &str,
    membership: &Membership,
    consumer: &Consumer,
) -> Result<(), Failure> {
    let offsets: Vec<CommittedOffset> = consumer
        .positions()
        .map(|position| CommittedOffset {
            topic: position.topic.clone(),
            partition: position.partition,
            offset: position.offset,
            metadata: String::new(),
        })
        .collect();
    if offsets.is_empty() {
        return Ok(());
    }
    Ok(client
        .commit_offsets(group, Some(membership), &offsets)
        .await?)
}
