//! The body of `decode`: start from the defaults, read what the version has.

use std::fmt::Write as _;

use super::schema::{Field, Message, Type, Versions, field_name};

pub(crate) fn body(out: &mut String, message: &Message, index: usize) {
    let part = &message.structs[index];
    let flexible = flexible_flag(out, message, part.versions);
    out.push_str("let mut m = Self::default();\n");
    for field in part.fields.iter().filter(|field| field.tag.is_none()) {
        let assignment = format!(
            "m.{} = {};",
            field_name(&field.name),
            read(message, field, &flexible)
        );
        conditional(out, field.versions.condition(part.versions), &assignment);
    }
    tagged(out, message, index, &flexible);
    out.push_str("Ok(m)\n");
}

/// Writes `let flexible = …` where it depends on the version; returns what to call it.
pub(crate) fn flexible_flag(out: &mut String, message: &Message, context: Versions) -> String {
    let Some(range) = message.flexible else {
        return "false".into();
    };
    if context.max < range.min {
        return "false".into();
    }
    match range.condition(context) {
        None => "true".into(),
        Some(condition) => {
            let _ = writeln!(out, "let flexible = {condition};");
            "flexible".into()
        }
    }
}

fn conditional(out: &mut String, condition: Option<String>, statement: &str) {
    match condition {
        None => {
            let _ = writeln!(out, "{statement}");
        }
        Some(condition) => {
            let _ = writeln!(out, "if {condition} {{\n{statement}\n}}");
        }
    }
}

/// The expression that reads a field in a version that has it.
fn read(message: &Message, field: &Field, flexible: &str) -> String {
    let plain = || format!("{}?", read_value(message, &field.kind, false, flexible));
    let Some(nullable) = field.nullable else {
        return plain();
    };
    let or_null = format!("{}?", read_value(message, &field.kind, true, flexible));
    match nullable.condition(field.versions) {
        None => or_null,
        Some(condition) => {
            format!(
                "if {condition} {{ {or_null} }} else {{ Some({}) }}",
                plain()
            )
        }
    }
}

/// An expression of type `Result`.
fn read_value(message: &Message, kind: &Type, nullable: bool, flexible: &str) -> String {
    let prefix = if nullable { "nullable_" } else { "" };
    match kind {
        Type::Bool => "r.bool()".into(),
        Type::Int8 => "r.i8()".into(),
        Type::Int16 => "r.i16()".into(),
        Type::Uint16 => "r.u16()".into(),
        Type::Int32 => "r.i32()".into(),
        Type::Uint32 => "r.u32()".into(),
        Type::Int64 => "r.i64()".into(),
        Type::Float64 => "r.f64()".into(),
        Type::Uuid => "r.uuid()".into(),
        Type::String => format!("r.{prefix}string({flexible})"),
        Type::Bytes => format!("r.{prefix}bytes({flexible})"),
        Type::Array(element) => {
            let min_bytes = min_bytes_over_versions(message, element);
            let one = read_value(message, element, false, flexible);
            format!("r.{prefix}array({flexible}, {min_bytes}, |r| {one})")
        }
        Type::Struct(index) => {
            let decode = format!("{}::decode(r, version)", message.structs[*index].name);
            if nullable {
                format!("r.nullable_struct(|r| {decode})")
            } else {
                decode
            }
        }
    }
}

fn tagged(out: &mut String, message: &Message, index: usize, flexible: &str) {
    if flexible == "false" {
        return;
    }
    let part = &message.structs[index];
    let mut arms = String::new();
    for field in &part.fields {
        let Some(tag) = field.tag else { continue };
        let guard = field.versions.condition(part.versions);
        let guard = guard
            .map(|condition| format!(" if {condition}"))
            .unwrap_or_default();
        let value =
            read(message, field, "true").replace("nullable_struct(", "nullable_tagged_struct(");
        let _ = writeln!(
            arms,
            "{tag}{guard} => m.{} = {value},",
            field_name(&field.name)
        );
    }
    let statement = if arms.is_empty() {
        "r.skip_tagged_fields()?;".to_owned()
    } else {
        format!(
            "r.tagged_fields(|tag, r| {{\nmatch tag {{\n{arms}_ => return Ok(false),\n}}\nOk(true)\n}})?;"
        )
    };
    let condition = (flexible == "flexible").then(|| "flexible".to_owned());
    conditional(out, condition, &statement);
}

/// The fewest bytes one value takes in any version that reaches it.
fn min_bytes_over_versions(message: &Message, kind: &Type) -> usize {
    let range = match kind {
        Type::Struct(index) => message.structs[*index].versions,
        _ => message.versions,
    };
    let fewest = (range.min..=range.max)
        .map(|version| min_bytes(message, kind, version))
        .min();
    fewest.unwrap_or(1)
}

fn min_bytes(message: &Message, kind: &Type, version: i16) -> usize {
    let flexible = message.is_flexible(version);
    match kind {
        Type::Bool | Type::Int8 => 1,
        Type::Int16 | Type::Uint16 => 2,
        Type::Int32 | Type::Uint32 => 4,
        Type::Int64 | Type::Float64 => 8,
        Type::Uuid => 16,
        Type::String | Type::Bytes | Type::Array(_) if flexible => 1,
        Type::String => 2,
        Type::Bytes | Type::Array(_) => 4,
        Type::Struct(index) => {
            let fields = message.structs[*index].fields.iter();
            let present = fields.filter(|f| f.tag.is_none() && f.versions.contains(version));
            let sizes = present.map(|field| match (&field.kind, field.nullable) {
                (Type::Struct(_), Some(_)) => 1,
                (kind, _) => min_bytes(message, kind, version),
            });
            sizes.sum::<usize>() + usize::from(flexible)
        }
    }
}
