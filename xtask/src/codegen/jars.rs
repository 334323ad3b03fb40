//! The jars that carry the schemas: fetched by Maven, read in place.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

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

fn jar_name(artifact: &str) -> String {
    format!("{artifact}-{KAFKA_VERSION}.jar")
}

/// Makes sure that all jars are in `dir`; asks Maven for those that are not.
pub(crate) fn fetch(dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dir)?;
    for artifact in ARTIFACTS {
        if dir.join(jar_name(artifact)).exists() {
            continue;
        }
        println!("codegen: fetching {artifact} {KAFKA_VERSION}");
        let status = Command::new("mvn")
            .args(["--quiet", "--batch-mode", "-Dstyle.color=never"])
            .arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy")
            .arg(format!(
                "-Dartifact=org.apache.kafka:{artifact}:{KAFKA_VERSION}"
            ))
            .arg(format!("-DoutputDirectory={}", dir.display()))
            .current_dir(dir)
            .status()
            .context("mvn (Maven) is needed to fetch the schemas")?;
        ensure!(
            status.success(),
            "Maven could not fetch {artifact} {KAFKA_VERSION}"
        );
    }
    Ok(dir.to_owned())
}

/// Every schema in the jars under `dir`: jar, path inside it, text.
pub(crate) fn read_schemas(dir: &Path) -> Result<Vec<(String, String, String)>> {
    let mut schemas = Vec::new();
    for artifact in ARTIFACTS {
        let jar = jar_name(artifact);
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
