//! All events of one side in canonical order, in parts that are worked on apart.

use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Pool, Precision, Role, Texts};
use rayon::prelude::*;
use std::ops::Range;

/// The sorted distinct names behind the codes, so that a code never depends on the order in which files were read.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Scenarios.
    pub scenario: Vec<String>,
    /// Actions.
    pub action: Vec<String>,
    /// Items.
    pub item: Vec<String>,
    /// Categories.
    pub category: Vec<String>,
}

/// All events of one side, sorted by (user, time, seq, scenario, action, item, value).
#[derive(Debug, Default)]
pub struct Traces {
    /// Sorted ids.
    pub users: Vec<String>,
    /// Names behind the codes.
    pub names: Names,
    /// Ranges of users with their events, of about as many events each: what one task works on.
    pub parts: Vec<Part>,
}

impl Traces {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The part that holds a user.
    pub fn part_of(&self, user: usize) -> &Part {
        &self.parts[self.parts.partition_point(|part| part.users.end <= user)]
    }

    /// First and last time in the log, if it has a clock.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let of_part = |part: &Part| {
            let known = part.time.iter().copied().filter(|&t| t != NO_TIME);
            known.map(|t| (t, t)).reduce(wider)
        };
        self.parts.par_iter().filter_map(of_part).reduce_with(wider)
    }

    /// Whether something holds of any part.
    pub fn any(&self, holds: impl Fn(&Part) -> bool + Sync + Send) -> bool {
        self.parts.par_iter().any(holds)
    }

    /// The events as one batch, in canonical order.
    pub fn to_batch(&self) -> EventBatch {
        let owner = self.parts.iter().flat_map(|part| {
            part.users
                .clone()
                .flat_map(|u| std::iter::repeat_n(u as u32, part.rows(u).len()))
        });
        let parts = &self.parts;
        EventBatch {
            user: coded(owner.collect(), &self.users),
            time: joined(parts, |p, r| p.time[r]),
            precision: joined(parts, |p, r| p.precision[r]),
            seq: joined(parts, |p, r| p.seq.get(r)),
            scenario: coded(joined(parts, |p, r| p.scenario[r]), &self.names.scenario),
            action: coded(joined(parts, |p, r| p.action[r]), &self.names.action),
            role: joined(parts, |p, r| p.role[r]),
            valence: joined(parts, |p, r| p.valence[r]),
            occurred: joined(parts, |p, r| p.occurred[r]),
            item: coded(joined(parts, |p, r| p.item.get(r)), &self.names.item),
            category: coded(joined(parts, |p, r| p.category.get(r)), &self.names.category),
            value: joined(parts, |p, r| p.value.get(r)),
            count: joined(parts, |p, r| p.count.get(r)),
            text: if self.any(|p| !p.text.codes.is_empty()) {
                parts.iter().flat_map(|p| (0..p.len()).map(|r| p.text.get(r))).collect()
            } else {
                Texts::default()
            },
            record: joined(parts, |p, r| p.record[r]),
        }
    }
}

fn wider(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0.min(b.0), a.1.max(b.1))
}

fn joined<T>(parts: &[Part], of: impl Fn(&Part, usize) -> T) -> Vec<T> {
    let of = &of;
    parts.iter().flat_map(|p| (0..p.len()).map(move |r| of(p, r))).collect()
}

fn coded(codes: Vec<u32>, names: &[String]) -> Coded {
    let mut pool = Pool::default();
    for name in names {
        pool.intern(name);
    }
    Coded { codes, pool }
}

/// A column that takes no memory while all of it is the same usual value: most logs lack most columns.
#[derive(Debug, Clone)]
pub struct Sparse<T> {
    usual: T,
    values: Vec<T>,
}

impl<T: Copy> Sparse<T> {
    /// An empty column.
    pub fn new(usual: T) -> Self {
        Self {
            usual,
            values: Vec::new(),
        }
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, row: usize) -> T {
        self.values.get(row).copied().unwrap_or(self.usual)
    }

    /// All values at once.
    pub(super) fn fill(&mut self, values: Vec<T>) {
        self.values = values;
    }

    /// Append values to a column of so many rows; an empty slice stands for usual ones.
    pub(super) fn extend(&mut self, rows: usize, more: impl ExactSizeIterator<Item = T>, usual: bool) {
        if usual && self.values.is_empty() {
            return;
        }
        self.values.resize(rows, self.usual);
        if usual {
            self.values.resize(rows + more.len(), self.usual);
        } else {
            self.values.extend(more);
        }
    }
}

/// The events of a range of users.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which users.
    pub users: Range<usize>,
    /// The events of its user `i` are `starts[i]..starts[i + 1]`.
    pub(super) starts: Vec<usize>,
    /// Microseconds since 1970 UTC, or [`NO_TIME`].
    pub time: Vec<i64>,
    /// How fine the time is.
    pub precision: Vec<Precision>,
    /// Order within the user where the clock cannot tell.
    pub seq: Sparse<u32>,
    /// Code of the scenario.
    pub scenario: Vec<u32>,
    /// Code of the action.
    pub action: Vec<u32>,
    /// Role of the action.
    pub role: Vec<Role>,
    /// -1, 0, +1.
    pub valence: Vec<i8>,
    /// Whether it happened.
    pub occurred: Vec<bool>,
    /// Code of the item or [`NO_CODE`].
    pub item: Sparse<u32>,
    /// Code of the category or [`NO_CODE`].
    pub category: Sparse<u32>,
    /// Value or NaN.
    pub value: Sparse<f64>,
    /// How many acts.
    pub count: Sparse<u32>,
    /// What was said, each text kept once; without a row if nothing was, or if it was not read.
    pub text: Coded,
    /// Record within the user.
    pub record: Vec<u64>,
}

impl Part {
    pub(super) fn new(users: Range<usize>) -> Self {
        Self {
            starts: vec![0],
            users,
            time: Vec::new(),
            precision: Vec::new(),
            seq: Sparse::new(0),
            scenario: Vec::new(),
            action: Vec::new(),
            role: Vec::new(),
            valence: Vec::new(),
            occurred: Vec::new(),
            item: Sparse::new(NO_CODE),
            category: Sparse::new(NO_CODE),
            value: Sparse::new(f64::NAN),
            count: Sparse::new(1),
            text: Coded::default(),
            record: Vec::new(),
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The rows of a user.
    pub fn rows(&self, user: usize) -> Range<usize> {
        let i = user - self.users.start;
        self.starts[i]..self.starts[i + 1]
    }

    /// The rows of a user without a time, and those with a time in `[from, until)`.
    pub fn rows_within(&self, user: usize, from: i64, until: i64) -> [Range<usize>; 2] {
        let rows = self.rows(user);
        let times = &self.time[rows.clone()];
        let untimed = times.partition_point(|&t| t == NO_TIME);
        let place = |time: i64| rows.start + untimed + times[untimed..].partition_point(|&t| t < time);
        let first = place(from);
        [rows.start..rows.start + untimed, first..place(until).max(first)]
    }
}
