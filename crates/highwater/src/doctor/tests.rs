//! Each check by tables of facts and verdicts; reading facts from a made-up `/proc` and `/sys`; and
//! all of it once on the machine at hand.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use tempfile::TempDir;

use super::kernel::Kernel;
use super::mount::Mount;
use super::*;
use crate::config::{self, Address, Input};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A root with these files in it.
fn made_up(files: &[(&str, &str)]) -> (TempDir, Kernel) {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let kernel = Kernel::at(dir.path());
    (dir, kernel)
}

/// The verdict of the check with this name; `None` when there is no such finding.
fn verdict_of(findings: &[Finding], check: &str) -> Option<Verdict> {
    let found = findings.iter().find(|finding| finding.check == check);
    found.map(|finding| finding.verdict)
}

/// What is not as it should be says why, and all but notes say what to do.
fn check_sense(findings: &[Finding]) {
    for finding in findings {
        assert!(!finding.found.is_empty(), "{finding:?}");
        assert!(!finding.why.is_empty(), "{finding:?}");
        if finding.verdict > Verdict::Note {
            assert!(finding.change.is_some(), "{finding:?}");
        }
    }
}

#[test]
fn open_files_are_judged_by_the_hard_limit() {
    for (hard, verdict) in [
        (None, Verdict::Ok),
        (Some(1 << 20), Verdict::Ok),
        (Some(65_536), Verdict::Ok),
        (Some(65_535), Verdict::Note),
        (Some(4096), Verdict::Note),
        (Some(1024), Verdict::Warn),
        (Some(100), Verdict::Fail),
    ] {
        let findings = limits::judge(&limits::Facts {
            open_files_soft: Some(64),
            open_files_hard: hard,
        });
        assert_eq!(
            verdict_of(&findings, "limits.open_files"),
            Some(verdict),
            "{hard:?}"
        );
        check_sense(&findings);
    }
}

#[test]
fn a_path_belongs_to_its_deepest_mount_and_the_last_of_two() {
    let mountinfo = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=continue
30 22 0:25 / /data rw - tmpfs tmpfs rw,size=1k
31 22 8:1 / /data rw,noatime - xfs /dev/sda1 rw,attr2
32 22 8:2 / /with\\040space rw - ext4 /dev/sdb1 rw
broken line";
    for (path, point, filesystem) in [
        ("/home/x", "/", "ext4"),
        ("/data/a/b", "/data", "xfs"),
        ("/database", "/", "ext4"),
        ("/with space/x", "/with space", "ext4"),
    ] {
        let mount = Mount::of(mountinfo, Path::new(path)).unwrap();
        assert_eq!(mount.point, Path::new(point), "{path}");
        assert_eq!(mount.filesystem, filesystem, "{path}");
    }
    let data = Mount::of(mountinfo, Path::new("/data")).unwrap();
    assert_eq!(data.device, "8:1");
    assert_eq!(data.options, ["rw", "noatime", "rw", "attr2"]);
    assert_eq!(Mount::of("", Path::new("/")), None);
}

#[test]
fn filesystems_and_mount_options() {
    use Verdict::{Fail, Note, Ok, Warn};
    for (filesystem, options, kind, option) in [
        ("ext4", "rw,noatime", Ok, Ok),
        ("xfs", "rw,relatime", Ok, Ok),
        ("ext4", "rw,discard", Ok, Warn),
        ("ext4", "ro", Ok, Fail),
        ("ext4", "rw,nobarrier", Ok, Fail),
        ("ext4", "rw,barrier=0", Ok, Fail),
        ("ext4", "rw,data=journal", Ok, Warn),
        ("ext4", "rw,data=writeback", Ok, Note),
        ("ext4", "rw,errors=continue", Ok, Note),
        ("xfs", "rw,errors=continue", Ok, Ok),
        ("ext4", "rw,sync", Ok, Warn),
        ("ext4", "rw,strictatime", Ok, Note),
        ("tmpfs", "rw", Fail, Ok),
        ("overlay", "rw", Warn, Ok),
        ("nfs4", "rw", Warn, Ok),
        ("fuse.sshfs", "rw", Warn, Ok),
        ("btrfs", "rw", Note, Ok),
        ("something", "rw", Note, Ok),
    ] {
        let facts = mount::Facts {
            mount: Some(Mount {
                point: "/data".into(),
                filesystem: filesystem.into(),
                options: options.split(',').map(str::to_owned).collect(),
                ..Mount::default()
            }),
        };
        let findings = mount::judge(&facts);
        let name = format!("{filesystem} {options}");
        assert_eq!(
            verdict_of(&findings, "disk.filesystem"),
            Some(kind),
            "{name}"
        );
        assert_eq!(
            verdict_of(&findings, "disk.mount_options"),
            Some(option),
            "{name}"
        );
    }
    let unknown = mount::judge(&mount::Facts::default());
    assert_eq!(verdict_of(&unknown, "disk.filesystem"), Some(Note));
}

#[test]
fn space_and_inodes() {
    use Verdict::{Fail, Ok, Warn};
    for (free_bytes, inodes, free_inodes, space, inode) in [
        (500 * GIB, 1 << 20, 1 << 19, Ok, Ok),
        (500 * GIB, 0, 0, Ok, Ok),
        (40 * GIB, 1 << 20, 1 << 19, Warn, Ok),
        (GIB, 1 << 20, 1 << 19, Warn, Ok),
        (100 * MIB, 1 << 20, 1 << 19, Fail, Ok),
        (0, 1 << 20, 0, Fail, Fail),
        (500 * GIB, 1 << 20, 5000, Ok, Warn),
    ] {
        let findings = space::judge(&space::Facts {
            dir: "/data".into(),
            writable: true,
            space: Some(space::Space {
                total_bytes: 1000 * GIB,
                free_bytes,
                inodes,
                free_inodes,
            }),
        });
        assert_eq!(
            verdict_of(&findings, "disk.space"),
            Some(space),
            "{free_bytes}"
        );
        assert_eq!(
            verdict_of(&findings, "disk.inodes"),
            Some(inode),
            "{free_inodes}"
        );
        assert_eq!(verdict_of(&findings, "disk.writable"), None);
        check_sense(&findings);
    }
    let findings = space::judge(&space::Facts::default());
    assert_eq!(verdict_of(&findings, "disk.writable"), Some(Fail));
}

#[test]
fn a_partition_is_judged_by_the_queue_of_its_disk() {
    let (dir, kernel) = made_up(&[
        ("sys/devices/pci0/sda/queue/rotational", "1\n"),
        ("sys/devices/pci0/sda/queue/write_cache", "write back\n"),
        (
            "sys/devices/pci0/sda/queue/scheduler",
            "[none] mq-deadline\n",
        ),
        ("sys/devices/pci0/sda/queue/read_ahead_kb", "8192\n"),
        ("sys/devices/pci0/sda/sda1/partition", "1\n"),
        ("sys/dev/block/here", ""),
    ]);
    let link = dir.path().join("sys/dev/block/8:1");
    std::os::unix::fs::symlink("../../devices/pci0/sda/sda1", link).unwrap();
    let mount = mount::Facts {
        mount: Some(Mount {
            device: "8:1".into(),
            source: "/dev/sda1".into(),
            ..Mount::default()
        }),
    };
    let facts = device::Facts::read(&kernel, &mount);
    assert_eq!(facts.name.as_deref(), Some("sda"));
    assert!(facts.rotational);
    let findings = device::judge(&facts);
    for check in ["disk.device", "disk.scheduler", "disk.read_ahead"] {
        assert_eq!(verdict_of(&findings, check), Some(Verdict::Note), "{check}");
    }
    assert_eq!(verdict_of(&findings, "disk.write_cache"), Some(Verdict::Ok));
    check_sense(&findings);
}

#[test]
fn devices() {
    use Verdict::{Note, Ok, Warn};
    for (name, rotational, scheduler, read_ahead_kib, verdicts) in [
        ("nvme0n1", false, "[none] mq-deadline", 128, [Ok, Ok, Ok]),
        ("vda", false, "none [mq-deadline]", 4096, [Ok, Ok, Ok]),
        ("sda", false, "none [bfq]", 16, [Ok, Warn, Note]),
        ("sda", true, "[mq-deadline]", 128, [Note, Ok, Ok]),
        ("loop3", false, "[none]", 128, [Note, Ok, Ok]),
    ] {
        let findings = device::judge(&device::Facts {
            name: Some(name.into()),
            rotational,
            write_cache: "write back".into(),
            scheduler: scheduler.into(),
            read_ahead_kib,
        });
        let checks = ["disk.device", "disk.scheduler", "disk.read_ahead"];
        let found = checks.map(|check| verdict_of(&findings, check).unwrap());
        assert_eq!(found, verdicts, "{name} {scheduler}");
        check_sense(&findings);
    }
    let none = device::judge(&device::Facts::default());
    assert_eq!(verdict_of(&none, "disk.device"), Some(Note));
}

#[test]
fn engines_say_what_they_did_not_get() {
    let good = engines::Facts {
        dir: "/data".into(),
        buffer_bytes: 16 * MIB,
        locked_bytes: 16 * MIB,
        ..engines::Facts::default()
    };
    let findings = engines::judge(&good);
    assert_eq!(
        verdict_of(&findings, "limits.memory_lock"),
        Some(Verdict::Ok)
    );
    assert_eq!(verdict_of(&findings, "engine.direct"), Some(Verdict::Ok));
    let bad = engines::Facts {
        locked_bytes: 0,
        lock_limit_bytes: Some(8 * MIB),
        uring_disabled: Some(2),
        direct_refused: Some("direct does not work here: not permitted".into()),
        ..good
    };
    let findings = engines::judge(&bad);
    assert_eq!(
        verdict_of(&findings, "limits.memory_lock"),
        Some(Verdict::Warn)
    );
    let direct = findings
        .iter()
        .find(|one| one.check == "engine.direct")
        .unwrap();
    assert_eq!(direct.verdict, Verdict::Note);
    assert!(
        direct
            .change
            .as_ref()
            .unwrap()
            .contains("io_uring_disabled=0")
    );
    check_sense(&findings);
}

#[test]
fn memory_settings_are_read_and_judged() {
    let (_dir, kernel) = made_up(&[
        (
            "proc/meminfo",
            "MemTotal:       24000000 kB\nSwapTotal:       1024 kB\n",
        ),
        ("proc/sys/vm/max_map_count", "65530\n"),
        ("proc/sys/vm/dirty_background_bytes", "0\n"),
        ("proc/sys/vm/dirty_background_ratio", "10\n"),
        ("proc/sys/vm/dirty_bytes", "1073741824\n"),
        ("proc/sys/vm/dirty_ratio", "0\n"),
        ("proc/sys/vm/swappiness", "60\n"),
        ("proc/sys/vm/overcommit_memory", "2\n"),
        (
            "sys/kernel/mm/transparent_hugepage/enabled",
            "[always] madvise never\n",
        ),
    ]);
    let facts = memory::Facts::read(&kernel);
    let dirty = facts.dirty.unwrap();
    assert_eq!(dirty.background_bytes, 24_000_000 * 1024 / 100 * 10);
    assert_eq!(dirty.limit_bytes, GIB);
    let findings = memory::judge(&facts);
    for (check, verdict) in [
        ("kernel.max_map_count", Verdict::Note),
        ("kernel.dirty_pages", Verdict::Note),
        ("kernel.swappiness", Verdict::Warn),
        ("kernel.overcommit", Verdict::Note),
        ("kernel.huge_pages", Verdict::Note),
    ] {
        assert_eq!(verdict_of(&findings, check), Some(verdict), "{check}");
    }
    check_sense(&findings);
    let good = memory::Facts {
        map_count_max: Some(1 << 20),
        dirty: Some(memory::Dirty {
            background_bytes: 256 * MIB,
            limit_bytes: GIB,
        }),
        memory_bytes: 24 * GIB,
        swap_bytes: 0,
        swappiness: Some(60),
        overcommit: Some(0),
        huge_pages: Some("always [madvise] never".into()),
    };
    let findings = memory::judge(&good);
    assert_eq!(findings.len(), 5);
    assert!(
        findings.iter().all(|one| one.verdict == Verdict::Ok),
        "{findings:?}"
    );
    assert_eq!(memory::judge(&memory::Facts::default()), []);
}

#[test]
fn only_running_schemes_that_evict_are_told() {
    let scheme = "sys/kernel/mm/damon/admin/kdamonds/0/contexts/0/schemes/0/action";
    let state = "sys/kernel/mm/damon/admin/kdamonds/0/state";
    for (is_on, action, verdict) in [
        ("on\n", "pageout\n", Verdict::Note),
        ("on\n", "stat\n", Verdict::Ok),
        ("off\n", "pageout\n", Verdict::Ok),
    ] {
        let (_dir, kernel) = made_up(&[(state, is_on), (scheme, action)]);
        let findings = damon::judge(&damon::Facts::read(&kernel));
        assert_eq!(
            verdict_of(&findings, "kernel.damon"),
            Some(verdict),
            "{is_on}{action}"
        );
    }
}

#[test]
fn groups_limit_by_the_tightest_above() {
    let (_dir, kernel) = made_up(&[
        ("proc/self/cgroup", "0::/a/b\n"),
        ("sys/fs/cgroup/a/memory.max", "536870912\n"),
        ("sys/fs/cgroup/a/b/memory.max", "max\n"),
        ("sys/fs/cgroup/a/b/memory.high", "1073741824\n"),
        ("sys/fs/cgroup/a/cpu.max", "50000 100000\n"),
        ("sys/fs/cgroup/a/b/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/a/io.max", "8:0 wbps=1048576\n"),
    ]);
    let facts = cgroup::Facts::read(&kernel);
    assert_eq!(
        (facts.memory_bytes, facts.memory_is_v1),
        (Some(512 * MIB), false)
    );
    assert_eq!(facts.cpu_millis, Some(500));
    assert_eq!(facts.io, ["8:0 wbps=1048576"]);
    let findings = cgroup::judge(&facts);
    assert_eq!(verdict_of(&findings, "cgroup.cpu"), Some(Verdict::Warn));
    check_sense(&findings);

    let (_dir, kernel) = made_up(&[
        ("proc/self/cgroup", "4:cpu,cpuacct:/x\n9:memory:/x\n"),
        (
            "sys/fs/cgroup/memory/memory.limit_in_bytes",
            "9223372036854771712\n",
        ),
        (
            "sys/fs/cgroup/memory/x/memory.limit_in_bytes",
            "134217728\n",
        ),
        ("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n"),
    ]);
    let facts = cgroup::Facts::read(&kernel);
    assert_eq!(
        (facts.memory_bytes, facts.memory_is_v1),
        (Some(128 * MIB), true)
    );
    assert_eq!(facts.cpu_millis, None);
    let findings = cgroup::judge(&facts);
    assert_eq!(verdict_of(&findings, "cgroup.memory"), Some(Verdict::Warn));
    assert_eq!(verdict_of(&findings, "cgroup.io"), Some(Verdict::Ok));
}

#[test]
fn network_settings() {
    let (_dir, kernel) = made_up(&[
        ("proc/sys/net/core/somaxconn", "128\n"),
        ("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n"),
        ("proc/sys/net/ipv4/tcp_wmem", "4096\t16384\t4194304\n"),
        ("proc/sys/net/ipv4/tcp_mem", "1000 2000 3000\n"),
    ]);
    let findings = network::judge(&network::Facts::read(&kernel));
    assert_eq!(
        verdict_of(&findings, "network.backlog"),
        Some(Verdict::Warn)
    );
    assert_eq!(verdict_of(&findings, "network.buffers"), Some(Verdict::Ok));
    assert_eq!(verdict_of(&findings, "network.memory"), Some(Verdict::Note));
    check_sense(&findings);
    assert_eq!(network::judge(&network::Facts::default()), []);
}

#[test]
fn clocks() {
    for (current, verdict) in [
        ("tsc", Verdict::Ok),
        ("kvm-clock", Verdict::Ok),
        ("hpet", Verdict::Warn),
        ("acpi_pm", Verdict::Warn),
    ] {
        let findings = clock::judge(&clock::Facts {
            current: Some(current.into()),
            available: "hpet tsc".into(),
        });
        assert_eq!(
            verdict_of(&findings, "machine.clock"),
            Some(verdict),
            "{current}"
        );
        check_sense(&findings);
    }
    assert_eq!(clock::judge(&clock::Facts::default()), []);
}

#[test]
fn a_listening_socket_is_found_in_the_kernels_table() {
    let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:2384 0100007F:9000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
short";
    assert_eq!(ports::listening(table, 9092), ["4711"]);
    assert_eq!(ports::listening(table, 8080), ["4713"]);
    assert_eq!(ports::listening(table, 1), Vec::<String>::new());
}

#[test]
fn ports_in_use_are_failures_unless_it_is_ourselves() {
    use ports::Outcome;
    let taken = |name: &str| Outcome::Taken(Some((7, name.to_owned())));
    for (outcome, verdict) in [
        (Outcome::Free, Verdict::Ok),
        (taken("highwater"), Verdict::Note),
        (taken("nginx"), Verdict::Fail),
        (Outcome::Taken(None), Verdict::Fail),
        (Outcome::Refused("no such address".into()), Verdict::Fail),
    ] {
        let findings = ports::judge(&ports::Facts {
            listeners: vec![ports::Listener {
                key: "listen.kafka",
                address: Address {
                    host: "localhost".into(),
                    port: 9092,
                },
                outcome: outcome.clone(),
            }],
        });
        assert_eq!(
            verdict_of(&findings, "port.kafka"),
            Some(verdict),
            "{outcome:?}"
        );
        check_sense(&findings);
    }
}

#[test]
fn sizes_are_readable() {
    for (bytes, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (16 * MIB, "16 MiB"),
        (150 * MIB + 700_000, "150 MiB"),
        (u64::MAX, "16383 PiB"),
    ] {
        assert_eq!(size(bytes), text);
    }
}

/// Everything at once on the machine that runs the test; a port that the test holds is told, and
/// nothing is left in the directory.
#[test]
fn this_machine() {
    let dir = TempDir::new().unwrap();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let flags = [
        (
            "data",
            dir.path().join("not/there/yet").display().to_string(),
        ),
        ("listen.kafka", held.local_addr().unwrap().to_string()),
        ("listen.rocketmq", "127.0.0.1:0".to_owned()),
        (
            "listen.rocketmq_fast",
            held.local_addr().unwrap().to_string(),
        ),
        ("listen.namesrv", "127.0.0.1:0".to_owned()),
        ("listen.http", "127.0.0.1:0".to_owned()),
    ];
    let input = Input {
        flags: flags
            .map(|(key, value)| (key.to_owned(), value, "--test"))
            .to_vec(),
        ..Input::default()
    };
    let loaded = config::load(&input).unwrap();
    let findings = examine(&loaded.config);
    check_sense(&findings);
    for check in [
        "limits.open_files",
        "limits.memory_lock",
        "disk.filesystem",
        "disk.mount_options",
        "disk.space",
        "disk.inodes",
        "disk.device",
        "engine.direct",
        "kernel.damon",
        "cgroup.memory",
        "cgroup.cpu",
        "port.rocketmq",
        "port.namesrv",
        "port.http",
    ] {
        assert!(verdict_of(&findings, check).is_some(), "{check} is missing");
    }
    let me = format!("process {}", std::process::id());
    for check in ["port.kafka", "port.rocketmq_fast"] {
        let found = findings.iter().find(|one| one.check == check).unwrap();
        assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
        assert!(found.found.contains(&me), "{found:?}");
    }
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "something was left"
    );
    let gone = fs::metadata(&loaded.config.data).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[test]
fn limits_of_a_device_are_read_from_both_versions() {
    let limit = |writes, bytes, per_second| crate::report::IoLimit {
        writes,
        bytes,
        per_second,
    };
    let table = [
        ("write_bps 254:0 1048576", vec![limit(true, true, 1 << 20)]),
        ("read_iops 254:0 100", vec![limit(false, false, 100)]),
        ("write_bps 7:0 1048576", vec![]),
        (
            "254:0 rbps=max wbps=2048 riops=max wiops=30",
            vec![limit(true, true, 2048), limit(true, false, 30)],
        ),
        ("8:0 wbps=2048", vec![]),
        ("254:0 wbps=max", vec![]),
        ("", vec![]),
    ];
    for (line, expected) in table {
        assert_eq!(cgroup::limits_of(line, "254:0"), expected, "{line}");
    }
}
