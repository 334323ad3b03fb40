//! A process killed in the middle of appending: everything it was told is committed is there.
//!
//! The test starts its own binary again as the process to be killed.

use std::io::{self, BufRead, BufReader, IoSlice, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::{MemfdFlags, SealFlags};
use segment::{
    Allocation, Chain, EngineKind, Frame, Framing, Mark, ScanReader, SegmentSpec, TailReport,
    cut_tail, scan_tail,
};

use crate::store::{SUFFIX, Store, pattern};

const DIR: &str = "SEGMENT_CRASH_DIR";
const ENGINE: &str = "SEGMENT_CRASH_ENGINE";

/// Record `number`: length (0 never occurs), number, content.
fn record(number: u64) -> Vec<u8> {
    let len = 1 + usize::try_from(number * 7919 % 5000).unwrap();
    let mut record = u32::try_from(len + 12).unwrap().to_le_bytes().to_vec();
    record.extend(number.to_le_bytes());
    record.extend(pattern(number, len));
    record
}

/// Knows those records.
struct Records {
    next: u64,
}

impl Framing for Records {
    fn frame(&mut self, reader: &mut ScanReader, at: u64) -> io::Result<Frame> {
        let torn = |reason: &str| {
            Ok(Frame::Torn {
                reason: reason.into(),
            })
        };
        let Some(head) = reader.bytes(at, 4)? else {
            return torn("short head");
        };
        let len = u32::from_le_bytes(head.try_into().unwrap());
        if len == 0 {
            return Ok(Frame::End);
        }
        let Some(bytes) = reader.bytes(at, len as usize)? else {
            return torn("short record");
        };
        if bytes != record(self.next) {
            return torn("not the record that belongs here");
        }
        self.next += 1;
        Ok(Frame::Whole {
            len: u64::from(len),
        })
    }
}

/// The process that is killed; does nothing when run as a test.
#[test]
fn child() {
    let (Some(dir), Ok(engine)) = (std::env::var_os(DIR), std::env::var(ENGINE)) else {
        return;
    };
    let mut store = Store::new(engine.parse().unwrap(), Path::new(&dir));
    let spares = PathBuf::from(&dir).join("spares");
    std::fs::create_dir_all(&spares).unwrap();
    store.config.spare_dir = Some(spares);
    let (chain, mut appender) = store.open();
    let mut out = io::stdout();
    appender.roll(1).unwrap();
    for number in 1.. {
        let bytes = record(number);
        if appender.remaining() < bytes.len() as u64 {
            appender.roll(number).unwrap();
        }
        let end = if number % 3 == 0 {
            let mut slot = appender.reserve(bytes.len() + 100).unwrap();
            slot[..bytes.len()].copy_from_slice(&bytes);
            slot.commit(bytes.len()).unwrap().end
        } else {
            appender
                .append(&[IoSlice::new(&bytes[..7]), IoSlice::new(&bytes[7..])])
                .unwrap()
                .end
        };
        if number % 50 == 0 {
            chain.request(Mark::Durable, end).unwrap();
        }
        if number % 4 == 0 {
            chain.commit_to(end).unwrap();
            writeln!(out, "\n#{number}").unwrap();
        }
    }
}

/// Starts the child, hears it acknowledge at least `count`, kills it, and returns the last.
fn kill_after(kind: EngineKind, dir: &Path, count: usize) -> u64 {
    let mut child: Child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(DIR, dir)
        .env(ENGINE, kind.name())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard = 0;
    let mut acked = 0;
    while let Some(Ok(line)) = lines.next() {
        let Some(number) = line
            .strip_prefix('#')
            .and_then(|number| number.parse().ok())
        else {
            continue;
        };
        acked = number;
        heard += 1;
        if heard == count {
            // SIGKILL. What is in the pipe by then counts too.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(
        heard >= count,
        "{kind}: the child ended by itself after {heard}"
    );
    acked
}

#[test]
fn what_was_committed_survives_sigkill() {
    for kind in EngineKind::ALL {
        for count in [1, 40, 333] {
            let dir = tempfile::tempdir().unwrap();
            let acked = kill_after(kind, dir.path(), count);
            let mut records = Records { next: 1 };
            let mut found = Chain::scan(dir.path(), SUFFIX).unwrap();
            let last = found.len() - 1;
            for (index, segment) in found.iter_mut().enumerate() {
                if segment.base != records.next {
                    panic!(
                        "{kind}: segment {} follows record {}",
                        segment.base,
                        records.next - 1
                    );
                }
                let path = segment.path(dir.path(), SUFFIX);
                let TailReport {
                    valid_len,
                    cut_bytes,
                    ..
                } = scan_tail(&path, 0, &mut records).unwrap();
                assert!(
                    index == last || cut_bytes == 0,
                    "{kind}: only the last one is ragged"
                );
                cut_tail(&path, valid_len).unwrap();
                segment.len_bytes = valid_len;
            }
            assert!(
                records.next > acked,
                "{kind}: {acked} acked, {} found",
                records.next - 1
            );
            // And life goes on, with any engine.
            let next = EngineKind::ALL[count % 4];
            let (chain, mut appender) = Store::new(next, dir.path()).open();
            assert_eq!(chain.active().unwrap().len(), found[last].len_bytes);
            appender.roll(records.next).unwrap();
            let end = appender
                .append(&[IoSlice::new(&record(records.next))])
                .unwrap()
                .end;
            chain.flush_to(end).unwrap();
        }
    }
}

#[test]
fn a_scan_says_what_it_cut_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let good = [record(1), record(2), record(3)].concat();
    let zeros = vec![0; 5000];
    let mut wrong = record(4);
    wrong[20] ^= 1;
    let cases: [(&[u8], u64, Option<&str>); 6] = [
        (&[], 0, None),
        (&zeros, 5000, None),
        (&record(4)[..2], 2, Some("short head")),
        (&record(4)[..50], 50, Some("short record")),
        (
            &wrong,
            wrong.len() as u64,
            Some("not the record that belongs here"),
        ),
        (&[255, 255, 255, 255, 0], 5, Some("short record")),
    ];
    for (tail, cut, reason) in cases {
        std::fs::write(&path, [&good, tail].concat()).unwrap();
        let report = scan_tail(&path, 0, &mut Records { next: 1 }).unwrap();
        let expected = TailReport {
            valid_len: good.len() as u64,
            cut_bytes: cut,
            frames: 3,
            reason: reason.map(Into::into),
        };
        assert_eq!(report, expected);
        cut_tail(&path, report.valid_len).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), good);
    }
    // From the middle: what lies before is not looked at.
    let from = record(1).len() as u64;
    let report = scan_tail(&path, from, &mut Records { next: 2 }).unwrap();
    assert_eq!((report.frames, report.valid_len), (2, good.len() as u64));
}

/// A crash in the middle of opening must not leave a short file: RocketMQ does not start with one. The file is one that the
/// kernel lets nobody shorten. (`direct` empties files by the same code, but such a file takes no direct writes everywhere.)
#[test]
fn a_whole_file_is_never_shortened_by_opening_it() {
    const VALID: usize = 5000;
    for kind in EngineKind::ALL {
        if kind == EngineKind::Direct {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(kind, dir.path());
        let spec = SegmentSpec {
            capacity_bytes: 64 << 10,
            allocation: Allocation::Whole,
            ..store.config.spec.clone()
        };
        let file = rustix::fs::memfd_create("whole", MemfdFlags::ALLOW_SEALING).unwrap();
        let mut file = std::fs::File::from(file);
        let kept = pattern(1, VALID);
        file.write_all(&kept).unwrap();
        // What a recovery has found to be worth nothing.
        file.write_all(&pattern(2, (64 << 10) - VALID)).unwrap();
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK).unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        let mut open = store
            .engine
            .open_append(&path, &spec, VALID as u64)
            .unwrap_or_else(|error| panic!("{kind}: {error}"));
        let more = pattern(3, 3000);
        open.writer.append(&[IoSlice::new(&more)]).unwrap();
        open.writer.seal().unwrap();
        let found = std::fs::read(&path).unwrap();
        let zeros = vec![0; (64 << 10) - VALID - more.len()];
        assert!(found == [kept, more, zeros].concat(), "{kind}");
    }
}
