//! `highwater group`: consumer groups of a running server.

use crate::exit::{Exit, Failure};

/// Arguments of `highwater group`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "`group` is not part of this build yet",
    ))
}
