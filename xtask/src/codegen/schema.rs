//! Kafka's schema files as a model: every field knows the versions that can reach it.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A range of versions, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) min: i16,
    pub(crate) max: i16,
}

impl Versions {
    /// Reads `none`, `3`, `3+` or `3-5`; `none` is `None`.
    fn parse(text: &str) -> Result<Option<Self>> {
        if text == "none" {
            return Ok(None);
        }
        let range = if let Some(min) = text.strip_suffix('+') {
            Self {
                min: min.parse()?,
                max: i16::MAX,
            }
        } else if let Some((min, max)) = text.split_once('-') {
            Self {
                min: min.parse()?,
                max: max.parse()?,
            }
        } else {
            let only = text.parse()?;
            Self {
                min: only,
                max: only,
            }
        };
        Ok(Some(range))
    }

    fn intersect(self, other: Self) -> Option<Self> {
        let both = Self {
            min: self.min.max(other.min),
            max: self.max.min(other.max),
        };
        (both.min <= both.max).then_some(both)
    }

    pub(crate) fn contains(self, version: i16) -> bool {
        (self.min..=self.max).contains(&version)
    }

    /// The condition under which `version`, known to lie in `context`, lies in this range;
    /// `None` when it always does.
    pub(crate) fn condition(self, context: Self) -> Option<String> {
        match (self.min <= context.min, self.max >= context.max) {
            (true, true) => None,
            (false, true) => Some(format!("version >= {}", self.min)),
            (true, false) => Some(format!("version <= {}", self.max)),
            (false, false) if self.min == self.max => Some(format!("version == {}", self.min)),
            (false, false) => Some(format!("({}..={}).contains(&version)", self.min, self.max)),
        }
    }
}

impl std::fmt::Display for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (min, max) => write!(f, "{min}-{max}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    Metadata,
    Coordinator,
    Data,
    Header,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Bool,
    Int8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float64,
    Uuid,
    String,
    /// Byte fields and record sets: the same on the wire.
    Bytes,
    Array(Box<Self>),
    /// Index into [`Message::structs`].
    Struct(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Default {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    /// Empty or zero, whatever the type calls so.
    Nothing,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Type,
    /// Where the field is, within the versions that reach its structure.
    pub(crate) versions: Versions,
    pub(crate) nullable: Option<Versions>,
    pub(crate) tag: Option<u32>,
    pub(crate) default: Default,
    pub(crate) ignorable: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) name: String,
    /// The versions that can reach it.
    pub(crate) versions: Versions,
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) key: Option<i16>,
    pub(crate) versions: Versions,
    pub(crate) flexible: Option<Versions>,
    /// The highest version is not released yet.
    pub(crate) latest_unstable: bool,
    /// The message itself first, then its parts.
    pub(crate) structs: Vec<Struct>,
}

impl Message {
    /// Reads one schema file; `None` for a message that has no versions left.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>> {
        let json: Value = serde_json::from_str(&without_comments(text))?;
        let Some(versions) = Versions::parse(str_of(&json, "validVersions")?)? else {
            return Ok(None);
        };
        let kind = match str_of(&json, "type")? {
            "request" => Kind::Request,
            "response" => Kind::Response,
            "metadata" => Kind::Metadata,
            "coordinator-key" | "coordinator-value" => Kind::Coordinator,
            "data" => Kind::Data,
            "header" => Kind::Header,
            other => bail!("message type {other} is not known"),
        };
        let flexible = match json.get("flexibleVersions").and_then(Value::as_str) {
            Some(text) => Versions::parse(text)?.and_then(|range| range.intersect(versions)),
            None => None,
        };
        let mut message = Self {
            name: str_of(&json, "name")?.to_owned(),
            kind,
            key: json
                .get("apiKey")
                .and_then(Value::as_i64)
                .map(i16::try_from)
                .transpose()?,
            versions,
            flexible,
            latest_unstable: json.get("latestVersionUnstable") == Some(&Value::Bool(true)),
            structs: Vec::new(),
        };
        let mut builder = Builder {
            common: common_structs(&json),
            structs: Vec::new(),
        };
        builder.add(&message.name, &json, versions)?;
        message.structs = builder.structs;
        Ok(Some(message))
    }

    pub(crate) fn is_flexible(&self, version: i16) -> bool {
        self.flexible.is_some_and(|range| range.contains(version))
    }
}

fn common_structs(json: &Value) -> Vec<Value> {
    json.get("commonStructs")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// Collects the structures of one message in the order they are met.
struct Builder {
    common: Vec<Value>,
    structs: Vec<Struct>,
}

impl Builder {
    fn add(&mut self, name: &str, json: &Value, context: Versions) -> Result<usize> {
        if let Some(index) = self.structs.iter().position(|known| known.name == name) {
            return Ok(index);
        }
        let index = self.structs.len();
        self.structs.push(Struct {
            name: name.to_owned(),
            versions: context,
            fields: Vec::new(),
        });
        let mut fields = Vec::new();
        for field in json
            .get("fields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let parsed = self.field(field, context);
            fields.extend(parsed.with_context(|| format!("{name}: {field}"))?);
        }
        self.structs[index].fields = fields;
        Ok(index)
    }

    fn field(&mut self, json: &Value, context: Versions) -> Result<Option<Field>> {
        let range = |key: &str| -> Result<Option<Versions>> {
            let parsed = json
                .get(key)
                .and_then(Value::as_str)
                .map(Versions::parse)
                .transpose()?;
            Ok(parsed.flatten())
        };
        let declared = match json.get("versions") {
            Some(_) => range("versions")?,
            None => range("taggedVersions")?,
        };
        let Some(versions) = declared.and_then(|range| range.intersect(context)) else {
            return Ok(None);
        };
        let tag = json
            .get("tag")
            .and_then(Value::as_u64)
            .map(u32::try_from)
            .transpose()?;
        if tag.is_some() {
            let tagged = range("taggedVersions")?.and_then(|range| range.intersect(context));
            ensure!(tagged == Some(versions), "tagged in some versions only");
        }
        let kind = self.kind(str_of(json, "type")?, json, versions)?;
        Ok(Some(Field {
            name: str_of(json, "name")?.to_owned(),
            default: default_of(json, &kind)?,
            kind,
            versions,
            nullable: range("nullableVersions")?.and_then(|range| range.intersect(versions)),
            tag,
            ignorable: json.get("ignorable") == Some(&Value::Bool(true)),
        }))
    }

    fn kind(&mut self, name: &str, json: &Value, context: Versions) -> Result<Type> {
        if let Some(element) = name.strip_prefix("[]") {
            return Ok(Type::Array(Box::new(self.kind(element, json, context)?)));
        }
        Ok(match name {
            "bool" => Type::Bool,
            "int8" => Type::Int8,
            "int16" => Type::Int16,
            "uint16" => Type::Uint16,
            "int32" => Type::Int32,
            "uint32" => Type::Uint32,
            "int64" => Type::Int64,
            "float64" => Type::Float64,
            "uuid" => Type::Uuid,
            "string" => Type::String,
            "bytes" | "records" => Type::Bytes,
            _ => {
                let common = self
                    .common
                    .iter()
                    .find(|c| str_of(c, "name").ok() == Some(name));
                match common.cloned() {
                    Some(common) => {
                        let declared = Versions::parse(str_of(&common, "versions")?)?;
                        let versions = declared.context("a common struct has versions")?;
                        // Reached from several places: each may reach it in other versions.
                        let whole = self.structs[0].versions;
                        let versions = versions.intersect(whole).context("unreachable struct")?;
                        Type::Struct(self.add(name, &common, versions)?)
                    }
                    None => Type::Struct(self.add(name, json, context)?),
                }
            }
        })
    }
}

fn default_of(json: &Value, kind: &Type) -> Result<Default> {
    let text = match json.get("default") {
        // Kafka's own generator takes a bare null for no default; "null" in quotes means null.
        None | Some(Value::Null) => return Ok(Default::Nothing),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Ok(match kind {
        _ if text == "null" => Default::Null,
        Type::Bool => Default::Bool(text.parse()?),
        Type::String => Default::Text(text),
        Type::Array(_) | Type::Struct(_) | Type::Bytes => {
            ensure!(text.is_empty(), "default {text} for a compound type");
            Default::Nothing
        }
        _ => Default::Int(match text.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16)?,
            None => text.parse()?,
        }),
    })
}

fn str_of<'j>(json: &'j Value, key: &str) -> Result<&'j str> {
    json.get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("no text named {key}"))
}

/// Blanks `//` comments outside of strings.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut in_string = false;
        let mut escaped = false;
        let mut end = line.len();
        for (at, c) in line.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if in_string => escaped = true,
                '"' => in_string = !in_string,
                '/' if !in_string && line[at..].starts_with("//") => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        out.push_str(&line[..end]);
        out.push('\n');
    }
    out
}

/// `TopicData` → `topic_data`, `KRaftVersion` → `k_raft_version`, `TopicIDs` → `topic_ids`.
pub(crate) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let starts_word = c.is_uppercase()
            && at > 0
            && (!chars[at - 1].is_uppercase()
                || chars.get(at + 1).is_some_and(|n| n.is_lowercase()));
        if starts_word {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The Rust name of a field.
pub(crate) fn field_name(name: &str) -> String {
    match snake(name).as_str() {
        keyword @ ("type" | "match" | "ref" | "use" | "in" | "mod") => format!("r#{keyword}"),
        plain => plain.to_owned(),
    }
}
