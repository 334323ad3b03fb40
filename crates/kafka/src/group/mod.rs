//! Classic consumer groups: who shares a topic's partitions, and how far each group has read.
#![allow(dead_code)] // until the coordinator uses it

pub(crate) mod error;
mod member;
pub(crate) mod state;
mod subscription;
