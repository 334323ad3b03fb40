//! Highwater's own settings: one row each, read by the layers, `config show` and the documentation.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Dotted name, as in the file.
    pub name: &'static str,
    /// The flag that sets it.
    pub flag: Option<&'static str>,
    /// Default, as one would write it.
    pub default: &'static str,
    /// What it takes.
    pub takes: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Whether SIGHUP takes it over from the file.
    pub reload: bool,
}

/// Every setting but Kafka's and RocketMQ's own, which live under `kafka.` and `rocketmq.` and are listed in
/// `kafka::config` and in `rocketmq_settings.rs`.
pub static KEYS: &[Key] = &[
    Key {
        name: "data",
        flag: Some("--data"),
        default: "./highwater-data",
        takes: "directory",
        doc: "Where everything is kept; created if missing. The Kafka half lives in its subdirectory \
              `kafka`, which is an ordinary Kafka log directory, the RocketMQ half in `rocketmq`, which is an \
              ordinary `storePathRootDir`. A directory that already is one of them (it has a `meta.properties`, or \
              a `commitlog`) is used as it is; what else there is goes into `.highwater` behind its name.",
        reload: false,
    },
    Key {
        name: "engine",
        flag: Some("--engine"),
        default: "auto",
        takes: "auto, mmap, file, staged or direct",
        doc: "How bytes reach the disk. All leave the same files, so it can be changed at any restart. `auto` is the \
              measured default of each half; `rocketmq.engine` sets another for that one.",
        reload: false,
    },
    Key {
        name: "advertise.kafka",
        flag: Some("--advertise"),
        default: "",
        takes: "HOST or HOST:PORT",
        doc: "Address told to Kafka clients. Empty: the one each client dialled, which is right unless \
              something between translates addresses.",
        reload: false,
    },
    Key {
        name: "advertise.rocketmq",
        flag: Some("--advertise-rocketmq"),
        default: "",
        takes: "HOST or HOST:PORT",
        doc: "Address told to RocketMQ clients, and written into every message (`brokerIP1`). A name is looked up at \
              the start. Empty: the address listened on, or where that means all, the one this machine reaches others by.",
        reload: false,
    },
    Key {
        name: "listen.kafka",
        flag: Some("--kafka"),
        default: "localhost:9092",
        takes: "HOST:PORT, or off",
        doc: "Kafka listener. Port 0 picks a free one; a name is listened on with all its addresses. `off` leaves out \
              the Kafka half: its directory is not opened.",
        reload: false,
    },
    Key {
        name: "listen.namesrv",
        flag: Some("--namesrv"),
        default: "localhost:9876",
        takes: "HOST:PORT, or off",
        doc: "RocketMQ name server listener. Port 0 picks a free one. Left alone, it is off where `listen.rocketmq` is; \
              set, it is a name server for Java brokers, too.",
        reload: false,
    },
    Key {
        name: "listen.rocketmq",
        flag: Some("--rocketmq"),
        default: "localhost:10911",
        takes: "HOST:PORT, or off",
        doc: "RocketMQ broker listener. Port 0 picks a free one. `off` leaves out the RocketMQ half: its directory is \
              not opened.",
        reload: false,
    },
    Key {
        name: "listen.rocketmq_fast",
        flag: None,
        default: "auto",
        takes: "auto, HOST:PORT, or off",
        doc: "The broker's second port, for clients with `vipChannelEnabled`. They look for it two below the first, and \
              that is what `auto` means.",
        reload: false,
    },
    Key {
        name: "listen.http",
        flag: Some("--http"),
        default: "localhost:8080",
        takes: "HOST:PORT, or off",
        doc: "Metrics and health. Port 0 picks a free one.",
        reload: false,
    },
    Key {
        name: "listen.allow_remote",
        flag: Some("--allow-remote"),
        default: "false",
        takes: "true or false",
        doc: "Listen on addresses that other machines can reach. There is no authentication yet: whoever \
              reaches the server can read and delete everything, so it has to be asked for.",
        reload: false,
    },
    Key {
        name: "log.level",
        flag: Some("--log-level"),
        default: "info",
        takes: "error, warn, info, debug, trace or a filter such as info,kafka=debug",
        doc: "What is logged, to stderr.",
        reload: true,
    },
    Key {
        name: "log.format",
        flag: Some("--log-format"),
        default: "auto",
        takes: "auto, text or json",
        doc: "How it is logged; auto is text on a terminal and JSON otherwise.",
        reload: false,
    },
    Key {
        name: "threads.network",
        flag: None,
        default: "0",
        takes: "0 to 256",
        doc: "Threads that serve connections, each with its own event loop. 0 takes one per processor, at \
              most 8.",
        reload: false,
    },
    Key {
        name: "stop.grace",
        flag: None,
        default: "10s",
        takes: "time, 0 to 1h",
        doc: "How long a stop waits for requests that are being answered.",
        reload: false,
    },
];

/// The row of `name`.
pub(super) fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Variables with our prefix that are no server settings.
pub(super) const OTHER_VARIABLES: &[&str] = &["CONFIG", "BOOTSTRAP"];

/// Whether Kubernetes sets the variable for a service that happens to be called `highwater`.
pub(super) fn set_by_kubernetes(rest: &str) -> bool {
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}
