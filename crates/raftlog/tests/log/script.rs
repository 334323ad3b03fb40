//! What a log goes through, with a model of it, and what must hold of every image on the way.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use proptest::prelude::*;
use raftlog::{Entry, EntryKind, LogConfig, LogId, RaftLog, Vote};
use segment::{Disk, EngineKind};

use crate::crash_disk::{CrashDisk, Dice};
use crate::fixture::{all, id, payload, real, small, try_open};

/// Which writes and syncs the power fails at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sample {
    /// At one in so many, drawn by dice; one image each.
    OneEventIn(u64),
    /// At each, so many images, each of which keeps and loses something else.
    EveryEvent(u64),
}

/// One step. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Append so many entries, of a term that much higher; wait for them or not.
    Append {
        count: u64,
        term: u64,
        wait: bool,
        membership: bool,
    },
    /// Take away so many of the last entries.
    Truncate {
        count: u64,
    },
    /// Take away so many of the first entries.
    Purge {
        count: u64,
    },
    /// A snapshot that ends so far behind the last entry.
    Install {
        ahead: u64,
    },
    Vote,
    Commit {
        count: u64,
    },
    Reopen,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (1..12_u64, 0..2_u64, any::<bool>(), proptest::bool::weighted(0.2)).prop_map(
            |(count, term, wait, membership)| Step::Append { count, term, wait, membership }
        ),
        3 => (1..20_u64).prop_map(|count| Step::Truncate { count }),
        2 => (1..15_u64).prop_map(|count| Step::Purge { count }),
        1 => (0..4_u64).prop_map(|ahead| Step::Install { ahead }),
        1 => Just(Step::Vote),
        1 => (1..10_u64).prop_map(|count| Step::Commit { count }),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..25)
}

/// What must be found after a loss of power at some moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Promise {
    /// Everything that was written and not taken away.
    log: Vec<Entry>,
    /// Entries below this index must be there.
    sure_next: u64,
    /// Purge points it may have.
    purged: Vec<Option<LogId>>,
    /// Votes it may have.
    votes: Vec<Option<Vote>>,
    /// Commit marks that were ever saved.
    committed: Vec<LogId>,
}

impl Promise {
    fn check(&self, log: &RaftLog, what: &str) {
        let vote = log.vote();
        assert!(self.votes.contains(&vote), "{what}: vote {vote:?}");
        let purged = log.purged().map(|purged| purged.id);
        assert!(self.purged.contains(&purged), "{what}: purged {purged:?}");
        if let Some(committed) = log.committed() {
            let known =
                self.committed.contains(&committed.id) || self.purged.contains(&Some(committed.id));
            assert!(known, "{what}: committed {committed:?}");
        }
        let first = purged.map_or(0, |purged| purged.index + 1);
        let found = all(log);
        let next = found.last().map_or(first, |last| last.index + 1);
        let expected: Vec<Entry> = self
            .log
            .iter()
            .filter(|entry| (first..next).contains(&entry.index))
            .cloned()
            .collect();
        assert_eq!(found, expected, "{what}: not a prefix of what was written");
        let sure = self.sure_next.max(first);
        assert!(
            next >= sure || sure == 0,
            "{what}: ends at {next}, {sure} was sure"
        );
        let membership = self
            .log
            .iter()
            .rev()
            .find(|entry| entry.kind == EntryKind::Membership && entry.index < next);
        if let Some(membership) = membership.filter(|entry| entry.index >= first) {
            let newest = log.last_membership().unwrap();
            assert_eq!(newest.as_ref(), Some(membership), "{what}: membership");
        }
    }
}

/// A log with its model.
pub(crate) struct Run {
    folder: tempfile::TempDir,
    engine: EngineKind,
    config: LogConfig,
    pub(crate) disk: Arc<CrashDisk>,
    log: Option<RaftLog>,
    promise: Arc<Mutex<Promise>>,
    images: Arc<Mutex<Vec<(PathBuf, Promise)>>>,
    term: u64,
    committed_next: u64,
}

impl Run {
    pub(crate) fn new(engine: EngineKind) -> Self {
        let mut run = Self {
            folder: tempfile::tempdir().unwrap(),
            engine,
            config: small(),
            disk: CrashDisk::new(),
            log: None,
            promise: Arc::default(),
            images: Arc::default(),
            term: 1,
            committed_next: 0,
        };
        let mut promise = run.promise.lock().unwrap();
        promise.purged = vec![None];
        promise.votes = vec![None];
        drop(promise);
        run.open();
        run
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("raft")
    }

    fn open(&mut self) {
        let disk = Arc::clone(&self.disk) as Arc<dyn Disk>;
        let (log, report) = try_open(&self.dir(), self.engine, disk, self.config.clone()).unwrap();
        assert_eq!(report.cut, None, "after a clean stop");
        self.log = Some(log);
    }

    fn log(&self) -> &RaftLog {
        self.log.as_ref().unwrap()
    }

    /// Takes images from now on.
    pub(crate) fn crash_often(&self, seed: u64, sample: Sample) {
        let (dir, images) = (self.dir(), Arc::clone(&self.images));
        let (root, promise) = (self.folder.path().to_owned(), Arc::clone(&self.promise));
        let mut dice = Dice::new(seed);
        self.disk.watch(move |disks| {
            let count = match sample {
                Sample::OneEventIn(rarity) => u64::from(dice.below(rarity) == 0),
                Sample::EveryEvent(images) => images,
            };
            if count == 0 || !dir.exists() {
                return;
            }
            let mut images = images.lock().unwrap();
            // Held all along: no step begins while the image is made, not even one that stores into a mapping.
            let promise = promise.lock().unwrap();
            for _ in 0..count {
                let image = root.join(format!("image-{}", images.len()));
                disks.image(&dir, &image, dice.below(u64::MAX));
                images.push((image, promise.clone()));
            }
        });
    }

    fn next(&self) -> u64 {
        self.log().last().map_or(0, |last| last.index + 1)
    }

    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Append {
                count,
                term,
                wait,
                membership,
            } => self.append(*count, *term, *wait, *membership),
            Step::Truncate { count } => {
                let from = self.next().saturating_sub(*count);
                self.truncate(from.max(self.log().first_index()).max(self.committed_next));
            }
            Step::Purge { count } => {
                let upto = self.log().first_index() + count - 1;
                if upto < self.next() {
                    self.purge(upto);
                }
            }
            Step::Install { ahead } => {
                let upto = self.next() + ahead;
                self.term += 1;
                self.purge(upto);
            }
            Step::Vote => self.vote(),
            Step::Commit { count } => self.commit(*count),
            Step::Reopen => {
                self.log = None;
                self.open();
            }
        }
        self.compare();
    }

    fn append(&mut self, count: u64, term: u64, wait: bool, membership: bool) {
        self.term += term;
        let next = self.next();
        let mut entries: Vec<Entry> = (next..next + count)
            .map(|index| Entry::new(index, self.term, payload(index, self.term)))
            .collect();
        if membership && let Some(last) = entries.last_mut() {
            last.kind = EntryKind::Membership;
        }
        self.promise.lock().unwrap().log.extend(entries.clone());
        let (promise, upto) = (Arc::clone(&self.promise), next + count);
        let (done, is_done) = std::sync::mpsc::channel();
        let acked = move |result: Result<(), raftlog::RaftLogError>| {
            result.unwrap();
            let mut promise = promise.lock().unwrap();
            promise.sure_next = promise.sure_next.max(upto);
            drop(promise);
            done.send(()).unwrap_or_default();
        };
        self.log().append(&entries, acked).unwrap();
        if wait {
            is_done.recv().unwrap();
        }
    }

    fn truncate(&mut self, from: u64) {
        if from >= self.next() {
            return;
        }
        // Everything is durable first, and may be acknowledged meanwhile; then what goes is not sure any more. The promise
        // is lowered beforehand, for the acknowledgements have come by then.
        self.log().append_and_wait(&[]).unwrap();
        let mut promise = self.promise.lock().unwrap();
        promise.sure_next = promise.sure_next.min(from);
        drop(promise);
        self.log().truncate(from).unwrap();
        let mut promise = self.promise.lock().unwrap();
        promise.log.retain(|entry| entry.index < from);
        // The term of what comes next is another one: that is what a conflict is.
        self.term += 1;
    }

    fn purge(&mut self, upto: u64) {
        let mut promise = self.promise.lock().unwrap();
        let term = promise
            .log
            .iter()
            .find(|entry| entry.index == upto)
            .map_or(self.term, |entry| entry.term);
        let upto = id(term, upto);
        promise.purged.push(Some(upto));
        drop(promise);
        self.log().purge(upto, Bytes::new()).unwrap();
        let mut promise = self.promise.lock().unwrap();
        promise.purged = vec![Some(upto)];
        promise.log.retain(|entry| entry.index > upto.index);
        self.committed_next = self.committed_next.max(upto.index + 1);
    }

    fn vote(&mut self) {
        self.term += 1;
        let text = Bytes::from(format!("vote {}", self.term));
        let vote = Vote {
            term: self.term,
            text,
        };
        self.promise.lock().unwrap().votes.push(Some(vote.clone()));
        self.log().save_vote(vote.clone()).unwrap();
        self.promise.lock().unwrap().votes = vec![Some(vote)];
    }

    fn commit(&mut self, count: u64) {
        let mut promise = self.promise.lock().unwrap();
        // What is committed was acknowledged.
        let next = (self.committed_next + count).min(promise.sure_next);
        let found = promise.log.iter().find(|entry| entry.index + 1 == next);
        let Some(id) = found.map(Entry::id) else {
            return;
        };
        promise.committed.push(id);
        drop(promise);
        self.committed_next = next;
        self.log().save_committed(id, Bytes::new()).unwrap();
    }

    /// The open log is the model.
    fn compare(&self) {
        let promise = self.promise.lock().unwrap().clone();
        assert_eq!(all(self.log()), promise.log);
        promise.check(self.log(), "open");
    }

    /// Recovers each image, checks it, goes on with it, and recovers it again.
    pub(crate) fn check_images(self) {
        self.disk.unwatch();
        drop(self.log);
        let images = std::mem::take(&mut *self.images.lock().unwrap());
        for (image, promise) in images {
            let what = format!("{}, {}", self.engine, image.display());
            let open = |kind| {
                let opened = try_open(&image, kind, real(), self.config.clone());
                opened.unwrap_or_else(|error| panic!("{what}: {error}"))
            };
            let (log, report) = open(self.engine);
            let what = format!("{what}; {report}");
            promise.check(&log, &what);
            let next = log.last().map_or(0, |last| last.index + 1);
            let added = Entry::new(next, self.term + 1, payload(next, 99));
            log.append_and_wait(std::slice::from_ref(&added)).unwrap();
            let before = all(&log);
            drop(log);
            let (log, report) = open(EngineKind::File);
            assert_eq!(report.cut, None, "{what}, once more");
            assert_eq!(all(&log), before, "{what}, once more");
            drop(log);
            std::fs::remove_dir_all(&image).unwrap();
        }
    }
}
