//! One message as a Rust module: its structures, their defaults, and owned copies.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::schema::{Default, Field, Kind, Message, Struct, Type, Versions, field_name};
use super::{decode, encode};

/// The text of the module, unformatted.
pub(crate) fn module(message: &Message) -> Result<String> {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "//! `{}`, versions {}. Written by `cargo xtask codegen`; do not edit.\n",
        message.name, message.versions
    );
    let borrows = (0..message.structs.len()).any(|index| needs_lifetime(message, index));
    if borrows {
        out.push_str("use std::borrow::Cow;\n\n");
    }
    let mut items = String::new();
    for (index, part) in message.structs.iter().enumerate() {
        definition(&mut items, message, index);
        defaults(&mut items, message, index);
        if index == 0 {
            message_impl(&mut items, message)?;
        } else {
            part_impl(&mut items, message, index, part)?;
        }
        if needs_lifetime(message, index) {
            owned(&mut items, message, index);
        }
    }
    if items.contains("required(") {
        out.push_str("use crate::message::required;\n");
    }
    out.push_str("use crate::*;\n\n");
    out.push_str(&items);
    Ok(out)
}

/// Whether the structure borrows from the input.
pub(crate) fn needs_lifetime(message: &Message, index: usize) -> bool {
    message.structs[index]
        .fields
        .iter()
        .any(|field| borrows(message, &field.kind))
}

fn borrows(message: &Message, kind: &Type) -> bool {
    match kind {
        Type::String | Type::Bytes => true,
        Type::Array(element) => borrows(message, element),
        Type::Struct(index) => needs_lifetime(message, *index),
        _ => false,
    }
}

/// The structure's type with the lifetime `'a` where it has one.
fn type_name(message: &Message, index: usize, lifetime: &str) -> String {
    let name = &message.structs[index].name;
    if needs_lifetime(message, index) {
        format!("{name}<{lifetime}>")
    } else {
        name.clone()
    }
}

fn rust_type(message: &Message, kind: &Type) -> String {
    match kind {
        Type::Bool => "bool".into(),
        Type::Int8 => "i8".into(),
        Type::Int16 => "i16".into(),
        Type::Uint16 => "u16".into(),
        Type::Int32 => "i32".into(),
        Type::Uint32 => "u32".into(),
        Type::Int64 => "i64".into(),
        Type::Float64 => "f64".into(),
        Type::Uuid => "Uuid".into(),
        Type::String => "Cow<'a, str>".into(),
        Type::Bytes => "Cow<'a, [u8]>".into(),
        Type::Array(element) => format!("Vec<{}>", rust_type(message, element)),
        Type::Struct(index) => type_name(message, *index, "'a"),
    }
}

fn schema_type(message: &Message, kind: &Type) -> String {
    match kind {
        Type::Array(element) => format!("[]{}", schema_type(message, element)),
        Type::Struct(index) => message.structs[*index].name.clone(),
        plain => format!("{plain:?}").to_lowercase(),
    }
}

/// What the schema says about a field, on one line.
fn field_doc(message: &Message, field: &Field) -> String {
    let mut doc = format!(
        "{}, versions {}",
        schema_type(message, &field.kind),
        field.versions
    );
    if let Some(nullable) = field.nullable {
        let _ = write!(doc, ", nullable {nullable}");
    }
    if let Some(tag) = field.tag {
        let _ = write!(doc, ", tag {tag}");
    }
    match &field.default {
        Default::Null => doc.push_str(", default null"),
        Default::Int(value) => {
            let _ = write!(doc, ", default {value}");
        }
        Default::Bool(value) => {
            let _ = write!(doc, ", default {value}");
        }
        Default::Text(text) => {
            let _ = write!(doc, ", default {text:?}");
        }
        Default::Nothing => {}
    }
    if field.ignorable {
        doc.push_str(", ignorable");
    }
    format!("`{doc}`")
}

fn definition(out: &mut String, message: &Message, index: usize) {
    let part = &message.structs[index];
    let has_float = part
        .fields
        .iter()
        .any(|field| has_float(message, &field.kind));
    let eq = if has_float { "" } else { ", Eq" };
    if index == 0 {
        let key = message
            .key
            .map(|key| format!(", key {key}"))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "/// `{}`{key}, versions {}.",
            message.name, message.versions
        );
    } else {
        let _ = writeln!(out, "/// Part of [`{}`].", message.name);
    }
    let _ = writeln!(out, "#[derive(Debug, Clone, PartialEq{eq})]");
    let _ = writeln!(out, "pub struct {} {{", type_name(message, index, "'a"));
    for field in &part.fields {
        let plain = rust_type(message, &field.kind);
        let kind = if field.nullable.is_some() {
            format!("Option<{plain}>")
        } else {
            plain
        };
        let _ = writeln!(out, "/// {}", field_doc(message, field));
        let _ = writeln!(out, "pub {}: {kind},", field_name(&field.name));
    }
    out.push_str("}\n\n");
}

fn has_float(message: &Message, kind: &Type) -> bool {
    match kind {
        Type::Float64 => true,
        Type::Array(element) => has_float(message, element),
        Type::Struct(index) => message.structs[*index]
            .fields
            .iter()
            .any(|field| has_float(message, &field.kind)),
        _ => false,
    }
}

/// The value a field has when nobody sets it.
pub(crate) fn default_value(message: &Message, field: &Field) -> String {
    if field.default == Default::Null {
        return "None".into();
    }
    let value = match (&field.kind, &field.default) {
        (_, Default::Bool(value)) => value.to_string(),
        (_, Default::Int(value)) => value.to_string(),
        (_, Default::Text(text)) => format!("Cow::Borrowed({text:?})"),
        (Type::Bool, _) => "false".into(),
        (Type::Float64, _) => "0.0".into(),
        (Type::Uuid, _) => "Uuid::ZERO".into(),
        (Type::String, _) => "Cow::Borrowed(\"\")".into(),
        (Type::Bytes, _) => "Cow::Borrowed(&[])".into(),
        (Type::Array(_), _) => "Vec::new()".into(),
        (Type::Struct(index), _) => format!("{}::default()", message.structs[*index].name),
        _ => "0".into(),
    };
    if field.nullable.is_some() {
        format!("Some({value})")
    } else {
        value
    }
}

fn defaults(out: &mut String, message: &Message, index: usize) {
    let part = &message.structs[index];
    let lifetime = if needs_lifetime(message, index) {
        "<'a>"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "impl{lifetime} Default for {} {{",
        type_name(message, index, "'a")
    );
    out.push_str("fn default() -> Self {\nSelf {\n");
    for field in &part.fields {
        let value = default_value(message, field);
        let _ = writeln!(out, "{}: {value},", field_name(&field.name));
    }
    out.push_str("}\n}\n}\n\n");
}

fn message_impl(out: &mut String, message: &Message) -> Result<()> {
    let name = type_name(message, 0, "'a");
    let _ = writeln!(out, "impl<'a> Message<'a> for {name} {{");
    let _ = writeln!(out, "const KEY: i16 = {};", message.key.unwrap_or(-1));
    let _ = writeln!(out, "const NAME: &'static str = {:?};", message.name);
    let Versions { min, max } = message.versions;
    let _ = writeln!(
        out,
        "const VERSIONS: VersionRange = VersionRange::new({min}, {max});"
    );
    let flexible = match message.flexible {
        Some(range) => {
            ensure!(range.max == max, "flexible up to a version only");
            format!("Some({})", range.min)
        }
        None => "None".into(),
    };
    let _ = writeln!(out, "const FLEXIBLE_FROM: Option<i16> = {flexible};\n");
    let check = "if !Self::VERSIONS.contains(version) {\n\
        return Err(WireError::UnsupportedVersion { message: Self::NAME, version });\n}\n";
    out.push_str("fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {\n");
    out.push_str(check);
    decode::body(out, message, 0);
    out.push_str(
        "}\n\nfn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {\n",
    );
    out.push_str(check);
    encode::body(out, message, 0);
    out.push_str("}\n}\n\n");
    if message.kind == Kind::Request {
        request_impl(out, message);
    }
    Ok(())
}

fn request_impl(out: &mut String, message: &Message) {
    let stem = message.name.trim_end_matches("Request");
    let _ = writeln!(out, "impl Request for {} {{", type_name(message, 0, "'_"));
    let _ = writeln!(out, "const API: ApiKey = ApiKey::{stem};");
    let _ = writeln!(out, "type Response<'b> = super::{stem}ResponseType<'b>;");
    out.push_str("}\n\n");
}

fn part_impl(out: &mut String, message: &Message, index: usize, part: &Struct) -> Result<()> {
    ensure!(part.name != message.name, "a part named like the message");
    let lifetime = needs_lifetime(message, index);
    let generics = if lifetime { "<'a>" } else { "" };
    let reader = if lifetime { "Reader<'a>" } else { "Reader<'_>" };
    let _ = writeln!(out, "impl{generics} {} {{", type_name(message, index, "'a"));
    let _ = writeln!(
        out,
        "pub(crate) fn decode(r: &mut {reader}, version: i16) -> Result<Self, WireError> {{"
    );
    decode::body(out, message, index);
    out.push_str(
        "}\n\npub(crate) fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {\n",
    );
    encode::body(out, message, index);
    out.push_str("}\n}\n\n");
    Ok(())
}

fn owned(out: &mut String, message: &Message, index: usize) {
    let part = &message.structs[index];
    let _ = writeln!(out, "impl {} {{", type_name(message, index, "'_"));
    out.push_str("/// A copy that borrows nothing.\n#[must_use]\n");
    let _ = writeln!(
        out,
        "pub fn into_owned(self) -> {} {{",
        type_name(message, index, "'static")
    );
    let _ = writeln!(out, "{} {{", part.name);
    for field in &part.fields {
        let name = field_name(&field.name);
        let access = format!("self.{name}");
        let value = if !borrows(message, &field.kind) {
            access
        } else if field.nullable.is_some() {
            format!(
                "{access}.map(|value| {})",
                owned_value(&field.kind, "value")
            )
        } else {
            owned_value(&field.kind, &access)
        };
        let _ = writeln!(out, "{name}: {value},");
    }
    out.push_str("}\n}\n}\n\n");
}

fn owned_value(kind: &Type, value: &str) -> String {
    match kind {
        Type::String | Type::Bytes => format!("Cow::Owned({value}.into_owned())"),
        Type::Array(element) => {
            format!(
                "{value}.into_iter().map(|one| {}).collect()",
                owned_value(element, "one")
            )
        }
        _ => format!("{value}.into_owned()"),
    }
}
