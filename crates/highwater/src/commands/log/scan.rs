//! Walks a `.log` file batch by batch, through damage.
//!
//! Invariants: pieces come in file order, touch each other, and cover the file. Nothing is believed because of where it
//! stands: a batch is one only if its length, checksum and offsets agree, and after damage the next such place is
//! searched byte by byte. Memory is bounded by the largest batch plus the window.
//! Absent on purpose: writing; what to do about damage (`repair`).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use kafka::log::BatchDefect;
use kafka::log::batch::{
    BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES, BatchHeader, BatchView, MAGIC, MAGIC_AT, framed_bytes,
};

/// Bytes read at a time.
const WINDOW_BYTES: usize = 1 << 20;
/// Enough of a batch to tell its size and format.
const PREFIX_BYTES: usize = MAGIC_AT + 1;

/// What a stretch of the file is.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// A whole batch whose checksum holds and whose offsets rise; `Scan::view` lends it.
    Batch(BatchHeader),
    /// A message of format 0 or 1, which is counted but not read.
    Old(i8),
    /// Zeros up to the end of the file: space that was reserved and not used.
    Zeros,
    /// A last batch that is not all there.
    Torn(String),
    /// Bytes that are no batch, up to the next one or the end.
    Damaged(String),
}

/// A piece and where it lies.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// First byte in the file.
    pub(super) at: u64,
    /// How many bytes.
    pub(super) bytes: u64,
    /// What they are.
    pub(super) piece: Piece,
}

/// Reads one file from a position to its end.
pub(super) struct Scan {
    file: File,
    len: u64,
    at: u64,
    window: Vec<u8>,
    window_at: u64,
    last_offset: i64,
    current: (u64, u64),
}

impl Scan {
    /// Opens `path`; `base_offset` is the least offset its first batch may have.
    pub(super) fn open(path: &Path, base_offset: i64) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Self {
            file,
            len,
            at: 0,
            window: Vec::new(),
            window_at: 0,
            last_offset: base_offset.saturating_sub(1),
            current: (0, 0),
        })
    }

    /// Size of the file when it was opened.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The next piece, `None` at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        let at = self.at;
        if at >= self.len {
            return Ok(None);
        }
        let left = self.len - at;
        let (bytes, piece) = match self.batch_at(at)? {
            Ok(Whole::Batch(header)) => {
                self.last_offset = header.last_offset().0;
                (header.size_bytes() as u64, Piece::Batch(header))
            }
            Ok(Whole::Old(bytes, magic)) => (bytes, Piece::Old(magic)),
            Err(_) if self.zeros_from(at)? => (left, Piece::Zeros),
            Err(why) => match self.resynchronise(at)? {
                Some(next) => (next - at, Piece::Damaged(why.text())),
                None if why.is_cut() => (left, Piece::Torn(why.text())),
                None => (left, Piece::Damaged(why.text())),
            },
        };
        self.at = at + bytes;
        self.current = (at, bytes);
        Ok(Some(Found { at, bytes, piece }))
    }

    /// The bytes of the piece that `next` gave last.
    pub(super) fn piece_bytes(&mut self) -> io::Result<&[u8]> {
        let (at, bytes) = self.current;
        self.bytes(at, usize::try_from(bytes).map_err(io::Error::other)?)
    }

    /// The batch that `next` gave last.
    pub(super) fn view(&mut self) -> io::Result<BatchView<'_>> {
        BatchView::first(self.piece_bytes()?).map_err(io::Error::other)
    }

    /// Whether a whole batch (or an old message) stands at `at`.
    fn batch_at(&mut self, at: u64) -> io::Result<Result<Whole, Unfit>> {
        let left = self.len - at;
        let have =
            usize::try_from(left.min(BATCH_HEADER_BYTES as u64)).map_err(io::Error::other)?;
        let last_offset = self.last_offset;
        let head = self.bytes(at, have)?;
        let size = match framed_bytes(head) {
            Ok(size) => size,
            Err(defect) => return Ok(Err(Unfit::Defect(defect))),
        };
        let Some(magic) = head.get(MAGIC_AT).map(|byte| byte.cast_signed()) else {
            return Ok(Err(Unfit::Cut(size, left)));
        };
        if !(0..=MAGIC).contains(&magic) {
            return Ok(Err(Unfit::Defect(BatchDefect::BadMagic(magic))));
        }
        if size as u64 > left {
            return Ok(Err(Unfit::Cut(size, left)));
        }
        if magic < MAGIC {
            return Ok(Ok(Whole::Old(size as u64, magic)));
        }
        let view = match BatchView::first(self.bytes(at, size)?) {
            Ok(view) => view,
            Err(defect) => return Ok(Err(Unfit::Defect(defect))),
        };
        let header = *view.header();
        if let Err(defect) = view.check_crc() {
            return Ok(Err(Unfit::Defect(defect)));
        }
        if header.base_offset <= last_offset || header.last_offset_delta < 0 {
            return Ok(Err(Unfit::Offsets {
                base: header.base_offset,
                after: last_offset,
            }));
        }
        Ok(Ok(Whole::Batch(header)))
    }

    /// Where the next whole batch of format 2 begins behind the damage at `from`.
    fn resynchronise(&mut self, from: u64) -> io::Result<Option<u64>> {
        // The damaged batch's own length is tried first: its value may hold bytes that look like batches.
        if let Some(next) = self.announced_end(from)?
            && matches!(self.batch_at(next)?, Ok(Whole::Batch(_)))
        {
            return Ok(Some(next));
        }
        let mut at = from + 1;
        while at + BATCH_HEADER_BYTES as u64 <= self.len {
            if self.may_begin(at)? && matches!(self.batch_at(at)?, Ok(Whole::Batch(_))) {
                return Ok(Some(at));
            }
            at += 1;
        }
        Ok(None)
    }

    fn announced_end(&mut self, at: u64) -> io::Result<Option<u64>> {
        if self.len - at < BATCH_OVERHEAD_BYTES as u64 {
            return Ok(None);
        }
        let size = framed_bytes(self.bytes(at, BATCH_OVERHEAD_BYTES)?).ok();
        Ok(size
            .map(|size| at + size as u64)
            .filter(|end| *end < self.len))
    }

    /// Cheap test before the checksum: the magic, and an offset whose upper half is not absurd.
    fn may_begin(&mut self, at: u64) -> io::Result<bool> {
        let last_offset = self.last_offset;
        let prefix = self.bytes(at, PREFIX_BYTES)?;
        let magic = prefix.get(MAGIC_AT).map(|byte| byte.cast_signed());
        let base = prefix
            .first_chunk::<8>()
            .map_or(-1, |bytes| i64::from_be_bytes(*bytes));
        Ok(magic == Some(MAGIC) && base > last_offset)
    }

    fn zeros_from(&mut self, from: u64) -> io::Result<bool> {
        let mut at = from;
        while at < self.len {
            let step = usize::try_from((self.len - at).min(WINDOW_BYTES as u64))
                .map_err(io::Error::other)?;
            if self.bytes(at, step)?.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += step as u64;
        }
        Ok(true)
    }

    /// `want` bytes at `at`, all inside the file.
    fn bytes(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let inside =
            at >= self.window_at && at + want as u64 <= self.window_at + self.window.len() as u64;
        if !inside {
            let left = usize::try_from(self.len - at).map_err(io::Error::other)?;
            self.window.resize(want.max(WINDOW_BYTES.min(left)), 0);
            self.file.read_exact_at(&mut self.window, at)?;
            self.window_at = at;
        }
        let begin = usize::try_from(at - self.window_at).map_err(io::Error::other)?;
        self.window
            .get(begin..begin + want)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// What stands whole at a position.
enum Whole {
    Batch(BatchHeader),
    Old(u64, i8),
}

/// Why there is no batch at a position.
enum Unfit {
    Cut(usize, u64),
    Defect(BatchDefect),
    Offsets { base: i64, after: i64 },
}

impl Unfit {
    /// Whether the file just ends too early.
    fn is_cut(&self) -> bool {
        matches!(
            self,
            Self::Cut(..) | Self::Defect(BatchDefect::Truncated { .. })
        )
    }

    fn text(&self) -> String {
        match self {
            Self::Cut(size, left) => format!("a batch of {size} bytes begins, {left} are there"),
            Self::Defect(defect) => defect.to_string(),
            Self::Offsets { base, after } => format!("offset {base} does not follow {after}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use kafka::log::builder::BatchBuilder;
    use kafka::log::compression::Compression;

    use super::*;

    fn batch(offset: i64, value: &[u8]) -> Vec<u8> {
        let mut builder = BatchBuilder::new(Compression::None).position(offset, 0);
        builder.push(1, None, Some(value));
        builder.finish().unwrap()
    }

    /// Kinds of the pieces of a file made of `parts`.
    fn pieces(parts: &[&[u8]]) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for part in parts {
            file.write_all(part).unwrap();
        }
        let mut scan = Scan::open(file.path(), 0).unwrap();
        let mut kinds = Vec::new();
        let mut end = 0;
        while let Some(found) = scan.next().unwrap() {
            assert_eq!(found.at, end, "pieces touch");
            end = found.at + found.bytes;
            kinds.push(match found.piece {
                Piece::Batch(header) => format!("batch {}", header.base_offset),
                Piece::Old(magic) => format!("old {magic}"),
                Piece::Zeros => format!("zeros {}", found.bytes),
                Piece::Torn(_) => format!("torn {}", found.bytes),
                Piece::Damaged(_) => format!("damaged {}", found.bytes),
            });
        }
        assert_eq!(end, scan.len(), "pieces cover the file");
        kinds
    }

    #[test]
    fn what_stands_in_a_file() {
        let (a, b, c) = (batch(0, b"first"), batch(1, b"second"), batch(2, b"third"));
        let mut flipped = b.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let mut no_length = b.clone();
        no_length[8..12].copy_from_slice(&[0xff; 4]);
        // A value that itself holds a whole batch must not be taken for one.
        let mut nested = batch(1, &batch(7, b"inner"));
        *nested.last_mut().unwrap() ^= 1;
        let table: [(&[&[u8]], &[&str]); 8] = [
            (&[], &[]),
            (&[&a, &b], &["batch 0", "batch 1"]),
            (&[&a, &b[..20]], &["batch 0", "torn 20"]),
            (
                &[&a, &b[..b.len() - 1]],
                &["batch 0", &format!("torn {}", b.len() - 1)],
            ),
            (&[&a, &[0; 4096]], &["batch 0", "zeros 4096"]),
            (
                &[&a, &flipped, &c],
                &["batch 0", &format!("damaged {}", b.len()), "batch 2"],
            ),
            (
                &[&a, &no_length, &c],
                &["batch 0", &format!("damaged {}", b.len()), "batch 2"],
            ),
            (
                &[&a, &nested, &c],
                &["batch 0", &format!("damaged {}", nested.len()), "batch 2"],
            ),
        ];
        for (parts, expected) in table {
            assert_eq!(pieces(parts), expected);
        }
        assert_eq!(
            pieces(&[&b, &a]),
            ["batch 1", &format!("damaged {}", a.len())]
        );
    }
}
