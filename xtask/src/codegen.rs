//! `cargo xtask codegen`: Kafka's message schemas in, `crates/kafka-wire/src/generated` out.
//!
//! The schemas are JSON files inside jars that Apache Kafka publishes; they are fetched by Maven
//! and not kept in this repository, the generated Rust is. `--check` writes nothing and fails when
//! the committed files differ.
//!
//! `schema` reads the JSON into a model that knows which versions can reach which field; `types`,
//! `decode` and `encode` turn one message into Rust; `tables` writes what spans messages.

mod decode;
mod encode;
mod jars;
mod schema;
mod select;
mod tables;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use self::schema::Message;
use crate::{maven, workspace};

/// Where the generated modules lie in the workspace.
const OUTPUT_DIR: &str = "crates/kafka-wire/src/generated";
/// The description of the same schemas that the tests of kafka-wire interpret.
const TEST_SCHEMA: &str = "crates/kafka-wire/tests/codec/schema.txt";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with the Kafka jars; those of the broker that clients are held against when not given.
    #[arg(long, value_name = "DIR")]
    jars: Option<PathBuf>,
    /// Write nothing; fail when the committed files differ from what would be written.
    #[arg(long)]
    check: bool,
}

/// Generates everything; `false` when `--check` found a difference.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let root = workspace::root();
    let jar_dir = match &args.jars {
        Some(dir) => dir.clone(),
        None => maven::jars("kafka-4.3.1", maven::KAFKA)?,
    };
    let mut messages = Vec::new();
    for (jar, path, text) in jars::read_schemas(&jar_dir)? {
        let message = Message::parse(&text).with_context(|| format!("{path} in {jar}"))?;
        messages.extend(message);
    }
    messages.sort_by(|a, b| a.name.cmp(&b.name));
    let files = generate(&messages)?;
    if args.check {
        compare(&root, &files)
    } else {
        write(&root, &files)
    }
}

/// All generated files by their path in the workspace, formatted.
fn generate(messages: &[Message]) -> Result<BTreeMap<String, String>> {
    let selected: Vec<&Message> = messages.iter().filter(|m| select::is_wanted(m)).collect();
    select::ensure_complete(&selected)?;
    let mut files = BTreeMap::new();
    for message in &selected {
        let text = types::module(message)?;
        let path = format!("{OUTPUT_DIR}/messages/{}.rs", schema::snake(&message.name));
        files.insert(path, rustfmt(&text).with_context(|| message.name.clone())?);
    }
    let tables = [
        ("mod.rs", tables::root()),
        ("messages/mod.rs", tables::messages(&selected)),
        ("api_key.rs", tables::api_keys(messages)),
        ("metadata_record.rs", tables::metadata_records(&selected)),
    ];
    for (name, text) in tables {
        files.insert(
            format!("{OUTPUT_DIR}/{name}"),
            rustfmt(&text).context(name)?,
        );
    }
    files.insert(TEST_SCHEMA.to_owned(), tables::test_schema(&selected));
    Ok(files)
}

fn write(root: &Path, files: &BTreeMap<String, String>) -> Result<bool> {
    let output = root.join(OUTPUT_DIR);
    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().context("a file has a parent")?)?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    let lines: usize = files.values().map(|text| text.lines().count()).sum();
    println!("codegen: {} files, {lines} lines", files.len());
    Ok(true)
}

fn compare(root: &Path, files: &BTreeMap<String, String>) -> Result<bool> {
    let mut same = true;
    for (path, text) in files {
        if fs::read_to_string(root.join(path)).ok().as_ref() != Some(text) {
            println!("codegen: {path} differs; run `cargo xtask codegen`");
            same = false;
        }
    }
    for entry in fs::read_dir(root.join(OUTPUT_DIR).join("messages"))? {
        let name = entry?.file_name();
        let path = format!("{OUTPUT_DIR}/messages/{}", name.to_string_lossy());
        if !files.contains_key(&path) {
            println!("codegen: {path} is not generated any more");
            same = false;
        }
    }
    Ok(same)
}

fn rustfmt(text: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt")?;
    let mut input = child.stdin.take().context("rustfmt has a standard input")?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "rustfmt refused the generated text"
    );
    if writer.join().is_err() {
        bail!("the thread that feeds rustfmt died");
    }
    Ok(String::from_utf8(output.stdout)?)
}
