//! Records inside a batch: walked without copying, or through a bounded decompressor.
//!
//! Invariants: a walk ends with an error unless the records fill the batch exactly and are as many
//! as the header says. Walking for validation holds no record; visiting a compressed batch holds one.
//! Absent on purpose: the rules a topic sets (`validate`).
//! Format: docs/formats/record-batch.md.

use std::io::{BufRead, Read};
use std::ops::ControlFlow;

use super::batch::BatchView;
use super::compression::{Compression, DECOMPRESSED_BYTES_MAX};
use super::config::TimestampType;
use super::error::BatchDefect;
use super::ids::KafkaOffset;
use super::varint;

/// What validation wants to know of one record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordOutline {
    /// Time minus the batch's base timestamp.
    pub timestamp_delta: i64,
    /// Offset minus the batch's base offset.
    pub offset_delta: i32,
    /// Whether it has a key.
    pub has_key: bool,
}

/// One record, borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Its offset.
    pub offset: KafkaOffset,
    /// Its time in ms since the epoch, −1 for none.
    pub timestamp_ms: i64,
    /// Its key, if any.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    headers: &'a [u8],
    header_count: i32,
}

impl<'a> Record<'a> {
    /// Its headers in order; keys may repeat.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let (bytes, mut at) = (self.headers, 0usize);
        (0..self.header_count).map_while(move |_| {
            let key = sized(bytes, &mut at).ok()??;
            let value = sized(bytes, &mut at).ok()?;
            Some((key, value))
        })
    }

    /// How many headers it has.
    pub fn header_count(&self) -> i32 {
        self.header_count
    }

    /// Appends its encoding in a batch from which it is `timestamp_delta` and `offset_delta` away.
    pub(crate) fn encode(&self, timestamp_delta: i64, offset_delta: i32, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(
            32 + self.key.map_or(0, <[u8]>::len)
                + self.value.map_or(0, <[u8]>::len)
                + self.headers.len(),
        );
        body.push(0);
        varint::write_i64(&mut body, timestamp_delta);
        varint::write_i32(&mut body, offset_delta);
        write_sized(&mut body, self.key);
        write_sized(&mut body, self.value);
        varint::write_i32(&mut body, self.header_count);
        body.extend_from_slice(self.headers);
        write_sized(out, Some(&body));
    }
}

/// Writes a length and that many bytes; `None` is −1.
pub(crate) fn write_sized(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => varint::write_i32(out, -1),
        Some(bytes) => {
            varint::write_i32(out, i32::try_from(bytes.len()).unwrap_or(i32::MAX));
            out.extend_from_slice(bytes);
        }
    }
}

/// Reads a length and that many bytes; −1 is `None`.
#[inline]
fn sized<'a>(bytes: &'a [u8], at: &mut usize) -> Result<Option<&'a [u8]>, &'static str> {
    let length = varint::read_i32(bytes, at).map_err(|_| "a length is cut off")?;
    if length < 0 {
        return if length == -1 {
            Ok(None)
        } else {
            Err("a length is negative")
        };
    }
    let end = at.checked_add(usize::try_from(length).map_err(|_| "a length is too large")?);
    let found = end
        .and_then(|end| bytes.get(*at..end))
        .ok_or("a length reaches past the record")?;
    *at += found.len();
    Ok(Some(found))
}

/// Where a walk takes its bytes from.
trait Source {
    fn byte(&mut self) -> Result<u8, String>;
    fn skip(&mut self, bytes: u64) -> Result<(), String>;
    fn consumed(&self) -> u64;
    fn at_end(&mut self) -> Result<bool, String>;
}

struct StreamSource<'a> {
    reader: Box<dyn BufRead + 'a>,
    consumed: u64,
}

impl StreamSource<'_> {
    fn moved(&mut self, bytes: usize) -> Result<(), String> {
        self.reader.consume(bytes);
        self.consumed += bytes as u64;
        if self.consumed > DECOMPRESSED_BYTES_MAX {
            return Err("the stream expands past the bound".to_owned());
        }
        Ok(())
    }
}

impl Source for StreamSource<'_> {
    #[inline]
    fn byte(&mut self) -> Result<u8, String> {
        let buffer = self.reader.fill_buf().map_err(|error| error.to_string())?;
        let byte = *buffer.first().ok_or_else(String::new)?;
        self.moved(1)?;
        Ok(byte)
    }

    fn skip(&mut self, mut bytes: u64) -> Result<(), String> {
        while bytes > 0 {
            let buffer = self.reader.fill_buf().map_err(|error| error.to_string())?;
            if buffer.is_empty() {
                return Err(String::new());
            }
            let step = usize::try_from(bytes)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            self.moved(step)?;
            bytes -= step as u64;
        }
        Ok(())
    }

    fn consumed(&self) -> u64 {
        self.consumed
    }

    fn at_end(&mut self) -> Result<bool, String> {
        self.reader
            .fill_buf()
            .map(<[u8]>::is_empty)
            .map_err(|error| error.to_string())
    }
}

/// Why a walk stopped inside a record: the stream's own words, or ours.
enum Stop {
    Stream(String),
    Shape(&'static str),
}

fn varint_of(source: &mut impl Source, bits: u32) -> Result<i64, Stop> {
    let mut value = 0u64;
    let mut shift = 0;
    while shift < bits {
        let byte = source.byte().map_err(Stop::Stream)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
        shift += 7;
    }
    Err(Stop::Shape("a varint is too long"))
}

fn skip_sized(source: &mut impl Source, nullable: bool) -> Result<bool, Stop> {
    let length = varint_of(source, 35)?;
    match u64::try_from(length) {
        Ok(bytes) => {
            source.skip(bytes).map_err(Stop::Stream)?;
            Ok(true)
        }
        Err(_) if length == -1 && nullable => Ok(false),
        Err(_) => Err(Stop::Shape("a length is negative")),
    }
}

fn walk_one(source: &mut impl Source) -> Result<RecordOutline, Stop> {
    let length = varint_of(source, 35)?;
    let start = source.consumed();
    source.byte().map_err(Stop::Stream)?;
    let timestamp_delta = varint_of(source, 70)?;
    let offset_delta = i32::try_from(varint_of(source, 35)?)
        .map_err(|_| Stop::Shape("its offset is out of range"))?;
    let has_key = skip_sized(source, true)?;
    skip_sized(source, true)?;
    let headers = varint_of(source, 35)?;
    if headers < 0 {
        return Err(Stop::Shape("its header count is negative"));
    }
    for _ in 0..headers {
        skip_sized(source, false)?;
        skip_sized(source, true)?;
    }
    if i64::try_from(source.consumed() - start) != Ok(length) {
        return Err(Stop::Shape("its length field differs from its fields"));
    }
    Ok(RecordOutline {
        timestamp_delta,
        offset_delta,
        has_key,
    })
}

fn walk_all(
    source: &mut impl Source,
    announced: i32,
    mut each: impl FnMut(i32, RecordOutline),
) -> Result<(), BatchDefect> {
    for index in 0..announced {
        match walk_one(source) {
            Ok(outline) => each(index, outline),
            Err(Stop::Shape(what)) => return Err(BatchDefect::BadRecord { index, what }),
            Err(Stop::Stream(why)) if why.is_empty() => {
                return Err(BatchDefect::BadCount {
                    announced,
                    what: "its bytes end earlier",
                });
            }
            Err(Stop::Stream(why)) => return Err(BatchDefect::BadCompression(why)),
        }
    }
    match source.at_end() {
        Ok(true) => Ok(()),
        Ok(false) => Err(BatchDefect::BadCount {
            announced,
            what: "bytes are left over after them",
        }),
        Err(why) => Err(BatchDefect::BadCompression(why)),
    }
}

/// As `walk_all`, over bytes at hand: every uncompressed batch of every producer passes here.
fn walk_plain(
    bytes: &[u8],
    announced: i32,
    mut each: impl FnMut(i32, RecordOutline),
) -> Result<(), BatchDefect> {
    let mut at = 0usize;
    for index in 0..announced {
        if at >= bytes.len() {
            let what = "its bytes end earlier";
            return Err(BatchDefect::BadCount { announced, what });
        }
        let outline = match sized(bytes, &mut at) {
            Ok(Some(body)) => outline_of(body),
            Ok(None) => Err("its length is negative"),
            Err(what) => Err(what),
        };
        each(
            index,
            outline.map_err(|what| BatchDefect::BadRecord { index, what })?,
        );
    }
    if at == bytes.len() {
        return Ok(());
    }
    let what = "bytes are left over after them";
    Err(BatchDefect::BadCount { announced, what })
}

/// Checks that the fields of a record fill its body, and gives what validation wants to know.
#[inline]
fn outline_of(body: &[u8]) -> Result<RecordOutline, &'static str> {
    let mut at = 1usize;
    let timestamp_delta =
        varint::read_i64(body, &mut at).map_err(|_| "its timestamp is cut off")?;
    let offset_delta = varint::read_i32(body, &mut at).map_err(|_| "its offset is cut off")?;
    let has_key = sized(body, &mut at)?.is_some();
    sized(body, &mut at)?;
    let headers = varint::read_i32(body, &mut at).map_err(|_| "its header count is cut off")?;
    if headers < 0 {
        return Err("its header count is negative");
    }
    for _ in 0..headers {
        sized(body, &mut at)?.ok_or("a header key is null")?;
        sized(body, &mut at)?;
    }
    if at != body.len() {
        return Err("its length field differs from its fields");
    }
    Ok(RecordOutline {
        timestamp_delta,
        offset_delta,
        has_key,
    })
}

/// Walks every record's outline, decompressing as a stream if need be; `each` gets index and outline.
///
/// # Errors
/// The first malformed record, a bad stream, or a count that does not match.
pub fn walk(view: &BatchView<'_>, each: impl FnMut(i32, RecordOutline)) -> Result<(), BatchDefect> {
    let announced = view.header().record_count;
    match view.header().compression()? {
        Compression::None => walk_plain(view.records_bytes(), announced, each),
        codec => {
            let reader = codec.reader(view.records_bytes())?;
            walk_all(
                &mut StreamSource {
                    reader,
                    consumed: 0,
                },
                announced,
                each,
            )
        }
    }
}

/// Calls `each` with every record until it breaks. A compressed batch is streamed, one record held.
///
/// # Errors
/// As `walk`, up to the point where `each` broke off.
pub fn visit(
    view: &BatchView<'_>,
    mut each: impl FnMut(Record<'_>) -> ControlFlow<()>,
) -> Result<(), BatchDefect> {
    let codec = view.header().compression()?;
    if codec == Compression::None {
        return visit_plain(view, &mut each);
    }
    let announced = view.header().record_count;
    let mut source = StreamSource {
        reader: codec.reader(view.records_bytes())?,
        consumed: 0,
    };
    let mut body = Vec::new();
    for index in 0..announced {
        let length = match varint_of(&mut source, 35) {
            Ok(length) => u64::try_from(length).map_err(|_| BatchDefect::BadRecord {
                index,
                what: "its length is negative",
            })?,
            Err(_) => {
                return Err(BatchDefect::BadCount {
                    announced,
                    what: "its bytes end earlier",
                });
            }
        };
        body.clear();
        let got = (&mut source.reader).take(length).read_to_end(&mut body);
        source.consumed += length;
        let got = got.map_err(|error| BatchDefect::BadCompression(error.to_string()))?;
        if got as u64 != length || source.consumed > DECOMPRESSED_BYTES_MAX {
            return Err(BatchDefect::BadCount {
                announced,
                what: "its bytes end earlier",
            });
        }
        let record =
            parse_body(view, &body).map_err(|what| BatchDefect::BadRecord { index, what })?;
        if each(record).is_break() {
            return Ok(());
        }
    }
    match source.at_end() {
        Ok(true) => Ok(()),
        Ok(false) => Err(BatchDefect::BadCount {
            announced,
            what: "bytes are left over after them",
        }),
        Err(why) => Err(BatchDefect::BadCompression(why)),
    }
}

fn visit_plain(
    view: &BatchView<'_>,
    each: &mut impl FnMut(Record<'_>) -> ControlFlow<()>,
) -> Result<(), BatchDefect> {
    let (bytes, mut at) = (view.records_bytes(), 0usize);
    let announced = view.header().record_count;
    for index in 0..announced {
        if at >= bytes.len() {
            return Err(BatchDefect::BadCount {
                announced,
                what: "its bytes end earlier",
            });
        }
        let body = match sized(bytes, &mut at) {
            Ok(Some(body)) => body,
            Ok(None) => {
                return Err(BatchDefect::BadRecord {
                    index,
                    what: "its length is negative",
                });
            }
            Err(what) => return Err(BatchDefect::BadRecord { index, what }),
        };
        let record =
            parse_body(view, body).map_err(|what| BatchDefect::BadRecord { index, what })?;
        if each(record).is_break() {
            return Ok(());
        }
    }
    if at == bytes.len() {
        Ok(())
    } else {
        Err(BatchDefect::BadCount {
            announced,
            what: "bytes are left over after them",
        })
    }
}

fn parse_body<'b>(view: &BatchView<'_>, body: &'b [u8]) -> Result<Record<'b>, &'static str> {
    let header = view.header();
    let mut at = 1usize;
    let timestamp_delta =
        varint::read_i64(body, &mut at).map_err(|_| "its timestamp is cut off")?;
    let offset_delta = varint::read_i32(body, &mut at).map_err(|_| "its offset is cut off")?;
    let key = sized(body, &mut at)?;
    let value = sized(body, &mut at)?;
    let header_count =
        varint::read_i32(body, &mut at).map_err(|_| "its header count is cut off")?;
    if header_count < 0 {
        return Err("its header count is negative");
    }
    let headers = body.get(at..).unwrap_or_default();
    for _ in 0..header_count {
        sized(body, &mut at)?.ok_or("a header key is null")?;
        sized(body, &mut at)?;
    }
    if at != body.len() {
        return Err("its length field differs from its fields");
    }
    let timestamp_ms = match header.timestamp_type() {
        TimestampType::LogAppendTime => header.max_timestamp,
        TimestampType::CreateTime => header.base_timestamp.saturating_add(timestamp_delta),
    };
    let offset = KafkaOffset(header.base_offset.saturating_add(i64::from(offset_delta)));
    Ok(Record {
        offset,
        timestamp_ms,
        key,
        value,
        headers,
        header_count,
    })
}
