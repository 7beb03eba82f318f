//! Sessions, tempo and grams against slow oracles that cut the log into lists, on random logs with ties, dates, records that
//! run side by side, and users without a clock.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tracelens_core::axes::Table;
use tracelens_core::axes::grams::{Gram, Grams, Of};
use tracelens_core::event::{EventBatch, NO_TIME, Precision, Role};
use tracelens_core::gather::{Calendar, DAY, Gatherer, MINUTE, Part, TraceBuilder, Traces};
use tracelens_core::statistics::{Options, Statistics, summarise};

/// One event of a random log; fields in the order in which the canonical order compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    user: u8,
    time: i64,
    seq: u32,
    scenario: u8,
    action: u8,
    record: u64,
    dated: bool,
    occurred: bool,
}

/// Users in bursts; times are whole 5 minutes, so that they tie with each other and with the gaps. The last user has a
/// clock on some events only, the one before on none.
fn row() -> impl Strategy<Value = Row> {
    let when = (0..3_i64, 0..30_i64, prop::bool::weighted(0.1));
    let what = (0..3_u32, 0..3_u8, 0..4_u8, 0..6_u64);
    (0..5_u8, when, what, prop::bool::weighted(0.9), any::<bool>()).prop_map(|(user, when, what, occurred, timed)| {
        let (day, five, dated) = when;
        let (seq, scenario, action, record) = what;
        let clock = user < 3 || (user == 4 && timed);
        let dated = dated && clock;
        let time = day * DAY + if dated { 0 } else { five * 5 * MINUTE };
        Row {
            user,
            time: if clock { time } else { NO_TIME },
            seq,
            scenario,
            action,
            record,
            dated,
            occurred,
        }
    })
}

fn log() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(row(), 1..120)
}

fn traces(log: &[Row]) -> Traces {
    let mut batch = EventBatch::default();
    for row in log {
        batch.user.push(Some(&format!("u{}", row.user)));
        batch.time.push(row.time);
        let precision = match (row.time, row.dated) {
            (NO_TIME, _) => Precision::None,
            (_, true) => Precision::Day,
            _ => Precision::Second,
        };
        batch.precision.push(precision);
        batch.seq.push(row.seq);
        batch.scenario.push(Some(&format!("s{:03}", row.scenario)));
        batch.action.push(Some(&format!("a{}", row.action)));
        batch.role.push(Role::Active);
        batch.valence.push(0);
        batch.occurred.push(row.occurred);
        batch.item.push(Some("x"));
        batch.category.push(None);
        batch.value.push(f64::NAN);
        batch.count.push(1);
        batch.record.push(row.record);
    }
    let mut gatherer = Gatherer::default();
    gatherer.push(batch).unwrap();
    gatherer.finish().unwrap()
}

fn statistics(traces: &Traces) -> Statistics {
    with_grams(traces, true)
}

fn with_grams(traces: &Traces, grams: bool) -> Statistics {
    let options = Options {
        grams,
        minhash: true,
        ..Options::default()
    };
    summarise(traces, &options).unwrap()
}

fn rows(statistics: &Statistics, name: &str) -> Vec<Vec<i64>> {
    let Some((_, table)) = statistics.tables.iter().find(|t| t.0 == name) else {
        return Vec::new();
    };
    (0..table.len())
        .map(|r| table.columns.iter().map(|c| c[r]).collect())
        .collect()
}

/// What each user did at a known time, in order, and whether the user has a clock.
fn people(log: &[Row]) -> Vec<(Vec<Row>, bool)> {
    let mut by_user: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
    for row in log {
        by_user.entry(row.user).or_default().push(*row);
    }
    let person = |mut rows: Vec<Row>| {
        rows.sort_unstable();
        let clock = rows.iter().all(|r| r.time != NO_TIME);
        rows.retain(|r| r.occurred && !r.dated);
        (rows, clock)
    };
    by_user.into_values().map(person).collect()
}

/// The sessions of one person: lists of what was done in each.
fn cut(rows: &[Row], clock: bool, gap: i64) -> Vec<Vec<Row>> {
    let mut sessions: Vec<Vec<Row>> = Vec::new();
    if !clock {
        let records: BTreeSet<u64> = rows.iter().map(|r| r.record).collect();
        let of = |record| rows.iter().copied().filter(|r| r.record == record).collect();
        return records.into_iter().map(of).collect();
    }
    for &row in rows {
        match sessions.last_mut() {
            Some(session) if row.time - session[session.len() - 1].time <= gap => session.push(row),
            _ => sessions.push(vec![row]),
        }
    }
    sessions
}

fn sessions_by_hand(log: &[Row]) -> Vec<Vec<i64>> {
    let mut found = Vec::new();
    for (user, (rows, clock)) in people(log).into_iter().enumerate() {
        for gap in if clock { vec![10, 30, 60] } else { vec![0] } {
            let sessions = cut(&rows, clock, gap * MINUTE);
            let first = |s: &[Row]| s[0];
            let last = |s: &[Row]| s[s.len() - 1];
            let duration = || sessions.iter().map(|s| last(s).time - first(s).time).sum();
            let runs: usize = sessions
                .iter()
                .map(|s| s.chunk_by(|a, b| a.scenario == b.scenario).count())
                .sum();
            let moved = |pair: &&[Vec<Row>]| last(&pair[0]).scenario != first(&pair[1]).scenario;
            let changes = sessions.windows(2).filter(moved).count();
            if !sessions.is_empty() {
                found.push(vec![
                    user as i64,
                    gap,
                    sessions.len() as i64,
                    rows.len() as i64,
                    if clock { duration() } else { 0 },
                    runs as i64,
                    if clock { changes as i64 } else { 0 },
                ]);
            }
        }
    }
    found
}

fn gaps(times: &[i64]) -> Vec<f64> {
    times.windows(2).map(|w| (w[1] - w[0]) as f64).collect()
}

fn alike(values: &[f64]) -> bool {
    values.iter().all(|v| (v - values[0]).abs() < 0.5)
}

/// Plain and finite-size burstiness of times.
fn burstiness_by_hand(times: &[i64]) -> Option<(f64, f64)> {
    let gaps = gaps(times);
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / n;
    if gaps.len() < 2 || mean < 0.5 {
        return None;
    }
    let mean_square = gaps.iter().map(|g| g * g).sum::<f64>() / n;
    let sd = (mean_square - mean * mean).max(0.0).sqrt();
    let (up, down) = ((n + 1.0).sqrt(), (n - 1.0).sqrt());
    let r = sd / mean;
    Some(((sd - mean) / (sd + mean), (up * r - down) / ((up - 2.0) * r + down)))
}

/// Memory of the logarithms of the gaps between distinct times: Pearson's r from raw sums.
fn memory_by_hand(times: &[i64]) -> Option<f64> {
    let distinct: Vec<i64> = times.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let gaps = gaps(&distinct);
    if gaps.len() < 3 || alike(&gaps[1..]) || alike(&gaps[..gaps.len() - 1]) {
        return None;
    }
    let minutes = |g: &f64| (g / MINUTE as f64).ln();
    let pairs: Vec<(f64, f64)> = gaps.windows(2).map(|w| (minutes(&w[0]), minutes(&w[1]))).collect();
    let n = pairs.len() as f64;
    let sum = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>();
    let (x, y) = (sum(&|p| p.0), sum(&|p| p.1));
    let (xx, yy, xy) = (sum(&|p| p.0 * p.0), sum(&|p| p.1 * p.1), sum(&|p| p.0 * p.1));
    Some((n * xy - x * y) / ((n * xx - x * x).sqrt() * (n * yy - y * y).sqrt()))
}

/// For each user with a clock and a gap: events, then session starts.
fn tempo_by_hand(log: &[Row]) -> Vec<(i64, i64, Vec<i64>)> {
    let mut found = Vec::new();
    for (user, (rows, clock)) in people(log).into_iter().enumerate() {
        if !clock {
            continue;
        }
        let done: BTreeSet<(i64, u64)> = rows.iter().map(|r| (r.time, r.record)).collect();
        let times: Vec<i64> = done.into_iter().map(|d| d.0).collect();
        let starts: Vec<i64> = cut(&rows, true, 30 * MINUTE).iter().map(|s| s[0].time).collect();
        for (unit, times) in [(0, times), (1, starts)] {
            if times.len() > 1 {
                found.push((user as i64, unit, times));
            }
        }
    }
    found
}

fn grams_by_hand(log: &[Row], traces: &Traces) -> BTreeMap<(i64, bool, Vec<String>), i64> {
    let mut found = BTreeMap::new();
    for (user, (rows, clock)) in people(log).into_iter().enumerate() {
        for session in cut(&rows, clock, 30 * MINUTE) {
            for of_actions in [false, true] {
                let name = |r: &Row| {
                    if of_actions {
                        format!("a{}", r.action)
                    } else {
                        format!("s{:03}", r.scenario)
                    }
                };
                let names: Vec<String> = session.iter().map(name).collect();
                for n in [2, 3] {
                    for gram in names.windows(n) {
                        *found.entry((user as i64, of_actions, gram.to_vec())).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    assert!(traces.users.len() == people(log).len());
    found
}

fn named(gram: &Gram, traces: &Traces) -> (bool, Vec<String>) {
    let (of_actions, names) = match gram.of {
        Of::Scenarios => (false, &traces.names.scenario),
        Of::Actions => (true, &traces.names.action),
    };
    (
        of_actions,
        gram.codes.iter().map(|&c| names[c as usize].clone()).collect(),
    )
}

/// Grams of the users in one accumulator for each range.
fn grams_in_parts(traces: &Traces, cuts: &[usize]) -> (Table, Vec<Gram>) {
    let mut bounds = cuts.to_vec();
    bounds.extend([0, traces.users.len()]);
    bounds.sort_unstable();
    let of_part = |_: usize, part: &Part| {
        let mut builder = TraceBuilder::new(Calendar::new(jiff::tz::TimeZone::UTC), false);
        let of_range = |range: &[usize]| {
            let mut grams = Grams::new(traces.names.scenario.len(), traces.names.action.len());
            for place in range[0]..range[1] {
                grams.fold(place as i64, builder.build(part, place, None));
            }
            grams
        };
        let mut all = bounds.windows(2).map(of_range);
        let mut first = all.next().unwrap();
        all.for_each(|more| first.append(&more));
        (first.table, first.grams)
    };
    let [all] = traces.map_parts(of_part).unwrap().try_into().unwrap();
    all
}

fn check_grams(log: &[Row]) {
    let traces = traces(log);
    let s = statistics(&traces);
    let found = rows(&s, "grams");
    let mut counts = BTreeMap::new();
    for row in &found {
        let (of_actions, names) = named(&s.grams[row[1] as usize], &traces);
        assert!(
            counts.insert((row[0], of_actions, names), row[2]).is_none(),
            "a gram has one row"
        );
    }
    assert_eq!(counts, grams_by_hand(log, &traces));
    let distinct: BTreeSet<_> = s.grams.iter().map(|g| named(g, &traces)).collect();
    assert_eq!(distinct.len(), s.grams.len(), "a gram has one code");
}

proptest! {
    #[test]
    fn sessions_are_those_of_lists(log in log()) {
        prop_assert_eq!(rows(&statistics(&traces(&log)), "sessions"), sessions_by_hand(&log));
    }

    #[test]
    fn tempo_is_that_of_the_formulas(log in log()) {
        let found = rows(&statistics(&traces(&log)), "tempo");
        let expected = tempo_by_hand(&log);
        prop_assert_eq!(found.len(), expected.len());
        for (row, (user, unit, times)) in found.iter().zip(expected) {
            let near = |fixed: i64, value: f64| (fixed as f64 / f64::from(1 << 20) - value).abs() < 2e-6;
            prop_assert_eq!(&row[..3], &[user, unit, times.len() as i64 - 1]);
            let b = burstiness_by_hand(&times);
            prop_assert_eq!(row[3], i64::from(b.is_some()));
            let (plain, finite) = b.unwrap_or((0.0, 0.0));
            prop_assert!(near(row[4], plain) && near(row[5], finite), "{:?} {:?} {:?}", row, b, times);
            let distinct = times.iter().collect::<BTreeSet<_>>().len() as i64;
            prop_assert_eq!(row[6], (distinct - 2).max(0));
            let m = memory_by_hand(&times);
            prop_assert_eq!(row[7], i64::from(m.is_some()));
            prop_assert!(near(row[8], m.unwrap_or(0.0)), "{:?} {:?} {:?}", row, m, times);
        }
    }

    #[test]
    fn grams_are_those_of_lists(log in log()) {
        check_grams(&log);
    }

    #[test]
    fn grams_do_not_depend_on_parts(log in log(), cuts in prop::collection::vec(0..4_usize, 0..3)) {
        let traces = traces(&log);
        let cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(traces.users.len())).collect();
        let (table, grams) = grams_in_parts(&traces, &cuts);
        let s = statistics(&traces);
        prop_assert_eq!(&grams, &s.grams);
        let whole = s.tables.iter().find(|t| t.0 == "grams").map(|t| &t.1);
        prop_assert!(whole.is_none_or(|whole| *whole == table));
    }
}

#[test]
fn five_scenarios_or_many() {
    // So many that triples have no places of their own any more.
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let log: Vec<Row> = (0..24_000)
        .map(|i| Row {
            user: next(3) as u8,
            time: i * MINUTE,
            seq: 0,
            scenario: next(250) as u8,
            action: next(4) as u8,
            record: i as u64,
            dated: false,
            occurred: true,
        })
        .collect();
    check_grams(&log);
}

#[test]
fn grams_only_if_asked_for() {
    let row = |i: i64| Row {
        user: 0,
        time: i * MINUTE,
        seq: 0,
        scenario: 0,
        action: 0,
        record: i as u64,
        dated: false,
        occurred: true,
    };
    let traces = traces(&[row(0), row(1)]);
    let (with, without) = (with_grams(&traces, true), with_grams(&traces, false));
    assert_eq!((with.grams.len(), rows(&with, "grams").len()), (2, 2));
    assert!(without.grams.is_empty() && without.tables.iter().all(|t| t.0 != "grams"));
}
