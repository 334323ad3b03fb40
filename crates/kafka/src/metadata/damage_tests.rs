//! Tests of bad files: what is damaged is refused and left alone; what was torn is cut.

use std::fs;
use std::path::Path;

use super::tests::{LOG, copy_dir, kafkas, open, options, refused, settings};
use super::*;
use crate::log::batch::Batches;

/// Makes four topics; lengths of the log before and after each.
fn grown(root: &Path) -> Vec<usize> {
    let (metadata, _) = open(root);
    let len = || fs::read(root.join(LOG)).unwrap().len();
    let mut steps = vec![len()];
    for number in 0..4 {
        let name = format!("topic-{number}");
        metadata
            .create_topic(&name, 20, settings(&[("retention.ms", "1")]))
            .unwrap();
        steps.push(len());
    }
    steps
}

#[test]
fn a_torn_end_is_cut_and_the_log_goes_on() {
    let made = tempfile::tempdir().unwrap();
    let steps = grown(made.path());
    let whole = fs::read(made.path().join(LOG)).unwrap();
    let (before, end) = (steps[3], steps[4]);
    // Cut anywhere in the last batch; or its last sectors never arrived.
    let mut torn: Vec<(String, Vec<u8>)> = (before + 1..end)
        .step_by(7)
        .chain([before + 1, before + 60, before + 61, end - 1])
        .map(|cut| (format!("cut at {cut}"), whole[..cut].to_vec()))
        .collect();
    for sector in (before / 512 + 1)..end / 512 {
        let mut bytes = whole.clone();
        bytes[sector * 512..].fill(0);
        torn.push((format!("zeros from sector {sector}"), bytes));
    }
    let mut zeros = whole[..before].to_vec();
    zeros.resize(end + 4096, 0);
    torn.push(("nothing but zeros".to_owned(), zeros));
    for (what, bytes) in torn {
        let dir = tempfile::tempdir().unwrap();
        copy_dir(made.path(), dir.path());
        fs::write(dir.path().join(LOG), &bytes).unwrap();
        let (metadata, report) = open(dir.path());
        let cut = report
            .tail
            .unwrap_or_else(|| panic!("{what}: nothing was cut"));
        assert_eq!(
            (cut.at, cut.bytes),
            (before as u64, (bytes.len() - before) as u64),
            "{what}"
        );
        assert_eq!(metadata.image().topic_count(), 3, "{what}");
        metadata.create_topic("next", 1, Overrides::new()).unwrap();
        drop(metadata);
        let (again, report) = open(dir.path());
        assert_eq!(
            (again.image().topic_count(), report.tail),
            (4, None),
            "{what}"
        );
    }
}

#[test]
fn damage_is_refused_and_nothing_is_touched() {
    let made = tempfile::tempdir().unwrap();
    let steps = grown(made.path());
    let whole = fs::read(made.path().join(LOG)).unwrap();
    assert_eq!(steps.last(), Some(&whole.len()));
    for at in (0..whole.len()).step_by(29) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        let dir = tempfile::tempdir().unwrap();
        copy_dir(made.path(), dir.path());
        fs::write(dir.path().join(LOG), &bytes).unwrap();
        let opened = Metadata::open(dir.path(), &options());
        // The leader epoch of a batch is under no checksum, and nothing hangs on it. Nor does
        // anything on the last batch's offset, as long as it does not go back or far ahead.
        let last_offset = steps[3] + 4..steps[3] + 8;
        let epoch_only = in_an_epoch(&whole, at);
        match opened {
            Ok((metadata, _)) => {
                assert!(
                    epoch_only || last_offset.contains(&at),
                    "byte {at} of {steps:?}"
                );
                assert_eq!(metadata.image().topic_count(), 4, "byte {at} of {steps:?}");
            }
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.contains(LOG) && text.contains("repair") && !epoch_only,
                    "{text}"
                );
            }
        }
        assert!(
            fs::read(dir.path().join(LOG)).unwrap() == bytes,
            "byte {at}: the log was changed"
        );
    }
}

fn in_an_epoch(log: &[u8], at: usize) -> bool {
    let mut start = 0;
    Batches::of(log).map(Result::unwrap).any(|view| {
        let epoch = start + 12..start + 16;
        start += view.bytes().len();
        epoch.contains(&at)
    })
}

#[test]
fn missing_and_foreign_files_are_named() {
    type Harm = fn(&Path);
    let cases: [(&str, Harm, &[&str]); 7] = [
        (
            "snapshot lost",
            |d| {
                fs::rename(
                    d.join(LOG),
                    d.join("__cluster_metadata-0/00000000000000000009.log"),
                )
                .unwrap()
            },
            &["000009.log", "missing"],
        ),
        (
            "identity lost",
            |d| fs::remove_file(d.join("meta.properties")).unwrap(),
            &["meta.properties", "Restore"],
        ),
        (
            "other node",
            |d| rewrite(&d.join("meta.properties"), "node.id=1", "node.id=2"),
            &["node 2", "move __cluster_metadata-0 away"],
        ),
        (
            "other directory",
            |d| {
                rewrite(
                    &d.join("meta.properties"),
                    "directory.id=",
                    "directory.id=AAAAAAAAAAAAAAAAAAAABQ\n#",
                )
            },
            &["directory AAAAAAAAAAAAAAAAAAAABQ"],
        ),
        (
            "zookeeper",
            |d| rewrite(&d.join("meta.properties"), "version=1", "version=0"),
            &["ZooKeeper"],
        ),
        (
            "quorum state",
            |d| fs::write(d.join("__cluster_metadata-0/quorum-state"), "{").unwrap(),
            &["quorum-state", "Remove"],
        ),
        (
            "half a snapshot",
            |d| {
                let p = d.join("__cluster_metadata-0/00000000000000000000-0000000000.checkpoint");
                let b = fs::read(&p).unwrap();
                fs::write(&p, &b[..200]).unwrap()
            },
            &[".checkpoint", "repair"],
        ),
    ];
    for (what, harm, needles) in cases {
        let dir = kafkas();
        harm(dir.path());
        let text = refused(dir.path()).to_string();
        for needle in needles {
            assert!(
                text.contains(needle),
                "{what}: {needle:?} is not in: {text}"
            );
        }
    }
    let dir = kafkas();
    for (options, needle) in [
        (
            MetadataOptions {
                node_id: Some(7),
                ..options()
            },
            "asked for was 7",
        ),
        (
            MetadataOptions {
                cluster_id: Some("x".to_owned()),
                ..options()
            },
            "asked for was x",
        ),
    ] {
        let text = Metadata::open(dir.path(), &options)
            .unwrap_err()
            .to_string();
        assert!(text.contains(needle), "{text}");
    }
}

fn rewrite(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn what_a_controller_left_half_done_is_taken_back() {
    use kafka_wire::{BeginTransactionRecord, MetadataRecord, TopicRecord};
    let dir = tempfile::tempdir().unwrap();
    let (metadata, _) = open(dir.path());
    metadata.create_topic("kept", 1, Overrides::new()).unwrap();
    let end = metadata.image().end_offset();
    let epoch = metadata.quorum().epoch;
    drop(metadata);
    let name = Some("half".into());
    let half = [
        MetadataRecord::BeginTransactionRecord(BeginTransactionRecord { name }),
        MetadataRecord::TopicRecord(TopicRecord {
            name: "half".into(),
            topic_id: kafka_wire::Uuid([9; 16]),
        }),
    ];
    let place = records::Place {
        base_offset: end,
        epoch,
        timestamp_ms: 0,
    };
    let batch = records::batch_of(&half, records::RecordVersions::at(30), place).unwrap();
    let path = dir.path().join(LOG);
    let mut log = fs::read(&path).unwrap();
    log.extend(batch);
    fs::write(&path, log).unwrap();

    let (metadata, _) = open(dir.path());
    assert_eq!(metadata.image().topic_count(), 1);
    assert_eq!(metadata.image().end_offset(), end + 2);
    metadata.create_topic("half", 1, Overrides::new()).unwrap();
    drop(metadata);
    let (metadata, _) = open(dir.path());
    assert_eq!(metadata.image().topic_count(), 2);
    assert_ne!(metadata.topic("half").unwrap().id(), TopicId([9; 16]));
}

#[test]
fn what_a_repair_took_out_is_told_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    let steps = grown(dir.path());
    let mut log = fs::read(dir.path().join(LOG)).unwrap();
    log.drain(steps[1]..steps[2]);
    fs::write(dir.path().join(LOG), log).unwrap();
    let (metadata, report) = open(dir.path());
    assert_eq!((report.topics, report.missing), (3, 22));
    assert!(report.to_string().contains("22 records are missing"));
    metadata
        .create_topic("topic-1", 1, Overrides::new())
        .unwrap();
    metadata.write_snapshot().unwrap();
    drop(metadata);
    let (metadata, report) = open(dir.path());
    assert_eq!((metadata.image().topic_count(), report.missing), (4, 0));
}
