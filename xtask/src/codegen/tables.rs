//! What spans messages: the module tree, API keys, the metadata record enum, the tests' schema.

use std::fmt::Write as _;

use super::schema::{Default, Kind, Message, Type, snake};
use super::types::needs_lifetime;

const NOTICE: &str = "Written by `cargo xtask codegen`; do not edit.";

/// `generated/mod.rs`.
pub(crate) fn root() -> String {
    format!(
        "//! {NOTICE}\n\npub(crate) mod api_key;\npub mod messages;\npub(crate) mod metadata_record;\n"
    )
}

/// `generated/messages/mod.rs`: one module per message; the message itself is re-exported.
pub(crate) fn messages(selected: &[&Message]) -> String {
    let mut out =
        format!("//! One module per message; parts of a message live beside it. {NOTICE}\n\n");
    for message in selected {
        let _ = writeln!(out, "pub mod {};", snake(&message.name));
    }
    out.push('\n');
    for message in selected {
        let _ = writeln!(out, "pub use {}::{};", snake(&message.name), message.name);
    }
    out.push('\n');
    for message in selected.iter().filter(|m| m.kind == Kind::Response) {
        let stem = message.name.trim_end_matches("Response");
        let lifetime = if needs_lifetime(message, 0) {
            "<'b>"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "pub(crate) type {stem}ResponseType<'b> = {}{lifetime};",
            message.name
        );
    }
    out.push_str(
        "\n/// Calls `$visit! { Name }` for every message; made for tests.\n\
         #[macro_export]\nmacro_rules! for_each_message {\n($visit:ident) => {\n",
    );
    for message in selected {
        let _ = writeln!(out, "$visit! {{ {} }}", message.name);
    }
    out.push_str("};\n}\n");
    out
}

/// `generated/api_key.rs`: every API that still has a version, generated here or not.
pub(crate) fn api_keys(messages: &[Message]) -> String {
    let mut requests: Vec<&Message> = messages
        .iter()
        .filter(|m| m.kind == Kind::Request && m.key.is_some())
        .collect();
    requests.sort_by_key(|message| message.key);
    let rows: Vec<ApiRow<'_>> = requests
        .iter()
        .map(|m| (m.name.trim_end_matches("Request"), m.key.unwrap_or(-1), *m))
        .collect();
    let mut out = format!("//! The APIs of Kafka 4.3.1. {NOTICE}\n\nuse crate::VersionRange;\n\n");
    out.push_str(
        "/// An API of Kafka's protocol.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         #[repr(i16)]\npub enum ApiKey {\n",
    );
    for (name, key, message) in &rows {
        let _ = writeln!(out, "/// Versions {}.\n{name} = {key},", message.versions);
    }
    out.push_str("}\n\nimpl ApiKey {\n");
    api_names(&mut out, &rows);
    api_versions(&mut out, &rows);
    out.push_str("}\n");
    out
}

/// Name, key, request schema.
type ApiRow<'m> = (&'m str, i16, &'m Message);

fn api_names(out: &mut String, rows: &[ApiRow<'_>]) {
    out.push_str("/// Every API, by rising key.\npub const ALL: &'static [Self] = &[\n");
    for (name, ..) in rows {
        let _ = writeln!(out, "Self::{name},");
    }
    out.push_str("];\n\n");
    lookup(
        out,
        "from_i16(key: i16) -> Option<Self>",
        "The API with this key.",
        "key",
        |out| {
            for (name, key, _) in rows {
                let _ = writeln!(out, "{key} => Some(Self::{name}),");
            }
            out.push_str("_ => None,\n");
        },
    );
    out.push_str("/// The number on the wire.\n#[must_use]\npub const fn to_i16(self) -> i16 {\nself as i16\n}\n\n");
    lookup(
        out,
        "name(self) -> &'static str",
        "The name in Kafka's schemas.",
        "self",
        |out| {
            for (name, ..) in rows {
                let _ = writeln!(out, "Self::{name} => {name:?},");
            }
        },
    );
}

fn api_versions(out: &mut String, rows: &[ApiRow<'_>]) {
    let about = "The versions in Kafka's schema, unreleased ones included.";
    lookup(
        out,
        "versions(self) -> VersionRange",
        about,
        "self",
        |out| {
            for (name, _, message) in rows {
                let range = message.versions;
                let _ = writeln!(
                    out,
                    "Self::{name} => VersionRange::new({}, {}),",
                    range.min, range.max
                );
            }
        },
    );
    let about = "First version with compact lengths and tagged fields.";
    lookup(
        out,
        "flexible_from(self) -> Option<i16>",
        about,
        "self",
        |out| {
            for (name, _, message) in rows {
                let from = message.flexible.map(|range| range.min);
                let _ = writeln!(out, "Self::{name} => {from:?},");
            }
        },
    );
    let about = "First version that is not released yet.";
    lookup(
        out,
        "unstable_from(self) -> Option<i16>",
        about,
        "self",
        |out| {
            for (name, _, message) in rows.iter().filter(|row| row.2.latest_unstable) {
                let _ = writeln!(out, "Self::{name} => Some({}),", message.versions.max);
            }
            out.push_str("_ => None,\n");
        },
    );
}

fn lookup(out: &mut String, head: &str, about: &str, on: &str, arms: impl Fn(&mut String)) {
    let _ = writeln!(
        out,
        "/// {about}\n#[must_use]\npub const fn {head} {{\nmatch {on} {{"
    );
    arms(out);
    out.push_str("}\n}\n\n");
}

/// `generated/metadata_record.rs`: the records of `__cluster_metadata` as one enum.
pub(crate) fn metadata_records(selected: &[&Message]) -> String {
    let mut records: Vec<&&Message> = selected
        .iter()
        .filter(|m| m.kind == Kind::Metadata)
        .collect();
    records.sort_by_key(|message| message.key);
    let mut out = format!("//! The records of `__cluster_metadata` as one enum. {NOTICE}\n\n");
    out.push_str("use crate::{Message, Reader, VersionRange, WireError, Writer};\nuse super::messages::*;\n\n");
    out.push_str(
        "/// One record of the metadata log, without its frame (frame version, type, version).\n\
         #[derive(Debug, Clone, PartialEq)]\npub enum MetadataRecord<'a> {\n",
    );
    for record in &records {
        let lifetime = if needs_lifetime(record, 0) {
            "<'a>"
        } else {
            ""
        };
        let key = record.key.unwrap_or(-1);
        let _ = writeln!(
            out,
            "/// Type {key}.\n{}({}{lifetime}),",
            record.name, record.name
        );
    }
    out.push_str("}\n\nimpl<'a> MetadataRecord<'a> {\n");
    out.push_str("/// Reads the body of a record of type `record_type`.\n///\n/// # Errors\n\
        /// `UnknownRecordType`, or any decoding variant.\n\
        pub fn decode(r: &mut Reader<'a>, record_type: i16, version: i16) -> Result<Self, WireError> {\n\
        Ok(match record_type {\n");
    for record in &records {
        let _ = writeln!(
            out,
            "{}::KEY => Self::{}({}::decode(r, version)?),",
            record.name, record.name, record.name
        );
    }
    out.push_str("other => return Err(WireError::UnknownRecordType(other.into())),\n})\n}\n\n");
    out.push_str("/// Appends the body of the record.\n///\n/// # Errors\n/// As [`Message::encode`].\n\
        pub fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {\nmatch self {\n");
    for record in &records {
        let _ = writeln!(
            out,
            "Self::{}(record) => record.encode(w, version),",
            record.name
        );
    }
    out.push_str("}\n}\n\n/// Its type number.\n#[must_use]\npub fn record_type(&self) -> i16 {\nmatch self {\n");
    for record in &records {
        let _ = writeln!(out, "Self::{}(_) => {}::KEY,", record.name, record.name);
    }
    out.push_str("}\n}\n\n/// The name in Kafka's schemas.\n#[must_use]\npub fn name(&self) -> &'static str {\nmatch self {\n");
    for record in &records {
        let _ = writeln!(out, "Self::{}(_) => {}::NAME,", record.name, record.name);
    }
    out.push_str("}\n}\n\n/// The versions this type has.\n#[must_use]\npub fn versions(&self) -> VersionRange {\nmatch self {\n");
    for record in &records {
        let _ = writeln!(
            out,
            "Self::{}(_) => {}::VERSIONS,",
            record.name, record.name
        );
    }
    out.push_str("}\n}\n}\n");
    out
}

/// The description the tests interpret: one line per message, structure and field.
pub(crate) fn test_schema(selected: &[&Message]) -> String {
    let mut out = String::from(
        "# Written by `cargo xtask codegen`; read by the tests of kafka-wire.\n\
         # message NAME key VERSIONS flexible-from\n\
         # struct NAME\n\
         # field NAME TYPE VERSIONS nullable=RANGE tag=N default=VALUE\n",
    );
    for message in selected {
        let key = message.key.unwrap_or(-1);
        let flexible = message
            .flexible
            .map_or("none".to_owned(), |range| range.min.to_string());
        let _ = writeln!(
            out,
            "message {} {key} {} {flexible}",
            message.name, message.versions
        );
        for part in &message.structs {
            let _ = writeln!(out, "struct {}", part.name);
            for field in &part.fields {
                let _ = write!(
                    out,
                    "field {} {} {}",
                    field.name,
                    test_type(message, &field.kind),
                    field.versions
                );
                if let Some(range) = field.nullable {
                    let _ = write!(out, " nullable={range}");
                }
                if let Some(tag) = field.tag {
                    let _ = write!(out, " tag={tag}");
                }
                match &field.default {
                    Default::Nothing => {}
                    Default::Null => out.push_str(" default=null"),
                    Default::Bool(value) => {
                        let _ = write!(out, " default={value}");
                    }
                    Default::Int(value) => {
                        let _ = write!(out, " default={value}");
                    }
                    Default::Text(text) => {
                        let _ = write!(out, " default={text}");
                    }
                }
                out.push('\n');
            }
        }
    }
    out
}

fn test_type(message: &Message, kind: &Type) -> String {
    match kind {
        Type::Array(element) => format!("[]{}", test_type(message, element)),
        Type::Struct(index) => message.structs[*index].name.clone(),
        plain => format!("{plain:?}").to_lowercase(),
    }
}
