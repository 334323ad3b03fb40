//! `highwater produce`: sends records.

use crate::exit::{Exit, Failure};

/// Arguments of `highwater produce`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "`produce` is not part of this build yet",
    ))
}
