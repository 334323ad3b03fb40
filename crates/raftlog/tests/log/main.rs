//! The log itself: against a model, under faults and crashes, with damaged files, and in the bytes it leaves.
#![allow(clippy::unwrap_used, reason = "a test")]

mod crash_disk;
mod damage;
mod fixture;
mod golden;
mod memory;
mod model;
mod reading;
mod rules;
mod script;
