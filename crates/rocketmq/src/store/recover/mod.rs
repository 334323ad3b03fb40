//! What a stop has left, and what is made of it.
//!
//! Invariants: the log is the truth. Its end is after the last entry whose magic, lengths, own place and checksum are right;
//! what lies behind it is turned to zeros, and kept in the quarantine if it was more than a torn tail. After an unclean stop
//! units and index entries of messages above the mark are cut and made again from the log; a queue that then lacks a unit
//! makes everything be dispatched again. A clean stop of RocketMQ is believed as far as the log agrees with its queues.
//! Stricter than RocketMQ in all of this. Absent on purpose: any search for messages behind damage.

mod foreign;
mod log_files;
mod missing_keys;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use segment::{Disk, FoundSegment};

use super::abort;
use super::checkpoint::Checkpoint;
use super::commit_log::CommitLog;
use super::consume_queue::{Bound, Queues};
use super::dispatch::{DelayLevels, Dispatch, OnGap};
use super::error::StoreError;
use super::files;
use super::ids::PhysicalOffset;
use super::index_file::{IndexFiles, IndexState};
use super::mark::Mark;
use super::message;
use super::report::RecoveryReport;
use super::settings::StoreOptions;
use super::store::Keeping;
use super::trash;
use log_files::Sizes;
use walk::{Ended, Walk};

pub use foreign::refuse as refuse_foreign;

/// A store that is ready but for its thread.
pub(super) struct Recovered {
    pub(super) log: Arc<CommitLog>,
    pub(super) queues: Arc<Queues>,
    pub(super) index: Option<Arc<IndexFiles>>,
    pub(super) dispatch: Dispatch,
    pub(super) keeping: Keeping,
    pub(super) report: RecoveryReport,
}

/// Where a walk begins, and from where on it dispatches.
#[derive(Clone, Copy, Debug)]
struct Plan {
    bound: Bound,
    queues_from: PhysicalOffset,
    index_from: PhysicalOffset,
    on_gap: OnGap,
}

/// A recovery under way.
pub(super) struct Recovery<'r> {
    root: &'r Path,
    own_dir: &'r Path,
    options: &'r StoreOptions,
    disk: &'r Arc<dyn Disk>,
    dir: PathBuf,
    found: Vec<FoundSegment>,
    index: Option<Arc<IndexFiles>>,
    mark: Option<Mark>,
    checkpoint: Checkpoint,
    report: RecoveryReport,
    last_ms: i64,
}

/// Recovers the store in `root`, which is locked.
pub(super) fn run(
    root: &Path,
    own_dir: &Path,
    options: &StoreOptions,
    disk: &Arc<dyn Disk>,
) -> Result<Recovered, StoreError> {
    let began = options.clock.now_ms();
    let mut report = RecoveryReport::new(root, began);
    report.clean = !abort::is_there(root);
    let dir = root.join("commitlog");
    for made in [&dir, &root.join("consumequeue"), &own_dir.join("spare")] {
        files::make_dir(made)?;
    }
    let mark = Mark::read(own_dir, &mut report.notes)?;
    if let Some(mark) = &mark {
        // Before the store is in use: settings that do not fit leave a clean stop one.
        mark.check(root, &options.settings)?;
    }
    let checkpoint = Checkpoint::read(root)?.unwrap_or_default();
    let index = load_index(root, options, disk, &mut report)?;
    let mut told = checkpoint;
    if let Some(index) = &index {
        // As long as there is an `abort`, RocketMQ must not lose the keys of what is there.
        told.go_back_to(index.begin_of_first_behind(told.index_ms));
    }
    if told != checkpoint {
        told.write(&**disk, root)?;
    }
    abort::create(root, &**disk)?;
    segment::clear_spares(&own_dir.join("spare"))?;
    trash::leftovers(own_dir)?
        .into_iter()
        .for_each(|path| options.flush.reap(path));
    let sizes = Sizes {
        file_bytes: options.settings.commit_log_file_bytes,
        // Of a directory of ours the size is known, so a shorter file is one that a loss of power left so.
        may_be_short: mark.is_some() && !report.clean,
    };
    let found = log_files::find(&dir, sizes, &mut report)?;
    let mut recovery = Recovery {
        root,
        own_dir,
        options,
        disk,
        dir,
        found,
        index,
        mark,
        checkpoint,
        report,
        last_ms: checkpoint.log_ms,
    };
    let (plan, queues) = recovery.plan()?;
    let (queues, end) = recovery.carry_out(plan, queues)?;
    recovery.finish(queues, end, began)
}

fn load_index(
    root: &Path,
    options: &StoreOptions,
    disk: &Arc<dyn Disk>,
    report: &mut RecoveryReport,
) -> Result<Option<Arc<IndexFiles>>, StoreError> {
    let settings = &options.settings;
    if !settings.index_enabled {
        return Ok(None);
    }
    let dir = root.join("index");
    files::make_dir(&dir)?;
    let (slots, entries) = (settings.index_slots, settings.index_entries);
    let (index, notes) = IndexFiles::load(&dir, slots, entries, Arc::clone(disk))?;
    report.notes.extend(notes);
    Ok(Some(Arc::new(index)))
}

impl Recovery<'_> {
    fn log_start(&self) -> PhysicalOffset {
        let first = self.found.first().map_or(0, |first| first.base);
        PhysicalOffset::from(segment::Position(first))
    }

    /// End of the files there are.
    fn files_end(&self) -> PhysicalOffset {
        let last = self.found.last();
        let end = last.map_or(0, |last| {
            last.base + self.options.settings.commit_log_file_bytes
        });
        PhysicalOffset::from(segment::Position(end))
    }

    fn load_queues(
        &mut self,
        bound: Bound,
    ) -> Result<(Arc<Queues>, Option<PhysicalOffset>), StoreError> {
        let settings = &self.options.settings;
        let dir = self.root.join("consumequeue");
        let disk = Arc::clone(self.disk);
        let queues = Queues::new(
            dir,
            settings.queue_file_bytes,
            settings.queue_files_open_max,
            disk,
        );
        let loaded = queues.load(bound, self.mark.is_some() && !self.report.clean)?;
        self.report.queues = loaded.queues;
        self.report.cut_queue_files += loaded.cut_files;
        for note in loaded.notes {
            if !self.report.notes.contains(&note) {
                self.report.notes.push(note);
            }
        }
        let newest = match loaded.newest {
            None => Some(self.log_start()),
            Some(unit) => self
                .entry_at(unit.physical_offset)
                .filter(|(size, _)| i64::from(*size) == i64::from(unit.size_bytes))
                .map(|(_, store_ms)| {
                    self.last_ms = self.last_ms.max(store_ms);
                    unit.entry_end()
                }),
        };
        Ok((Arc::new(queues), newest))
    }

    /// Total size and store time of the entry that lies at `offset`, if a whole one does.
    fn entry_at(&self, offset: PhysicalOffset) -> Option<(u32, i64)> {
        let bytes = log_files::entry_bytes(&self.dir, &self.found, offset)?;
        let entry = message::decode(&bytes).ok()?;
        entry.check_place(offset).ok()?;
        Some((entry.size_bytes(), entry.store_timestamp_ms))
    }

    fn plan(&mut self) -> Result<(Plan, Arc<Queues>), StoreError> {
        self.refuse_lost_log()?;
        if self.report.clean {
            let (queues, newest) = self.load_queues(Bound::All)?;
            if let Some(from) = newest {
                // The index was complete; only what came after its newest message can be missing.
                let index_end = self.index.as_ref().map(|index| index.last_update().1);
                let index_from = index_end.map_or(from, |end| from.max(end.plus(1)));
                self.complete_index(from)?;
                let plan = Plan {
                    bound: Bound::All,
                    queues_from: from,
                    index_from,
                    on_gap: OnGap::Report,
                };
                return Ok((plan, queues));
            }
            // The log lost what was durable when the mark was written: nothing but the log is believed.
            self.report.clean = false;
            let note = "a consume queue names a message that the log does not have: all of the log is walked though the stop was clean";
            self.report.notes.push(note.into());
            self.mark = None;
            self.checkpoint = Checkpoint::default();
        }
        let from = self.dispatch_mark();
        let (queues, _) = self.load_queues(Bound::Below(from))?;
        let index_from = self.recover_index(from)?;
        self.complete_index(index_from)?;
        let plan = Plan {
            bound: Bound::Below(from),
            queues_from: from,
            index_from,
            on_gap: OnGap::Report,
        };
        Ok((plan, queues))
    }

    /// An empty log beside queues that were not: somebody has taken it away, and going on would use their offsets again.
    fn refuse_lost_log(&self) -> Result<(), StoreError> {
        let had_messages = self
            .mark
            .is_some_and(|mark| mark.dispatched() > PhysicalOffset(0));
        if self.found.is_empty() && had_messages {
            return Err(StoreError::unusable(
                &self.dir,
                "the commit log is gone: bring it back, or move the whole directory away to begin anew",
            ));
        }
        Ok(())
    }

    /// Up to where queues are complete and on the disk.
    fn dispatch_mark(&mut self) -> PhysicalOffset {
        let (start, end) = (self.log_start(), self.files_end());
        if let Some(mark) = self.mark {
            if mark.dispatched() <= end {
                return mark.dispatched().max(start);
            }
            let note = "the mark lies beyond the log, not used";
            self.report.notes.push(note.into());
        }
        // A directory that was never ours: as RocketMQ does, from the file that begins before its checkpoint.
        let before_ms = self.checkpoint.dispatch_from_ms();
        let older = self
            .found
            .iter()
            .rev()
            .map(|file| segment::Position(file.base).into());
        older
            .into_iter()
            .find(|at| {
                self.entry_at(*at)
                    .is_some_and(|(_, store_ms)| store_ms <= before_ms)
            })
            .unwrap_or(start)
    }

    /// Repairs the index; from where on keys have to be put in again.
    fn recover_index(&mut self, bound: PhysicalOffset) -> Result<PhysicalOffset, StoreError> {
        let Some(index) = self.index.clone() else {
            return Ok(bound);
        };
        let indexed = self.mark.map_or(PhysicalOffset(0), |mark| mark.indexed());
        let had_files = self.mark.is_none_or(|mark| mark.index_files > 0);
        if index.count() == 0 {
            return Ok(match had_files {
                true => self.log_start(),
                false => indexed.min(bound).max(self.log_start()),
            });
        }
        let store_time = |at| self.entry_at(at).map(|(_, store_ms)| store_ms);
        let (from, notes) = index.recover(&IndexState {
            bound,
            indexed,
            synced_ms: self.checkpoint.index_ms,
            store_time: &store_time,
        })?;
        self.report.notes.extend(notes);
        Ok(from.max(self.log_start()))
    }

    /// Walks the log as planned; again, from further back, where the queues turn out not to be what was believed.
    fn carry_out(
        &mut self,
        mut plan: Plan,
        mut queues: Arc<Queues>,
    ) -> Result<(Arc<Queues>, PhysicalOffset), StoreError> {
        loop {
            let ended = Walk::new(self, &queues, plan).run()?;
            let again_from = match ended {
                Ended::Well(end) => {
                    (self.report.queues_from, self.report.index_from) =
                        (plan.queues_from.0, plan.index_from.0);
                    return Ok((queues, end));
                }
                Ended::Gap(queue) => {
                    self.report.notes.push(format!(
                        "queue {queue} lacks messages that the log has: all queues are made again from the log"
                    ));
                    plan.on_gap = OnGap::Fill;
                    self.log_start()
                }
                Ended::Short(end) => {
                    self.report.notes.push(format!(
                        "the log ends at {end}, before messages that were in the queues: they are cut there"
                    ));
                    end
                }
            };
            self.report.clean = false;
            plan.bound = Bound::Below(again_from);
            plan.queues_from = again_from;
            if let Some(index) = &self.index {
                plan.index_from = plan.index_from.max(index.last_update().1.plus(1));
            }
            (queues, _) = self.load_queues(plan.bound)?;
        }
    }

    fn finish(
        mut self,
        queues: Arc<Queues>,
        end: PhysicalOffset,
        began: i64,
    ) -> Result<Recovered, StoreError> {
        let index_from = PhysicalOffset(self.report.index_from);
        let mut indexed = end;
        self.checkpoint.dispatch_from = self.checkpoint.dispatch_from.min(end.0);
        for queue in queues.all() {
            queue.assign_up_to(queue.end());
        }
        queues.sync()?;
        let mut index_files = 0;
        if let Some(index) = &self.index {
            let (synced_ms, is_clean) = index.sync(false)?;
            index_files = index.count();
            if !is_clean {
                indexed = index_from.min(end);
            }
            let told = &mut self.checkpoint;
            told.index_ms = told.index_ms.max(synced_ms.unwrap_or(0));
            told.go_back_to(index.begin_of_first_behind(told.index_ms));
        }
        if Checkpoint::read(self.root)? != Some(self.checkpoint) {
            self.checkpoint.write(&**self.disk, self.root)?;
        }
        let mark = Mark::new(end, indexed, index_files, &self.options.settings);
        if self.mark != Some(mark) {
            mark.write(&**self.disk, self.own_dir)?;
        }
        let log = CommitLog::open(
            &self.dir,
            &self.own_dir.join("spare"),
            &self.options.settings,
            (
                Arc::clone(&self.options.engine),
                Arc::clone(&self.options.flush),
            ),
            Arc::clone(&self.options.clock),
            &self.found,
            self.last_ms,
        )?;
        self.report.log_start = self.log_start().0;
        self.report.log_end = end.0;
        self.report.queues = queues.all().len();
        self.report.elapsed_ms = self.options.clock.now_ms().saturating_sub(began);
        let dispatch = Dispatch::new(
            Arc::clone(&queues),
            self.index.clone(),
            DelayLevels(self.options.settings.delay_levels_ms.clone()),
            Arc::clone(&self.options.clock),
            OnGap::Fill,
        );
        Ok(Recovered {
            log: Arc::new(log),
            queues,
            index: self.index,
            dispatch,
            keeping: Keeping {
                checkpoint: self.checkpoint,
                mark,
            },
            report: self.report,
        })
    }
}
