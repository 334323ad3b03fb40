//! `highwater serve`: starts the server and stays until told to stop.

use crate::cli::ServeArgs;
use crate::exit::{Exit, Failure};

pub(crate) fn run(_args: ServeArgs) -> Result<(), Failure> {
    Err(Failure::new(
        Exit::Usage,
        "`serve` is not part of this build yet",
    ))
}
