//! An entry of the commit log, decoded where it lies.
//!
//! Invariants: what `decode` returns was checked against the bytes: lengths add up to the announced total. Whether the
//! entry belongs where it was found is the caller's question ([`Entry::check_place`]); whether its body is whole is
//! [`Entry::check_body`]'s, the only check that costs a pass over it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::super::ids::{PhysicalOffset, QueueOffset};
use super::checksum::{PROPERTY_CRC_BYTES, PROPERTY_CRC_KEY, body_crc, crc_property};
use super::properties::{Properties, key, property};
use super::sys_flag::{SysFlag, TransactionKind};

/// Second field of an entry whose topic length takes one byte.
pub const MAGIC_V1: i32 = -626_843_481;
/// Second field of an entry whose topic length takes two bytes.
pub const MAGIC_V2: i32 = -626_843_477;
/// Second field of what fills the end of a file.
pub const BLANK_MAGIC: i32 = -875_286_124;
/// Bytes of that filler that are defined: its length and its magic.
pub const BLANK_HEAD_BYTES: usize = 8;
/// Bytes of an entry of version 1 with IPv4 hosts, without body, topic and properties.
pub const ENTRY_OVERHEAD_BYTES: usize = 91;
/// Longest properties text.
pub const PROPERTIES_BYTES_MAX: usize = 32_767;

/// How long the topic's length field is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// One byte: topics up to 127 bytes.
    V1,
    /// Two bytes.
    V2,
}

/// Why bytes are not an entry.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryDefect {
    /// Fewer bytes than the entry announces.
    #[error("entry needs {need_bytes} bytes, {have_bytes} are there")]
    Truncated {
        /// Bytes needed.
        need_bytes: usize,
        /// Bytes given.
        have_bytes: usize,
    },
    /// The total size is impossible.
    #[error("entry announces a total size of {0} bytes")]
    BadSize(i32),
    /// The second field is no magic number of an entry.
    #[error("magic number is {0:#010x}")]
    BadMagic(i32),
    /// An inner length is negative, too large, or does not lead to the announced total.
    #[error("its {what} has an impossible length of {length}")]
    BadLength {
        /// Which part.
        what: &'static str,
        /// The announced length.
        length: i64,
    },
    /// The parts end elsewhere than the announced total.
    #[error("its parts take {parts_bytes} bytes, it announces {announced_bytes}")]
    SizeMismatch {
        /// Sum of the parts.
        parts_bytes: usize,
        /// The first field.
        announced_bytes: usize,
    },
    /// A port above 65535.
    #[error("port {0} is impossible")]
    BadPort(i32),
    /// The entry says it lies elsewhere: it is of an earlier life of these bytes.
    #[error("entry says it lies at {found}, it lies at {expected}")]
    WrongPlace {
        /// Where it lies.
        expected: PhysicalOffset,
        /// What it says.
        found: PhysicalOffset,
    },
    /// The body's checksum is wrong.
    #[error("body checksum is {stored:#010x}, its bytes give {computed:#010x}")]
    BadChecksum {
        /// What the entry says.
        stored: u32,
        /// What the bytes give.
        computed: u32,
    },
    /// The checksum property does not match the entry.
    #[error("the entry's own checksum property does not match it")]
    BadPropertyChecksum,
    /// The topic is not UTF-8.
    #[error("topic is not UTF-8")]
    BadTopic,
}

/// One entry, borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// All its bytes.
    pub bytes: &'a [u8],
    /// Its layout.
    pub version: Version,
    /// CRC-32 of the body without its top bit.
    pub body_crc: u32,
    /// The queue in its topic.
    pub queue_id: i32,
    /// The user's flag, kept.
    pub flag: i32,
    /// Its number in the queue; 0 where it has none.
    pub queue_offset: QueueOffset,
    /// Where it lies.
    pub physical_offset: PhysicalOffset,
    /// See [`SysFlag`].
    pub sys_flag: SysFlag,
    /// The producer's time, ms since the epoch.
    pub born_timestamp_ms: i64,
    /// The producer.
    pub born_host: SocketAddr,
    /// The store's time, ms since the epoch; never falls along the log.
    pub store_timestamp_ms: i64,
    /// The broker.
    pub store_host: SocketAddr,
    /// How often it was consumed in vain.
    pub reconsume_times: i32,
    /// Where the prepared message lies, for a committed one; else 0.
    pub prepared_transaction_offset: i64,
    /// The body, as the client compressed it.
    pub body: &'a [u8],
    /// The topic's bytes.
    pub topic: &'a [u8],
    /// The properties' text.
    pub properties: &'a [u8],
}

/// What lies at a place of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found<'a> {
    /// An entry.
    Entry(Entry<'a>),
    /// The rest of this file is not used. With [`decode`]'s bytes it says how long it claims to be.
    Blank {
        /// What the filler's first field says.
        announced_bytes: i32,
    },
    /// Zeros: nothing was ever written here.
    Unwritten,
}

/// Takes fields off the front.
struct Fields<'a> {
    all: usize,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], EntryDefect> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or({
            let need_bytes = (self.all - self.rest.len()).saturating_add(bytes);
            EntryDefect::Truncated {
                need_bytes,
                have_bytes: self.all,
            }
        })?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EntryDefect> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn i32(&mut self) -> Result<i32, EntryDefect> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    fn i64(&mut self) -> Result<i64, EntryDefect> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    fn host(&mut self, is_v6: bool) -> Result<SocketAddr, EntryDefect> {
        let ip: IpAddr = if is_v6 {
            Ipv6Addr::from(self.array::<16>()?).into()
        } else {
            Ipv4Addr::from(self.array::<4>()?).into()
        };
        let port = self.i32()?;
        let port = u16::try_from(port).map_err(|_| EntryDefect::BadPort(port))?;
        Ok(SocketAddr::new(ip, port))
    }
}

/// What lies at the start of `bytes`, whatever follows it.
///
/// # Errors
/// As the defect says.
pub fn find(bytes: &[u8]) -> Result<Found<'_>, EntryDefect> {
    let mut head = Fields {
        all: bytes.len(),
        rest: bytes,
    };
    let (announced, magic) = (head.i32()?, head.i32()?);
    match magic {
        BLANK_MAGIC => Ok(Found::Blank {
            announced_bytes: announced,
        }),
        0 if announced == 0 => Ok(Found::Unwritten),
        MAGIC_V1 | MAGIC_V2 => {
            let size = usize::try_from(announced).map_err(|_| EntryDefect::BadSize(announced))?;
            if size < ENTRY_OVERHEAD_BYTES {
                return Err(EntryDefect::BadSize(announced));
            }
            let own = bytes.get(..size).ok_or(EntryDefect::Truncated {
                need_bytes: size,
                have_bytes: bytes.len(),
            })?;
            decode(own).map(Found::Entry)
        }
        other => Err(EntryDefect::BadMagic(other)),
    }
}

/// The entry that `bytes` is, all of it.
///
/// # Errors
/// As the defect says.
pub fn decode(bytes: &[u8]) -> Result<Entry<'_>, EntryDefect> {
    let mut fields = Fields {
        all: bytes.len(),
        rest: bytes,
    };
    let announced = fields.i32()?;
    let version = match fields.i32()? {
        MAGIC_V1 => Version::V1,
        MAGIC_V2 => Version::V2,
        other => return Err(EntryDefect::BadMagic(other)),
    };
    let size = usize::try_from(announced).map_err(|_| EntryDefect::BadSize(announced))?;
    if size != bytes.len() {
        return Err(match size < bytes.len() {
            true => EntryDefect::BadSize(announced),
            false => EntryDefect::Truncated {
                need_bytes: size,
                have_bytes: bytes.len(),
            },
        });
    }
    let body_crc = u32::from_be_bytes(fields.array()?);
    let queue_id = fields.i32()?;
    let flag = fields.i32()?;
    let queue_offset = QueueOffset(fields.i64()?);
    let physical_offset = PhysicalOffset(fields.i64()?);
    let sys_flag = SysFlag(fields.i32()?);
    let born_timestamp_ms = fields.i64()?;
    let born_host = fields.host(sys_flag.has(SysFlag::BORN_HOST_V6))?;
    let store_timestamp_ms = fields.i64()?;
    let store_host = fields.host(sys_flag.has(SysFlag::STORE_HOST_V6))?;
    let reconsume_times = fields.i32()?;
    let prepared_transaction_offset = fields.i64()?;
    let body_length = fields.i32()?;
    let body = part(&mut fields, "body", i64::from(body_length))?;
    let topic_length = match version {
        Version::V1 => i64::from(i8::from_be_bytes(fields.array()?)),
        Version::V2 => i64::from(i16::from_be_bytes(fields.array()?)),
    };
    let topic = part(&mut fields, "topic", topic_length)?;
    let properties_length = i64::from(i16::from_be_bytes(fields.array()?));
    let properties = part(&mut fields, "properties text", properties_length)?;
    if !fields.rest.is_empty() {
        return Err(EntryDefect::SizeMismatch {
            parts_bytes: size - fields.rest.len(),
            announced_bytes: size,
        });
    }
    Ok(Entry {
        bytes,
        version,
        body_crc,
        queue_id,
        flag,
        queue_offset,
        physical_offset,
        sys_flag,
        born_timestamp_ms,
        born_host,
        store_timestamp_ms,
        store_host,
        reconsume_times,
        prepared_transaction_offset,
        body,
        topic,
        properties,
    })
}

fn part<'a>(
    fields: &mut Fields<'a>,
    what: &'static str,
    length: i64,
) -> Result<&'a [u8], EntryDefect> {
    let bytes = usize::try_from(length)
        .ok()
        .filter(|bytes| *bytes <= fields.rest.len());
    let bytes = bytes.ok_or(EntryDefect::BadLength { what, length })?;
    fields.take(bytes)
}

impl<'a> Entry<'a> {
    /// Bytes it takes in the log.
    #[must_use]
    pub fn size_bytes(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    /// The topic.
    ///
    /// # Errors
    /// `BadTopic`.
    pub fn topic(&self) -> Result<&'a str, EntryDefect> {
        std::str::from_utf8(self.topic).map_err(|_| EntryDefect::BadTopic)
    }

    /// The pairs of its properties.
    #[must_use]
    pub fn properties(&self) -> Properties<'a> {
        Properties::of(self.properties)
    }

    /// One property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<std::borrow::Cow<'a, str>> {
        property(self.properties, name)
    }

    /// Shows the keys it is found by in the index: its unique key, then each of its search keys; none of a rolled-back one.
    ///
    /// # Errors
    /// The first of `look`.
    pub fn visit_index_keys<E>(&self, look: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        if self.sys_flag.transaction() == TransactionKind::Rollback {
            return Ok(());
        }
        let unique = self.property(key::UNIQUE_KEY);
        let keys = self.property(key::KEYS);
        let split = keys.as_deref().unwrap_or_default().split(' ');
        let all = unique.as_deref().into_iter().chain(split);
        all.filter(|key| !key.is_empty()).try_for_each(look)
    }

    /// The `TAGS` under which the index knows it.
    #[must_use]
    pub fn index_tags(&self) -> Option<std::borrow::Cow<'a, str>> {
        if self.sys_flag.transaction() == TransactionKind::Rollback {
            return None;
        }
        self.property(key::TAGS).filter(|tags| !tags.is_empty())
    }

    /// Whether it takes a number in its queue.
    #[must_use]
    pub fn has_queue_place(&self) -> bool {
        self.sys_flag.has_queue_place()
    }

    /// Checks that the entry was written for this place.
    ///
    /// # Errors
    /// `WrongPlace`.
    pub fn check_place(&self, expected: PhysicalOffset) -> Result<(), EntryDefect> {
        if self.physical_offset == expected {
            return Ok(());
        }
        Err(EntryDefect::WrongPlace {
            expected,
            found: self.physical_offset,
        })
    }

    /// Checks the body's checksum, and that of the whole entry where it carries one.
    ///
    /// # Errors
    /// `BadChecksum`, `BadPropertyChecksum`.
    pub fn check_body(&self) -> Result<(), EntryDefect> {
        let computed = body_crc(self.body);
        if computed != self.body_crc {
            let stored = self.body_crc;
            return Err(EntryDefect::BadChecksum { stored, computed });
        }
        let covered = self.bytes.len().saturating_sub(PROPERTY_CRC_BYTES);
        let (before, last) = self.bytes.split_at(covered);
        let is_property = self.properties.len() >= PROPERTY_CRC_BYTES
            && last.starts_with(PROPERTY_CRC_KEY.as_bytes())
            && last.get(PROPERTY_CRC_KEY.len()) == Some(&super::NAME_VALUE_SEPARATOR);
        if is_property && crc_property([before].into_iter()) != last {
            return Err(EntryDefect::BadPropertyChecksum);
        }
        Ok(())
    }
}
