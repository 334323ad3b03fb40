//! Loss of power at any moment: what was acknowledged as durable is there, in order, and nothing that was never written.
//!
//! The disk below the engine makes images of what it could have left (`segment::PowerDisk`); each must recover. More
//! rounds: `HIGHWATER_POWER_ROUNDS=500 cargo test -p kafka --lib power`.

use segment::PowerDisk;

use super::*;

const ROUNDS: u64 = 12;
const STEPS: u64 = 60;

/// Every other round has records and segments this many times as large, so that zeros are taken ahead of them.
const LARGE: u32 = 60;

fn scale(seed: u64) -> u32 {
    if seed.is_multiple_of(2) { 1 } else { LARGE }
}

fn config(scale: u32) -> LogConfig {
    LogConfig {
        segment_bytes: 3000 * scale,
        index_interval_bytes: 300 * scale,
        ..LogConfig::default()
    }
}

/// A linear congruential generator: the same rounds in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// Value of record `offset`: of a size and content of its own.
fn value(offset: usize, scale: u32) -> Vec<u8> {
    vec![u8::try_from(offset % 251).unwrap(); offset * 37 % 400 * scale as usize]
}

/// Recovers an image, checks it, and goes on with it.
fn check(image: &Path, scale: u32, acked: usize, written: usize, what: &str) {
    let found = {
        let open = open_with(image, EngineKind::File, config(scale));
        let log = open.dir.log(&tp());
        let log = log.unwrap_or_else(|| panic!("{what}: {}", open.report));
        let records = all_records(&log, 0);
        let found = records.len();
        assert!(
            acked <= found && found <= written,
            "{what}: {acked} acknowledged, {found} found, {written} written; {}",
            open.report
        );
        let expected = (0..found).map(|offset| (offset as i64, value(offset, scale)));
        assert!(records.into_iter().eq(expected), "{what}: {}", open.report);
        let next = append(&log, &[b"after"]);
        assert_eq!(next.base_offset.0, found as i64, "{what}");
        wait(&log, Ack::Durable, next.end).unwrap();
        found
    };
    let open = open_with(image, EngineKind::File, config(scale));
    let log = open.dir.log(&tp()).unwrap();
    assert_eq!(all_records(&log, 0).len(), found + 1, "{what}, once more");
}

fn round(kind: EngineKind, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    std::fs::create_dir(&root).unwrap();
    let disk = PowerDisk::new();
    let mut options = EngineOptions::new(&root);
    options.disk = Arc::clone(&disk) as Arc<dyn segment::Disk>;
    let (engine, _) = open_engine(kind, &options);
    let scale = scale(seed);
    let open = open_on(&root, engine, config(scale));
    let log = open.dir.create(&tp(), id(), config(scale)).unwrap();
    let mut dice = Dice(seed);
    let (mut acked, mut written) = (0, 0);
    for step in 0..STEPS {
        let count = usize::try_from(1 + dice.below(4)).unwrap();
        let values: Vec<Vec<u8>> = (written..written + count)
            .map(|offset| value(offset, scale))
            .collect();
        let slices: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let end = append(&log, &slices).end;
        written += count;
        if dice.one_in(3) {
            wait(&log, Ack::Durable, end).unwrap();
            acked = written;
        }
        if dice.one_in(12) {
            open.dir.checkpoint().unwrap();
        }
        if dice.one_in(10) {
            let image = folder.path().join(format!("image-{step}"));
            disk.image(&root, &image, ".log", seed * STEPS + step)
                .unwrap();
            let what = format!("{kind}, {seed}, {step}");
            check(&image, scale, acked, written, &what);
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
