//! The sending half of a connection: encoded answers, and between them parts of log files.
//!
//! Everything that was encoded since the last flush leaves in as few calls as the parts between allow: bytes by
//! `send`, file parts by `sendfile`, memory by `send` from where it lies.
//!
//! Invariants: `sent <= writer.len()`; pieces are in stream order and lie at or after `sent`. Once everything has been
//! sent, all of it is dropped at one time. No more answers are taken while [`Output::is_full`].

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use kafka_wire::Writer;
use rustix::net::SendFlags;
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::buffers::Buffers;

/// Bytes encoded or queued beyond which no further answer is taken before all have been sent.
const FULL_BYTES: usize = 1 << 20;

/// Bytes that leave from where they lie.
#[derive(Debug)]
pub(crate) enum Body {
    /// By `sendfile`.
    File { file: Arc<File>, offset: u64 },
    /// By `send` from the lease.
    Memory(segment::Lease),
}

#[derive(Debug)]
struct Piece {
    /// Follows this many bytes of the writer.
    after: usize,
    body: Body,
    len: usize,
    done: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Output {
    writer: Writer,
    sent: usize,
    pieces: VecDeque<Piece>,
    piece_bytes: usize,
}

impl Output {
    /// Where the next answer is encoded.
    pub(crate) fn writer(&mut self, buffers: &Buffers) -> &mut Writer {
        if self.writer.is_empty() {
            self.writer = Writer::from(buffers.take_answer());
        }
        &mut self.writer
    }

    /// Puts `len` bytes of a body behind what has been encoded so far.
    pub(crate) fn push_body(&mut self, body: Body, len: usize) {
        self.piece_bytes += len;
        self.pieces.push_back(Piece {
            after: self.writer.len(),
            body,
            len,
            done: 0,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.writer.is_empty()
    }

    /// Bytes put in since the last time everything had left.
    pub(crate) fn held_bytes(&self) -> usize {
        self.writer.len() + self.piece_bytes
    }

    /// Whether to send what there is before more is added.
    pub(crate) fn is_full(&self) -> bool {
        self.held_bytes() >= FULL_BYTES
    }

    /// Sends until all has left or the socket takes no more.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        stream: &TcpStream,
        buffers: &Buffers,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            ready!(stream.poll_write_ready(cx))?;
            match stream.try_io(Interest::WRITABLE, || self.send_some(stream)) {
                Ok(()) => {
                    let writer = std::mem::take(&mut self.writer);
                    buffers.give_back_answer(writer.into_vec());
                    self.sent = 0;
                    self.piece_bytes = 0;
                }
                // Asked again, so that the task is woken when there is room.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// `Ok` once everything has been sent.
    fn send_some(&mut self, stream: &TcpStream) -> io::Result<()> {
        loop {
            let until = self
                .pieces
                .front()
                .map_or(self.writer.len(), |piece| piece.after);
            if self.sent < until {
                let bytes = self
                    .writer
                    .as_slice()
                    .get(self.sent..until)
                    .unwrap_or_default();
                let more = !self.pieces.is_empty();
                let sent = send(stream, bytes, more)?;
                self.sent += sent;
                if sent < bytes.len() {
                    // The socket is full; saying so saves the call that would find out.
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                continue;
            }
            if self.pieces.is_empty() {
                return Ok(());
            }
            let more = self.pieces.len() > 1 || self.writer.len() > self.sent;
            let Some(piece) = self.pieces.front_mut() else {
                return Ok(());
            };
            piece.done += piece.send(stream, more)?;
            if piece.done == piece.len {
                self.pieces.pop_front();
            }
        }
    }
}

impl Piece {
    fn send(&self, stream: &TcpStream, more: bool) -> io::Result<usize> {
        match &self.body {
            Body::File { file, offset } => {
                let mut at = offset + self.done as u64;
                let sent = rustix::fs::sendfile(stream, file, Some(&mut at), self.len - self.done)?;
                if sent == 0 {
                    // The file is shorter than promised: the answer cannot be completed any more.
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(sent)
            }
            Body::Memory(lease) => {
                let bytes = lease.get(self.done..self.len).unwrap_or_default();
                if bytes.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                send(stream, bytes, more)
            }
        }
    }
}

fn send(stream: &TcpStream, bytes: &[u8], more: bool) -> io::Result<usize> {
    let mut flags = SendFlags::NOSIGNAL;
    flags.set(SendFlags::MORE, more);
    Ok(rustix::net::send(stream, bytes, flags)?)
}
