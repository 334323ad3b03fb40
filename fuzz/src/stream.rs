//! A connection's bytes in any pieces: the receiving half of a server against a plain walk over the same bytes.
//!
//! Holds: every frame comes out whole, once and in order, wherever the stream is cut and whatever memory there is; a length
//! that may not be is told where it stands, and nothing behind it is handed out; what is left over is what was sent less
//! what was handed out; memory follows the bytes that came, not the length that was declared.
//!
//! Of an input, byte 0 chooses limits, bytes 1 to 4 the sizes of the pieces; the rest is the stream, in which a byte 0xf5
//! and the two behind it stand for a well-formed frame of up to 1.2 MB. Both protocols put four bytes of length in front.

use std::cell::RefCell;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::OnceLock;

use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// Stands for a frame in an input.
const FRAME: u8 = 0xf5;
/// Bytes of a frame per step of its two bytes of size.
const FRAME_STEP_BYTES: usize = 19;
/// More than this is not sent per input.
const STREAM_BYTES_MAX: usize = 2 << 20;
/// No piece is larger, so that one always fits the buffers of a socket nobody reads from.
const PIECE_BYTES_MAX: usize = 32 << 10;
/// A long stream gets larger pieces, about this many: inputs are to take milliseconds.
const PIECES: usize = 100;
const PATTERN_PERIOD: usize = 251;
const FRAME_LIMITS: [usize; 4] = [0, 200, 1 << 20, 100 << 20];
const MEMORY_LIMITS: [usize; 3] = [0, 300 << 10, 64 << 20];

/// The receiving half of one server.
pub trait Receiver {
    /// Why a length may not be.
    type Bad: PartialEq + std::fmt::Debug;

    /// Memory that a declared length may claim before the peer has sent anything.
    const PROVEN_BYTES: usize;

    /// For frames up to `frame_bytes_max`; `memory_bytes` is the budget.
    fn new(frame_bytes_max: usize, memory_bytes: usize) -> Self;

    /// What a length in front of a frame means.
    ///
    /// # Errors
    /// It is none that may be.
    fn length(prefix: [u8; 4], frame_bytes_max: usize) -> Result<usize, Self::Bad>;

    /// Compares the next whole frame with what `due` gives; false where there is none.
    ///
    /// # Errors
    /// The length at the front is none that may be.
    fn take<'d>(&mut self, due: impl FnOnce() -> &'d [u8]) -> Result<bool, Self::Bad>;

    /// Reads once, waiting for bytes; how many came.
    fn receive(&mut self, stream: &mut TcpStream) -> impl Future<Output = std::io::Result<usize>>;

    /// Asks once where nothing is to come; true when it found nothing.
    fn wait(&mut self, stream: &mut TcpStream) -> impl Future<Output = bool>;

    /// Bytes received and not yet handed out.
    fn buffered_bytes(&self) -> usize;

    /// Bytes taken from the budget.
    fn memory_bytes(&self) -> usize;
}

/// Two ends of one socket, used by every input in turn.
struct Ends {
    runtime: Runtime,
    client: std::net::TcpStream,
    server: TcpStream,
}

impl Ends {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .expect("a runtime");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let client = std::net::TcpStream::connect(listener.local_addr().expect("bound"))
            .expect("a connection");
        client.set_nodelay(true).expect("a socket");
        let (server, _) = listener.accept().expect("a connection");
        server.set_nonblocking(true).expect("a socket");
        let server = runtime
            .block_on(async { TcpStream::from_std(server) })
            .expect("a socket");
        Self {
            runtime,
            client,
            server,
        }
    }
}

thread_local! {
    static ENDS: RefCell<Ends> = RefCell::new(Ends::new());
}

/// Longer than any frame by one period, which no power of two divides.
fn pattern() -> &'static [u8] {
    static PATTERN: OnceLock<Vec<u8>> = OnceLock::new();
    PATTERN.get_or_init(|| {
        let one: Vec<u8> = (0..=250).collect();
        one.repeat(usize::from(u16::MAX) * FRAME_STEP_BYTES / PATTERN_PERIOD + 2)
    })
}

/// What is sent for an input.
fn stream_of(mut bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    while let Some((first, rest)) = bytes.split_first() {
        match rest.first_chunk::<2>() {
            Some(size) if *first == FRAME => {
                let body = usize::from(u16::from_be_bytes(*size)) * FRAME_STEP_BYTES;
                stream.extend(i32::try_from(body).expect("small").to_be_bytes());
                // Other bytes at every place, so that a frame moved by one is noticed.
                stream.extend_from_slice(&pattern()[stream.len() % PATTERN_PERIOD..][..body]);
                bytes = &rest[2..];
            }
            _ => {
                stream.push(*first);
                bytes = rest;
            }
        }
        if stream.len() > STREAM_BYTES_MAX {
            break;
        }
    }
    stream
}

/// Frames, and how a stream ends behind them: with so many bytes of a frame, or with a bad length.
type Frames<'s, R> = (Vec<&'s [u8]>, Result<usize, <R as Receiver>::Bad>);

fn frames_of<R: Receiver>(stream: &[u8], limit: usize) -> Frames<'_, R> {
    let (mut frames, mut rest) = (Vec::new(), stream);
    while let Some((prefix, after)) = rest.split_first_chunk::<4>() {
        let length = match R::length(*prefix, limit) {
            Ok(length) => length,
            Err(bad) => return (frames, Err(bad)),
        };
        let Some((frame, behind)) = after.split_at_checked(length) else {
            break;
        };
        frames.push(frame);
        rest = behind;
    }
    (frames, Ok(rest.len()))
}

/// Everything that is whole, compared with what is due.
fn take<R: Receiver>(
    receiver: &mut R,
    due: &mut std::slice::Iter<'_, &[u8]>,
) -> Result<(), R::Bad> {
    while receiver.take(|| *due.next().expect("a frame more than were sent"))? {}
    Ok(())
}

fn check<R: Receiver>(ends: &mut Ends, limits: u8, sizes: [u8; 4], stream: &[u8]) {
    let limit = FRAME_LIMITS[usize::from(limits % 4)];
    let memory = MEMORY_LIMITS[usize::from(limits / 4 % 3)];
    let (frames, expected_end) = frames_of::<R>(stream, limit);
    let mut due = frames.iter();
    let mut receiver = R::new(limit, memory);
    let (mut sent, mut sizes) = (0, sizes.iter().cycle());
    let mut end = Ok(());
    while sent < stream.len() && end.is_ok() {
        let size = usize::from(*sizes.next().expect("endless")).pow(2) + 1;
        let size = size.max(stream.len() / PIECES).min(PIECE_BYTES_MAX);
        let piece = &stream[sent..stream.len().min(sent + size)];
        ends.client
            .write_all(piece)
            .expect("the socket takes a piece");
        let mut missing = piece.len();
        while missing > 0 {
            let received = ends
                .runtime
                .block_on(receiver.receive(&mut ends.server))
                .expect("reads");
            assert!((1..=missing).contains(&received), "{received} of {missing}");
            missing -= received;
            sent += received;
            // A buffer at most doubles, and the first one need not have been filled.
            assert!(receiver.memory_bytes() <= 2 * R::PROVEN_BYTES.max(sent));
            if end.is_ok() {
                end = take(&mut receiver, &mut due);
            }
            if end.is_err() {
                break;
            }
        }
        if end.is_err() {
            drain(ends, missing);
            break;
        }
        assert!(
            ends.runtime.block_on(receiver.wait(&mut ends.server)),
            "bytes from nowhere"
        );
    }
    assert_eq!(due.len(), 0, "frames kept back");
    assert_eq!(end.map(|()| receiver.buffered_bytes()), expected_end);
}

/// Reads what no receiver will, so that the next input starts on an empty socket.
fn drain(ends: &mut Ends, mut missing: usize) {
    use tokio::io::AsyncReadExt as _;
    let mut sink = [0; 4096];
    while missing > 0 {
        let most = missing.min(sink.len());
        missing -= ends
            .runtime
            .block_on(ends.server.read(&mut sink[..most]))
            .expect("reads");
    }
}

/// One input of a target.
///
/// # Panics
/// A finding.
pub fn run<R: Receiver>(bytes: &[u8]) {
    let Some((head, rest)) = bytes.split_first_chunk::<5>() else {
        return;
    };
    let [limits, sizes @ ..] = *head;
    ENDS.with_borrow_mut(|ends| check::<R>(ends, limits, sizes, &stream_of(rest)));
}
