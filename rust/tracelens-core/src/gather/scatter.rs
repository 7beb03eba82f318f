//! Scatter: batches of events, in whatever order they were read, become traces sorted by user and time.
//!
//! A batch that holds all there is of most of its users becomes a part where it lies. The events of all other users are dealt
//! out to parts, column by column: they are read in order, and written to the ends of as many traces as a cache can hold.

use super::codes::{CODED, interned, ranked, recode};
use super::part::{Part, Records, Sparse};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Pool, Precision, Role};
use rayon::prelude::*;
use std::mem::take;
use std::ops::Range;

/// The sorted strings behind the codes of all batches, column by column, and the events in parts: the dealt ones of so many
/// events at least.
pub(super) fn scatter(mut batches: Vec<EventBatch>, events_a_part: usize) -> ([Vec<String>; 5], Vec<Part>) {
    let merged: Vec<Merged> = CODED.par_iter().map(|column| merge(&batches, column)).collect();
    let [user, scenario, action, item, category] = &merged[..] else {
        unreachable!("five columns")
    };
    batches.par_iter_mut().enumerate().for_each(|(i, batch)| {
        let ranks = [user, scenario, action, item, category].map(|column| column.ranks[i].as_slice());
        recode(batch, ranks);
    });
    let users = user.names.len();
    let whole = whole_users(&batches, users, events_a_part / WORTH_A_PART);
    let dealt: Vec<(usize, Vec<Range<usize>>)> = whole
        .iter()
        .enumerate()
        .map(|(i, own)| (i, between(own, batches[i].len())))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    let pieces = dealt.into_iter().map(|(i, rows)| (&batches[i], rows)).collect();
    let mut parts = Deal::new(pieces, users, events_a_part).parts();
    let kept: Vec<(EventBatch, Vec<Run>)> = batches
        .into_iter()
        .zip(whole)
        .filter(|(_, own)| !own.is_empty())
        .collect();
    parts.par_extend(kept.into_par_iter().map(|(batch, own)| adopt(batch, &own)));
    parts.par_iter_mut().for_each(Part::sort);
    let names = <[Merged; 5]>::try_from(merged).unwrap_or_default();
    (names.map(|column| column.names), parts)
}

/// All events of these batches, whose codes are ranks, as one part.
pub(super) fn part(batches: &[EventBatch], users: usize) -> Part {
    let pieces = batches.iter().map(|batch| (batch, between(&[], batch.len()))).collect();
    let mut parts = Deal::new(pieces, users, usize::MAX).parts();
    let mut part = parts.pop().unwrap_or_default();
    part.sort();
    part
}

/// The sorted strings of a column of all batches, and for each batch the rank of each of its codes.
#[derive(Debug, Default)]
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

/// A batch that is smaller than the part it could become by more than this factor is dealt out.
const WORTH_A_PART: usize = 8;
/// So is one whose users take turns, each after fewer events than this.
const LONG_RUN: usize = 8;

/// Events of one user that stand together in a batch.
#[derive(Debug, Clone)]
struct Run {
    user: u32,
    rows: Range<usize>,
}

/// The runs of one user each, or none if they are too short to be told apart.
fn runs(batch: &EventBatch) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for run in batch.user.codes.chunk_by(|a, b| a == b) {
        let rows = start..start + run.len();
        start = rows.end;
        runs.push(Run { user: run[0], rows });
        if runs.len() * LONG_RUN > batch.len() {
            return None;
        }
    }
    Some(runs)
}

/// For each batch the runs that are all there is of their users; none if it is not worth a part.
fn whole_users(batches: &[EventBatch], users: usize, least: usize) -> Vec<Vec<Run>> {
    let found: Vec<Option<Vec<Run>>> = batches
        .par_iter()
        .map(|batch| if batch.len() < least { None } else { runs(batch) })
        .collect();
    let mut runs_of = vec![0u8; users];
    let mut meet = |user: u32| {
        let n = &mut runs_of[user as usize];
        *n = n.saturating_add(1);
    };
    for (batch, runs) in batches.iter().zip(&found) {
        match runs {
            Some(runs) => runs.iter().for_each(|run| meet(run.user)),
            // Twice: so none of them is whole.
            None => batch.user.codes.iter().for_each(|&user| {
                meet(user);
                meet(user);
            }),
        }
    }
    let own = |(batch, runs): (&EventBatch, Option<Vec<Run>>)| {
        let mut runs = runs.unwrap_or_default();
        runs.retain(|run| runs_of[run.user as usize] == 1);
        let rows: usize = runs.iter().map(|run| run.rows.len()).sum();
        if 2 * rows < batch.len() { Vec::new() } else { runs }
    };
    batches.iter().zip(found).map(own).collect()
}

/// The rows of a batch that are in none of these runs.
fn between(runs: &[Run], rows: usize) -> Vec<Range<usize>> {
    let mut from = 0;
    let mut rest = Vec::new();
    for run in runs {
        rest.push(from..run.rows.start);
        from = run.rows.end;
    }
    rest.push(from..rows);
    rest.retain(|rows| !rows.is_empty());
    rest
}

/// A batch as a part of these runs.
fn adopt(batch: EventBatch, runs: &[Run]) -> Part {
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut starts = vec![0];
    for run in runs {
        starts.push(starts[starts.len() - 1] + run.rows.len());
        match kept.last_mut() {
            Some(last) if last.end == run.rows.start => last.end = run.rows.end,
            _ => kept.push(run.rows.clone()),
        }
    }
    let mut text = Coded::default();
    if !batch.text.is_empty() {
        let rows = kept.iter().cloned().flatten();
        rows.for_each(|row| text.push(batch.text.get(row)));
    }
    Part {
        users: runs.iter().map(|run| run.user).collect(),
        starts,
        time: only(batch.time, &kept),
        precision: only(batch.precision, &kept),
        seq: Sparse::new(0, only(batch.seq, &kept)),
        scenario: only(batch.scenario.codes, &kept),
        action: only(batch.action.codes, &kept),
        role: only(batch.role, &kept),
        valence: only(batch.valence, &kept),
        occurred: only(batch.occurred, &kept),
        item: Sparse::new(NO_CODE, only(batch.item.codes, &kept)),
        category: Sparse::new(NO_CODE, only(batch.category.codes, &kept)),
        value: Sparse::new(f64::NAN, only(batch.value, &kept)),
        count: Sparse::new(1, only(batch.count, &kept)),
        text,
        records: if batch.record.is_empty() {
            let first = |run: &Run| batch.first_record + run.rows.start as u64;
            Records::From(runs.iter().map(first).collect())
        } else {
            Records::Numbered(only(batch.record, &kept))
        },
    }
}

/// Some rows of a column, where it lies.
fn only<T: Copy>(mut column: Vec<T>, rows: &[Range<usize>]) -> Vec<T> {
    if !column.is_empty() {
        let mut end = 0;
        for rows in rows {
            column.copy_within(rows.clone(), end);
            end += rows.len();
        }
        column.truncate(end);
    }
    column
}

/// Where the next event of a user goes: its part, and the row there.
type Next = (u32, u32);
/// Users, where the events of each start, and where those of the last end.
type Places = (Vec<u32>, Vec<usize>);

fn events(part: &Places) -> usize {
    part.1.last().copied().unwrap_or(0)
}

/// Events that are dealt out to their users.
struct Deal<'a> {
    /// Batches, each with some of its rows.
    pieces: Vec<(&'a EventBatch, Vec<Range<usize>>)>,
    /// By user.
    first: Vec<Next>,
    /// The users of each part, and where their events start.
    parts: Vec<Places>,
}

impl<'a> Deal<'a> {
    fn new(pieces: Vec<(&'a EventBatch, Vec<Range<usize>>)>, users: usize, events_a_part: usize) -> Self {
        let mut counts = vec![0u32; users];
        for (batch, rows) in &pieces {
            for &user in rows.iter().flat_map(|rows| &batch.user.codes[rows.clone()]) {
                counts[user as usize] += 1;
            }
        }
        let mut first = vec![(0, 0); users];
        let mut parts: Vec<Places> = Vec::new();
        for (user, &n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            if parts.last().is_none_or(|part| events(part) >= events_a_part) {
                parts.push((Vec::new(), vec![0]));
            }
            let part = parts.len() - 1;
            let start = events(&parts[part]);
            first[user] = (part as u32, start as u32);
            parts[part].0.push(user as u32);
            parts[part].1.push(start + n as usize);
        }
        Self { pieces, first, parts }
    }

    fn parts(self) -> Vec<Part> {
        let mut columns = Columns::default();
        let c = &mut columns;
        rayon::scope(|s| {
            let deal = &self;
            s.spawn(|_| c.time = deal.column(NO_TIME, |_| true, |b, r| b.time[r]));
            s.spawn(|_| c.record = deal.column(0, |_| true, EventBatch::record));
            s.spawn(|_| c.value = deal.column(f64::NAN, |b| !b.value.is_empty(), EventBatch::value));
            s.spawn(|_| c.scenario = deal.codes(|b| &b.scenario));
            s.spawn(|_| c.action = deal.codes(|b| &b.action));
            s.spawn(|_| c.item = deal.codes(|b| &b.item));
            s.spawn(|_| c.category = deal.codes(|b| &b.category));
            s.spawn(|_| c.seq = deal.column(0, |b| !b.seq.is_empty(), EventBatch::seq));
            s.spawn(|_| c.count = deal.column(1, |b| !b.count.is_empty(), EventBatch::count));
            s.spawn(|_| c.precision = deal.column(Precision::None, |_| true, |b, r| b.precision[r]));
            s.spawn(|_| c.role = deal.column(Role::Active, |_| true, |b, r| b.role[r]));
            s.spawn(|_| c.valence = deal.column(0, |_| true, |b, r| b.valence[r]));
            s.spawn(|_| c.occurred = deal.column(true, |_| true, |b, r| b.occurred[r]));
            s.spawn(|_| c.text = deal.texts());
        });
        let of_part = |(p, (users, starts)): (usize, Places)| Part {
            users,
            starts,
            time: take(&mut c.time[p]),
            precision: take(&mut c.precision[p]),
            seq: Sparse::new(0, take(&mut c.seq[p])),
            scenario: take(&mut c.scenario[p]),
            action: take(&mut c.action[p]),
            role: take(&mut c.role[p]),
            valence: take(&mut c.valence[p]),
            occurred: take(&mut c.occurred[p]),
            item: Sparse::new(NO_CODE, take(&mut c.item[p])),
            category: Sparse::new(NO_CODE, take(&mut c.category[p])),
            value: Sparse::new(f64::NAN, take(&mut c.value[p])),
            count: Sparse::new(1, take(&mut c.count[p])),
            text: take(&mut c.text[p]),
            records: Records::Numbered(take(&mut c.record[p])),
        };
        self.parts.into_iter().enumerate().map(of_part).collect()
    }

    /// Every event as it was read, and where it goes: its part, and the row there.
    fn each(&self, mut put: impl FnMut(&EventBatch, usize, usize, usize)) {
        let mut next = self.first.clone();
        for (batch, rows) in &self.pieces {
            for row in rows.iter().cloned().flatten() {
                let (part, to) = &mut next[batch.user.codes[row] as usize];
                put(batch, row, *part as usize, *to as usize);
                *to += 1;
            }
        }
    }

    /// A column of each part, or empty ones if no batch has it.
    fn column<T: Copy>(
        &self,
        usual: T,
        has: impl Fn(&EventBatch) -> bool,
        of: impl Fn(&EventBatch, usize) -> T,
    ) -> Vec<Vec<T>> {
        if !self.pieces.iter().any(|(batch, _)| has(batch)) {
            return vec![Vec::new(); self.parts.len()];
        }
        let mut columns: Vec<Vec<T>> = self.parts.iter().map(|part| vec![usual; events(part)]).collect();
        self.each(|batch, row, part, to| columns[part][to] = of(batch, row));
        columns
    }

    fn codes(&self, of: impl Fn(&EventBatch) -> &Coded) -> Vec<Vec<u32>> {
        let code = |b: &EventBatch, row: usize| of(b).codes.get(row).copied().unwrap_or(NO_CODE);
        self.column(NO_CODE, |b| !of(b).codes.is_empty(), code)
    }

    /// The texts of each part, each kept once.
    fn texts(&self) -> Vec<Coded> {
        let mut columns = vec![Coded::default(); self.parts.len()];
        if self.pieces.iter().all(|(batch, _)| batch.text.is_empty()) {
            return columns;
        }
        for (column, part) in columns.iter_mut().zip(&self.parts) {
            column.codes = vec![NO_CODE; events(part)];
        }
        self.each(|batch, row, part, to| {
            if let Some(text) = batch.text.get(row) {
                columns[part].codes[to] = columns[part].pool.intern(text);
            }
        });
        columns
    }
}

/// Columns by part.
#[derive(Default)]
struct Columns {
    time: Vec<Vec<i64>>,
    precision: Vec<Vec<Precision>>,
    seq: Vec<Vec<u32>>,
    scenario: Vec<Vec<u32>>,
    action: Vec<Vec<u32>>,
    role: Vec<Vec<Role>>,
    valence: Vec<Vec<i8>>,
    occurred: Vec<Vec<bool>>,
    item: Vec<Vec<u32>>,
    category: Vec<Vec<u32>>,
    value: Vec<Vec<f64>>,
    count: Vec<Vec<u32>>,
    text: Vec<Coded>,
    record: Vec<Vec<u64>>,
}
