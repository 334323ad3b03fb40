//! The coordinator on real partition logs.

use std::path::Path;

use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, open_engine};

use super::*;
use crate::config::BrokerSettings;
use crate::log::{Clock, LogConfig, LogDir, LogDirOptions, TopicPartition};
use crate::metadata::{Metadata, MetadataOptions, NewTopic, OFFSETS_TOPIC};

/// A data directory in use.
struct Node {
    logs: Arc<LogDir>,
    groups: Arc<Coordinator>,
}

impl Node {
    fn open(root: &Path, kind: EngineKind) -> Self {
        let (engine, _) = open_engine(kind, &EngineOptions::new(root));
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(1_700_000_000_000));
        let flush = FlushService::start(FlushOptions::default());
        let mut options = LogDirOptions::new(engine, flush, clock.clone());
        let config = LogConfig {
            cleanup_compact: true,
            cleanup_delete: false,
            ..LogConfig::default()
        };
        options.config_of = Box::new(move |_| config.clone());
        let (logs, _) = LogDir::open(root, options).expect("opens");
        let options = MetadataOptions {
            node_id: None,
            cluster_id: None,
            clock: clock.clone(),
        };
        let (metadata, _) = Metadata::open(root, &options).expect("opens");
        let metadata = Arc::new(metadata);
        if metadata.topic(OFFSETS_TOPIC).is_none() {
            metadata.create_topics(&[NewTopic::offsets(3)]);
        }
        let topic = metadata.topic(OFFSETS_TOPIC).expect("created");
        for partition in 0..topic.partition_count() {
            let tp = TopicPartition::new(OFFSETS_TOPIC, partition);
            logs.create(&tp, topic.id(), LogConfig::default())
                .expect("creates");
        }
        let groups = super::super::open(&logs, &metadata, &clock, &BrokerSettings::default());
        groups.start();
        Self { logs, groups }
    }

    /// Ends it; unless `cleanly`, as if the process had been killed.
    async fn end(self, cleanly: bool) {
        self.groups.close();
        if cleanly {
            self.logs.close().expect("closes");
        }
        drop(self.groups);
        // The tasks hold the directory until the runtime has dropped them.
        while Arc::strong_count(&self.logs) > 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// As a client does that is told to come again: a busy machine reads groups for longer than one request waits.
async fn wait_until_read(groups: &Coordinator) {
    for _ in 0..60 {
        if groups.list().await != Err(GroupError::Loading) {
            return;
        }
    }
    panic!("the groups are still being read")
}

#[tokio::test]
async fn groups_live_through_stops_and_kills_on_every_engine() {
    for (kind, cleanly) in [
        (EngineKind::Mmap, true),
        (EngineKind::Mmap, false),
        (EngineKind::File, true),
        (EngineKind::File, false),
        (EngineKind::Staged, true),
        (EngineKind::Staged, false),
        (EngineKind::Direct, true),
        (EngineKind::Direct, false),
    ] {
        let dir = tempfile::tempdir().expect("directory");
        let node = Node::open(dir.path(), kind);
        let joined = settle(&node.groups, "g").await;
        let member = Committer {
            member_id: joined.member_id.clone(),
            generation: joined.generation,
            ..nobody()
        };
        let many: Vec<_> = (0..3000).map(|p| offset("t", p, i64::from(p))).collect();
        node.groups
            .commit("g", &member, many)
            .await
            .expect("commits");
        commit(&node.groups, "simple", 3).await.expect("commits");
        commit(&node.groups, "deleted", 3).await.expect("commits");
        assert_eq!(node.groups.delete_groups(&["deleted"]).await, [Ok(())]);
        node.end(cleanly).await;

        let node = Node::open(dir.path(), kind);
        wait_until_read(&node.groups).await;
        let all = node.groups.offsets("g", None).await.expect("readable");
        let topic = all.get("t").expect("there");
        assert_eq!(topic.len(), 3000, "{kind:?} {cleanly}");
        assert!(
            topic
                .iter()
                .all(|(p, c)| c.as_ref().map(|c| c.offset) == Some(i64::from(*p)))
        );
        assert_eq!(read(&node.groups, "simple").await, Some(3));
        let (id, generation) = (&joined.member_id, joined.generation);
        assert_eq!(
            node.groups.heartbeat("g", id, None, generation).await,
            Ok(())
        );
        assert_eq!(node.groups.list().await.map(|l| l.len()), Ok(2));
        node.end(true).await;
    }
}
