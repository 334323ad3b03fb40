//! Getting each client and building its driver: downloads go to the cache, what is built from the tree to `target/clients`.
//!
//! Versions are pinned here and in the lock files beside the drivers. Every step is skipped when its stamp says that it was
//! done with the same inputs; a lock file keeps two runs from installing at once.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::driver::Driver;
use crate::{java, maven, step, workspace};

/// Versions of the Java client that the same cases run with.
const JAVA_CLIENTS: &[&str] = &["4.3.1", "4.4.0"];

/// Installs and builds all drivers and asks each for its cases; those without a case that matches `filter` are left out.
pub(crate) fn drivers(filter: &[String]) -> Result<Vec<Driver>> {
    let _lock = lock()?;
    // The longest first, so that none of them is left over at the end of a parallel run; the Java clients not side by side,
    // for both change the broker's own settings.
    let mut drivers = Vec::new();
    for version in JAVA_CLIENTS {
        drivers.push(java_client(version)?);
    }
    drivers.insert(1, java_tools()?);
    drivers.extend(python()?);
    drivers.push(sarama()?);
    drivers.push(kafkajs()?);
    for driver in &mut drivers {
        driver.list(filter)?;
    }
    drivers.retain(|driver| !driver.cases.is_empty());
    Ok(drivers)
}

/// Keeps other runs from installing until it is dropped.
pub(super) fn lock() -> Result<File> {
    fs::create_dir_all(built())?;
    fs::create_dir_all(maven::cache())?;
    let lock = File::create(maven::cache().join("clients.lock"))?;
    lock.lock()
        .context("waiting for another run that installs clients")?;
    Ok(lock)
}

pub(super) fn sources() -> PathBuf {
    workspace::root().join("tests/clients")
}

pub(super) fn built() -> PathBuf {
    workspace::target_dir().join("clients")
}

/// A driver without cases yet.
pub(super) fn driver(
    id: &str,
    title: String,
    program: impl Into<OsString>,
    args: &[OsString],
) -> Driver {
    Driver {
        id: id.to_owned(),
        title,
        program: program.into(),
        args: args.to_vec(),
        env: Vec::new(),
        threads: 4,
        cases: Vec::new(),
        log: built().join(format!("{id}.log")),
    }
}

/// Runs `make` unless it was done before with the same `inputs` (contents of files, versions).
fn once(stamp: &Path, inputs: &[String], make: impl FnOnce() -> Result<()>) -> Result<()> {
    let text = inputs.join("\n");
    if fs::read_to_string(stamp).is_ok_and(|before| before == text) {
        return Ok(());
    }
    make()?;
    fs::write(stamp, text).with_context(|| stamp.display().to_string())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Compiles the Java files of `folders` against `jars` into a directory of that `name` and returns the class path to run
/// them with.
pub(super) fn java_classes(folders: &[PathBuf], name: &str, jars: &Path) -> Result<OsString> {
    let mut files = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        files.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "java")));
    }
    files.sort();
    let classes = built().join(format!("java-{name}"));
    fs::create_dir_all(&classes)?;
    let inputs = files
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>>>()?;
    once(&classes.join(".stamp"), &inputs, || {
        let mut javac = Command::new("javac");
        javac
            .args(["-Xlint:all,-try", "-Werror", "-proc:none", "-d"])
            .arg(&classes);
        step::output(javac.arg("-cp").arg(jars.join("*")).args(&files)).map(|_| ())
    })?;
    let mut path = classes.into_os_string();
    path.push(":");
    path.push(jars.join("*"));
    Ok(path)
}

/// The folder of what all Java drivers have in common.
pub(super) fn orders() -> PathBuf {
    sources().join("java/orders")
}

/// One JVM for all its cases: small heap, quick start.
pub(super) fn jvm(class_path: OsString, main: &str) -> Vec<OsString> {
    let options = [
        "-Xmx400m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dlog4j2.level=ERROR",
        "-cp",
    ];
    let mut args: Vec<OsString> = vec![java::tmpdir().into()];
    args.extend(options.iter().map(OsString::from));
    args.extend([class_path, main.into()]);
    args
}

fn java_client(version: &str) -> Result<Driver> {
    let clients = format!("org.apache.kafka:kafka-clients:{version}");
    let logger = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4";
    let jars = maven::jars(
        &format!("kafka-clients-{version}"),
        &[clients.as_str(), logger],
    )?;
    let folders = [orders(), sources().join("java/cases")];
    let class_path = java_classes(&folders, &format!("cases-{version}"), &jars)?;
    let title = format!("Java kafka-clients {version}");
    Ok(driver(
        &format!("java-{version}"),
        title,
        "java",
        &jvm(class_path, "cases.Driver"),
    ))
}

fn java_tools() -> Result<Driver> {
    let jars = maven::jars("kafka-4.3.1", maven::KAFKA)?;
    let folders = [orders(), sources().join("java/tools")];
    let class_path = java_classes(&folders, "tools-4.3.1", &jars)?;
    let mut driver = driver(
        "tools",
        "Apache Kafka's own tools 4.3.1".to_owned(),
        "java",
        &jvm(class_path, "tools.Driver"),
    );
    // The tools print to the one standard output of their process.
    driver.threads = 1;
    Ok(driver)
}

/// The virtual environment that Python clients and suites use.
pub(crate) fn python_environment() -> Result<PathBuf> {
    let requirements = sources().join("python/requirements.txt");
    let home = maven::cache().join("python");
    once(
        &maven::cache().join("python.stamp"),
        &[read(&requirements)?],
        || {
            step::output(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
            let mut pip = Command::new(home.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"])
                .arg(&requirements);
            step::output(&mut pip).map(|_| ())
        },
    )?;
    Ok(home)
}

/// confluent-kafka, kafka-python, and kcat (whose cases are written in Python).
fn python() -> Result<Vec<Driver>> {
    let python = python_environment()?.join("bin/python");
    let kcat = kcat()?;
    let of = |id: &str, title: &str, script: &str, threads: u32| {
        let script = sources().join("python").join(script).into_os_string();
        let mut driver = driver(
            id,
            title.to_owned(),
            &python,
            &[OsString::from("-B"), script],
        );
        driver.threads = threads;
        driver
    };
    let confluent = pinned("confluent-kafka")?;
    let kafka_python = pinned("kafka-python")?;
    Ok(vec![
        of(
            "confluent",
            &format!("confluent-kafka {confluent} (librdkafka)"),
            "confluent_cases.py",
            4,
        ),
        of(
            "kafka-python",
            &format!("kafka-python {kafka_python}"),
            "kafka_python_cases.py",
            4,
        ),
        of("kcat", &kcat, "kcat_cases.py", 2),
    ])
}

fn pinned(package: &str) -> Result<String> {
    let requirements = read(&sources().join("python/requirements.txt"))?;
    let line = requirements
        .lines()
        .find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    line.map(|version| version.trim().to_owned())
        .with_context(|| format!("{package} is not pinned"))
}

/// Installs kcat from the distribution if it is not there; its name and version as it tells them.
fn kcat() -> Result<String> {
    if step::output(Command::new("kcat").arg("-V")).is_err() {
        step::output(Command::new("apt-get").args(["-qq", "update"]))?;
        step::output(Command::new("apt-get").args([
            "-qq",
            "-y",
            "--no-install-recommends",
            "install",
            "kcat",
        ]))
        .context("kcat is needed, and only the distribution has it")?;
    }
    let told = step::output(Command::new("kcat").arg("-V"))?;
    let line = told
        .lines()
        .find(|line| line.starts_with("Version"))
        .unwrap_or_default();
    let version = line.split_whitespace().nth(1).unwrap_or("?");
    let library = line
        .split("librdkafka ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or("?");
    Ok(format!("kcat {version} (librdkafka {library})"))
}

fn sarama() -> Result<Driver> {
    let (program, version) = go_program(&sources().join("go"), "sarama", "github.com/IBM/sarama")?;
    Ok(driver(
        "sarama",
        format!("sarama {version} (Go)"),
        program,
        &[],
    ))
}

/// Builds the Go program in `folder`; where it is, and the version of the `module` that it tries.
pub(super) fn go_program(folder: &Path, name: &str, module: &str) -> Result<(PathBuf, String)> {
    let program = built().join(name);
    let version = required(&read(&folder.join("go.mod"))?, module)?;
    let mut go = Command::new("go");
    // Go keeps its own cache of what it has built.
    go.args(["build", "-mod=readonly", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(folder);
    step::output(&mut go)?;
    Ok((program, version))
}

/// The version of `module` that a `go.mod` asks for, in a `require` line or a `require` block.
fn required(manifest: &str, module: &str) -> Result<String> {
    let version = manifest.lines().find_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("require ").unwrap_or(line);
        let version = line
            .strip_prefix(module)?
            .strip_prefix(' ')?
            .split(' ')
            .next()?;
        Some(version.trim_start_matches('v').to_owned())
    });
    version.with_context(|| format!("{module} is not pinned"))
}

fn kafkajs() -> Result<Driver> {
    let folder = sources().join("node");
    let home = maven::cache().join("node");
    let inputs = [
        read(&folder.join("package.json"))?,
        read(&folder.join("package-lock.json"))?,
    ];
    once(&maven::cache().join("node.stamp"), &inputs, || {
        fs::create_dir_all(&home)?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(folder.join(name), home.join(name))?;
        }
        step::output(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&home),
        )
        .map(|_| ())
    })?;
    let version = inputs[0]
        .split("\"kafkajs\": \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let title = format!("kafkajs {} (Node.js)", version.unwrap_or("?"));
    let mut driver = driver(
        "kafkajs",
        title,
        "node",
        &[folder.join("cases.js").into_os_string()],
    );
    driver.env.push((
        "NODE_PATH".to_owned(),
        home.join("node_modules").into_os_string(),
    ));
    Ok(driver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_in_a_line_and_in_a_block() -> Result<()> {
        let manifest = "module x\n\nrequire a/b v1.2.3\n\nrequire (\n\tc/d v0.4.0 // indirect\n)\n";
        assert_eq!(required(manifest, "a/b")?, "1.2.3");
        assert_eq!(required(manifest, "c/d")?, "0.4.0");
        assert!(required(manifest, "e/f").is_err());
        Ok(())
    }
}
