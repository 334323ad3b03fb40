//! One cell of the matrix: one pass over a file by one engine, in blocks, through the interface of the store.
//!
//! A write is finished when all of it is committed: with `staged` and `direct` that is when the writes behind the buffers
//! have returned. While appending, they are told to commit every [`COMMIT_BYTES`], as the flush service tells them, on
//! this one thread. Nothing here syncs.

use std::hint::black_box;
use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use segment::engine::OpenSegment;
use segment::{EngineKind, SegmentSpec};

use super::cost::Cost;
use super::error::{Doing, MeasureError};
use super::state::{self, ForWriting, State, Watched};
use super::{Bench, Stop};
use crate::report::{Point, Residency, Sample};

/// Default of the store: `FlushRules::uncommitted_bytes_max`.
const COMMIT_BYTES: u64 = 64 * 1024;

/// Between looks at the clock: so long that they cost nothing, so short that a slow cell ends in time.
const STRIDE: Duration = Duration::from_micros(50);

/// What a pass does with each block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Append it from memory.
    Append,
    /// Reserve its place, fill it there, publish it.
    Encode,
    /// Copy it out.
    Read,
    /// Borrow it where it lies and add up its words.
    Lease,
}

/// A cell: who does what in which state with how many bytes at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) engine: EngineKind,
    pub(super) operation: Operation,
    pub(super) state: State,
    pub(super) block: u64,
    /// By the bare calls that the engine is made of.
    pub(super) bare: bool,
}

/// What a pass did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    pub(super) bytes: u64,
    pub(super) operations: u64,
}

/// A measured cell.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) passed: Passed,
    pub(super) cost: Cost,
    pub(super) before: Residency,
    pub(super) after: Residency,
    /// What the state amounts to for this engine.
    pub(super) state: State,
}

impl Measured {
    /// Adds the sample, as bytes a second.
    pub(super) fn record(&self, point: &mut Point, cell: &Cell, file_bytes: u64) {
        let Passed { bytes, operations } = self.passed;
        point.push(Sample {
            value: bytes as f64 / self.cost.time.as_secs_f64(),
            before: Some(self.before),
            after: Some(self.after),
        });
        self.cost.note(point, bytes, operations);
        if self.state != cell.state {
            point.note(format!(
                "keeps nothing in the page cache: measured {}",
                self.state
            ));
        }
        if bytes + cell.block <= file_bytes {
            point.note("the time was up before the end of the file, throughput of what was done");
        }
        if let (State::Resident, Some(before), Some(after)) =
            (self.state, self.before.dirty, self.after.dirty)
            && after < before / 2
        {
            point.note("the kernel wrote pages back meanwhile");
        }
    }
}

/// Blocks one after the other until the file ends, the time is up or a stop is asked for.
pub(super) fn pass(
    (file_bytes, block): (u64, u64),
    limit: Duration,
    stop: &Stop,
    mut operation: impl FnMut(u64) -> io::Result<()>,
) -> Result<io::Result<Passed>, MeasureError> {
    let begun = Instant::now();
    let blocks = file_bytes / block;
    let (mut done, mut stride, mut seen) = (0, 1, Duration::ZERO);
    while done < blocks {
        for _ in 0..stride.min(blocks - done) {
            if let Err(error) = operation(done * block) {
                return Ok(Err(error));
            }
            done += 1;
        }
        stop.check()?;
        let now = begun.elapsed();
        if now >= limit {
            break;
        }
        if now - seen < STRIDE {
            stride *= 2;
        }
        seen = now;
    }
    Ok(Ok(Passed {
        bytes: done * block,
        operations: done,
    }))
}

/// Bytes to write, and room to read into, on a 4 KiB boundary.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    skip: usize,
    len: usize,
}

impl Buffer {
    const ALIGNMENT: usize = 4096;

    pub(super) fn new(len: u64) -> Result<Self, MeasureError> {
        let len = usize::try_from(len).map_err(|_| {
            MeasureError::Settings("a block larger than the address space".to_owned())
        })?;
        let mut bytes: Vec<u8> = Vec::new();
        bytes
            .try_reserve_exact(len + Self::ALIGNMENT)
            .map_err(|_| MeasureError::Settings(format!("no memory for a block of {len} bytes")))?;
        // Touched, and not zeros, which something below might treat better than data.
        bytes.resize(len + Self::ALIGNMENT, 0x5a);
        let skip = bytes
            .as_ptr()
            .align_offset(Self::ALIGNMENT)
            .min(Self::ALIGNMENT);
        Ok(Self { bytes, skip, len })
    }

    pub(super) fn get(&self) -> &[u8] {
        self.bytes
            .get(self.skip..self.skip + self.len)
            .unwrap_or_default()
    }

    pub(super) fn get_mut(&mut self) -> &mut [u8] {
        self.bytes
            .get_mut(self.skip..self.skip + self.len)
            .unwrap_or_default()
    }
}

/// Adds up the words of some bytes: the cheapest use that looks at all of them.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().fold(0_u64, |sum, word| {
        sum.wrapping_add(u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(words, |sum, byte| sum.wrapping_add(u64::from(*byte)))
}

/// Measures a write cell in a file of its own.
pub(super) fn write(bench: &Bench<'_>, cell: &Cell) -> Result<Measured, MeasureError> {
    if cell.bare {
        return super::bare::write(bench, cell);
    }
    let settings = &bench.settings;
    let engine = bench
        .engines
        .get(cell.engine)
        .map_err(MeasureError::State)?;
    let path = bench.work.file("write")?;
    let made = state::for_writing(
        engine,
        bench.engines.disk(),
        path,
        settings.file_bytes,
        cell.state,
    )?;
    let ForWriting {
        open: OpenSegment { mut writer, reader },
        watched,
        state,
    } = made;
    let source = Buffer::new(cell.block)?;
    let before = state::verify(&watched, state)?;
    let (passed, cost) = Cost::of(|| {
        let mut uncommitted = 0;
        let extent = (settings.file_bytes, cell.block);
        let passed = pass(extent, settings.cell_limit, &bench.stop, |at| {
            match cell.operation {
                Operation::Encode => {
                    writer.reserve(source.get().len())?;
                    writer.reserved().copy_from_slice(black_box(source.get()));
                    writer.publish(source.get().len())?;
                }
                _ => writer.append(&[IoSlice::new(black_box(source.get()))])?,
            }
            uncommitted += cell.block;
            if uncommitted >= COMMIT_BYTES {
                uncommitted = 0;
                reader.commit(at + cell.block, false)?;
            }
            Ok(())
        })?;
        passed
            .and_then(|passed| reader.commit(passed.bytes, true).map(|_| passed))
            .doing("append to", &watched.path)
    })?;
    let after = state::verify_after(&watched, state)?;
    Ok(Measured {
        passed,
        cost,
        before,
        after,
        state,
    })
}

/// Measures a read cell of a file that was made for its experiment.
pub(super) fn read(
    bench: &Bench<'_>,
    cell: &Cell,
    watched: &Watched,
) -> Result<Measured, MeasureError> {
    watched.bring_into(cell.state)?;
    if cell.bare {
        return super::bare::read(bench, cell, watched);
    }
    let settings = &bench.settings;
    let engine = bench
        .engines
        .get(cell.engine)
        .map_err(MeasureError::State)?;
    let reader = engine
        .open_read(&watched.path, &SegmentSpec::default(), watched.bytes)
        .doing("open", &watched.path)?;
    if cell.state == State::Resident {
        reader
            .warm(0..watched.bytes)
            .doing("make ready", &watched.path)?;
    }
    let mut target = Buffer::new(cell.block)?;
    let before = state::verify(watched, cell.state)?;
    let (passed, cost) = Cost::of(|| {
        let extent = (watched.bytes, cell.block);
        pass(extent, settings.cell_limit, &bench.stop, |at| {
            if cell.operation == Operation::Lease {
                let lease = reader.lease(at..at + cell.block)?;
                black_box(sum(&lease));
                return intact(lease.is_intact());
            }
            let out = target.get_mut();
            let n = reader.read_at(at, out)?;
            black_box(&*out);
            whole(n, out.len())
        })?
        .doing("read", &watched.path)
    })?;
    drop(reader);
    let after = state::verify_after(watched, cell.state)?;
    Ok(Measured {
        passed,
        cost,
        before,
        after,
        state: cell.state,
    })
}

pub(super) fn whole(n: usize, wanted: usize) -> io::Result<()> {
    if n < wanted {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

pub(super) fn intact(is_intact: bool) -> io::Result<()> {
    if !is_intact {
        return Err(io::Error::other("a mapped page could not be read"));
    }
    Ok(())
}
