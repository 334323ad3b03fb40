//! Records read one after the other: through a buffer of fixed size, whose end cuts records that must then be moved to its
//! front, or in a mapping of the whole file, where nothing is moved.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use segment::engine::PlainMap;

use super::Bench;
use super::cost::Cost;
use super::error::{Doing, MeasureError};
use super::io::sum;
use super::matrix::{self, Place};
use crate::report::{Experiment, Point, Unit};

/// Of the reader that has one.
const BUFFER_BYTES: usize = 128 << 10;
/// Middle sizes of records; each is from half to one and a half of it.
const RECORDS: [u32; 3] = [1_000, 10_000, 60_000];
/// A record begins with its length, this included.
const HEADER_BYTES: usize = size_of::<u32>();

#[derive(Clone, Copy, Debug)]
enum By {
    Buffer,
    Mapping,
}

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    // The largest file with records of any size that the settings allow.
    let bytes = bench.settings.file_bytes;
    let records = RECORDS
        .into_iter()
        .filter(|record| u64::from(*record) * 4 <= bytes);
    let places: Vec<_> = records
        .map(|record| Place {
            x: f64::from(record),
            label: None,
            cells: vec![
                ("buffer".to_owned(), (By::Buffer, record)),
                ("mapping".to_owned(), (By::Mapping, record)),
            ],
        })
        .collect();
    matrix::run(bench, experiment, &places, |(by, record), point| {
        let path = bench.work.file("parse")?;
        let len = write(&path, bytes, *record)?;
        let file = File::open(&path).doing("open", &path)?;
        measure(&file, &path, len, *by, point)
    })
}

/// Records whose sizes go through the range in a fixed order. Returns their bytes.
fn write(path: &Path, bytes: u64, middle: u32) -> Result<u64, MeasureError> {
    let file = File::create(path).doing("create", path)?;
    let mut file = BufWriter::new(file);
    let payload = vec![0x5a_u8; middle as usize * 2];
    let (mut written, mut at) = (0, 0_u32);
    loop {
        // A step that shares no factor with the range, so that every size comes.
        let len = middle / 2 + at.wrapping_mul(7919) % middle;
        if written + u64::from(len) > bytes {
            break;
        }
        let body = payload.get(..len as usize - HEADER_BYTES);
        file.write_all(&len.to_le_bytes())
            .and_then(|()| file.write_all(body.unwrap_or_default()))
            .doing("write", path)?;
        written += u64::from(len);
        at = at.wrapping_add(1);
    }
    file.flush().doing("write", path)?;
    Ok(written)
}

/// What a reader did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parsed {
    records: u64,
    bytes: u64,
    moved_bytes: u64,
    sum: u64,
}

impl Parsed {
    /// Takes whole records off the front; returns the bytes they had.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        while let Some(record) = next(bytes.get(used..).unwrap_or_default()) {
            self.records += 1;
            self.sum = self.sum.wrapping_add(sum(record));
            used += record.len();
        }
        self.bytes += used as u64;
        used
    }
}

/// The record at the front, if all of it is there.
fn next(bytes: &[u8]) -> Option<&[u8]> {
    let len = u32::from_le_bytes(*bytes.first_chunk::<HEADER_BYTES>()?);
    bytes.get(..(len as usize).max(HEADER_BYTES))
}

fn measure(
    file: &File,
    path: &Path,
    len: u64,
    by: By,
    point: &mut Point,
) -> Result<(), MeasureError> {
    let (parsed, cost) = Cost::of(|| match by {
        By::Buffer => by_buffer(file, len).doing("read", path),
        By::Mapping => by_mapping(file, path, len),
    })?;
    black_box(parsed.sum);
    if parsed.bytes != len {
        return Err(MeasureError::State(format!(
            "{} of {len} bytes were parsed",
            parsed.bytes
        )));
    }
    point.push_value(parsed.bytes as f64 / cost.time.as_secs_f64());
    let share = parsed.moved_bytes as f64 / parsed.bytes as f64;
    point.also("moved/byte", Unit::Ratio, share);
    cost.note(point, parsed.bytes, parsed.records);
    Ok(())
}

fn by_buffer(file: &File, len: u64) -> std::io::Result<Parsed> {
    let mut parsed = Parsed::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut kept, mut at) = (0, 0);
    while at < len {
        let room = buffer.get_mut(kept..).unwrap_or_default();
        let n = file.read_at(room, at)?;
        if n == 0 {
            break;
        }
        at += n as u64;
        let end = kept + n;
        let used = parsed.take(buffer.get(..end).unwrap_or_default());
        buffer.copy_within(used..end, 0);
        kept = end - used;
        parsed.moved_bytes += kept as u64;
    }
    Ok(parsed)
}

fn by_mapping(file: &File, path: &Path, len: u64) -> Result<Parsed, MeasureError> {
    let mut parsed = Parsed::default();
    let len =
        usize::try_from(len).map_err(|_| MeasureError::State("too large to map".to_owned()))?;
    let map = PlainMap::new(file, len, false).doing("map", path)?;
    parsed.take(map.bytes().doing("read", path)?);
    map.check().doing("read", path)?;
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readers_see_every_record_and_only_the_buffer_moves_any() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records");
        for record in RECORDS {
            let len = write(&path, 4 << 20, record).unwrap();
            assert!(len <= 4 << 20 && len > (4 << 20) - u64::from(record) * 2);
            let file = File::open(&path).unwrap();
            let buffer = by_buffer(&file, len).unwrap();
            let mapping = by_mapping(&file, &path, len).unwrap();
            assert_eq!((buffer.bytes, mapping.bytes), (len, len));
            assert_eq!((buffer.records, buffer.sum), (mapping.records, mapping.sum));
            assert_eq!(mapping.moved_bytes, 0);
            // About half a record for each buffer.
            let expected = f64::from(record) / 2.0 / BUFFER_BYTES as f64;
            let share = buffer.moved_bytes as f64 / len as f64;
            assert!(
                (expected / 2.0..expected * 2.0).contains(&share),
                "{record}: {share}"
            );
        }
    }
}
