//! The JSON form of a header: Java's, Go's and whatever else a JSON library makes of it.
//!
//! Unknown fields are passed over, numbers may be strings, anything may be null.

use super::command::Parts;
use super::ext::ExtFields;
use super::json_scan::{JsonError, Scanner};
use super::language::Language;

pub(super) fn read(header: &str) -> Result<Parts<'_>, JsonError> {
    let mut parts = Parts::default();
    let mut scanner = Scanner::new(header);
    scanner.object(|value, name| {
        match &*name {
            "code" => parts.code = value.integer()?,
            "flag" => parts.flag = value.integer()?,
            "opaque" => parts.opaque = value.integer()?,
            "version" => parts.version = value.integer()?,
            "language" => {
                let language = value.text_value()?;
                parts.language = language.map_or(Language::OTHER, |l| Language::from_name(&l));
            }
            "remark" => parts.remark = value.text_value()?,
            "extFields" => parts.ext = ext_fields(value)?,
            _ => value.skip(0)?,
        }
        Ok(())
    })?;
    scanner.end()?;
    Ok(parts)
}

fn ext_fields<'a>(value: &mut Scanner<'a>) -> Result<ExtFields<'a>, JsonError> {
    let mut fields = ExtFields::default();
    if value.peek() != Some(b'{') {
        // `null`, or an empty string as one client sends it.
        value.skip(0)?;
        return Ok(fields);
    }
    value.object(|value, name| {
        if let Some(text) = value.text_value()? {
            fields.push(name, text);
        }
        Ok(())
    })?;
    Ok(fields)
}
