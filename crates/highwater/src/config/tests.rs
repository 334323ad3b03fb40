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
    assert_eq!(loaded.config.kafka.to_string(), "localhost:9092");
    assert_eq!(loaded.config.engine, EngineWish::Auto);
    assert!(!loaded.config.rocketmq_asked_for);
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
    assert_eq!(loaded.config.kafka.port, 111);
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
    assert_eq!(
        loaded.config.kafka,
        Address {
            host: "::1".to_owned(),
            port: 7
        }
    );
    assert_eq!(loaded.config.kafka.to_string(), "[::1]:7");
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
