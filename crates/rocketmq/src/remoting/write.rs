//! Writing frames: header in either form, room for a body behind it.

use std::fmt::{Display, Write as _};

use super::command::{ONEWAY_FLAG, RESPONSE_FLAG, VERSION};
use super::frame::HeaderForm;
use super::language::Language;

/// The fixed part of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// How to write it.
    pub form: HeaderForm,
    /// What is asked, or how it went.
    pub code: i32,
    /// What the sender is written in.
    pub language: Language,
    /// The sender's protocol version.
    pub version: i32,
    /// Joins a response to its request.
    pub opaque: i32,
    /// Response and one-way bits.
    pub flag: i32,
    /// Text for people.
    pub remark: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// The head of a response of this server to a request in this form.
    #[must_use]
    pub fn response(form: HeaderForm, opaque: i32, code: i32, remark: Option<&'a str>) -> Self {
        Self {
            form,
            code,
            language: Language::JAVA,
            version: VERSION,
            opaque,
            flag: RESPONSE_FLAG,
            remark,
        }
    }

    /// The head of a request of this server.
    #[must_use]
    pub fn request(code: i32, opaque: i32, oneway: bool) -> Self {
        Self {
            form: HeaderForm::Json,
            code,
            language: Language::JAVA,
            version: VERSION,
            opaque,
            flag: if oneway { ONEWAY_FLAG } else { 0 },
            remark: None,
        }
    }
}

/// Appends a frame to `out`: prefix, header, and lengths that count `body_bytes` more, which the caller appends.
///
/// `fields` writes the header's own fields. A frame whose lengths do not fit what the format has for them is not
/// written, and `false` is returned: the caller says so in an answer without the fields or the body.
#[must_use]
pub fn write_frame(
    out: &mut Vec<u8>,
    head: &Head<'_>,
    fields: &dyn Fn(&mut ExtWriter<'_>),
    body_bytes: usize,
) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    let header_start = out.len();
    let fits = match head.form {
        HeaderForm::Json => {
            json(out, head, fields);
            true
        }
        HeaderForm::Binary => binary(out, head, fields),
    };
    let header_bytes = out.len() - header_start;
    let whole = u32::try_from(4 + header_bytes + body_bytes).ok();
    let header = u32::try_from(header_bytes).ok().filter(|n| *n < 1 << 24);
    let (Some(whole), Some(header), true) = (whole, header, fits) else {
        out.truncate(start);
        return false;
    };
    let header_field = header | (u32::from(head.form.number()) << 24);
    if let Some(prefix) = out.get_mut(start..header_start) {
        let (length, field) = prefix.split_at_mut(4);
        length.copy_from_slice(&whole.to_be_bytes());
        field.copy_from_slice(&header_field.to_be_bytes());
    }
    true
}

/// Fields in fastjson's order, which is alphabetical.
fn json(out: &mut Vec<u8>, head: &Head<'_>, fields: &dyn Fn(&mut ExtWriter<'_>)) {
    out.extend_from_slice(b"{\"code\":");
    decimal(out, head.code);
    let before = out.len();
    out.extend_from_slice(b",\"extFields\":{");
    let mut writer = ExtWriter {
        out,
        form: HeaderForm::Json,
        count: 0,
        fits: true,
    };
    fields(&mut writer);
    if writer.count == 0 {
        out.truncate(before);
    } else {
        out.push(b'}');
    }
    out.extend_from_slice(b",\"flag\":");
    decimal(out, head.flag);
    out.extend_from_slice(b",\"language\":\"");
    out.extend_from_slice(head.language.name().as_bytes());
    out.extend_from_slice(b"\",\"opaque\":");
    decimal(out, head.opaque);
    if let Some(remark) = head.remark {
        out.extend_from_slice(b",\"remark\":");
        json_string(out, remark);
    }
    out.extend_from_slice(b",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":");
    decimal(out, head.version);
    out.push(b'}');
}

/// `false` where a number or length is too large for its field.
fn binary(out: &mut Vec<u8>, head: &Head<'_>, fields: &dyn Fn(&mut ExtWriter<'_>)) -> bool {
    let (Ok(code), Ok(version)) = (i16::try_from(head.code), i16::try_from(head.version)) else {
        return false;
    };
    let remark = head.remark.unwrap_or("");
    let Ok(remark_bytes) = i32::try_from(remark.len()) else {
        return false;
    };
    out.extend_from_slice(&code.to_be_bytes());
    out.push(head.language.number());
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&head.opaque.to_be_bytes());
    out.extend_from_slice(&head.flag.to_be_bytes());
    out.extend_from_slice(&remark_bytes.to_be_bytes());
    out.extend_from_slice(remark.as_bytes());
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut writer = ExtWriter {
        out,
        form: HeaderForm::Binary,
        count: 0,
        fits: true,
    };
    fields(&mut writer);
    let fits = writer.fits;
    let Ok(ext_bytes) = i32::try_from(out.len() - length_at - 4) else {
        return false;
    };
    if let Some(length) = out.get_mut(length_at..length_at + 4) {
        length.copy_from_slice(&ext_bytes.to_be_bytes());
    }
    fits
}

/// Writes a header's own fields.
#[derive(Debug)]
pub struct ExtWriter<'o> {
    out: &'o mut Vec<u8>,
    form: HeaderForm,
    count: usize,
    fits: bool,
}

impl ExtWriter<'_> {
    /// One field.
    pub fn put(&mut self, name: &str, value: &str) {
        match self.form {
            HeaderForm::Json => {
                self.json_name(name);
                json_string(self.out, value);
            }
            HeaderForm::Binary => {
                let lengths = (i16::try_from(name.len()), i32::try_from(value.len()));
                let (Ok(name_bytes), Ok(value_bytes)) = lengths else {
                    self.fits = false;
                    return;
                };
                self.out.extend_from_slice(&name_bytes.to_be_bytes());
                self.out.extend_from_slice(name.as_bytes());
                self.out.extend_from_slice(&value_bytes.to_be_bytes());
                self.out.extend_from_slice(value.as_bytes());
            }
        }
        self.count += 1;
    }

    /// One field whose text has nothing that JSON would have to escape: a number, a word.
    pub fn put_plain(&mut self, name: &str, value: impl Display) {
        if self.form == HeaderForm::Binary {
            self.put(name, &value.to_string());
            return;
        }
        self.json_name(name);
        self.out.push(b'"');
        display(self.out, value);
        self.out.push(b'"');
        self.count += 1;
    }

    fn json_name(&mut self, name: &str) {
        if self.count > 0 {
            self.out.push(b',');
        }
        json_string(self.out, name);
        self.out.push(b':');
    }
}

fn decimal(out: &mut Vec<u8>, number: i32) {
    display(out, number);
}

fn display(out: &mut Vec<u8>, value: impl Display) {
    struct Bytes<'v>(&'v mut Vec<u8>);
    impl std::fmt::Write for Bytes<'_> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }
    // Writing into memory does not fail.
    let _ = write!(Bytes(out), "{value}");
}

/// A JSON string with its quotes.
pub(crate) fn json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut plain_from = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => Some(b'"'),
            b'\\' => Some(b'\\'),
            b'\n' => Some(b'n'),
            b'\r' => Some(b'r'),
            b'\t' => Some(b't'),
            0..0x20 => None,
            _ => continue,
        };
        out.extend_from_slice(bytes.get(plain_from..at).unwrap_or_default());
        match short {
            Some(letter) => out.extend_from_slice(&[b'\\', letter]),
            None => display(out, format_args!("\\u{byte:04x}")),
        }
        plain_from = at + 1;
    }
    out.extend_from_slice(bytes.get(plain_from..).unwrap_or_default());
    out.push(b'"');
}
