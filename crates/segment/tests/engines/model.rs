//! Random operations on a chain against rows of bytes, with the engine changing at every reopen.

use std::io::IoSlice;
use std::path::Path;

use proptest::prelude::*;
use segment::{Allocation, Appender, Chain, EngineKind, Mark, Part, Position, SegmentError};

use crate::store::{SUFFIX, Store, pattern};

#[derive(Clone, Debug)]
enum Op {
    Append(Vec<usize>),
    Reserve { most: usize, len: usize },
    Abandon(usize),
    Roll,
    Read { at: u32, len: usize },
    SendOn,
    Request(Mark),
    Flush,
    Truncate(u32),
    RemoveFront(u32),
    Seal,
    CloseIdle,
    Reopen(EngineKind),
}

fn op() -> impl Strategy<Value = Op> {
    let size = prop_oneof![4 => 0_usize..3000, 2 => 3000_usize..20_000, 1 => 60_000_usize..140_000];
    prop_oneof![
        10 => prop::collection::vec(size.clone(), 1..5).prop_map(Op::Append),
        6 => (size.clone(), any::<prop::sample::Index>())
            .prop_map(|(most, len)| Op::Reserve { most, len: len.index(most + 1) }),
        1 => size.clone().prop_map(Op::Abandon),
        3 => Just(Op::Roll),
        12 => (any::<u32>(), size).prop_map(|(at, len)| Op::Read { at, len }),
        2 => Just(Op::SendOn),
        3 => prop_oneof![Just(Mark::Committed), Just(Mark::Durable)].prop_map(Op::Request),
        2 => Just(Op::Flush),
        2 => any::<u32>().prop_map(Op::Truncate),
        1 => any::<u32>().prop_map(Op::RemoveFront),
        1 => Just(Op::Seal),
        2 => Just(Op::CloseIdle),
        2 => engine().prop_map(Op::Reopen),
    ]
}

fn engine() -> impl Strategy<Value = EngineKind> {
    prop::sample::select(EngineKind::ALL.to_vec())
}

/// What the chain should hold.
#[derive(Default)]
struct Model {
    segments: Vec<(u64, Vec<u8>)>,
    /// Position of the first byte.
    start: u64,
    next_base: u64,
    seed: u64,
}

impl Model {
    fn len(&self) -> u64 {
        self.segments
            .iter()
            .map(|(_, bytes)| bytes.len() as u64)
            .sum()
    }

    fn end(&self) -> Position {
        Position(self.start + self.len())
    }

    fn last(&mut self) -> &mut Vec<u8> {
        &mut self.segments.last_mut().unwrap().1
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        self.seed += 1;
        pattern(self.seed, len)
    }

    fn check(&self, chain: &Chain) {
        let segments = chain.segments();
        assert_eq!(segments.len(), self.segments.len());
        let mut at = self.start;
        for (segment, (base, bytes)) in segments.iter().zip(&self.segments) {
            assert_eq!((segment.base(), segment.start().0), (*base, at));
            assert_eq!(segment.len(), bytes.len() as u64);
            at += segment.len();
        }
        let marks = chain.marks();
        assert_eq!(marks.written, self.end());
        assert!(marks.durable <= marks.committed && marks.committed <= marks.written);
        assert_eq!(chain.len_bytes(), self.len());
    }
}

fn read(chain: &Chain, model: &Model, at: u32, len: usize) {
    if model.len() == 0 {
        return;
    }
    let position = model.start + u64::from(at) % model.len();
    let segment = chain.find_position(Position(position)).unwrap();
    let (base, expected) = model
        .segments
        .iter()
        .find(|(base, _)| *base == segment.base())
        .unwrap();
    assert_eq!(chain.find(*base).unwrap().base(), *base);
    let at = position - segment.start().0;
    let from = usize::try_from(at).unwrap();
    let to = (from + len).min(expected.len());
    let expected = &expected[from..to];

    let mut out = vec![0; len];
    let n = segment.read_into(at, &mut out).unwrap();
    assert!(out[..n] == *expected, "read_into");
    out.fill(0);
    if let Some(n) = segment.try_read_into(at, &mut out).unwrap() {
        assert!(out[..n] == expected[..n], "try_read_into");
    }
    let lease = segment.lease(at..to as u64).unwrap();
    assert!(*lease == *expected && lease.is_intact(), "lease");
    let mut parts = Vec::new();
    segment.parts(at..to as u64, &mut parts).unwrap();
    let sent: Vec<u8> = parts.iter().flat_map(sent).collect();
    assert!(sent == expected, "parts");
    segment.warm(at..to as u64).unwrap();
    assert!(segment.lease(at..segment.len() + 1).is_err());
}

/// What a connection would send.
fn sent(part: &Part) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    match part {
        Part::Mem(lease) => lease.to_vec(),
        Part::File { file, offset, len } => {
            let mut bytes = vec![0; *len];
            file.read_exact_at(&mut bytes, *offset).unwrap();
            bytes
        }
    }
}

fn truncate(appender: &mut Appender, model: &mut Model, at: u32) {
    let Some(index) = (at as usize).checked_rem(model.segments.len()) else {
        return;
    };
    let (base, bytes) = &mut model.segments[index];
    let len = at as usize % (bytes.len() + 1);
    loop {
        match appender.truncate(*base, len as u64) {
            Ok(()) => break,
            // A background thread is at it.
            Err(SegmentError::Leased { .. }) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
    bytes.truncate(len);
    model.segments.truncate(index + 1);
    let marks = appender.chain().marks();
    assert_eq!((marks.written, marks.committed), (model.end(), model.end()));
}

fn append(appender: &mut Appender, model: &mut Model, sizes: &[usize]) {
    let parts: Vec<Vec<u8>> = sizes.iter().map(|len| model.bytes(*len)).collect();
    let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let total: usize = sizes.iter().sum();
    match appender.append(&slices) {
        Ok(done) => {
            assert_eq!(done.start, model.end());
            assert_eq!(done.at, model.last().len() as u64);
            model.last().extend(parts.concat());
            assert_eq!(done.end, model.end());
        }
        Err(SegmentError::NoSegment) => assert!(model.segments.is_empty()),
        Err(SegmentError::Full {
            need_bytes,
            free_bytes,
        }) => {
            assert_eq!(need_bytes, total as u64);
            assert_eq!(free_bytes, 300_000 - model.last().len() as u64);
            assert!(need_bytes > free_bytes);
        }
        Err(error) => panic!("{error}"),
    }
}

fn reserve(appender: &mut Appender, model: &mut Model, most: usize, len: Option<usize>) {
    let bytes = model.bytes(most);
    match appender.reserve(most) {
        Ok(mut slot) => {
            assert_eq!(slot.len(), most);
            slot.copy_from_slice(&bytes);
            let Some(len) = len else { return };
            assert_eq!(slot.commit(len).unwrap().start, model.end());
            model.last().extend(&bytes[..len]);
        }
        Err(SegmentError::NoSegment | SegmentError::Full { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// How space is taken ahead of the writer, and zeros behind it.
fn space() -> impl Strategy<Value = (Allocation, u64)> {
    let step_bytes = 1 << 20;
    prop_oneof![
        Just((Allocation::Grow { step_bytes }, 0)),
        (0_u64..20_000).prop_map(move |zeros| (Allocation::Grow { step_bytes }, zeros)),
        (0_u64..20_000).prop_map(move |zeros| (Allocation::ZeroAhead { step_bytes }, zeros)),
    ]
}

fn open_store(kind: EngineKind, dir: &Path, space: (Allocation, u64)) -> Store {
    let mut store = Store::new(kind, dir);
    (
        store.config.spec.allocation,
        store.config.spec.zero_ahead_bytes,
    ) = space;
    store
}

fn run(first: EngineKind, space: (Allocation, u64), ops: &[Op]) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open_store(first, dir.path(), space);
    let (mut chain, mut appender) = store.open();
    let mut model = Model::default();
    for op in ops {
        match op {
            Op::Append(sizes) => append(&mut appender, &mut model, sizes),
            Op::Reserve { most, len } => reserve(&mut appender, &mut model, *most, Some(*len)),
            Op::Abandon(most) => reserve(&mut appender, &mut model, *most, None),
            Op::Roll => {
                appender.roll(model.next_base).unwrap();
                model.segments.push((model.next_base, Vec::new()));
                model.next_base += 300_000;
            }
            Op::Read { at, len } => read(&chain, &model, *at, *len),
            Op::SendOn => {
                if let Some(active) = chain.active() {
                    active.begin_write_back(0..active.len());
                }
            }
            Op::Request(mark) => chain.request(*mark, model.end()).unwrap(),
            Op::Flush => {
                assert_eq!(chain.flush_to(model.end()).unwrap(), model.end());
                assert_eq!(chain.unsynced_bytes(), 0);
            }
            Op::Truncate(at) => truncate(&mut appender, &mut model, *at),
            Op::RemoveFront(at) => {
                let below = u64::from(*at) % (model.next_base + 1);
                for removed in chain.remove_front(below).unwrap() {
                    let (base, bytes) = model.segments.remove(0);
                    assert_eq!(
                        (base, bytes.len() as u64),
                        (removed.base, removed.len_bytes)
                    );
                    assert!(base < below && !model.segments.is_empty());
                    model.start += bytes.len() as u64;
                }
            }
            Op::Seal => appender.seal().unwrap(),
            Op::CloseIdle => store.flush.close_idle(),
            Op::Reopen(kind) => {
                appender.close().unwrap();
                store.flush.wait_reaped();
                assert_on_disk(dir.path(), &model);
                store = open_store(*kind, dir.path(), space);
                (chain, appender) = store.open();
                model.start = 0;
            }
        }
        model.check(&chain);
    }
    chain.flush_to(model.end()).unwrap();
    appender.close().unwrap();
    store.flush.wait_reaped();
    assert_on_disk(dir.path(), &model);
    let names = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(names, model.segments.len(), "nothing else is left");
}

fn assert_on_disk(dir: &Path, model: &Model) {
    let found = Chain::scan(dir, SUFFIX).unwrap();
    assert_eq!(found.len(), model.segments.len());
    for (found, (base, bytes)) in found.iter().zip(&model.segments) {
        assert_eq!(found.base, *base);
        assert!(
            std::fs::read(found.path(dir, SUFFIX)).unwrap() == *bytes,
            "file of {base}"
        );
    }
}

/// As many as `PROPTEST_CASES` says, or `normally`.
pub(crate) fn cases(normally: u32) -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(normally)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(16)))]
    #[test]
    fn any_engine_is_a_row_of_bytes(
        first in engine(),
        space in space(),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        run(first, space, &ops);
    }
}

#[test]
fn every_engine_leaves_the_same_bytes_and_opens_every_other_ones() {
    for first in EngineKind::ALL {
        let mut ops = vec![Op::Roll];
        for next in EngineKind::ALL {
            ops.extend([
                Op::Append(vec![1, 4095, 70_000]),
                Op::Reserve {
                    most: 9000,
                    len: 4097,
                },
                Op::Request(Mark::Committed),
                Op::Append(vec![1000, 0, 24]),
                Op::Read {
                    at: 5,
                    len: 100_000,
                },
                Op::Reopen(next),
                Op::Read {
                    at: 70_000,
                    len: 100_000,
                },
                Op::Append(vec![7]),
                Op::Roll,
            ]);
        }
        let step_bytes = 1 << 20;
        run(first, (Allocation::Grow { step_bytes }, 0), &ops);
        run(first, (Allocation::Grow { step_bytes }, 9000), &ops);
        run(first, (Allocation::ZeroAhead { step_bytes }, 9000), &ops);
    }
}
