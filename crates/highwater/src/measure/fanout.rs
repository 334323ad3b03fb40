//! How long it takes until many files are durable: a KiB appended to each, then all of them synced, by so many threads, or
//! as the store does it: each file the segment of a chain, all chains of one flush service, each asked for durability and
//! then waited for.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use segment::engine::{OpenSegment, SegmentReader};
use segment::{
    Appender, Chain, ChainConfig, Engine, EngineKind, FlushOptions, FlushService, Mark, NoListener,
    SegmentSpec,
};

use super::Bench;
use super::cost::nanos;
use super::error::{Doing, MeasureError};
use super::io::Buffer;
use super::matrix::{self, Place};
use super::workdir::Folder;
use crate::report::{Experiment, Point, Unit};

const FILES: [u32; 4] = [1, 10, 100, 1000];
const THREADS: [usize; 3] = [1, 8, 32];
const RECORD_BYTES: u64 = 1 << 10;

/// Who syncs.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// So many threads, each taking the next file.
    Threads(usize),
    /// The store's flush service.
    Service,
}

/// The files of one step, twice: as an engine opens them, and as chains.
struct Step {
    files: Files,
    chains: Chains,
}

/// The files of one engine, open.
struct Files {
    open: Vec<OpenSegment>,
    written: u64,
    folder: Folder,
}

/// As many chains on one flush service.
struct Chains {
    open: Vec<(Arc<Chain>, Appender)>,
    flush: Arc<FlushService>,
    folder: Folder,
}

impl Drop for Chains {
    fn drop(&mut self) {
        for (chain, appender) in self.open.drain(..) {
            drop(appender);
            chain.retire();
        }
        self.flush.stop();
    }
}

/// All steps keep their files, two of each; each takes 64 KiB and more, and grows by a KiB a sync.
pub(super) fn need_bytes(files_max: u32) -> u64 {
    let files = FILES.into_iter().filter(|files| *files <= files_max);
    files.map(u64::from).sum::<u64>() * (512 << 10)
}

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let Some(kind) = bench.engines.wanted().first().copied() else {
        return Ok(());
    };
    let kind = match bench.engines.wanted().contains(&EngineKind::File) {
        true => EngineKind::File,
        false => kind,
    };
    experiment
        .settings
        .insert("engine".to_owned(), kind.to_string());
    let steps = FILES
        .into_iter()
        .filter(|files| *files <= bench.settings.files_max);
    let mut places = Vec::new();
    let mut kept = Vec::new();
    for files in steps {
        kept.push(make(bench, kind, files)?);
        let at = kept.len() - 1;
        let name = |way: Way| match way {
            Way::Threads(1) => "one by one".to_owned(),
            Way::Threads(threads) => format!("{threads} threads"),
            Way::Service => "flush service".to_owned(),
        };
        let threads = THREADS
            .into_iter()
            .filter(|threads| *threads == 1 || files > 1);
        places.push(Place {
            x: f64::from(files),
            label: None,
            cells: threads
                .map(Way::Threads)
                .chain([Way::Service])
                .map(|way| (name(way), (at, way)))
                .collect(),
        });
    }
    matrix::run(bench, experiment, &places, |(at, way), point| {
        match (kept.get_mut(*at), way) {
            (Some(Ok(step)), Way::Threads(threads)) => measure(&mut step.files, *threads, point),
            (Some(Ok(step)), Way::Service) => measure_chains(&mut step.chains, point),
            (Some(Err(why)), _) => Err(MeasureError::State(why.clone())),
            (None, _) => Ok(()),
        }
    })
}

/// Makes and opens the files; a limit of open files is told as the reason of the cells that it forbids.
fn make(
    bench: &Bench<'_>,
    kind: EngineKind,
    count: u32,
) -> Result<Result<Step, String>, MeasureError> {
    let engine = match bench.engines.get(kind) {
        Ok(engine) => engine,
        Err(why) => return Ok(Err(why)),
    };
    let folder = bench.work.folder(&format!("fanout-{count}"))?;
    let spec = SegmentSpec {
        capacity_bytes: 64 << 20,
        ..SegmentSpec::default()
    };
    let mut files = Files {
        open: Vec::new(),
        written: 0,
        folder,
    };
    for number in 0..count {
        bench.stop.check()?;
        let path = files.folder.path().join(number.to_string());
        match engine.create(&path, &spec).doing("create", &path) {
            Ok(open) => files.open.push(open),
            Err(error) if error.is_of_one_cell() => return Ok(Err(error.to_string())),
            Err(error) => return Err(error),
        }
    }
    let folder = bench.work.folder(&format!("fanout-chains-{count}"))?;
    let mut chains = Chains {
        open: Vec::new(),
        flush: FlushService::start(FlushOptions::default()),
        folder,
    };
    for number in 0..count {
        bench.stop.check()?;
        match open_chain(engine, &chains, number, &spec) {
            Ok(open) => chains.open.push(open),
            Err(error) if error.is_of_one_cell() => return Ok(Err(error.to_string())),
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(Step { files, chains }))
}

/// A chain with one empty segment in a directory of its own, as each log has one.
fn open_chain(
    engine: &Arc<dyn Engine>,
    chains: &Chains,
    number: u32,
    spec: &SegmentSpec,
) -> Result<(Arc<Chain>, Appender), MeasureError> {
    let dir = chains.folder.path().join(number.to_string());
    std::fs::create_dir(&dir).doing("create", &dir)?;
    let config = ChainConfig::new(&dir, ".log", spec.clone());
    let (listener, flush) = (Arc::new(NoListener), Arc::clone(&chains.flush));
    let opened = Chain::open(Arc::clone(engine), config, &[], listener, flush);
    let failed = |error| MeasureError::store("open a chain in", &dir, error);
    let (chain, mut appender) = opened.map_err(failed)?;
    appender.roll(0).map_err(failed)?;
    // The first sync of a segment takes its directory along; the engines' own files pay nothing for their names.
    let end = appender
        .append(&[IoSlice::new(b"first")])
        .map_err(failed)?
        .end;
    chain.flush_to(end).map_err(failed)?;
    Ok((chain, appender))
}

fn measure(files: &mut Files, threads: usize, point: &mut Point) -> Result<(), MeasureError> {
    let source = Buffer::new(RECORD_BYTES)?;
    files.written += RECORD_BYTES;
    for open in &mut files.open {
        let appended = open.writer.append(&[IoSlice::new(source.get())]);
        let committed = appended.and_then(|()| open.reader.commit(files.written, true));
        committed.doing("append to", files.folder.path())?;
    }
    let readers: Vec<Arc<dyn SegmentReader>> = files
        .open
        .iter()
        .map(|open| Arc::clone(&open.reader))
        .collect();
    let begun = Instant::now();
    sync_all(&readers, threads).doing("sync", files.folder.path())?;
    let time = nanos(begun) as f64;
    point.push_value(time);
    point.also("a file", Unit::Nanoseconds, time / readers.len() as f64);
    Ok(())
}

fn measure_chains(chains: &mut Chains, point: &mut Point) -> Result<(), MeasureError> {
    let source = Buffer::new(RECORD_BYTES)?;
    let path = chains.folder.path().to_owned();
    let failed = |error| MeasureError::store("append to and sync chains in", &path, error);
    for (chain, appender) in &mut chains.open {
        let appended = appender.append(&[IoSlice::new(source.get())]);
        let end = appended.map_err(failed)?.end;
        chain.commit_to(end).map_err(failed)?;
    }
    let begun = Instant::now();
    for (chain, _) in &chains.open {
        let asked = chain.request(Mark::Durable, chain.marks().written);
        asked.map_err(failed)?;
    }
    for (chain, _) in &chains.open {
        chain.flush_to(chain.marks().written).map_err(failed)?;
    }
    let time = nanos(begun) as f64;
    point.push_value(time);
    point.also("a file", Unit::Nanoseconds, time / chains.open.len() as f64);
    Ok(())
}

fn sync_all(readers: &[Arc<dyn SegmentReader>], threads: usize) -> std::io::Result<()> {
    if threads == 1 {
        return readers.iter().try_for_each(|reader| reader.sync());
    }
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(readers.len()) {
            scope.spawn(|| {
                while let Some(reader) = readers.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = reader.sync() {
                        *failed.lock() = Some(error);
                    }
                }
            });
        }
    });
    failed.into_inner().map_or(Ok(()), Err)
}
