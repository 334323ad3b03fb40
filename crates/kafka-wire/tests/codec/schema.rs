//! Reads `schema.txt`: what the generator knew about each message, without the code it wrote.

use std::collections::BTreeMap;

/// A range of versions, both ends inclusive.
pub(crate) type Versions = std::ops::RangeInclusive<i16>;

pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) versions: Versions,
    pub(crate) flexible_from: Option<i16>,
    /// Structures by name; the message itself among them.
    pub(crate) structs: BTreeMap<String, Vec<Field>>,
}

pub(crate) struct Field {
    pub(crate) kind: String,
    pub(crate) versions: Versions,
    pub(crate) nullable: Option<Versions>,
    pub(crate) tag: Option<u32>,
    pub(crate) default: Option<String>,
}

impl Message {
    pub(crate) fn is_flexible(&self, version: i16) -> bool {
        self.flexible_from.is_some_and(|from| version >= from)
    }
}

impl Field {
    pub(crate) fn is_nullable(&self, version: i16) -> bool {
        self.nullable
            .as_ref()
            .is_some_and(|range| range.contains(&version))
    }
}

/// All messages, in the order of the file.
pub(crate) fn load() -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut current = String::new();
    for line in include_str!("schema.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[0] {
            "message" => messages.push(Message {
                name: words[1].to_owned(),
                versions: range(words[3]),
                flexible_from: words[4].parse().ok(),
                structs: BTreeMap::new(),
            }),
            "struct" => {
                current = words[1].to_owned();
                let message = messages.last_mut().expect("a struct follows its message");
                message.structs.insert(current.clone(), Vec::new());
            }
            "field" => {
                let message = messages.last_mut().expect("a field follows its message");
                let fields = message
                    .structs
                    .get_mut(&current)
                    .expect("a field follows its struct");
                fields.push(field(&words));
            }
            _ => assert!(line.starts_with('#'), "{line}"),
        }
    }
    messages
}

fn field(words: &[&str]) -> Field {
    let option = |name: &str| {
        words[4..]
            .iter()
            .find_map(|word| word.strip_prefix(name))
            .map(str::to_owned)
    };
    Field {
        kind: words[2].to_owned(),
        versions: range(words[3]),
        nullable: option("nullable=").map(|text| range(&text)),
        tag: option("tag=").map(|text| text.parse().expect("a tag is a number")),
        default: option("default="),
    }
}

fn range(text: &str) -> Versions {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    min.parse().expect("a version")..=max.parse().expect("a version")
}
