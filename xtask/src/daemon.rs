//! A server, or another program, that a run starts: a process whose output goes to a file, ended by its process id.
//!
//! Invariants: it does not outlive its [`Daemon`]; one that ended before anybody asked it to is an error that says what it
//! printed last. Which server it is, and with which settings, is for the modules that start one.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::step;

/// How long a server may take to start or to stop; the Java ones have been seen to need a minute on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a JVM says of itself when it was asked to end: 128 and the number of SIGTERM.
const ENDED_BY_SIGTERM: i32 = 143;

/// A running server.
pub(crate) struct Daemon {
    name: String,
    /// Gone once it was ended, or found to have ended.
    child: Option<Child>,
    log: PathBuf,
}

impl Daemon {
    /// Starts `command`; messages call it `name`, and what it prints is appended to `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| log.display().to_string())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        Ok(Self {
            name: name.to_owned(),
            child: Some(child),
            log: log.to_owned(),
        })
    }

    /// Its process, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Everything it has printed so far.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The last lines that it printed.
    pub(crate) fn last_words(&self) -> String {
        let text = self.output();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(20);
        let short = |line: &&str| line.chars().take(400).collect::<String>();
        let last = lines.get(from..).unwrap_or_default().iter();
        last.map(short).collect::<Vec<_>>().join("\n")
    }

    /// Whether it has ended in order by itself. Fails where it ended otherwise.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        let child = self.child.as_mut().context("it has ended before")?;
        match child.try_wait()? {
            None => Ok(false),
            Some(status) => {
                let words = self.last_words();
                ensure!(
                    status.success(),
                    "{} ended with {status}:\n{words}",
                    self.name
                );
                Ok(true)
            }
        }
    }

    /// Asks `ready`, with the server, until it says yes. Fails when that takes too long or the server ends.
    pub(crate) fn wait_until(&mut self, mut ready: impl FnMut(&Self) -> bool) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            self.ensure_runs()?;
            if ready(self) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        bail!(
            "{} was not ready in time:\n{}",
            self.name,
            self.last_words()
        )
    }

    fn ensure_runs(&mut self) -> Result<()> {
        let child = self.child.as_mut().context("it has ended before")?;
        if let Some(status) = child.try_wait()? {
            self.child = None;
            bail!(
                "{} ended by itself with {status}:\n{}",
                self.name,
                self.last_words()
            );
        }
        Ok(())
    }

    /// SIGKILL, as a crash.
    pub(crate) fn kill(mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// SIGTERM; it must end by itself, in order and in time.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.ensure_runs()?;
        let mut child = self.child.take().context("it has ended before")?;
        step::output(Command::new("kill").arg(child.id().to_string()))?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait()? {
                let in_order = status.success() || status.code() == Some(ENDED_BY_SIGTERM);
                let words = self.last_words();
                ensure!(in_order, "{} ended with {status}:\n{words}", self.name);
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill()?;
        child.wait()?;
        bail!("{} did not end in time:\n{}", self.name, self.last_words())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Somebody gave up before the end: nothing is to be learned from a clean stop.
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A log file per start, so that a restart does not overwrite what the run before said.
pub(crate) fn next_log(dir: &Path) -> PathBuf {
    let numbered = |n: u32| dir.join(format!("server-{n}.log"));
    (0..u32::MAX)
        .map(numbered)
        .find(|path| !path.exists())
        .unwrap_or_else(|| numbered(u32::MAX))
}

/// A port that nobody listens on now. Servers that choose a port themselves are told 0 instead.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A listener's address in what `highwater serve` printed, once it has said that it is ready.
pub(crate) fn bound_address(output: &str, listener: &str) -> Option<String> {
    let (_, rest) = output.split_once("ready in ")?;
    let (line, _) = rest.split_once('\n')?;
    let named = |word: &str| Some(word.strip_prefix(listener)?.strip_prefix('=')?.to_owned());
    line.split(' ').find_map(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listeners_address_is_found_once_the_server_is_ready() {
        let said = "data /x\nready in 3 ms kafka=127.0.0.1:1 namesrv=127.0.0.1:4711 rocketmq=127.0.0.1:2\n";
        assert_eq!(
            bound_address(said, "namesrv").as_deref(),
            Some("127.0.0.1:4711")
        );
        assert_eq!(bound_address(said, "kafka").as_deref(), Some("127.0.0.1:1"));
        assert_eq!(bound_address(said, "http"), None);
        for unfinished in ["namesrv=127.0.0.1:4711\n", "ready in 3 ms namesrv=127."] {
            assert_eq!(bound_address(unfinished, "namesrv"), None, "{unfinished}");
        }
    }

    fn shell(script: &str, dir: &Path) -> Daemon {
        let mut command = Command::new("sh");
        Daemon::start("shell", command.args(["-c", script]), &dir.join("log")).unwrap()
    }

    #[test]
    fn one_that_ends_by_itself_is_an_error_with_its_last_words() {
        let dir = tempfile::tempdir().unwrap();
        let mut ended = shell("echo no such file; exit 3", dir.path());
        let error = ended.wait_until(|_| false).unwrap_err().to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.contains("no such file"), "{error}");
    }

    #[test]
    fn a_stop_in_order_is_told_from_another() {
        let dir = tempfile::tempdir().unwrap();
        for (script, in_order) in [
            (
                "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done",
                true,
            ),
            (
                "trap 'exit 143' TERM; echo ready; while :; do sleep 0.01; done",
                true,
            ),
            (
                "trap 'exit 1' TERM; echo ready; while :; do sleep 0.01; done",
                false,
            ),
        ] {
            let mut daemon = shell(script, dir.path());
            daemon
                .wait_until(|daemon| daemon.output().contains("ready"))
                .unwrap();
            assert_eq!(daemon.stop().is_ok(), in_order, "{script}");
            fs::remove_file(dir.path().join("log")).unwrap();
        }
    }

    #[test]
    fn none_outlives_its_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let daemon = shell("exec sleep 600", dir.path());
        let process = format!("/proc/{}", daemon.pid().unwrap());
        drop(daemon);
        assert!(!Path::new(&process).exists());
    }
}
