//! Highwater as a library: the embeddable server behind the `highwater` command.
//!
//! `main.rs` and `commands/` are the command line; everything here works without one.

pub mod client;
mod clock;
pub mod config;
pub mod doctor;
mod http;
pub mod load;
pub mod logging;
pub mod measure;
pub mod remoting;
pub mod report;
pub mod server;
pub mod tune;
