//! The sending half of a connection: frames gather, and leave together.
//!
//! What lies in memory is copied behind the header it belongs to: entries are small, and one call sends many. What
//! lies in a file only leaves by `sendfile`.
//!
//! Invariants: `sent <= bytes.len()`; pieces are in stream order and lie at or behind `sent`.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::SendFlags;
use segment::Part;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::remoting::{Answer, HeaderForm};

/// Bytes beyond which nothing is added before they have left.
const FULL_BYTES: usize = 1 << 20;
/// Memory kept for the next frames.
const KEPT_BYTES: usize = 64 << 10;

/// A range of a file that follows so many bytes.
#[derive(Debug)]
struct Piece {
    after: usize,
    file: Arc<File>,
    offset: u64,
    left: usize,
}

#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    sent: usize,
    pieces: VecDeque<Piece>,
    piece_bytes: usize,
}

impl Output {
    /// Where frames are appended.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends a response.
    pub(super) fn push(&mut self, answer: Answer, form: HeaderForm, opaque: i32) {
        if !answer.write(&mut self.bytes, form, opaque) {
            return;
        }
        for part in answer.parts {
            match part {
                Part::Mem(lease) => self.bytes.extend_from_slice(&lease),
                Part::File { file, offset, len } => {
                    self.piece_bytes += len;
                    self.pieces.push_back(Piece {
                        after: self.bytes.len(),
                        file,
                        offset,
                        left: len,
                    });
                }
            }
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() + self.piece_bytes >= FULL_BYTES
    }

    /// Sends until all has left or the socket takes no more.
    pub(super) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        stream: &TcpStream,
    ) -> Poll<io::Result<()>> {
        while self.sent < self.bytes.len() || !self.pieces.is_empty() {
            ready!(stream.poll_write_ready(cx))?;
            match stream.try_io(Interest::WRITABLE, || self.send_some(stream)) {
                Ok(()) => {}
                // Asked again, so that the task is woken when there is room.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.piece_bytes = 0;
        self.sent = 0;
        if self.bytes.capacity() > KEPT_BYTES {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what comes next, once.
    fn send_some(&mut self, stream: &TcpStream) -> io::Result<()> {
        let until = self
            .pieces
            .front()
            .map_or(self.bytes.len(), |piece| piece.after);
        if self.sent < until {
            let unsent = self.bytes.get(self.sent..until).unwrap_or_default();
            let mut flags = SendFlags::NOSIGNAL;
            flags.set(SendFlags::MORE, !self.pieces.is_empty());
            self.sent += rustix::net::send(stream, unsent, flags)?;
            return Ok(());
        }
        let Some(piece) = self.pieces.front_mut() else {
            return Ok(());
        };
        let sent = rustix::fs::sendfile(stream, &piece.file, Some(&mut piece.offset), piece.left)?;
        if sent == 0 {
            // The file is shorter than promised: the answer cannot be completed any more.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.left -= sent;
        if piece.left == 0 {
            self.pieces.pop_front();
        }
        Ok(())
    }
}
