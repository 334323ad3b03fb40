//! The offline tools on RocketMQ's directories: those that RocketMQ 5.5.0's own store wrote, sound and damaged.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const GOLDEN: [&str; 2] = ["rocketmq-5.5.0-clean", "rocketmq-5.5.0-killed"];
const LOG_FILE_BYTES: u64 = 16_384;

fn highwater(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(args)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn said(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A copy of a golden directory.
struct Dir {
    root: tempfile::TempDir,
}

impl Dir {
    fn of(name: &str) -> Self {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rocketmq/tests/golden");
        let root = tempfile::tempdir().unwrap();
        copy_dir(&golden.join(name), root.path());
        Self { root }
    }

    fn clean() -> Self {
        Self::of("rocketmq-5.5.0-clean")
    }

    fn path(&self) -> &str {
        self.root.path().to_str().unwrap()
    }

    fn log(&self, base: u64) -> PathBuf {
        self.root.path().join(format!("commitlog/{base:020}"))
    }

    fn queue(&self, topic: &str, id: i32, base: u64) -> PathBuf {
        self.root
            .path()
            .join(format!("consumequeue/{topic}/{id}/{base:020}"))
    }

    fn index(&self) -> PathBuf {
        let mut files: Vec<_> = fs::read_dir(self.root.path().join("index"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.remove(0)
    }

    fn run(&self, verb: &str, more: &[&str]) -> Output {
        let mut args = vec!["log", verb, self.path(), "--format", "json"];
        args.extend(more);
        highwater(&args)
    }

    /// Messages, damaged places and exit code of `verify`.
    fn verified(&self) -> (u64, usize, i32) {
        let output = self.run("verify", &[]);
        let found = json(&output);
        let problems = found["problems"].as_array().unwrap();
        let damaged = problems
            .iter()
            .filter(|problem| problem["damage"] == true)
            .count();
        (
            found["log"]["messages"].as_u64().unwrap(),
            damaged,
            output.status.code().unwrap(),
        )
    }

    /// Each whole message in the log as `dump` shows it.
    fn messages(&self) -> Vec<Value> {
        let log = self.root.path().join("commitlog");
        let output = highwater(&[
            "log",
            "dump",
            log.to_str().unwrap(),
            "--format",
            "json",
            "--records",
        ]);
        let lines = String::from_utf8(output.stdout).unwrap();
        lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|piece| piece["kind"] == "message" && piece["topic"] != "HIGHWATER_STAND_IN")
            .collect()
    }

    /// All bytes of all files, but for those of ours.
    fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut dirs = vec![self.root.path().to_owned()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => dirs.push(path),
                    false => found.push((path.clone(), fs::read(&path).unwrap())),
                }
            }
        }
        found.sort();
        found
    }

    /// Whether the bytes, if there are any, are in a file of the quarantine.
    fn is_kept(&self, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let own = self.root.path().join(".highwater/quarantine");
        self.contents()
            .iter()
            .filter(|(path, _)| path.starts_with(&own))
            .any(|(_, kept)| kept.windows(bytes.len()).any(|window| window == bytes))
    }
}

fn write_at(path: &Path, at: u64, bytes: &[u8]) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(bytes, at).unwrap();
}

/// A message of the clean directory's log, by its place among them.
fn place(message: &Value) -> (u64, u64) {
    let at = message["physical_offset"].as_u64().unwrap();
    (at / LOG_FILE_BYTES * LOG_FILE_BYTES, at % LOG_FILE_BYTES)
}

/// The third byte of a message's body, in its file: one that its checksum covers.
fn in_body(message: &Value) -> u64 {
    let is_v6 = |name: &str| u64::from(message[name].as_str().unwrap().starts_with('['));
    place(message).1 + 90 + 12 * (is_v6("born_host") + is_v6("store_host"))
}

#[test]
fn what_rocketmq_wrote_is_sound_and_needs_nothing() {
    for name in GOLDEN {
        let dir = Dir::of(name);
        let before = dir.contents();
        let (messages, damaged, code) = dir.verified();
        let told = said(&dir.run("verify", &[]));
        assert!(messages > 90, "{name}: {told}");
        assert_eq!((damaged, code), (0, 0), "{name}: {told}");
        assert_eq!(dir.messages().len() as u64, messages, "{name}");
        assert_eq!(dir.contents(), before, "{name}: reading changes nothing");
        let repair = dir.run("repair", &["--yes"]);
        assert!(repair.status.success(), "{name}: {}", said(&repair));
        assert_eq!(
            json(&repair)["steps"].as_array().unwrap().len(),
            0,
            "{name}"
        );
    }
}

#[test]
fn every_file_can_be_dumped() {
    let dir = Dir::clean();
    let output = highwater(&["log", "dump", dir.path(), "--format", "json"]);
    assert!(output.status.success(), "{}", said(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    let pieces: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |kind: &str| pieces.iter().filter(|piece| piece["kind"] == kind).count();
    // What RocketMQ itself said about the directory.
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../rocketmq/tests/golden/rocketmq-5.5.0-clean.txt");
    let said = fs::read_to_string(golden).unwrap();
    let units = said.lines().filter(|line| line.starts_with("  ")).count();
    assert!(count("unit") >= units.min(90), "{} units", count("unit"));
    assert_eq!(count("index_entry"), 198);
    assert_eq!((count("checkpoint"), count("filler")), (1, 3));
    let table = highwater(&["log", "dump", dir.path(), "--records"]);
    assert!(table.status.success());
}

#[test]
fn messages_are_found_by_key_place_and_time() {
    let dir = Dir::clean();
    let all = dir.messages();
    let keyed = |topic: &str, key: &str| -> Vec<i64> {
        let mut found: Vec<i64> = all
            .iter()
            .filter(|message| topic.is_empty() || message["topic"] == topic)
            .filter(|message| message["transaction"] != "rollback")
            .filter(|message| {
                message["keys"]
                    .as_str()
                    .is_some_and(|keys| keys.split(' ').any(|one| one == key))
            })
            .map(|message| message["physical_offset"].as_i64().unwrap())
            .collect();
        found.sort_unstable();
        found
    };
    let found = |more: &[&str]| -> Vec<i64> {
        let output = dir.run("find", more);
        let mut offsets: Vec<i64> = json(&output)
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["physical_offset"].as_i64().unwrap())
            .collect();
        offsets.sort_unstable();
        offsets
    };
    assert!(keyed("topic-a", "all").len() > 30);
    for (topic, key) in [
        ("topic-a", "all"),
        ("other", "all"),
        ("", "k16"),
        ("topic-a", "b7-1"),
        ("", "k60"),
    ] {
        let mut args = vec!["--key", key, "--limit", "1000"];
        if !topic.is_empty() {
            args.extend(["--topic", topic]);
        }
        assert_eq!(
            found(&args),
            keyed(topic, key),
            "{topic} {key} by the index"
        );
        args.push("--scan");
        assert_eq!(found(&args), keyed(topic, key), "{topic} {key} by the log");
    }
    let one = &all[5];
    let (at, stored) = (
        one["physical_offset"].to_string(),
        one["store_timestamp_ms"].to_string(),
    );
    assert_eq!(
        found(&["--offset", &at]),
        [one["physical_offset"].as_i64().unwrap()]
    );
    let then: Vec<i64> = all
        .iter()
        .filter(|message| message["store_timestamp_ms"] == one["store_timestamp_ms"])
        .map(|message| message["physical_offset"].as_i64().unwrap())
        .collect();
    assert_eq!(found(&["--scan", "--from", &stored, "--to", &stored]), then);
    assert_eq!(
        found(&["--key", "all", "--topic", "topic-a", "--to", "5"]),
        [] as [i64; 0]
    );
    assert_eq!(dir.run("find", &["--key", "nobody"]).status.code(), Some(1));
    // A place in the middle of a message is none.
    assert_eq!(dir.run("find", &["--offset", "7"]).status.code(), Some(1));
}

/// Damage, what is lost of the messages, and whether `verify` leaves with 1.
struct Case {
    name: &'static str,
    damage: fn(&Dir, &[Value]) -> Vec<u8>,
    lost: usize,
}

fn read_at(path: &Path, at: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fs::File::open(path)
        .unwrap()
        .read_exact_at(&mut bytes, at)
        .unwrap();
    bytes
}

/// Turns a byte over and says what stands there then.
fn flip(path: &Path, at: u64) -> Vec<u8> {
    let byte = read_at(path, at, 1)[0];
    write_at(path, at, &[byte ^ 0x40]);
    read_at(path, at, 8)
}

const CASES: &[Case] = &[
    Case {
        name: "a body in the middle",
        damage: |dir, all| {
            let (base, _) = place(&all[20]);
            flip(&dir.log(base), in_body(&all[20]))
        },
        lost: 1,
    },
    Case {
        name: "two heads in a row",
        damage: |dir, all| {
            let (base, at) = place(&all[30]);
            write_at(&dir.log(base), at, &[0xEE; 8]);
            let (base, at) = place(&all[31]);
            write_at(&dir.log(base), at, &[0xEE; 8]);
            vec![0xEE; 8]
        },
        lost: 2,
    },
    Case {
        name: "a message that says it lies elsewhere",
        damage: |dir, all| {
            let (base, at) = place(&all[12]);
            flip(&dir.log(base), at + 34)
        },
        lost: 1,
    },
    Case {
        name: "the filler of a file",
        damage: |dir, all| {
            let last = all.iter().rfind(|message| place(message).0 == 0).unwrap();
            let end = place(last).1 + last["bytes"].as_u64().unwrap();
            write_at(&dir.log(0), end, &[7; 8]);
            vec![7; 8]
        },
        lost: 0,
    },
    Case {
        name: "the last message",
        damage: |dir, all| {
            let last = all.last().unwrap();
            flip(&dir.log(place(last).0), in_body(last))
        },
        lost: 1,
    },
    Case {
        name: "rubbish behind the log",
        damage: |dir, all| {
            let last = all.last().unwrap();
            let (base, at) = place(last);
            let end = at + last["bytes"].as_u64().unwrap();
            write_at(&dir.log(base), end, b"not a message, by no means");
            b"not a message, by no means".to_vec()
        },
        lost: 0,
    },
    Case {
        name: "a unit of a queue",
        damage: |dir, _| {
            write_at(&dir.queue("topic-a", 0, 200), 40, &[0, 0, 0, 0, 0, 0, 0, 9]);
            vec![]
        },
        lost: 0,
    },
    Case {
        name: "zeros in a queue",
        damage: |dir, _| {
            write_at(&dir.queue("topic-a", 1, 200), 40, &[0; 40]);
            vec![]
        },
        lost: 0,
    },
    Case {
        name: "a tags code",
        damage: |dir, _| {
            flip(&dir.queue("topic-a", 0, 0), 19);
            vec![]
        },
        lost: 0,
    },
    Case {
        name: "a queue's file is gone",
        damage: |dir, _| {
            fs::remove_file(dir.queue("topic-a", 0, 200)).unwrap();
            vec![]
        },
        lost: 0,
    },
    Case {
        name: "an index entry",
        damage: |dir, _| {
            flip(&dir.index(), 40 + 28 + 5 * 20 + 3);
            vec![]
        },
        lost: 0,
    },
    Case {
        name: "an index slot",
        damage: |dir, _| {
            write_at(&dir.index(), 40, &[0, 0, 0, 1]);
            vec![]
        },
        lost: 0,
    },
    Case {
        name: "an index file is gone",
        damage: |dir, _| {
            fs::remove_file(dir.index()).unwrap();
            vec![]
        },
        lost: 0,
    },
    Case {
        name: "a stranger in the log's directory",
        damage: |dir, _| {
            fs::write(dir.root.path().join("commitlog/notes.txt"), "mine").unwrap();
            b"mine".to_vec()
        },
        lost: 0,
    },
];

#[test]
fn damage_is_told_mended_and_kept() {
    for case in CASES {
        let name = case.name;
        let dir = Dir::clean();
        let all = dir.messages();
        let kept = (case.damage)(&dir, &all);
        let before = dir.contents();
        let found = dir.run("verify", &[]);
        let is_first_index_file = name == "an index file is gone";
        if !is_first_index_file {
            assert_eq!(found.status.code(), Some(1), "{name}: {}", said(&found));
            let dry = dir.run("repair", &[]);
            assert_eq!(dry.status.code(), Some(1), "{name}: {}", said(&dry));
        }
        let after_dry: Vec<_> = dir.contents();
        assert_eq!(after_dry, before, "{name}: a dry run changes nothing");
        let done = dir.run("repair", &["--yes"]);
        assert!(done.status.success(), "{name}: {}", said(&done));
        let sound = dir.run("verify", &[]);
        assert_eq!(sound.status.code(), Some(0), "{name}: {}", said(&sound));
        let left = dir.messages();
        assert_eq!(left.len(), all.len() - case.lost, "{name}: {}", said(&done));
        // What is left is what was there, where it was.
        assert!(left.iter().all(|message| all.contains(message)), "{name}");
        assert!(
            dir.is_kept(&kept) || kept.is_empty(),
            "{name}: what was cut is not kept"
        );
        let key = ["--key", "all", "--topic", "topic-a", "--limit", "1000"];
        let by_index = json(&dir.run("find", &key)).as_array().unwrap().len();
        let by_scan = json(&dir.run("find", &[&key[..], &["--scan"]].concat()))
            .as_array()
            .unwrap()
            .len();
        if !is_first_index_file {
            assert_eq!(by_index, by_scan, "{name}");
        }
    }
}

#[test]
fn other_stores_and_nonsense_are_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::create_dir_all(at("ledger/dledger-n0/data")).unwrap();
    fs::create_dir_all(at("rocks/commitlog")).unwrap();
    fs::create_dir_all(at("rocks/consumequeue")).unwrap();
    for name in ["CURRENT", "IDENTITY"] {
        fs::write(at("rocks/consumequeue").join(name), "").unwrap();
    }
    fs::create_dir_all(at("batch/commitlog")).unwrap();
    fs::create_dir_all(at("batch/batchconsumequeue/t")).unwrap();
    fs::create_dir_all(at("empty")).unwrap();
    for (dir, word, code) in [
        ("ledger", "DLedger", 2),
        ("ledger/dledger-n0", "DLedger", 2),
        ("ledger/dledger-n0/data", "DLedger", 2),
        ("rocks", "RocksDB", 2),
        ("batch", "BatchCQ", 2),
        ("empty", "no commitlog/", 1),
        ("nowhere", "nowhere", 1),
    ] {
        for verb in ["verify", "repair"] {
            let output = highwater(&["log", verb, at(dir).to_str().unwrap()]);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{verb} {dir}: {}",
                said(&output)
            );
            assert!(
                said(&output).contains(word),
                "{verb} {dir}: {}",
                said(&output)
            );
        }
        let dump = highwater(&["log", "dump", at(dir).to_str().unwrap()]);
        assert!(
            !dump.status.success() && said(&dump).contains(word),
            "{dir}: {}",
            said(&dump)
        );
    }
}

#[test]
fn what_cannot_be_mended_is_refused_and_left() {
    let gone: (&str, fn(&Dir)) = ("a log file is missing", |dir| {
        fs::remove_file(dir.log(16_384)).unwrap()
    });
    let short: (&str, fn(&Dir)) = ("a log file is short", |dir| {
        fs::File::options()
            .write(true)
            .open(dir.log(0))
            .unwrap()
            .set_len(9000)
            .unwrap();
    });
    for (name, damage) in [gone, short] {
        let dir = Dir::clean();
        damage(&dir);
        let before = dir.contents();
        let verify = dir.run("verify", &[]);
        assert_eq!(verify.status.code(), Some(1), "{name}: {}", said(&verify));
        let repair = dir.run("repair", &["--yes"]);
        assert_eq!(repair.status.code(), Some(5), "{name}: {}", said(&repair));
        assert_eq!(dir.contents(), before, "{name}");
    }
}

#[test]
fn a_store_in_use_is_not_repaired() {
    let dir = Dir::clean();
    let _held = segment::DirLock::acquire(&dir.root.path().join("lock")).unwrap();
    let output = dir.run("repair", &["--yes"]);
    assert_eq!(output.status.code(), Some(7), "{}", said(&output));
    // Reading goes on.
    assert_eq!(dir.run("verify", &[]).status.code(), Some(0));
}

#[test]
fn a_repaired_store_of_a_killed_broker_is_sound_too() {
    let dir = Dir::of("rocketmq-5.5.0-killed");
    let all = dir.messages();
    flip(&dir.log(place(&all[40]).0), in_body(&all[40]));
    assert_eq!(dir.run("verify", &[]).status.code(), Some(1));
    assert!(dir.run("repair", &["--yes"]).status.success());
    let (messages, damaged, code) = dir.verified();
    // The stand-in is an entry of the log.
    assert_eq!((messages, damaged, code), (all.len() as u64, 0, 0));
    assert_eq!(dir.messages().len(), all.len() - 1);
}
