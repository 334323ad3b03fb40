//! Each row sets what it says, and its default sets nothing.

use super::*;

#[test]
fn defaults_are_what_the_crate_has() {
    let mut applied = RocketmqSettings::default();
    for row in ROCKETMQ_SETTINGS {
        (row.apply)(&mut applied, row.default).unwrap_or_else(|why| panic!("{}: {why}", row.name));
    }
    let untouched = RocketmqSettings::default();
    assert_eq!(format!("{applied:?}"), format!("{untouched:?}"));
}

#[test]
fn every_setting_changes_something() {
    let others = [
        ("rocketmq.engine", "file"),
        ("rocketmq.storePathRootDir", "/x"),
        ("rocketmq.flushDiskType", "os"),
        ("rocketmq.messageDelayLevel", "1s 2s"),
        ("rocketmq.deleteWhen", "03;23"),
        ("rocketmq.diskSpaceCleanForciblyRatio", "0.5"),
        ("rocketmq.diskSpaceWarningLevelRatio", "0.5"),
    ];
    let only_one = ["rocketmq.brokerId", "rocketmq.brokerRole"];
    for row in ROCKETMQ_SETTINGS {
        if only_one.contains(&row.name) {
            continue;
        }
        let given = others.iter().find(|(name, _)| *name == row.name);
        let given = match (given, row.default) {
            (Some((_, value)), _) => value,
            (None, "true") => "false",
            (None, "false") => "true",
            (None, text) if text.ends_with('s') && text.len() < 6 => "1234ms",
            (None, text) if text.starts_with(|c: char| c.is_ascii_digit()) => "40",
            _ => "other",
        };
        let given = if row.name.ends_with("maxMessageSize") || row.name.ends_with("CommitLog") {
            if given == "40" { "8KiB" } else { given }
        } else {
            given
        };
        let mut settings = RocketmqSettings::default();
        let before = format!("{settings:?}");
        (row.apply)(&mut settings, given)
            .unwrap_or_else(|why| panic!("{} = {given}: {why}", row.name));
        assert_ne!(before, format!("{settings:?}"), "{} = {given}", row.name);
    }
}

#[test]
fn names_are_spelled_in_any_case() {
    for given in [
        "rocketmq.flushDiskType",
        "rocketmq.flushdisktype",
        "rocketmq.flush_disk_type",
    ] {
        assert_eq!(spelled(given), Some("rocketmq.flushDiskType"));
    }
    assert_eq!(spelled("rocketmq.flushDisk"), None);
}
