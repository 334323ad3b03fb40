//! The store alone, against the plain loops it is made of. `cargo xtask bench store`.
//!
//! Each comparison runs its two sides in turn, several times, and reports the ratio of the pair:
//! least, median, most, and that of each side's best round. Nothing here passes or fails by time; the `must` lines say what the
//! project promises. Options: `--quick`, `--only PART`, `--dir DIR` (default: the system's temporary directory).

#![allow(clippy::unwrap_used, clippy::print_stdout)]
// Shares of at most a few million.
#![allow(clippy::cast_possible_truncation)]

use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::IoSlice;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use segment::engine::PlainMap;
use segment::{
    Allocation, Appender, Chain, ChainConfig, EngineKind, EngineOptions, FlushOptions,
    FlushService, Mark, NoListener, Position, RandomFile, RandomForm, SegmentSpec, open_engine,
};

const RECORD: usize = 1024;
const BATCH: usize = 16 * 1024;

struct Settings {
    dir: PathBuf,
    quick: bool,
    bytes: usize,
    rounds: usize,
}

type Part = (&'static str, fn(&Settings));

const PARTS: [Part; 7] = [
    ("appends", appends),
    ("leases", leases),
    ("growing", growing),
    ("paced", paced),
    ("durable", durable),
    ("dispatch", dispatch),
    ("index", index),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let at = arguments.iter().position(|argument| argument == "--dir");
    let dir = at
        .and_then(|at| arguments.get(at + 1))
        .map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(dir).unwrap();
    let settings = Settings {
        dir: dir.path().to_owned(),
        quick,
        bytes: if quick { 64 << 20 } else { 256 << 20 },
        rounds: if quick { 3 } else { 9 },
    };
    let Settings { bytes, rounds, .. } = settings;
    println!(
        "{} MiB a side, {rounds} rounds, in {}",
        bytes >> 20,
        settings.dir.display()
    );
    let at = arguments.iter().position(|argument| argument == "--only");
    let only = at.and_then(|at| arguments.get(at + 1));
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    for (name, part) in PARTS {
        if wanted(name) {
            part(&settings);
        }
    }
}

/// A chain of one active segment, made ready ahead as far as the engine does that.
struct Store {
    flush: Arc<FlushService>,
    chain: Arc<Chain>,
    appender: Appender,
    dir: PathBuf,
}

impl Store {
    fn new(settings: &Settings, kind: EngineKind, spec: SegmentSpec) -> Self {
        let dir = settings.dir.join("store");
        std::fs::create_dir(&dir).unwrap();
        let spares = dir.join("spares");
        std::fs::create_dir(&spares).unwrap();
        let (engine, choice) = open_engine(kind, &EngineOptions::new(&dir));
        assert_eq!(choice.kind, kind, "{}", choice.why);
        let flush = FlushService::start(FlushOptions::default());
        let is_whole = spec.allocation == Allocation::Whole;
        let config = ChainConfig {
            spare_dir: Some(spares.clone()),
            ..ChainConfig::new(&dir, "", spec)
        };
        let listener = Arc::new(NoListener);
        let (chain, mut appender) =
            Chain::open(engine, config, &[], listener, Arc::clone(&flush)).unwrap();
        appender.roll(0).unwrap();
        if is_whole {
            // The second file is the prepared one; the third must not be in the making while
            // the second is measured.
            for base in [Some(1 << 40), None] {
                while chain.spares_ready() == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                if let Some(base) = base {
                    appender.roll(base).unwrap();
                }
            }
        }
        Self {
            flush,
            chain,
            appender,
            dir,
        }
    }

    fn remove(self) {
        drop(self.appender);
        self.chain.retire();
        self.flush.stop();
        std::fs::remove_dir_all(&self.dir).unwrap();
    }
}

fn whole(bytes: usize) -> SegmentSpec {
    SegmentSpec {
        capacity_bytes: bytes as u64,
        allocation: Allocation::Whole,
        populate_ahead_bytes: bytes as u64,
        ..SegmentSpec::default()
    }
}

fn source() -> Vec<u8> {
    (0..BATCH)
        .map(|i| u8::try_from(i & 0xff).unwrap())
        .collect()
}

fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (
        values[0],
        values[values.len() / 2],
        values[values.len() - 1],
    )
}

fn report(name: &str, bytes: usize, ours: &[f64], plain: &[f64], must: &str) {
    let ratios = ours
        .iter()
        .zip(plain)
        .map(|(ours, plain)| plain / ours * 100.0)
        .collect();
    let (least, median, most) = spread(ratios);
    // The best round of each side: what is left of the difference when nobody else disturbs.
    let (our_best, plain_best) = (spread(ours.to_vec()).0, spread(plain.to_vec()).0);
    let rate = |time: f64| bytes as f64 / 1e9 / time;
    println!(
        "{name:<44} {:>5.2} GB/s  plain {:>5.2}  ratio {least:>4.0} .. {median:>4.0} .. {most:>4.0} %  best {:>4.0} %  {must}",
        rate(our_best),
        rate(plain_best),
        plain_best / our_best * 100.0,
    );
}

fn records(batch: &[u8]) -> Vec<IoSlice<'_>> {
    batch.chunks(RECORD).map(IoSlice::new).collect()
}

fn append_all(store: &mut Store, parts: &[IoSlice<'_>], bytes: usize) {
    for _ in 0..bytes / BATCH {
        black_box(store.appender.append(parts).unwrap());
    }
}

/// Appends of 1 KiB records in 16 KiB batches, against the same bytes without a store.
fn appends(settings: &Settings) {
    println!("\n# appends of 1 KiB records in 16 KiB batches");
    let bytes = settings.bytes;
    let batch = source();
    let parts = records(&batch);
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        plain.push(plain_memcpy(settings, &batch));
        let mut store = Store::new(settings, EngineKind::Mmap, whole(bytes));
        ours.push(seconds(|| append_all(&mut store, &parts, bytes)));
        store.remove();
    }
    report(
        "mmap, against memcpy into warmed pages",
        bytes,
        &ours,
        &plain,
        "must: >= 60 %",
    );
    let one = [IoSlice::new(&batch)];
    for (parts, name) in [(&one[..], "one slice"), (&parts[..], "16 slices")] {
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..settings.rounds {
            plain.push(plain_pwrite(settings, &batch));
            let spec = SegmentSpec {
                capacity_bytes: bytes as u64,
                allocation: Allocation::Grow {
                    step_bytes: 8 << 20,
                },
                ..SegmentSpec::default()
            };
            let mut store = Store::new(settings, EngineKind::File, spec);
            ours.push(seconds(|| append_all(&mut store, parts, bytes)));
            store.remove();
        }
        let name = format!("file, {name}, against pwrite of the block");
        report(&name, bytes, &ours, &plain, "must: >= 60 %");
    }
}

fn new_file(settings: &Settings) -> (File, PathBuf) {
    let path = settings.dir.join("plain");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .unwrap();
    (file, path)
}

fn plain_memcpy(settings: &Settings, batch: &[u8]) -> f64 {
    let (file, path) = new_file(settings);
    rustix::fs::fallocate(
        &file,
        rustix::fs::FallocateFlags::empty(),
        0,
        settings.bytes as u64,
    )
    .unwrap();
    let mut map = PlainMap::new(&file, settings.bytes, true).unwrap();
    map.populate().unwrap();
    let to = map.bytes_mut().unwrap();
    let time = seconds(|| {
        for block in to.chunks_exact_mut(BATCH) {
            for (to, from) in block
                .chunks_exact_mut(RECORD)
                .zip(batch.chunks_exact(RECORD))
            {
                to.copy_from_slice(black_box(from));
            }
        }
    });
    std::fs::remove_file(path).unwrap();
    time
}

fn plain_pwrite(settings: &Settings, batch: &[u8]) -> f64 {
    let (file, path) = new_file(settings);
    let time = seconds(|| {
        for block in 0..settings.bytes / BATCH {
            file.write_all_at(black_box(batch), (block * BATCH) as u64)
                .unwrap();
        }
    });
    std::fs::remove_file(path).unwrap();
    time
}

/// Reads of a sealed segment through leases, against touching a mapping of the same file.
fn leases(settings: &Settings) {
    println!("\n# reads of sealed data by lease, every byte summed");
    let bytes = settings.bytes;
    let batch = source();
    for kind in [EngineKind::Mmap, EngineKind::Staged] {
        let spec = SegmentSpec {
            capacity_bytes: bytes as u64,
            ..SegmentSpec::default()
        };
        let mut store = Store::new(settings, kind, spec);
        append_all(&mut store, &records(&batch), bytes);
        store.appender.seal().unwrap();
        let segment = store.chain.active().unwrap();
        let file = File::open(segment.path()).unwrap();
        let map = PlainMap::new(&file, bytes, false).unwrap();
        map.populate().unwrap();
        let all = map.bytes().unwrap();
        for piece in [4 << 10, 64 << 10, 1 << 20] {
            let (mut ours, mut plain) = (Vec::new(), Vec::new());
            // The first pass of each side maps pages.
            for round in 0..=settings.rounds {
                let by_map = seconds(|| {
                    for piece in all.chunks_exact(piece) {
                        black_box(sum(black_box(piece)));
                    }
                });
                let by_lease = seconds(|| {
                    for at in (0..bytes as u64).step_by(piece) {
                        let lease = segment.lease(at..at + piece as u64).unwrap();
                        black_box(sum(black_box(&lease)));
                        assert!(lease.is_intact());
                    }
                });
                if round > 0 {
                    ours.push(by_lease);
                    plain.push(by_map);
                }
            }
            let name = format!("{kind}, leases of {} KiB", piece >> 10);
            let must = if piece == 4 << 10 {
                ""
            } else {
                "must: >= 90 %"
            };
            report(&name, bytes, &ours, &plain, must);
        }
        store.remove();
    }
}

fn sum(bytes: &[u8]) -> u64 {
    bytes
        .chunks_exact(8)
        .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
        .fold(0, u64::wrapping_add)
}

/// What engines reach when the file grows under them, with their defaults.
fn growing(settings: &Settings) {
    println!(
        "\n# appends of 16 KiB into a file that grows, engine defaults, all committed at the end"
    );
    let batch = source();
    for kind in EngineKind::ALL {
        let mut times = Vec::new();
        for _ in 0..settings.rounds.min(5) {
            let spec = SegmentSpec {
                capacity_bytes: settings.bytes as u64,
                ..SegmentSpec::default()
            };
            let mut store = Store::new(settings, kind, spec);
            times.push(seconds(|| {
                append_all(&mut store, &[IoSlice::new(&batch)], settings.bytes);
                store.chain.commit_to(store.chain.marks().written).unwrap();
            }));
            store.remove();
        }
        let rates = times
            .iter()
            .map(|time| settings.bytes as f64 / 1e9 / time)
            .collect();
        let (least, median, most) = spread(rates);
        println!("{kind:<8} {least:>6.2} .. {median:>6.2} .. {most:>6.2} GB/s");
    }
}

/// Service time of appends at a fixed rate while another thread syncs twice a second.
fn paced(settings: &Settings) {
    let seconds_each: u64 = if settings.quick { 1 } else { 4 };
    for (size, per_tick) in [(RECORD, 50_usize), (BATCH, 10)] {
        println!(
            "\n# {size} B appends, {} a second, synced every 500 ms: service time, µs",
            per_tick * 1000
        );
        for kind in EngineKind::ALL {
            let capacity_bytes = 8 << 30;
            let spec = SegmentSpec {
                capacity_bytes,
                ..SegmentSpec::default()
            };
            let mut store = Store::new(settings, kind, spec);
            let mut times = Vec::with_capacity(1 << 20);
            let bytes = &source()[..size];
            let start = Instant::now();
            let mut synced = start;
            for tick in 1..=seconds_each * 1000 {
                for _ in 0..per_tick {
                    let began = Instant::now();
                    store.appender.append(&[IoSlice::new(bytes)]).unwrap();
                    times.push(began.elapsed().as_nanos() as f64 / 1e3);
                }
                if synced.elapsed() > Duration::from_millis(500) {
                    synced = Instant::now();
                    store
                        .chain
                        .request(Mark::Durable, store.chain.marks().written)
                        .unwrap();
                }
                let next = start + Duration::from_millis(tick);
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            store.remove();
            times.sort_by(f64::total_cmp);
            let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
            let (p50, p99, p999, p9999) = (at(0.5), at(0.99), at(0.999), at(0.9999));
            println!(
                "{kind:<8} p50 {p50:>6.2}  p99 {p99:>7.2}  p99.9 {p999:>8.2}  p99.99 {p9999:>8.1}  max {:>9.1}",
                at(1.0)
            );
        }
    }
}

/// Appends that wait for durability: one by one, and sixteen at a time.
fn durable(settings: &Settings) {
    let count = if settings.quick { 300 } else { 2000 };
    println!("\n# durable appends of 1 KiB: waiting for each, and for every 64th (group commit)");
    let batch = source();
    for (kind, zero_block_bytes) in [
        (EngineKind::Mmap, 0),
        (EngineKind::Mmap, 16 << 10),
        (EngineKind::File, 0),
        (EngineKind::Staged, 0),
        (EngineKind::Direct, 0),
    ] {
        let spec = SegmentSpec {
            capacity_bytes: 1 << 30,
            zero_block_bytes,
            ..SegmentSpec::default()
        };
        let mut store = Store::new(settings, kind, spec);
        let mut times = Vec::new();
        let mut end = Position(0);
        for _ in 0..count {
            let began = Instant::now();
            end = store
                .appender
                .append(&[IoSlice::new(&batch[..RECORD])])
                .unwrap()
                .end;
            store.chain.flush_to(end).unwrap();
            times.push(began.elapsed().as_nanos() as f64 / 1e3);
        }
        let grouped = seconds(|| {
            for _ in 0..count / 8 {
                for _ in 0..64 {
                    end = store
                        .appender
                        .append(&[IoSlice::new(&batch[..RECORD])])
                        .unwrap()
                        .end;
                }
                store.chain.flush_to(end).unwrap();
            }
        });
        store.remove();
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let zeroed = if zero_block_bytes > 0 {
            ", zeroed by 16 KiB"
        } else {
            ""
        };
        println!(
            "{:<26} p50 {:>6.0} µs  p99 {:>6.0} µs   grouped {:>8.0} records/s",
            format!("{kind}{zeroed}"),
            at(0.5),
            at(0.99),
            (count / 8 * 64) as f64 / grouped
        );
    }
}

/// What the way of calling an engine costs, on a copy of 64 bytes.
fn dispatch(_settings: &Settings) {
    println!("\n# a call through dyn against a match, ns, copying 64 bytes");
    let mut through: Vec<Box<dyn Copier>> =
        vec![Box::new(One::default()), Box::new(Two::default())];
    let mut matched = [
        AnyCopier::One(One::default()),
        AnyCopier::Two(Two::default()),
    ];
    let from = [7_u8; 64];
    let calls = 20_000_000;
    for round in 0..2 {
        let by_dyn = seconds(|| {
            let which = black_box(round % 2);
            for _ in 0..calls {
                black_box(&mut through)[which].copy(black_box(&from));
            }
        });
        let by_match = seconds(|| {
            let which = black_box(round % 2);
            for _ in 0..calls {
                match &mut black_box(&mut matched)[which] {
                    AnyCopier::One(one) => one.copy(black_box(&from)),
                    AnyCopier::Two(two) => two.copy(black_box(&from)),
                }
            }
        });
        let ns = |time: f64| time * 1e9 / f64::from(calls);
        println!("dyn {:>5.2}   match {:>5.2}", ns(by_dyn), ns(by_match));
    }
}

/// An index of 10 MiB that is opened, searched so many times and closed: mapped at once, by `pread`, and as it is done.
fn index(settings: &Settings) {
    const ENTRIES: u32 = 10 << 17;
    println!("\n# an index of 10 MiB opened, searched and closed, µs: least .. median .. most");
    let path = settings.dir.join("index");
    let entry = |at: u32| [at.to_be_bytes(), at.to_be_bytes()].concat();
    std::fs::write(&path, (0..ENTRIES).flat_map(entry).collect::<Vec<u8>>()).unwrap();
    let search = |file: &RandomFile, key: u32| {
        let (mut low, mut high) = (0, ENTRIES);
        let mut entry = [0; 8];
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            file.read_at(u64::from(middle) * 8, &mut entry).unwrap();
            let found = u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]);
            (low, high) = if found <= key {
                (middle, high)
            } else {
                (low, middle)
            };
        }
        assert_eq!(black_box(low), key);
    };
    let ways = [
        ("mapped at once", RandomForm::Mmap, true),
        ("pread", RandomForm::File, false),
        ("as it is done", RandomForm::Mmap, false),
    ];
    for lookups in [1, 2, 4, 8, 32, 128] {
        let mut times = [const { Vec::new() }; 3];
        for round in 0..settings.rounds as u32 * 20 {
            for (times, (_, form, at_once)) in times.iter_mut().zip(ways) {
                let time = seconds(|| {
                    let file = RandomFile::open(&path, form, 10 << 20).unwrap();
                    if at_once {
                        file.with_slice(<[u8]>::len).unwrap();
                    }
                    for lookup in 0..lookups {
                        search(
                            &file,
                            (round * 128 + lookup).wrapping_mul(2_654_435_761) % ENTRIES,
                        );
                    }
                });
                times.push(time * 1e6);
            }
        }
        print!("{lookups:>4} lookups");
        for (times, (name, _, _)) in times.into_iter().zip(ways) {
            let (least, median, most) = spread(times);
            print!("   {name} {least:.1} .. {median:.1} .. {most:.0}");
        }
        println!();
    }
}

trait Copier {
    fn copy(&mut self, from: &[u8]);
}

#[derive(Default)]
struct One(Vec<u8>);

impl Copier for One {
    fn copy(&mut self, from: &[u8]) {
        self.0.resize(64, 0);
        self.0.copy_from_slice(from);
    }
}

struct Two([u8; 64], u64);

impl Default for Two {
    fn default() -> Self {
        Self([0; 64], 0)
    }
}

impl Copier for Two {
    fn copy(&mut self, from: &[u8]) {
        self.0.copy_from_slice(from);
        self.1 += 1;
    }
}

enum AnyCopier {
    One(One),
    Two(Two),
}
