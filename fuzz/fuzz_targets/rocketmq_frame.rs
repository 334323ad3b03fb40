//! A RocketMQ connection's bytes in any pieces; `fuzz/src/stream.rs` says what holds and what an input means.
#![no_main]

use std::io;

use highwater_fuzz::stream;
use libfuzzer_sys::fuzz_target;
use rocketmq::fuzzing::{PROVEN_BYTES, Receiver};
use rocketmq::remoting::FrameError;
use tokio::net::TcpStream;

struct Remoting(Receiver);

impl stream::Receiver for Remoting {
    type Bad = FrameError;
    const PROVEN_BYTES: usize = PROVEN_BYTES;

    fn new(frame_bytes_max: usize, memory_bytes: usize) -> Self {
        Self(Receiver::new(frame_bytes_max, memory_bytes))
    }

    fn length(prefix: [u8; 4], frame_bytes_max: usize) -> Result<usize, FrameError> {
        let declared = u32::from_be_bytes(prefix);
        let length = usize::try_from(declared).unwrap_or(usize::MAX);
        let limit = frame_bytes_max;
        (length <= limit)
            .then_some(length)
            .ok_or(FrameError::Length { declared, limit })
    }

    fn take<'d>(&mut self, due: impl FnOnce() -> &'d [u8]) -> Result<bool, FrameError> {
        let Some(frame) = self.0.next_frame()? else {
            return Ok(false);
        };
        assert_eq!(frame, due());
        Ok(true)
    }

    async fn receive(&mut self, stream: &mut TcpStream) -> io::Result<usize> {
        self.0.receive(stream).await
    }

    async fn wait(&mut self, stream: &mut TcpStream) -> bool {
        self.0.wait(stream).await
    }

    fn buffered_bytes(&self) -> usize {
        self.0.buffered_bytes()
    }

    fn memory_bytes(&self) -> usize {
        self.0.memory_bytes()
    }
}

fuzz_target!(|bytes: &[u8]| stream::run::<Remoting>(bytes));
