//! Reading past the page cache: whole blocks, into memory that lies on a block's boundary.
//!
//! Where the caller's memory lies like the file, the device fills it; only what hangs over at both ends, or all of it
//! where it does not, is read aside and copied. Invariant: memory read into is not zeroed before, and none of it is
//! looked at that no read has filled.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::block_of;
use crate::engine::pool::Extent;
use crate::engine::ring::BLOCK_BYTES;

const BLOCK: usize = 4096;
const _: () = assert!(BLOCK as u64 == BLOCK_BYTES, "one size of blocks");

/// Most that is read aside at a time.
const ASIDE_BYTES: usize = 1 << 20;

/// Fills `out` with what the file has from `at` on; fails if the file ends before.
pub(super) fn read_into(file: &File, at: u64, out: &mut [u8]) -> io::Result<()> {
    let mut done = 0;
    while done < out.len() {
        let rest = out.get_mut(done..).unwrap_or_default();
        let from = at + done as u64;
        done += match straight(from, rest) {
            0 => read_aside(file, from, rest)?,
            bytes => read_straight(file, from, rest.get_mut(..bytes).unwrap_or_default())?,
        };
    }
    Ok(())
}

/// Bytes that the device can put right where they belong.
fn straight(from: u64, out: &[u8]) -> usize {
    if from == block_of(from) && out.as_ptr().addr().is_multiple_of(BLOCK) {
        out.len() / BLOCK * BLOCK
    } else {
        0
    }
}

fn read_straight(file: &File, from: u64, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read_at(out, from) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Reads the beginning of `out` aside: to the next boundary if `out` lies like the file from there on.
fn read_aside(file: &File, from: u64, out: &mut [u8]) -> io::Result<usize> {
    let to_boundary = usize::try_from(block_of(from) + BLOCK_BYTES - from).unwrap_or(BLOCK);
    let rest = out.get(to_boundary..).unwrap_or_default();
    let len = match straight(from + to_boundary as u64, rest) {
        0 => out.len().min(ASIDE_BYTES),
        _ => to_boundary,
    };
    let blocks = read_blocks(file, from..from + len as u64)?;
    let skip = usize::try_from(from - block_of(from)).unwrap_or(0);
    match (out.get_mut(..len), blocks.all().get(skip..skip + len)) {
        (Some(out), Some(bytes)) => out.copy_from_slice(bytes),
        _ => return Err(io::ErrorKind::UnexpectedEof.into()),
    }
    Ok(len)
}

/// Reads the blocks that cover a range; fails if the file ends before the range does.
pub(super) fn read_blocks(file: &File, range: Range<u64>) -> io::Result<Extent> {
    let start = block_of(range.start);
    let len = usize::try_from(range.end - start).map_err(io::Error::other)?;
    let mut extent = Extent::allocate_raw(len);
    let mut done = 0;
    while done < len {
        let rest = extent.bytes_mut().get_mut(done..).unwrap_or_default();
        match rustix::io::pread(file, rest, start + done as u64) {
            Ok(([], _)) => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok((filled, _)) if done + filled.len() >= len => done += filled.len(),
            // Short in the middle: go on at a block.
            Ok((filled, _)) => match filled.len() / BLOCK * BLOCK {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                blocks => done += blocks,
            },
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // SAFETY: the reads have filled `done` bytes from the start on, without a gap.
    Ok(unsafe { extent.filled(done) })
}
