//! The events of some users, in columns.

use crate::event::{Coded, NO_CODE, NO_TIME, Precision, Role};
use std::cmp::Ordering;
use std::ops::Range;

/// A column that takes no memory while all of it is the same usual value: most logs lack most columns.
#[derive(Debug, Clone)]
pub struct Sparse<T> {
    usual: T,
    pub(super) values: Vec<T>,
}

impl<T: Copy> Sparse<T> {
    /// A column of these values; without any, all are the usual one.
    pub fn new(usual: T, values: Vec<T>) -> Self {
        Self { usual, values }
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, row: usize) -> T {
        self.values.get(row).copied().unwrap_or(self.usual)
    }
}

/// The events of some users.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which users, as indices into [`super::Traces::users`], in any order.
    pub users: Vec<u32>,
    /// The events of its user at place `i` are `starts[i]..starts[i + 1]`.
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
    /// Numbers of the records.
    pub(super) records: Records,
}

/// Which events were logged together.
#[derive(Debug, Clone)]
pub(super) enum Records {
    /// Those of one number.
    Numbered(Vec<u64>),
    /// None: each event is a record of its own, numbered in their order, by place of the user from here.
    From(Vec<u64>),
}

impl Default for Part {
    /// Nobody.
    fn default() -> Self {
        Self {
            users: Vec::new(),
            starts: vec![0],
            time: Vec::new(),
            precision: Vec::new(),
            seq: Sparse::new(0, Vec::new()),
            scenario: Vec::new(),
            action: Vec::new(),
            role: Vec::new(),
            valence: Vec::new(),
            occurred: Vec::new(),
            item: Sparse::new(NO_CODE, Vec::new()),
            category: Sparse::new(NO_CODE, Vec::new()),
            value: Sparse::new(f64::NAN, Vec::new()),
            count: Sparse::new(1, Vec::new()),
            text: Coded::default(),
            records: Records::Numbered(Vec::new()),
        }
    }
}

impl Part {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The rows of the user at a place of `users`.
    pub fn rows(&self, place: usize) -> Range<usize> {
        self.starts[place]..self.starts[place + 1]
    }

    /// The number of an event's record, unique within the user at this place.
    #[inline]
    pub fn record(&self, place: usize, row: usize) -> u64 {
        match &self.records {
            Records::Numbered(numbers) => numbers[row],
            Records::From(first) => first[place] + (row - self.starts[place]) as u64,
        }
    }

    /// The rows of the user at a place without a time, and those with a time in `[from, until)`.
    pub fn rows_within(&self, place: usize, from: i64, until: i64) -> [Range<usize>; 2] {
        let rows = self.rows(place);
        let times = &self.time[rows.clone()];
        let untimed = times.partition_point(|&t| t == NO_TIME);
        let row_at = |time: i64| rows.start + untimed + times[untimed..].partition_point(|&t| t < time);
        let first = row_at(from);
        [rows.start..rows.start + untimed, first..row_at(until).max(first)]
    }

    /// Bring the events of each user into canonical order; those that are alike in all of it stay as they were read.
    pub(super) fn sort(&mut self) {
        let mut keyed: Vec<(i64, usize)> = Vec::new();
        for place in 0..self.users.len() {
            let rows = self.rows(place);
            let follows = |row: usize| {
                let (before, time) = (self.time[row - 1], self.time[row]);
                before < time || before == time && self.tied(place, row - 1, row) != Ordering::Greater
            };
            if (rows.start + 1..rows.end).all(follows) {
                continue;
            }
            keyed.clear();
            keyed.extend(rows.clone().map(|row| (self.time[row], row)));
            keyed.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| self.tied(place, a.1, b.1)));
            self.number_records();
            self.permute(rows, &keyed);
        }
    }

    /// The canonical order of two events of one user and time.
    fn tied(&self, place: usize, one: usize, other: usize) -> Ordering {
        let first = |row: usize| {
            (
                self.seq.get(row),
                self.scenario[row],
                self.action[row],
                self.item.get(row),
            )
        };
        first(one)
            .cmp(&first(other))
            .then_with(|| self.value.get(one).total_cmp(&self.value.get(other)))
            .then_with(|| self.record(place, one).cmp(&self.record(place, other)))
            .then_with(|| self.text.get(one).cmp(&self.text.get(other)))
    }

    /// Events that are not in the order in which their records are numbered need the numbers.
    fn number_records(&mut self) {
        if matches!(self.records, Records::From(_)) {
            let part = &*self;
            let of_user = |place: usize| part.rows(place).map(move |row| part.record(place, row));
            self.records = Records::Numbered((0..part.users.len()).flat_map(of_user).collect());
        }
    }

    fn permute(&mut self, rows: Range<usize>, order: &[(i64, usize)]) {
        fn column<T: Copy>(column: &mut [T], rows: &Range<usize>, order: &[(i64, usize)]) {
            if !column.is_empty() {
                let sorted: Vec<T> = order.iter().map(|&(_, row)| column[row]).collect();
                column[rows.clone()].copy_from_slice(&sorted);
            }
        }
        column(&mut self.time, &rows, order);
        column(&mut self.precision, &rows, order);
        column(&mut self.seq.values, &rows, order);
        column(&mut self.scenario, &rows, order);
        column(&mut self.action, &rows, order);
        column(&mut self.role, &rows, order);
        column(&mut self.valence, &rows, order);
        column(&mut self.occurred, &rows, order);
        column(&mut self.item.values, &rows, order);
        column(&mut self.category.values, &rows, order);
        column(&mut self.value.values, &rows, order);
        column(&mut self.count.values, &rows, order);
        column(&mut self.text.codes, &rows, order);
        if let Records::Numbered(numbers) = &mut self.records {
            column(numbers, &rows, order);
        }
    }
}
