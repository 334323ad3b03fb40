//! The `file` engine: `pwritev` at the end, `pread` anywhere, `fdatasync`.
//!
//! Invariants: a byte is committed as soon as it is written; no mapping exists, so nothing here
//! can fault; a write that fails half way leaves the mark where it was, and the next append
//! starts at the same place.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rustix::buffer::spare_capacity;

use super::lease::Lease;
use super::room::{Room, cut_for_append};
use super::{CommitSink, Engine, EngineKind, OpenSegment, SegmentReader, SegmentWriter, sys};
use crate::disk::{Disk, write_all_at};
use crate::segment::Part;
use crate::spec::SegmentSpec;

#[derive(Debug)]
pub(crate) struct FileEngine {
    disk: Arc<dyn Disk>,
}

impl FileEngine {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk }
    }

    fn opened(&self, file: File, spec: &SegmentSpec, len: u64) -> io::Result<OpenSegment> {
        let room = Room::new(spec, &self.disk, len);
        room.begin(&file, len)?;
        let body = Arc::new(FileBody {
            disk: Arc::clone(&self.disk),
            file: Arc::new(file),
        });
        let writer = FileWriter {
            body: Arc::clone(&body),
            room,
            written: len,
            scratch: Vec::new(),
            reserved: 0,
        };
        Ok(OpenSegment {
            writer: Box::new(writer),
            reader: body,
        })
    }
}

/// Creates a file that must not exist, and removes it again if `then` fails.
pub(super) fn create_new<T>(
    path: &Path,
    then: impl FnOnce(File) -> io::Result<T>,
) -> io::Result<T> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)?;
    then(file).inspect_err(|_| {
        // The error that matters is the first one; a left-over file is cut away by recovery.
        let _ = std::fs::remove_file(path);
    })
}

/// Opens a file that has at least `len` bytes.
pub(super) fn open_for_reading(path: &Path, len: u64) -> io::Result<File> {
    let file = File::open(path)?;
    let found = file.metadata()?.len();
    if found < len {
        let short = format!("file has {found} bytes where {len} are expected");
        return Err(io::Error::new(io::ErrorKind::InvalidData, short));
    }
    Ok(file)
}

impl Engine for FileEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::File
    }

    fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    fn create(&self, path: &Path, spec: &SegmentSpec) -> io::Result<OpenSegment> {
        create_new(path, |file| self.opened(file, spec, 0))
    }

    fn open_append(&self, path: &Path, spec: &SegmentSpec, valid: u64) -> io::Result<OpenSegment> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        cut_for_append(&file, spec, valid)?;
        self.opened(file, spec, valid)
    }

    fn open_read(
        &self,
        path: &Path,
        _spec: &SegmentSpec,
        len: u64,
    ) -> io::Result<Arc<dyn SegmentReader>> {
        let file = Arc::new(open_for_reading(path, len)?);
        Ok(Arc::new(FileBody {
            disk: Arc::clone(&self.disk),
            file,
        }))
    }
}

#[derive(Debug)]
struct FileWriter {
    body: Arc<FileBody>,
    room: Room,
    written: u64,
    /// Where reservations are encoded. Kept between reservations; given back when idle closes
    /// the segment.
    scratch: Vec<u8>,
    reserved: usize,
}

impl FileWriter {
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let len: u64 = parts.iter().map(|part| part.len() as u64).sum();
        self.room.ensure(&self.body.file, self.written + len)?;
        let body = &*self.body;
        let wrote = self
            .room
            .zero_behind(&body.file, self.written, len)
            .and_then(|()| write_all_at(&*body.disk, &body.file, parts, self.written));
        if let Err(error) = wrote {
            self.room.undo_partial(&body.file, self.written);
            return Err(error);
        }
        self.written += len;
        Ok(())
    }
}

impl SegmentWriter for FileWriter {
    fn attach(&mut self, _sink: Arc<dyn CommitSink>) {}

    fn append(&mut self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        self.write(parts)
    }

    fn reserve(&mut self, len: usize) -> io::Result<()> {
        self.room
            .ensure(&self.body.file, self.written + len as u64)?;
        if self.scratch.len() < len {
            self.scratch.resize(len, 0);
        }
        self.reserved = len;
        Ok(())
    }

    fn reserved(&mut self) -> &mut [u8] {
        self.scratch.get_mut(..self.reserved).unwrap_or_default()
    }

    fn reserved_ref(&self) -> &[u8] {
        self.scratch.get(..self.reserved).unwrap_or_default()
    }

    fn publish(&mut self, len: usize) -> io::Result<()> {
        let scratch = std::mem::take(&mut self.scratch);
        let bytes = scratch.get(..len.min(self.reserved)).unwrap_or_default();
        let result = self.write(&[IoSlice::new(bytes)]);
        self.scratch = scratch;
        self.reserved = 0;
        result
    }

    fn committed(&self) -> u64 {
        self.written
    }

    fn wants_room(&self) -> bool {
        false
    }

    fn seal(&mut self) -> io::Result<bool> {
        self.room.close(&self.body.file, self.written)
    }
}

#[derive(Debug)]
struct FileBody {
    disk: Arc<dyn Disk>,
    file: Arc<File>,
}

impl SegmentReader for FileBody {
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        read_full(&self.file, at, out)
    }

    fn try_read_at(&self, at: u64, out: &mut [u8]) -> io::Result<Option<usize>> {
        sys::read_without_waiting(&self.file, at, out)
    }

    fn lease_in_place(&self, _range: Range<u64>) -> Option<io::Result<Lease>> {
        None
    }

    fn lease(&self, range: Range<u64>) -> io::Result<Lease> {
        lease_copy(&self.file, range)
    }

    fn file_part(&self, range: Range<u64>) -> Option<Part> {
        Some(file_part(&self.file, range))
    }

    fn is_lent(&self) -> bool {
        Arc::strong_count(&self.file) > 1
    }

    fn resident(&self, range: Range<u64>) -> bool {
        sys::is_resident(&self.file, range)
    }

    fn warm(&self, range: Range<u64>) -> io::Result<()> {
        warm_by_reading(&self.file, range)
    }

    fn commit(&self, upto: u64, _wait: bool) -> io::Result<u64> {
        Ok(upto)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync_data(&self.file)
    }

    fn make_room(&self) -> io::Result<()> {
        Ok(())
    }

    fn begin_write_back(&self, range: Range<u64>) {
        sys::begin_write_back(&self.file, &range);
    }
}

/// Reads until `out` is full or the file ends.
pub(crate) fn read_full(file: &File, at: u64, out: &mut [u8]) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    let mut done = 0;
    while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// A copy of the range. The kernel fills the memory; it is not zeroed before.
fn lease_copy(file: &File, range: Range<u64>) -> io::Result<Lease> {
    let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let at = range.start + bytes.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut bytes), at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // An allocator may give more than was asked for.
    bytes.truncate(len);
    Ok(Lease::owned(bytes))
}

pub(super) fn file_part(file: &Arc<File>, range: Range<u64>) -> Part {
    let len = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    Part::File {
        file: Arc::clone(file),
        offset: range.start,
        len,
    }
}

pub(super) fn warm_by_reading(file: &File, range: Range<u64>) -> io::Result<()> {
    let mut sink = vec![0; 128 * 1024];
    let mut at = range.start;
    while at < range.end {
        let want = usize::try_from(range.end - at)
            .unwrap_or(usize::MAX)
            .min(sink.len());
        let n = read_full(file, at, sink.get_mut(..want).unwrap_or_default())?;
        if n == 0 {
            break;
        }
        at += n as u64;
    }
    Ok(())
}
