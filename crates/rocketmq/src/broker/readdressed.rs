//! A stored message as a client is shown it under another address: the half message under the topic it is meant for.
//!
//! Format: docs/formats/rocketmq-commit-log.md, version 1. The copy exists on the wire only.

use std::net::{IpAddr, SocketAddr};

use crate::store::message::{Entry, MAGIC_V1};
use crate::store::{PhysicalOffset, QueueOffset};

/// The message and what is said differently of it.
#[derive(Debug)]
pub(crate) struct Readdressed<'e> {
    pub(crate) entry: &'e Entry<'e>,
    pub(crate) topic: &'e str,
    pub(crate) queue_id: i32,
    pub(crate) properties: &'e [u8],
    pub(crate) queue_offset: QueueOffset,
    pub(crate) physical_offset: PhysicalOffset,
}

impl Readdressed<'_> {
    /// The entry's bytes. What is too long for its length field, which the store would not have taken, is cut.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let entry = self.entry;
        let mut out = Vec::with_capacity(entry.bytes.len() + 64);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&MAGIC_V1.to_be_bytes());
        out.extend_from_slice(&entry.body_crc.to_be_bytes());
        out.extend_from_slice(&self.queue_id.to_be_bytes());
        out.extend_from_slice(&entry.flag.to_be_bytes());
        out.extend_from_slice(&self.queue_offset.0.to_be_bytes());
        out.extend_from_slice(&self.physical_offset.0.to_be_bytes());
        out.extend_from_slice(&entry.sys_flag.0.to_be_bytes());
        out.extend_from_slice(&entry.born_timestamp_ms.to_be_bytes());
        host(&mut out, entry.born_host);
        out.extend_from_slice(&entry.store_timestamp_ms.to_be_bytes());
        host(&mut out, entry.store_host);
        out.extend_from_slice(&entry.reconsume_times.to_be_bytes());
        out.extend_from_slice(&entry.prepared_transaction_offset.to_be_bytes());
        let body_length = i32::try_from(entry.body.len()).unwrap_or(0);
        out.extend_from_slice(&body_length.to_be_bytes());
        out.extend_from_slice(entry.body);
        let topic = self.topic.as_bytes();
        let topic = topic.get(..topic.len().min(127)).unwrap_or_default();
        out.push(u8::try_from(topic.len()).unwrap_or(0));
        out.extend_from_slice(topic);
        let properties = self.properties;
        let length = i16::try_from(properties.len()).unwrap_or(i16::MAX);
        out.extend_from_slice(&length.to_be_bytes());
        let length = usize::try_from(length).unwrap_or(0);
        out.extend_from_slice(properties.get(..length).unwrap_or_default());
        let total = i32::try_from(out.len()).unwrap_or(i32::MAX);
        if let Some(size) = out.first_chunk_mut::<4>() {
            *size = total.to_be_bytes();
        }
        out
    }
}

fn host(out: &mut Vec<u8>, host: SocketAddr) {
    match host.ip() {
        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
    }
    out.extend_from_slice(&i32::from(host.port()).to_be_bytes());
}
