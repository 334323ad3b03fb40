//! Reads the four layers — defaults, file, environment, flags — into one table of texts with origins.
//!
//! Invariants: a later layer wins as a whole value; every name in the result exists. Values are
//! not interpreted here (`values.rs` does).

use super::keys::{self, KEYS};
use super::{ConfigError, Problem, rocketmq_settings};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Which layer set a value, precisely enough to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody.
    Default,
    /// A line of the file, counted from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A value's text and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// As written.
    pub value: String,
    /// By whom.
    pub origin: Origin,
}

/// The layers' input; tests fill it by hand, the command from the process.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The file, if one was named.
    pub file: Option<PathBuf>,
    /// Environment variables, with our prefix or without.
    pub environment: Vec<(String, String)>,
    /// Key, value and the flag that said so.
    pub flags: Vec<(String, String, &'static str)>,
}

/// What the layers say, by dotted name.
pub type Table = BTreeMap<String, Setting>;

/// Merges the layers.
///
/// # Errors
/// Every problem found, not only the first.
pub(super) fn merge(input: &Input) -> Result<Table, ConfigError> {
    let mut merge = Merge::default();
    for key in KEYS {
        let value = key.default.to_owned();
        merge.table.insert(
            key.name.to_owned(),
            Setting {
                value,
                origin: Origin::Default,
            },
        );
    }
    let named = input
        .environment
        .iter()
        .find(|(name, _)| name == "HIGHWATER_CONFIG");
    let file = input
        .file
        .clone()
        .or_else(|| named.map(|(_, path)| PathBuf::from(path)));
    if let Some(path) = &file {
        merge.file(path);
    }
    for (name, value) in &input.environment {
        merge.variable(name, value);
    }
    for (name, value, flag) in &input.flags {
        merge.set(name, value.clone(), Origin::Flag((*flag).to_owned()));
    }
    if merge.problems.is_empty() {
        Ok(merge.table)
    } else {
        Err(ConfigError(merge.problems))
    }
}

#[derive(Default)]
struct Merge {
    table: Table,
    problems: Vec<Problem>,
}

impl Merge {
    fn file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(source) => {
                self.problems.push(Problem::Unreadable {
                    path: path.to_owned(),
                    source,
                });
                return;
            }
        };
        match DeTable::parse(&text) {
            Ok(root) => self.toml(path, &text, "", root.get_ref()),
            Err(error) => self.problems.push(Problem::Syntax {
                path: path.to_owned(),
                line: error.span().map_or(1, |span| line_of(&text, span.start)),
                message: error.message().to_owned(),
            }),
        }
    }

    fn toml(&mut self, path: &Path, text: &str, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let line = line_of(text, key.span().start);
            let name = match prefix {
                "" => key.get_ref().to_string(),
                _ => format!("{prefix}.{}", key.get_ref()),
            };
            let origin = Origin::File(path.to_owned(), line);
            match value.get_ref() {
                DeValue::Table(inner) if keys::key(&name).is_none() => {
                    let section = ["kafka", "rocketmq"].contains(&name.as_str())
                        || name.starts_with("kafka.")
                        || KEYS
                            .iter()
                            .any(|key| key.name.starts_with(&format!("{name}.")));
                    if section {
                        self.toml(path, text, &name, inner);
                    } else {
                        self.unknown(&name, "", origin);
                    }
                }
                other => match scalar(other) {
                    Some(value) => self.set(&name, value, origin),
                    None if known(&name) => self.problems.push(Problem::Value {
                        key: name,
                        value: "a table or date".to_owned(),
                        origin,
                        why: "takes text, a number, true or false".to_owned(),
                    }),
                    None => self.unknown(&name, "", origin),
                },
            }
        }
    }

    fn variable(&mut self, name: &str, value: &str) {
        let Some(rest) = name.strip_prefix("HIGHWATER_") else {
            return;
        };
        if keys::OTHER_VARIABLES.contains(&rest) || keys::set_by_kubernetes(rest) {
            return;
        }
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let key = match (key.strip_prefix("kafka."), rocketmq_settings::spelled(&key)) {
            (Some(setting), _) => format!("kafka.{}", setting.replace('_', ".")),
            (None, Some(setting)) => setting.to_owned(),
            (None, None) => key,
        };
        // The prefix is also that of a binary's path, a version, a service's address: only what looks like a
        // setting has to be one.
        let looks_like_one = key.contains('.') || nearest_key(&key).is_some();
        if known(&key) || looks_like_one {
            self.set(&key, value.to_owned(), Origin::Environment(name.to_owned()));
        }
    }

    fn set(&mut self, name: &str, value: String, origin: Origin) {
        if known(name) {
            self.table
                .insert(name.to_owned(), Setting { value, origin });
        } else {
            self.unknown(name, &value, origin);
        }
    }

    fn unknown(&mut self, name: &str, value: &str, origin: Origin) {
        if let Some(instead) = rocketmq_settings::elsewhere(name) {
            self.problems.push(Problem::Value {
                key: name.to_owned(),
                value: value.to_owned(),
                origin,
                why: instead.to_owned(),
            });
            return;
        }
        let names = KEYS.iter().map(|key| key.name);
        let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
        // `kafka = "…"` at the top, or `http` in the wrong section: the last word tells.
        let nearest = nearest_key(name).or_else(|| {
            let wanted = name.rsplit('.').next().unwrap_or(name);
            names.clone().find(|candidate| last(candidate) == wanted)
        });
        self.problems.push(Problem::UnknownKey {
            key: name.to_owned(),
            origin,
            nearest,
        });
    }
}

/// The key that was probably meant.
fn nearest_key(name: &str) -> Option<&'static str> {
    let names = KEYS
        .iter()
        .map(|key| key.name)
        .chain(rocketmq_settings::names());
    kafka::config::nearest(name, names)
}

/// Whether the name is ours or RocketMQ's, or one of Kafka's (checked against its own table later).
fn known(name: &str) -> bool {
    keys::key(name).is_some()
        || rocketmq_settings::names().any(|known| known == name)
        || name
            .strip_prefix("kafka.")
            .is_some_and(|rest| !rest.is_empty())
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|n| n.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(on) => Some(on.to_string()),
        DeValue::Array(items) => {
            let words: Option<Vec<_>> = items.iter().map(|item| scalar(item.get_ref())).collect();
            words.map(|words| words.join(","))
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
