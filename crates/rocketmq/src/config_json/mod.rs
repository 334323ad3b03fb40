//! fastjson's dialect of JSON: what `config/*.json` and some bodies of the protocol are written in.
//!
//! Invariants: everything that is JSON is read; beyond it, keys may be integers, objects or words without quotes, strings may
//! have single quotes, and a comma may be too many. Depth and length are bounded. What is written is read by fastjson 1 and 2.
//! Absent on purpose: what a document means. Format: docs/formats/rocketmq-config.md.

mod file;
mod parse;
mod value;
mod write;

pub use file::{BACKUP_SUFFIX, load, persist};
pub use parse::{DEPTH_MAX, JsonDefect, parse};
pub use value::{Key, Value};
pub use write::Style;
