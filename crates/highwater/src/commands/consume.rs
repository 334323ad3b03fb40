//! `highwater consume`: prints records.

use crate::exit::{Exit, Failure};

/// Arguments of `highwater consume`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "`consume` is not part of this build yet",
    ))
}
