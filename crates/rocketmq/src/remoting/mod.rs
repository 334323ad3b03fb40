//! RocketMQ's remoting protocol: frames, headers, codes.
//!
//! A frame is a length, a header and a body; a header is JSON or a packed binary form, chosen by the sender frame by
//! frame. Both sides of a connection may ask: requests carry an `opaque` number that their response repeats.
//!
//! Invariants: what is decoded borrows from the frame; nothing is allocated by a number that was not checked against
//! the bytes that are there; no input panics. Absent on purpose: sockets (`connection`), the meaning of a request
//! (`namesrv`, `broker`), compression, which is the clients' own business.
//! Format: docs/formats/remoting.md.

mod answer;
mod binary_header;
pub mod codes;
mod command;
mod ext;
mod frame;
pub mod headers;
mod json_header;
mod json_scan;
mod language;
#[cfg(test)]
mod tests;
mod write;

pub use self::answer::{Answer, Refusal};
pub use self::command::{Command, CommandError, VERSION};
pub use self::ext::{ExtFields, Field, HeaderError};
pub use self::frame::{FRAME_BYTES_MAX, Frame, FrameError, HeaderForm, PREFIX_BYTES};
pub use self::language::Language;
pub(crate) use self::write::json_string;
pub use self::write::{ExtWriter, Head, write_frame};
