//! The four codecs of a record batch, streaming and bounded.
//!
//! Invariants: reading never holds more memory than a codec's window and one block, and stops with
//! an error after `DECOMPRESSED_BYTES_MAX`. Snappy is read in xerial framing and raw, written in
//! xerial framing as Java reads it; lz4 frames have independent blocks and no content checksum.
//! Absent on purpose: records (see `record`).

use std::io::{self, BufRead, Read, Write};

use super::batch::ATTRIBUTE_CODEC;
use super::error::BatchDefect;

/// A codec by its number in a batch's attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Compression {
    /// Not compressed.
    #[default]
    None = 0,
    /// gzip.
    Gzip = 1,
    /// Snappy in xerial framing.
    Snappy = 2,
    /// LZ4 frames.
    Lz4 = 3,
    /// Zstandard.
    Zstd = 4,
}

/// A batch that expands to more than this is refused: nobody sends it by honest means.
pub const DECOMPRESSED_BYTES_MAX: u64 = 1 << 30;
/// Bytes of the magic, version and compatible version that open a xerial snappy stream.
pub const XERIAL_HEADER_BYTES: usize = 16;
/// What every xerial snappy stream starts with.
pub const XERIAL_MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const XERIAL_BLOCK_BYTES: usize = 32 << 10;
/// No snappy block expands more than this (a copy of 64 bytes takes three).
const SNAPPY_RATIO_MAX: usize = 24;

impl Compression {
    /// The codec in the low three bits of `attributes`.
    ///
    /// # Errors
    /// `UnknownCodec` for 5, 6 and 7.
    pub fn from_attributes(attributes: i16) -> Result<Self, BatchDefect> {
        Ok(match attributes & ATTRIBUTE_CODEC {
            0 => Self::None,
            1 => Self::Gzip,
            2 => Self::Snappy,
            3 => Self::Lz4,
            4 => Self::Zstd,
            other => return Err(BatchDefect::UnknownCodec(other)),
        })
    }

    /// The codec's name as `compression.type` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// A bounded reader of what `compressed` holds.
    ///
    /// # Errors
    /// `BadCompression` if the stream's head is already wrong.
    pub fn reader<'a>(self, compressed: &'a [u8]) -> Result<Box<dyn BufRead + 'a>, BatchDefect> {
        let limit = DECOMPRESSED_BYTES_MAX + 1;
        Ok(match self {
            Self::None => Box::new(compressed),
            Self::Gzip => buffered(flate2::read::MultiGzDecoder::new(compressed).take(limit)),
            Self::Snappy => Box::new(SnappyReader::new(compressed)),
            Self::Lz4 => {
                let frames = Lz4Frames::new(compressed);
                buffered(frames.take(limit))
            }
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(compressed)
                    .map_err(|error| BatchDefect::BadCompression(error.to_string()))?;
                buffered(decoder.take(limit))
            }
        })
    }

    /// Compresses `plain` whole, appending to `out`.
    ///
    /// # Errors
    /// What the codec says; only for absurd levels.
    pub fn compress(self, plain: &[u8], level: Option<i32>, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::None => out.extend_from_slice(plain),
            Self::Gzip => {
                let level = level.and_then(|level| u32::try_from(level).ok());
                let level = level.map_or(flate2::Compression::default(), flate2::Compression::new);
                let mut encoder = flate2::write::GzEncoder::new(out, level);
                encoder.write_all(plain)?;
                encoder.finish()?;
            }
            Self::Snappy => compress_xerial(plain, out)?,
            Self::Lz4 => {
                let frame = lz4_flex::frame::FrameInfo::new()
                    .block_mode(lz4_flex::frame::BlockMode::Independent)
                    .block_size(lz4_flex::frame::BlockSize::Max64KB);
                let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(frame, out);
                encoder.write_all(plain)?;
                encoder.finish().map_err(io::Error::other)?;
            }
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, level.unwrap_or(3))?;
                encoder.write_all(plain)?;
                encoder.finish()?;
            }
        }
        Ok(())
    }
}

fn buffered<'a>(reader: impl Read + 'a) -> Box<dyn BufRead + 'a> {
    Box::new(io::BufReader::with_capacity(16 << 10, reader))
}

fn compress_xerial(plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    out.extend_from_slice(&XERIAL_MAGIC);
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&1u32.to_be_bytes());
    let mut encoder = snap::raw::Encoder::new();
    for block in plain.chunks(XERIAL_BLOCK_BYTES) {
        let packed = encoder.compress_vec(block).map_err(io::Error::other)?;
        let length = u32::try_from(packed.len()).map_err(io::Error::other)?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(())
}

/// Reads LZ4 frames one after the other, as Java's stream does.
struct Lz4Frames<'a> {
    decoder: lz4_flex::frame::FrameDecoder<&'a [u8]>,
}

impl<'a> Lz4Frames<'a> {
    fn new(compressed: &'a [u8]) -> Self {
        Self {
            decoder: lz4_flex::frame::FrameDecoder::new(compressed),
        }
    }
}

impl Read for Lz4Frames<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.decoder.read(into)?;
        // Zero at the end of one frame: another may follow at once.
        if got == 0 && !into.is_empty() && !self.decoder.get_ref().is_empty() {
            return self.decoder.read(into);
        }
        Ok(got)
    }
}

/// Reads snappy block by block: xerial framing, or the whole as one raw block.
struct SnappyReader<'a> {
    rest: &'a [u8],
    framed: bool,
    block: Vec<u8>,
    at: usize,
    total: u64,
}

impl<'a> SnappyReader<'a> {
    fn new(compressed: &'a [u8]) -> Self {
        let framed =
            compressed.len() >= XERIAL_HEADER_BYTES && compressed.starts_with(&XERIAL_MAGIC);
        let rest = if framed {
            &compressed[XERIAL_HEADER_BYTES..]
        } else {
            compressed
        };
        Self {
            rest,
            framed,
            block: Vec::new(),
            at: 0,
            total: 0,
        }
    }

    fn next_block(&mut self) -> io::Result<()> {
        let packed = if self.framed {
            // A concatenated stream opens with the magic again (as a length it would be negative).
            if self.rest.starts_with(&XERIAL_MAGIC) && self.rest.len() >= XERIAL_HEADER_BYTES {
                self.rest = &self.rest[XERIAL_HEADER_BYTES..];
                return Ok(());
            }
            let Some((length, rest)) = self.rest.split_first_chunk::<4>() else {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "snappy block length cut off",
                ));
            };
            let length = u32::from_be_bytes(*length) as usize;
            let Some((packed, rest)) = rest.split_at_checked(length) else {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "snappy block cut off",
                ));
            };
            self.rest = rest;
            packed
        } else {
            std::mem::take(&mut self.rest)
        };
        let plain_bytes = snap::raw::decompress_len(packed).map_err(io::Error::other)?;
        if plain_bytes
            > packed
                .len()
                .saturating_mul(SNAPPY_RATIO_MAX)
                .saturating_add(64)
        {
            return Err(io::Error::other(
                "snappy block announces an impossible size",
            ));
        }
        self.total += plain_bytes as u64;
        if self.total > DECOMPRESSED_BYTES_MAX {
            return Err(io::Error::other("snappy stream expands past the bound"));
        }
        self.block.resize(plain_bytes, 0);
        self.at = 0;
        snap::raw::Decoder::new()
            .decompress(packed, &mut self.block)
            .map_err(io::Error::other)?;
        Ok(())
    }
}

impl Read for SnappyReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let taken = have.len().min(into.len());
        into[..taken].copy_from_slice(&have[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}

impl BufRead for SnappyReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.block.len() && !self.rest.is_empty() {
            self.next_block()?;
        }
        Ok(self.block.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, taken: usize) {
        self.at += taken;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    fn unpack(codec: Compression, packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut plain = Vec::new();
        let mut reader = codec.reader(packed).map_err(|e| e.to_string())?;
        reader.read_to_end(&mut plain).map_err(|e| e.to_string())?;
        Ok(plain)
    }

    proptest! {
        #[test]
        fn every_codec_gives_back_what_it_took(plain in proptest::collection::vec(any::<u8>(), 0..20_000)) {
            for codec in ALL {
                let mut packed = Vec::new();
                codec.compress(&plain, None, &mut packed).unwrap();
                let got = unpack(codec, &packed).unwrap();
                prop_assert!(got == plain, "{}", codec.name());
            }
        }

        #[test]
        fn noise_is_an_error_or_bytes_never_a_panic(noise in proptest::collection::vec(any::<u8>(), 0..500)) {
            for codec in ALL {
                let _ = unpack(codec, &noise);
                let mut packed = Vec::new();
                codec.compress(&noise, None, &mut packed).unwrap();
                packed.truncate(packed.len() * 2 / 3);
                let _ = unpack(codec, &packed);
            }
        }
    }

    #[test]
    fn raw_snappy_is_read_too() {
        let plain = vec![7u8; 100_000];
        let packed = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
        assert_eq!(unpack(Compression::Snappy, &packed), Ok(plain));
    }

    #[test]
    fn a_snappy_block_that_lies_about_its_size_is_refused() {
        // Length varint of 2 GiB before one literal byte.
        let lie = [0xff, 0xff, 0xff, 0xff, 0x07, 0x00, b'x'];
        assert!(unpack(Compression::Snappy, &lie).is_err());
    }
}
