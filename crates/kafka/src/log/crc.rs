//! The checksum of record batches and producer snapshots: CRC-32C (Castagnoli).
//!
//! Which crate computes it was measured: docs/decisions/0003-crc.md.

/// CRC-32C of `bytes`.
#[inline]
pub fn crc32c(bytes: &[u8]) -> u32 {
    ::crc32c::crc32c(bytes)
}
