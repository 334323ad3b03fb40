//! Writes `docs/configuration.md` from the tables, so that it cannot drift from what is accepted.

use super::keys::KEYS;
use super::rocketmq_settings::ROCKETMQ_SETTINGS;
use kafka::config::{BROKER_SETTINGS, Change, Definition, TOPIC_SETTINGS};
use std::fmt::Write;

/// The whole reference as Markdown: `highwater config reference`.
pub fn reference() -> String {
    let mut out = String::from(INTRODUCTION);
    for key in KEYS {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "### `{}`\n\n{}\n", key.name, key.doc);
        let default = if key.default.is_empty() {
            "empty"
        } else {
            key.default
        };
        let _ = write!(
            out,
            "Takes {}. Default `{default}`. Variable `{}`",
            key.takes,
            variable(key.name)
        );
        if let Some(flag) = key.flag {
            let _ = write!(out, ", flag `{flag}`");
        }
        let _ = writeln!(
            out,
            ".{}\n",
            if key.reload {
                " SIGHUP takes it over from the file."
            } else {
                ""
            }
        );
    }
    rocketmq_rows(&mut out);
    out.push_str(KAFKA);
    for setting in BROKER_SETTINGS {
        let change = match setting.change {
            Change::AtStart => "at start",
            Change::Dynamic => "any time",
            Change::Derived => "shown only",
        };
        let topic = TOPIC_SETTINGS
            .iter()
            .find(|t| t.broker == Some(setting.definition.name));
        let doc = match topic {
            Some(topic) => format!("Default of the topic setting `{}`.", topic.definition.name),
            None => setting.definition.doc.to_owned(),
        };
        row(&mut out, &setting.definition, change, &doc);
    }
    out.push_str(TOPICS);
    for setting in TOPIC_SETTINGS {
        let broker = setting
            .broker
            .map_or_else(|| "–".to_owned(), |name| format!("`{name}`"));
        row(
            &mut out,
            &setting.definition,
            &broker,
            setting.definition.doc,
        );
    }
    out
}

fn rocketmq_rows(out: &mut String) {
    out.push_str(ROCKETMQ);
    for setting in ROCKETMQ_SETTINGS {
        let name = setting
            .name
            .strip_prefix("rocketmq.")
            .unwrap_or(setting.name);
        let default = match setting.default {
            "" => "empty".to_owned(),
            text => format!("`{text}`"),
        };
        let takes = setting.takes.replace('|', "\\|");
        let _ = writeln!(out, "| `{name}` | {default} | {takes} | {} |", setting.doc);
    }
}

fn row(out: &mut String, definition: &Definition, third: &str, doc: &str) {
    let default = match definition.default {
        None => "none".to_owned(),
        Some("") => "empty".to_owned(),
        Some("9223372036854775807") => "no limit".to_owned(),
        Some(text) => format!("`{text}`"),
    };
    let bound = definition.bound_in_words();
    let _ = writeln!(
        out,
        "| `{}` | {default} | {third} | {doc}{} |",
        definition.name,
        match bound.as_str() {
            "" => String::new(),
            words => format!(" Takes {words}."),
        }
    );
}

/// The environment variable of a key.
fn variable(key: &str) -> String {
    format!("HIGHWATER_{}", key.replace('.', "__").to_ascii_uppercase())
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Written by `highwater config reference`; a test compares it. Edit the tables, not this file. -->

Highwater starts without any configuration. What you set comes from one TOML file (`--config FILE` or
`HIGHWATER_CONFIG`), from environment variables and from flags; each wins over the one before. In a variable's
name a double underscore stands for the dot. An unknown key or a value that makes no sense stops the start with a
message that says what, where and what would be right; a variable that only shares the prefix
(`HIGHWATER_VERSION`) is left alone. `highwater config check` only checks,
`highwater config show --origin` says who set what.

```toml
data = \"/var/lib/highwater\"

[listen]
kafka = \"127.0.0.1:9092\"

[kafka]
\"num.partitions\" = 4
\"log.retention.ms\" = \"3d\"

[rocketmq]
brokerName = \"broker-a\"
mappedFileSizeCommitLog = \"256MiB\"
```

Sizes are written `64MiB` or `1.5GB`, times `200ms`, `30s`, `5m`, `12h`, `7d`; a plain number counts bytes or
milliseconds. SIGHUP reads the file again and takes over what is marked so below; everything else needs a restart.

## Settings

";

const ROCKETMQ: &str = "\
## RocketMQ settings

Under `[rocketmq]` in the file (`flushDiskType = \"ASYNC_FLUSH\"`), as `HIGHWATER_ROCKETMQ__FLUSH_DISK_TYPE=ASYNC_FLUSH`, or as
`--set rocketmq.flushDiskType=ASYNC_FLUSH`; the names are those of RocketMQ's `broker.conf`. All are read at the start. A
name that RocketMQ knows and this build does nothing with is an error, not silence.

| name | default | takes | what it does |
|---|---|---|---|
";

const KAFKA: &str = "
## Kafka broker settings

Under `[kafka]` in the file (`\"num.partitions\" = 4`), as `HIGHWATER_KAFKA__NUM_PARTITIONS=4`, or as
`--set num.partitions=4`. *Any time* means that `kafka-configs.sh --alter` changes it on the running server
and it is obeyed at once; *at start* means only the configuration does. A name that Kafka knows and this build does
nothing with is an error, not silence.

| name | default | set | what it does |
|---|---|---|---|
";

const TOPICS: &str = "
## Topic settings

Given when a topic is created or altered (`kafka-configs.sh --alter --entity-type topics`); obeyed at once. The
third column is the broker setting that supplies the default.

| name | default | broker setting | what it does |
|---|---|---|---|
";
