//! What a request is answered with, before it is written.

use std::borrow::Cow;

use segment::Part;

use super::codes::response;
use super::ext::HeaderError;
use super::frame::HeaderForm;
use super::write::{ExtWriter, Head, write_frame};

/// A response to come: code, remark, fields and body.
#[derive(Debug, Default)]
pub struct Answer {
    /// How it went.
    pub code: i32,
    /// Text for people.
    pub remark: Option<Cow<'static, str>>,
    /// The response's own fields.
    pub ext: Vec<(&'static str, Cow<'static, str>)>,
    /// Bytes behind the header.
    pub body: Vec<u8>,
    /// More of the body, where it lies: entries of the log.
    pub parts: Vec<Part>,
}

impl Answer {
    /// Success, and nothing more to say.
    #[must_use]
    pub fn success() -> Self {
        Self::default()
    }

    /// A code, and a remark that says more.
    #[must_use]
    pub fn with_code(code: i32, remark: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            remark: Some(remark.into()),
            ..Self::default()
        }
    }

    /// Success with a body.
    #[must_use]
    pub fn with_body(body: Vec<u8>) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.ext.push((name, value.into()));
        self
    }

    /// Adds a field that is a number.
    #[must_use]
    pub fn number(self, name: &'static str, value: i64) -> Self {
        self.field(name, value.to_string())
    }

    /// Appends the frame to `out`, but for its `parts`, as the response to the request `opaque` in that request's form.
    ///
    /// What does not fit a frame is answered by an error in its place; then the parts do not follow, and `false` comes
    /// back.
    #[must_use]
    pub fn write(&self, out: &mut Vec<u8>, form: HeaderForm, opaque: i32) -> bool {
        let parts_bytes: usize = self.parts.iter().map(Part::len).sum();
        let head = Head::response(form, opaque, self.code, self.remark.as_deref());
        let fields = |writer: &mut ExtWriter<'_>| {
            for (name, value) in &self.ext {
                writer.put(name, value);
            }
        };
        if write_frame(out, &head, &fields, self.body.len() + parts_bytes) {
            out.extend_from_slice(&self.body);
            return true;
        }
        let remark = "the response does not fit a frame";
        let head = Head::response(form, opaque, response::SYSTEM_ERROR, Some(remark));
        let written = write_frame(out, &head, &|_| {}, 0);
        debug_assert!(written, "a short response fits");
        false
    }
}

/// Why a request gets an error for an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {remark}")]
pub struct Refusal {
    /// Which error.
    pub code: i32,
    /// What is wrong and what to do.
    pub remark: Cow<'static, str>,
}

impl Refusal {
    /// Refuses with this code.
    #[must_use]
    pub fn new(code: i32, remark: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            remark: remark.into(),
        }
    }

    /// Refuses with SYSTEM_ERROR.
    #[must_use]
    pub fn system(remark: impl Into<Cow<'static, str>>) -> Self {
        Self::new(response::SYSTEM_ERROR, remark)
    }
}

impl From<HeaderError> for Refusal {
    fn from(error: HeaderError) -> Self {
        Self::system(error.to_string())
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::with_code(refusal.code, refusal.remark)
    }
}
