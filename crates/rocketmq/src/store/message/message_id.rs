//! The two ids of a message, both in upper-case hexadecimal: where it lies, and what its client called it.
//!
//! Invariants: both have 32 characters with an IPv4 address and 56 (or 32 + 24) with an IPv6 address, so that only trying
//! tells them apart.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::super::ids::PhysicalOffset;

/// Not such an id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a message id of 32 or 56 hexadecimal characters with a port below 65536")]
pub struct BadMessageId;

/// `offsetMsgId`: the store's address and the place in its commit log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OffsetMessageId {
    /// Address of the broker.
    pub store_host: SocketAddr,
    /// Where the message lies.
    pub physical_offset: PhysicalOffset,
}

impl fmt::Display for OffsetMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = |bytes: &[u8]| bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"));
        match self.store_host.ip() {
            IpAddr::V4(ip) => hex(&ip.octets())?,
            IpAddr::V6(ip) => hex(&ip.octets())?,
        }
        hex(&u32::from(self.store_host.port()).to_be_bytes())?;
        hex(&self.physical_offset.0.to_be_bytes())
    }
}

impl FromStr for OffsetMessageId {
    type Err = BadMessageId;

    fn from_str(text: &str) -> Result<Self, BadMessageId> {
        let mut bytes = [0u8; 28];
        let bytes = from_hex(text, &mut bytes).ok_or(BadMessageId)?;
        let (ip, rest) = split_ip(bytes)?;
        let (port, rest) = rest.split_first_chunk::<4>().ok_or(BadMessageId)?;
        let (offset, _) = rest.split_first_chunk::<8>().ok_or(BadMessageId)?;
        let port = u16::try_from(u32::from_be_bytes(*port)).map_err(|_| BadMessageId)?;
        Ok(Self {
            store_host: SocketAddr::new(ip, port),
            physical_offset: PhysicalOffset(i64::from_be_bytes(*offset)),
        })
    }
}

/// `UNIQ_KEY`: who made it, when, and a counter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UniqueKey {
    /// Address of the client.
    pub ip: IpAddr,
    /// Low 16 bits of its process id.
    pub pid: u16,
    /// Hash of its class loader.
    pub loader_hash: i32,
    /// Milliseconds since the start of the month, in the client's time zone.
    pub since_month_start_ms: u32,
    /// Its counter.
    pub counter: u16,
}

impl fmt::Display for UniqueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = |bytes: &[u8]| bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"));
        match self.ip {
            IpAddr::V4(ip) => hex(&ip.octets())?,
            IpAddr::V6(ip) => hex(&ip.octets())?,
        }
        hex(&self.pid.to_be_bytes())?;
        hex(&self.loader_hash.to_be_bytes())?;
        hex(&self.since_month_start_ms.to_be_bytes())?;
        hex(&self.counter.to_be_bytes())
    }
}

impl FromStr for UniqueKey {
    type Err = BadMessageId;

    fn from_str(text: &str) -> Result<Self, BadMessageId> {
        let mut bytes = [0u8; 28];
        let bytes = from_hex(text, &mut bytes).ok_or(BadMessageId)?;
        let (ip, rest) = split_ip(bytes)?;
        let (pid, rest) = rest.split_first_chunk::<2>().ok_or(BadMessageId)?;
        let (loader, rest) = rest.split_first_chunk::<4>().ok_or(BadMessageId)?;
        let (since, rest) = rest.split_first_chunk::<4>().ok_or(BadMessageId)?;
        let (counter, _) = rest.split_first_chunk::<2>().ok_or(BadMessageId)?;
        Ok(Self {
            ip,
            pid: u16::from_be_bytes(*pid),
            loader_hash: i32::from_be_bytes(*loader),
            since_month_start_ms: u32::from_be_bytes(*since),
            counter: u16::from_be_bytes(*counter),
        })
    }
}

/// The address that an id of 16 bytes (v4) or 28 (v6) begins with, and what follows it.
fn split_ip(bytes: &[u8]) -> Result<(IpAddr, &[u8]), BadMessageId> {
    match bytes.len() {
        16 => {
            let (ip, rest) = bytes.split_first_chunk::<4>().ok_or(BadMessageId)?;
            Ok((Ipv4Addr::from(*ip).into(), rest))
        }
        28 => {
            let (ip, rest) = bytes.split_first_chunk::<16>().ok_or(BadMessageId)?;
            Ok((Ipv6Addr::from(*ip).into(), rest))
        }
        _ => Err(BadMessageId),
    }
}

/// The bytes that `text` spells, if it is nothing but pairs of digits that fit `out`.
fn from_hex<'o>(text: &str, out: &'o mut [u8]) -> Option<&'o [u8]> {
    let digits = text.as_bytes();
    let out = out.get_mut(..digits.len() / 2)?;
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    for (pair, byte) in digits.chunks_exact(2).zip(out.iter_mut()) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16)?;
            *byte = *byte << 4 | u8::try_from(value).ok()?;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        for (text, host, offset) in [
            ("7F00000100002A9F0000000000000BB8", "127.0.0.1:10911", 3000),
            (
                "2001000000000000000000000000000100002A9FFFFFFFFFFFFFFFFF",
                "[2001::1]:10911",
                -1,
            ),
        ] {
            let id = OffsetMessageId {
                store_host: host.parse().unwrap(),
                physical_offset: PhysicalOffset(offset),
            };
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
            assert_eq!(text.to_lowercase().parse(), Ok(id));
        }
        let text = "7F0000010A2B5E2DE80A1B2C3D4E000F";
        let key: UniqueKey = text.parse().unwrap();
        assert_eq!((key.pid, key.counter), (0x0A2B, 15));
        assert_eq!(key.to_string(), text);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "7F",
            "7F00000100002A9F0000000000000BB",
            "7F00000100012A9F0000000000000BB8",
            "7G00000100002A9F0000000000000BB8",
            "7F00000100002A9F0000000000000BB800",
            "+F00000100002A9F0000000000000BB8",
            "7F00000100002A9F0000000000000BB87F00000100002A9F0000000000000BB8",
        ] {
            assert_eq!(text.parse::<OffsetMessageId>(), Err(BadMessageId), "{text}");
        }
    }
}
