//! The parallel reader: paths and a mapping in, batches of events out, in the order of the files.

use crate::error::{Code, Error, Result, closest};
use crate::event::EventBatch;
use crate::format::json::File;
use crate::format::{self, Batch, FileContext, UNWANTED};
use crate::input::bytes::Text;
use crate::input::discover::{Discovered, format_of};
use crate::mapping::{Mapping, Records, builtin_names};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

pub use crate::format::OnBadRow;

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
}

/// What was read, and what was not: events in = events used + the sum of `dropped`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadReport {
    /// Files in reading order.
    pub files: Vec<FileReport>,
    /// Files that the mapping does not claim.
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

/// Files read together: enough to keep all cores busy, little enough to fit.
const GROUP_BYTES: u64 = 1 << 26;

/// Reads files group by group.
#[derive(Debug)]
pub struct Reader {
    files: VecDeque<PathBuf>,
    mapping: Mapping,
    options: ReadOptions,
    report: ReadReport,
    rows: u64,
    records: u64,
    filtered: u64,
    unmapped: BTreeMap<(String, String), u64>,
    actions: BTreeSet<String>,
}

impl Reader {
    /// Prepare to read what was discovered.
    pub fn open(discovered: Discovered, mapping: Mapping, options: ReadOptions) -> Result<Self> {
        let (files, skipped) = discovered.claimed(mapping.plan())?;
        let skipped = skipped.iter().map(|p| p.display().to_string()).collect();
        Ok(Self {
            files: files.into(),
            mapping,
            options,
            report: ReadReport {
                skipped,
                ..ReadReport::default()
            },
            rows: 0,
            records: 0,
            filtered: 0,
            unmapped: BTreeMap::new(),
            actions: BTreeSet::new(),
        })
    }

    /// Events of the next files, in their order; `None` after the last.
    pub fn next_group(&mut self) -> Result<Option<Vec<EventBatch>>> {
        if self.files.is_empty() {
            self.close()?;
            return Ok(None);
        }
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some(path) = self.files.front() {
            bytes += std::fs::metadata(path).map_or(0, |m| m.len());
            if !group.is_empty() && bytes > GROUP_BYTES {
                break;
            }
            group.extend(self.files.pop_front());
        }
        let (mapping, options) = (&self.mapping, &self.options);
        let parsed: Vec<Result<(u64, Vec<Batch>)>> =
            group.par_iter().map(|path| parse(path, mapping, options)).collect();
        let mut events = Vec::new();
        for (path, result) in group.iter().zip(parsed) {
            let (size, batches) = result?;
            let mut file = FileReport {
                path: path.display().to_string(),
                bytes: size,
                events_in: 0,
                events_used: 0,
            };
            for batch in batches {
                events.push(self.take(batch, &mut file)?);
            }
            if file.events_in == 0 {
                self.report.notes.push(format!("{} holds no event", file.path));
            }
            self.report.events_in += file.events_in;
            self.report.events_used += file.events_used;
            self.report.files.push(file);
        }
        Ok(Some(events))
    }

    /// What was read so far; whole after the last group.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    /// Move a batch's own numbering behind all that came before, and add up what it says.
    fn take(&mut self, batch: Batch, file: &mut FileReport) -> Result<EventBatch> {
        if let Some(error) = batch.error {
            return Err(error);
        }
        let mut events = batch.events;
        match self.mapping.plan().records {
            Records::Value(_) => batch.unnumbered.iter().for_each(|&i| events.record[i] += self.rows),
            Records::Rows => events.record.iter_mut().for_each(|r| *r += self.rows),
            Records::Level(_) => events.record.iter_mut().for_each(|r| *r += self.records),
        }
        let before = u32::try_from(self.rows).unwrap_or(u32::MAX);
        for &i in &batch.by_position {
            events.seq[i] = events.seq[i].saturating_add(before);
        }
        self.rows += batch.rows_in;
        self.records += batch.records;
        self.filtered += batch.filtered;
        file.events_in += batch.rows_in;
        file.events_used += events.len() as u64;
        for (reason, n) in batch.dropped {
            *self.report.dropped.entry(reason.to_owned()).or_insert(0) += n;
        }
        for (reason, places) in batch.examples {
            let examples = self.report.examples.entry(reason.to_owned()).or_default();
            examples.extend(places.into_iter().take(3usize.saturating_sub(examples.len())));
        }
        for action in events.action.pool.iter() {
            if !self.actions.contains(action) {
                self.actions.insert(action.to_owned());
            }
        }
        for (key, n) in batch.unmapped {
            *self.unmapped.entry(key).or_insert(0) += n;
        }
        Ok(events)
    }

    /// A name that no row has is most likely misspelt. Built-in mappings name all that their format may hold.
    fn note_unseen_actions(&mut self) {
        let plan = self.mapping.plan();
        if builtin_names().contains(&plan.name()) || self.actions.is_empty() {
            return;
        }
        let named: BTreeSet<&String> = plan
            .roles
            .keys()
            .chain(plan.valences.keys())
            .chain(plan.happened.keys())
            .collect();
        for name in named.into_iter().filter(|n| !self.actions.contains(*n)) {
            let near = closest(name, self.actions.iter().map(String::as_str));
            let hint = near.map_or_else(String::new, |n| format!(": is \"{n}\" meant?"));
            self.report.notes.push(format!(
                "the mapping names the action \"{name}\", which no row has{hint}"
            ));
        }
    }

    fn close(&mut self) -> Result<()> {
        let bad = self.report.dropped.iter().filter(|(reason, _)| *reason != UNWANTED);
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
        self.note_unseen_actions();
        for ((map, value), n) in std::mem::take(&mut self.unmapped) {
            self.report.notes.push(format!(
                "[map.{map}] does not know \"{value}\": kept as it is ({n} rows)"
            ));
        }
        Ok(())
    }
}

fn parse(path: &Path, mapping: &Mapping, options: &ReadOptions) -> Result<(u64, Vec<Batch>)> {
    let text = Text::read(path)?;
    let context = FileContext::new(path);
    let file = File {
        path,
        text: text.as_str(),
        plan: mapping.plan(),
        context: &context,
        on_bad_row: options.on_bad_row,
        with_text: options.text,
    };
    let batches = format::parse(&file, format_of(file.plan, path))?;
    Ok((text.size, batches))
}
