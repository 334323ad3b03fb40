//! A client's program: how it is started, told what to run, and listened to.
//!
//! `PROGRAM --list` prints the names of its cases. `PROGRAM BOOTSTRAP THREADS` reads names from its standard input, one a
//! line, and prints one line of JSON per case: `{"case", "ok", "ms", "detail"}`. It ends when its input does.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::step;

/// One client in one version.
pub(crate) struct Driver {
    /// Short name: the first word of a case's full name, `ID/CASE`.
    pub(crate) id: String,
    /// What the matrix calls it, with its version.
    pub(crate) title: String,
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(String, OsString)>,
    /// How many cases it runs at a time.
    pub(crate) threads: u32,
    /// Names of the cases to run, in its own order.
    pub(crate) cases: Vec<String>,
    /// Where its error output goes.
    pub(crate) log: PathBuf,
}

/// What one case gave.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CaseResult {
    #[serde(skip)]
    pub(crate) driver: String,
    pub(crate) case: String,
    pub(crate) ok: bool,
    pub(crate) ms: u64,
    pub(crate) detail: String,
}

impl CaseResult {
    /// Tells a failure: its name, and the first lines of what the client said.
    pub(crate) fn print(&self) {
        println!(
            "   FAILED {}/{} after {} ms",
            self.driver, self.case, self.ms
        );
        for line in self.detail.lines().take(DETAIL_LINES) {
            println!("      {line}");
        }
    }
}

const DETAIL_LINES: usize = 12;

impl Driver {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Asks the program for its cases and keeps those that match `filter` (all, if it is empty).
    pub(crate) fn list(&mut self, filter: &[String]) -> Result<()> {
        let listed = step::output(self.command().arg("--list")).with_context(|| self.id.clone())?;
        let wanted = |case: &&str| {
            let full = format!("{}/{case}", self.id);
            filter.is_empty() || filter.iter().any(|text| full.contains(text))
        };
        self.cases = listed.lines().filter(wanted).map(str::to_owned).collect();
        let distinct: BTreeSet<&String> = self.cases.iter().collect();
        ensure!(
            distinct.len() == self.cases.len(),
            "{} lists a case twice",
            self.id
        );
        Ok(())
    }

    /// Runs all its cases against `bootstrap`. A case without an answer (the program ended, or was silent for `limit` and
    /// was ended) is a failed case.
    pub(crate) fn run(&self, bootstrap: &str, limit: Duration) -> Result<Vec<CaseResult>> {
        let log = File::create(&self.log).with_context(|| self.log.display().to_string())?;
        let mut child = self
            .command()
            .args([bootstrap.to_owned(), self.threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{}: {:?}", self.id, self.program))?;
        if let Some(mut orders) = child.stdin.take() {
            // A program that ends early leaves this pipe broken; its cases then have no answer, which says it.
            let _ = orders.write_all((self.cases.join("\n") + "\n").as_bytes());
        }
        let mut results = self.listen(&mut child, limit);
        let answered: BTreeSet<String> = results.iter().map(|result| result.case.clone()).collect();
        for case in self.cases.iter().filter(|case| !answered.contains(*case)) {
            results.push(CaseResult {
                driver: self.id.clone(),
                case: case.clone(),
                ok: false,
                ms: 0,
                detail: format!("no answer; the driver's log: {}", self.log.display()),
            });
        }
        Ok(results)
    }

    /// Collects result lines until the program ends; ends it when it is silent for too long.
    fn listen(&self, child: &mut Child, limit: Duration) -> Vec<CaseResult> {
        let mut results = Vec::new();
        let Some(stdout) = child.stdout.take() else {
            return results;
        };
        let (lines, received) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        while let Ok(line) = received.recv_timeout(limit) {
            match serde_json::from_str::<CaseResult>(&line) {
                Ok(result) => results.push(CaseResult {
                    driver: self.id.clone(),
                    ..result
                }),
                Err(_) => println!("   {}: {line}", self.id),
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        results
    }
}
