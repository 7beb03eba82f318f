//! Look-backs from conversions and controls, first touches, and the asymmetry by own activity, against slow oracles that walk
//! over lists: on random logs with ties, dates, records that run side by side, things met again, and users without a clock.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

mod log;

use log::{Log, Row, log, traces};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tracelens_core::gather::{DAY, MINUTE, Traces};
use tracelens_core::statistics::{Options, Statistics, summarise};

fn statistics(log: &Log, traces: &Traces, look_backs: bool) -> Statistics {
    let options = Options {
        days: log.days.clone(),
        look_backs,
        ..Options::default()
    };
    summarise(traces, &options).unwrap()
}

/// The rows of a table; codes are the numbers in the names, of a path its scenarios.
fn rows(statistics: &Statistics, traces: &Traces, name: &str) -> Vec<Vec<i64>> {
    let Some((_, table)) = statistics.tables.iter().find(|t| t.0 == name) else {
        return Vec::new();
    };
    let names = &traces.names;
    let number = |names: &[String], code: i64| names.get(code as usize).map_or(-1, |n| n[1..].parse().unwrap());
    let decode = |column: &str, v: i64| -> Vec<i64> {
        match column {
            "scenario" | "first_touch" | "last_touch" | "source" | "target" => vec![number(&names.scenario, v)],
            "item" => vec![number(&names.item, v)],
            "category" => vec![number(&names.category, v)],
            "path" => statistics.steps[v as usize]
                .iter()
                .map(|&s| number(&names.scenario, i64::from(s)))
                .collect(),
            _ => vec![v],
        }
    };
    let row = |r: usize| {
        let columns = table
            .names
            .iter()
            .zip(&table.columns)
            .filter(|(name, _)| **name != "action");
        columns.flat_map(|(name, column)| decode(name, column[r])).collect()
    };
    (0..table.len()).map(row).collect()
}

/// Whether one event is known to be over before another, logged apart from it.
fn led(a: &Row, b: &Row) -> bool {
    let earlier = if b.dated && !a.dated {
        a.time < b.time
    } else {
        a.over() <= b.time
    };
    a.seq != b.seq && a.record != b.record && earlier && (a.time, a.seq) < (b.time, b.seq)
}

/// Sessions of a person by number; none of dates.
fn sessions(life: &[Row]) -> BTreeMap<u32, usize> {
    let timed: Vec<&Row> = life.iter().filter(|r| !r.dated).collect();
    let cut = timed.chunk_by(|a, b| b.time - a.time <= 30 * MINUTE).enumerate();
    cut.flat_map(|(number, session)| session.iter().map(move |r| (r.seq, number)))
        .collect()
}

/// Level, depth, span, scenarios, sessions, touches and path.
fn look_back(log: &Log, life: &[Row], end: &Row, days: i64) -> Vec<i64> {
    let keys = log.keys();
    let mut linked = Vec::new();
    let mut level = 3;
    for (number, key) in keys.iter().enumerate() {
        let alike =
            |r: &&Row| key(end).is_some() && key(r) == key(end) && led(r, end) && r.over() >= end.time - days * DAY;
        linked = life.iter().filter(alike).collect();
        if !linked.is_empty() {
            level = if keys.len() == 1 { 2 } else { number as i64 };
            break;
        }
    }
    linked.sort_by_key(|r| (r.over(), !r.dated, r.time, r.seq));
    let mut chain: Vec<&Row> = Vec::new();
    let mut since = end.time;
    for r in linked.into_iter().rev() {
        if since - r.over() > 3 * DAY {
            break;
        }
        since = r.over();
        chain.insert(0, r);
    }
    if chain.is_empty() {
        level = 3;
    }
    let first = chain.first().map_or(-1, |r| r.scenario);
    chain.push(end);
    let sessions = sessions(life);
    let sessions: BTreeSet<usize> = chain.iter().filter_map(|r| sessions.get(&r.seq).copied()).collect();
    let mut path: Vec<i64> = chain.iter().map(|r| r.scenario).collect();
    path.dedup();
    let last = path.iter().rev().nth(1).copied().unwrap_or(-1);
    let distinct: BTreeSet<&i64> = path.iter().collect();
    let facts = [
        level,
        path.len() as i64,
        end.time - since,
        distinct.len() as i64,
        sessions.len() as i64,
        first,
        last,
    ];
    [&facts[..], &path[path.len().saturating_sub(8)..]].concat()
}

fn controls(log: &Log, life: &[Row]) -> Vec<Row> {
    let keyed = log.items || log.categories;
    let name = |r: &Row| match r.category {
        Some(c) => format!("c{c}"),
        None => r.item.map_or(String::new(), |i| format!("i{i}")),
    };
    let kind = |r: &Row| Some(name(r)).filter(|name| !keyed || !name.is_empty());
    let mut found = Vec::new();
    for k in life
        .iter()
        .filter(|r| r.won)
        .filter_map(&kind)
        .collect::<BTreeSet<String>>()
    {
        let of = |won: bool| -> Vec<Row> {
            life.iter()
                .copied()
                .filter(|r| kind(r).as_ref() == Some(&k) && r.won == won)
                .collect()
        };
        let (won, others) = (of(true), of(false));
        let one_run =
            |a: &Row, b: &Row| a.scenario == b.scenario && !a.dated && !b.dated && b.time - a.time <= 30 * MINUTE;
        let lasts: Vec<Row> = others.chunk_by(one_run).map(|run| run[run.len() - 1]).collect();
        let spared = |r: &&Row| {
            let reach = r.time - 14 * DAY..=r.over() + 14 * DAY;
            let near = |c: &Row| c.over() >= *reach.start() && c.time <= *reach.end();
            *reach.end() <= log.end() && !won.iter().any(near)
        };
        let spared: Vec<&Row> = lasts.iter().filter(spared).collect();
        let n = won.len().min(spared.len());
        found.extend((0..n).map(|j| *spared[((j as f64 + 0.5) * spared.len() as f64 / n as f64) as usize]));
    }
    found
}

fn look_backs_by_hand(log: &Log) -> Vec<Vec<i64>> {
    let mut found = Vec::new();
    for (user, life) in log.people() {
        let mut ends = controls(log, &life);
        ends.extend(life.iter().filter(|r| r.won));
        ends.sort_unstable();
        for end in ends {
            for days in [1, 7, 14] {
                let [item, category] = [end.item, end.category].map(|code| code.unwrap_or(-1));
                let about = [user, end.time, end.scenario, item, category, i64::from(end.won), days];
                found.push([&about[..], &look_back(log, &life, &end, days)].concat());
            }
        }
    }
    found
}

fn first_touches_by_hand(log: &Log) -> Vec<Vec<i64>> {
    let mut found = Vec::new();
    for (user, life) in log.people() {
        let keyed = log.items || log.categories;
        for (number, key) in log.keys().into_iter().enumerate() {
            for k in life.iter().filter_map(key).collect::<BTreeSet<i64>>() {
                let of: Vec<&Row> = life.iter().filter(|r| key(r) == Some(k)).collect();
                let won = of.iter().find(|r| r.won);
                let before = of.iter().filter(|r| won.is_none_or(|won| led(r, won)));
                if let Some(touch) = before.min_by_key(|r| (r.over(), !r.dated, r.time, r.seq)) {
                    let [item, category] = [0, 1].map(|which| if keyed && number == which { k } else { -1 });
                    let wait = (won.map_or(log.end(), |won| won.time) - touch.over()).max(0);
                    let won = i64::from(won.is_some());
                    found.push(vec![user, item, category, touch.scenario, touch.over(), wait, won]);
                }
            }
        }
    }
    found
}

/// User, source, target, and the sums before and after by own activity.
fn own_asymmetry_by_hand(log: &Log) -> Vec<Vec<i64>> {
    let mut found = Vec::new();
    for (user, life) in log.people() {
        let timed: Vec<&Row> = life.iter().filter(|r| !r.dated).collect();
        let starts = |scenario: i64| -> Vec<i64> {
            let of: Vec<i64> = timed
                .iter()
                .filter(|r| r.scenario == scenario)
                .map(|r| r.time)
                .collect();
            of.chunk_by(|a, b| b - a <= 30 * MINUTE).map(|run| run[0]).collect()
        };
        let starts: Vec<Vec<i64>> = (0..4).map(starts).collect();
        for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))).filter(|(a, b)| a != b) {
            let (mut before, mut after, mut any) = (0, 0, false);
            let (first, last) = (timed.first().map_or(0, |r| r.time), timed.last().map_or(0, |r| r.time));
            for &t in starts[a]
                .iter()
                .filter(|&&t| t - 3 * DAY >= first && t + 3 * DAY <= last)
            {
                let count = |scenarios: &[usize], behind: bool| {
                    let all = scenarios.iter().flat_map(|&s| &starts[s]);
                    let lag = all.map(|&s| if behind { t - s } else { s - t });
                    lag.filter(|&lag| 30 * MINUTE < lag && lag <= 3 * DAY).count() as i64
                };
                let third: Vec<usize> = (0..4).filter(|&s| s != a && s != b).collect();
                let (x0, x1) = (count(&[b], true), count(&[b], false));
                let (t0, t1) = (count(&third, true), count(&third, false));
                let weight = ((t0 as f64 + 0.5) / (t0 + t1 + 1) as f64 * f64::from(1 << 20)).round() as i64;
                before += x0 * ((1 << 20) - weight);
                after += x1 * weight;
                any |= x0 + x1 > 0;
            }
            if any {
                found.push(vec![user, a as i64, b as i64, before, after]);
            }
        }
    }
    found
}

fn sorted(mut rows: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn look_backs_are_those_of_a_walk(log in log()) {
        let traces = traces(&log);
        let found = statistics(&log, &traces, true);
        prop_assert_eq!(sorted(rows(&found, &traces, "look_backs")), sorted(look_backs_by_hand(&log)));
        prop_assert_eq!(sorted(rows(&found, &traces, "first_touches")), sorted(first_touches_by_hand(&log)));
        let own: Vec<Vec<i64>> = rows(&found, &traces, "asymmetry").iter().map(|r| [&r[..3], &r[5..]].concat()).collect();
        prop_assert_eq!(sorted(own), sorted(own_asymmetry_by_hand(&log)));
    }

    #[test]
    fn they_cost_nothing_where_nobody_asks(log in log()) {
        let traces = traces(&log);
        let (with, without) = (statistics(&log, &traces, true), statistics(&log, &traces, false));
        for (name, _) in &with.tables {
            let asked = ["look_backs", "first_touches"].contains(name);
            prop_assert_eq!(without.tables.iter().any(|t| t.0 == *name), !asked);
            prop_assert!(asked || rows(&with, &traces, name) == rows(&without, &traces, name), "{}", name);
        }
        let week: Vec<Vec<i64>> = rows(&with, &traces, "look_backs").into_iter().filter(|r| r[5..7] == [1, 7]).collect();
        prop_assert_eq!(rows(&with, &traces, "conversions").len(), week.len(), "the conversions' table looks back a week");
        for (chain, back) in rows(&with, &traces, "conversions").iter().zip(&week) {
            prop_assert_eq!(&chain[..5], &back[..5]);
            prop_assert_eq!(&chain[5..9], &back[7..11]);
            prop_assert_eq!(&chain[9..], &back[14..]);
        }
    }
}

#[test]
fn the_oracles_see_what_they_are_to_see() {
    // A category bought once, on day 20. Far enough from that are a run on day 1 and one of two events on day 2; of the two
    // the one is taken that is not at the very beginning, where there is nothing to look back to.
    let row = |seq: usize, (time, scenario, won): (i64, i64, bool)| Row {
        user: 0,
        time,
        seq: seq as u32,
        dated: false,
        scenario,
        item: None,
        category: Some(0),
        won,
        record: seq as u64,
        occurred: true,
    };
    let minute = |day: i64, minute: i64| day * DAY + minute * MINUTE;
    let events = [
        (minute(1, 0), 1, false),
        (minute(2, 0), 2, false),
        (minute(2, 10), 2, false),
        (minute(19, 0), 0, false),
        (minute(20, 0), 3, true),
    ];
    let rows_of: Vec<Row> = events.into_iter().enumerate().map(|(seq, e)| row(seq, e)).collect();
    let log = Log {
        rows: rows_of,
        items: false,
        categories: true,
        days: Some(0..40),
    };
    let traces = traces(&log);
    let found = statistics(&log, &traces, true);
    // user, time, scenario, item, category, converted, days; level, depth, span, scenarios, sessions, touches, path.
    let control = |days| vec![0, minute(2, 10), 2, -1, 0, 0, days];
    let won = |days| vec![0, minute(20, 0), 3, -1, 0, 1, days];
    let expected = [
        [control(1), vec![1, 1, 10 * MINUTE, 1, 1, 2, -1, 2]].concat(),
        [control(7), vec![1, 2, DAY + 10 * MINUTE, 2, 2, 1, 1, 1, 2]].concat(),
        [control(14), vec![1, 2, DAY + 10 * MINUTE, 2, 2, 1, 1, 1, 2]].concat(),
        [won(1), vec![1, 2, DAY, 2, 2, 0, 0, 0, 3]].concat(),
        [won(7), vec![1, 2, DAY, 2, 2, 0, 0, 0, 3]].concat(),
        [won(14), vec![1, 2, DAY, 2, 2, 0, 0, 0, 3]].concat(),
    ];
    assert_eq!(rows(&found, &traces, "look_backs"), expected);
    assert_eq!(
        rows(&found, &traces, "first_touches"),
        [[0, -1, 0, 1, DAY, 19 * DAY, 1]]
    );
}
