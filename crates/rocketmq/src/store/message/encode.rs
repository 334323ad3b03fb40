//! Turns a message into the parts of an entry: a head of fixed size on the stack, the rest borrowed.
//!
//! Invariants: nothing is copied or allocated; everything but the place and the time is known before the log's lock is
//! taken; `bytes` is what the parts add up to.

use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr};

use super::super::ids::{PhysicalOffset, QueueOffset};
use super::batch::BatchMessage;
use super::checksum::{PROPERTY_CRC_BYTES, body_crc, crc_property};
use super::entry::{ENTRY_OVERHEAD_BYTES, MAGIC_V1, MAGIC_V2};
use super::properties::PROPERTY_SEPARATOR;
use super::sys_flag::SysFlag;

/// A message to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The queue in it, from 0.
    pub queue_id: i32,
    /// The user's flag.
    pub flag: i32,
    /// Its bits about hosts are set by the store.
    pub sys_flag: SysFlag,
    /// The producer's time, ms since the epoch.
    pub born_timestamp_ms: i64,
    /// The producer.
    pub born_host: SocketAddr,
    /// This broker, as its clients reach it.
    pub store_host: SocketAddr,
    /// How often it was consumed in vain.
    pub reconsume_times: i32,
    /// Where the prepared message lies, for a committed one; else 0.
    pub prepared_transaction_offset: i64,
    /// The body.
    pub body: &'a [u8],
    /// The properties' text.
    pub properties: &'a [u8],
}

/// Several messages of one producer for one queue, as request 320 carries them.
#[derive(Clone, Copy, Debug)]
pub struct MessageBatch<'a> {
    /// What they have in common: its body is the request's body, its properties are added to those of each message, its
    /// flag does not count.
    pub common: NewMessage<'a>,
}

/// Where and when an entry is stored: what only the lock knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) physical_offset: PhysicalOffset,
    pub(crate) queue_offset: QueueOffset,
    pub(crate) store_timestamp_ms: i64,
}

/// Longest head: every field before the body, with IPv6 hosts.
const HEAD_BYTES_MAX: usize = 112;
const QUEUE_OFFSET_AT: usize = 20;
const PHYSICAL_OFFSET_AT: usize = 28;
const BORN_HOST_AT: usize = 48;
const V4_HOST_BYTES: usize = 8;
const V6_HOST_BYTES: usize = 20;

/// An entry but for its place: made before the lock, stamped under it.
#[derive(Debug)]
pub(crate) struct Shape<'a> {
    head: [u8; HEAD_BYTES_MAX],
    head_bytes: usize,
    store_timestamp_at: usize,
    body: &'a [u8],
    topic_length: [u8; 2],
    topic_length_bytes: usize,
    topic: &'a [u8],
    properties_length: [u8; 2],
    properties: [&'a [u8]; 4],
    crc: Option<[u8; PROPERTY_CRC_BYTES]>,
    /// What it takes in the log.
    pub(crate) bytes: usize,
}

/// Writes fields one after the other.
struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    end: usize,
}

impl Head {
    fn put(&mut self, field: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.end..self.end + field.len()) {
            place.copy_from_slice(field);
        }
        self.end += field.len();
    }

    fn host(&mut self, host: SocketAddr) {
        match host.ip() {
            IpAddr::V4(ip) => self.put(&ip.octets()),
            IpAddr::V6(ip) => self.put(&ip.octets()),
        }
        self.put(&i32::from(host.port()).to_be_bytes());
    }
}

fn host_bytes(host: SocketAddr) -> usize {
    if host.is_ipv6() {
        V6_HOST_BYTES
    } else {
        V4_HOST_BYTES
    }
}

impl<'a> Shape<'a> {
    /// The shape of one message; `with_crc` adds the property that covers it.
    pub(crate) fn of(message: &NewMessage<'a>, with_crc: bool) -> Self {
        let properties = [message.properties, &[], &[], &[]];
        Self::new(message, message.flag, message.body, properties, with_crc)
    }

    /// The shape of one message of a batch. The batch's own properties are not its messages': an id of the batch among them
    /// would hide each message's own.
    pub(crate) fn of_inner(
        common: &NewMessage<'a>,
        inner: &BatchMessage<'a>,
        with_crc: bool,
    ) -> Self {
        let properties = [inner.properties, &[], &[], &[]];
        Self::new(common, inner.flag, inner.body, properties, with_crc)
    }

    fn new(
        message: &NewMessage<'a>,
        flag: i32,
        body: &'a [u8],
        mut properties: [&'a [u8]; 4],
        with_crc: bool,
    ) -> Self {
        if with_crc {
            let last = properties.iter().rev().find(|part| !part.is_empty());
            properties[3] = separator(last.copied().unwrap_or_default(), b"crc");
        }
        let crc_bytes = if with_crc { PROPERTY_CRC_BYTES } else { 0 };
        let properties_bytes = properties.iter().map(|part| part.len()).sum::<usize>() + crc_bytes;
        let topic = message.topic.as_bytes();
        let topic_length_bytes = if topic.len() > 127 { 2 } else { 1 };
        let hosts = host_bytes(message.born_host) + host_bytes(message.store_host);
        let bytes = ENTRY_OVERHEAD_BYTES - 2 * V4_HOST_BYTES - 1
            + hosts
            + topic_length_bytes
            + body.len()
            + topic.len()
            + properties_bytes;
        let sys_flag = message
            .sys_flag
            .with(SysFlag::BORN_HOST_V6, message.born_host.is_ipv6())
            .with(SysFlag::STORE_HOST_V6, message.store_host.is_ipv6());
        let magic = if topic_length_bytes == 2 {
            MAGIC_V2
        } else {
            MAGIC_V1
        };
        let mut head = Head {
            bytes: [0; HEAD_BYTES_MAX],
            end: 0,
        };
        head.put(&length(bytes));
        head.put(&magic.to_be_bytes());
        head.put(&body_crc(body).to_be_bytes());
        head.put(&message.queue_id.to_be_bytes());
        head.put(&flag.to_be_bytes());
        // Queue offset and physical offset, stamped under the lock.
        head.put(&[0; 16]);
        head.put(&sys_flag.0.to_be_bytes());
        head.put(&message.born_timestamp_ms.to_be_bytes());
        head.host(message.born_host);
        let store_timestamp_at = head.end;
        head.put(&[0; 8]);
        head.host(message.store_host);
        head.put(&message.reconsume_times.to_be_bytes());
        head.put(&message.prepared_transaction_offset.to_be_bytes());
        head.put(&length(body.len()));
        let short = |value: usize| i16::try_from(value).unwrap_or(i16::MAX).to_be_bytes();
        let topic_length = match topic_length_bytes {
            1 => [u8::try_from(topic.len()).unwrap_or(u8::MAX), 0],
            _ => short(topic.len()),
        };
        Self {
            head: head.bytes,
            head_bytes: head.end,
            store_timestamp_at,
            body,
            topic_length,
            topic_length_bytes,
            topic,
            properties_length: short(properties_bytes),
            properties,
            crc: with_crc.then_some([0; PROPERTY_CRC_BYTES]),
            bytes,
        }
    }

    /// Bytes of its properties text, with what the store adds.
    pub(crate) fn properties_bytes(&self) -> usize {
        let own: usize = self.properties.iter().map(|part| part.len()).sum();
        own + self.crc.map_or(0, |crc| crc.len())
    }

    /// Writes down where and when.
    pub(crate) fn stamp(&mut self, place: &Place) {
        let fields = [
            (QUEUE_OFFSET_AT, place.queue_offset.0),
            (PHYSICAL_OFFSET_AT, place.physical_offset.0),
            (self.store_timestamp_at, place.store_timestamp_ms),
        ];
        for (at, value) in fields {
            if let Some(field) = self.head.get_mut(at..at + 8) {
                field.copy_from_slice(&value.to_be_bytes());
            }
        }
        if self.crc.is_some() {
            let mut parts = Vec::with_capacity(9);
            self.parts(&mut parts);
            parts.pop();
            self.crc = Some(crc_property(parts.iter().map(|part| &**part)));
        }
    }

    /// Puts the entry's parts behind `out`.
    pub(crate) fn parts<'s>(&'s self, out: &mut Vec<IoSlice<'s>>) {
        let head = self.head.get(..self.head_bytes).unwrap_or_default();
        let topic_length = self.topic_length.get(..self.topic_length_bytes);
        let fixed = [
            head,
            self.body,
            topic_length.unwrap_or_default(),
            self.topic,
            &self.properties_length,
        ];
        let all = fixed.into_iter().chain(self.properties);
        out.extend(all.filter(|part| !part.is_empty()).map(IoSlice::new));
        out.extend(self.crc.as_ref().map(|crc| IoSlice::new(crc)));
    }
}

/// What must stand between two texts of properties.
fn separator(before: &[u8], after: &[u8]) -> &'static [u8] {
    let is_open = before
        .last()
        .is_some_and(|last| *last != PROPERTY_SEPARATOR);
    if is_open && !after.is_empty() {
        &[PROPERTY_SEPARATOR]
    } else {
        &[]
    }
}

/// A length as a Java `int`. Callers have checked it against the limits.
fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes()
}

const _: () = assert!(BORN_HOST_AT + 2 * V6_HOST_BYTES + 8 + 4 + 8 + 4 == HEAD_BYTES_MAX);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::entry::{Version, decode};
    use super::*;

    fn encoded(message: &NewMessage<'_>, place: &Place, with_crc: bool) -> Vec<u8> {
        let mut shape = Shape::of(message, with_crc);
        shape.stamp(place);
        let mut parts = Vec::new();
        shape.parts(&mut parts);
        let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        assert_eq!(bytes.len(), shape.bytes);
        bytes
    }

    fn host() -> impl Strategy<Value = SocketAddr> {
        (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port))
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            topic in "[a-zA-Z%_-]{1,200}",
            body in proptest::collection::vec(any::<u8>(), 0..300),
            properties in "([a-zA-Z]{1,5}\u{1}[a-z0-9]{1,9}\u{2}){0,4}",
            hosts in (host(), host()),
            numbers in (any::<i32>(), any::<i32>(), any::<i64>(), any::<i64>(), any::<i32>(), any::<i64>()),
            offsets in (any::<i64>(), any::<i64>(), any::<i64>()),
            with_crc in any::<bool>(),
            cut in any::<proptest::sample::Index>(),
        ) {
            let (queue_id, flag, born, _, reconsume, prepared) = numbers;
            let message = NewMessage {
                topic: &topic, queue_id, flag, sys_flag: SysFlag(0x9), born_timestamp_ms: born,
                born_host: hosts.0, store_host: hosts.1, reconsume_times: reconsume,
                prepared_transaction_offset: prepared, body: &body, properties: properties.as_bytes(),
            };
            let place = Place {
                physical_offset: PhysicalOffset(offsets.0),
                queue_offset: QueueOffset(offsets.1),
                store_timestamp_ms: offsets.2,
            };
            let bytes = encoded(&message, &place, with_crc);
            let entry = decode(&bytes).unwrap();
            entry.check_body().unwrap();
            entry.check_place(place.physical_offset).unwrap();
            prop_assert_eq!(entry.version == Version::V2, topic.len() > 127);
            prop_assert_eq!(entry.topic().unwrap(), topic);
            prop_assert_eq!(entry.body, &body[..]);
            prop_assert_eq!((entry.queue_id, entry.flag, entry.reconsume_times), (queue_id, flag, reconsume));
            prop_assert_eq!((entry.born_host, entry.store_host), hosts);
            prop_assert_eq!((entry.queue_offset, entry.store_timestamp_ms), (place.queue_offset, offsets.2));
            prop_assert_eq!(entry.prepared_transaction_offset, prepared);
            prop_assert_eq!(entry.sys_flag.0 & 0xF, 0x9);
            prop_assert!(entry.properties.starts_with(properties.as_bytes()));
            prop_assert_eq!(entry.property("__CRC32#").is_some(), with_crc);
            // No part of an entry is one.
            let shorter = cut.index(bytes.len());
            prop_assert!(decode(&bytes[..shorter]).is_err());
            if with_crc {
                let mut damaged = bytes.clone();
                damaged[shorter] ^= 0x10;
                let whole = decode(&damaged).ok().is_some_and(|entry| entry.check_body().is_ok());
                // Damage to the property's own name only makes it a property that nobody knows.
                prop_assert!(!whole || shorter >= bytes.len() - PROPERTY_CRC_BYTES);
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = bytes;
            let _ = super::super::entry::find(&bytes);
            if bytes.len() > 8 {
                let size = u32::try_from(bytes.len()).unwrap();
                bytes[..4].copy_from_slice(&size.to_be_bytes());
                bytes[4..8].copy_from_slice(&MAGIC_V1.to_be_bytes());
                let _ = decode(&bytes);
            }
        }
    }
}
