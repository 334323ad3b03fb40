//! Turns the merged texts into typed values, checking each once.

use super::layers::{Setting, Table};
use super::{
    Address, Advertised, Config, ConfigError, EngineWish, FastPort, LogFormat, Origin, Problem,
    rocketmq_settings,
};
use kafka::config::{Layers, parse_millis};
use std::net::{IpAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

/// Reads every value.
///
/// # Errors
/// Every problem found.
pub(super) fn read(table: &Table) -> Result<Config, ConfigError> {
    let mut reader = Reader {
        table,
        problems: Vec::new(),
    };
    let config = reader.config();
    if reader.problems.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError(reader.problems))
    }
}

struct Reader<'a> {
    table: &'a Table,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn config(&mut self) -> Config {
        let allow_remote = self
            .read("listen.allow_remote", boolean)
            .unwrap_or_default();
        let config = Config {
            data: self.read("data", directory).unwrap_or_default(),
            engine: self.read("engine", engine).unwrap_or(EngineWish::Auto),
            kafka: self.listener("listen.kafka", allow_remote),
            namesrv: self.name_server(allow_remote),
            rocketmq: self.listener("listen.rocketmq", allow_remote),
            rocketmq_fast: self.fast_port(allow_remote),
            http: self.listener("listen.http", allow_remote),
            advertise: self.read("advertise.kafka", advertised).flatten(),
            advertise_rocketmq: self.read("advertise.rocketmq", advertised).flatten(),
            log_level: self.read("log.level", log_filter).unwrap_or_default(),
            log_format: self
                .read("log.format", log_format)
                .unwrap_or(LogFormat::Auto),
            network_threads: self.read("threads.network", threads).unwrap_or_default(),
            stop_grace: self.read("stop.grace", grace).unwrap_or_default(),
            kafka_settings: self.kafka_settings(),
            rocketmq_settings: rocketmq_settings::read(self.table, &mut self.problems),
        };
        if self.problems.is_empty() {
            self.check_halves(&config);
        }
        config
    }

    /// What a half needs of the other settings.
    fn check_halves(&mut self, config: &Config) {
        let mut refuse = |why: &str| self.problems.push(Problem::Together(why.to_owned()));
        if config.kafka.is_none() && config.rocketmq.is_none() && config.namesrv.is_none() {
            refuse(
                "listen.kafka, listen.rocketmq and listen.namesrv are all off: there is nothing to serve",
            );
        }
        let Some(broker) = &config.rocketmq else {
            return;
        };
        if config.namesrv.is_none() {
            refuse(
                "listen.namesrv is off and listen.rocketmq is not: clients find the broker by this process's name \
                 server; turn both on or both off",
            );
        }
        if config.rocketmq_fast == FastPort::Derived && matches!(broker.port, 1 | 2) {
            refuse(
                "listen.rocketmq leaves no room for the fast port, two below it; give another port, or set \
                 listen.rocketmq_fast",
            );
        }
    }

    fn read<T>(&mut self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let Setting { value, origin } = self.table.get(key)?;
        match parse(value.trim()) {
            Ok(value) => Some(value),
            Err(why) => {
                let (key, value, origin) = (key.to_owned(), value.clone(), origin.clone());
                self.problems.push(Problem::Value {
                    key,
                    value,
                    origin,
                    why,
                });
                None
            }
        }
    }

    /// Where to listen; `None` is off.
    fn listener(&mut self, key: &str, allow_remote: bool) -> Option<Address> {
        let parse = |text: &str| match text {
            "off" => Ok(None),
            text => address(text).map(Some),
        };
        let address = self.read(key, parse).flatten()?;
        self.check_remote(key, &address, allow_remote);
        Some(address)
    }

    /// Unless somebody sets it, the name server is there with the broker.
    fn name_server(&mut self, allow_remote: bool) -> Option<Address> {
        let with_broker = self.table.get("listen.rocketmq");
        let broker_off = with_broker.is_some_and(|broker| broker.value.trim() == "off");
        if broker_off && !self.asked_for("listen.namesrv") {
            return None;
        }
        self.listener("listen.namesrv", allow_remote)
    }

    fn fast_port(&mut self, allow_remote: bool) -> FastPort {
        let key = "listen.rocketmq_fast";
        let is_auto = |setting: &Setting| setting.value.trim() == "auto";
        if self.table.get(key).is_some_and(is_auto) {
            return FastPort::Derived;
        }
        self.listener(key, allow_remote)
            .map_or(FastPort::Off, FastPort::At)
    }

    fn check_remote(&mut self, key: &str, address: &Address, allowed: bool) {
        if allowed || is_loopback(address) {
            return;
        }
        let origin = self.table.get(key).map(|setting| setting.origin.clone());
        self.problems.push(Problem::Remote {
            key: key.to_owned(),
            address: address.clone(),
            origin,
        });
    }

    fn asked_for(&self, key: &str) -> bool {
        self.table
            .get(key)
            .is_some_and(|setting| setting.origin != Origin::Default)
    }

    fn kafka_settings(&mut self) -> Layers {
        let mut layers = Layers::default();
        for (key, setting) in self.table {
            let Some(name) = key.strip_prefix("kafka.") else {
                continue;
            };
            if let Err(error) = layers.set_fixed(name, &setting.value) {
                self.problems.push(Problem::Kafka {
                    error,
                    origin: setting.origin.clone(),
                });
            }
        }
        let settings = layers.settings();
        if settings.group_min_session_timeout_ms > settings.group_max_session_timeout_ms {
            self.problems.push(Problem::Together(
                "kafka.\"group.min.session.timeout.ms\" is larger than \
                 kafka.\"group.max.session.timeout.ms\"; lower the one or raise the other"
                    .to_owned(),
            ));
        }
        layers
    }
}

/// Whether only this machine can reach it. A name counts by all its addresses; one that does not
/// resolve is not known to be local.
fn is_loopback(address: &Address) -> bool {
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return ip.is_loopback();
    }
    match (address.host.as_str(), address.port).to_socket_addrs() {
        Ok(found) => {
            let mut found = found.peekable();
            found.peek().is_some() && found.all(|address| address.ip().is_loopback())
        }
        Err(_) => false,
    }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

pub(super) fn directory(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("must name a directory".to_owned())
    } else {
        Ok(PathBuf::from(text))
    }
}

pub(super) fn engine(text: &str) -> Result<EngineWish, String> {
    match text {
        "auto" => Ok(EngineWish::Auto),
        "mmap" => Ok(EngineWish::Mmap),
        "file" => Ok(EngineWish::File),
        "staged" => Ok(EngineWish::Staged),
        "direct" => Ok(EngineWish::Direct),
        _ => Err("must be auto, mmap, file, staged or direct".to_owned()),
    }
}

fn address(text: &str) -> Result<Address, String> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or("must be HOST:PORT, such as 127.0.0.1:9092")?;
    let port = port
        .parse::<u16>()
        .map_err(|_| "the port must be a number from 0 to 65535")?;
    Ok(Address {
        host: bare_host(host)?,
        port,
    })
}

/// The host without the brackets around an IPv6 address.
fn bare_host(host: &str) -> Result<String, String> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(ip) if ip.parse::<std::net::Ipv6Addr>().is_ok() => Ok(ip.to_owned()),
        None if host.is_empty() => {
            Err("the host is missing; 0.0.0.0 means all addresses".to_owned())
        }
        None if host.contains(':') => {
            Err("an IPv6 address needs brackets, such as [::1]:9092".to_owned())
        }
        None if host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_%".contains(c)) =>
        {
            Ok(host.to_owned())
        }
        _ => Err("the host is neither a name nor an address".to_owned()),
    }
}

fn advertised(text: &str) -> Result<Option<Advertised>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let has_port = text
        .rsplit_once(':')
        .is_some_and(|(host, _)| !host.contains(':') || host.ends_with(']'));
    let (host, port) = if has_port {
        let Address { host, port } = address(text)?;
        if port == 0 {
            return Err("port 0 cannot be dialled".to_owned());
        }
        (host, Some(port))
    } else {
        (bare_host(text)?, None)
    };
    match host.parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() => Err(
            "clients cannot dial an address that means \"all\"; give the one they use".to_owned(),
        ),
        _ => Ok(Some(Advertised { host, port })),
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    let levels =
        "must be error, warn, info, debug, trace, off or a filter such as info,kafka=debug";
    let bare_is_level = text.split(',').map(str::trim).all(|part| {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        ["error", "warn", "info", "debug", "trace", "off"].contains(&level)
    });
    if bare_is_level && text.parse::<tracing_subscriber::filter::Targets>().is_ok() {
        Ok(text.to_owned())
    } else {
        Err(levels.to_owned())
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be auto, text or json".to_owned()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(count) if count <= 256 => Ok(count),
        _ => Err("must be a number from 0 to 256".to_owned()),
    }
}

fn grace(text: &str) -> Result<Duration, String> {
    match parse_millis(text) {
        Some(millis @ 0..=3_600_000) => Ok(Duration::from_millis(millis.unsigned_abs())),
        _ => Err("must be a time from 0 to 1h, such as 10s".to_owned()),
    }
}
