//! Layers win in order, and every malformed configuration gets its own clear error.

use super::*;
use std::io::Write;

/// `{file}` in an expected message stands for the temporary file's path.
fn load_text(
    toml: &str,
    environment: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Result<Loaded, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(toml.as_bytes()).unwrap();
    let path = file.path().to_owned();
    let input = Input {
        file: Some(path.clone()),
        environment: environment
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        flags: flags
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned(), "--flag"))
            .collect(),
    };
    load(&input).map_err(|error| {
        error
            .to_string()
            .replace(&path.display().to_string(), "{file}")
    })
}

#[test]
fn nothing_set_is_enough() {
    let loaded = load(&Input::default()).unwrap();
    assert_eq!(loaded.config.data, PathBuf::from("./highwater-data"));
    let told = |address: &Option<Address>| address.as_ref().unwrap().to_string();
    assert_eq!(told(&loaded.config.kafka), "localhost:9092");
    assert_eq!(told(&loaded.config.rocketmq), "localhost:10911");
    assert_eq!(told(&loaded.config.namesrv), "localhost:9876");
    assert_eq!(loaded.config.rocketmq_fast, FastPort::Derived);
    assert_eq!(loaded.config.engine, EngineWish::Auto);
    assert!(
        loaded
            .table
            .values()
            .all(|setting| setting.origin == Origin::Default)
    );
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let file =
        "[listen]\nkafka = '127.0.0.1:1'\nhttp = '127.0.0.1:2'\n[kafka]\n'num.partitions' = 3\n";
    let environment = [
        ("HIGHWATER_LISTEN__KAFKA", "127.0.0.1:11"),
        ("HIGHWATER_KAFKA__NUM_PARTITIONS", "4"),
    ];
    let loaded = load_text(file, &environment, &[("listen.kafka", "127.0.0.1:111")]).unwrap();
    assert_eq!(loaded.config.kafka.unwrap().port, 111);
    assert_eq!(loaded.config.http.unwrap().port, 2);
    assert_eq!(loaded.config.kafka_settings.settings().num_partitions, 4);
    assert_eq!(
        loaded.table["listen.kafka"].origin.to_string(),
        "flag --flag"
    );
    assert!(
        loaded.table["listen.http"]
            .origin
            .to_string()
            .ends_with(":3")
    );
    assert_eq!(
        loaded.table["kafka.num.partitions"].origin.to_string(),
        "environment HIGHWATER_KAFKA__NUM_PARTITIONS"
    );
}

#[test]
fn kafka_names_may_be_quoted_or_dotted() {
    let file = "[kafka]\n\"log.segment.bytes\" = \"8MiB\"\nlog.retention.ms = \"2d\"\nauto.create.topics.enable = false\n";
    let settings = load_text(file, &[], &[])
        .unwrap()
        .config
        .kafka_settings
        .settings();
    assert_eq!(settings.log_defaults.segment_bytes, 8 << 20);
    assert_eq!(settings.log_defaults.retention_ms, 172_800_000);
    assert!(!settings.auto_create_topics);
}

#[test]
fn foreign_variables_are_left_alone() {
    let environment = [
        ("PATH", "/bin"),
        ("HIGHWATER_PORT", "tcp://10.0.0.1:9092"),
        ("HIGHWATER_PORT_9092_TCP", "tcp://10.0.0.1:9092"),
        ("HIGHWATER_SERVICE_HOST", "10.0.0.1"),
        ("HIGHWATER_BOOTSTRAP", "127.0.0.1:9092"),
        ("HIGHWATER_CACHE", "/tmp"),
        ("HIGHWATER_VERSION", "1"),
    ];
    assert!(load_text("", &environment, &[]).is_ok());
}

#[test]
fn ipv6_and_names() {
    let loaded = load_text(
        "listen.kafka = '[::1]:7'\nadvertise.kafka = 'kafka.example'",
        &[],
        &[],
    )
    .unwrap();
    let address = loaded.config.kafka.unwrap();
    assert_eq!((address.host.as_str(), address.port), ("::1", 7));
    assert_eq!(address.to_string(), "[::1]:7");
    let advertised = Advertised {
        host: "kafka.example".to_owned(),
        port: None,
    };
    assert_eq!(loaded.config.advertise, Some(advertised));
    let remote = [
        ("listen.kafka", "0.0.0.0:9092"),
        ("listen.allow_remote", "true"),
    ];
    assert!(load_text("", &[], &remote).is_ok());
    assert!(
        load_text("listen.http = 'off'", &[], &[])
            .unwrap()
            .config
            .http
            .is_none()
    );
}

#[test]
fn rocketmq_has_its_own_names() {
    let file = "[rocketmq]\nflushDiskType = 'ASYNC_FLUSH'\nmappedFileSizeCommitLog = '64MiB'\nfileReservedTime = 48\n\
        brokerRole = 'ASYNC_MASTER'\nbrokerId = 0\ndeleteWhen = '04'\nengine = 'staged'\nmaxMessageSize = '1MiB'\n";
    let environment = [
        ("HIGHWATER_ROCKETMQ__BROKER_NAME", "b"),
        ("HIGHWATER_ROCKETMQ__MAXHASHSLOTNUM", "7"),
    ];
    let flags = [("rocketmq.brokerName", "c")];
    let loaded = load_text(file, &environment, &flags).unwrap();
    let settings = loaded.config.rocketmq_settings;
    assert_eq!(settings.store.durability, rocketmq::store::Durability::Os);
    assert_eq!(settings.store.commit_log_file_bytes, 64 << 20);
    assert_eq!(settings.store.file_reserved_ms, 48 * 3_600_000);
    assert_eq!(settings.store.index_slots, 7);
    assert_eq!(settings.store.body_bytes_max, 1 << 20);
    assert_eq!(settings.broker.body_bytes_max, 1 << 20);
    assert_eq!(settings.broker.name, "c");
    assert_eq!(settings.engine, Some(EngineWish::Staged));
    assert_eq!(
        loaded.table["rocketmq.maxHashSlotNum"].origin.to_string(),
        "environment HIGHWATER_ROCKETMQ__MAXHASHSLOTNUM"
    );
}

#[test]
fn a_half_can_be_left_out() {
    let config = |toml: &str| load_text(toml, &[], &[]).unwrap().config;
    let without = config("listen.rocketmq = 'off'");
    assert!(without.rocketmq.is_none() && without.namesrv.is_none() && without.kafka.is_some());
    let names_only = config("[listen]\nrocketmq = 'off'\nnamesrv = '127.0.0.1:0'");
    assert!(names_only.rocketmq.is_none() && names_only.namesrv.is_some());
    let no_kafka = config("listen.kafka = 'off'");
    assert!(no_kafka.kafka.is_none() && no_kafka.rocketmq.is_some());
    let fast = config("listen.rocketmq_fast = '127.0.0.1:4'").rocketmq_fast;
    assert!(matches!(fast, FastPort::At(Address { port: 4, .. })));
    assert_eq!(
        config("listen.rocketmq_fast = 'off'").rocketmq_fast,
        FastPort::Off
    );
}

#[test]
fn malformed_configurations_and_the_errors_they_get() {
    const REMOTE: &str = "other machines could reach it and there is no authentication yet; listen on \
        127.0.0.1, or add --allow-remote (listen.allow_remote = true) if the network is trusted";
    for (toml, says) in [
        ("dat = 'x'", "{file}:1: unknown key `dat`; did you mean `data`?".to_owned()),
        ("[listen]\nkafak = 'x'", "{file}:2: unknown key `listen.kafak`; did you mean `listen.kafka`?".to_owned()),
        ("http = '127.0.0.1:1'", "{file}:1: unknown key `http`; did you mean `listen.http`?".to_owned()),
        ("[storage]\nsize = 1", "{file}:1: unknown key `storage`".to_owned()),
        ("data = ", "{file}:1: not valid TOML: string values must be quoted, expected literal string".to_owned()),
        ("data = 'x'\ndata = 'y'", "{file}:2: not valid TOML: duplicate key".to_owned()),
        ("data = ''", "{file}:1: data = \"\": must name a directory".to_owned()),
        ("engine = 'floppy'", "{file}:1: engine = \"floppy\": must be auto, mmap, file, staged or direct".to_owned()),
        ("listen.kafka = '9092'", "{file}:1: listen.kafka = \"9092\": must be HOST:PORT, such as 127.0.0.1:9092".to_owned()),
        ("listen.kafka = '127.0.0.1:99999'", "{file}:1: listen.kafka = \"127.0.0.1:99999\": the port must be a number from 0 to 65535".to_owned()),
        ("listen.kafka = ':9092'", "{file}:1: listen.kafka = \":9092\": the host is missing; 0.0.0.0 means all addresses".to_owned()),
        ("listen.kafka = '::1:9092'", "{file}:1: listen.kafka = \"::1:9092\": an IPv6 address needs brackets, such as [::1]:9092".to_owned()),
        ("listen.kafka = 'a b:9092'", "{file}:1: listen.kafka = \"a b:9092\": the host is neither a name nor an address".to_owned()),
        ("listen.kafka = '0.0.0.0:9092'", format!("{{file}}:1: listen.kafka = 0.0.0.0:9092: {REMOTE}")),
        ("listen.http = '192.0.2.1:80'", format!("{{file}}:1: listen.http = 192.0.2.1:80: {REMOTE}")),
        ("listen.kafka = 9092.5", "{file}:1: listen.kafka = \"9092.5\": must be HOST:PORT, such as 127.0.0.1:9092".to_owned()),
        ("data = 1979-05-27", "{file}:1: data = \"a table or date\": takes text, a number, true or false".to_owned()),
        ("listen.allow_remote = 'maybe'", "{file}:1: listen.allow_remote = \"maybe\": must be true or false".to_owned()),
        ("advertise.kafka = '0.0.0.0:9092'", "{file}:1: advertise.kafka = \"0.0.0.0:9092\": clients cannot dial an address that means \"all\"; give the one they use".to_owned()),
        ("advertise.kafka = 'host:0'", "{file}:1: advertise.kafka = \"host:0\": port 0 cannot be dialled".to_owned()),
        ("log.level = 'loud'", "{file}:1: log.level = \"loud\": must be error, warn, info, debug, trace, off or a filter such as info,kafka=debug".to_owned()),
        ("log.format = 'xml'", "{file}:1: log.format = \"xml\": must be auto, text or json".to_owned()),
        ("threads.network = 257", "{file}:1: threads.network = \"257\": must be a number from 0 to 256".to_owned()),
        ("stop.grace = '2h'", "{file}:1: stop.grace = \"2h\": must be a time from 0 to 1h, such as 10s".to_owned()),
        ("[kafka]\n\n'num.partition' = 4", "{file}:3: unknown Kafka setting `num.partition`; did you mean `num.partitions`?".to_owned()),
        ("[kafka]\nnum.partitions = -1", "{file}:2: Invalid value -1 for configuration num.partitions: must be at least 1".to_owned()),
        ("[kafka]\n'log.segment.bytes' = '1KiB'", "{file}:2: Invalid value 1KiB for configuration log.segment.bytes: must be at least 1048576".to_owned()),
        ("[kafka]\n'sasl.enabled.mechanisms' = 'PLAIN'", "{file}:2: Kafka's setting `sasl.enabled.mechanisms` belongs to authentication, which this build does not have; remove it".to_owned()),
        ("[kafka]\n'group.min.session.timeout.ms' = '1h'", "kafka.\"group.min.session.timeout.ms\" is larger than kafka.\"group.max.session.timeout.ms\"; lower the one or raise the other".to_owned()),
        ("listen.rocketmq = '0.0.0.0:10911'", format!("{{file}}:1: listen.rocketmq = 0.0.0.0:10911: {REMOTE}")),
        ("listen.rocketmq_fast = '0.0.0.0:0'", format!("{{file}}:1: listen.rocketmq_fast = 0.0.0.0:0: {REMOTE}")),
        ("listen.namesrv = '0.0.0.0:9876'", format!("{{file}}:1: listen.namesrv = 0.0.0.0:9876: {REMOTE}")),
        ("listen.rocketmq = 'on'", "{file}:1: listen.rocketmq = \"on\": must be HOST:PORT, such as 127.0.0.1:9092".to_owned()),
        ("listen.rocketmq = '127.0.0.1:2'", "listen.rocketmq leaves no room for the fast port, two below it; give another port, or set listen.rocketmq_fast".to_owned()),
        ("listen.namesrv = 'off'", "listen.namesrv is off and listen.rocketmq is not: clients find the broker by this process's name server; turn both on or both off".to_owned()),
        ("[listen]\nkafka = 'off'\nrocketmq = 'off'", "listen.kafka, listen.rocketmq and listen.namesrv are all off: there is nothing to serve".to_owned()),
        ("[rocketmq]\nflushDiskTyp = 'disk'", "{file}:2: unknown key `rocketmq.flushDiskTyp`; did you mean `rocketmq.flushDiskType`?".to_owned()),
        ("[rocketmq]\nflushDiskType = 'quorum'", "{file}:2: rocketmq.flushDiskType = \"quorum\": must be SYNC_FLUSH (or disk) or ASYNC_FLUSH (or os)".to_owned()),
        ("[rocketmq]\nengine = 'floppy'", "{file}:2: rocketmq.engine = \"floppy\": must be same, auto, mmap, file, staged or direct".to_owned()),
        ("[rocketmq]\nbrokerRole = 'SLAVE'", "{file}:2: rocketmq.brokerRole = \"SLAVE\": must be ASYNC_MASTER: there are no slaves in this build".to_owned()),
        ("[rocketmq]\nbrokerId = 1", "{file}:2: rocketmq.brokerId = \"1\": must be 0: there are no slaves in this build".to_owned()),
        ("[rocketmq]\nbrokerName = 'a b'", "{file}:2: rocketmq.brokerName = \"a b\": must be 1 to 100 letters, digits or -_%|".to_owned()),
        ("[rocketmq]\nlistenPort = 10911", "{file}:2: rocketmq.listenPort = \"10911\": set listen.rocketmq (--rocketmq) instead".to_owned()),
        ("[rocketmq]\naclEnable = true", "{file}:2: rocketmq.aclEnable = \"true\": belongs to access control, which this build does not have; remove it".to_owned()),
        ("[rocketmq]\nmappedFileSizeCommitLog = '1KiB'", "{file}:2: rocketmq.mappedFileSizeCommitLog = \"1KiB\": must be a size from 4096 to 1099511627776 bytes, such as 64MiB".to_owned()),
        ("[rocketmq]\nmappedFileSizeConsumeQueue = 50", "{file}:2: rocketmq.mappedFileSizeConsumeQueue = \"50\": must be a multiple of 20, the bytes of an entry".to_owned()),
        ("[rocketmq]\nmaxIndexNum = 1", "{file}:2: rocketmq.maxIndexNum = \"1\": must be a whole number from 2 to 2147483647".to_owned()),
        ("[rocketmq]\nmessageDelayLevel = '1s 5'", "{file}:2: rocketmq.messageDelayLevel = \"1s 5\": must be times up to 40d, such as 1s 5m 2h, with a space between".to_owned()),
        ("[rocketmq]\ndeleteWhen = '24'", "{file}:2: rocketmq.deleteWhen = \"24\": must be hours from 00 to 23, such as 04 or 04;16".to_owned()),
        ("[rocketmq]\ndiskMaxUsedSpaceRatio = 0.75", "{file}:2: rocketmq.diskMaxUsedSpaceRatio = \"0.75\": must be a whole number from 10 to 95".to_owned()),
        ("[rocketmq]\ndiskSpaceWarningLevelRatio = 90", "{file}:2: rocketmq.diskSpaceWarningLevelRatio = \"90\": must be a number from 0.1 to 1".to_owned()),
        ("[rocketmq]\nautoCreateTopicEnable = 'yes'", "{file}:2: rocketmq.autoCreateTopicEnable = \"yes\": must be true or false".to_owned()),
        ("[rocketmq]\nflushIntervalCommitLog = 0", "{file}:2: rocketmq.flushIntervalCommitLog = \"0\": must be a time from 1 to 3600000 ms, such as 10s".to_owned()),
        ("advertise.rocketmq = '0.0.0.0'", "{file}:1: advertise.rocketmq = \"0.0.0.0\": clients cannot dial an address that means \"all\"; give the one they use".to_owned()),
        ("engine = 'x'\nlog.format = 'y'", "2 problems in the configuration:\n  {file}:1: engine = \"x\": must be auto, mmap, file, staged or direct\n  {file}:2: log.format = \"y\": must be auto, text or json".to_owned()),
    ] {
        assert_eq!(load_text(toml, &[], &[]).unwrap_err(), says, "{toml}");
    }
}

#[test]
fn environment_and_flags_are_held_to_the_same() {
    let error = load_text("", &[("HIGHWATER_LISTN__KAFKA", "x")], &[]).unwrap_err();
    assert_eq!(
        error,
        "environment HIGHWATER_LISTN__KAFKA: unknown key `listn.kafka`; did you mean `listen.kafka`?"
    );
    let error = load_text("", &[("HIGHWATER_DAT", "x")], &[]).unwrap_err();
    assert_eq!(
        error,
        "environment HIGHWATER_DAT: unknown key `dat`; did you mean `data`?"
    );
    let error = load_text("", &[], &[("engine", "x")]).unwrap_err();
    assert_eq!(
        error,
        "flag --flag: engine = \"x\": must be auto, mmap, file, staged or direct"
    );
    let error = load_text("", &[("HIGHWATER_KAFKA__NUM_PARTITIONS", "many")], &[]).unwrap_err();
    assert!(
        error.starts_with("environment HIGHWATER_KAFKA__NUM_PARTITIONS: Invalid value many"),
        "{error}"
    );
}

#[test]
fn unreadable_files_are_named() {
    let directory = tempfile::tempdir().unwrap();
    for path in [
        directory.path().join("missing.toml"),
        directory.path().to_owned(),
    ] {
        let input = Input {
            file: Some(path.clone()),
            ..Input::default()
        };
        let error = load(&input).unwrap_err().to_string();
        let start = format!("cannot read the configuration file {}: ", path.display());
        assert!(error.starts_with(&start), "{error}");
    }
}

#[test]
fn the_reference_in_docs_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == reference(),
        "run: highwater config reference > docs/configuration.md"
    );
}
