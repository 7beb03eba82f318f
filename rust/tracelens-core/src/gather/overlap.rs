//! How much of one side's records stand in the other side too: what tells a replay of real records from a simulation.

use super::Traces;
use crate::event::{NO_CODE, NO_TIME};
use rayon::prelude::*;
use std::cmp::Ordering;

/// Records of two sides, matched by user, time and scenario of their first event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Records of the first side.
    pub first: u64,
    /// Records of the second side.
    pub second: u64,
    /// Pairs alike in user, time and scenario.
    pub matched: u64,
    /// Pairs alike in user, time, scenario and item.
    pub matched_items: u64,
}

/// Time, scenario and item of a record's first event.
type Head = (i64, u32, u32);

/// Match the records of two sides. Codes are compared by the names behind them. Without a clock nothing matches.
pub fn overlap(a: &Traces, b: &Traces) -> Overlap {
    let scenario = translation(&b.names.scenario, &a.names.scenario);
    let item = translation(&b.names.item, &a.names.item);
    let of = |code: u32, map: &[u32]| if code == NO_CODE { NO_CODE } else { map[code as usize] };
    let of_user = |u: usize| -> Overlap {
        let first = heads(a, u);
        let Ok(v) = b.users.binary_search(&a.users[u]) else {
            return Overlap {
                first: first.len() as u64,
                ..Overlap::default()
            };
        };
        let mut second: Vec<Head> = heads(b, v)
            .into_iter()
            .map(|(t, s, i)| (t, of(s, &scenario), of(i, &item)))
            .collect();
        second.sort_unstable();
        Overlap {
            matched: common(&first, &second, |x, y| (x.0, x.1).cmp(&(y.0, y.1))),
            matched_items: common(&first, &second, Head::cmp),
            first: first.len() as u64,
            second: second.len() as u64,
        }
    };
    let mut sum = (0..a.users.len())
        .into_par_iter()
        .map(of_user)
        .reduce(Overlap::default, |x, y| Overlap {
            first: x.first + y.first,
            second: x.second + y.second,
            matched: x.matched + y.matched,
            matched_items: x.matched_items + y.matched_items,
        });
    // Users of the second side alone have records too.
    let alone = (0..b.users.len())
        .into_par_iter()
        .filter(|&v| a.users.binary_search(&b.users[v]).is_err());
    sum.second += alone.map(|v| heads(b, v).len() as u64).sum::<u64>();
    sum
}

fn translation(from: &[String], to: &[String]) -> Vec<u32> {
    from.par_iter()
        .map(|s| to.binary_search(s).map_or(NO_CODE, |i| i as u32))
        .collect()
}

/// The first event of each record of a user, sorted.
fn heads(t: &Traces, user: usize) -> Vec<Head> {
    let mut rows: Vec<(u64, usize)> = t
        .rows(user)
        .filter(|&r| t.time[r] != NO_TIME)
        .map(|r| (t.record[r], r))
        .collect();
    rows.sort_unstable();
    rows.dedup_by_key(|(record, _)| *record);
    let mut heads: Vec<Head> = rows
        .into_iter()
        .map(|(_, r)| (t.time[r], t.scenario[r], t.item[r]))
        .collect();
    heads.sort_unstable();
    heads
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
