//! Tail recovery: finds the end of the last whole frame after a crash.
//!
//! The file is synced before it is believed, so that what a scan accepts cannot vanish in the
//! next power loss, and nothing is read while a dead process's writes are still under way. Invariants: recovery only shortens; it never looks below `from`; what is a
//! frame is the caller's knowledge alone.
//! Absent on purpose: repair, and any search for frames behind a torn one.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::engine::read_full;
use crate::engine::sys::has_writers;
use crate::error::SegmentError;

/// What lies at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole frame of this many bytes; at least 1.
    Whole {
        /// Its length in the file.
        len: u64,
    },
    /// Nothing any more: the end of the file, or the zeros behind the last frame.
    End,
    /// Something that is not a whole frame.
    Torn {
        /// What is wrong with it, for the report.
        reason: String,
    },
}

/// The caller's knowledge of frames.
pub trait Framing {
    /// Says what lies at `at`. Called with increasing places, each the end of the frame before.
    ///
    /// # Errors
    /// The reader's; they end the scan.
    fn frame(&mut self, reader: &mut ScanReader, at: u64) -> io::Result<Frame>;
}

/// Reads a file forward in large pieces.
#[derive(Debug)]
pub struct ScanReader {
    file: File,
    len: u64,
    buffer: Vec<u8>,
    /// Place of the buffer's first byte.
    start: u64,
    filled: usize,
}

const PIECE_BYTES: usize = 256 * 1024;

impl ScanReader {
    fn new(file: File, len: u64) -> Self {
        Self {
            file,
            len,
            buffer: Vec::new(),
            start: 0,
            filled: 0,
        }
    }

    /// The file's length when the scan began.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if the file was empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The `len` bytes at `at`; `None` if the file does not reach that far. Costs no more memory
    /// than there are bytes in the file.
    ///
    /// # Errors
    /// The system's.
    pub fn bytes(&mut self, at: u64, len: usize) -> io::Result<Option<&[u8]>> {
        let Some(end) = at.checked_add(len as u64).filter(|end| *end <= self.len) else {
            return Ok(None);
        };
        if at < self.start || end > self.start + self.filled as u64 {
            self.fill(at, len)?;
        }
        let from = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        Ok(from
            .checked_add(len)
            .and_then(|to| self.buffer.get(..self.filled)?.get(from..to)))
    }

    fn fill(&mut self, at: u64, len: usize) -> io::Result<()> {
        let there = usize::try_from(self.len - at).unwrap_or(usize::MAX);
        let want = len.max(PIECE_BYTES).min(there);
        if self.buffer.len() < want {
            self.buffer.resize(want, 0);
        }
        let out = self.buffer.get_mut(..want).unwrap_or_default();
        self.filled = read_full(&self.file, at, out)?;
        self.start = at;
        Ok(())
    }
}

/// What a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailReport {
    /// End of the last whole frame: the bytes that count.
    pub valid_len: u64,
    /// Bytes of the file above that.
    pub cut_bytes: u64,
    /// Whole frames from where the scan began.
    pub frames: u64,
    /// Why the scan stopped before the end of the file; `None` if it did not, or if only the
    /// zeros of unused space were left.
    pub reason: Option<String>,
}

/// How long [`wait_for_writers`] waits, and how often it looks.
const WRITERS_WAIT: Duration = Duration::from_secs(30);
const WRITERS_LOOK_EVERY: Duration = Duration::from_millis(2);
/// Shorter waits are not worth a line: a dead process's files stay open for a moment even where nothing is written.
const WRITERS_TOLD: Duration = Duration::from_millis(20);

/// Waits until nobody can write to a file any more, for at most 30 s.
///
/// A process that is killed does not wait for the requests of its `io_uring`: its direct writes end after it is gone, and
/// after its locks are. One that ends while its pages are read through the page cache makes the next sync of the file
/// fail, and one that ends later changes what was read. So nothing is read after a crash before this has been called.
/// Our own open files count as well: call it before a file is opened for appending.
///
/// # Errors
/// The system's. A writer that stays is no error: it is logged.
pub fn wait_for_writers(path: &Path) -> Result<(), SegmentError> {
    let failed = |doing| move |source| SegmentError::io(doing, path, source);
    let file = File::open(path).map_err(failed("open"))?;
    let began = Instant::now();
    while has_writers(&file).map_err(failed("look for writers of"))? == Some(true) {
        if began.elapsed() >= WRITERS_WAIT {
            tracing::warn!(file = %path.display(), waited_s = WRITERS_WAIT.as_secs(),
                "another process has the file open for writing; recovery goes on");
            return Ok(());
        }
        std::thread::sleep(WRITERS_LOOK_EVERY);
    }
    let waited = began.elapsed();
    if waited >= WRITERS_TOLD {
        tracing::info!(file = %path.display(), waited_ms = waited.as_millis(),
            "waited for the writes of a process that is gone");
    }
    Ok(())
}

/// Waits for writers that are gone, syncs a segment file, then walks its frames from `from` (the start of one) on. Changes
/// nothing; [`cut_tail`] does.
///
/// # Errors
/// `Io`. A sync that fails here says that the file cannot be trusted at all.
pub fn scan_tail(
    path: &Path,
    from: u64,
    framing: &mut dyn Framing,
) -> Result<TailReport, SegmentError> {
    let failed = |doing| move |source| SegmentError::io(doing, path, source);
    wait_for_writers(path)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(failed("open"))?;
    file.sync_all().map_err(failed("sync"))?;
    let len = file.metadata().map_err(failed("stat"))?.len();
    let mut reader = ScanReader::new(file, len);
    let mut report = TailReport {
        valid_len: from.min(len),
        cut_bytes: 0,
        frames: 0,
        reason: None,
    };
    while report.valid_len < len {
        match framing
            .frame(&mut reader, report.valid_len)
            .map_err(failed("read"))?
        {
            Frame::Whole { len: frame } if frame > 0 && frame <= len - report.valid_len => {
                report.valid_len += frame;
                report.frames += 1;
            }
            Frame::Whole { len: frame } => {
                report.reason = Some(format!("a frame of {frame} bytes does not fit the file"));
                break;
            }
            Frame::End => break,
            Frame::Torn { reason } => {
                report.reason = Some(reason);
                break;
            }
        }
    }
    report.cut_bytes = len - report.valid_len;
    Ok(report)
}

/// Shortens a segment file to `valid_len` and makes that durable. No chain may have it open.
///
/// # Errors
/// `Io`.
pub fn cut_tail(path: &Path, valid_len: u64) -> Result<(), SegmentError> {
    let failed = |doing| move |source| SegmentError::io(doing, path, source);
    let file = OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(failed("open"))?;
    if file.metadata().map_err(failed("stat"))?.len() > valid_len {
        file.set_len(valid_len).map_err(failed("cut"))?;
        file.sync_all().map_err(failed("sync"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_file_is_waited_for_while_somebody_can_write_to_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        let reader = File::open(&path).unwrap();
        let gone = AtomicBool::new(false);
        assert_eq!(has_writers(&reader).unwrap(), Some(true));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(WRITERS_LOOK_EVERY * 20);
                gone.store(true, Ordering::SeqCst);
                drop(file.into_temp_path().keep());
            });
            wait_for_writers(&path).unwrap();
            assert!(gone.load(Ordering::SeqCst));
        });
        assert_eq!(has_writers(&reader).unwrap(), Some(false));
        // Asking leaves nothing behind that would keep a writer out.
        std::fs::write(&path, b"x").unwrap();
        std::fs::remove_file(&path).unwrap();
        let error = wait_for_writers(&path).unwrap_err();
        assert!(matches!(error, SegmentError::Io { .. }), "{error}");
    }
}
