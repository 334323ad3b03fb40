//! Highwater as a library: the embeddable server behind the `highwater` command.
//!
//! `main.rs` and `commands/` are the command line; everything here works without one.

pub mod client;
pub mod config;
