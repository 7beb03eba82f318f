//! The parallel reader: paths and a mapping in, batches of events out, in the order of the files.

use crate::error::{Code, Error, Place, Result};
use crate::event::EventBatch;
use crate::format::{Batch, DUPLICATE, TASK_BYTES, Task, UNWANTED};
use crate::input::discover::{Claimed, Discovered, LEADS_NOWHERE};
use crate::mapping::{Mapping, Part, Records};
use hashbrown::HashSet;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

mod cutter;
mod notes;

pub use crate::format::OnBadRow;

use cutter::Cutter;

/// How to read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// What happens at a row that cannot be read.
    pub on_bad_row: OnBadRow,
    /// Largest share of rows, in [0, 1], that may be dropped.
    pub max_bad: Option<f64>,
    /// Keep the text column.
    pub text: bool,
}

/// What was read of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file.
    pub path: String,
    /// Its size on disk.
    pub bytes: u64,
    /// Rows that were to be events.
    pub events_in: u64,
    /// Those that are.
    pub events_used: u64,
    /// Dropped rows by reason.
    pub dropped: BTreeMap<String, u64>,
}

/// What was read, and what was not: events in = events used + the sum of `dropped`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadReport {
    /// Files in reading order.
    pub files: Vec<FileReport>,
    /// Files that the mapping does not claim, and links that lead to none.
    pub skipped: Vec<String>,
    /// Rows that were to be events.
    pub events_in: u64,
    /// Those that are.
    pub events_used: u64,
    /// Dropped rows by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Places of the first dropped rows by reason.
    pub examples: BTreeMap<String, Vec<String>>,
    /// What else a reader of the result should know.
    pub notes: Vec<String>,
}

/// Set in the numbers of records that have none of their own, where a field of the log numbers others: wherever these stand.
const UNNUMBERED: u64 = 1 << 62;

/// Reads files group by group: while one group is parsed, the next one is read and unpacked.
pub struct Reader {
    mapping: Mapping,
    options: ReadOptions,
    report: ReadReport,
    cutter: Cutter,
    ahead: Vec<(Arc<Claimed>, Task)>,
    started: bool,
    /// The file whose batches are being taken, and lines and characters of it so far.
    file: Option<(Arc<Claimed>, u64, u64)>,
    rows: u64,
    records: u64,
    filtered: u64,
    seen: HashSet<u128>,
    unmapped: BTreeMap<(String, String), u64>,
    actions: BTreeSet<String>,
    total: u64,
}

impl Reader {
    /// Prepare to read what was discovered.
    pub fn open(discovered: Discovered, mapping: Mapping, options: ReadOptions) -> Result<Self> {
        one_side(&mapping)?;
        let dead: Vec<String> = discovered
            .dead
            .iter()
            .map(|link| format!("{} {LEADS_NOWHERE}", link.display()))
            .collect();
        let (files, skipped) = discovered.claimed(&mapping)?;
        let mut reader = Self::new(files, mapping, options);
        reader.report.skipped = skipped.iter().map(|p| p.display().to_string()).collect();
        reader.report.skipped.extend(dead.iter().cloned());
        reader.report.notes = dead;
        Ok(reader)
    }

    /// Prepare to read a file that is in memory; its path says its format, and is named in errors.
    pub fn of_bytes(path: &Path, bytes: Vec<u8>, mapping: Mapping, options: ReadOptions) -> Result<Self> {
        Self::of_bytes_cut(path, bytes, mapping, options, TASK_BYTES)
    }

    /// The same, cut into pieces of about so many bytes: for those who test that any size gives the same.
    #[doc(hidden)]
    pub fn of_bytes_cut(
        path: &Path,
        bytes: Vec<u8>,
        mapping: Mapping,
        options: ReadOptions,
        piece_bytes: usize,
    ) -> Result<Self> {
        one_side(&mapping)?;
        let mut reader = Self::new(Vec::new(), mapping, options);
        reader.cutter.add(path, bytes, piece_bytes)?;
        Ok(reader)
    }

    fn new(files: Vec<Claimed>, mapping: Mapping, options: ReadOptions) -> Self {
        Self {
            total: files.iter().map(|f| f.bytes).sum(),
            cutter: Cutter::new(files, mapping.clone(), &options),
            mapping,
            options,
            report: ReadReport::default(),
            ahead: Vec::new(),
            started: false,
            file: None,
            rows: 0,
            records: 0,
            filtered: 0,
            seen: HashSet::new(),
            unmapped: BTreeMap::new(),
            actions: BTreeSet::new(),
        }
    }

    /// Events of the next tasks, in the order of the files; `None` after the last.
    pub fn next_group(&mut self) -> Result<Option<Vec<EventBatch>>> {
        if !std::mem::replace(&mut self.started, true) {
            self.ahead = self.cutter.group();
        }
        if self.ahead.is_empty() {
            self.close()?;
            return Ok(None);
        }
        let tasks = std::mem::take(&mut self.ahead);
        let cutter = &mut self.cutter;
        let (ahead, parsed) = rayon::join(
            || cutter.group(),
            || -> Vec<(Arc<Claimed>, Vec<Batch>)> {
                tasks.into_par_iter().map(|(file, task)| (file, task())).collect()
            },
        );
        self.ahead = ahead;
        let mut events = Vec::new();
        for (file, batches) in parsed {
            self.enter(file);
            for batch in batches {
                let batch = self.take(batch)?;
                if !batch.is_empty() {
                    events.push(batch);
                }
            }
        }
        Ok(Some(events))
    }

    /// What was read so far; whole after the last group.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    /// Bytes on the disk that were read so far, those in all, and the events in what was read.
    pub fn progress(&self) -> (u64, u64, u64) {
        (self.cutter.progress().bytes(), self.total, self.report.events_in)
    }

    /// Batches of this file follow.
    fn enter(&mut self, file: Arc<Claimed>) {
        if self
            .file
            .as_ref()
            .is_some_and(|(current, ..)| Arc::ptr_eq(current, &file))
        {
            return;
        }
        self.leave();
        self.report.files.push(FileReport {
            path: file.path.display().to_string(),
            bytes: file.bytes,
            events_in: 0,
            events_used: 0,
            dropped: BTreeMap::new(),
        });
        self.file = Some((file, 0, 0));
    }

    fn leave(&mut self) {
        if let Some(file) = self.report.files.last().filter(|_| self.file.is_some())
            && file.events_in == 0
        {
            self.report.notes.push(format!("{} holds no event", file.path));
        }
    }

    /// Move a batch's own numbering behind all that came before, and add up what it says.
    fn take(&mut self, batch: Batch) -> Result<EventBatch> {
        let (lines, characters) = self
            .file
            .as_ref()
            .map_or((0, 0), |(_, lines, characters)| (*lines, *characters));
        let move_up = |place: &mut Place| {
            if let (Some(line), Some(column)) = (place.line.as_mut(), place.column.as_mut()) {
                *column += if *line == 1 { characters } else { 0 };
                *line += lines;
            }
        };
        if let Some(error) = batch.error {
            return Err(error.moved(move_up));
        }
        let mut events = batch.events;
        let records = self.records - u64::from(batch.continued);
        let claimed = self.file.as_ref().map(|(file, ..)| Arc::clone(file));
        // Records of different parts, and those with and without a number of their own, never meet.
        let apart = claimed.as_ref().map_or(0, |file| (file.part as u64) << 48);
        match claimed
            .as_ref()
            .map(|file| (&file.plan.records, file.plan.melt.is_empty()))
        {
            Some((Records::Value(_), _)) => {
                batch
                    .unnumbered
                    .iter()
                    .for_each(|&i| events.record[i] += self.rows | UNNUMBERED);
            }
            Some((Records::Rows, true)) => {
                events.first_record = self.rows + apart;
                events.record.iter_mut().for_each(|r| *r += self.rows + apart);
            }
            Some((Records::Rows | Records::Level(_), _)) => {
                events.first_record = records + apart;
                events.record.iter_mut().for_each(|r| *r += records + apart);
            }
            None => {}
        }
        let before = u32::try_from(self.rows).unwrap_or(u32::MAX);
        if !batch.by_position.is_empty() {
            events.seq.resize(events.len(), 0);
        }
        for &i in &batch.by_position {
            events.seq[i] = events.seq[i].saturating_add(before);
        }
        self.rows += batch.rows_in;
        self.records = records + batch.records;
        self.filtered += batch.filtered;
        let mut dropped = batch.dropped;
        if !batch.unique.is_empty() {
            let (kept, again) = self.once(events, &batch.unique);
            events = kept;
            if again > 0 {
                dropped.insert(DUPLICATE, again);
            }
        }
        if let Some(file) = self.report.files.last_mut() {
            file.events_in += batch.rows_in;
            file.events_used += events.len() as u64;
            for (reason, n) in &dropped {
                *file.dropped.entry((*reason).to_owned()).or_insert(0) += n;
            }
        }
        self.report.events_in += batch.rows_in;
        self.report.events_used += events.len() as u64;
        for (reason, n) in dropped {
            *self.report.dropped.entry(reason.to_owned()).or_insert(0) += n;
        }
        for (reason, places) in batch.examples {
            let examples = self.report.examples.entry(reason.to_owned()).or_default();
            for mut place in places.into_iter().take(3usize.saturating_sub(examples.len())) {
                move_up(&mut place);
                examples.push(place.to_string());
            }
        }
        let mut met = vec![false; events.action.pool.len()];
        events.action.codes.iter().for_each(|&code| met[code as usize] = true);
        for (action, met) in events.action.pool.iter().zip(met) {
            if met && !self.actions.contains(action) {
                self.actions.insert(action.to_owned());
            }
        }
        for (key, n) in batch.unmapped {
            *self.unmapped.entry(key).or_insert(0) += n;
        }
        if let Some((_, line, column)) = &mut self.file {
            let (lines, characters) = batch.extent;
            *column = characters + if lines == 0 { *column } else { 0 };
            *line += lines;
        }
        Ok(events)
    }

    /// Events of rows that were not met before, and how many of others there were.
    fn once(&mut self, events: EventBatch, unique: &[(u128, u64)]) -> (EventBatch, u64) {
        let mut last = None;
        let mut fresh = true;
        let keep: Vec<usize> = (0..events.len())
            .filter(|&i| {
                // All events of one row are that row.
                if last != Some(unique[i]) {
                    last = Some(unique[i]);
                    fresh = unique[i].0 == 0 || self.seen.insert(unique[i].0);
                }
                fresh
            })
            .collect();
        let again = events.len() - keep.len();
        (if again == 0 { events } else { events.only(&keep) }, again as u64)
    }

    fn close(&mut self) -> Result<()> {
        self.leave();
        self.file = None;
        self.report.skipped.append(&mut self.cutter.take_skipped());
        let bad = self
            .report
            .dropped
            .iter()
            .filter(|(reason, _)| ![UNWANTED, DUPLICATE].contains(&reason.as_str()));
        let dropped: u64 = bad.map(|(_, n)| n).sum();
        if let Some(limit) = self.options.max_bad
            && dropped as f64 > limit * self.report.events_in as f64
        {
            let said = format!(
                "{dropped} of {} rows were dropped, more than the {} % allowed",
                self.report.events_in,
                limit * 100.0
            );
            let mut error = Error::new(Code::TooManyBadRows, said);
            for (reason, n) in &self.report.dropped {
                let first = self.report.examples.get(reason).and_then(|e| e.first());
                error = error.note(format!(
                    "{n} x {reason}, first at {}",
                    first.map_or("unknown", String::as_str)
                ));
            }
            return Err(error.help("correct the log or the mapping, or allow more with --max-bad"));
        }
        if self.filtered > 0 {
            let n = std::mem::take(&mut self.filtered);
            self.report
                .notes
                .push(format!("{n} rows are no events and were left out, as the mapping says"));
        }
        let actions = std::mem::take(&mut self.actions);
        self.report
            .notes
            .extend(notes::of_actions(self.mapping.plan(), &actions));
        let unmapped = std::mem::take(&mut self.unmapped);
        self.report.notes.extend(notes::of_unmapped(&unmapped));
        Ok(())
    }
}

/// Refuse a mapping of several sides that nobody chose from.
fn one_side(mapping: &Mapping) -> Result<()> {
    let open = |part: &&Part| part.plan.side.is_none() && !part.plan.sides.is_empty();
    let Some(part) = mapping.parts().iter().find(open) else {
        return Ok(());
    };
    let (name, sides) = (mapping.name(), part.plan.sides.join(", "));
    let said = format!("the mapping \"{name}\" holds several sides ({sides}): which is to be read?");
    Err(Error::new(Code::BadOption, said).help("name one with --side"))
}
