//! `highwater serve`: starts the server, says where it listens, and stays until told to stop.
//!
//! stdout gets exactly one line, `ready in 12 ms kafka=127.0.0.1:9092 http=127.0.0.1:8080`; the banner
//! and log lines go to stderr. SIGTERM and SIGINT stop in order, a second one at once; SIGHUP reads
//! the configuration file again and takes over the log level.

use crate::cli::ServeArgs;
use crate::commands::config as config_command;
use crate::exit::{Exit, Failure};
use highwater::config::{self, Config, Loaded};
use highwater::logging::{self, LogLevel};
use highwater::server::{Server, StartError, Summary};
use std::io::{self, Write};
use std::time::Instant;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let Loaded { config, .. } = config_command::load(&args)?;
    let level = logging::install(&config.log_level, config.log_format)
        .map_err(|error| Failure::new(Exit::NotWell, format!("logging: {error}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(|error| Failure::new(Exit::Unavailable, format!("event loop: {error}")))?;
    // Before anything is opened, so that a signal during recovery is not lost.
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    if config.rocketmq_asked_for {
        tracing::warn!(
            "RocketMQ listeners are accepted in the configuration but not part of this build"
        );
    }
    let server = Server::start(&config).map_err(start_failure)?;
    announce(&config, server.summary(), began);
    let reason = runtime.block_on(signals.wait_for_stop(&args, &level));
    tracing::info!(signal = reason, "stopping");
    force_on_second_signal(runtime, signals);
    let stopping = Instant::now();
    server
        .stop()
        .map_err(|error| Failure::new(Exit::NotWell, error.to_string()))?;
    let ms = stopping.elapsed().as_millis();
    tracing::info!(ms = u64::try_from(ms).unwrap_or(u64::MAX), "stopped");
    Ok(())
}

fn start_failure(error: StartError) -> Failure {
    let exit = match &error {
        StartError::Damaged(_) => Exit::Damaged,
        StartError::NotADirectory { .. } => Exit::Usage,
        _ => Exit::Unavailable,
    };
    Failure::new(exit, error.to_string())
}

/// Prints the banner and the one line that scripts wait for.
fn announce(config: &Config, summary: &Summary, began: Instant) {
    let banner = banner(config, summary);
    if logging::is_json(config.log_format) {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            kafka = %summary.kafka,
            data = %config.data.display(),
            engine = %summary.engine,
            recovery = %summary.recovery,
            network_threads = summary.network_threads,
            "started"
        );
    } else {
        // A closed stderr or stdout is no reason not to serve.
        let _ = io::stderr().write_all(banner.as_bytes());
    }
    let mut ready = format!(
        "ready in {} ms kafka={}",
        began.elapsed().as_millis(),
        summary.kafka
    );
    if let Some(http) = summary.http {
        ready.push_str(&format!(" http={http}"));
    }
    ready.push('\n');
    let mut stdout = io::stdout();
    let _ = stdout
        .write_all(ready.as_bytes())
        .and_then(|()| stdout.flush());
}

fn banner(config: &Config, summary: &Summary) -> String {
    let advertised = match &config.advertise {
        Some(advertised) => {
            let port = advertised.port.unwrap_or(summary.kafka.port());
            format!("advertised as {}:{port}", advertised.host)
        }
        None => "each client is told the address it dialled".to_owned(),
    };
    let durability = if config.kafka_settings.text("log.write.caching") == Some("true") {
        "os: acks=all waits for the page cache (log.write.caching=true); survives the process, not power loss"
    } else {
        "disk: acks=all waits for a sync; a topic relaxes it with write.caching=true"
    };
    let http = summary.http.map_or_else(
        || "off".to_owned(),
        |http| format!("http://{http}/metrics, /health/live, /health/ready"),
    );
    let rows = [
        ("kafka", format!("{} ({advertised})", summary.kafka)),
        (
            "rocketmq",
            "listeners are not part of this build".to_owned(),
        ),
        ("http", http),
        (
            "data",
            format!(
                "{} (Kafka's log directory: {})",
                config.data.display(),
                summary.kafka_dir.display()
            ),
        ),
        ("engine", summary.engine.clone()),
        ("durability", durability.to_owned()),
        ("recovery", summary.recovery.clone()),
        (
            "threads",
            format!("{} for connections", summary.network_threads),
        ),
    ];
    let mut out = format!("highwater {}\n", env!("CARGO_PKG_VERSION"));
    for (name, value) in rows {
        out.push_str(&format!("  {name:<11} {value}\n"));
    }
    out
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::new(Exit::Unavailable, format!("signals: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// The next signal that means "stop"; reloads on the way.
    async fn wait_for_stop(&mut self, args: &ServeArgs, level: &LogLevel) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hangup.recv() => reload(args, level),
            }
        }
    }
}

/// Reads the configuration again; a faulty one changes nothing.
fn reload(args: &ServeArgs, level: &LogLevel) {
    let loaded = config_command::input(args).and_then(|input| {
        config::load(&input).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    });
    match loaded {
        Ok(loaded) if level.set(&loaded.config.log_level) => {
            tracing::info!(log.level = %loaded.config.log_level, "reloaded; other settings need a restart");
        }
        Ok(_) => tracing::warn!("the log level was not changed"),
        Err(failure) => tracing::warn!(%failure, "not reloaded"),
    }
}

/// From here on another signal ends the process at once, as a crash would.
fn force_on_second_signal(runtime: tokio::runtime::Runtime, mut signals: Signals) {
    let forced = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = signals.terminate.recv() => {}
                _ = signals.interrupt.recv() => {}
            }
        });
        let _ = writeln!(
            io::stderr(),
            "highwater: second signal, leaving at once; the next start recovers"
        );
        std::process::exit(Exit::Interrupted as i32);
    };
    // Without the thread a second signal is ignored and the stop goes its way.
    let _ = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(forced);
}
