//! Messages as servers send them: rows of entries of the commit log.
//!
//! Invariants: bytes that are no entry are an error, never a guess; a body is unpacked up to a limit.

use std::io::Read;

use rocketmq::store::message::{self, Entry, Found, SysFlag, key};
use serde_json::{Map, Value, json};

use super::error::RemotingError;

/// Largest body after unpacking.
const BODY_BYTES_MAX: u64 = 64 << 20;
/// Where in the flag the kind of compression stands.
const COMPRESSION_SHIFT: u32 = 8;
const COMPRESSION_MASK: i32 = 0x7;

/// One message, borrowed from the answer it came in.
#[derive(Debug, Clone, Copy)]
pub struct Received<'r> {
    /// All of it.
    pub entry: Entry<'r>,
}

impl<'r> Received<'r> {
    /// The messages in a body, in order.
    ///
    /// # Errors
    /// `Protocol` where it is not made of whole entries.
    pub fn all(body: &'r [u8], address: &str) -> Result<Vec<Self>, RemotingError> {
        let (mut found, mut rest) = (Vec::new(), body);
        while !rest.is_empty() {
            let why = match message::find(rest) {
                Ok(Found::Entry(entry)) => {
                    rest = rest.get(entry.bytes.len()..).unwrap_or_default();
                    found.push(Self { entry });
                    continue;
                }
                Ok(_) => "a gap between messages".to_owned(),
                Err(defect) => defect.to_string(),
            };
            return Err(RemotingError::Protocol {
                address: address.to_owned(),
                why: format!("a message cannot be read: {why}"),
            });
        }
        Ok(found)
    }

    /// The tag.
    #[must_use]
    pub fn tags(&self) -> Option<String> {
        self.entry
            .property(key::TAGS)
            .map(std::borrow::Cow::into_owned)
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> Option<String> {
        self.entry
            .property(key::KEYS)
            .map(std::borrow::Cow::into_owned)
    }

    /// The body, unpacked where its client packed it; as it is where that cannot be done.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let flag = self.entry.sys_flag;
        if !flag.has(SysFlag::COMPRESSED) {
            return self.entry.body.to_vec();
        }
        let kind = (flag.0 >> COMPRESSION_SHIFT) & COMPRESSION_MASK;
        unpack(kind, self.entry.body).unwrap_or_else(|| self.entry.body.to_vec())
    }

    /// As JSON; the keys are an interface.
    #[must_use]
    pub fn json(&self) -> Value {
        let entry = &self.entry;
        let id = message::OffsetMessageId {
            store_host: entry.store_host,
            physical_offset: entry.physical_offset,
        };
        let properties: Map<String, Value> = entry
            .properties()
            .map(|(name, value)| (text(name), Value::from(text(value))))
            .collect();
        let mut json = json!({
            "topic": text(entry.topic),
            "queue": entry.queue_id,
            "offset": entry.queue_offset.0,
            "physical_offset": entry.physical_offset.0,
            "id": id.to_string(),
            "unique_key": entry.property(key::UNIQUE_KEY),
            "keys": self.keys(),
            "tags": self.tags(),
            "born_timestamp_ms": entry.born_timestamp_ms,
            "store_timestamp_ms": entry.store_timestamp_ms,
            "born_host": entry.born_host.to_string(),
            "store_host": entry.store_host.to_string(),
            "reconsume_times": entry.reconsume_times,
            "properties": properties,
        });
        let body = self.body();
        if let Some(object) = json.as_object_mut() {
            match String::from_utf8(body) {
                Ok(body) => object.insert("body".to_owned(), Value::from(body)),
                Err(error) => {
                    object.insert("body_hex".to_owned(), Value::from(hex(error.as_bytes())))
                }
            };
        }
        json
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 0 and 3 are zlib, 1 is an LZ4 frame, 2 is zstd.
fn unpack(kind: i32, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let limit = BODY_BYTES_MAX + 1;
    let read = match kind {
        0 | 3 => flate2::read::ZlibDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut body),
        1 => lz4_flex::frame::FrameDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut body),
        2 => zstd::Decoder::new(bytes)
            .ok()?
            .take(limit)
            .read_to_end(&mut body),
        _ => return None,
    };
    read.is_ok_and(|read| read as u64 <= BODY_BYTES_MAX)
        .then_some(body)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn bodies_are_unpacked_by_their_kind() {
        let body = b"a body, a body, a body".repeat(100);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&body).unwrap();
        let zlib = zlib.finish().unwrap();
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        lz4.write_all(&body).unwrap();
        let lz4 = lz4.finish().unwrap();
        let zstd = zstd::encode_all(body.as_slice(), 1).unwrap();
        for (kind, packed) in [(0, &zlib), (3, &zlib), (1, &lz4), (2, &zstd)] {
            assert_eq!(
                unpack(kind, packed).as_deref(),
                Some(body.as_slice()),
                "{kind}"
            );
            assert_eq!(unpack(kind, b"rubbish"), None, "{kind}");
        }
        assert_eq!(unpack(5, &zlib), None);
    }

    #[test]
    fn rubbish_is_no_message() {
        assert!(Received::all(b"", "a").unwrap().is_empty());
        for body in [&b"rubbish, more than eight bytes"[..], &[0; 100], &[1]] {
            assert!(Received::all(body, "a").is_err());
        }
    }
}
