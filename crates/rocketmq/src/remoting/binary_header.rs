//! The packed form of a header: Java's `RocketMQSerializable`.

use std::borrow::Cow;

use super::command::Parts;
use super::ext::ExtFields;
use super::language::Language;

/// Why the bytes are no header, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// Something reaches beyond what there is.
    #[error("{what} at byte {at} reaches beyond the header")]
    Cut {
        /// The field.
        what: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// A text is not UTF-8.
    #[error("{what} before byte {at} is not UTF-8")]
    NotText {
        /// The field.
        what: &'static str,
        /// Where it ends.
        at: usize,
    },
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], BinaryError> {
        let found = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk());
        let array = *found.ok_or(BinaryError::Cut { what, at: self.at })?;
        self.at += N;
        Ok(array)
    }

    fn i16(&mut self, what: &'static str) -> Result<i16, BinaryError> {
        self.array(what).map(i16::from_be_bytes)
    }

    fn i32(&mut self, what: &'static str) -> Result<i32, BinaryError> {
        self.array(what).map(i32::from_be_bytes)
    }

    /// Text of so many bytes; a length of zero or less is none.
    fn text(&mut self, length: i32, what: &'static str) -> Result<Option<&'a str>, BinaryError> {
        let length = usize::try_from(length).unwrap_or(0);
        if length == 0 {
            return Ok(None);
        }
        let cut = BinaryError::Cut { what, at: self.at };
        let end = self.at.checked_add(length).ok_or(cut)?;
        let bytes = self.bytes.get(self.at..end).ok_or(cut)?;
        self.at = end;
        let text = std::str::from_utf8(bytes);
        text.map(Some)
            .map_err(|_| BinaryError::NotText { what, at: end })
    }
}

pub(super) fn read(header: &[u8]) -> Result<Parts<'_>, BinaryError> {
    let mut cursor = Cursor {
        bytes: header,
        at: 0,
    };
    let code = i32::from(cursor.i16("the code")?);
    let [language] = cursor.array("the language")?;
    let version = i32::from(cursor.i16("the version")?);
    let opaque = cursor.i32("the opaque number")?;
    let flag = cursor.i32("the flag")?;
    let remark_length = cursor.i32("the remark's length")?;
    let remark = cursor.text(remark_length, "the remark")?;
    let ext_length = cursor.i32("the length of the fields")?;
    let ext = ext_fields(&mut cursor, ext_length)?;
    Ok(Parts {
        code,
        language: Language::from_number(language),
        version,
        opaque,
        flag,
        remark: remark.map(Cow::Borrowed),
        ext,
    })
}

fn ext_fields<'a>(cursor: &mut Cursor<'a>, length: i32) -> Result<ExtFields<'a>, BinaryError> {
    let mut fields = ExtFields::default();
    let at = cursor.at;
    let what = "the fields";
    let end = at.checked_add(usize::try_from(length).unwrap_or(0));
    let end = end.filter(|end| *end <= cursor.bytes.len());
    let end = end.ok_or(BinaryError::Cut { what, at })?;
    while cursor.at < end {
        let name_length = i32::from(cursor.i16("a field's name length")?);
        let name = cursor.text(name_length, "a field's name")?;
        let value_length = cursor.i32("a field's length")?;
        let value = cursor.text(value_length, "a field")?;
        if let Some(name) = name {
            fields.push(Cow::Borrowed(name), Cow::Borrowed(value.unwrap_or("")));
        }
    }
    Ok(fields)
}
