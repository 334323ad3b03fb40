//! Walks a commit log file entry by entry, through damage.
//!
//! Invariants: pieces come in file order, touch each other, and cover the file. Bytes are an entry only if their magic, their
//! lengths, their own place and their checksums are right; after damage the next such place is searched byte by byte.
//! Memory is bounded by the largest entry plus the window.
//! Absent on purpose: writing; what to do about damage (`repair`).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rocketmq::store::PhysicalOffset;
use rocketmq::store::message::{
    self, BLANK_HEAD_BYTES, BLANK_MAGIC, Entry, EntryDefect, Found, MAGIC_V1, MAGIC_V2,
};

use super::store_dir::OffsetFile;

/// Bytes read at a time.
const WINDOW_BYTES: usize = 1 << 20;

/// What a stretch of the file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A whole entry; `Scan::entry` lends it.
    Entry,
    /// The filler up to the end of the file: the log goes on in the next one.
    Filler,
    /// Zeros up to the end of the file: nothing was ever written there.
    Zeros,
    /// The last entry, not all there.
    Torn(String),
    /// Bytes that are no entry, up to the next one or to where nothing but zeros follows.
    Damaged(String),
}

/// A piece and where it lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// First byte in the file.
    pub(super) at: u64,
    /// How many bytes.
    pub(super) bytes: u64,
    /// What they are.
    pub(super) piece: Piece,
}

/// Reads one file from its beginning to its end.
pub(super) struct Scan {
    file: File,
    base: u64,
    len: u64,
    /// Behind the last byte that is not zero.
    data_end: u64,
    at: u64,
    window: Vec<u8>,
    window_at: u64,
    current: (u64, u64),
}

/// What stands whole at a position.
enum Whole {
    Entry(u64),
    Filler,
}

/// Why nothing does.
struct Unfit {
    why: String,
    /// Where what stands there would end.
    announced_end: u64,
}

impl Scan {
    pub(super) fn open(file: &OffsetFile) -> io::Result<Self> {
        let open = File::open(&file.path)?;
        let len = open.metadata()?.len();
        Ok(Self {
            data_end: data_end(&open, len)?,
            file: open,
            base: file.base,
            len,
            at: 0,
            window: Vec::new(),
            window_at: 0,
            current: (0, 0),
        })
    }

    /// The next piece, `None` at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Stretch>> {
        let at = self.at;
        if at >= self.len {
            return Ok(None);
        }
        let (bytes, piece) = if at >= self.data_end {
            (self.len - at, Piece::Zeros)
        } else {
            match self.whole_at(at)? {
                Ok(Whole::Entry(bytes)) => (bytes, Piece::Entry),
                Ok(Whole::Filler) => (self.len - at, Piece::Filler),
                Err(unfit) => match self.resynchronise(at)? {
                    Some(next) => (next - at, Piece::Damaged(unfit.why)),
                    None if unfit.announced_end > self.data_end => {
                        (self.data_end - at, Piece::Torn(unfit.why))
                    }
                    None => (self.data_end - at, Piece::Damaged(unfit.why)),
                },
            }
        };
        self.at = at + bytes;
        self.current = (at, bytes);
        Ok(Some(Stretch { at, bytes, piece }))
    }

    /// The entry that `next` found last.
    pub(super) fn entry(&mut self) -> io::Result<Entry<'_>> {
        let (at, bytes) = self.current;
        let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
        message::decode(self.bytes(at, bytes)?).map_err(io::Error::other)
    }

    fn whole_at(&mut self, at: u64) -> io::Result<Result<Whole, Unfit>> {
        let left = self.len - at;
        let unfit = |why: String, bytes: u64| {
            Ok(Err(Unfit {
                why,
                announced_end: at + bytes,
            }))
        };
        if left < BLANK_HEAD_BYTES as u64 {
            return unfit(format!("{left} bytes are too few for an entry"), left);
        }
        let need = match message::find(self.bytes(at, BLANK_HEAD_BYTES)?) {
            Ok(Found::Blank { announced_bytes }) if u64::try_from(announced_bytes) == Ok(left) => {
                return Ok(Ok(Whole::Filler));
            }
            Ok(Found::Blank { announced_bytes }) => {
                let why = format!("a filler of {announced_bytes} bytes where {left} are left");
                return unfit(why, BLANK_HEAD_BYTES as u64);
            }
            Ok(Found::Unwritten) => return unfit("zeros where an entry should be".into(), 0),
            Ok(Found::Entry(entry)) => entry.bytes.len(),
            Err(EntryDefect::Truncated { need_bytes, .. }) => need_bytes,
            Err(defect) => return unfit(defect.to_string(), 0),
        };
        if need as u64 > left {
            return unfit(
                format!("an entry of {need} bytes where {left} are left"),
                need as u64,
            );
        }
        let place = PhysicalOffset::from(segment::Position(self.base + at));
        let checked = message::decode(self.bytes(at, need)?).and_then(|entry| {
            entry.check_place(place)?;
            entry.check_body()
        });
        match checked {
            Ok(()) => Ok(Ok(Whole::Entry(need as u64))),
            Err(defect) => unfit(defect.to_string(), need as u64),
        }
    }

    /// Where the next whole entry, or the filler, begins behind the damage at `from`.
    fn resynchronise(&mut self, from: u64) -> io::Result<Option<u64>> {
        let magics = [MAGIC_V1, MAGIC_V2, BLANK_MAGIC].map(i32::to_be_bytes);
        let mut at = from + 1;
        while at + BLANK_HEAD_BYTES as u64 <= self.data_end {
            let want =
                WINDOW_BYTES.min(usize::try_from(self.data_end - at).unwrap_or(WINDOW_BYTES));
            let piece = self.bytes(at, want)?;
            let candidates: Vec<u64> = piece
                .windows(BLANK_HEAD_BYTES)
                .enumerate()
                .filter(|(_, head)| magics.iter().any(|magic| head.ends_with(magic)))
                .map(|(index, _)| at + index as u64)
                .collect();
            for candidate in candidates {
                if self.whole_at(candidate)?.is_ok() {
                    return Ok(Some(candidate));
                }
            }
            // A head may lie across the edge.
            at += (want - (BLANK_HEAD_BYTES - 1)) as u64;
        }
        Ok(None)
    }

    /// `want` bytes at `at`, all inside the file.
    fn bytes(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let inside =
            at >= self.window_at && at + want as u64 <= self.window_at + self.window.len() as u64;
        if !inside {
            let left = usize::try_from(self.len.saturating_sub(at)).map_err(io::Error::other)?;
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

/// Behind the last byte of a file that is not zero.
pub(super) fn data_end(file: &File, len: u64) -> io::Result<u64> {
    let mut buffer = vec![0; WINDOW_BYTES];
    let mut end = len;
    while end > 0 {
        let step = end.min(WINDOW_BYTES as u64);
        let piece = buffer
            .get_mut(..usize::try_from(step).map_err(io::Error::other)?)
            .unwrap_or_default();
        file.read_exact_at(piece, end - step)?;
        if let Some(last) = piece.iter().rposition(|byte| *byte != 0) {
            return Ok(end - step + last as u64 + 1);
        }
        end -= step;
    }
    Ok(0)
}

/// The entry at a place of the log, if a whole one is there, with its own memory.
pub(super) fn entry_at(files: &super::store_dir::StoreDir, at: i64) -> io::Result<Option<Vec<u8>>> {
    let place = u64::try_from(at).ok().and_then(|at| files.log_file_of(at));
    let Some((file, within)) = place else {
        return Ok(None);
    };
    let open = File::open(&file.path)?;
    let left = file.len - within;
    let mut head = [0; BLANK_HEAD_BYTES];
    if left < BLANK_HEAD_BYTES as u64 {
        return Ok(None);
    }
    open.read_exact_at(&mut head, within)?;
    let Err(EntryDefect::Truncated { need_bytes, .. }) = message::find(&head) else {
        return Ok(None);
    };
    if need_bytes as u64 > left {
        return Ok(None);
    }
    let mut bytes = vec![0; need_bytes];
    open.read_exact_at(&mut bytes, within)?;
    let is_whole = message::decode(&bytes).is_ok_and(|entry| {
        entry.check_place(PhysicalOffset(at)).is_ok() && entry.check_body().is_ok()
    });
    Ok(is_whole.then_some(bytes))
}
