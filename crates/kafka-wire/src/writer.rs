//! Appends Kafka's primitive types to a byte vector.
//!
//! Invariants: the vector only grows, except that a reserved length is patched in place and
//! the length of a tagged field is put before its content. After an error the tail written by
//! the failed call is unspecified; callers drop it or truncate.
//!
//! Absent on purpose: knowledge of any message, and I/O.

use crate::{Uuid, WireError};

/// Bytes being written. Wraps a `Vec<u8>` and gives it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writer {
    bytes: Vec<u8>,
}

/// Four bytes kept free for a length that is known later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct LengthSlot {
    at: usize,
}

macro_rules! fixed_width {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(&mut self, value: $ty) {
            self.bytes.extend_from_slice(&value.to_be_bytes());
        }
    )*};
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty writer with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// What was written so far.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// What was written, to be stamped in place.
    #[must_use]
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Gives the vector back.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.bytes
    }

    /// How many bytes were written.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Drops what was written after the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Makes room for `additional` more bytes.
    pub fn reserve(&mut self, additional: usize) {
        self.bytes.reserve(additional);
    }

    /// Bytes as they are, without a length.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
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

    /// One byte, 0 or 1.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    /// Sixteen raw bytes.
    #[inline]
    pub fn uuid(&mut self, value: Uuid) {
        self.bytes.extend_from_slice(&value.0);
    }

    /// Unsigned integer, seven bits a byte, lowest first.
    #[inline]
    pub fn uvarint(&mut self, value: u32) {
        self.uvarlong(value.into());
    }

    /// Unsigned integer of 64 bits, seven bits a byte, lowest first.
    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "only the low seven bits are meant"
    )]
    pub fn uvarlong(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Zigzag-coded signed integer of 32 bits.
    #[inline]
    pub fn varint(&mut self, value: i32) {
        self.uvarint(((value << 1) ^ (value >> 31)).cast_unsigned());
    }

    /// Zigzag-coded signed integer of 64 bits.
    #[inline]
    pub fn varlong(&mut self, value: i64) {
        self.uvarlong(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// Keeps four bytes free for a 32-bit length; see [`Self::patch_length`].
    #[inline]
    pub fn reserve_length(&mut self) -> LengthSlot {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        LengthSlot { at }
    }

    /// Puts the number of bytes written since `slot`, plus `extra_bytes` that the caller sends
    /// after them from elsewhere, into it.
    ///
    /// # Errors
    /// `TooLong` above `i32::MAX`.
    #[inline]
    pub fn patch_length(&mut self, slot: LengthSlot, extra_bytes: usize) -> Result<(), WireError> {
        let length = self
            .bytes
            .len()
            .saturating_sub(slot.at + 4)
            .saturating_add(extra_bytes);
        let value = i32::try_from(length).map_err(|_| WireError::TooLong { length })?;
        self.patch_i32(slot, value);
        Ok(())
    }

    /// Puts `value` into a reserved place.
    #[inline]
    pub fn patch_i32(&mut self, slot: LengthSlot, value: i32) {
        if let Some(place) = self.bytes.get_mut(slot.at..slot.at + 4) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }

    /// Length plus one, as compact values have it; `None` is null.
    #[inline]
    fn compact_length(&mut self, length: Option<usize>) -> Result<(), WireError> {
        let prefix = match length {
            None => 0,
            Some(length) => i32::try_from(length)
                .map_err(|_| WireError::TooLong { length })?
                .cast_unsigned()
                .saturating_add(1),
        };
        self.uvarint(prefix);
        Ok(())
    }

    #[inline]
    fn wide_length(&mut self, length: Option<usize>) -> Result<(), WireError> {
        self.i32(match length {
            None => -1,
            Some(length) => i32::try_from(length).map_err(|_| WireError::TooLong { length })?,
        });
        Ok(())
    }

    /// A string or null: 16-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// `TooLong` above 32767 bytes in the classic form.
    #[inline]
    pub fn nullable_string(
        &mut self,
        value: Option<&str>,
        flexible: bool,
    ) -> Result<(), WireError> {
        let length = value.map(str::len);
        if flexible {
            self.compact_length(length)?;
        } else {
            self.i16(match length {
                None => -1,
                Some(length) => i16::try_from(length).map_err(|_| WireError::TooLong { length })?,
            });
        }
        self.bytes
            .extend_from_slice(value.unwrap_or_default().as_bytes());
        Ok(())
    }

    /// A string: 16-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// As [`Self::nullable_string`].
    #[inline]
    pub fn string(&mut self, value: &str, flexible: bool) -> Result<(), WireError> {
        self.nullable_string(Some(value), flexible)
    }

    /// Only the length prefix of a byte field (or null), for content that is sent from elsewhere.
    ///
    /// # Errors
    /// `TooLong` above `i32::MAX`.
    #[inline]
    pub fn bytes_length(&mut self, length: Option<usize>, flexible: bool) -> Result<(), WireError> {
        if flexible {
            self.compact_length(length)
        } else {
            self.wide_length(length)
        }
    }

    /// A byte field or null: 32-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// As [`Self::bytes_length`].
    #[inline]
    pub fn nullable_bytes(
        &mut self,
        value: Option<&[u8]>,
        flexible: bool,
    ) -> Result<(), WireError> {
        self.bytes_length(value.map(<[u8]>::len), flexible)?;
        self.bytes.extend_from_slice(value.unwrap_or_default());
        Ok(())
    }

    /// A byte field: 32-bit length, or compact when `flexible`.
    ///
    /// # Errors
    /// As [`Self::bytes_length`].
    #[inline]
    pub fn bytes(&mut self, value: &[u8], flexible: bool) -> Result<(), WireError> {
        self.nullable_bytes(Some(value), flexible)
    }

    /// Number of elements of an array (or null), before its elements.
    ///
    /// # Errors
    /// `TooLong` above `i32::MAX`.
    #[inline]
    pub fn count(&mut self, count: Option<usize>, flexible: bool) -> Result<(), WireError> {
        self.bytes_length(count, flexible)
    }

    /// An array or null.
    ///
    /// # Errors
    /// `TooLong`, and whatever `element` returns.
    #[inline]
    pub fn nullable_array<T>(
        &mut self,
        elements: Option<&[T]>,
        flexible: bool,
        mut element: impl FnMut(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.count(elements.map(<[T]>::len), flexible)?;
        for one in elements.unwrap_or_default() {
            element(self, one)?;
        }
        Ok(())
    }

    /// An array.
    ///
    /// # Errors
    /// `TooLong`, and whatever `element` returns.
    #[inline]
    pub fn array<T>(
        &mut self,
        elements: &[T],
        flexible: bool,
        element: impl FnMut(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.nullable_array(Some(elements), flexible, element)
    }

    /// A structure that may be null: a marker byte (−1 null, 1 present), then the structure.
    ///
    /// # Errors
    /// Whatever `body` returns.
    #[inline]
    pub fn nullable_struct<T>(
        &mut self,
        value: Option<&T>,
        body: impl FnOnce(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        match value {
            None => self.i8(-1),
            Some(value) => {
                self.i8(1);
                body(self, value)?;
            }
        }
        Ok(())
    }

    /// A tagged structure that may be null: unlike elsewhere, 0 stands for null.
    ///
    /// # Errors
    /// Whatever `body` returns.
    #[inline]
    pub fn nullable_tagged_struct<T>(
        &mut self,
        value: Option<&T>,
        body: impl FnOnce(&mut Self, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.bool(value.is_some());
        value.map_or(Ok(()), |value| body(self, value))
    }

    /// One tagged field: tag, length, content. The number of tagged fields goes before the
    /// first, by [`Self::uvarint`]; tags must rise.
    ///
    /// # Errors
    /// `TooLong`, and whatever `content` returns.
    pub fn tagged(
        &mut self,
        tag: u32,
        content: impl FnOnce(&mut Self) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.uvarint(tag);
        let start = self.bytes.len();
        content(self)?;
        let length = self.bytes.len() - start;
        let prefix = u32::try_from(length).map_err(|_| WireError::TooLong { length })?;
        // The length goes before the content: write it at the end, then rotate it to the front.
        self.uvarint(prefix);
        let prefix_bytes = self.bytes.len() - start - length;
        if let Some(field) = self.bytes.get_mut(start..) {
            field.rotate_right(prefix_bytes);
        }
        Ok(())
    }
}

impl From<Vec<u8>> for Writer {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }
}
