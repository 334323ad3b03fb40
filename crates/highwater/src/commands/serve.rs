//! `highwater serve`: starts the server, says where it listens, and stays until told to stop.
//!
//! stdout gets exactly one line, `ready in 12 ms kafka=127.0.0.1:9092 namesrv=127.0.0.1:9876 rocketmq=127.0.0.1:10911
//! http=127.0.0.1:8080` without what is off; the banner and log lines go to stderr. SIGTERM and SIGINT stop in order, a second one at once; SIGHUP reads
//! the configuration file again and takes over the log level.

use crate::cli::ServeArgs;
use crate::commands::config as config_command;
use crate::exit::{Exit, Failure};
use highwater::config::{self, Config, Loaded};
use highwater::logging::{self, LogLevel};
use highwater::server::{
    BrokerSummary, KafkaSummary, RocketmqSummary, Server, StartError, Summary,
};
use rocketmq::store::Durability;
use std::fmt::Write as _;
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
    if logging::is_json(config.log_format) {
        log_start(config, summary);
    } else {
        // A closed stderr or stdout is no reason not to serve.
        let _ = io::stderr().write_all(banner(config, summary).as_bytes());
    }
    let mut stdout = io::stdout();
    let _ = stdout
        .write_all(ready_line(summary, began).as_bytes())
        .and_then(|()| stdout.flush());
}

fn ready_line(summary: &Summary, began: Instant) -> String {
    let rocketmq = summary.rocketmq.as_ref();
    let broker = rocketmq.and_then(|half| half.broker.as_ref());
    let addresses = [
        ("kafka", summary.kafka.as_ref().map(|half| half.address)),
        ("namesrv", rocketmq.and_then(|half| half.namesrv)),
        ("rocketmq", broker.map(|broker| broker.address)),
        ("http", summary.http),
    ];
    let mut line = format!("ready in {} ms", began.elapsed().as_millis());
    for (name, address) in addresses {
        if let Some(address) = address {
            let _ = write!(line, " {name}={address}");
        }
    }
    line.push('\n');
    line
}

/// The banner's content for machines: one event for each half.
fn log_start(config: &Config, summary: &Summary) {
    let version = env!("CARGO_PKG_VERSION");
    let data = config.data.display();
    let network_threads = summary.network_threads;
    if let Some(half) = &summary.kafka {
        let (engine, recovery) = (&half.engine, &half.recovery);
        tracing::info!(version, kafka = %half.address, %data, %engine, %recovery, network_threads, "started");
    }
    if let Some(half) = &summary.rocketmq {
        let namesrv = half.namesrv.map(|address| address.to_string());
        let Some(broker) = &half.broker else {
            tracing::info!(version, namesrv, network_threads, "started");
            return;
        };
        let (engine, recovery) = (&broker.engine, &broker.recovery);
        let (rocketmq, advertised) = (broker.address, broker.advertised);
        tracing::info!(
            version, %rocketmq, %advertised, namesrv, %data, %engine, %recovery, network_threads, "started"
        );
    }
}

fn banner(config: &Config, summary: &Summary) -> String {
    let http = summary.http.map_or_else(
        || "off".to_owned(),
        |http| format!("http://{http}/metrics, /health/live, /health/ready"),
    );
    let mut rows = vec![("data", config.data.display().to_string())];
    match &summary.kafka {
        Some(half) => rows.extend(kafka_rows(config, half)),
        None => rows.push(("kafka", "off".to_owned())),
    }
    match &summary.rocketmq {
        Some(half) => rows.extend(rocketmq_rows(half)),
        None => rows.push(("rocketmq", "off".to_owned())),
    }
    rows.push(("http", http));
    let halves = usize::from(summary.kafka.is_some()) + usize::from(summary.rocketmq.is_some());
    let threads = summary.network_threads;
    let each = if halves > 1 { " of each protocol" } else { "" };
    rows.push(("threads", format!("{threads} for connections{each}")));
    let mut out = format!("highwater {}\n", env!("CARGO_PKG_VERSION"));
    for (name, value) in rows {
        let _ = writeln!(out, "  {name:<12} {value}");
    }
    out
}

fn kafka_rows(config: &Config, half: &KafkaSummary) -> Vec<(&'static str, String)> {
    let advertised = match &config.advertise {
        Some(advertised) => {
            let port = advertised.port.unwrap_or(half.address.port());
            format!("advertised as {}:{port}", advertised.host)
        }
        None => "each client is told the address it dialled".to_owned(),
    };
    let durability = if config.kafka_settings.text("log.write.caching") == Some("true") {
        "os: acks=all waits for the page cache (log.write.caching=true); survives the process, not power loss"
    } else {
        "disk: acks=all waits for a sync; a topic relaxes it with write.caching=true"
    };
    vec![
        ("kafka", format!("{} ({advertised})", half.address)),
        ("  directory", half.dir.display().to_string()),
        ("  engine", half.engine.clone()),
        ("  durability", durability.to_owned()),
        ("  recovery", half.recovery.clone()),
    ]
}

fn rocketmq_rows(half: &RocketmqSummary) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(namesrv) = half.namesrv {
        rows.push(("namesrv", namesrv.to_string()));
    }
    match &half.broker {
        Some(broker) => rows.extend(broker_rows(broker)),
        None => rows.push(("rocketmq", "off".to_owned())),
    }
    rows
}

fn broker_rows(broker: &BrokerSummary) -> Vec<(&'static str, String)> {
    let fast = match broker.fast {
        Some(fast) => format!("fast port {}", fast.port()),
        None => "no fast port".to_owned(),
    };
    let advertised = match broker.advertised == broker.address {
        true => String::new(),
        false => format!(", advertised as {}", broker.advertised),
    };
    let durability = match broker.durability {
        Durability::Disk => "disk: a send waits for a sync (flushDiskType=SYNC_FLUSH)",
        Durability::Os => {
            "os: a send waits for the page cache (flushDiskType=ASYNC_FLUSH); survives the process, not power loss"
        }
    };
    vec![
        (
            "rocketmq",
            format!("{} ({fast}{advertised})", broker.address),
        ),
        ("  directory", broker.dir.display().to_string()),
        ("  engine", broker.engine.clone()),
        ("  durability", durability.to_owned()),
        ("  recovery", broker.recovery.clone()),
    ]
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
