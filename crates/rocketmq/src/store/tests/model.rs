//! Random operations against a small model, on every engine.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Put {
        topic: usize,
        queue: i32,
        size: usize,
        key: u8,
    },
    Get {
        topic: usize,
        queue: i32,
        from: i64,
    },
    Query {
        topic: usize,
        key: u8,
    },
    Checkpoint,
    Restart {
        clean: bool,
    },
}

const TOPICS: [&str; 3] = ["a", "topic-b", "%RETRY%c"];

fn op() -> impl Strategy<Value = Op> {
    let queue = 0..2i32;
    prop_oneof![
        12 => (0..3usize, queue.clone(), 0..900usize, any::<u8>())
            .prop_map(|(topic, queue, size, key)| Op::Put { topic, queue, size, key: key % 5 }),
        4 => (0..3usize, queue, 0..30i64).prop_map(|(topic, queue, from)| Op::Get { topic, queue, from }),
        2 => (0..3usize, 0..5u8).prop_map(|(topic, key)| Op::Query { topic, key }),
        1 => Just(Op::Checkpoint),
        1 => any::<bool>().prop_map(|clean| Op::Restart { clean }),
    ]
}

#[derive(Default)]
struct Model {
    queues: BTreeMap<(usize, i32), Vec<Vec<u8>>>,
    /// By topic and key, oldest first.
    keys: BTreeMap<(usize, u8), Vec<Vec<u8>>>,
    count: u64,
}

struct Run<'r> {
    root: &'r Path,
    kind: EngineKind,
    settings: StoreSettings,
    open: Option<Open>,
    model: Model,
}

impl Run<'_> {
    fn store(&self) -> &Store {
        &self.open.as_ref().unwrap().store
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Put {
                topic,
                queue,
                size,
                key,
            } => {
                self.model.count += 1;
                let mut body = vec![key; size];
                body.extend_from_slice(&self.model.count.to_be_bytes());
                let properties = format!("KEYS\x01k{key}\x02");
                let put = put(
                    self.store(),
                    TOPICS[topic],
                    queue,
                    &body,
                    properties.as_bytes(),
                );
                let messages = self.model.queues.entry((topic, queue)).or_default();
                assert_eq!(put.queue_offset.0, messages.len() as i64);
                messages.push(body.clone());
                self.model.keys.entry((topic, key)).or_default().push(body);
            }
            Op::Get { topic, queue, from } => {
                let all = self
                    .model
                    .queues
                    .get(&(topic, queue))
                    .cloned()
                    .unwrap_or_default();
                let from = from.min(all.len() as i64);
                let expected: Vec<_> = (from..).zip(all.into_iter().skip(from as usize)).collect();
                assert_eq!(all_of(self.store(), TOPICS[topic], queue, from), expected);
            }
            Op::Query { topic, key } => self.query(topic, key),
            Op::Checkpoint => self.store().checkpoint().unwrap(),
            Op::Restart { clean } => {
                let open = self.open.take().unwrap();
                if clean {
                    open.store.close().unwrap();
                } else {
                    // What a killed process leaves: everything is in the page cache.
                    let end = open.store.log.chain().marks().written;
                    open.store.log.chain().commit_to(end).unwrap();
                }
                drop(open);
                let open = open_with(self.root, self.kind, self.settings.clone());
                assert_eq!(open.report.clean, clean);
                assert_eq!(open.report.cut_bytes(), 0, "{}", open.report);
                self.open = Some(open);
            }
        }
    }

    fn query(&self, topic: usize, key: u8) {
        let mut expected = self
            .model
            .keys
            .get(&(topic, key))
            .cloned()
            .unwrap_or_default();
        let older = expected.len().saturating_sub(64);
        expected.drain(..older);
        assert_eq!(
            query(self.store(), TOPICS[topic], &format!("k{key}")),
            expected
        );
    }
}

fn check(kind: EngineKind, durability: Durability, ops: &[Op]) {
    let root = tempfile::tempdir().unwrap();
    let settings = StoreSettings {
        durability,
        ..settings()
    };
    let open = open_with(root.path(), kind, settings.clone());
    let mut run = Run {
        root: root.path(),
        kind,
        settings,
        open: Some(open),
        model: Model::default(),
    };
    for op in ops {
        run.apply(op);
    }
    run.apply(&Op::Restart { clean: false });
    for topic in 0..3 {
        for queue in 0..2 {
            run.apply(&Op::Get {
                topic,
                queue,
                from: 0,
            });
        }
        for key in 0..5 {
            run.query(topic, key);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_engine_equals_the_model(
        kind in 0..4usize,
        disk in any::<bool>(),
        ops in proptest::collection::vec(op(), 1..80),
    ) {
        let durability = if disk { Durability::Disk } else { Durability::Os };
        check(EngineKind::ALL[kind], durability, &ops);
    }
}
