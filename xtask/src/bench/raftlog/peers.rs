//! The logs that are compared, and the programs that put the load on each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::Limit;
use super::figures::Measured;
use crate::{java, maven, step, workspace};

/// dongting has no releases in a registry: this commit is built.
const DONGTING_COMMIT: &str = "0d366e70";
const DONGTING_REPOSITORY: &str = "https://github.com/dtprj/dongting";
/// What its sources need to be compiled.
const DONGTING_NEEDS: &[&str] = &["org.slf4j:slf4j-api:1.7.36"];
/// As its own start scripts do.
const DONGTING_EXPORTS: [&str; 2] = ["--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED"];

/// A log, or the bare file beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Peer {
    Mmap,
    File,
    Staged,
    Direct,
    RaftEngine,
    Dongting,
    Bare,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Peer {
    pub(super) const OURS: [Self; 4] = [Self::Mmap, Self::File, Self::Staged, Self::Direct];
    pub(super) const ALL: [Self; 7] = [
        Self::Mmap,
        Self::File,
        Self::Staged,
        Self::Direct,
        Self::RaftEngine,
        Self::Dongting,
        Self::Bare,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mmap => "mmap",
            Self::File => "file",
            Self::Staged => "staged",
            Self::Direct => "direct",
            Self::RaftEngine => "raft-engine",
            Self::Dongting => "dongting",
            Self::Bare => "bare",
        }
    }

    pub(super) fn is_ours(self) -> bool {
        Self::OURS.contains(&self)
    }

    /// A log of others.
    pub(super) fn is_rival(self) -> bool {
        matches!(self, Self::RaftEngine | Self::Dongting)
    }
}

/// The programs.
pub(super) struct Programs {
    ours: PathBuf,
    raft_engine: PathBuf,
    dongting: PathBuf,
}

impl Programs {
    /// Builds what is needed for `peers`; the foreign ones apart from the workspace.
    pub(super) fn build(peers: &[Peer], dongting: Option<&Path>) -> Result<Self> {
        let programs = Self::build_ours(true)?;
        if peers.contains(&Peer::RaftEngine) {
            let mut command = workspace::cargo();
            command.args(["build", "--release", "--locked"]);
            command.args(["--manifest-path", "bench/raftengine/Cargo.toml"]);
            command
                .arg("--target-dir")
                .arg(workspace::target_dir().join("raftengine"));
            ensure!(
                step::passes(&mut command)?,
                "bench/raftengine was not built"
            );
        }
        if peers.contains(&Peer::Dongting) {
            build_dongting(&programs.dongting, dongting).context("dongting")?;
        }
        Ok(programs)
    }

    /// Our own only; with optimisations, or quickly.
    pub(super) fn build_ours(release: bool) -> Result<Self> {
        let target = workspace::target_dir();
        let mut command = workspace::cargo();
        command.args(["build", "--quiet", "--package", "raftload"]);
        if release {
            command.arg("--release");
        }
        ensure!(step::passes(&mut command)?, "bench/raftload was not built");
        let profile = if release { "release" } else { "debug" };
        Ok(Self {
            ours: target.join(profile).join("raftload"),
            raft_engine: target.join("raftengine/release/raftengine"),
            dongting: target.join("dongting"),
        })
    }

    /// The command that puts the load on a log.
    pub(super) fn command(&self, peer: Peer, heap_mib: u64) -> Command {
        match peer {
            Peer::RaftEngine => Command::new(&self.raft_engine),
            Peer::Dongting => {
                let mut command = Command::new("java");
                command.arg(java::tmpdir()).args(DONGTING_EXPORTS);
                command.arg(format!("-Xmx{heap_mib}m"));
                command.arg("-cp").arg(self.dongting.join("classes"));
                command.arg("DongtingLoad");
                command
            }
            ours => {
                let mut command = Command::new(&self.ours);
                command.args(["--engine", ours.name()]);
                command
            }
        }
    }

    /// Puts a load on a log in a new directory, which is removed again.
    pub(super) fn run(
        &self,
        peer: Peer,
        flags: &[String],
        dir: &Path,
        limit: Limit,
    ) -> Result<Measured> {
        let place = Place::new(dir)?;
        let mut command = self.command(peer, 1024);
        command.arg("--dir").arg(place.log());
        // The flags of every program: a name and a value, apart.
        command.args(flags.iter().flat_map(|flag| flag.splitn(2, '=')));
        answer(command, limit)
    }
}

/// A directory that is removed with the log in it.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(dir: &Path) -> Result<Self> {
        if dir.exists() {
            fs::remove_dir_all(dir).with_context(|| dir.display().to_string())?;
        }
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        Ok(Self(dir.to_owned()))
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a program of the load to its line.
fn answer(mut command: Command, limit: Limit) -> Result<Measured> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().with_context(|| format!("{command:?}"))?;
    read_answer(child, limit)
}

/// Waits for a program's line; one that takes too long is ended.
pub(super) fn read_answer(mut child: std::process::Child, limit: Limit) -> Result<Measured> {
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > limit.0 {
            child.kill()?;
            child.wait()?;
            bail!("no answer after {} s", limit.0.as_secs());
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {said}", output.status);
    let line = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(line.trim())
        .with_context(|| format!("an answer was expected, not {line:?}"))
}

/// Compiles dongting's log and our program over it into `dir`, unless that is done.
fn build_dongting(dir: &Path, repository: Option<&Path>) -> Result<()> {
    let program = workspace::root().join("bench/dongting/DongtingLoad.java");
    let done = dir.join(".complete");
    let wanted = format!("{DONGTING_COMMIT}\n{}", fs::read_to_string(&program)?);
    if fs::read_to_string(&done).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let (sources, classes) = (dir.join("sources"), dir.join("classes"));
    for made in [&sources, &classes] {
        let _ = fs::remove_dir_all(made);
        fs::create_dir_all(made).with_context(|| made.display().to_string())?;
    }
    let repository = match repository {
        Some(repository) => repository.to_owned(),
        None => clone_dongting()?,
    };
    let archive = dir.join("sources.tar");
    let parts = ["client", "client-ex", "server"].map(|part| format!("{part}/src/main/java"));
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(&repository)
        .args(["archive", "-o"])
        .arg(&archive);
    step::output(git.arg(DONGTING_COMMIT).args(&parts))?;
    step::output(
        Command::new("tar")
            .arg("xf")
            .arg(&archive)
            .arg("-C")
            .arg(&sources),
    )?;
    for part in &parts {
        // Everything is compiled as one, without modules.
        let _ = fs::remove_file(sources.join(part).join("module-info.java"));
    }
    let needs = maven::jars("dongting-needs", DONGTING_NEEDS)?;
    let paths: Vec<String> = parts
        .iter()
        .map(|part| sources.join(part).display().to_string())
        .collect();
    let mut javac = Command::new("javac");
    javac
        .args(["-nowarn", "-encoding", "UTF-8"])
        .args(DONGTING_EXPORTS);
    javac
        .arg("-cp")
        .arg(needs.join("*"))
        .arg("-d")
        .arg(&classes);
    javac.arg("-sourcepath").arg(paths.join(":")).arg(program);
    // Looked up by its name at run time, so the compiler does not find it by itself.
    javac.arg(
        sources.join("client/src/main/java/com/github/dtprj/dongting/java11/Java11Factory.java"),
    );
    step::output(&mut javac)?;
    fs::write(done, wanted)?;
    Ok(())
}

fn clone_dongting() -> Result<PathBuf> {
    let into = maven::cache().join("dongting.git");
    if !into.is_dir() {
        let mut git = Command::new("git");
        git.args(["clone", "--quiet", "--bare", DONGTING_REPOSITORY])
            .arg(&into);
        step::output(&mut git).context("or name a repository that has it: --dongting PATH")?;
    }
    Ok(into)
}
