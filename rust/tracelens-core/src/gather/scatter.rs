//! Scatter: batches of events, in whatever order they were read, become traces sorted by user and time.

use super::chunk::At;
use super::codes::{CODED, interned, ranked};
use super::traces::Part;
use crate::event::{Coded, EventBatch, NO_CODE, Pool};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::ops::Range;

/// The sorted strings behind the codes of all batches, column by column, and the events in parts of about equal size.
pub(super) fn scatter(batches: &[EventBatch], events_a_part: usize) -> ([Vec<String>; 5], Vec<Part>) {
    let merged: Vec<Merged> = CODED.par_iter().map(|column| merge(batches, column)).collect();
    let [user, scenario, action, item, category] = <[Merged; 5]>::try_from(merged).expect("five columns");
    let sources: Vec<Source> = (0..batches.len())
        .map(|i| Source {
            batch: &batches[i],
            user: &user.ranks[i],
            scenario: &scenario.ranks[i],
            action: &action.ranks[i],
            item: &item.ranks[i],
            category: &category.ranks[i],
        })
        .collect();
    let runs = by_user(&runs(&sources), user.names.len());
    let parts = runs
        .parts(events_a_part)
        .into_par_iter()
        .map(|users| fill(users.clone().map(|u| u as u32).collect(), users, &runs, &sources))
        .collect();
    let names = [user, scenario, action, item, category].map(|column| column.names);
    (names, parts)
}

/// All events of these sources as one part.
pub(super) fn part(sources: &[Source]) -> Part {
    let mut runs: Vec<(u32, Run)> = runs(sources).into_iter().flatten().collect();
    // Stable: the runs of a user stay in the order in which they were read.
    runs.sort_by_key(|(user, _)| *user);
    let mut users: Vec<u32> = runs.iter().map(|(user, _)| *user).collect();
    users.dedup();
    let mut local = 0;
    for (user, _) in &mut runs {
        local += usize::from(*user != users[local]);
        *user = local as u32;
    }
    let n = users.len();
    fill(users, 0..n, &by_user(&[runs], n), sources)
}

/// The sorted strings of a column of all batches, and for each batch the rank of each of its codes.
#[derive(Debug)]
struct Merged {
    names: Vec<String>,
    ranks: Vec<Vec<u32>>,
}

fn merge(batches: &[EventBatch], column: impl Fn(&EventBatch) -> &Coded + Sync) -> Merged {
    let mut all = Pool::default();
    let mut ranks: Vec<Vec<u32>> = batches.iter().map(|b| interned(column(b), &mut all)).collect();
    let (names, rank) = ranked(&all);
    for code in ranks.iter_mut().flatten().filter(|c| **c != NO_CODE) {
        *code = rank[*code as usize];
    }
    Merged { names, ranks }
}

/// Events of one user that stand together in a batch.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    batch: u32,
    start: u32,
    length: u32,
}

/// The runs of each batch, in order, each with its user.
fn runs(sources: &[Source]) -> Vec<Vec<(u32, Run)>> {
    let of_batch = |i: usize| {
        let codes = &sources[i].batch.user.codes;
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
                (sources[i].user[run[0] as usize], run_of)
            })
            .collect()
    };
    (0..sources.len()).into_par_iter().map(of_batch).collect()
}

/// Runs by user, in the order in which they were read.
struct Runs {
    all: Vec<Run>,
    /// Those of the user at place `u` are `starts[u]..starts[u + 1]`.
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
pub(super) struct Source<'a> {
    pub(super) batch: &'a EventBatch,
    pub(super) user: &'a [u32],
    pub(super) scenario: &'a [u32],
    pub(super) action: &'a [u32],
    pub(super) item: &'a [u32],
    pub(super) category: &'a [u32],
}

impl Source<'_> {
    /// What orders events of one user and time.
    fn tie(&self, row: usize) -> (u32, u32, u32, u32) {
        let b = self.batch;
        (
            b.seq(row),
            rank(&b.scenario, self.scenario, row),
            rank(&b.action, self.action, row),
            rank(&b.item, self.item, row),
        )
    }

    /// What orders those that are alike in all of that.
    fn last_tie(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        let value = |s: &Self, row: usize| s.batch.value(row);
        let by_value = value(self, row).total_cmp(&value(other, other_row));
        by_value
            .then_with(|| self.batch.record[row].cmp(&other.batch.record[other_row]))
            .then_with(|| self.batch.text.get(row).cmp(&other.batch.text.get(other_row)))
    }
}

fn rank(column: &Coded, ranks: &[u32], row: usize) -> u32 {
    match column.codes.get(row) {
        None | Some(&NO_CODE) => NO_CODE,
        Some(&code) => ranks[code as usize],
    }
}

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
fn fill(users: Vec<u32>, places: Range<usize>, runs: &Runs, sources: &[Source]) -> Part {
    let own = &runs.all[runs.starts[places.start]..runs.starts[places.end]];
    let mut part = Part::new(users);
    let mut rows: Vec<At> = Vec::with_capacity(runs.events[places.clone()].iter().sum());
    for user in places {
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
    part.scenario = column(sources, rows, |s, r| rank(&s.batch.scenario, s.scenario, r));
    part.action = column(sources, rows, |s, r| rank(&s.batch.action, s.action, r));
    part.role = column(sources, rows, |s, r| s.batch.role[r]);
    part.valence = column(sources, rows, |s, r| s.batch.valence[r]);
    part.occurred = column(sources, rows, |s, r| s.batch.occurred[r]);
    part.record = column(sources, rows, |s, r| s.batch.record[r]);
    if sources.iter().any(|s| !s.batch.seq.is_empty()) {
        part.seq.fill(column(sources, rows, |s, r| s.batch.seq(r)));
    }
    if sources.iter().any(|s| !s.batch.count.is_empty()) {
        part.count.fill(column(sources, rows, |s, r| s.batch.count(r)));
    }
    if sources.iter().any(|s| !s.batch.value.is_empty()) {
        part.value.fill(column(sources, rows, |s, r| s.batch.value(r)));
    }
    if sources.iter().any(|s| !s.batch.item.codes.is_empty()) {
        part.item
            .fill(column(sources, rows, |s, r| rank(&s.batch.item, s.item, r)));
    }
    if sources.iter().any(|s| !s.batch.category.codes.is_empty()) {
        part.category
            .fill(column(sources, rows, |s, r| rank(&s.batch.category, s.category, r)));
    }
    if sources.iter().any(|s| !s.batch.text.is_empty()) {
        for &(batch, row) in rows {
            part.text.push(sources[batch as usize].batch.text.get(row as usize));
        }
    }
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
        .extend(before, rows.clone().map(|r| b.seq(r)), b.seq.is_empty());
    part.count
        .extend(before, rows.clone().map(|r| b.count(r)), b.count.is_empty());
    part.value
        .extend(before, rows.clone().map(|r| b.value(r)), b.value.is_empty());
    part.item.extend(
        before,
        rows.clone().map(|r| rank(&b.item, source.item, r)),
        b.item.codes.is_empty(),
    );
    part.category.extend(
        before,
        rows.clone().map(|r| rank(&b.category, source.category, r)),
        b.category.codes.is_empty(),
    );
    if !b.text.is_empty() || !part.text.codes.is_empty() {
        part.text.codes.resize(before, NO_CODE);
        rows.for_each(|r| part.text.push(b.text.get(r)));
    }
}
