//! Loss of power at any moment: what was acknowledged as durable is there, in order, in its queue and under its key.
//!
//! The disk below makes images of what it could have left (`segment::PowerDisk`): of the log, the queues, the checkpoint, and
//! of names that were never synced. Stores into the mapped index do not come by there; an index is damaged by hand in
//! `damage`. More rounds: `HIGHWATER_POWER_ROUNDS=500 cargo test -p rocketmq --lib power`.

use segment::PowerDisk;

use super::*;

const ROUNDS: u64 = 10;
const STEPS: u64 = 60;

/// Body of message `n`: of a size and content of its own.
fn body(n: usize) -> Vec<u8> {
    let mut body = n.to_string().into_bytes();
    body.resize(body.len() + n * 37 % 700, b'.');
    body
}

fn queue_of(n: usize) -> i32 {
    i32::try_from(n % 3).unwrap()
}

fn put_one(store: &Store, n: usize) -> Put {
    let properties = format!("KEYS\x01k{n}\x02");
    let body = body(n);
    store
        .put(
            &message("t", queue_of(n), &body, properties.as_bytes()),
            None,
        )
        .unwrap()
}

/// How many messages the queues have together, which must be the first ones.
fn found_in(store: &Store, what: &str) -> usize {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let queues: Vec<_> = (0..3).map(|id| all_of(store, "t", id, 0)).collect();
    let count: usize = queues.iter().map(Vec::len).sum();
    for n in 0..count {
        let (offset, body) = &queues[n % 3][n / 3];
        assert_eq!(*offset as usize, n / 3, "{what}");
        found.push(body.clone());
    }
    assert!(
        found.iter().enumerate().all(|(n, found)| *found == body(n)),
        "{what}"
    );
    count
}

/// Recovers an image, checks it, and goes on with it.
fn check(image: &Path, acked: usize, written: usize, what: &str) {
    let open = open(image);
    let what = format!("{what}: {}", open.report);
    let found = found_in(&open.store, &what);
    assert!(
        acked <= found && found <= written,
        "{acked} {found} {written} {what}"
    );
    for n in 0..written {
        let expected: Vec<Vec<u8>> = (n < found).then(|| body(n)).into_iter().collect();
        assert_eq!(
            query(&open.store, "t", &format!("k{n}")),
            expected,
            "key {n} {what}"
        );
    }
    let put = put_one(&open.store, found);
    settle(&open.store, &put);
    drop(open);
    let open = super::open(image);
    assert_eq!(found_in(&open.store, &what), found + 1, "once more {what}");
}

fn round(kind: EngineKind, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    std::fs::create_dir(&root).unwrap();
    let disk = PowerDisk::new();
    let mut options = EngineOptions::new(&root);
    options.disk = Arc::clone(&disk) as Arc<dyn segment::Disk>;
    let (engine, _) = open_engine(kind, &options);
    let open = open_on(&root, engine, settings()).unwrap();
    let mut dice = Dice(seed);
    let (mut acked, mut written) = (0, 0);
    for step in 0..STEPS {
        for _ in 0..=dice.below(4) {
            let put = put_one(&open.store, written);
            written += 1;
            if dice.one_in(6) {
                settle(&open.store, &put);
                acked = written;
            }
        }
        if dice.one_in(12) {
            open.store.checkpoint().unwrap();
        }
        if dice.one_in(8) {
            let image = folder.path().join(format!("image-{step}"));
            disk.image(&root, &image, "", seed * STEPS + step).unwrap();
            check(&image, acked, written, &format!("{kind}, {seed}, {step}"));
        }
    }
}

#[test]
fn what_was_durable_survives_a_loss_of_power_at_any_moment() {
    let rounds = std::env::var("HIGHWATER_POWER_ROUNDS").map_or(ROUNDS, |n| n.parse().unwrap());
    for kind in [EngineKind::File, EngineKind::Staged] {
        for seed in 0..rounds {
            round(kind, seed);
        }
    }
}
