//! One walk through the log: from where something has to be dispatched again to where the log ends.
//!
//! Invariants: files are synced before they are believed (`scan_tail`); the first file that does not end in a filler is the
//! last; files behind it are moved to the quarantine, or removed if nothing was ever written to them, as those are that
//! RocketMQ makes ahead. `found` says afterwards what the log is.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use segment::{FoundSegment, Position, TailReport, scan_tail};

use super::super::commit_log::EntryFraming;
use super::super::consume_queue::{Bound, Queues};
use super::super::dispatch::{DelayLevels, Dispatch, Settled};
use super::super::error::StoreError;
use super::super::files;
use super::super::ids::PhysicalOffset;
use super::super::listener::NoListener;
use super::super::message::Entry;
use super::super::report::LogFileReport;
use super::{Plan, Recovery, log_files};

/// Units that wait to be written.
const PENDING_MAX: usize = 16 * 1024;

/// How a walk ended.
pub(super) enum Ended {
    /// The log ends here, and everything is dispatched.
    Well(PhysicalOffset),
    /// A queue lacks units.
    Gap(String),
    /// The log ends here, before what the plan believed to be there.
    Short(PhysicalOffset),
}

pub(super) struct Walk<'w, 'r> {
    recovery: &'w mut Recovery<'r>,
    dispatch: Dispatch,
    plan: Plan,
    gap: Option<String>,
}

impl<'w, 'r> Walk<'w, 'r> {
    pub(super) fn new(recovery: &'w mut Recovery<'r>, queues: &Arc<Queues>, plan: Plan) -> Self {
        let options = recovery.options;
        let dispatch = Dispatch::new(
            Arc::clone(queues),
            recovery.index.clone(),
            DelayLevels(options.settings.delay_levels_ms.clone()),
            Arc::clone(&options.clock),
            plan.on_gap,
        );
        Self {
            recovery,
            dispatch,
            plan,
            gap: None,
        }
    }

    pub(super) fn run(mut self) -> Result<Ended, StoreError> {
        let start = self.recovery.log_start();
        let from = self.plan.queues_from.min(self.plan.index_from).max(start);
        let report = &mut self.recovery.report;
        report.walked_from = from.0;
        (report.walked_entries, report.walked_bytes) = (0, 0);
        report.files.clear();
        let mut at = from.position().0;
        let mut end = from;
        let mut index = self.recovery.found.partition_point(|file| file.base <= at);
        index = index.saturating_sub(1);
        while let Some(file) = self.recovery.found.get(index).cloned() {
            let within = at.saturating_sub(file.base);
            let (tail, is_full) = self.walk_file(&file, within)?;
            if self.gap.is_some() {
                break;
            }
            end = PhysicalOffset::from(Position(file.base + tail.valid_len));
            self.note(&file, within, &tail);
            at = file.base + tail.valid_len;
            let is_full = is_full || tail.valid_len >= self.file_bytes();
            if !is_full {
                self.end_in(index, &file, &tail)?;
                break;
            }
            index += 1;
        }
        if self.gap.is_none()
            && let Settled::Gap(queue) = self.dispatch.settle(&NoListener)?
        {
            self.gap = Some(queue);
        }
        if let Some(queue) = self.gap {
            return Ok(Ended::Gap(queue));
        }
        let believed = match self.plan.bound {
            Bound::All => PhysicalOffset(0),
            Bound::Below(mark) => mark,
        };
        if end < believed.min(self.plan.queues_from) {
            return Ok(Ended::Short(end));
        }
        self.remark();
        Ok(Ended::Well(end))
    }

    fn file_bytes(&self) -> u64 {
        self.recovery.options.settings.commit_log_file_bytes
    }

    fn walk_file(
        &mut self,
        file: &FoundSegment,
        within: u64,
    ) -> Result<(TailReport, bool), StoreError> {
        let path = file.path(&self.recovery.dir, "");
        let file_bytes = self.file_bytes();
        let (plan, dispatch, gap) = (self.plan, &mut self.dispatch, &mut self.gap);
        let mut last_ms = self.recovery.last_ms;
        let mut entries = 0;
        let mut sink = |entry: &Entry<'_>| {
            entries += 1;
            last_ms = last_ms.max(entry.store_timestamp_ms);
            if entry.physical_offset >= plan.index_from {
                dispatch.index_keys(entry)?;
            }
            if entry.physical_offset >= plan.queues_from {
                dispatch.queue_unit(entry);
            }
            if dispatch.pending() >= PENDING_MAX
                && let Settled::Gap(queue) = dispatch.settle(&NoListener)?
            {
                *gap = Some(queue);
                return Err(StoreError::damaged(Path::new(""), "a queue has a gap"));
            }
            Ok(())
        };
        let mut framing = EntryFraming::new(file.base, file_bytes, &mut sink);
        let tail = scan_tail(&path, within, &mut framing)?;
        let (is_full, failed) = (framing.is_full, framing.failed.take());
        self.recovery.last_ms = last_ms;
        self.recovery.report.walked_entries += entries;
        match failed {
            Some(error) if self.gap.is_none() => Err(error),
            _ => Ok((tail, is_full)),
        }
    }

    fn note(&mut self, file: &FoundSegment, within: u64, tail: &TailReport) {
        let report = &mut self.recovery.report;
        report.walked_bytes += tail.valid_len.saturating_sub(within);
        report.files.push(LogFileReport {
            file: file.path(&self.recovery.dir, ""),
            walked_from: within,
            kept_bytes: tail.valid_len,
            cut_bytes: 0,
            spare_bytes: tail.cut_bytes,
            reason: tail.reason.clone(),
            quarantined: None,
        });
    }

    /// The log ends in this file.
    fn end_in(
        &mut self,
        index: usize,
        file: &FoundSegment,
        tail: &TailReport,
    ) -> Result<(), StoreError> {
        let path = file.path(&self.recovery.dir, "");
        let failed = |error| StoreError::io("cut", &path, error);
        let open = File::open(&path).map_err(failed)?;
        let (kept, full) = (tail.valid_len, self.file_bytes());
        let (own_dir, started_ms) = (self.recovery.own_dir, self.recovery.report.started_at_ms);
        if let Some(data_end) = files::data_end(&open, kept, full).map_err(failed)? {
            let mut quarantined = None;
            if log_files::has_entry_within(&path, file.base, kept..data_end)? {
                let copy = log_files::quarantine_copy(&path, kept..data_end, own_dir, started_ms)?;
                quarantined = Some(copy);
            }
            files::zero_from(&path, &open, kept, full).map_err(failed)?;
            open.sync_all().map_err(failed)?;
            if let Some(told) = self.recovery.report.files.last_mut() {
                told.cut_bytes = data_end - kept;
                told.spare_bytes = full - data_end;
                told.quarantined = quarantined;
            }
        }
        for later in self.recovery.found.split_off(index + 1) {
            self.drop_file(&later)?;
        }
        if let Some(last) = self.recovery.found.last_mut() {
            last.len_bytes = kept;
        }
        files::sync_dir(&**self.recovery.disk, &self.recovery.dir)
    }

    /// A file behind the end of the log.
    fn drop_file(&mut self, file: &FoundSegment) -> Result<(), StoreError> {
        let path = file.path(&self.recovery.dir, "");
        let failed = |error| StoreError::io("read", &path, error);
        let open = File::open(&path).map_err(failed)?;
        let data_end = files::data_end(&open, 0, self.file_bytes()).map_err(failed)?;
        let Some(data_end) = data_end else {
            return files::remove(&path);
        };
        let started_ms = self.recovery.report.started_at_ms;
        let moved = log_files::quarantine_move(&path, self.recovery.own_dir, started_ms)?;
        self.recovery.report.files.push(LogFileReport {
            file: path,
            walked_from: 0,
            kept_bytes: 0,
            cut_bytes: data_end,
            spare_bytes: self.file_bytes().saturating_sub(data_end),
            reason: Some("the log ends in a file before it".into()),
            quarantined: Some(moved),
        });
        Ok(())
    }

    fn remark(&mut self) {
        let report = &mut self.recovery.report;
        if self.dispatch.nameless > 0 {
            report.notes.push(format!(
                "{} messages have a topic that is no text; they are in no queue",
                self.dispatch.nameless
            ));
        }
        if self.dispatch.filled > 0 {
            report.notes.push(format!(
                "{} places in queues have no message in the log",
                self.dispatch.filled
            ));
        }
    }
}
