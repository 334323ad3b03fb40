//! Where each suite comes from and how it is run. The published archives, by their own package managers; what lies beside
//! the tests (settings, a module the archive leaves out) is added, the tests themselves stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{maven, step, workspace};

/// Folder of a suite in the download cache.
fn home(name: &str) -> PathBuf {
    maven::cache().join("suites").join(name)
}

/// Runs `make` in an empty folder, once for each `recipe`; a folder left by an interrupted run is made anew.
fn once(name: &str, recipe: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let home = home(name);
    let done = home.join(".complete");
    if !fs::read_to_string(&done).is_ok_and(|made| made == recipe) {
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        fs::create_dir_all(&home)?;
        make(&home)?;
        fs::write(done, recipe)?;
    }
    Ok(home)
}

fn beside(name: &str) -> PathBuf {
    workspace::root().join("tests/clients/suites").join(name)
}

/// What a test fails with where kafka-python is at fault on a busy machine; such a test is run again and must pass then.
const KAFKA_PYTHON_FAULTS: &[&str] = &[
    // Subscribing during the bootstrap may be forgotten: the client then asks for nothing at all for five minutes.
    r"AssertionError: assert set\(\) == ",
    // Two seconds are given for finding the coordinator, joining the group and fetching.
    "DID NOT RAISE .*UnsupportedCodecError",
];

/// The archive has the integration tests but not `test/__init__.py` and the module that starts servers, which a run against
/// an external server does not need: a stand-in takes its place.
pub(super) fn kafka_python(address: &str) -> Result<Command> {
    let requirements = fs::read_to_string(beside("kafka-python/requirements.txt"))?;
    let home = once("kafka-python-3.0.12", &requirements, |home| {
        let venv = home.join("venv");
        step::output(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let mut install = Command::new(venv.join("bin/pip"));
        install
            .args(["install", "--quiet", "-r"])
            .arg(beside("kafka-python/requirements.txt"));
        step::output(&mut install)?;
        let mut download = Command::new(venv.join("bin/pip"));
        download.args([
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            "kafka-python==3.0.12",
        ]);
        step::output(download.current_dir(home))?;
        step::output(
            Command::new("tar")
                .args(["xzf", "kafka_python-3.0.12.tar.gz"])
                .current_dir(home),
        )?;
        fs::write(home.join("kafka_python-3.0.12/test/__init__.py"), "")?;
        fs::copy(
            beside("kafka-python/service.py"),
            home.join("kafka_python-3.0.12/test/service.py"),
        )?;
        Ok(())
    })?;
    let mut command = Command::new(home.join("venv/bin/python"));
    command.args([
        "-B",
        "-m",
        "pytest",
        "-v",
        "-rfEp",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "test/integration",
    ]);
    for fault in KAFKA_PYTHON_FAULTS {
        command.args(["--only-rerun", fault]);
    }
    command
        .args(["--reruns", "2", "-k", "not ssl"])
        .current_dir(home.join("kafka_python-3.0.12"));
    // The version is what the tests expect a client to find out; the folder only has to exist.
    command
        .env("KAFKA_VERSION", "4.3.0")
        .env("KAFKA_ROOT", &home);
    command.env("KAFKA_URI", format!("kafka://{address}"));
    Ok(command)
}

/// A writable copy of a Go module's published source.
fn go_module(name: &str, module: &str) -> Result<PathBuf> {
    once(name, module, |home| {
        fs::write(home.join("go.mod"), "module fetch\n\ngo 1.26\n")?;
        let told = step::output(
            Command::new("go")
                .args(["mod", "download", "-json", module])
                .current_dir(home),
        )?;
        let told: Value = serde_json::from_str(&told)?;
        let source = told["Dir"]
            .as_str()
            .context("go mod download tells no folder")?;
        let copy = home.join("source");
        step::output(Command::new("cp").args(["-r", source]).arg(&copy))?;
        step::output(Command::new("chmod").args(["-R", "u+w"]).arg(&copy))?;
        Ok(())
    })
}

/// Waits for the coordinator of a transaction without a limit, where there are no transactions.
const CONFLUENT_ENDLESS: &str = "^TestTransactionalSendOffsets$";

/// The module ships a static librdkafka; needs cgo.
pub(super) fn confluent_kafka_go(address: &str) -> Result<Command> {
    let home = go_module(
        "confluent-kafka-go-2.11.1",
        "github.com/confluentinc/confluent-kafka-go/v2@v2.11.1",
    )?;
    let folder = home.join("source/kafka");
    let program = home.join("kafka.test");
    if !program.is_file() {
        step::output(
            Command::new("go")
                .args(["test", "-c", "-o"])
                .arg(&program)
                .arg(".")
                .current_dir(&folder),
        )?;
    }
    let config = serde_json::json!({"Brokers": address, "TopicName": "suite", "GroupID": "suite"});
    fs::write(folder.join("testconf.json"), config.to_string())?;
    let mut command = Command::new("go");
    command.args(["tool", "test2json"]).arg(&program);
    command
        .args(["-test.v=test2json", "-test.timeout=24m"])
        .args(["-test.skip", CONFLUENT_ENDLESS])
        .current_dir(folder);
    Ok(command)
}

/// Their `getOffsets` leaves out a function that it then calls: a null pointer, which ends the process and the tests after it,
/// whatever the server.
const KAFKA_GO_BROKEN: &str =
    "^TestReaderConsumerGroup$/^(verify_offset_committed.*|consumer_group_commits_on_close)$";

/// Its tests dial localhost:9092; most of the rest are its own units.
pub(super) fn kafka_go(_: &str) -> Result<Command> {
    let home = go_module("kafka-go-0.4.51", "github.com/segmentio/kafka-go@v0.4.51")?;
    let go_test = |arguments: &[&str]| {
        let mut command = Command::new("go");
        command
            .args(["test", "-mod=mod", "-count=1"])
            .args(arguments)
            .arg("./...")
            .current_dir(home.join("source"));
        // What its own CI sets, against its newest server.
        command
            .env("KAFKA_VERSION", "4.0.0")
            .env("KAFKA_SKIP_NETTEST", "1");
        command
    };
    step::output(&mut go_test(&["-run", "^$"]))?;
    Ok(go_test(&[
        "-timeout=24m",
        "-json",
        "-skip",
        KAFKA_GO_BROKEN,
    ]))
}

/// Tries its transactions again and again, without a limit, where there are none.
const FRANZ_GO_ENDLESS: &str = "^TestTxnEtl$";

/// The client's package, whose tests move half a million records through chains of groups and transactions by themselves;
/// here a tenth of that, on topics of one replica.
pub(super) fn franz_go(address: &str) -> Result<Command> {
    let home = go_module("franz-go-1.22.2", "github.com/twmb/franz-go@v1.22.2")?;
    let program = home.join("kgo.test");
    let folder = home.join("source/pkg/kgo");
    if !program.is_file() {
        let mut build = Command::new("go");
        build.args(["test", "-c", "-o"]).arg(&program).arg(".");
        step::output(build.current_dir(&folder))?;
    }
    let mut command = Command::new("go");
    command.args(["tool", "test2json"]).arg(&program);
    command
        .args(["-test.v=test2json", "-test.timeout=24m"])
        .args(["-test.skip", FRANZ_GO_ENDLESS])
        .current_dir(folder);
    command
        .env("KGO_SEEDS", address)
        .env("KGO_TEST_RF", "1")
        .env("KGO_TEST_RECORDS", "50000");
    Ok(command)
}

/// A copy of a crate's published source outside any workspace. It brings its own Cargo.lock; `newer` are dependencies of which
/// the locked version does not compile with today's compiler.
fn rust_crate(name: &str, version: &str, newer: &[&str]) -> Result<PathBuf> {
    once(&format!("{name}-{version}"), &newer.join(" "), |home| {
        let fetch = home.join("fetch");
        fs::create_dir_all(fetch.join("src"))?;
        fs::write(fetch.join("src/lib.rs"), "")?;
        let manifest = format!(
            "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[dependencies]\n{name} = \"={version}\"\n\n\
             [workspace]\n"
        );
        fs::write(fetch.join("Cargo.toml"), manifest)?;
        let mut vendor = Command::new("cargo");
        vendor
            .args(["vendor", "--quiet", "--versioned-dirs"])
            .arg(home.join("vendor"))
            .current_dir(&fetch);
        step::output(&mut vendor)?;
        let copy = home.join("source");
        let source = home.join("vendor").join(format!("{name}-{version}"));
        step::output(Command::new("cp").arg("-r").arg(source).arg(&copy))?;
        fs::remove_dir_all(home.join("vendor"))?;
        let manifest = fs::read_to_string(copy.join("Cargo.toml"))? + "\n[workspace]\n";
        fs::write(copy.join("Cargo.toml"), manifest)?;
        // Its own choice of an older compiler cannot be had here.
        if copy.join("rust-toolchain.toml").exists() {
            fs::remove_file(copy.join("rust-toolchain.toml"))?;
        }
        for dependency in newer {
            let mut update = Command::new("cargo");
            update.args(["update", "--quiet", "--package", dependency]);
            step::output(update.current_dir(&copy))?;
        }
        Ok(())
    })
}

fn cargo_test(home: &Path) -> Result<Command> {
    let of = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command
            .arg("test")
            .args(arguments)
            .current_dir(home.join("source"));
        command.env("CARGO_TARGET_DIR", home.join("target"));
        command
    };
    step::output(&mut of(&["--no-run", "--quiet", "--tests"]))?;
    Ok(of(&["--no-fail-fast", "--tests", "--", "--test-threads=2"]))
}

/// librdkafka is built from the crate's own copy.
pub(super) fn rdkafka(address: &str) -> Result<Command> {
    let mut command = cargo_test(&rust_crate("rdkafka", "0.39.0", &[])?)?;
    command
        .env("KAFKA_HOST", address)
        .env("KAFKA_VERSION", "4.0.0");
    Ok(command)
}

pub(super) fn rskafka(address: &str) -> Result<Command> {
    let mut command = cargo_test(&rust_crate("rskafka", "0.6.0", &["rsasl"])?)?;
    command
        .env("TEST_INTEGRATION", "1")
        .env("TEST_BROKER_IMPL", "kafka")
        .env("KAFKA_CONNECT", address);
    Ok(command)
}
