//! Damaged files: below what was durable an error with file and position, above it a torn end that is cut, with a report.

use bytes::Bytes;
use raftlog::{Entry, RaftLog, RaftLogError};
use segment::{EngineKind, Fault};

use crate::fixture::{Fixture, all, entries, flip, id, try_all};

/// Bytes of the frames of `entries(from, to, 1)`.
fn frames(from: u64, to: u64) -> u64 {
    entries(from, to, 1)
        .iter()
        .map(|entry| (40 + entry.payload.len() as u64).next_multiple_of(8))
        .sum()
}

fn corrupt_at(error: &RaftLogError) -> (String, u64) {
    let RaftLogError::Corrupt { path, at, .. } = error else {
        panic!("{error}");
    };
    (
        path.file_name().unwrap().to_string_lossy().into_owned(),
        *at,
    )
}

#[test]
fn a_torn_end_is_cut_wherever_it_is_torn() {
    // Three entries in one append: nothing but the durable first one says anything about durability.
    let whole = 64 + frames(0, 4);
    for cut in [1, 8, 39, 40, 41, 63] {
        let fixture = Fixture::small();
        let log = fixture.open_with_checkpoint();
        log.append_and_wait(&entries(1, 4, 1)).unwrap();
        let killed = fixture.killed();
        drop(log);
        let segment = killed.segments().remove(0);
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(segment)
            .unwrap();
        file.set_len(whole - cut).unwrap();
        // Recovery waits for whoever may still write.
        drop(file);
        let (log, report) = killed.open();
        let cut_off = report.cut.unwrap();
        assert_eq!(cut_off.at, 64 + frames(0, 3), "{cut}");
        assert!(cut_off.reason.is_some(), "{cut}");
        assert_eq!(all(&log), entries(0, 3, 1), "{cut}");
    }
}

#[test]
fn a_flipped_byte_of_a_durable_entry_is_corruption_and_not_an_end() {
    // Each entry is durable before the next is written, so the one behind the damage is proof of it.
    for hole_is_zeros in [false, true] {
        let fixture = Fixture::small();
        let log = fixture.open_with_checkpoint();
        for index in 1..8 {
            log.append_and_wait(&entries(index, index + 1, 1)).unwrap();
        }
        let killed = fixture.killed();
        drop(log);
        let segment = killed.segments().remove(0);
        let at = 64 + frames(0, 5);
        if hole_is_zeros {
            let mut bytes = std::fs::read(&segment).unwrap();
            let (from, to) = (usize::try_from(at).unwrap(), 64 + frames(0, 6));
            bytes[from..usize::try_from(to).unwrap()].fill(0);
            std::fs::write(&segment, bytes).unwrap();
        } else {
            flip(&segment, at + 45);
        }
        let error = killed.try_open().unwrap_err();
        let (file, found_at) = corrupt_at(&error);
        assert_eq!((file.as_str(), found_at), ("00000000000000000000.log", at));
        assert!(error.to_string().contains("entry 5"), "{error}");
        // Nothing was changed by looking.
        let again = killed.try_open().unwrap_err();
        assert_eq!(corrupt_at(&again).1, at);
    }
}

#[test]
fn what_a_clean_stop_left_is_missed() {
    for damage in ["shorter", "gone"] {
        let fixture = Fixture::small();
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 60, 1)).unwrap();
        drop(log);
        let segment = fixture.segments().pop().unwrap();
        if damage == "gone" {
            std::fs::remove_file(&segment).unwrap();
        } else {
            let file = std::fs::OpenOptions::new()
                .write(true)
                .open(&segment)
                .unwrap();
            let len = file.metadata().unwrap().len();
            file.set_len(len - 1).unwrap();
        }
        let error = fixture.try_open().unwrap_err();
        let name = segment.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(corrupt_at(&error).0, name, "{damage}: {error}");
    }
}

/// A new log, or one whose entries up to 5 were purged; the index that comes next.
fn new_or_purged(fixture: &Fixture, is_purged: bool) -> (RaftLog, u64) {
    let (log, _) = fixture.open();
    if !is_purged {
        return (log, 0);
    }
    log.append_and_wait(&entries(0, 3, 1)).unwrap();
    log.purge(id(1, 5), Bytes::new()).unwrap();
    (log, 6)
}

#[test]
fn a_front_that_was_never_durable_may_be_missing() {
    // Before the first sync a loss of power may take the names of some segments and leave others, earlier or later ones.
    for (is_purged, lost, header_stays) in [
        (false, 1, true),
        (false, 1, false),
        (false, 2, true),
        (true, 1, true),
        (true, 2, false),
    ] {
        let fixture = Fixture::small();
        let (log, next) = new_or_purged(&fixture, is_purged);
        let purged = log.last();
        fixture.disk.plan(Fault::SyncsHang);
        log.append(&entries(next, next + 80, 1), |_| ()).unwrap();
        let killed = fixture.killed();
        fixture.disk.lift();
        drop(log);
        let segments = killed.segments();
        for gone in &segments[..lost] {
            std::fs::remove_file(gone).unwrap();
        }
        if !header_stays {
            flip(&segments[lost], 20);
        }
        let (log, report) = killed.open();
        let cut = report.cut.unwrap();
        assert_eq!((cut.path, cut.at), (segments[lost].clone(), 0));
        assert_eq!((log.last(), all(&log)), (purged, Vec::new()));
        let again = entries(next, next + 80, 2);
        log.append_and_wait(&again).unwrap();
        drop(log);
        let (log, report) = killed.open();
        assert_eq!((report.cut, all(&log)), (None, again));
    }
}

#[test]
fn a_front_that_was_durable_is_missed() {
    for (is_purged, is_killed) in [(false, false), (false, true), (true, false), (true, true)] {
        let fixture = Fixture::small();
        let (log, next) = new_or_purged(&fixture, is_purged);
        for entry in entries(next, next + 40, 1) {
            log.append_and_wait(&[entry]).unwrap();
        }
        let killed = fixture.killed();
        drop(log);
        let fixture = if is_killed { killed } else { fixture };
        let segments = fixture.segments();
        std::fs::remove_file(&segments[0]).unwrap();
        let error = fixture.try_open().unwrap_err();
        let name = segments[1].file_name().unwrap().to_string_lossy();
        assert_eq!(corrupt_at(&error), (name.into_owned(), 0), "{error}");
        assert_eq!(fixture.segments(), segments[1..], "nothing was changed");
    }
}

#[test]
fn damage_that_a_start_did_not_look_at_is_found_by_the_reader() {
    for engine in EngineKind::ALL {
        let mut fixture = Fixture::small();
        fixture.engine = engine;
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 100, 1)).unwrap();
        drop(log);
        let segment = fixture.segments().remove(1);
        let base = segment
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .parse::<u64>()
            .unwrap();
        let at = 64 + frames(base, base + 3);
        flip(&segment, at + 30);
        let (log, report) = fixture.open();
        assert_eq!(report.entries_walked, 0, "{engine}");
        let before = log.read(base..base + 3, usize::MAX).unwrap();
        assert_eq!(before, entries(base, base + 3, 1), "{engine}");
        let error = try_all(&log).unwrap_err();
        let (file, found_at) = corrupt_at(&error);
        assert!(segment.ends_with(&file), "{engine}: {error}");
        assert_eq!(found_at, at, "{engine}: {error}");
    }
}

#[test]
fn a_segment_of_another_log_is_refused() {
    let (one, other) = (Fixture::small(), Fixture::small());
    for fixture in [&one, &other] {
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 60, 1)).unwrap();
    }
    // They hold the same entries at the same places; only the header tells them apart.
    for (place, foreign) in one.segments().iter().zip(other.segments()) {
        let own = std::fs::read(place).unwrap();
        std::fs::copy(foreign, place).unwrap();
        let error = one.try_open().unwrap_err();
        assert!(place.ends_with(corrupt_at(&error).0), "{error}");
        std::fs::write(place, own).unwrap();
    }
    assert_eq!(all(&one.open().0), entries(0, 60, 1));
}

#[test]
fn indexes_are_never_trusted() {
    for damage in ["gone", "zeros", "garbage", "another's"] {
        let fixture = Fixture::small();
        let (log, _) = fixture.open();
        log.append_and_wait(&entries(0, 100, 1)).unwrap();
        drop(log);
        let indexes = crate::fixture::files(&fixture.group_dir(), ".index");
        assert!(indexes.len() > 2);
        let another = std::fs::read(&indexes[1]).unwrap();
        for (number, index) in indexes.iter().enumerate() {
            let len = std::fs::read(index).unwrap().len();
            match damage {
                "gone" => std::fs::remove_file(index).unwrap(),
                "zeros" => std::fs::write(index, vec![0; len]).unwrap(),
                "garbage" => std::fs::write(index, vec![0x5a; len]).unwrap(),
                _ if number != 1 => std::fs::write(index, &another).unwrap(),
                _ => {}
            }
        }
        let (log, _) = fixture.open();
        assert_eq!(all(&log), entries(0, 100, 1), "{damage}");
        log.truncate(50).unwrap();
        log.append_and_wait(&entries(50, 60, 2)).unwrap();
        let mut expected = entries(0, 50, 1);
        expected.extend(entries(50, 60, 2));
        assert_eq!(all(&log), expected, "{damage}");
    }
}

#[test]
fn a_start_costs_what_may_not_have_been_durable() {
    let fixture = Fixture::small();
    let (log, _) = fixture.open();
    log.append_and_wait(&entries(0, 500, 1)).unwrap();
    log.save_committed(id(1, 400), bytes::Bytes::new()).unwrap();
    log.append_and_wait(&entries(500, 503, 1)).unwrap();
    let killed = fixture.killed();
    let (recovered, report) = killed.open();
    assert!(report.entries_walked <= 3, "{report}");
    assert_eq!(all(&recovered).len(), 503);
    drop(log);
    assert_eq!(fixture.open().1.entries_walked, 0);
}

#[test]
fn wrong_entries_are_refused_and_nothing_happens() {
    let fixture = Fixture::small();
    let (log, _) = fixture.open();
    log.append_and_wait(&entries(7, 10, 2)).unwrap();
    let huge = Entry::new(10, 2, vec![0; 4096]);
    for (wrong, what) in [
        (entries(11, 12, 2), "a hole"),
        (entries(9, 11, 2), "one again"),
        (entries(5, 6, 2), "below the first"),
        (entries(10, 11, 1), "an older term"),
        (vec![huge], "too large"),
    ] {
        let refused = log.append(&wrong, |_| panic!("called")).unwrap_err();
        let is_plain = matches!(
            refused,
            RaftLogError::NotNext { .. }
                | RaftLogError::TermWentBack { .. }
                | RaftLogError::TooLarge { .. }
        );
        assert!(is_plain, "{what}: {refused}");
        assert_eq!(all(&log), entries(7, 10, 2), "{what}");
    }
    log.append_and_wait(&entries(10, 12, 3)).unwrap();
}
