//! `highwater rocketmq`: topics, groups and messages of any RocketMQ cluster, Java's or ours.

mod connect;
mod consume;
mod group;
mod membership;
mod produce;
mod query;
mod topic;

use crate::exit::Failure;

/// Arguments of `highwater rocketmq`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, clap::Subcommand)]
enum Noun {
    /// Topics of a cluster.
    #[command(after_help = topic::EXAMPLES)]
    Topic(topic::Args),
    /// Consumer groups of a cluster.
    #[command(after_help = group::EXAMPLES)]
    Group(group::Args),
    /// Send messages from stdin or a file.
    #[command(after_help = produce::EXAMPLES)]
    Produce(produce::Args),
    /// Print messages of a topic.
    #[command(after_help = consume::EXAMPLES)]
    Consume(consume::Args),
    /// Look for messages by id, key or place.
    #[command(after_help = query::EXAMPLES)]
    Query(query::Args),
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.noun {
        Noun::Topic(args) => topic::run(args),
        Noun::Group(args) => group::run(args),
        Noun::Produce(args) => produce::run(&args),
        Noun::Consume(args) => consume::run(&args),
        Noun::Query(args) => query::run(&args),
    }
}
