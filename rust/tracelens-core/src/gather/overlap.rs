//! How much of one side's records stand in the other side too: what tells a replay of real records from a simulation.

use super::traces::{Held, Store};
use super::{Part, Traces, Window};
use crate::error::{Code, Error, Result};
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
    /// The same seen from the other side.
    fn turned(self) -> Self {
        Self {
            first: self.second,
            second: self.first,
            events_first: self.events_second,
            events_second: self.events_first,
            ..self
        }
    }

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
/// nothing matches. Errors if events on disk cannot be read back.
pub fn overlap(a: (&Traces, Option<Window>), b: (&Traces, Option<Window>)) -> Result<Overlap> {
    // The first side is gone through part by part, and of the second any user is looked up: best if that one is in memory.
    if matches!((&a.0.store, &b.0.store), (Store::Held(_), Store::Aside(_))) {
        return overlap(b, a).map(Overlap::turned);
    }
    let (from, to) = (&b.0.names, &a.0.names);
    let maps = [
        translation(&from.scenario, &to.scenario),
        translation(&from.item, &to.item),
        translation(&from.category, &to.category),
    ];
    let both = |part: &Part, others: Others| -> Overlap {
        let users = part.users.par_iter().enumerate();
        let of_user = |(place, &user): (usize, &u32)| {
            let other = b.0.users.binary_search(&a.0.users[user as usize]).ok();
            let other = other.and_then(|v| others.find(v));
            let second = other.map(|(part, place)| heads(part, place, b.1));
            matched(&heads(part, place, a.1), second, &maps)
        };
        users.map(of_user).reduce(Overlap::default, Overlap::plus)
    };
    let shared: Vec<Overlap> = match (&a.0.store, &b.0.store) {
        // Both are divided alike.
        (Store::Aside(left), Store::Aside(right)) => (0..left.len())
            .into_par_iter()
            .map(|p| Ok(both(&left.load(p)?, Others::Part(&right.load(p)?))))
            .collect::<Result<_>>()?,
        (_, Store::Aside(_)) => return Err(Error::new(Code::BadOption, "sides that cannot be matched")),
        (_, Store::Held(others)) => a.0.map_parts(|_, part| both(part, Others::All(others)))?,
    };
    // Users of the second side alone have records too.
    let alone = |_: usize, part: &Part| -> Overlap {
        let users = part.users.iter().enumerate();
        let users = users.filter(|&(_, &v)| a.0.users.binary_search(&b.0.users[v as usize]).is_err());
        let of_user = |(place, _)| {
            let (records, events) = heads(part, place, b.1);
            Overlap {
                second: records.len() as u64,
                events_second: events,
                ..Overlap::default()
            }
        };
        users.map(of_user).fold(Overlap::default(), Overlap::plus)
    };
    let rest = b.0.map_parts(alone)?;
    Ok(shared.into_iter().chain(rest).fold(Overlap::default(), Overlap::plus))
}

/// Where users of the second side are looked up.
#[derive(Clone, Copy)]
enum Others<'a> {
    All(&'a Held),
    Part(&'a Part),
}

impl<'a> Others<'a> {
    /// Part and place of a user.
    fn find(self, user: usize) -> Option<(&'a Part, usize)> {
        match self {
            Self::All(held) => Some(held.find(user)),
            Self::Part(part) => part.users.binary_search(&(user as u32)).ok().map(|place| (part, place)),
        }
    }
}

/// What one user's records on both sides have in common.
fn matched(first: &(Vec<Head>, u64), second: Option<(Vec<Head>, u64)>, maps: &[Vec<u32>; 3]) -> Overlap {
    let (first, events_first) = (&first.0, first.1);
    let (second, events_second) = second.unwrap_or_default();
    let of = |code: u32, map: &[u32]| if code == NO_CODE { NO_CODE } else { map[code as usize] };
    let [scenario, item, category] = maps;
    let mut second: Vec<Head> = second
        .into_iter()
        .map(|(t, s, i, c)| (t, of(s, scenario), of(i, item), of(c, category)))
        .collect();
    second.sort_unstable();
    Overlap {
        matched: common(first, &second, |x, y| (x.0, x.1).cmp(&(y.0, y.1))),
        matched_items: common(first, &second, Head::cmp),
        first: first.len() as u64,
        second: second.len() as u64,
        events_first,
        events_second,
        events_matched: events_first.min(events_second),
    }
}

fn translation(from: &[String], to: &[String]) -> Vec<u32> {
    from.par_iter()
        .map(|s| to.binary_search(s).map_or(NO_CODE, |i| i as u32))
        .collect()
}

/// The first event of each record of a user, sorted, and the number of events that happened.
fn heads(t: &Part, place: usize, window: Option<Window>) -> (Vec<Head>, u64) {
    let (from, until) = window.map_or((i64::MIN + 1, i64::MAX), |w| (w.from, w.until));
    let [_, timed] = t.rows_within(place, from, until);
    let mut rows: Vec<(u64, usize)> = timed.map(|r| (t.record(place, r), r)).collect();
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
