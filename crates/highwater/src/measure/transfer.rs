//! A resident file to a socket over loopback, by each of the ways that the store has: `sendfile` of a part, a write from a
//! lease in place, a copy out and a write of it.
//!
//! Loopback has no card to hand pages to: `sendfile` saves a copy on the sender's side only, and the receiver shares the
//! cores. So the sender's CPU counts as much as the throughput.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use segment::engine::SegmentReader;
use segment::{EngineKind, Part, SegmentSpec};

use super::Bench;
use super::cost::Cost;
use super::error::{Doing, MeasureError};
use super::io::{Buffer, Passed, pass};
use super::matrix::{self, Place};
use super::state::{self, State, Watched};
use crate::report::{Experiment, Point, Sample, Unit};

/// Bytes of one send.
const CHUNKS: [u64; 6] = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];

/// How bytes get to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    SendFile,
    Lease,
    Copy,
}

/// What is compared: name, engine, way.
const WAYS: [(&str, EngineKind, Way); 4] = [
    ("sendfile", EngineKind::File, Way::SendFile),
    ("write of a mapping", EngineKind::Mmap, Way::Lease),
    ("pread and write", EngineKind::File, Way::Copy),
    ("direct read and write", EngineKind::Direct, Way::Lease),
];

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let bytes = bench
        .settings
        .transfer_bytes
        .min(bench.settings.file_bytes)
        .next_multiple_of(4096);
    let watched = Watched::make(bench.work.file("transfer")?, bytes, State::Resident)?;
    let place = |chunk: u64| Place {
        x: chunk as f64,
        label: None,
        cells: WAYS
            .into_iter()
            .filter(|(_, kind, _)| bench.engines.wanted().contains(kind))
            .map(|(name, kind, way)| (name.to_owned(), (chunk, kind, way)))
            .collect(),
    };
    let places: Vec<_> = CHUNKS
        .into_iter()
        .filter(|chunk| *chunk <= bytes)
        .map(place)
        .collect();
    if places.iter().all(|place| place.cells.is_empty()) {
        experiment.refused = Some("none of file, mmap and direct was asked for".to_owned());
        return Ok(());
    }
    matrix::run(bench, experiment, &places, |(chunk, kind, way), point| {
        measure(bench, &watched, (*chunk, *kind, *way), point)
    })
}

fn measure(
    bench: &Bench<'_>,
    watched: &Watched,
    (chunk, kind, way): (u64, EngineKind, Way),
    point: &mut Point,
) -> Result<(), MeasureError> {
    let engine = bench.engines.get(kind).map_err(MeasureError::State)?;
    watched.bring_into(State::Resident)?;
    let reader = engine
        .open_read(&watched.path, &SegmentSpec::default(), watched.bytes)
        .doing("open", &watched.path)?;
    reader
        .warm(0..watched.bytes)
        .doing("make ready", &watched.path)?;
    let before = state::verify(watched, State::Resident)?;
    let receiver = Receiver::start().doing("listen on", "127.0.0.1".as_ref())?;
    let mut buffer = Buffer::new(chunk)?;
    let (passed, cost) = Cost::of(|| {
        let extent = (watched.bytes, chunk);
        let passed = pass(extent, bench.settings.cell_limit * 4, &bench.stop, |at| {
            send(
                &*reader,
                way,
                at..at + chunk,
                &receiver.to,
                buffer.get_mut(),
            )
        })?;
        passed
            .and_then(|passed| receiver.finish(passed))
            .doing("send", &watched.path)
    })?;
    drop(reader);
    let after = state::verify_after(watched, State::Resident)?;
    let kib = passed.bytes as f64 / 1024.0;
    point.push(Sample {
        value: passed.bytes as f64 / cost.time.as_secs_f64(),
        before: Some(before),
        after: Some(after),
    });
    point.also(
        "sender's cpu/KiB",
        Unit::Nanoseconds,
        cost.thread_cpu.as_nanos() as f64 / kib,
    );
    point.also(
        "both ends' cpu/KiB",
        Unit::Nanoseconds,
        cost.process_cpu.as_nanos() as f64 / kib,
    );
    Ok(())
}

fn send(
    reader: &dyn SegmentReader,
    way: Way,
    range: std::ops::Range<u64>,
    mut to: &TcpStream,
    buffer: &mut [u8],
) -> io::Result<()> {
    match way {
        Way::Lease => to.write_all(&reader.lease(range)?),
        Way::Copy => {
            super::io::whole(reader.read_at(range.start, buffer)?, buffer.len())?;
            to.write_all(buffer)
        }
        Way::SendFile => match reader.file_part(range) {
            Some(Part::File { file, offset, len }) => {
                let (mut at, end) = (offset, offset + len as u64);
                while at < end {
                    let want = usize::try_from(end - at).unwrap_or(usize::MAX);
                    if rustix::fs::sendfile(to, &*file, Some(&mut at), want)? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Ok(())
            }
            _ => Err(io::ErrorKind::Unsupported.into()),
        },
    }
}

/// The other end: a thread that takes everything and counts it.
struct Receiver {
    to: Arc<TcpStream>,
    thread: JoinHandle<io::Result<u64>>,
}

impl Receiver {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let to = TcpStream::connect(listener.local_addr()?)?;
        to.set_nodelay(true)?;
        let (from, _) = listener.accept()?;
        let thread = std::thread::Builder::new()
            .name("receiver".to_owned())
            .spawn(move || take(from))?;
        Ok(Self {
            to: Arc::new(to),
            thread,
        })
    }

    /// Waits until everything has arrived.
    fn finish(self, passed: Passed) -> io::Result<Passed> {
        self.to.shutdown(std::net::Shutdown::Write)?;
        let taken = self
            .thread
            .join()
            .map_err(|_| io::Error::other("the receiver panicked"))??;
        if taken != passed.bytes {
            let text = format!("{taken} of {} bytes have arrived", passed.bytes);
            return Err(io::Error::other(text));
        }
        Ok(passed)
    }
}

fn take(mut from: TcpStream) -> io::Result<u64> {
    let mut sink = vec![0; 256 << 10];
    let mut taken = 0;
    loop {
        match from.read(&mut sink) {
            Ok(0) => return Ok(taken),
            Ok(n) => taken += n as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
