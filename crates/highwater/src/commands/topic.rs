//! `highwater topic`: topics of a running server.

use highwater::client::{Client, ConfigChange, Isolation, NewTopic, Offsets, Topic};
use kafka_wire::ErrorCode;
use serde_json::{Map, Value, json};

use super::listing::{self, Rows, numbers};
use super::remote::{self, Connect, confirm, name_and_value};
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// Arguments of `highwater topic`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Names of all topics.
    List {
        /// Include those the server keeps for itself.
        #[arg(long)]
        internal: bool,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Partitions, offsets and settings of topics.
    Describe {
        #[arg(required = true, value_name = "TOPIC")]
        names: Vec<String>,
        /// Show every setting, not only those set on the topic.
        #[arg(long)]
        all_settings: bool,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        #[command(flatten)]
        connect: Connect,
    },
    /// Create a topic.
    Create(CreateArgs),
    /// Change settings of a topic or add partitions.
    Alter(AlterArgs),
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
    /// Number of partitions [default: the server's]
    #[arg(short, long, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Number of replicas [default: the server's]
    #[arg(short, long, value_parser = clap::value_parser!(i16).range(1..))]
    replicas: Option<i16>,
    /// A setting, for instance `retention.ms=60000`; may be repeated
    #[arg(short, long = "config", value_name = "NAME=VALUE", value_parser = name_and_value)]
    config: Vec<(String, String)>,
    /// Success, too, when there is such a topic.
    #[arg(long)]
    if_not_exists: bool,
    /// Let the server check, change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connect: Connect,
}

#[derive(Debug, clap::Args)]
struct AlterArgs {
    #[arg(value_name = "TOPIC")]
    name: String,
    /// Raise the number of partitions to this; keys move to other partitions
    #[arg(short, long, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Set a setting; may be repeated
    #[arg(short, long = "config", value_name = "NAME=VALUE", value_parser = name_and_value)]
    config: Vec<(String, String)>,
    /// Go back to the server's value of a setting; may be repeated
    #[arg(long, value_name = "NAME")]
    unset: Vec<String>,
    /// Let the server check, change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    remote::block_on(async {
        match args.verb {
            Verb::List {
                internal,
                format,
                connect,
            } => list(&mut connect.open().await?, internal, format).await,
            Verb::Describe {
                names,
                all_settings,
                format,
                connect,
            } => describe(&mut connect.open().await?, &names, all_settings, format).await,
            Verb::Create(args) => create(args).await,
            Verb::Alter(args) => alter(args).await,
            Verb::Delete {
                names,
                yes,
                dry_run,
                connect,
            } => delete(&mut connect.open().await?, &names, yes, dry_run).await,
        }
    })
}

async fn list(client: &mut Client, internal: bool, format: Format) -> Result<(), Failure> {
    let mut topics = client.metadata(None, false).await?.topics;
    topics.retain(|topic| internal || !topic.is_internal);
    let replicas = |topic: &Topic| topic.partitions.first().map_or(0, |one| one.replicas.len());
    match format {
        Format::Table => {
            let mut rows = Rows::new(&["TOPIC", "#PARTITIONS", "#REPLICAS", "ID"]);
            for topic in &topics {
                rows.push(vec![
                    topic.name.clone(),
                    topic.partitions.len().to_string(),
                    replicas(topic).to_string(),
                    topic.id.to_string(),
                ]);
            }
            listing::print(&rows.text())
        }
        Format::Json => {
            let topics = topics.iter().map(|topic| {
                json!({
                    "topic": topic.name,
                    "id": topic.id.to_string(),
                    "partitions": topic.partitions.len(),
                    "replicas": replicas(topic),
                    "internal": topic.is_internal,
                })
            });
            listing::print_json(&json!({ "topics": topics.collect::<Vec<_>>() }))
        }
    }
}

async fn describe(
    client: &mut Client,
    names: &[String],
    all_settings: bool,
    format: Format,
) -> Result<(), Failure> {
    let mut documents = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let topic = client.topic(name, false).await?;
        let indexes: Vec<i32> = topic.partitions.iter().map(|one| one.index).collect();
        let isolation = Isolation::Uncommitted;
        let first = client
            .offsets(name, &indexes, Offsets::Earliest, isolation)
            .await?;
        let end = client
            .offsets(name, &indexes, Offsets::Latest, isolation)
            .await?;
        let mut settings = client.topic_configs(name).await?;
        settings.retain(|setting| all_settings || setting.is_own);
        let settings: Vec<(String, Option<String>)> = settings
            .into_iter()
            .map(|setting| (setting.name, setting.value))
            .collect();
        match format {
            Format::Table => {
                let space = if at == 0 { "" } else { "\n" };
                let text = describe_text(&topic, &first, &end, &settings);
                listing::print(&format!("{space}{text}"))?;
            }
            Format::Json => documents.push(describe_json(&topic, &first, &end, settings)),
        }
    }
    match format {
        Format::Table => Ok(()),
        Format::Json => listing::print_json(&json!({ "topics": documents })),
    }
}

fn describe_text(
    topic: &Topic,
    first: &[i64],
    end: &[i64],
    settings: &[(String, Option<String>)],
) -> String {
    let mut rows = Rows::new(&[
        "#PARTITION",
        "#LEADER",
        "REPLICAS",
        "IN SYNC",
        "#FIRST",
        "#END",
        "#OFFSETS",
    ]);
    for ((partition, first), end) in topic.partitions.iter().zip(first).zip(end) {
        rows.push(vec![
            partition.index.to_string(),
            partition.leader.to_string(),
            numbers(&partition.replicas),
            numbers(&partition.in_sync),
            first.to_string(),
            end.to_string(),
            end.saturating_sub(*first).to_string(),
        ]);
    }
    let mut text = format!("topic {}  id {}\n{}", topic.name, topic.id, rows.text());
    for (name, value) in settings {
        text.push_str(&format!(
            "{name}={}\n",
            value.as_deref().unwrap_or("(hidden)")
        ));
    }
    text
}

fn describe_json(
    topic: &Topic,
    first: &[i64],
    end: &[i64],
    settings: Vec<(String, Option<String>)>,
) -> Value {
    let partitions =
        topic
            .partitions
            .iter()
            .zip(first)
            .zip(end)
            .map(|((partition, first), end)| {
                json!({
                    "partition": partition.index,
                    "leader": partition.leader,
                    "leader_epoch": partition.leader_epoch,
                    "replicas": partition.replicas,
                    "in_sync": partition.in_sync,
                    "first_offset": first,
                    "end_offset": end,
                })
            });
    let partitions: Vec<Value> = partitions.collect();
    let settings: Map<String, Value> = settings
        .into_iter()
        .map(|(name, value)| (name, json!(value)))
        .collect();
    json!({
        "topic": topic.name,
        "id": topic.id.to_string(),
        "internal": topic.is_internal,
        "partitions": partitions,
        "settings": settings,
    })
}

async fn create(args: CreateArgs) -> Result<(), Failure> {
    let topic = NewTopic {
        name: args.name,
        partitions: args.partitions.unwrap_or(-1),
        replication_factor: args.replicas.unwrap_or(-1),
        configs: args.config,
    };
    let name = &topic.name;
    let mut client = args.connect.open().await?;
    match client.create_topic(&topic, args.dry_run).await {
        Ok(_) if args.dry_run => listing::print(&format!("would create topic {name}\n")),
        Ok(Some(count)) => listing::print(&format!("created topic {name}, {count} partitions\n")),
        Ok(None) => listing::print(&format!("created topic {name}\n")),
        Err(error) if args.if_not_exists && error.code() == Some(ErrorCode::TopicAlreadyExists) => {
            listing::print(&format!("topic {name} exists\n"))
        }
        Err(error) => Err(error.into()),
    }
}

async fn alter(args: AlterArgs) -> Result<(), Failure> {
    let name = &args.name;
    let sets = args
        .config
        .into_iter()
        .map(|(name, value)| ConfigChange::Set(name, value));
    let changes: Vec<ConfigChange> = sets
        .chain(args.unset.into_iter().map(ConfigChange::Unset))
        .collect();
    if changes.is_empty() && args.partitions.is_none() {
        let message = "nothing to change: give --config, --unset or --partitions";
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut client = args.connect.open().await?;
    let would = if args.dry_run { "would " } else { "" };
    if !changes.is_empty() {
        client.alter_topic(name, &changes, args.dry_run).await?;
        for change in &changes {
            let text = match change {
                ConfigChange::Set(key, value) => format!("set {key}={value}"),
                ConfigChange::Unset(key) => format!("unset {key}"),
            };
            listing::print(&format!("{would}{text} on topic {name}\n"))?;
        }
    }
    if let Some(count) = args.partitions {
        client.grow_topic(name, count, args.dry_run).await?;
        listing::print(&format!(
            "{would}raise topic {name} to {count} partitions\n"
        ))?;
    }
    Ok(())
}

async fn delete(
    client: &mut Client,
    names: &[String],
    yes: bool,
    dry_run: bool,
) -> Result<(), Failure> {
    // Names that are wrong are found before anything is gone.
    for name in names {
        let topic = client.topic(name, false).await?;
        if dry_run {
            let count = topic.partitions.len();
            listing::print(&format!("would delete topic {name}, {count} partitions\n"))?;
        }
    }
    if dry_run {
        return Ok(());
    }
    confirm(&format!("delete {}", names.join(", ")), yes)?;
    for name in names {
        client.delete_topic(name).await?;
        listing::print(&format!("deleted topic {name}\n"))?;
    }
    Ok(())
}
