//! How much of one side's records stand in the other side too: what tells a replay of real records from a simulation.

use super::{Traces, Window};
use crate::event::NO_CODE;
use rayon::prelude::*;
use std::cmp::Ordering;

/// What two sides have in common, matched by user, inside their observation windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Records of the first side.
    pub first: u64,
    /// Records of the second side.
    pub second: u64,
    /// Pairs of records alike in user, and in time and scenario of their first event.
    pub matched: u64,
    /// Pairs alike in item and category too.
    pub matched_items: u64,
    /// Events that happened on the first side.
    pub events_first: u64,
    /// Events that happened on the second side.
    pub events_second: u64,
    /// Events up to the smaller of a user's two counts.
    pub events_matched: u64,
}

impl Overlap {
    fn plus(self, other: Self) -> Self {
        Self {
            first: self.first + other.first,
            second: self.second + other.second,
            matched: self.matched + other.matched,
            matched_items: self.matched_items + other.matched_items,
            events_first: self.events_first + other.events_first,
            events_second: self.events_second + other.events_second,
            events_matched: self.events_matched + other.events_matched,
        }
    }
}

/// Time, scenario, item and category of a record's first event.
type Head = (i64, u32, u32, u32);

/// Match the records of two sides, each within its window. Codes are compared by the names behind them. Without a clock
/// nothing matches.
pub fn overlap(a: (&Traces, Option<Window>), b: (&Traces, Option<Window>)) -> Overlap {
    let ((left, left_window), (right, right_window)) = (a, b);
    let scenario = translation(&right.names.scenario, &left.names.scenario);
    let item = translation(&right.names.item, &left.names.item);
    let category = translation(&right.names.category, &left.names.category);
    let of = |code: u32, map: &[u32]| if code == NO_CODE { NO_CODE } else { map[code as usize] };
    let both = |u: usize| -> Overlap {
        let (first, n_first) = heads(left, u, left_window);
        let Ok(v) = right.users.binary_search(&left.users[u]) else {
            return Overlap {
                first: first.len() as u64,
                events_first: n_first,
                ..Overlap::default()
            };
        };
        let (second, n_second) = heads(right, v, right_window);
        let mut second: Vec<Head> = second
            .into_iter()
            .map(|(t, s, i, c)| (t, of(s, &scenario), of(i, &item), of(c, &category)))
            .collect();
        second.sort_unstable();
        Overlap {
            matched: common(&first, &second, |x, y| (x.0, x.1).cmp(&(y.0, y.1))),
            matched_items: common(&first, &second, Head::cmp),
            first: first.len() as u64,
            second: second.len() as u64,
            events_first: n_first,
            events_second: n_second,
            events_matched: n_first.min(n_second),
        }
    };
    // Users of the second side alone have records too.
    let alone = |v: usize| -> Overlap {
        let (records, events) = heads(right, v, right_window);
        Overlap {
            second: records.len() as u64,
            events_second: events,
            ..Overlap::default()
        }
    };
    let shared = (0..left.users.len())
        .into_par_iter()
        .map(both)
        .reduce(Overlap::default, Overlap::plus);
    let rest = (0..right.users.len())
        .into_par_iter()
        .filter(|&v| left.users.binary_search(&right.users[v]).is_err())
        .map(alone)
        .reduce(Overlap::default, Overlap::plus);
    shared.plus(rest)
}

fn translation(from: &[String], to: &[String]) -> Vec<u32> {
    from.par_iter()
        .map(|s| to.binary_search(s).map_or(NO_CODE, |i| i as u32))
        .collect()
}

/// The first event of each record of a user, sorted, and the number of events that happened.
fn heads(t: &Traces, user: usize, window: Option<Window>) -> (Vec<Head>, u64) {
    let t = t.part_of(user);
    let (from, until) = window.map_or((i64::MIN + 1, i64::MAX), |w| (w.from, w.until));
    let [_, timed] = t.rows_within(user, from, until);
    let mut rows: Vec<(u64, usize)> = timed.map(|r| (t.record[r], r)).collect();
    let events = rows.iter().filter(|(_, r)| t.occurred[*r]).count() as u64;
    rows.sort_unstable();
    rows.dedup_by_key(|(record, _)| *record);
    let mut heads: Vec<Head> = rows
        .into_iter()
        .map(|(_, r)| (t.time[r], t.scenario[r], t.item.get(r), t.category.get(r)))
        .collect();
    heads.sort_unstable();
    (heads, events)
}

/// Size of the intersection of two sorted multisets.
fn common(left: &[Head], right: &[Head], order: impl Fn(&Head, &Head) -> Ordering) -> u64 {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut size = 0;
    while let (Some(&x), Some(&y)) = (left.peek(), right.peek()) {
        let order = order(x, y);
        if order != Ordering::Greater {
            left.next();
        }
        if order != Ordering::Less {
            right.next();
        }
        size += u64::from(order == Ordering::Equal);
    }
    size
}
