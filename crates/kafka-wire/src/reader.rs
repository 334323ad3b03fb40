//! Reads Kafka's primitive types from a borrowed byte slice.
//!
//! Invariants: no method panics, whatever the bytes; a count is checked against the bytes
//! that are left before anything is allocated for it; the memory taken by decoded arrays is
//! bounded by a budget that follows the length of the input. Strings and byte fields borrow
//! from the input. After an error the reader's position is unspecified.
//!
//! Absent on purpose: knowledge of any message, and I/O.

use std::borrow::Cow;

use crate::{Uuid, WireError};

/// Memory that any input may take when decoded, in bytes.
const BUDGET_FLOOR_BYTES: usize = 4 << 20;
/// Memory allowed beyond that for each byte of input, in bytes. Real messages stay under 8.
const BUDGET_PER_BYTE: usize = 16;

/// A cursor over the bytes of one message. Cheap to clone; a clone reads independently.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    whole_bytes: usize,
    budget_bytes: usize,
}

macro_rules! fixed_width {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// `Truncated`.
        #[inline]
        pub fn $name(&mut self) -> Result<$ty, WireError> {
            Ok(<$ty>::from_be_bytes(self.chunk()?))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let budget_bytes = bytes
            .len()
            .saturating_mul(BUDGET_PER_BYTE)
            .saturating_add(BUDGET_FLOOR_BYTES);
        Self {
            rest: bytes,
            whole_bytes: bytes.len(),
            budget_bytes,
        }
    }

    /// Bytes not read yet.
    #[must_use]
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes are not read yet.
    #[must_use]
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// How many bytes have been read. Inside a tagged field it counts from an unspecified place.
    #[must_use]
    #[inline]
    pub fn position(&self) -> usize {
        self.whole_bytes.saturating_sub(self.rest.len())
    }

    /// Checks that everything was read.
    ///
    /// # Errors
    /// `TrailingBytes`.
    pub fn finish(&self) -> Result<(), WireError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(WireError::TrailingBytes { left }),
        }
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let Some((chunk, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(WireError::Truncated {
                need: N,
                left: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(*chunk)
    }

    /// The next `len` bytes, as they are.
    ///
    /// # Errors
    /// `Truncated`.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(WireError::Truncated {
                need: len,
                left: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(taken)
    }

    fixed_width! {
        /// One signed byte.
        i8: i8;
        /// One unsigned byte.
        u8: u8;
        /// Two bytes, signed.
        i16: i16;
        /// Two bytes, unsigned.
        u16: u16;
        /// Four bytes, signed.
        i32: i32;
        /// Four bytes, unsigned.
        u32: u32;
        /// Eight bytes, signed.
        i64: i64;
        /// An IEEE 754 double.
        f64: f64;
    }

    /// One byte; everything but 0 is true.
    ///
    /// # Errors
    /// `Truncated`.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, WireError> {
        Ok(self.u8()? != 0)
    }

    /// Sixteen raw bytes.
    ///
    /// # Errors
    /// `Truncated`.
    #[inline]
    pub fn uuid(&mut self) -> Result<Uuid, WireError> {
        Ok(Uuid(self.chunk()?))
    }

    /// Unsigned integer of at most 32 bits, seven bits a byte, lowest first.
    ///
    /// # Errors
    /// `Truncated`, `VarintTooLong`.
    #[inline]
    pub fn uvarint(&mut self) -> Result<u32, WireError> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.u8()?;
            if shift == 28 && byte > 0x0f {
                return Err(WireError::VarintTooLong);
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::VarintTooLong)
    }

    /// Unsigned integer of at most 64 bits, seven bits a byte, lowest first.
    ///
    /// # Errors
    /// `Truncated`, `VarintTooLong`.
    #[inline]
    pub fn uvarlong(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.u8()?;
            if shift == 63 && byte > 1 {
                return Err(WireError::VarintTooLong);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::VarintTooLong)
    }

    /// Zigzag-coded signed integer of at most 32 bits.
    ///
    /// # Errors
    /// `Truncated`, `VarintTooLong`.
    #[inline]
    pub fn varint(&mut self) -> Result<i32, WireError> {
        let raw = self.uvarint()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    /// Zigzag-coded signed integer of at most 64 bits.
    ///
    /// # Errors
    /// `Truncated`, `VarintTooLong`.
    #[inline]
    pub fn varlong(&mut self) -> Result<i64, WireError> {
        let raw = self.uvarlong()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    /// Length of a compact value: `None` is null.
    #[inline]
    fn compact_length(&mut self) -> Result<Option<usize>, WireError> {
        match self.uvarint()?.checked_sub(1) {
            None => Ok(None),
            Some(length) => usize::try_from(length)
                .map(Some)
                .map_err(|_| WireError::NegativeLength(i64::from(length))),
        }
    }

    /// Length of a classic value with a 32-bit prefix: −1 is null.
    #[inline]
    fn wide_length(&mut self) -> Result<Option<usize>, WireError> {
        match self.i32()? {
            -1 => Ok(None),
            length => usize::try_from(length)
                .map(Some)
                .map_err(|_| WireError::NegativeLength(i64::from(length))),
        }
    }

    /// A string that may be null: 16-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// `Truncated`, `NegativeLength`, `InvalidUtf8`, `VarintTooLong`.
    #[inline]
    pub fn nullable_string(&mut self, flexible: bool) -> Result<Option<Cow<'a, str>>, WireError> {
        let length = if flexible {
            self.compact_length()?
        } else {
            match self.i16()? {
                -1 => None,
                length => Some(
                    usize::try_from(length)
                        .map_err(|_| WireError::NegativeLength(i64::from(length)))?,
                ),
            }
        };
        let Some(length) = length else {
            return Ok(None);
        };
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| WireError::InvalidUtf8)?;
        Ok(Some(Cow::Borrowed(text)))
    }

    /// A string: 16-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// As [`Self::nullable_string`], and `UnexpectedNull`.
    #[inline]
    pub fn string(&mut self, flexible: bool) -> Result<Cow<'a, str>, WireError> {
        self.nullable_string(flexible)?
            .ok_or(WireError::UnexpectedNull)
    }

    /// A byte field that may be null: 32-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// `Truncated`, `NegativeLength`, `VarintTooLong`.
    #[inline]
    pub fn nullable_bytes(&mut self, flexible: bool) -> Result<Option<Cow<'a, [u8]>>, WireError> {
        let length = if flexible {
            self.compact_length()?
        } else {
            self.wide_length()?
        };
        match length {
            None => Ok(None),
            Some(length) => Ok(Some(Cow::Borrowed(self.take(length)?))),
        }
    }

    /// A byte field: 32-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// As [`Self::nullable_bytes`], and `UnexpectedNull`.
    #[inline]
    pub fn bytes(&mut self, flexible: bool) -> Result<Cow<'a, [u8]>, WireError> {
        self.nullable_bytes(flexible)?
            .ok_or(WireError::UnexpectedNull)
    }

    /// Number of elements of an array that may be null. Refuses a count that the remaining
    /// bytes cannot hold when each element takes at least `min_bytes` (0 counts as 1).
    ///
    /// # Errors
    /// `Truncated`, `NegativeLength`, `CountTooLarge`, `VarintTooLong`.
    #[inline]
    pub fn nullable_count(
        &mut self,
        flexible: bool,
        min_bytes: usize,
    ) -> Result<Option<usize>, WireError> {
        let count = if flexible {
            self.compact_length()?
        } else {
            self.wide_length()?
        };
        let Some(count) = count else { return Ok(None) };
        let left = self.rest.len();
        if count > left / min_bytes.max(1) {
            return Err(WireError::CountTooLarge {
                count: count as u64,
                left,
            });
        }
        Ok(Some(count))
    }

    /// An array that may be null. One allocation for the elements; none when it is empty.
    ///
    /// # Errors
    /// As [`Self::nullable_count`], `MemoryBudget`, and whatever `element` returns.
    #[inline]
    pub fn nullable_array<T>(
        &mut self,
        flexible: bool,
        min_bytes: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<Vec<T>>, WireError> {
        let Some(count) = self.nullable_count(flexible, min_bytes)? else {
            return Ok(None);
        };
        let cost_bytes = count.saturating_mul(size_of::<T>());
        self.budget_bytes = self
            .budget_bytes
            .checked_sub(cost_bytes)
            .ok_or(WireError::MemoryBudget)?;
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Ok(Some(elements))
    }

    /// An array.
    ///
    /// # Errors
    /// As [`Self::nullable_array`], and `UnexpectedNull`.
    #[inline]
    pub fn array<T>(
        &mut self,
        flexible: bool,
        min_bytes: usize,
        element: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        self.nullable_array(flexible, min_bytes, element)?
            .ok_or(WireError::UnexpectedNull)
    }

    /// A structure that may be null: a byte below 0 for null, then the structure.
    ///
    /// # Errors
    /// `Truncated`, and whatever `body` returns.
    #[inline]
    pub fn nullable_struct<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        if self.i8()? < 0 {
            Ok(None)
        } else {
            body(self).map(Some)
        }
    }

    /// A tagged structure that may be null: unlike elsewhere, 0 stands for null.
    ///
    /// # Errors
    /// `Truncated`, and whatever `body` returns.
    #[inline]
    pub fn nullable_tagged_struct<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        if self.uvarint()? == 0 {
            Ok(None)
        } else {
            body(self).map(Some)
        }
    }

    /// The tagged fields at the end of a flexible structure. `known` gets each tag and a reader
    /// that ends with the field; it returns false for a tag it does not know, which is skipped.
    ///
    /// # Errors
    /// `Truncated`, `CountTooLarge`, `VarintTooLong`, `TrailingBytes` when a known field is
    /// longer than its value, and whatever `known` returns.
    #[inline]
    pub fn tagged_fields(
        &mut self,
        mut known: impl FnMut(u32, &mut Self) -> Result<bool, WireError>,
    ) -> Result<(), WireError> {
        for _ in 0..self.tagged_count()? {
            let tag = self.uvarint()?;
            let length = self.tagged_length()?;
            let field = self.take(length)?;
            let after = std::mem::replace(&mut self.rest, field);
            let was_known = known(tag, self)?;
            let left = std::mem::replace(&mut self.rest, after).len();
            if was_known && left > 0 {
                return Err(WireError::TrailingBytes { left });
            }
        }
        Ok(())
    }

    /// Skips the tagged fields of a structure that knows none.
    ///
    /// # Errors
    /// `Truncated`, `CountTooLarge`, `VarintTooLong`.
    #[inline]
    pub fn skip_tagged_fields(&mut self) -> Result<(), WireError> {
        for _ in 0..self.tagged_count()? {
            self.uvarint()?;
            let length = self.tagged_length()?;
            self.take(length)?;
        }
        Ok(())
    }

    #[inline]
    fn tagged_count(&mut self) -> Result<u32, WireError> {
        let count = self.uvarint()?;
        // Each field takes at least a tag and a length.
        if count as usize > self.rest.len() / 2 {
            return Err(WireError::CountTooLarge {
                count: count.into(),
                left: self.rest.len(),
            });
        }
        Ok(count)
    }

    #[inline]
    fn tagged_length(&mut self) -> Result<usize, WireError> {
        let length = self.uvarint()?;
        usize::try_from(length).map_err(|_| WireError::NegativeLength(length.into()))
    }
}
