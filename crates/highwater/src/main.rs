//! The `highwater` command: parse, dispatch, turn a failure into a message and an exit code.
//!
//! Nothing but asked-for data goes to stdout; messages go to stderr.

mod cli;
mod commands;
mod exit;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap prints its own usage errors and leaves with 2, which is `Exit::Usage`.
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nowhere left to report a broken stderr.
            let _ = writeln!(std::io::stderr(), "highwater: {failure}");
            failure.exit.code()
        }
    }
}
