//! Highwater's configuration: one TOML file, the environment and flags, merged and checked once.
//!
//! Order: defaults < file < environment (`HIGHWATER_LISTEN__KAFKA`, a double underscore nests)
//! < flags. An unknown key is an error that names the nearest; all problems are reported together.
//! Absent on purpose: what Kafka's settings mean (`kafka::config`), anything that needs a runtime.

mod keys;
mod layers;
mod reference;
mod rocketmq_settings;
mod values;

#[cfg(test)]
mod tests;

pub use keys::{KEYS, Key};
pub use layers::{Input, Origin, Setting, Table};
pub use reference::reference;
pub use rocketmq_settings::{ROCKETMQ_SETTINGS, RocketmqSetting, RocketmqSettings};

use kafka::config::{Layers, SettingError};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Everything the server needs to know to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// `data`.
    pub data: PathBuf,
    /// `engine`.
    pub engine: EngineWish,
    /// `listen.kafka`; `None` is off, with all of that half.
    pub kafka: Option<Address>,
    /// `listen.namesrv`; `None` is off.
    pub namesrv: Option<Address>,
    /// `listen.rocketmq`; `None` is off, with the store and all of the broker.
    pub rocketmq: Option<Address>,
    /// `listen.rocketmq_fast`.
    pub rocketmq_fast: FastPort,
    /// `listen.http`; `None` is off.
    pub http: Option<Address>,
    /// `advertise.kafka`; `None` is the address each client dialled.
    pub advertise: Option<Advertised>,
    /// `advertise.rocketmq`; `None` is the address listened on.
    pub advertise_rocketmq: Option<Advertised>,
    /// `log.level`: a filter that parses.
    pub log_level: String,
    /// `log.format`.
    pub log_format: LogFormat,
    /// `threads.network`; 0 is one per processor, at most 8.
    pub network_threads: usize,
    /// `stop.grace`.
    pub stop_grace: Duration,
    /// Everything under `kafka.`.
    pub kafka_settings: Layers,
    /// Everything under `rocketmq.`.
    pub rocketmq_settings: RocketmqSettings,
}

/// The RocketMQ broker's second port, which clients with `vipChannelEnabled` take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FastPort {
    /// Two below the broker's, where those clients look.
    Derived,
    /// There.
    At(Address),
    /// None.
    Off,
}

/// Which engine is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineWish {
    /// The measured default.
    Auto,
    /// Shared mappings.
    Mmap,
    /// Plain file writes.
    File,
    /// A locked buffer pool in front of the files.
    Staged,
    /// O_DIRECT through io_uring.
    Direct,
}

/// A host, as a name or an address without brackets, and a port; 0 picks one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// An address told to clients; without a port it is the listener's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertised {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A configuration with the texts it was read from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Typed and checked.
    pub config: Config,
    /// By dotted name, with origins.
    pub table: Table,
}

/// Merges and checks the layers.
///
/// # Errors
/// Every problem found; nothing was started or created.
pub fn load(input: &Input) -> Result<Loaded, ConfigError> {
    let table = layers::merge(input)?;
    let config = values::read(&table)?;
    Ok(Loaded { config, table })
}

/// All that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => one.fmt(f),
            many => {
                write!(f, "{} problems in the configuration:", many.len())?;
                many.iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: not valid TOML: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The parser's words.
        message: String,
    },
    /// No such setting.
    #[error("{origin}: unknown key `{key}`{}", nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownKey {
        /// What was given.
        key: String,
        /// By whom.
        origin: Origin,
        /// The closest name there is.
        nearest: Option<&'static str>,
    },
    /// Not an acceptable value.
    #[error("{origin}: {key} = {value:?}: {why}")]
    Value {
        /// The setting.
        key: String,
        /// What was given.
        value: String,
        /// By whom.
        origin: Origin,
        /// What would be right.
        why: String,
    },
    /// A Kafka setting that is not known or not acceptable.
    #[error("{origin}: {error}")]
    Kafka {
        /// What is wrong.
        error: SettingError,
        /// Who said so.
        origin: Origin,
    },
    /// A listener that other machines could reach.
    #[error(
        "{}{key} = {address}: other machines could reach it and there is no authentication yet; \
         listen on 127.0.0.1, or add --allow-remote (listen.allow_remote = true) if the network is trusted",
        origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default()
    )]
    Remote {
        /// The setting.
        key: String,
        /// Where it would listen.
        address: Address,
        /// Who said so.
        origin: Option<Origin>,
    },
    /// Two settings that do not go together.
    #[error("{0}")]
    Together(String),
}
