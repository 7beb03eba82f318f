//! Scatter: batches of events, in whatever order they were read, become traces sorted by user and time.

use super::names::{Merged, merge};
use super::traces::{Names, Part, Traces};
use crate::error::{Code, Error, Result};
use crate::event::{Coded, EventBatch, NO_CODE, Texts};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::ops::Range;

/// Events of a part, at least: small enough to balance, large enough to be cheap to merge.
const EVENTS_A_PART: usize = 1 << 17;

/// Collects batches; [`Gatherer::finish`] sorts them.
#[derive(Debug)]
pub struct Gatherer {
    batches: Vec<EventBatch>,
    events_a_part: usize,
}

impl Default for Gatherer {
    fn default() -> Self {
        Self::with_parts_of(EVENTS_A_PART)
    }
}

impl Gatherer {
    /// With so many events a part, at least: a matter of speed alone, no result depends on it.
    pub fn with_parts_of(events: usize) -> Self {
        Self {
            batches: Vec::new(),
            events_a_part: events,
        }
    }

    /// Add a batch.
    pub fn push(&mut self, mut batch: EventBatch) {
        // Columns that a log does not have take no memory.
        let forget = |column: &mut Vec<u32>, usual: u32| {
            if column.iter().all(|&x| x == usual) {
                *column = Vec::new();
            }
        };
        forget(&mut batch.seq, 0);
        forget(&mut batch.count, 1);
        forget(&mut batch.item.codes, NO_CODE);
        forget(&mut batch.category.codes, NO_CODE);
        if batch.value.iter().all(|x| x.is_nan()) {
            batch.value = Vec::new();
        }
        if batch.text.iter().all(|text| text.is_none()) {
            batch.text = Texts::default();
        }
        self.batches.push(batch);
    }

    /// Sort by user and time. Errors if there is no event, or more than 2^32 - 1.
    pub fn finish(self) -> Result<Traces> {
        let n: usize = self.batches.iter().map(EventBatch::len).sum();
        if n == 0 {
            return Err(Error::new(Code::NoEvents, "no usable event was read")
                .help("check that the path and the mapping belong together"));
        }
        if n >= NO_CODE as usize {
            return Err(Error::new(
                Code::BadOption,
                format!("{n} events are more than one process can hold in memory"),
            )
            .help("compare a part of the users"));
        }
        let batches = &self.batches;
        let columns: [fn(&EventBatch) -> &Coded; 5] = [
            |b| &b.user,
            |b| &b.scenario,
            |b| &b.action,
            |b| &b.item,
            |b| &b.category,
        ];
        let merged: Vec<Merged> = columns.par_iter().map(|column| merge(batches, column)).collect();
        let [user, scenario, action, item, category] = <[Merged; 5]>::try_from(merged).expect("five columns");
        let sources: Vec<Source> = (0..batches.len())
            .map(|i| Source {
                batch: &batches[i],
                scenario: &scenario.ranks[i],
                action: &action.ranks[i],
                item: &item.ranks[i],
                category: &category.ranks[i],
            })
            .collect();
        let runs = by_user(&runs(batches, &user.ranks), user.names.len());
        let parts = runs
            .parts(self.events_a_part)
            .into_par_iter()
            .map(|users| part(users, &runs, &sources))
            .collect();
        Ok(Traces {
            users: user.names,
            names: Names {
                scenario: scenario.names,
                action: action.names,
                item: item.names,
                category: category.names,
            },
            parts,
        })
    }
}

/// Events of one user that stand together in a batch.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    batch: u32,
    start: u32,
    length: u32,
}

/// The runs of each batch, in order, each with its user.
fn runs(batches: &[EventBatch], ranks: &[Vec<u32>]) -> Vec<Vec<(u32, Run)>> {
    let of_batch = |i: usize| {
        let codes = &batches[i].user.codes;
        let mut start = 0;
        codes
            .chunk_by(|a, b| a == b)
            .map(|run| {
                let length = run.len() as u32;
                start += length;
                let run_of = Run {
                    batch: i as u32,
                    start: start - length,
                    length,
                };
                (ranks[i][run[0] as usize], run_of)
            })
            .collect()
    };
    (0..batches.len()).into_par_iter().map(of_batch).collect()
}

/// Runs by user, in the order in which they were read.
struct Runs {
    all: Vec<Run>,
    /// Those of user `u` are `starts[u]..starts[u + 1]`.
    starts: Vec<usize>,
    /// Events of each user.
    events: Vec<usize>,
}

fn by_user(of_batches: &[Vec<(u32, Run)>], users: usize) -> Runs {
    let mut starts = vec![0usize; users + 1];
    let mut events = vec![0usize; users];
    for &(user, run) in of_batches.iter().flatten() {
        starts[user as usize + 1] += 1;
        events[user as usize] += run.length as usize;
    }
    for u in 0..users {
        starts[u + 1] += starts[u];
    }
    let mut next = starts.clone();
    let mut runs = vec![Run::default(); starts[users]];
    for &(user, run) in of_batches.iter().flatten() {
        runs[next[user as usize]] = run;
        next[user as usize] += 1;
    }
    Runs {
        all: runs,
        starts,
        events,
    }
}

impl Runs {
    /// Ranges of users with about equal numbers of events.
    fn parts(&self, events_a_part: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let (mut from, mut events) = (0, 0);
        for (u, n) in self.events.iter().enumerate() {
            events += n;
            if events >= events_a_part || u + 1 == self.events.len() {
                parts.push(from..u + 1);
                (from, events) = (u + 1, 0);
            }
        }
        parts
    }
}

/// A batch with the ranks of its codes.
struct Source<'a> {
    batch: &'a EventBatch,
    scenario: &'a [u32],
    action: &'a [u32],
    item: &'a [u32],
    category: &'a [u32],
}

impl Source<'_> {
    /// What orders events of one user and time.
    fn tie(&self, row: usize) -> (u32, u32, u32, u32) {
        let b = self.batch;
        (
            or(&b.seq, row, 0),
            ranked(&b.scenario, self.scenario, row),
            ranked(&b.action, self.action, row),
            ranked(&b.item, self.item, row),
        )
    }

    /// What orders those that are alike in all of that.
    fn last_tie(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        let value = |s: &Self, row: usize| or(&s.batch.value, row, f64::NAN);
        let by_value = value(self, row).total_cmp(&value(other, other_row));
        by_value
            .then_with(|| self.batch.record[row].cmp(&other.batch.record[other_row]))
            .then_with(|| self.batch.text.get(row).cmp(&other.batch.text.get(other_row)))
    }
}

fn ranked(column: &Coded, ranks: &[u32], row: usize) -> u32 {
    match column.codes.get(row) {
        None | Some(&NO_CODE) => NO_CODE,
        Some(&code) => ranks[code as usize],
    }
}

/// An event: its batch and its row there.
type At = (u32, u32);

/// The canonical order of two events of one user and time.
fn tied(sources: &[Source], one: At, other: At) -> Ordering {
    let (a, b) = (&sources[one.0 as usize], &sources[other.0 as usize]);
    let (row, other_row) = (one.1 as usize, other.1 as usize);
    a.tie(row)
        .cmp(&b.tie(other_row))
        .then_with(|| a.last_tie(row, b, other_row))
}

/// Runs shorter than this on average are not worth copying one by one.
const LONG_RUN: usize = 8;

/// The events of some users, in canonical order.
fn part(users: Range<usize>, runs: &Runs, sources: &[Source]) -> Part {
    let own = &runs.all[runs.starts[users.start]..runs.starts[users.end]];
    let mut part = Part::new(users.clone());
    let mut rows: Vec<At> = Vec::with_capacity(runs.events[users.clone()].iter().sum());
    for user in users {
        let own = &runs.all[runs.starts[user]..runs.starts[user + 1]];
        let rows_of = |run: &Run| {
            let batch = run.batch;
            (run.start..run.start + run.length).map(move |row| (batch, row))
        };
        rows.extend(own.iter().flat_map(rows_of));
        part.starts.push(rows.len());
    }
    let in_order = sort(&mut rows, &part.starts, sources);
    if in_order && rows.len() >= LONG_RUN * own.len() {
        for run in own {
            let rows = run.start as usize..(run.start + run.length) as usize;
            copy(&mut part, &sources[run.batch as usize], rows);
        }
    } else {
        gather(&mut part, sources, &rows);
    }
    part
}

/// Bring the events of each user into canonical order; whether they were in it already.
fn sort(rows: &mut [At], starts: &[usize], sources: &[Source]) -> bool {
    let times = column(sources, rows, |s, row| s.batch.time[row]);
    let mut in_order = true;
    let mut keyed: Vec<(i64, At)> = Vec::new();
    for bounds in starts.windows(2) {
        let (times, rows) = (&times[bounds[0]..bounds[1]], &mut rows[bounds[0]..bounds[1]]);
        let follows = |i: usize| {
            times[i - 1] < times[i]
                || times[i - 1] == times[i] && tied(sources, rows[i - 1], rows[i]) != Ordering::Greater
        };
        if (1..rows.len()).all(follows) {
            continue;
        }
        in_order = false;
        keyed.clear();
        keyed.extend(times.iter().copied().zip(rows.iter().copied()));
        keyed.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| tied(sources, a.1, b.1)));
        for (row, (_, at)) in rows.iter_mut().zip(&keyed) {
            *row = *at;
        }
    }
    in_order
}

/// One column of these rows: column by column the processor waits for many rows at once.
fn column<T>(sources: &[Source], rows: &[At], of: impl Fn(&Source, usize) -> T) -> Vec<T> {
    rows.iter()
        .map(|&(batch, row)| of(&sources[batch as usize], row as usize))
        .collect()
}

/// All columns of these rows.
fn gather(part: &mut Part, sources: &[Source], rows: &[At]) {
    part.time = column(sources, rows, |s, r| s.batch.time[r]);
    part.precision = column(sources, rows, |s, r| s.batch.precision[r]);
    part.scenario = column(sources, rows, |s, r| ranked(&s.batch.scenario, s.scenario, r));
    part.action = column(sources, rows, |s, r| ranked(&s.batch.action, s.action, r));
    part.role = column(sources, rows, |s, r| s.batch.role[r]);
    part.valence = column(sources, rows, |s, r| s.batch.valence[r]);
    part.occurred = column(sources, rows, |s, r| s.batch.occurred[r]);
    part.record = column(sources, rows, |s, r| s.batch.record[r]);
    if sources.iter().any(|s| !s.batch.seq.is_empty()) {
        part.seq.fill(column(sources, rows, |s, r| or(&s.batch.seq, r, 0)));
    }
    if sources.iter().any(|s| !s.batch.count.is_empty()) {
        part.count.fill(column(sources, rows, |s, r| or(&s.batch.count, r, 1)));
    }
    if sources.iter().any(|s| !s.batch.value.is_empty()) {
        part.value
            .fill(column(sources, rows, |s, r| or(&s.batch.value, r, f64::NAN)));
    }
    if sources.iter().any(|s| !s.batch.item.codes.is_empty()) {
        part.item
            .fill(column(sources, rows, |s, r| ranked(&s.batch.item, s.item, r)));
    }
    if sources.iter().any(|s| !s.batch.category.codes.is_empty()) {
        part.category
            .fill(column(sources, rows, |s, r| ranked(&s.batch.category, s.category, r)));
    }
    if sources.iter().any(|s| !s.batch.text.is_empty()) {
        for &(batch, row) in rows {
            part.text.push(sources[batch as usize].batch.text.get(row as usize));
        }
    }
}

/// The value of a row in a column that may not be there.
fn or<T: Copy>(column: &[T], row: usize, usual: T) -> T {
    column.get(row).copied().unwrap_or(usual)
}

/// Append some rows of a batch.
fn copy(part: &mut Part, source: &Source, rows: Range<usize>) {
    let b = source.batch;
    let before = part.time.len();
    part.time.extend_from_slice(&b.time[rows.clone()]);
    part.precision.extend_from_slice(&b.precision[rows.clone()]);
    let codes = |column: &Coded, ranks: &[u32], out: &mut Vec<u32>| {
        let rank = |&code: &u32| if code == NO_CODE { NO_CODE } else { ranks[code as usize] };
        out.extend(column.codes[rows.clone()].iter().map(rank));
    };
    codes(&b.scenario, source.scenario, &mut part.scenario);
    codes(&b.action, source.action, &mut part.action);
    part.role.extend_from_slice(&b.role[rows.clone()]);
    part.valence.extend_from_slice(&b.valence[rows.clone()]);
    part.occurred.extend_from_slice(&b.occurred[rows.clone()]);
    part.record.extend_from_slice(&b.record[rows.clone()]);
    part.seq
        .extend(before, rows.clone().map(|r| or(&b.seq, r, 0)), b.seq.is_empty());
    part.count
        .extend(before, rows.clone().map(|r| or(&b.count, r, 1)), b.count.is_empty());
    part.value.extend(
        before,
        rows.clone().map(|r| or(&b.value, r, f64::NAN)),
        b.value.is_empty(),
    );
    part.item.extend(
        before,
        rows.clone().map(|r| ranked(&b.item, source.item, r)),
        b.item.codes.is_empty(),
    );
    part.category.extend(
        before,
        rows.clone().map(|r| ranked(&b.category, source.category, r)),
        b.category.codes.is_empty(),
    );
    if !b.text.is_empty() || !part.text.codes.is_empty() {
        part.text.codes.resize(before, NO_CODE);
        rows.for_each(|r| part.text.push(b.text.get(r)));
    }
}
