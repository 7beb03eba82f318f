//! Random logs, and the lives of their users as lists.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use tracelens_core::event::{EventBatch, NO_TIME, Precision, Role};
use tracelens_core::gather::{DAY, Gatherer, MINUTE, Traces};

/// One event; in canonical order by user, time and the place in the log, which is its `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) user: u8,
    pub(crate) time: i64,
    pub(crate) seq: u32,
    pub(crate) dated: bool,
    pub(crate) scenario: i64,
    pub(crate) item: Option<i64>,
    pub(crate) category: Option<i64>,
    pub(crate) won: bool,
    pub(crate) record: u64,
    pub(crate) occurred: bool,
}

impl Row {
    /// When it is known to be over.
    pub(crate) fn over(&self) -> i64 {
        self.time + if self.dated { DAY } else { 0 }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) rows: Vec<Row>,
    pub(crate) items: bool,
    pub(crate) categories: bool,
    pub(crate) days: Option<Range<i64>>,
}

impl Log {
    pub(crate) fn end(&self) -> i64 {
        let timed = self.rows.iter().map(|r| r.time).filter(|&t| t != NO_TIME);
        let last = timed.max().map_or(i64::MAX, |last| last + 1);
        self.days.as_ref().map_or(last, |days| days.end * DAY)
    }

    /// What is linked to what: by item, else by category.
    pub(crate) fn keys(&self) -> Vec<fn(&Row) -> Option<i64>> {
        match (self.items, self.categories) {
            (false, false) => vec![|_| Some(0)],
            _ => vec![|r| r.item, |r| r.category],
        }
    }

    /// The events that happened to each user with a clock, in order, by the user's number.
    pub(crate) fn people(&self) -> Vec<(i64, Vec<Row>)> {
        let mut by_user: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
        for row in &self.rows {
            by_user.entry(row.user).or_default().push(*row);
        }
        let person = |(number, mut rows): (usize, Vec<Row>)| {
            let window = self.days.clone().unwrap_or(-1..1000);
            rows.retain(|r| r.time == NO_TIME || (window.start * DAY..window.end * DAY).contains(&r.time));
            let clock = rows.iter().all(|r| r.time != NO_TIME);
            rows.retain(|r| r.occurred);
            rows.sort_unstable();
            clock.then_some((number as i64, rows))
        };
        by_user.into_values().enumerate().filter_map(person).collect()
    }
}

/// Users in bursts over six weeks. Times are whole 10 minutes, so that they tie with each other and with the pauses. The last
/// user has a clock on some events only, the one before on none.
pub(crate) fn log() -> impl Strategy<Value = Log> {
    let when = (0..45_i64, 0..9_i64, prop::bool::weighted(0.1), any::<bool>());
    let what = (
        0..4_i64,
        prop::option::weighted(0.9, 0..4_i64),
        prop::option::weighted(0.9, 0..3_i64),
    );
    let row = (
        0..6_u8,
        when,
        what,
        prop::bool::weighted(0.15),
        (0..60_u64, prop::bool::weighted(0.9)),
    );
    let rows = prop::collection::vec(row, 1..220);
    let days = prop_oneof![Just(None), Just(Some(4..41))];
    (rows, prop::bool::weighted(0.8), prop::bool::weighted(0.8), days).prop_map(|(rows, items, categories, days)| {
        let row = |(seq, (user, when, what, won, rest)): (usize, _)| {
            let (day, ten, dated, timed): (i64, i64, bool, bool) = when;
            let (scenario, item, category): (i64, Option<i64>, Option<i64>) = what;
            let (record, occurred): (u64, bool) = rest;
            let clock = user < 4 || (user == 5 && timed);
            let dated = dated && clock;
            Row {
                user,
                time: if clock {
                    day * DAY + if dated { 0 } else { ten * 10 * MINUTE }
                } else {
                    NO_TIME
                },
                seq: seq as u32,
                dated,
                scenario,
                item: item.filter(|_| items),
                category: category.filter(|_| categories),
                won,
                record,
                occurred,
            }
        };
        let rows: Vec<Row> = rows.into_iter().enumerate().map(row).collect();
        Log {
            items: rows.iter().any(|r| r.item.is_some()),
            categories: rows.iter().any(|r| r.category.is_some()),
            rows,
            days,
        }
    })
}

pub(crate) fn traces(log: &Log) -> Traces {
    let mut batch = EventBatch::default();
    let name = |letter: &str, code: i64| format!("{letter}{code}");
    for row in &log.rows {
        batch.user.push(Some(&format!("u{}", row.user)));
        batch.time.push(row.time);
        batch.precision.push(match (row.time, row.dated) {
            (NO_TIME, _) => Precision::None,
            (_, true) => Precision::Day,
            _ => Precision::Second,
        });
        batch.seq.push(row.seq);
        batch.scenario.push(Some(&name("s", row.scenario)));
        batch.action.push(Some(if row.won { "buy" } else { "see" }));
        batch.role.push(if row.won { Role::Conversion } else { Role::Exposure });
        batch.valence.push(0);
        batch.occurred.push(row.occurred);
        batch.item.push(row.item.map(|i| name("i", i)).as_deref());
        batch.category.push(row.category.map(|c| name("c", c)).as_deref());
        batch.value.push(f64::NAN);
        batch.count.push(1);
        batch.record.push(row.record);
    }
    let mut gatherer = Gatherer::default();
    gatherer.push(batch).unwrap();
    gatherer.finish().unwrap()
}
