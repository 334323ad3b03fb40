//! `highwater rocketmq topic`: topics of a cluster.

use highwater::remoting::{Cluster, QueueLimits, RemotingError, Route};
use rocketmq::remoting::codes::response;
use serde_json::{Value, json};

use super::connect::Connect;
use crate::cli::Format;
use crate::commands::listing::{self, Rows};
use crate::commands::remote::confirm;
use crate::exit::{Exit, Failure};

pub(super) const EXAMPLES: &str = "\
Examples:
  highwater rocketmq topic list
  highwater rocketmq topic create orders --queues 8
  highwater rocketmq topic describe orders --format json
  highwater rocketmq topic delete orders --yes";

/// Arguments of `highwater rocketmq topic`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Names of all topics.
    List {
        /// Include those the servers keep for themselves.
        #[arg(long)]
        internal: bool,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Brokers, queues and offsets of topics.
    Describe {
        #[arg(required = true, value_name = "TOPIC")]
        names: Vec<String>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Create a topic on every broker of the cluster, or change its queues.
    Create(CreateArgs),
    /// Delete topics with everything in them.
    Delete {
        #[arg(required = true, value_name = "TOPIC")]
        names: Vec<String>,
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
struct CreateArgs {
    #[arg(value_name = "TOPIC")]
    name: String,
    /// Number of queues on each broker
    #[arg(short, long, default_value_t = 4, value_parser = clap::value_parser!(i32).range(1..))]
    queues: i32,
    /// What clients may do: 4 read, 2 write, 6 both
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(i32).range(0..8))]
    perm: i32,
    /// Only on this broker
    #[arg(long, value_name = "NAME")]
    broker: Option<String>,
    /// Success, too, when there is such a topic; it is left as it is
    #[arg(long)]
    if_not_exists: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    match args.verb {
        Verb::List {
            internal,
            format,
            connect,
        } => list(&mut connect.open()?, internal, format),
        Verb::Describe {
            names,
            format,
            connect,
        } => describe(&mut connect.open()?, &names, format),
        Verb::Create(args) => create(&args),
        Verb::Delete {
            names,
            yes,
            dry_run,
            connect,
        } => delete(&mut connect.open()?, &names, yes, dry_run),
    }
}

fn list(cluster: &mut Cluster, internal: bool, format: Format) -> Result<(), Failure> {
    let (mut topics, own) = cluster.topics()?;
    topics.retain(|topic| internal || !own.contains(topic));
    match format {
        Format::Table => {
            let mut rows = Rows::new(&["TOPIC", "INTERNAL"]);
            for topic in topics {
                let is_own = if own.contains(&topic) { "yes" } else { "no" };
                rows.push(vec![topic, is_own.to_owned()]);
            }
            listing::print(&rows.text())
        }
        Format::Json => {
            let topics: Vec<Value> = topics
                .iter()
                .map(|topic| json!({"topic": topic, "internal": own.contains(topic)}))
                .collect();
            listing::print_json(&json!({"topics": topics}))
        }
    }
}

/// The route of a topic, and where each of its queues begins and ends.
type Described = (Route, Vec<(i32, QueueLimits)>);

fn describe(cluster: &mut Cluster, names: &[String], format: Format) -> Result<(), Failure> {
    let mut topics = Vec::new();
    for name in names {
        let mut brokers: Vec<Described> = Vec::new();
        for route in cluster.route(name)? {
            let mut queues = Vec::new();
            for id in 0..route.read_queues {
                queues.push((id, cluster.limits(&route.broker.address, name, id)?));
            }
            brokers.push((route, queues));
        }
        topics.push((name, brokers));
    }
    if format == Format::Json {
        let topics: Vec<Value> = topics
            .iter()
            .map(|(name, brokers)| topic_json(name, brokers))
            .collect();
        return listing::print_json(&json!({"topics": topics}));
    }
    let mut rows = Rows::new(&["TOPIC", "BROKER", "#QUEUE", "#FIRST", "#END", "PERM"]);
    for (name, brokers) in topics {
        for (route, queues) in brokers {
            for (id, limits) in queues {
                rows.push(vec![
                    name.clone(),
                    route.broker.name.clone(),
                    id.to_string(),
                    limits.first.to_string(),
                    limits.end.to_string(),
                    perm(route.perm),
                ]);
            }
        }
    }
    listing::print(&rows.text())
}

fn topic_json(name: &str, brokers: &[Described]) -> Value {
    let of = |(route, queues): &Described| {
        let queues: Vec<Value> = queues
            .iter()
            .map(|(id, limits)| json!({"queue": id, "first_offset": limits.first, "end_offset": limits.end}))
            .collect();
        json!({
            "broker": route.broker.name,
            "address": route.broker.address,
            "cluster": route.broker.cluster,
            "perm": route.perm,
            "read_queues": route.read_queues,
            "write_queues": route.write_queues,
            "queues": queues,
        })
    };
    json!({"topic": name, "brokers": brokers.iter().map(of).collect::<Vec<_>>()})
}

/// `rw` and so on.
fn perm(perm: i32) -> String {
    [(4, 'r'), (2, 'w')]
        .iter()
        .map(|(bit, letter)| if perm & bit == 0 { '-' } else { *letter })
        .collect()
}

fn create(args: &CreateArgs) -> Result<(), Failure> {
    let mut cluster = args.connect.open()?;
    if args.if_not_exists {
        match cluster.route(&args.name) {
            Ok(_) => return Ok(()),
            Err(error) if is_unknown_topic(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut masters = cluster.masters()?;
    if let Some(broker) = &args.broker {
        masters.retain(|master| master.name == *broker);
        if masters.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                format!("there is no broker {broker}"),
            ));
        }
    }
    for master in masters {
        cluster.put_topic(&master.address, &args.name, args.queues, args.perm)?;
    }
    Ok(())
}

fn is_unknown_topic(error: &RemotingError) -> bool {
    error.code() == Some(response::TOPIC_NOT_EXIST)
}

fn delete(
    cluster: &mut Cluster,
    names: &[String],
    yes: bool,
    dry_run: bool,
) -> Result<(), Failure> {
    for name in names {
        cluster.route(name)?;
    }
    let what = format!("delete {} with everything in them", names.join(", "));
    if dry_run {
        return listing::print(&format!("would {what}\n"));
    }
    confirm(&what, yes)?;
    for name in names {
        cluster.delete_topic(name)?;
    }
    Ok(())
}
