//! The body of `encode`: write what the version has, refuse what it cannot say.

use std::fmt::Write as _;

use super::decode::flexible_flag;
use super::schema::{Default, Field, Message, Type, field_name, snake};
use super::types::default_value;

pub(crate) fn body(out: &mut String, message: &Message, index: usize) {
    let part = &message.structs[index];
    let flexible = flexible_flag(out, message, part.versions);
    for field in &part.fields {
        let refusal = (!field.ignorable).then(|| refusal(message, index, field));
        let write = match field.tag {
            None => write_field(message, index, field, &flexible),
            Some(_) => String::new(),
        };
        match (field.versions.condition(part.versions), refusal) {
            (None, _) => out.push_str(&write),
            (Some(condition), None) if write.is_empty() => drop(condition),
            (Some(condition), None) => {
                let _ = writeln!(out, "if {condition} {{\n{write}}}");
            }
            (Some(condition), Some(refusal)) if write.is_empty() => {
                let _ = writeln!(out, "if !({condition}) && {refusal}");
            }
            (Some(condition), Some(refusal)) => {
                let _ = writeln!(out, "if {condition} {{\n{write}}} else if {refusal}");
            }
        }
    }
    tagged(out, message, index, &flexible);
    out.push_str("Ok(())\n");
}

/// `condition { return Err(…) }` for a field that the version lacks.
fn refusal(message: &Message, index: usize, field: &Field) -> String {
    format!(
        "{} {{\nreturn Err(WireError::FieldNotInVersion {{ message: {:?}, field: {:?}, version }});\n}}",
        says_something(message, field),
        message.structs[index].name,
        snake(&field.name),
    )
}

/// Whether dropping the field would lose something. Null and empty both say nothing.
fn says_something(message: &Message, field: &Field) -> String {
    let access = format!("self.{}", field_name(&field.name));
    let compound = matches!(field.kind, Type::String | Type::Bytes | Type::Array(_));
    if field.nullable.is_some() && field.default != Default::Null && compound {
        return format!("{access}.as_deref().is_some_and(|value| !value.is_empty())");
    }
    differs(message, field)
}

/// Whether the field is not exactly its default.
fn differs(message: &Message, field: &Field) -> String {
    let access = format!("self.{}", field_name(&field.name));
    if field.nullable.is_some() {
        return match (&field.kind, &field.default) {
            (_, Default::Null) => format!("{access}.is_some()"),
            (Type::String | Type::Bytes | Type::Array(_), Default::Nothing) => {
                format!("{access}.as_deref().is_none_or(|value| !value.is_empty())")
            }
            _ => format!("{access} != {}", default_value(message, field)),
        };
    }
    match (&field.kind, &field.default) {
        (Type::Bool, Default::Bool(true)) => format!("!{access}"),
        (Type::Bool, _) => access,
        (Type::String, Default::Text(text)) if !text.is_empty() => format!("{access} != {text:?}"),
        (Type::String | Type::Bytes | Type::Array(_), _) => format!("!{access}.is_empty()"),
        _ => format!("{access} != {}", default_value(message, field)),
    }
}

/// The statements that write a field in a version that has it.
fn write_field(message: &Message, index: usize, field: &Field, flexible: &str) -> String {
    let access = format!("self.{}", field_name(&field.name));
    let Some(nullable) = field.nullable else {
        return format!(
            "{};\n",
            write_value(message, &field.kind, &access, flexible, true)
        );
    };
    let or_null = format!(
        "{};\n",
        write_nullable(message, &field.kind, &access, flexible)
    );
    let Some(condition) = nullable.condition(field.versions) else {
        return or_null;
    };
    let required = format!(
        "required(&{access}, {:?}, {:?}, version)?",
        message.structs[index].name,
        snake(&field.name)
    );
    let plain = write_value(message, &field.kind, "value", flexible, false);
    format!("if {condition} {{\n{or_null}}} else {{\nlet value = {required};\n{plain};\n}}\n")
}

/// One statement without its semicolon. `place` says whether `value` is a field or a reference.
fn write_value(message: &Message, kind: &Type, value: &str, flexible: &str, place: bool) -> String {
    let copied = if place {
        value.to_owned()
    } else {
        format!("*{value}")
    };
    let borrowed = if place {
        format!("&{value}")
    } else {
        value.to_owned()
    };
    match kind {
        Type::Bool => format!("w.bool({copied})"),
        Type::Int8 => format!("w.i8({copied})"),
        Type::Int16 => format!("w.i16({copied})"),
        Type::Uint16 => format!("w.u16({copied})"),
        Type::Int32 => format!("w.i32({copied})"),
        Type::Uint32 => format!("w.u32({copied})"),
        Type::Int64 => format!("w.i64({copied})"),
        Type::Float64 => format!("w.f64({copied})"),
        Type::Uuid => format!("w.uuid({copied})"),
        Type::String => format!("w.string({borrowed}, {flexible})?"),
        Type::Bytes => format!("w.bytes({borrowed}, {flexible})?"),
        Type::Array(element) => {
            format!(
                "w.array({borrowed}, {flexible}, {})?",
                element_closure(message, element, flexible)
            )
        }
        Type::Struct(_) => format!("{value}.encode(w, version)?"),
    }
}

fn write_nullable(message: &Message, kind: &Type, value: &str, flexible: &str) -> String {
    match kind {
        Type::String => format!("w.nullable_string({value}.as_deref(), {flexible})?"),
        Type::Bytes => format!("w.nullable_bytes({value}.as_deref(), {flexible})?"),
        Type::Array(element) => format!(
            "w.nullable_array({value}.as_deref(), {flexible}, {})?",
            element_closure(message, element, flexible)
        ),
        _ => format!("w.nullable_struct({value}.as_ref(), |w, value| value.encode(w, version))?"),
    }
}

/// What writes one element of an array.
fn element_closure(message: &Message, element: &Type, flexible: &str) -> String {
    let statement = write_value(message, element, "value", flexible, false);
    match statement.strip_suffix('?') {
        Some(fallible) => format!("|w, value| {fallible}"),
        None => format!("|w, value| {{\n{statement};\nOk(())\n}}"),
    }
}

fn tagged(out: &mut String, message: &Message, index: usize, flexible: &str) {
    if flexible == "false" {
        return;
    }
    let part = &message.structs[index];
    let mut fields: Vec<&Field> = part
        .fields
        .iter()
        .filter(|field| field.tag.is_some())
        .collect();
    fields.sort_by_key(|field| field.tag);
    let mut body = String::new();
    let mut counts = Vec::new();
    for field in &fields {
        let mut present = differs(message, field);
        if let Some(condition) = field.versions.condition(part.versions) {
            present = format!("{condition} && {present}");
        }
        let name = format!("has_{}", snake(&field.name));
        let write = write_field(message, index, field, "true")
            .replace("nullable_struct(", "nullable_tagged_struct(");
        let _ = writeln!(out, "let {name} = {present};");
        counts.push(format!("u32::from({name})"));
        let tag = field.tag.unwrap_or_default();
        let _ = writeln!(
            body,
            "if {name} {{\nw.tagged({tag}, |w| {{\n{write}Ok(())\n}})?;\n}}"
        );
    }
    let count = if counts.is_empty() {
        "0".to_owned()
    } else {
        counts.join(" + ")
    };
    let statements = format!("w.uvarint({count});\n{body}");
    if flexible == "flexible" {
        let _ = writeln!(out, "if flexible {{\n{statements}}}");
    } else {
        out.push_str(&statements);
    }
}
