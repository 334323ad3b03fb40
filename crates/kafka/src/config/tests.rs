//! The table is consistent, layers win in order, and what is described is what is obeyed.

use super::*;
use crate::log::{Durability, LogConfig, TimestampType};

fn overrides(pairs: &[(&str, &str)]) -> Overrides {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn rows_are_sorted_so_that_lookup_finds_them_all() {
    for pair in TOPIC_SETTINGS.windows(2) {
        assert!(
            pair[0].definition.name < pair[1].definition.name,
            "{}",
            pair[1].definition.name
        );
    }
    for pair in BROKER_SETTINGS.windows(2) {
        assert!(
            pair[0].definition.name < pair[1].definition.name,
            "{}",
            pair[1].definition.name
        );
    }
    assert!(
        TOPIC_SETTINGS
            .iter()
            .all(|s| topic_setting(s.definition.name).is_some())
    );
    assert!(
        BROKER_SETTINGS
            .iter()
            .all(|s| broker_setting(s.definition.name).is_some())
    );
}

#[test]
fn every_default_is_acceptable_and_documented() {
    let definitions = TOPIC_SETTINGS
        .iter()
        .map(|setting| setting.definition)
        .chain(BROKER_SETTINGS.iter().map(|setting| setting.definition));
    for definition in definitions {
        assert!(definition.doc.len() > 10, "{}", definition.name);
        if let Some(default) = definition.default {
            let value = definition.parse(default).unwrap();
            assert_eq!(value.to_string(), default, "{}", definition.name);
        }
    }
}

#[test]
fn topic_defaults_are_their_broker_settings_defaults() {
    let layers = Layers::default();
    for setting in TOPIC_SETTINGS {
        let Some(broker) = setting.broker else {
            continue;
        };
        let row = broker_setting(broker).expect(broker);
        assert_eq!(row.definition.kind, setting.definition.kind, "{broker}");
        assert_eq!(
            layers.value(broker),
            setting.definition.default_value(),
            "{broker}"
        );
    }
    assert_eq!(layers.log_config(&Overrides::new()), LogConfig::default());
}

#[test]
fn layers_win_in_order() {
    let mut layers = Layers::default();
    let segment =
        |layers: &Layers, own: &[(&str, &str)]| layers.log_config(&overrides(own)).segment_bytes;
    layers.set_fixed("log.segment.bytes", "2MiB").unwrap();
    assert_eq!(segment(&layers, &[]), 2 << 20);
    let altered = layers.with_altered(
        &overrides(&[("log.segment.bytes", "3145728")]),
        &Overrides::new(),
    );
    assert_eq!(segment(&altered, &[]), 3 << 20);
    let altered = layers.with_altered(
        &overrides(&[("log.segment.bytes", "3145728")]),
        &overrides(&[("log.segment.bytes", "4194304")]),
    );
    assert_eq!(segment(&altered, &[]), 4 << 20);
    assert_eq!(segment(&altered, &[("segment.bytes", "5242880")]), 5 << 20);
    assert_eq!(
        segment(
            &altered,
            &[
                ("segment.bytes", "5242880"),
                ("internal.segment.bytes", "512")
            ]
        ),
        512
    );
}

#[test]
fn coarser_names_supply_what_finer_ones_leave_open() {
    let retention = |pairs: &[(&str, &str)]| {
        let mut layers = Layers::default();
        for (name, value) in pairs {
            layers.set_fixed(name, value).unwrap();
        }
        layers.log_config(&Overrides::new()).retention_ms
    };
    assert_eq!(retention(&[("log.retention.hours", "2")]), 7_200_000);
    assert_eq!(
        retention(&[("log.retention.hours", "2"), ("log.retention.minutes", "3")]),
        180_000
    );
    assert_eq!(
        retention(&[("log.retention.minutes", "3"), ("log.retention.ms", "1d")]),
        86_400_000
    );
    assert_eq!(retention(&[("log.retention.hours", "-1")]), -1);
}

#[test]
fn topic_overrides_are_checked() {
    let layers = Layers::default();
    let check = |name: &str, value: &str| layers.check_topic(&overrides(&[(name, value)]));
    assert_eq!(
        check("cleanup.policy", "compact").map(|c| (c.cleanup_compact, c.cleanup_delete)),
        Ok((true, false))
    );
    assert_eq!(
        check("cleanup.policy", "").map(|c| (c.cleanup_compact, c.cleanup_delete)),
        Ok((false, false))
    );
    assert_eq!(
        check("write.caching", "true").map(|c| c.durability),
        Ok(Durability::Os)
    );
    assert_eq!(
        check("message.timestamp.type", "LogAppendTime").map(|c| c.timestamp_type),
        Ok(TimestampType::LogAppendTime)
    );
    assert_eq!(
        check("internal.segment.bytes", "4096").map(|c| c.segment_bytes),
        Ok(4096)
    );
    for (name, value, says) in [
        (
            "no.such.thing",
            "1",
            "Unknown topic config name: no.such.thing",
        ),
        (
            "segment.bytes",
            "1048575",
            "Invalid value 1048575 for configuration segment.bytes: must be at least 1048576",
        ),
        (
            "retention.ms",
            "7d",
            "Invalid value 7d for configuration retention.ms: must be a whole number from -9223372036854775808 to 9223372036854775807",
        ),
        (
            "cleanup.policy",
            "shred",
            "Invalid value shred for configuration cleanup.policy: must be one of compact, delete",
        ),
        (
            "remote.storage.enable",
            "true",
            "Invalid value true for configuration remote.storage.enable: must be false: this build has no tiered storage",
        ),
    ] {
        assert_eq!(check(name, value).unwrap_err().to_string(), says);
    }
    let both = overrides(&[
        ("min.compaction.lag.ms", "10"),
        ("max.compaction.lag.ms", "5"),
    ]);
    assert!(
        layers
            .check_topic(&both)
            .unwrap_err()
            .to_string()
            .contains("(10) > max.compaction.lag.ms (5)")
    );
}

#[test]
fn start_up_settings_say_what_to_do() {
    for (name, value, says) in [
        (
            "num.partition",
            "4",
            "unknown Kafka setting `num.partition`; did you mean `num.partitions`?",
        ),
        (
            "retention.ms",
            "4",
            "unknown Kafka setting `retention.ms`; did you mean `log.retention.ms`?",
        ),
        ("wobble", "4", "unknown Kafka setting `wobble`"),
        (
            "ssl.keystore.location",
            "x",
            "Kafka's setting `ssl.keystore.location` belongs to TLS, which this build does not have; remove it",
        ),
        (
            "listeners",
            "PLAINTEXT://:1",
            "`listeners` cannot be given as a Kafka setting: Addresses listened on; set with --kafka.",
        ),
        (
            "num.partitions",
            "0",
            "Invalid value 0 for configuration num.partitions: must be at least 1",
        ),
    ] {
        assert_eq!(
            Layers::default()
                .set_fixed(name, value)
                .unwrap_err()
                .to_string(),
            says
        );
    }
}

#[test]
fn sources_and_synonyms_are_listed_as_kafka_does() {
    let mut layers = Layers::default();
    layers.set_fixed("log.retention.hours", "24").unwrap();
    let altered = layers.with_altered(&overrides(&[("log.retention.ms", "5")]), &Overrides::new());
    let find =
        |rows: Vec<Described>, name: &str| rows.into_iter().find(|row| row.name == name).unwrap();

    // The finer name is null in every layer, so there is no chain that starts with it.
    let row = find(layers.describe_topic(&Overrides::new()), "retention.ms");
    assert_eq!(
        (row.value.as_deref(), row.source),
        (Some("86400000"), Source::Default)
    );
    assert_eq!(row.synonyms, []);

    let row = find(
        altered.describe_topic(&overrides(&[("retention.ms", "7")])),
        "retention.ms",
    );
    let chain: Vec<_> = row
        .synonyms
        .iter()
        .map(|s| (s.source, s.name, s.value.as_deref().unwrap()))
        .collect();
    assert_eq!(
        chain,
        [
            (Source::Topic, "retention.ms", "7"),
            (Source::DynamicDefaultBroker, "log.retention.ms", "5"),
            (Source::StaticBroker, "log.retention.hours", "24"),
            (Source::Default, "log.retention.hours", "168"),
        ]
    );
    assert_eq!(
        (row.value.as_deref(), row.source),
        (Some("7"), Source::Topic)
    );

    let row = find(altered.describe_topic(&Overrides::new()), "segment.bytes");
    assert_eq!(row.synonyms.len(), 1);
    assert_eq!(row.source, Source::Default);
    let row = find(altered.describe_broker(), "log.segment.bytes");
    assert!(
        row.doc
            .starts_with("Default of the topic setting segment.bytes. Size at"),
        "{}",
        row.doc
    );
    assert!(
        !altered
            .describe_topic(&Overrides::new())
            .iter()
            .any(|r| r.name == "internal.segment.bytes")
    );
    let shown = altered.describe_topic(&overrides(&[
        ("internal.segment.bytes", "99"),
        ("from.elsewhere", "x"),
    ]));
    assert_eq!(
        find(shown.clone(), "internal.segment.bytes")
            .value
            .as_deref(),
        Some("99")
    );
    assert_eq!(find(shown, "from.elsewhere").kind, None);

    let row = find(altered.describe_broker(), "log.retention.ms");
    assert_eq!((row.value.as_deref(), row.read_only), (Some("5"), false));
    assert!(find(altered.describe_broker(), "num.partitions").read_only);
    assert_eq!(altered.describe_all_brokers().len(), 1);
}

#[test]
fn only_dynamic_settings_can_be_altered() {
    assert_eq!(
        check_dynamic("log.segment.bytes", "2097152")
            .map(|v| v.to_string())
            .as_deref(),
        Ok("2097152")
    );
    for (name, value, says) in [
        (
            "num.partitions",
            "4",
            "Cannot update these configs dynamically: [num.partitions]",
        ),
        (
            "what",
            "4",
            "Cannot update these configs dynamically: [what]",
        ),
        (
            "log.segment.bytes",
            "4",
            "Invalid value 4 for configuration log.segment.bytes: must be at least 1048576",
        ),
    ] {
        assert_eq!(check_dynamic(name, value).unwrap_err().to_string(), says);
    }
    let foreign =
        Layers::default().with_altered(&overrides(&[("num.partitions", "9")]), &Overrides::new());
    assert_eq!(foreign.settings().num_partitions, 1);
}

#[test]
fn typed_settings_have_kafkas_defaults() {
    let settings = BrokerSettings::default();
    assert_eq!(settings.fetch_max_bytes, 57_671_680);
    assert_eq!(settings.offsets_retention_ms, 604_800_000);
    assert_eq!(settings.group_initial_rebalance_delay_ms, 0);
    assert_eq!(settings.recovery_threads, 2);
    assert_eq!(settings.log_defaults, LogConfig::default());
}

#[test]
fn every_default_of_a_topic_setting_names_one() {
    for setting in BROKER_SETTINGS {
        let doc = setting.documentation();
        assert!(
            !doc.starts_with("Default of a topic"),
            "{}",
            setting.definition.name
        );
    }
}
