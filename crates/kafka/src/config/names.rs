//! Names beside the table: coarser settings that supply finer ones, and Kafka's names without a row.

/// The names that supply a value in turn, the first first: `log.retention.ms`, `.minutes`, `.hours`,
/// each with the factor that turns it into the first one's unit.
pub(super) fn broker_synonyms(name: &str) -> &'static [(&'static str, i64)] {
    const HOURS: i64 = 3_600_000;
    match name {
        "log.retention.ms" => &[
            ("log.retention.ms", 1),
            ("log.retention.minutes", 60_000),
            ("log.retention.hours", HOURS),
        ],
        "log.retention.minutes" => &[("log.retention.minutes", 1), ("log.retention.hours", 60)],
        "log.roll.ms" => &[("log.roll.ms", 1), ("log.roll.hours", HOURS)],
        "log.roll.jitter.ms" => &[("log.roll.jitter.ms", 1), ("log.roll.jitter.hours", HOURS)],
        "log.flush.interval.ms" => &[
            ("log.flush.interval.ms", 1),
            ("log.flush.scheduler.interval.ms", 1),
        ],
        "log.dirs" => &[("log.dirs", 1), ("log.dir", 1)],
        _ => &[],
    }
}

/// What a setting that Kafka knows and this build does not act on belongs to; `None` if Kafka does
/// not know it either, or if it has a row.
pub(super) fn not_acted_on(name: &str) -> Option<&'static str> {
    const FAMILIES: &[(&str, &str)] = &[
        ("add.partitions.to.txn.", "transactions"),
        ("alter.config.policy.", "plug-in policies"),
        ("authorizer.", "authorisation"),
        ("broker.", "clusters"),
        ("client.quota.", "quotas"),
        ("controller.", "clusters"),
        ("create.topic.policy.", "plug-in policies"),
        ("delegation.token.", "delegation tokens"),
        ("early.start.listeners", "clusters"),
        ("group.consumer.", "the new consumer group protocol"),
        ("group.coordinator.", "the new consumer group protocol"),
        ("group.share.", "share groups"),
        ("group.streams.", "streams groups"),
        ("inter.broker.", "clusters"),
        ("listener.security.", "security"),
        ("log.cleaner.", "compaction"),
        (
            "log.flush.start.",
            "a schedule of its own (log.flush.offset.checkpoint.interval.ms covers it)",
        ),
        ("metadata.", "clusters"),
        ("metric", "Java metrics; see /metrics"),
        ("num.io.threads", "Java's threads; see threads.network"),
        ("num.network.threads", "Java's threads; see threads.network"),
        ("num.replica", "clusters"),
        ("principal.", "security"),
        ("producer.id.expiration.check.", "a schedule of its own"),
        ("quota.", "quotas"),
        ("remote.", "tiered storage"),
        ("replica.", "clusters"),
        ("replication.quota.", "quotas"),
        ("sasl.", "authentication"),
        ("security.", "security"),
        ("share.coordinator.", "share groups"),
        ("ssl.", "TLS"),
        ("telemetry.", "client telemetry"),
        ("transaction", "transactions"),
    ];
    FAMILIES
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix))
        .map(|(_, what)| *what)
}
