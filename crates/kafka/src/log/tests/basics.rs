//! One behaviour after the other, on every engine.

use super::*;

fn each_engine(check: impl Fn(EngineKind)) {
    for kind in EngineKind::ALL {
        check(kind);
    }
}

#[test]
fn what_is_appended_is_read_and_survives_a_clean_stop() {
    each_engine(|kind| {
        let root = tempfile::tempdir().unwrap();
        {
            let open = open_with(root.path(), kind, LogConfig::default());
            let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
            let first = append(&log, &[b"a", b"b"]);
            assert_eq!(
                (
                    first.base_offset.0,
                    first.last_offset.0,
                    first.log_append_time_ms
                ),
                (0, 1, -1)
            );
            let second = append(&log, &[b"c"]);
            assert_eq!(second.base_offset.0, 2);
            wait(&log, Ack::Visible, second.end).unwrap();
            assert_eq!(log.high_watermark().unwrap(), KafkaOffset(3));
            let found = read_from(&log, 1, Isolation::Uncommitted);
            assert_eq!(
                found.iter().map(|h| h.base_offset).collect::<Vec<_>>(),
                [0, 2]
            );
            assert!(found.iter().all(|header| header.leader_epoch == 0));
            open.dir.close().unwrap();
        }
        assert!(root.path().join(".kafka_cleanshutdown").exists());
        let open = open_with(root.path(), kind, LogConfig::default());
        assert!(open.report.clean);
        let log = open.dir.log(&tp()).unwrap();
        assert!(
            !log.is_open(),
            "after a clean stop nothing is opened unasked"
        );
        let records = all_records(&log, 0);
        assert_eq!(
            records,
            [(0, b"a".to_vec()), (1, b"b".to_vec()), (2, b"c".to_vec())]
        );
        assert_eq!(append(&log, &[b"d"]).base_offset.0, 3);
    });
}

#[test]
fn without_a_clean_stop_everything_written_is_recovered() {
    each_engine(|kind| {
        let root = tempfile::tempdir().unwrap();
        {
            let open = open_with(root.path(), kind, LogConfig::default());
            let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
            for index in 0..200u32 {
                append(&log, &[&index.to_be_bytes(), &[7; 100]]);
            }
            let end = append(&log, &[b"last"]).end;
            wait(&log, Ack::Visible, end).unwrap();
        }
        let open = open_with(root.path(), kind, LogConfig::default());
        assert!(!open.report.clean);
        let log = open.dir.log(&tp()).unwrap();
        assert_eq!(log.log_end_offset().unwrap(), KafkaOffset(401), "{kind}");
        assert_eq!(all_records(&log, 0).len(), 401);
        assert!(open.report.partitions[0].cuts.is_empty(), "{}", open.report);
        assert_eq!(append(&log, &[b"x"]).base_offset.0, 401);
    });
}

#[test]
fn a_second_process_is_kept_out() {
    let root = tempfile::tempdir().unwrap();
    let _open = open_with(root.path(), EngineKind::File, LogConfig::default());
    let (engine, _) = open_engine(EngineKind::File, &EngineOptions::new(root.path()));
    let flush = FlushService::start(FlushOptions::default());
    let again = LogDir::open(
        root.path(),
        LogDirOptions::new(engine, flush, Arc::new(ManualClock::at(0))),
    );
    assert!(matches!(again, Err(StorageError::Unusable(_))));
}

#[test]
fn segments_roll_by_size_and_reads_go_across() {
    let config = LogConfig {
        segment_bytes: 4000,
        index_interval_bytes: 500,
        ..LogConfig::default()
    };
    each_engine(|kind| {
        let root = tempfile::tempdir().unwrap();
        let open = open_with(root.path(), kind, config.clone());
        let log = open.dir.create(&tp(), id(), config.clone()).unwrap();
        for _ in 0..100 {
            append(&log, &[&[1; 300]]);
        }
        let names = |suffix: &str| {
            let mut names: Vec<String> = std::fs::read_dir(log.dir())
                .unwrap()
                .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
                .filter(|name| name.ends_with(suffix))
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(".log").len(), 10);
        assert_eq!(names(".log").len(), names(".index").len());
        assert_eq!(all_records(&log, 0).len(), 100);
        for from in 0..100 {
            let header = read_from(&log, from, Isolation::LogEnd)[0];
            assert_eq!(header.base_offset, from);
        }
    });
}

#[test]
fn bounds_of_reads() {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
    append(&log, &[&[0; 1000]]);
    let end = append(&log, &[&[0; 1000]]).end;
    wait(&log, Ack::Visible, end).unwrap();
    let read = |from: i64, max: usize, force: bool| {
        log.read(
            KafkaOffset(from),
            max,
            force,
            Isolation::Uncommitted,
            Access::MayBlock,
        )
        .map(|f| f.bytes)
    };
    let one = batch(NOW, &[&[0; 1000]]).len();
    for (from, max, force, want) in [
        (0, 10, false, 0),
        (0, 10, true, one),
        (0, one, false, one),
        (0, one + 50, false, one + 50),
        (0, 1 << 20, false, 2 * one),
        (1, 1 << 20, false, one),
        (2, 1 << 20, true, 0),
    ] {
        assert_eq!(
            read(from, max, force).unwrap(),
            want,
            "{from} {max} {force}"
        );
    }
    for from in [-1, 3, i64::MAX] {
        assert!(
            matches!(read(from, 1, true), Err(ReadError::OutOfRange { .. })),
            "{from}"
        );
    }
}

#[test]
fn duplicates_of_idempotent_producers_are_answered_not_appended() {
    let root = tempfile::tempdir().unwrap();
    let send = |log: &PartitionLog, sequence: i32| {
        let stamp = builder::ProducerStamp {
            id: 9,
            epoch: 0,
            base_sequence: sequence,
        };
        let mut builder = BatchBuilder::default().producer(stamp);
        builder.push(NOW, None, Some(b"v"));
        log.append(&mut builder.finish().unwrap(), &AppendContext::client(NOW))
    };
    {
        let open = open_with(root.path(), EngineKind::File, LogConfig::default());
        let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
        for sequence in 0..3 {
            assert!(!send(&log, sequence).unwrap().duplicate);
        }
        let again = send(&log, 1).unwrap();
        assert!(again.duplicate);
        assert_eq!(again.base_offset.0, 1);
        assert!(matches!(
            send(&log, 7),
            Err(AppendError::OutOfOrderSequence { .. })
        ));
        assert_eq!(log.log_end_offset().unwrap().0, 3);
        wait(&log, Ack::Visible, KafkaOffset(3)).unwrap();
    }
    // Once after a crash, once after a clean stop: the last batch is known.
    for clean in [false, true] {
        let open = open_with(root.path(), EngineKind::File, LogConfig::default());
        let log = open.dir.log(&tp()).unwrap();
        assert!(send(&log, 2).unwrap().duplicate, "clean {clean}");
        assert!(matches!(
            send(&log, 4),
            Err(AppendError::OutOfOrderSequence { .. })
        ));
        open.dir.close().unwrap();
    }
}

#[test]
fn log_append_time_and_recompression() {
    let root = tempfile::tempdir().unwrap();
    let config = LogConfig {
        timestamp_type: TimestampType::LogAppendTime,
        compression: TopicCompression::Codec(compression::Compression::Zstd),
        ..LogConfig::default()
    };
    let open = open_with(root.path(), EngineKind::File, config.clone());
    let log = open.dir.create(&tp(), id(), config).unwrap();
    let appended = log
        .append(&mut batch(5, &[b"a", b"b"]), &AppendContext::client(NOW))
        .unwrap();
    assert_eq!(appended.log_append_time_ms, NOW);
    let header = read_from(&log, 0, Isolation::LogEnd)[0];
    assert_eq!(header.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(header.max_timestamp, NOW);
    assert_eq!(header.compression(), Ok(compression::Compression::Zstd));
    assert_eq!(
        all_records(&log, 0),
        [(0, b"a".to_vec()), (1, b"b".to_vec())]
    );
}

#[test]
fn lookups_by_time() {
    let config = LogConfig {
        segment_bytes: 2000,
        index_interval_bytes: 200,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, config.clone());
    let log = open.dir.create(&tp(), id(), config).unwrap();
    assert_eq!(log.find_by_time(0).unwrap(), None);
    assert_eq!(log.max_timestamp().unwrap(), None);
    for index in 0..100 {
        log.append(
            &mut batch(1000 + index * 10, &[b"a", b"b"]),
            &AppendContext::client(NOW),
        )
        .unwrap();
    }
    for (time, want) in [
        (0, Some(0)),
        (1000, Some(0)),
        (1001, Some(1)),
        (1002, Some(2)),
        (1990, Some(198)),
        (1991, Some(199)),
        (1992, None),
    ] {
        let found = log.find_by_time(time).unwrap().map(|found| found.offset.0);
        assert_eq!(found, want, "{time}");
    }
    let max = log.max_timestamp().unwrap().unwrap();
    assert_eq!((max.offset.0, max.timestamp_ms), (199, 1991));
}

#[test]
fn retention_by_size_time_and_log_start() {
    let config = LogConfig {
        segment_bytes: 2000,
        retention_bytes: 5000,
        retention_ms: -1,
        file_delete_delay_ms: 10,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, config.clone());
    let log = open.dir.create(&tp(), id(), config.clone()).unwrap();
    let mut end = KafkaOffset(0);
    for _ in 0..50 {
        end = append(&log, &[&[1; 400]]).end;
    }
    wait(&log, Ack::Visible, end).unwrap();
    let before = log.size_bytes();
    let removed = open.dir.run_retention(NOW);
    assert_eq!(before - removed, log.size_bytes());
    assert!(
        (5000..7000).contains(&log.size_bytes()),
        "{}",
        log.size_bytes()
    );
    let start = log.log_start_offset().unwrap();
    assert!(start.0 > 0);
    assert_eq!(all_records(&log, start.0).len() as i64, 50 - start.0);

    assert_eq!(log.delete_records_before(KafkaOffset(47)).unwrap().0, 47);
    assert!(matches!(
        log.delete_records_before(KafkaOffset(51)),
        Err(ReadError::OutOfRange { .. })
    ));
    assert!(matches!(
        log.read(
            KafkaOffset(46),
            1,
            true,
            Isolation::LogEnd,
            Access::MayBlock
        ),
        Err(ReadError::OutOfRange { .. })
    ));
    open.dir.run_retention(NOW);
    assert_eq!(all_records(&log, 47).len(), 3);

    // By time, down to the active segment: the log is empty and goes on where it was.
    log.set_config(LogConfig {
        retention_ms: 1000,
        ..config
    });
    open.dir.run_retention(NOW + 5000);
    assert_eq!(log.log_start_offset().unwrap(), end);
    assert_eq!(log.log_end_offset().unwrap(), end);
    assert_eq!(append(&log, &[b"next"]).base_offset, end);
    // Removed segments stay under another name until the delay is over.
    open.dir.reap(NOW + 5009);
    open.dir.env_flush().wait_reaped();
    assert!(
        deleted(&log)
            .iter()
            .any(|name| name.ends_with(".log.deleted"))
    );
    assert!(
        deleted(&log)
            .iter()
            .any(|name| name.ends_with(".index.deleted"))
    );
    open.dir.reap(NOW + 5010);
    open.dir.env_flush().wait_reaped();
    assert_eq!(deleted(&log), Vec::<String>::new());
}

/// Names of removed files that are still in a log's directory.
fn deleted(log: &PartitionLog) -> Vec<String> {
    std::fs::read_dir(log.dir())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.ends_with(".deleted"))
        .collect()
}

#[test]
fn a_removed_segment_is_read_to_the_end_and_gone_after_a_clean_stop() {
    let config = LogConfig {
        segment_bytes: 2000,
        retention_bytes: 5000,
        file_delete_delay_ms: 60_000,
        ..LogConfig::default()
    };
    each_engine(|kind| {
        let root = tempfile::tempdir().unwrap();
        let open = open_with(root.path(), kind, config.clone());
        let log = open.dir.create(&tp(), id(), config.clone()).unwrap();
        let mut end = KafkaOffset(0);
        for _ in 0..50 {
            end = append(&log, &[&[1; 400]]).end;
        }
        wait(&log, Ack::Visible, end).unwrap();
        let first = KafkaOffset(0);
        let read = || log.read(first, 1, true, Isolation::LogEnd, Access::MayBlock);
        let held = read().unwrap();
        assert!(open.dir.run_retention(NOW) > 0, "{kind:?}");
        assert!(matches!(read(), Err(ReadError::OutOfRange { .. })));
        assert!(!deleted(&log).is_empty(), "{kind:?}");
        open.dir.close().unwrap();
        open.dir.env_flush().wait_reaped();
        assert_eq!(deleted(&log), Vec::<String>::new(), "{kind:?}");
        let bytes = bytes_of(&held);
        let view = Batches::of(&bytes).next().unwrap().unwrap();
        view.check_crc().unwrap();
        assert_eq!(view.header().base_offset, 0, "{kind:?}");
    });
}

#[test]
fn deleted_topics_are_renamed_and_reaped() {
    let config = LogConfig {
        file_delete_delay_ms: 10,
        ..LogConfig::default()
    };
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, config.clone());
    let log = open.dir.create(&tp(), id(), config.clone()).unwrap();
    append(&log, &[b"a"]);
    assert!(open.dir.delete(&tp()).unwrap());
    assert!(!open.dir.delete(&tp()).unwrap());
    assert!(!root.path().join("t-0").exists());
    assert!(matches!(
        log.append(&mut batch(NOW, &[b"b"]), &AppendContext::client(NOW)),
        Err(AppendError::Closed)
    ));
    assert!(matches!(
        log.read(KafkaOffset(0), 1, true, Isolation::LogEnd, Access::MayBlock),
        Err(ReadError::Closed)
    ));
    let again = open.dir.create(&tp(), TopicId::random(), config).unwrap();
    assert_eq!(again.log_end_offset().unwrap().0, 0);
    let deleted = || {
        std::fs::read_dir(root.path())
            .unwrap()
            .filter(|e| {
                e.as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .ends_with("-delete")
            })
            .count()
    };
    assert_eq!(deleted(), 1);
    open.clock.advance(11);
    open.dir.reap(open.clock.now_ms());
    assert_eq!(deleted(), 0);
}

#[test]
fn leader_epochs_are_stamped_and_remembered() {
    let root = tempfile::tempdir().unwrap();
    {
        let open = open_with(root.path(), EngineKind::File, LogConfig::default());
        let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
        append(&log, &[b"a", b"b"]);
        log.assign_leader_epoch(4).unwrap();
        append(&log, &[b"c"]);
        assert_eq!(log.end_offset_for_epoch(0).unwrap(), (0, KafkaOffset(2)));
        assert_eq!(log.end_offset_for_epoch(4).unwrap(), (4, KafkaOffset(3)));
        assert_eq!(log.end_offset_for_epoch(5).unwrap(), (-1, KafkaOffset(-1)));
        let epochs: Vec<i32> = read_from(&log, 0, Isolation::LogEnd)
            .iter()
            .map(|h| h.leader_epoch)
            .collect();
        assert_eq!(epochs, [0, 4]);
        open.dir.close().unwrap();
    }
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    let log = open.dir.log(&tp()).unwrap();
    assert_eq!(log.leader_epoch().unwrap(), 4);
    assert_eq!(log.epoch_at(KafkaOffset(1)).unwrap(), Some(0));
    assert_eq!(log.epoch_at(KafkaOffset(2)).unwrap(), Some(4));
}

#[test]
fn many_logs_are_made_at_once_and_one_that_cannot_be_made_leaves_the_others() {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    let strange = root.path().join("t-7");
    std::fs::create_dir(&strange).unwrap();
    partition_metadata::write(&strange, TopicId::random()).unwrap();
    let tps: Vec<_> = (0..40)
        .map(|number| TopicPartition::new("t", number))
        .collect();
    let refused = open.dir.create_all(&tps, id(), &LogConfig::default());
    let error = refused.err().unwrap().to_string();
    assert!(
        error.contains("t-7") && error.contains("belongs to topic id"),
        "{error}"
    );
    for tp in &tps {
        let log = open.dir.log(tp);
        assert_eq!(log.is_none(), tp.partition == 7, "{tp}");
        if let Some(log) = log {
            assert_eq!(append(&log, &[b"a"]).base_offset.0, 0);
            let dir = root.path().join(tp.dir_name());
            assert_eq!(partition_metadata::read(&dir).unwrap(), Some(id()));
        }
    }
    std::fs::remove_dir_all(&strange).unwrap();
    open.dir
        .create_all(&tps, id(), &LogConfig::default())
        .unwrap();
    assert_eq!(open.dir.logs().len(), tps.len());
    open.dir.close().unwrap();
    let again = open_with(root.path(), EngineKind::File, LogConfig::default());
    assert_eq!(all_records(&again.dir.log(&tps[39]).unwrap(), 0).len(), 1);
    assert_eq!(again.dir.logs().len(), tps.len());
}

#[test]
fn a_directory_no_topic_claims_is_set_aside_whole() {
    let root = tempfile::tempdir().unwrap();
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
    append(&log, &[b"a"]);
    let aside = open.dir.set_aside(&tp()).unwrap().unwrap();
    let name = aside.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        name.starts_with("t-0.") && name.ends_with(STRAY_DIR_SUFFIX),
        "{name}"
    );
    assert!(open.dir.set_aside(&tp()).unwrap().is_none());
    let other = TopicId::random();
    open.dir.create(&tp(), other, LogConfig::default()).unwrap();
    open.dir.set_broker_epoch(42);
    open.dir.close().unwrap();
    let marker = std::fs::read_to_string(root.path().join(".kafka_cleanshutdown")).unwrap();
    assert_eq!(marker, "{\"version\":0,\"brokerEpoch\":42}");
    let lock = LogDir::lock(root.path()).unwrap();
    assert!(LogDir::lock(root.path()).is_err());
    drop(lock);
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    assert_eq!(open.dir.logs().len(), 1);
    assert!(
        aside
            .join("00000000000000000000.log")
            .metadata()
            .unwrap()
            .len()
            > 0
    );
}

#[test]
fn producers_after_a_crash_are_those_of_the_checkpoint_and_what_came_after() {
    let root = tempfile::tempdir().unwrap();
    let send = |log: &PartitionLog, sequence: i32| {
        let stamp = builder::ProducerStamp {
            id: 9,
            epoch: 0,
            base_sequence: sequence,
        };
        let mut builder = BatchBuilder::default().producer(stamp);
        builder.push(NOW, None, Some(b"v"));
        log.append(&mut builder.finish().unwrap(), &AppendContext::client(NOW))
    };
    {
        let open = open_with(root.path(), EngineKind::File, LogConfig::default());
        let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
        for sequence in 0..3 {
            send(&log, sequence).unwrap();
        }
        open.dir.checkpoint().unwrap();
        for sequence in 3..5 {
            send(&log, sequence).unwrap();
        }
        wait(&log, Ack::Durable, KafkaOffset(5)).unwrap();
    }
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    let log = open.dir.log(&tp()).unwrap();
    let producers = log.producers().unwrap();
    let known: Vec<i32> = producers[0]
        .batches()
        .map(|batch| batch.last_sequence)
        .collect();
    assert_eq!(
        known,
        [2, 3, 4],
        "the checkpoint's last batch, then each once"
    );
    assert!(send(&log, 3).unwrap().duplicate);
    assert!(!send(&log, 5).unwrap().duplicate);
}

#[test]
fn after_a_crash_only_logs_that_were_in_use_are_opened() {
    let root = tempfile::tempdir().unwrap();
    let busy = TopicPartition::new("busy", 0);
    {
        let open = open_with(root.path(), EngineKind::File, LogConfig::default());
        let idle = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
        let log = open.dir.create(&busy, id(), LogConfig::default()).unwrap();
        append(&idle, &[b"a", b"b"]);
        append(&log, &[b"c"]);
        open.dir.checkpoint().unwrap();
        let end = append(&log, &[b"d"]).end;
        wait(&log, Ack::Durable, end).unwrap();
    }
    let open = open_with(root.path(), EngineKind::File, LogConfig::default());
    assert!(!open.dir.log(&tp()).unwrap().is_open());
    assert!(open.dir.log(&busy).unwrap().is_open());
    let walked: Vec<&str> = open
        .report
        .partitions
        .iter()
        .map(|p| &*p.partition)
        .collect();
    assert_eq!(walked, ["busy-0"]);
    let idle = open.dir.log(&tp()).unwrap();
    assert_eq!(all_records(&idle, 0).len(), 2);
    assert_eq!(append(&idle, &[b"e"]).base_offset.0, 2);
}

/// A sync that ends while the next batch is being appended may cover it; that has to be heard.
#[test]
fn a_burst_is_acknowledged_to_its_last_batch() {
    each_engine(|kind| {
        let root = tempfile::tempdir().unwrap();
        let open = open_with(root.path(), kind, LogConfig::default());
        let log = open.dir.create(&tp(), id(), LogConfig::default()).unwrap();
        for _ in 0..300 {
            append(&log, &[b"asks for a sync"]);
            let last = append(&log, &[b"shares it, or asks for the next"]);
            wait(&log, Ack::Durable, last.end).unwrap();
            assert_eq!(log.high_watermark().unwrap(), last.end);
        }
    });
}
