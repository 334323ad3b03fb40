//! Tests of the metadata: what is changed is there after a reopening, whoever reopens.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::log::ManualClock;

fn options() -> MetadataOptions {
    MetadataOptions {
        node_id: None,
        cluster_id: None,
        clock: Arc::new(ManualClock::default()),
    }
}

fn open(root: &Path) -> (Metadata, MetadataReport) {
    Metadata::open(root, &options()).unwrap()
}

fn settings(pairs: &[(&str, &str)]) -> Overrides {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_new_directory_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (metadata, report) = open(dir.path());
    assert_eq!(report.origin, Origin::Created);
    let topic = metadata
        .create_topic("orders", 3, settings(&[("retention.ms", "1000")]))
        .unwrap();
    metadata.create_topics(&[NewTopic::offsets(50)]);
    metadata.create_partitions("orders", 5).unwrap();
    metadata.create_topic("gone", 1, Overrides::new()).unwrap();
    metadata.delete_topic("gone").unwrap();
    assert_eq!(metadata.allocate_producer_ids(1000).unwrap(), 0..1000);
    metadata
        .alter_broker_config(
            true,
            &[("log.retention.ms".to_owned(), Some("5".to_owned()))],
        )
        .unwrap();
    let before = metadata.image();
    drop(metadata);

    let (again, report) = open(dir.path());
    assert_eq!(report.origin, Origin::Opened);
    assert_eq!((report.topics, report.partitions), (2, 55));
    assert_eq!(*again.image(), *before);
    assert_eq!(again.topic_by_id(topic.id()).unwrap().partition_count(), 5);
    assert_eq!(again.allocate_producer_ids(1).unwrap(), 1000..1001);
}
