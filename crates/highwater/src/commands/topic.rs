//! `highwater topic`: topics of a running server.

use crate::exit::{Exit, Failure};

/// Arguments of `highwater topic`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "`topic` is not part of this build yet",
    ))
}
