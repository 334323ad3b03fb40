//! A header's own fields: text by name, read as what a request needs them to be.

use std::borrow::Cow;

/// Why a request's fields are not what it needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A field that must be there is not. The words are Java's, which clients have been seen to search for.
    #[error("the custom field <{0}> is null")]
    Missing(&'static str),
    /// A field is there and is no such thing.
    #[error("the custom field <{field}> must be {expected}, and is `{value}`")]
    Invalid {
        /// Its name on the wire.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is, shortened.
        value: String,
    },
}

/// The `extFields` of a header, in the order they came. Of a repeated name the last one counts, as in a Java map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtFields<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> ExtFields<'a> {
    pub(super) fn push(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        self.fields.push((name, value));
    }

    /// The text of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().rfind(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    /// All fields as sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A field as a request wants it.
    ///
    /// # Errors
    /// It is absent though needed, or its text is no `T`.
    pub fn read<'e, T: Field<'e>>(&'e self, name: &'static str) -> Result<T, HeaderError> {
        T::read(name, self.get(name))
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Cow<'a, str>)> for ExtFields<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(fields: I) -> Self {
        Self {
            fields: fields.into_iter().collect(),
        }
    }
}

/// What a field's text can be read as and written from.
pub trait Field<'e>: Sized {
    /// Reads the text of the field `name`, `None` where it is absent.
    ///
    /// # Errors
    /// As [`ExtFields::read`].
    fn read(name: &'static str, text: Option<&'e str>) -> Result<Self, HeaderError>;

    /// Its text; `None` leaves the field out.
    fn text(&self) -> Option<Cow<'_, str>>;
}

impl<'e> Field<'e> for &'e str {
    fn read(name: &'static str, text: Option<&'e str>) -> Result<Self, HeaderError> {
        text.ok_or(HeaderError::Missing(name))
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl<'e> Field<'e> for String {
    fn read(name: &'static str, text: Option<&'e str>) -> Result<Self, HeaderError> {
        <&str>::read(name, text).map(ToOwned::to_owned)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl<'e> Field<'e> for i32 {
    fn read(name: &'static str, text: Option<&'e str>) -> Result<Self, HeaderError> {
        let text = text.ok_or(HeaderError::Missing(name))?;
        let invalid = |_| invalid(name, "a 32-bit integer", text);
        text.parse().map_err(invalid)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.to_string()))
    }
}

impl<'e> Field<'e> for i64 {
    fn read(name: &'static str, text: Option<&'e str>) -> Result<Self, HeaderError> {
        let text = text.ok_or(HeaderError::Missing(name))?;
        let invalid = |_| invalid(name, "a 64-bit integer", text);
        text.parse().map_err(invalid)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.to_string()))
    }
}

/// As Java's `Boolean.parseBoolean`: everything but `true` is false.
impl<'e> Field<'e> for bool {
    fn read(name: &'static str, text: Option<&'e str>) -> Result<Self, HeaderError> {
        let text = text.ok_or(HeaderError::Missing(name))?;
        Ok(text.eq_ignore_ascii_case("true"))
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(if *self { "true" } else { "false" }))
    }
}

impl<'e, T: Field<'e>> Field<'e> for Option<T> {
    fn read(name: &'static str, text: Option<&'e str>) -> Result<Self, HeaderError> {
        text.map(|text| T::read(name, Some(text))).transpose()
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        self.as_ref().and_then(T::text)
    }
}

fn invalid(field: &'static str, expected: &'static str, text: &str) -> HeaderError {
    HeaderError::Invalid {
        field,
        expected,
        value: text.chars().take(40).collect(),
    }
}
