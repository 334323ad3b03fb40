//! Rules about what may depend on what: the arrows between our crates, and the licences of everybody else's.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Source;
use crate::{step, workspace};

/// For each crate, the crates of this workspace that it may use. A crate that is not listed is a complaint, so that
/// whoever adds one decides where it stands.
const ARROWS: &[(&str, &[&str])] = &[
    ("segment", &[]),
    ("kafka-wire", &[]),
    ("serving", &[]),
    ("floor", &["kafka-wire"]),
    ("kafka", &["segment", "kafka-wire", "serving"]),
    ("raftlog", &["segment"]),
    ("rocketmq", &["segment", "serving"]),
    (
        "highwater",
        &["kafka", "kafka-wire", "rocketmq", "segment", "serving"],
    ),
    ("kv", &["raftlog"]),
    (
        "xtask",
        &[
            "highwater",
            "kafka",
            "kafka-wire",
            "raftlog",
            "rocketmq",
            "segment",
        ],
    ),
];

/// Licences that a dependency may have; for a choice one of them is enough.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The store halves of the protocol crates work without a runtime.
const RUNTIME_FREE: [&str; 2] = ["crates/kafka/src/log/", "crates/rocketmq/src/store/"];

/// Complains about crates that point the wrong way, and about a runtime in the store.
pub(super) fn arrows(sources: &[Source]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let manifests = sources.iter().filter(|source| {
        source.path.ends_with("Cargo.toml")
            && ["crates/", "examples/", "xtask/"]
                .iter()
                .any(|folder| source.path.starts_with(folder))
    });
    for source in manifests {
        let manifest: toml::Table =
            toml::from_str(&source.text).with_context(|| source.path.clone())?;
        let name = manifest
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(toml::Value::as_str);
        let Some((name, allowed)) = ARROWS.iter().find(|(known, _)| Some(*known) == name) else {
            complaints.push(format!("{}: no arrows known for this crate", source.path));
            continue;
        };
        let used = ["dependencies", "build-dependencies"]
            .iter()
            .filter_map(|table| manifest.get(*table).and_then(toml::Value::as_table))
            .flat_map(toml::Table::keys);
        for other in used {
            let ours = ARROWS.iter().any(|(known, _)| known == other);
            if ours && !allowed.contains(&other.as_str()) {
                complaints.push(format!("{}: {name} may not use {other}", source.path));
            }
        }
    }
    for source in sources.iter().filter(|source| {
        RUNTIME_FREE
            .iter()
            .any(|folder| source.path.starts_with(folder))
    }) {
        if source.text.contains("tokio::") {
            complaints.push(format!("{}: a store may not need a runtime", source.path));
        }
    }
    Ok(complaints)
}

/// Complains about dependencies whose licence is not on the list, or that do not come from the registry.
pub(super) fn licences(_: &[Source]) -> Result<Vec<String>> {
    let text =
        step::output(workspace::cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let mut complaints = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (name, version) = (
            package["name"].as_str().unwrap_or("?"),
            package["version"].as_str().unwrap_or("?"),
        );
        let licence = package["license"].as_str().unwrap_or("");
        if !allowed(licence) {
            complaints.push(format!(
                "Cargo.lock: {name} {version} has the licence `{licence}`"
            ));
        }
        let foreign = package["source"]
            .as_str()
            .is_some_and(|source| !source.starts_with("registry+"));
        if foreign {
            complaints.push(format!(
                "Cargo.lock: {name} {version} is not from the registry"
            ));
        }
    }
    Ok(complaints)
}

/// An SPDX expression is allowed when each `AND` part has an allowed `OR` choice. (Old crates write `/` for `OR`.)
fn allowed(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    let choice_allowed = |choice: &str| LICENCES.contains(&choice.trim());
    !expression.is_empty()
        && plain
            .split(" AND ")
            .all(|part| part.split(" OR ").any(choice_allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions() {
        let cases = [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
            ("GPL-3.0", false),
            ("MIT AND GPL-3.0", false),
            ("", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(allowed(expression), expected, "{expression}");
        }
    }

    #[test]
    fn arrows_point_down() {
        let manifest = |name: &str, uses: &str| {
            let text = format!("[package]\nname = \"{name}\"\n[dependencies]\n{uses}\n");
            vec![Source {
                path: format!("crates/{name}/Cargo.toml"),
                text,
            }]
        };
        let cases = [
            ("segment", "libc = \"1\"", 0),
            ("segment", "kafka.workspace = true", 1),
            ("kafka", "segment.workspace = true", 0),
            ("kafka-wire", "segment.workspace = true", 1),
            ("attic", "", 1),
        ];
        for (name, uses, expected) in cases {
            let found = arrows(&manifest(name, uses)).unwrap_or_default();
            assert_eq!(found.len(), expected, "{name} {uses}: {found:?}");
        }
    }
}
