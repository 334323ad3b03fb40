//! `highwater serve`: starts the server and stays until told to stop.

use crate::cli::ServeArgs;
use crate::commands::config;
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let loaded = config::load(&args)?;
    let _ = loaded.config;
    Err(Failure::new(
        Exit::Usage,
        "`serve` is not part of this build yet",
    ))
}
