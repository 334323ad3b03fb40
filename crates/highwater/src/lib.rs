//! Highwater as a library: the embeddable server behind the `highwater` command.
//!
//! `main.rs` and `commands/` are the command line; everything here works without one.

pub mod client;
mod clock;
pub mod config;
mod http;
pub mod logging;
pub mod measure;
pub mod report;
pub mod server;
