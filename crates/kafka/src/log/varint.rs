//! Zigzag varints as records use them.
//!
//! Invariants: reading takes at most 5 bytes for 32 bits and 10 for 64; more is refused.

/// The varint is longer than its type allows, or cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadVarint;

/// Reads a zigzag varint of 32 bits from `bytes` at `at`, moving `at` behind it.
///
/// # Errors
/// `BadVarint` if it is cut off or too long.
#[inline]
pub fn read_i32(bytes: &[u8], at: &mut usize) -> Result<i32, BadVarint> {
    match bytes.get(*at) {
        Some(&byte) if byte < 0x80 => {
            *at += 1;
            return Ok(unzigzag32(u32::from(byte)));
        }
        _ => (),
    }
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at).ok_or(BadVarint)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(unzigzag32(value));
        }
    }
    Err(BadVarint)
}

/// Reads a zigzag varint of 64 bits from `bytes` at `at`, moving `at` behind it.
///
/// # Errors
/// `BadVarint` if it is cut off or too long.
#[inline]
pub fn read_i64(bytes: &[u8], at: &mut usize) -> Result<i64, BadVarint> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(*at).ok_or(BadVarint)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(unzigzag64(value));
        }
    }
    Err(BadVarint)
}

#[inline]
fn unzigzag32(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[inline]
fn unzigzag64(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Appends a zigzag varint.
pub fn write_i32(out: &mut Vec<u8>, value: i32) {
    write_u64(
        out,
        u64::from(((value << 1) ^ (value >> 31)).cast_unsigned()),
    );
}

/// Appends a zigzag varint of 64 bits.
pub fn write_i64(out: &mut Vec<u8>, value: i64) {
    write_u64(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn write_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_be_bytes()[7] | 0x80);
        value >>= 7;
    }
    out.push(value.to_be_bytes()[7]);
}

/// Bytes `write_i32` takes.
pub fn size_i32(value: i32) -> usize {
    let bits = 32 - (((value << 1) ^ (value >> 31)).cast_unsigned() | 1).leading_zeros();
    (bits as usize).div_ceil(7)
}

/// Bytes `write_i64` takes.
pub fn size_i64(value: i64) -> usize {
    let bits = 64 - (((value << 1) ^ (value >> 63)).cast_unsigned() | 1).leading_zeros();
    (bits as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(small: i32, large: i64) {
            let mut out = Vec::new();
            write_i32(&mut out, small);
            prop_assert_eq!(out.len(), size_i32(small));
            write_i64(&mut out, large);
            prop_assert_eq!(out.len(), size_i32(small) + size_i64(large));
            let mut at = 0;
            prop_assert_eq!(read_i32(&out, &mut at), Ok(small));
            prop_assert_eq!(read_i64(&out, &mut at), Ok(large));
            prop_assert_eq!(at, out.len());
        }
    }

    #[test]
    fn known_bytes() {
        for (value, bytes) in [
            (0, &[0u8][..]),
            (-1, &[1]),
            (1, &[2]),
            (63, &[126]),
            (-64, &[127]),
            (64, &[0x80, 1]),
            (300, &[0xd8, 4]),
        ] {
            let mut out = Vec::new();
            write_i32(&mut out, value);
            assert_eq!(out, bytes, "{value}");
        }
        assert_eq!(read_i32(&[0xff; 6], &mut 0), Err(BadVarint));
        assert_eq!(read_i64(&[0xff; 11], &mut 0), Err(BadVarint));
        assert_eq!(read_i32(&[0x80], &mut 0), Err(BadVarint));
    }
}
