//! Tables are read back, Java's are read, and a damaged file costs nothing that its `.bak` has.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use super::*;
use crate::broker::group_configs::GroupConfig;
use crate::broker::offsets::TopicGroup;
use crate::broker::topics::{TableVersion, TopicConfig};

const VERSION: TableVersion = TableVersion {
    state_version: 1,
    timestamp_ms: 1_700_000_000_000,
    counter: 3,
};

#[test]
fn tables_read_back() {
    let mut topic = TopicConfig::new("T", 4, 6);
    topic.order = true;
    topic.multi_tag = true;
    topic.attributes.insert("message.type".to_owned(), "FIFO".to_owned());
    let text = topics_json(&[Arc::new(topic.clone())], VERSION);
    assert_eq!(topics_from_json(&parse(&text).unwrap()), (vec![topic], VERSION));

    let mut group = GroupConfig::new("g");
    group.consume_enable = false;
    group.retry_max_times = 3;
    let text = groups_json(&[Arc::new(group.clone())], VERSION);
    assert_eq!(groups_from_json(&parse(&text).unwrap()), (vec![group], VERSION));

    let key = TopicGroup {
        topic: "%RETRY%g".into(),
        group: "g".into(),
    };
    let offsets = vec![(key, BTreeMap::from([(0, 3), (1, 5_000_000_000)]))];
    let text = offsets_json(&offsets);
    assert!(text.contains("\"%RETRY%g@g\":{0:3,1:5000000000}"), "{text}");
    assert_eq!(offsets_from_json(&parse(&text).unwrap()), offsets);

    let delays = DelayOffsets::from([(1, 5), (18, 0)]);
    assert_eq!(delay_from_json(&parse(&delay_json(&delays)).unwrap()), delays);
}

#[test]
fn bare_keys_are_quoted_and_nothing_else() {
    for (text, quoted) in [
        ("{0:3,1:5}", "{\"0\":3,\"1\":5}"),
        ("{\n\ta : {-1:true}}", "{\n\t\"a\" : {\"-1\":true}}"),
        ("{\"a\":[1,2],\"b\":\"x,1:2{3:4\"}", "{\"a\":[1,2],\"b\":\"x,1:2{3:4\"}"),
        ("{\"a\\\"\":null}", "{\"a\\\"\":null}"),
        ("{é:1}", "{é:1}"),
    ] {
        assert_eq!(quoted::keys(text), quoted);
    }
}

#[test]
fn the_bak_stands_in() {
    let dir = tempfile::tempdir().unwrap();
    let tables = ConfigDir::at(dir.path());
    assert!(tables.load(OFFSETS).unwrap().is_none());
    tables.store(OFFSETS, "{\"n\":1}").unwrap();
    tables.store(OFFSETS, "{\"n\":2}").unwrap();
    let n = || tables.load(OFFSETS).map(|table| table.map(|table| table["n"].as_i64()));
    assert_eq!(n().unwrap(), Some(Some(2)));
    let path = dir.path().join("config").join(OFFSETS);
    for damaged in ["", "[]", "{\"n\":"] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(n().unwrap(), Some(Some(1)), "{damaged}");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(n().unwrap(), Some(Some(1)));
    fs::write(path.with_extension("json.bak"), "x").unwrap();
    assert!(matches!(n(), Err(TableError::Damaged { .. })));
}
