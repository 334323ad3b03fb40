//! The schemas inside Kafka's jars, read in place.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The release whose schemas are used.
const KAFKA_VERSION: &str = "4.3.1";

/// Artifacts that carry schemas of messages we generate.
const ARTIFACTS: [&str; 6] = [
    "kafka-clients",
    "kafka-metadata",
    "kafka-raft",
    "kafka-storage",
    "kafka-group-coordinator",
    "kafka-transaction-coordinator",
];

/// Every schema in the jars under `dir`: jar, path inside it, text.
pub(crate) fn read_schemas(dir: &Path) -> Result<Vec<(String, String, String)>> {
    let mut schemas = Vec::new();
    for artifact in ARTIFACTS {
        let jar = format!("{artifact}-{KAFKA_VERSION}.jar");
        let path = dir.join(&jar);
        let file = File::open(&path).with_context(|| path.display().to_string())?;
        let mut archive = zip::ZipArchive::new(file).with_context(|| jar.clone())?;
        let before = schemas.len();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            let name = entry.name().to_owned();
            let is_schema = name.ends_with(".json")
                && (name.starts_with("common/") || name.starts_with("message/"));
            if is_schema {
                let mut text = String::new();
                entry
                    .read_to_string(&mut text)
                    .with_context(|| name.clone())?;
                schemas.push((jar.clone(), name, text));
            }
        }
        if schemas.len() == before {
            bail!("{jar} carries no schema");
        }
    }
    Ok(schemas)
}
