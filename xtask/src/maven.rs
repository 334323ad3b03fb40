//! Java programs from Maven Central: fetched once into the download cache, with everything they need to run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::step;

/// The broker, its command-line tools and a logger, as `group:artifact:version`.
pub(crate) const KAFKA: &[&str] = &[
    "org.apache.kafka:kafka_2.13:4.3.1",
    "org.apache.kafka:kafka-tools:4.3.1",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
];

/// Where downloads are kept between runs: `$HIGHWATER_CACHE`, or `~/.cache/highwater`.
pub(crate) fn cache() -> PathBuf {
    std::env::var_os("HIGHWATER_CACHE").map_or_else(
        || {
            let home = std::env::var_os("HOME").unwrap_or_else(|| "/tmp".into());
            PathBuf::from(home).join(".cache/highwater")
        },
        PathBuf::from,
    )
}

/// Directory of jars for `artifacts`, fetched unless a complete one is there. Its class path is `DIR/*`.
///
/// # Errors
/// Maven is missing or cannot reach its registry; the message carries what it printed.
pub(crate) fn jars(name: &str, artifacts: &[&str]) -> Result<PathBuf> {
    let dir = cache().join(name);
    let done = dir.join(".complete");
    if done.is_file() && fs::read_to_string(&done)? == artifacts.join("\n") {
        return Ok(dir);
    }
    fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
    let pom = dir.join("pom.xml");
    fs::write(&pom, project(name, artifacts))?;
    let mut maven = Command::new("mvn");
    maven.args(["-B", "-q", "-f"]).arg(&pom);
    maven.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    maven.arg(format!("-DoutputDirectory={}", dir.display()));
    step::output(&mut maven)?;
    fs::write(&done, artifacts.join("\n"))?;
    Ok(dir)
}

/// A project file whose only content is what it depends on.
fn project(name: &str, artifacts: &[&str]) -> String {
    let mut text = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>highwater</groupId><artifactId>{name}</artifactId><version>1</version>\
         <packaging>pom</packaging><dependencies>"
    );
    for artifact in artifacts {
        let mut parts = artifact.splitn(3, ':');
        for tag in [
            "<dependency><groupId>",
            "</groupId><artifactId>",
            "</artifactId><version>",
        ] {
            text.push_str(tag);
            text.push_str(parts.next().unwrap_or_default());
        }
        text.push_str("</version></dependency>");
    }
    text.push_str("</dependencies></project>");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_names_its_artifacts() {
        let text = project("x", &["a.b:c:1.2"]);
        assert!(text.contains(
            "<groupId>a.b</groupId><artifactId>c</artifactId><version>1.2</version></dependency>"
        ));
    }
}
