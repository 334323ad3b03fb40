//! Log lines: to stderr, as text for people or JSON for machines, with a level that SIGHUP can change.

use crate::config::LogFormat;
use std::io::{self, IsTerminal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Registry, fmt};

/// Changes what is logged while the server runs.
#[derive(Debug, Clone)]
pub struct LogLevel(reload::Handle<Targets, Registry>);

impl LogLevel {
    /// Takes over another filter; `false` if it does not parse or logging has ended.
    pub fn set(&self, filter: &str) -> bool {
        filter
            .parse::<Targets>()
            .is_ok_and(|targets| self.0.reload(targets).is_ok())
    }
}

/// Whether log lines are JSON.
pub fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    }
}

/// Installs logging for the whole process. `filter` must parse (a checked configuration's does).
///
/// # Errors
/// Somebody installed logging before.
pub fn install(filter: &str, format: LogFormat) -> Result<LogLevel, TryInitError> {
    let targets = filter.parse::<Targets>().unwrap_or_default();
    let (layer, handle) = reload::Layer::new(targets);
    let registry = tracing_subscriber::registry().with(layer);
    if is_json(format) {
        let lines = fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(io::stderr);
        registry.with(lines).try_init()?;
    } else {
        let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let lines = fmt::layer()
            .with_ansi(colours)
            .with_target(false)
            .with_writer(io::stderr);
        registry.with(lines).try_init()?;
    }
    Ok(LogLevel(handle))
}
