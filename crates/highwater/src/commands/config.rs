//! `highwater config`: shows and checks the configuration.

use crate::exit::{Exit, Failure};

/// Arguments of `highwater config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "`config` is not part of this build yet",
    ))
}
