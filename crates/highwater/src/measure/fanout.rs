//! How long it takes until many files are durable: a KiB appended to each, then all of them synced, by so many threads.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use segment::engine::{OpenSegment, SegmentReader};
use segment::{EngineKind, SegmentSpec};

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

/// The files of one engine, open.
struct Files {
    open: Vec<OpenSegment>,
    written: u64,
    folder: Folder,
}

/// All steps keep their files; each takes 64 KiB and more, and grows by a KiB a sync.
pub(super) fn need_bytes(files_max: u32) -> u64 {
    let files = FILES.into_iter().filter(|files| *files <= files_max);
    files.map(u64::from).sum::<u64>() * (256 << 10)
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
        let name = |threads: usize| match threads {
            1 => "one by one".to_owned(),
            threads => format!("{threads} threads"),
        };
        places.push(Place {
            x: f64::from(files),
            label: None,
            cells: THREADS
                .into_iter()
                .filter(|threads| *threads == 1 || files > 1)
                .map(|threads| (name(threads), (at, threads)))
                .collect(),
        });
    }
    matrix::run(
        bench,
        experiment,
        &places,
        |(at, threads), point| match kept.get_mut(*at) {
            Some(Ok(files)) => measure(files, *threads, point),
            Some(Err(why)) => Err(MeasureError::State(why.clone())),
            None => Ok(()),
        },
    )
}

/// Makes and opens the files; a limit of open files is told as the reason of the cells that it forbids.
fn make(
    bench: &Bench<'_>,
    kind: EngineKind,
    count: u32,
) -> Result<Result<Files, String>, MeasureError> {
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
    Ok(Ok(files))
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
