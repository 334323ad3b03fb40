//! `highwater rocketmq consume`: prints messages of a topic, alone or as one of a group.
//!
//! A pull per queue is held by its broker until there is something; all pulls of a broker are on their way at once. Progress of
//! a group is committed for what was printed, in steps and at the end: a process that is killed prints some messages twice.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use highwater::remoting::{Answer, Cluster, Pulled, Queue, Received, Subscription};

use super::connect::Connect;
use super::membership::Membership;
use crate::commands::remote::{interrupted, interruption, now_ms};
use crate::commands::when;
use crate::exit::{Exit, Failure};

pub(super) const EXAMPLES: &str = "\
Examples:
  highwater rocketmq consume orders --from-beginning -e
  highwater rocketmq consume orders -g billing --tags 'new || paid'
  highwater rocketmq consume orders --sql \"region = 'north' AND amount > 100\" -n 10 --format json";

/// The group of tools, which every broker has.
pub(super) const TOOLS_GROUP: &str = "TOOLS_CONSUMER";
/// Bit of a topic's permissions.
const MAY_READ: i32 = 4;
/// How long a pull may be held where there is one broker; where there are several, each is waited for in turn.
const HOLD_ONE_MS: u64 = 15_000;
const HOLD_SEVERAL_MS: u64 = 500;
/// How long to wait for an answer before looking at everything else.
const TICK: Duration = Duration::from_millis(250);
/// How often a group's progress is committed.
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);

/// Arguments of `highwater rocketmq consume`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(value_name = "TOPIC")]
    topic: String,
    #[command(flatten)]
    from: From,
    /// Read as one of this group: start where it is, commit what was printed
    #[arg(short, long, value_name = "GROUP", conflicts_with_all = ["queues", "offset"])]
    group: Option<String>,
    /// Only this queue of each broker; may be repeated
    #[arg(short, long = "queue", value_name = "QUEUE")]
    queues: Vec<i32>,
    /// Only messages with one of these tags: `a || b`
    #[arg(long, value_name = "TAGS", conflicts_with = "sql")]
    tags: Option<String>,
    /// Only messages whose properties fit this SQL92 expression
    #[arg(long, value_name = "EXPRESSION")]
    sql: Option<String>,
    /// Stop after this many messages
    #[arg(short = 'n', long, value_name = "MESSAGES")]
    max_messages: Option<u64>,
    /// Stop at the end of what was there at the start
    #[arg(short, long)]
    exit_at_end: bool,
    /// How messages are printed
    #[arg(long, value_enum, default_value_t)]
    format: MessageFormat,
    /// Print the keys and this text before each body
    #[arg(short, long, value_name = "TEXT")]
    key_separator: Option<String>,
    #[command(flatten)]
    connect: Connect,
}

/// Where to start. Without any of these: at the end, so that only new messages are seen.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
struct From {
    /// Start at the first message still there; in a group, where it has no progress
    #[arg(long)]
    from_beginning: bool,
    /// Start at this offset of each queue; a negative one counts from the end
    #[arg(short, long, value_name = "OFFSET", allow_hyphen_values = true)]
    offset: Option<i64>,
    /// Start at the first message at or after: milliseconds, `2026-11-22T10:00:00Z`, or `-5m`; in a group, where it has no progress
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = |text: &str| when::parse(text, now_ms()))]
    from_time: Option<i64>,
}

/// How messages are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum MessageFormat {
    /// The body and a newline.
    #[default]
    Body,
    /// Queue, offset, time, tags, keys and body, separated by tabs, below a heading.
    Table,
    /// One JSON object per line; its keys are an interface.
    Json,
}

/// One queue that is read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) address: String,
    queue: Queue,
}

/// Where reading of a queue stands.
#[derive(Debug)]
struct Reader {
    next: i64,
    /// With `--exit-at-end`: reading ends here.
    end: Option<i64>,
    committed: i64,
    /// The number of the pull on its way.
    pulling: Option<i32>,
}

impl Reader {
    fn is_at_end(&self) -> bool {
        self.end.is_some_and(|end| self.next >= end)
    }
}

struct Reading<'r> {
    args: &'r Args,
    cluster: Cluster,
    wanted: Subscription<'r>,
    sources: Vec<Source>,
    /// By place in `sources`.
    readers: BTreeMap<usize, Reader>,
    membership: Option<Membership<'r>>,
    out: BufWriter<io::Stdout>,
    left: u64,
    commit_at: Instant,
    interrupted: Arc<AtomicBool>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut cluster = args.connect.open()?;
    let sources = sources(args, &mut cluster)?;
    let wanted = Subscription {
        topic: &args.topic,
        expression: args.sql.as_deref().or(args.tags.as_deref()).unwrap_or("*"),
        is_sql: args.sql.is_some(),
    };
    let group = args.group.as_deref();
    let membership =
        group.map(|group| Membership::new(group, wanted, args.from.from_beginning, &sources));
    let mut reading = Reading {
        args,
        cluster,
        wanted,
        readers: BTreeMap::new(),
        membership,
        out: BufWriter::with_capacity(64 << 10, io::stdout()),
        left: args.max_messages.unwrap_or(u64::MAX),
        commit_at: Instant::now() + COMMIT_INTERVAL,
        interrupted: watch_for_interrupts(),
        sources,
    };
    if reading.membership.is_none() {
        let all = (0..reading.sources.len()).collect();
        reading.take(all)?;
    }
    reading.heading()?;
    let outcome = reading.read();
    let outcome = match reading.close() {
        Ok(()) => outcome,
        Err(error) => outcome.and(Err(error)),
    };
    outcome.and_then(|()| match reading.interrupted.load(Ordering::Acquire) {
        true => Err(interruption()),
        false => Ok(()),
    })
}

/// Set when the user presses Ctrl-C.
fn watch_for_interrupts() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    if let Ok(runtime) = runtime {
        std::thread::spawn(move || {
            runtime.block_on(interrupted());
            set.store(true, Ordering::Release);
        });
    }
    flag
}

fn sources(args: &Args, cluster: &mut Cluster) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for route in cluster.route(&args.topic)? {
        if route.perm & MAY_READ == 0 {
            continue;
        }
        let ids =
            (0..route.read_queues).filter(|id| args.queues.is_empty() || args.queues.contains(id));
        sources.extend(ids.map(|id| Source {
            address: route.broker.address.clone(),
            queue: Queue {
                broker: route.broker.name.clone(),
                id,
            },
        }));
    }
    if sources.is_empty() {
        let text = format!("topic {} has no such queue that may be read", args.topic);
        return Err(Failure::new(Exit::Usage, text));
    }
    Ok(sources)
}

impl Reading<'_> {
    fn read(&mut self) -> Result<(), Failure> {
        while self.left > 0 && !self.interrupted.load(Ordering::Acquire) {
            if let Some(membership) = &mut self.membership
                && let Some(ours) = membership.look(&mut self.cluster, &self.sources)?
            {
                self.take(ours)?;
            }
            let is_at_end = self.readers.values().all(Reader::is_at_end);
            if self.args.exit_at_end && is_at_end {
                break;
            }
            self.round()?;
            if !self.flush()? {
                break;
            }
            if Instant::now() >= self.commit_at {
                self.commit()?;
            }
        }
        Ok(())
    }

    /// Reads these queues from now on, and no others.
    fn take(&mut self, ours: Vec<usize>) -> Result<(), Failure> {
        self.commit()?;
        self.readers.retain(|at, _| ours.contains(at));
        for at in ours {
            let Some(source) = self
                .sources
                .get(at)
                .filter(|_| !self.readers.contains_key(&at))
            else {
                continue;
            };
            let reader = start(self.args, &mut self.cluster, source)?;
            self.readers.insert(at, reader);
        }
        Ok(())
    }

    /// Asks for messages of every queue that has no pull on its way, and handles what comes.
    fn round(&mut self) -> Result<(), Failure> {
        let mut addresses: Vec<String> = Vec::new();
        let several = self
            .sources
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.address != b.address));
        let hold_ms = match (self.args.exit_at_end, several) {
            (true, _) => 0,
            (false, true) => HOLD_SEVERAL_MS,
            (false, false) => HOLD_ONE_MS,
        };
        let group = self.args.group.as_deref().unwrap_or(TOOLS_GROUP);
        for (at, reader) in &mut self.readers {
            let Some(source) = self.sources.get(*at) else {
                continue;
            };
            if reader.is_at_end() {
                continue;
            }
            if !addresses.contains(&source.address) {
                addresses.push(source.address.clone());
            }
            if reader.pulling.is_none() {
                let place = (source.queue.id, reader.next);
                let sent =
                    self.cluster
                        .send_pull(&source.address, group, &self.wanted, place, hold_ms)?;
                reader.pulling = Some(sent);
            }
        }
        if addresses.is_empty() {
            // None of the queues is ours: until the members change, or it is time to look.
            std::thread::park_timeout(TICK);
        }
        for address in addresses {
            let answer = self
                .cluster
                .broker(&address)?
                .receive(Instant::now() + TICK)?;
            if let Some(answer) = answer {
                self.answer(&address, answer)?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, address: &str, answer: Answer) -> Result<(), Failure> {
        let opaque = Some(answer.opaque);
        let is_its = |at: &usize| {
            self.sources
                .get(*at)
                .is_some_and(|source| source.address == address)
        };
        let found = self
            .readers
            .iter_mut()
            .find(|(at, reader)| reader.pulling == opaque && is_its(at));
        // A queue that is somebody else's by now.
        let Some((_, reader)) = found else {
            return Ok(());
        };
        reader.pulling = None;
        let pulled = Pulled::of(answer, reader.next, &format!("topic {}", self.wanted.topic))?;
        for message in Received::all(&pulled.entries, address)? {
            let offset = message.entry.queue_offset.0;
            if self.left == 0 || reader.end.is_some_and(|end| offset >= end) {
                return Ok(());
            }
            if self.wanted.wants(message.tags().as_deref()) {
                let printed = print(&mut self.out, self.args, &message);
                // What cannot be written is told by the flush.
                if printed.is_err() {
                    return Ok(());
                }
                self.left -= 1;
            }
            reader.next = offset.saturating_add(1);
        }
        reader.next = pulled.next.max(reader.next);
        Ok(())
    }

    /// Makes what was printed visible; false when nobody reads it any more.
    fn flush(&mut self) -> Result<bool, Failure> {
        match self.out.flush() {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::new(Exit::NotWell, format!("stdout: {error}"))),
        }
    }

    fn heading(&mut self) -> Result<(), Failure> {
        if self.args.format == MessageFormat::Table {
            // What cannot be written is told by the flush.
            let _ = writeln!(self.out, "QUEUE\tOFFSET\tTIME\tTAGS\tKEYS\tBODY");
        }
        self.flush().map(|_| ())
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.commit_at = Instant::now() + COMMIT_INTERVAL;
        let Some(membership) = &self.membership else {
            return Ok(());
        };
        for (at, reader) in &mut self.readers {
            let Some(source) = self
                .sources
                .get(*at)
                .filter(|_| reader.next != reader.committed)
            else {
                continue;
            };
            let (address, id) = (&source.address, source.queue.id);
            self.cluster.commit(
                address,
                membership.group,
                self.wanted.topic,
                id,
                reader.next,
            )?;
            reader.committed = reader.next;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.flush()?;
        self.commit()?;
        if let Some(membership) = &self.membership {
            membership.leave(&mut self.cluster)?;
        }
        Ok(())
    }
}

/// Where reading of a queue begins.
fn start(args: &Args, cluster: &mut Cluster, source: &Source) -> Result<Reader, Failure> {
    let (address, id) = (&source.address, source.queue.id);
    let limits = cluster.limits(address, &args.topic, id)?;
    let committed = match &args.group {
        Some(group) => cluster.committed(address, group, &args.topic, id)?,
        None => None,
    };
    let next = match (committed, args.from) {
        (Some(committed), _) => committed,
        (
            None,
            From {
                offset: Some(offset),
                ..
            },
        ) if offset < 0 => limits.end.saturating_add(offset),
        (
            None,
            From {
                offset: Some(offset),
                ..
            },
        ) => offset,
        (
            None,
            From {
                from_time: Some(ms),
                ..
            },
        ) => cluster.offset_at(address, &args.topic, id, ms)?,
        (
            None,
            From {
                from_beginning: true,
                ..
            },
        ) => limits.first,
        (None, _) => limits.end,
    };
    Ok(Reader {
        next: next.max(limits.first),
        end: args.exit_at_end.then_some(limits.end),
        committed: committed.unwrap_or(-1),
        pulling: None,
    })
}

fn print(out: &mut impl Write, args: &Args, message: &Received<'_>) -> io::Result<()> {
    let entry = &message.entry;
    match args.format {
        MessageFormat::Body => {
            if let Some(separator) = &args.key_separator {
                out.write_all(message.keys().unwrap_or_default().as_bytes())?;
                out.write_all(separator.as_bytes())?;
            }
            out.write_all(&message.body())?;
            out.write_all(b"\n")
        }
        MessageFormat::Table => writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}",
            entry.queue_id,
            entry.queue_offset,
            when::print(entry.store_timestamp_ms),
            one_line(&message.tags().unwrap_or_default()),
            one_line(&message.keys().unwrap_or_default()),
            one_line(&String::from_utf8_lossy(&message.body()))
        ),
        MessageFormat::Json => writeln!(out, "{}", message.json()),
    }
}

/// Control characters as Rust writes them, so that one message stays on one line.
pub(super) fn one_line(text: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().collect::<String>(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}
