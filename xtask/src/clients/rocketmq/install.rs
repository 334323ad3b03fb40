//! Getting RocketMQ's clients and building their drivers.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::clients::driver::Driver;
use crate::clients::install::{
    built, driver, go_program, java_classes, jvm, lock, orders, sources,
};
use crate::{maven, rocketmq_peer, step, workspace};

/// A Java client that the shared cases run with.
struct JavaClient {
    version: &'static str,
    jars: fn() -> Result<PathBuf>,
    /// The folder with what this version spells in its own way.
    dialect: &'static str,
}

const JAVA_CLIENTS: [JavaClient; 2] = [
    JavaClient {
        version: "5.5.0",
        // As old as the broker that is the reference, and of the same jars.
        jars: rocketmq_peer::jars,
        dialect: "v5",
    },
    JavaClient {
        version: "4.9.8",
        jars: || {
            maven::jars(
                "rocketmq-4.9.8",
                &["org.apache.rocketmq:rocketmq-tools:4.9.8"],
            )
        },
        dialect: "v4",
    },
];

/// Installs and builds the drivers and asks each for its cases; those without a case that matches `filter` are left out.
/// The Rust client takes minutes to build: only where `rust` allows it, and if there is a filter, where that names it.
pub(super) fn drivers(filter: &[String], rust: bool) -> Result<Vec<Driver>> {
    let _lock = lock()?;
    let mut drivers = Vec::new();
    for client in &JAVA_CLIENTS {
        drivers.push(java_client(client)?);
    }
    drivers.push(go()?);
    if rust && (filter.is_empty() || filter.iter().any(|text| text.contains(RUST))) {
        drivers.push(rust_client()?);
    }
    for driver in &mut drivers {
        driver.list(filter)?;
    }
    drivers.retain(|driver| !driver.cases.is_empty());
    Ok(drivers)
}

fn java_client(client: &JavaClient) -> Result<Driver> {
    let version = client.version;
    let jars = (client.jars)()?;
    let java = sources().join("rocketmq/java");
    let folders = [orders(), java.join("cases"), java.join(client.dialect)];
    let class_path = java_classes(&folders, &format!("rocketmq-{version}"), &jars)?;
    let home = built().join(format!("rocketmq-{version}-home"));
    std::fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
    let mut args = vec![
        property("user.home", &home.display().to_string()),
        property(
            "rocketmq.client.logRoot",
            &home.join("logs").display().to_string(),
        ),
        property("rocketmq.client.logLevel", "WARN"),
        // A member looks for queues of a new retry topic every second, not every 20.
        property("rocketmq.client.rebalance.waitInterval", "1000"),
        property(
            "rocketmq.client.localOffsetStoreDir",
            &home.join("offsets").display().to_string(),
        ),
    ];
    args.extend(jvm(class_path, "cases.Driver"));
    let title = format!("Java rocketmq-client {version}");
    let mut driver = driver(&format!("rocketmq-java-{version}"), title, "java", &args);
    driver.threads = JAVA_THREADS;
    Ok(driver)
}

fn go() -> Result<Driver> {
    let module = "github.com/apache/rocketmq-client-go/v2";
    let (program, version) = go_program(&sources().join("rocketmq/go"), "rocketmq-go", module)?;
    let title = format!("rocketmq-client-go {version}");
    Ok(driver("rocketmq-go", title, program, &[]))
}

/// Its driver's name.
const RUST: &str = "rocketmq-rust";

fn rust_client() -> Result<Driver> {
    let manifest = sources().join("rocketmq/rust/Cargo.toml");
    let target = built().join(RUST);
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--locked", "--manifest-path"]);
    cargo.arg(&manifest).arg("--target-dir").arg(&target);
    step::output(&mut cargo)?;
    let text = std::fs::read_to_string(&manifest)?;
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("rocketmq-client-rust = \"="))
        .context("rocketmq-client-rust is not pinned")?;
    let title = format!("rocketmq-client-rust {}", version.trim_end_matches('"'));
    let program = target.join("debug/rocketmq-rust-cases");
    Ok(driver(RUST, title, program, &[]))
}

/// Cases at a time in one JVM: most of a case is waiting.
const JAVA_THREADS: u32 = 8;

fn property(name: &str, value: &str) -> OsString {
    OsString::from(format!("-D{name}={value}"))
}
