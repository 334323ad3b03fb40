//! `highwater log`: offline tools for Kafka log directories.

use crate::exit::{Exit, Failure};

/// Arguments of `highwater log`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "`log` is not part of this build yet",
    ))
}
