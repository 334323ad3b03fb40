//! What stands between a measurement and whoever waits for it: a bar on a terminal, and signals that end it.

use std::io::{IsTerminal as _, Write as _};

use highwater::measure::{Progress, Stop};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failure};

/// A bar for the experiment at hand; hidden unless stderr is a terminal.
pub(in crate::commands) struct Bar {
    bar: ProgressBar,
    experiments: u64,
    begun: std::sync::atomic::AtomicU64,
}

impl Bar {
    /// For so many experiments.
    pub(in crate::commands) fn new(experiments: usize) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template(
                "{prefix} {wide_bar} {pos}/{len} {msg:12!} {eta} left",
            );
            let bar = ProgressBar::new(0);
            match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            experiments: experiments as u64,
            begun: 0.into(),
        }
    }

    /// Writes to stdout without tearing the bar.
    pub(in crate::commands) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Takes the bar away.
    pub(in crate::commands) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, experiment: &str, steps: u64) {
        let number = self
            .begun
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            + 1;
        self.bar
            .set_prefix(format!("{number}/{} {experiment}", self.experiments));
        self.bar.set_length(steps);
        self.bar.set_position(0);
        self.bar.reset_eta();
    }

    fn step(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.inc(1);
    }
}

/// Turns SIGINT and SIGTERM into a stop. A second one ends the process at once; what it leaves is removed by the next run.
pub(in crate::commands) fn stop_on_signals() -> Result<Stop, Failure> {
    let failed =
        |error: std::io::Error| Failure::new(Exit::Unavailable, format!("signals: {error}"));
    let stop = Stop::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(failed)?;
    let guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    drop(guard);
    let told = stop.clone();
    let wait = move || {
        for turn in ["first", "second"] {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            if turn == "first" {
                told.now();
                // A closed stderr is no reason not to stop.
                let _ = writeln!(
                    std::io::stderr(),
                    "highwater: stopping; a second signal leaves at once"
                );
            }
        }
        std::process::exit(Exit::Interrupted as i32);
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map_err(failed)?;
    Ok(stop)
}
