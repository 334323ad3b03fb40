//! Getting RocketMQ's clients and building their drivers.

use std::ffi::OsString;

use anyhow::{Context, Result};

use super::server::ROCKETMQ;
use crate::clients::driver::Driver;
use crate::clients::install::{built, driver, java_classes, jvm, lock, sources};
use crate::maven;

/// Java clients that the same cases run with: the version, the jars' directory, what they are, and the folder with what
/// is spelt differently in that version.
const JAVA_CLIENTS: &[(&str, &str, &[&str], &str)] = &[
    ("5.5.0", "rocketmq-5.5.0", ROCKETMQ, "v5"),
];

/// Installs and builds all drivers and asks each for its cases; those without a case that matches `filter` are left out.
pub(super) fn drivers(filter: &[String]) -> Result<Vec<Driver>> {
    let _lock = lock()?;
    let mut drivers = Vec::new();
    for client in JAVA_CLIENTS {
        drivers.push(java_client(client)?);
    }
    for driver in &mut drivers {
        driver.list(filter)?;
    }
    drivers.retain(|driver| !driver.cases.is_empty());
    Ok(drivers)
}

fn java_client((version, jars, artifacts, dialect): &(&str, &str, &[&str], &str)) -> Result<Driver> {
    let jars = maven::jars(jars, artifacts)?;
    let java = sources().join("rocketmq/java");
    let folders = [java.join("cases"), java.join(dialect)];
    let class_path = java_classes(&folders, &format!("rocketmq-{version}"), &jars)?;
    let home = built().join(format!("rocketmq-{version}-home"));
    std::fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
    let mut args = vec![
        property("user.home", &home.display().to_string()),
        property("rocketmq.client.logRoot", &home.join("logs").display().to_string()),
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

/// Cases at a time in one JVM: most of a case is waiting.
const JAVA_THREADS: u32 = 8;

fn property(name: &str, value: &str) -> OsString {
    OsString::from(format!("-D{name}={value}"))
}
