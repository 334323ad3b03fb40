//! Written by `cargo xtask codegen`; do not edit.

pub(crate) mod api_key;
pub mod messages;
pub(crate) mod metadata_record;
