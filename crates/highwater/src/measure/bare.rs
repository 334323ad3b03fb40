//! The bare calls that each engine is made of, on the same block and state: what an engine's overhead is measured against.
//!
//! | engine | writes | reads |
//! |---|---|---|
//! | `mmap` | stores into a shared mapping | copies out of one |
//! | `file` | `pwrite` | `pread` |
//! | `staged` | copies into a buffer of 64 KiB, `pwrite` when it is full; larger blocks by `pwrite` | `pread`; in place: a mapping |
//! | `direct` | `pwrite` past the page cache, whole blocks of 4 KiB only | `pread` likewise |
//!
//! Absent on purpose: marks, space ahead, recovery from short writes, threads: all that an engine is for.

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use segment::EngineKind;
use segment::engine::PlainMap;

use super::Bench;
use super::cost::Cost;
use super::error::{Doing, MeasureError};
use super::io::{Buffer, Cell, Measured, Operation, Passed, intact, pass, sum, whole};
use super::state::{self, State, Watched};

/// What `staged` holds at a time.
const STAGED_BYTES: usize = 64 * 1024;
/// What a direct write must be a multiple of.
const DIRECT_BYTES: u64 = 4096;

/// Measures a write cell by bare calls.
pub(super) fn write(bench: &Bench<'_>, cell: &Cell) -> Result<Measured, MeasureError> {
    let state = cell.state.for_writes_by(cell.engine);
    let bytes = bench.settings.file_bytes;
    let path = bench.work.file("bare")?;
    let watched = Watched::make_for_writing(path, bytes, bench.engines.disk(), state)?;
    let source = Buffer::new(cell.block)?;
    let source = source.get();
    match cell.engine {
        EngineKind::Mmap => {
            let mut map = map(&watched, true, state)?;
            let to = map.bytes_mut().doing("map", &watched.path)?;
            let mut blocks = to.chunks_exact_mut(source.len());
            let measured = timed(bench, cell, (&watched, state), |_| {
                if let Some(block) = blocks.next() {
                    block.copy_from_slice(black_box(source));
                }
                Ok(())
            });
            map.check().doing("store to", &watched.path)?;
            measured
        }
        EngineKind::File => timed(bench, cell, (&watched, state), |at| {
            watched.file().write_all_at(black_box(source), at)
        }),
        EngineKind::Staged => {
            let mut stage = Stage::new(watched.file());
            timed(bench, cell, (&watched, state), |at| {
                stage.append(black_box(source), at)
            })
        }
        EngineKind::Direct => {
            let file = direct(cell, &watched.path, OFlags::RDWR)?;
            timed(bench, cell, (&watched, state), |at| {
                file.write_all_at(black_box(source), at)
            })
        }
    }
}

/// Measures a read cell by bare calls.
pub(super) fn read(
    bench: &Bench<'_>,
    cell: &Cell,
    watched: &Watched,
) -> Result<Measured, MeasureError> {
    let mut target = Buffer::new(cell.block)?;
    let in_place = cell.operation == Operation::Lease;
    let use_it = |bytes: &[u8]| {
        if in_place {
            black_box(sum(bytes));
        }
        black_box(bytes);
    };
    let is_mapped =
        cell.engine == EngineKind::Mmap || cell.engine == EngineKind::Staged && in_place;
    if is_mapped {
        let map = map(watched, false, cell.state)?;
        let from = map.bytes().doing("map", &watched.path)?;
        let mut blocks = from.chunks_exact(target.get().len());
        return timed(bench, cell, (watched, cell.state), |_| {
            let block = blocks.next().unwrap_or_default();
            if in_place {
                use_it(block);
            } else {
                target.get_mut().copy_from_slice(block);
                black_box(target.get());
            }
            intact(map.check().is_ok())
        });
    }
    let direct = match cell.engine {
        EngineKind::Direct => Some(direct(cell, &watched.path, OFlags::RDONLY)?),
        _ => None,
    };
    let file = direct.as_ref().unwrap_or(watched.file());
    timed(bench, cell, (watched, cell.state), |at| {
        let out = target.get_mut();
        let n = file.read_at(out, at)?;
        use_it(out);
        whole(n, out.len())
    })
}

/// Verifies, passes over the file, verifies.
fn timed(
    bench: &Bench<'_>,
    cell: &Cell,
    (watched, state): (&Watched, State),
    operation: impl FnMut(u64) -> io::Result<()>,
) -> Result<Measured, MeasureError> {
    let before = state::verify(watched, state)?;
    let (passed, cost): (Passed, Cost) = Cost::of(|| {
        let extent = (watched.bytes, cell.block);
        pass(extent, bench.settings.cell_limit, &bench.stop, operation)?
            .doing("access", &watched.path)
    })?;
    let after = state::verify_after(watched, state)?;
    Ok(Measured {
        passed,
        cost,
        before,
        after,
        state,
    })
}

fn map(watched: &Watched, writable: bool, state: State) -> Result<PlainMap, MeasureError> {
    let too_large = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let len = usize::try_from(watched.bytes).map_err(too_large);
    let map = len
        .and_then(|len| PlainMap::new(watched.file(), len, writable))
        .doing("map", &watched.path)?;
    if state == State::Resident {
        map.populate().doing("make ready", &watched.path)?;
    }
    Ok(map)
}

fn direct(cell: &Cell, path: &Path, access: OFlags) -> Result<File, MeasureError> {
    if !cell.block.is_multiple_of(DIRECT_BYTES) {
        return Err(MeasureError::State(format!(
            "O_DIRECT moves whole blocks of {DIRECT_BYTES} bytes only"
        )));
    }
    let opened = rustix::fs::open(
        path,
        access | OFlags::DIRECT | OFlags::CLOEXEC,
        Mode::empty(),
    );
    opened
        .map(File::from)
        .doing("open past the page cache", path)
}

/// A buffer before a file.
struct Stage<'a> {
    file: &'a File,
    bytes: Vec<u8>,
}

impl<'a> Stage<'a> {
    fn new(file: &'a File) -> Self {
        Self {
            file,
            bytes: Vec::with_capacity(STAGED_BYTES),
        }
    }

    /// Takes bytes that begin at `at` in the file.
    fn append(&mut self, source: &[u8], at: u64) -> io::Result<()> {
        if source.len() > STAGED_BYTES {
            return self.file.write_all_at(source, at);
        }
        let mut rest = source;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(STAGED_BYTES - self.bytes.len()));
            self.bytes.extend_from_slice(now);
            rest = later;
            if self.bytes.len() == STAGED_BYTES {
                let end = at + (source.len() - rest.len()) as u64;
                self.file
                    .write_all_at(&self.bytes, end - STAGED_BYTES as u64)?;
                self.bytes.clear();
            }
        }
        Ok(())
    }
}
