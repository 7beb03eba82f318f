//! The golden micro-log: three users, four days, small enough to check by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

use std::ops::Range;
use tracelens_core::axes::Table;
use tracelens_core::axes::grams::Of;
use tracelens_core::axes::tempo::memory;
use tracelens_core::event::{Coded, EventBatch, Precision, Role};
use tracelens_core::gather::{Gatherer, Traces};
use tracelens_core::statistics::{Options, Statistics, summarise};

const LOG: &str = "\
a,2025-09-01T09:00:00Z,search,query,x
a,2025-09-01T09:06:00Z,video,view,x
a,2025-09-02T10:00:00Z,ad,impression,x
a,2025-09-03T20:00:00Z,live,enter,x
a,2025-09-03T20:12:00Z,shop,purchase,x
b,2025-09-01T08:00:00Z,video,view,y
b,2025-09-01T08:06:00Z,video,like,y
b,2025-09-04T08:00:00Z,video,view,z
b,2025-09-04T08:03:00Z,video,dislike,z
c,2025-09-02T12:00:00Z,shop,browse,x
c,2025-09-02T12:06:00Z,shop,purchase,x
c,2025-09-04T12:00:00Z,shop,refund,x";

fn batch<'a>(lines: impl Iterator<Item = &'a str>) -> EventBatch {
    let mut batch = EventBatch::default();
    for (i, line) in lines.enumerate() {
        let f: Vec<&str> = line.split(',').collect();
        batch.user.push(Some(f[0]));
        batch
            .time
            .push(f[1].parse::<jiff::Timestamp>().unwrap().as_microsecond());
        batch.precision.push(Precision::Second);
        batch.seq.push(0);
        batch.scenario.push(Some(f[2]));
        batch.action.push(Some(f[3]));
        let (role, valence) = match f[3] {
            "purchase" => (Role::Conversion, 1),
            "like" => (Role::Active, 1),
            "dislike" | "refund" => (Role::Active, -1),
            _ => (Role::Exposure, 0),
        };
        batch.role.push(role);
        batch.valence.push(valence);
        batch.occurred.push(true);
        batch.item.push(Some(f[4]));
        batch.category.push(None);
        batch.value.push(f64::NAN);
        batch.count.push(1);
        batch.record.push(i as u64);
    }
    batch
}

fn traces(batches: Vec<EventBatch>) -> Traces {
    let mut gatherer = Gatherer::default();
    for batch in batches {
        gatherer.push(batch).unwrap();
    }
    gatherer.finish().unwrap()
}

fn statistics(traces: &Traces) -> Statistics {
    within(traces, Some(20_332..20_336)) // 1 to 4 September 2025
}

fn within(traces: &Traces, days: Option<Range<i64>>) -> Statistics {
    let options = Options {
        days,
        grams: true,
        minhash: true,
        look_backs: true,
        ..Options::default()
    };
    summarise(traces, &options).unwrap()
}

fn table<'a>(statistics: &'a Statistics, name: &str) -> &'a Table {
    &statistics.tables.iter().find(|t| t.0 == name).unwrap().1
}

fn rows(table: &Table) -> Vec<Vec<i64>> {
    (0..table.len())
        .map(|r| table.columns.iter().map(|c| c[r]).collect())
        .collect()
}

#[test]
fn counts_of_the_golden_log() {
    let traces = traces(vec![batch(LOG.lines())]);
    assert_eq!(traces.users, ["a", "b", "c"]);
    assert_eq!(traces.names.scenario, ["ad", "live", "search", "shop", "video"]);
    let s = statistics(&traces);
    let users = table(&s, "users");
    let column = |n: &str| users.column(n).unwrap().to_vec();
    assert_eq!(column("events"), [5, 4, 3]);
    assert_eq!(column("days"), [3, 2, 2]);
    assert_eq!(column("exposures"), [4, 2, 1]);
    assert_eq!(column("actions"), [1, 2, 2]);
    assert_eq!(column("positive"), [1, 1, 1]);
    assert_eq!(column("negative"), [0, 1, 1]);
    assert_eq!(column("conversions"), [1, 0, 1]);
    // search>video, video>ad, ad>live, live>shop; staying in one scenario is no switch.
    assert_eq!(
        rows(table(&s, "switches")),
        [[0, 0, 1, 1], [0, 1, 3, 1], [0, 2, 4, 1], [0, 4, 0, 1]]
    );
    assert_eq!(rows(table(&s, "items")), [[0, 0, 5], [1, 1, 2], [1, 2, 2], [2, 0, 3]]);
    assert_eq!(table(&s, "clock").column("count").unwrap().iter().sum::<i64>(), 12);
    assert_eq!(s.conversion_scenario.as_deref(), Some("shop"));
}

#[test]
fn week_and_bigrams_of_the_golden_log() {
    let s = statistics(&traces(vec![batch(LOG.lines())]));
    // 1 September 2025 was a Monday.
    let week = [[0, 0, 9, 2], [0, 1, 10, 1], [0, 2, 20, 2], [1, 0, 8, 2], [1, 3, 8, 2]];
    let of_c = [[2, 1, 12, 2], [2, 3, 12, 1]];
    assert_eq!(rows(table(&s, "week")), [&week[..], &of_c].concat());
    // Actions by name: browse, dislike, enter, impression, like, purchase, query, refund, view.
    let bigrams = [[0, 2, 5, 1], [0, 6, 8, 1], [1, 8, 1, 1], [1, 8, 4, 1], [2, 0, 5, 1]];
    assert_eq!(rows(table(&s, "bigrams")), bigrams);
}

#[test]
fn selectivity_of_the_golden_log() {
    // The visit of the live room, twelve minutes before the purchase, is the only exposure of a that was answered.
    let of_a = [[0, 0, -1, 0, 1], [0, 1, -1, 1, 1], [0, 2, -1, 0, 1], [0, 4, -1, 0, 1]];
    let of_others = [[1, 4, -1, 1, 2], [2, 3, -1, 1, 1]];
    let s = statistics(&traces(vec![batch(LOG.lines())]));
    assert_eq!(rows(table(&s, "selectivity")), [&of_a[..], &of_others].concat());
}

#[test]
fn failures_of_the_golden_log() {
    let traces = traces(vec![batch(LOG.lines())]);
    let s = within(&traces, Some(20_332..20_360));
    // 1 refund, 2 back to the item, 4 to the scenario, 5 at all; 6 back after something good.
    let of_a = [[0, 1, 1, 1, 0], [0, 6, 1, 1, 0]];
    let of_b = [[1, 2, 1, 1, 0], [1, 4, 1, 1, 0], [1, 5, 1, 1, 0], [1, 6, 1, 1, 1]];
    let of_c = [
        [2, 1, 1, 1, 1],
        [2, 2, 1, 1, 0],
        [2, 4, 1, 1, 0],
        [2, 5, 1, 1, 0],
        [2, 6, 1, 1, 1],
    ];
    assert_eq!(rows(table(&s, "failures")), [&of_a[..], &of_b, &of_c].concat());
    assert_eq!(
        rows(table(&s, "waits")),
        [[1, 6, 71, 1], [2, 1, 47, 1], [2, 6, 47, 1]],
        "two or three days less six minutes"
    );
    for short in [statistics(&traces), within(&traces, None)] {
        let failures = table(&short, "failures");
        assert_eq!(failures.column("starts"), table(&s, "failures").column("starts"));
        assert!(
            failures.column("observed").unwrap().iter().all(|&n| n == 0),
            "nobody was watched for a week"
        );
    }
}

#[test]
fn drift_by_hand() {
    let log = ["1,x", "1,y", "2,x", "4,x"];
    let mut batch = batch(
        log.map(|line| format!("a,2025-09-0{}T09:00:00Z,shop,view,x", &line[..1]))
            .iter()
            .map(String::as_str),
    );
    batch.category = Coded::default();
    for line in log {
        batch.category.push(Some(&line[2..]));
    }
    let s = statistics(&traces(vec![batch]));
    let one = 1 << 20;
    // Half of what was met on the 1st or 2nd was met on both; what was met on the 4th is what was met before.
    assert_eq!(rows(table(&s, "drift")), [[0, 0, 1, 0], [0, 1, 1, one / 2]]);
    // Mean shares 5/6 and 1/6; deviations 1/3 on the first day, 1/6 on the others.
    let third = (one + 1) / 3;
    let ninth = -(one + 2) / 9;
    assert_eq!(
        rows(table(&s, "persistence")),
        [[0, 0, 3, third], [0, 1, 1, ninth], [0, 3, 1, ninth]]
    );
    assert_eq!(
        rows(table(&s, "thirds")),
        [[0, 0, 0, 0, 1], [0, 0, 0, 1, 1], [0, 1, 1, 0, 1], [0, 2, 0, 0, 1]]
    );
}

#[test]
fn chains_of_the_golden_log() {
    let s = statistics(&traces(vec![batch(LOG.lines())]));
    let conversions = table(&s, "conversions");
    let column = |n: &str| conversions.column(n).unwrap().to_vec();
    assert_eq!(column("user"), [0, 2]);
    assert_eq!(column("level"), [0, 0], "both by item");
    assert_eq!(column("depth"), [5, 1]);
    assert_eq!(column("scenarios"), [5, 1]);
    let hours = |us: i64| us as f64 / 3.6e9;
    let spans: Vec<f64> = column("span").into_iter().map(|s| hours(s) / 24.0).collect();
    assert_eq!(
        spans.iter().map(|s| format!("{s:.4}")).collect::<Vec<_>>(),
        ["2.4667", "0.0042"]
    );
    let paths: Vec<&str> = column("path").iter().map(|&p| s.paths[p as usize].as_str()).collect();
    assert_eq!(paths, ["search>video>ad>live>shop", "shop"]);
}

#[test]
fn sessions_of_the_golden_log() {
    let s = statistics(&traces(vec![batch(LOG.lines())]));
    let sessions = table(&s, "sessions");
    let minutes = |m: i64| m * 60_000_000;
    // user, gap, sessions, events, duration, runs, changes
    assert_eq!(
        rows(sessions),
        [
            [0, 10, 4, 5, minutes(6), 5, 3],
            [0, 30, 3, 5, minutes(18), 5, 2],
            [0, 60, 3, 5, minutes(18), 5, 2],
            [1, 10, 2, 4, minutes(9), 2, 0],
            [1, 30, 2, 4, minutes(9), 2, 0],
            [1, 60, 2, 4, minutes(9), 2, 0],
            [2, 10, 2, 3, minutes(6), 2, 0],
            [2, 30, 2, 3, minutes(6), 2, 0],
            [2, 60, 2, 3, minutes(6), 2, 0],
        ]
    );
    let of_30 = || rows(sessions).into_iter().filter(|r| r[1] == 30);
    let (n, events): (i64, i64) = (of_30().map(|r| r[2]).sum(), of_30().map(|r| r[3]).sum());
    assert_eq!(n, 7);
    assert!((events as f64 / n as f64 - 1.714_286).abs() < 1e-6);
}

#[test]
fn tempo_of_the_golden_log() {
    let s = statistics(&traces(vec![batch(LOG.lines())]));
    let tempo = table(&s, "tempo");
    let column = |n: &str| tempo.column(n).unwrap().to_vec();
    assert_eq!(column("user"), [0, 0, 1, 1, 2, 2]);
    assert_eq!(column("unit"), [0, 1, 0, 1, 0, 1], "events, then session starts");
    assert_eq!(column("gaps"), [4, 2, 3, 1, 2, 1]);
    assert_eq!(column("bursty"), [1, 1, 1, 0, 1, 0]);
    assert_eq!(column("pairs"), [3, 1, 2, 0, 1, 0]);
    assert_eq!(column("remembers"), [1, 0, 1, 0, 0, 0]);
    let of_events = |n: &str| -> Vec<f64> {
        let values = column(n).into_iter().step_by(2);
        values.map(|v| v as f64 / f64::from(1 << 20)).collect()
    };
    let near = |n: &str, expected: [f64; 3], tolerance: f64| {
        for (value, expected) in of_events(n).into_iter().zip(expected) {
            assert!((value - expected).abs() < tolerance, "{n}: {value} is not {expected}");
        }
    };
    near("plain_fixed", [0.006_684, 0.170_055, -0.002_088], 2e-6);
    near("finite_fixed", [0.2709, 0.9938, 0.9886], 5.1e-5);
    // In logarithms, which one long absence does not decide; two pairs alone lie on a line.
    near("memory_fixed", [-0.494_272, -1.0, 0.0], 2e-6);
    assert!(
        (memory(&[0.1, 24.9, 34.0, 0.2]).unwrap() + 0.499_258).abs() < 1e-6,
        "of the raw gaps"
    );
    // Sessions of a start 25 and 34 hours apart: r = 4.5 / 29.5.
    assert_eq!(
        column("plain_fixed")[1],
        (-25.0_f64 / 34.0 * f64::from(1 << 20)).round() as i64
    );
}

#[test]
fn grams_of_the_golden_log() {
    let traces = traces(vec![batch(LOG.lines())]);
    let s = statistics(&traces);
    let found: Vec<String> = rows(table(&s, "grams"))
        .iter()
        .map(|r| {
            let gram = &s.grams[r[1] as usize];
            let names = match gram.of {
                Of::Scenarios => &traces.names.scenario,
                Of::Actions => &traces.names.action,
            };
            let codes: Vec<&str> = gram.codes.iter().map(|&c| names[c as usize].as_str()).collect();
            format!("{} {} {}", traces.users[r[0] as usize], codes.join(">"), r[2])
        })
        .collect();
    assert_eq!(
        found,
        [
            "a search>video 1",
            "a query>view 1",
            "a live>shop 1",
            "a enter>purchase 1",
            "b video>video 2",
            "b view>like 1",
            "b view>dislike 1",
            "c shop>shop 1",
            "c browse>purchase 1",
        ],
        "sessions are crossed by none"
    );
}

#[test]
fn neither_order_nor_partition_of_the_input_changes_a_number() {
    let whole = statistics(&traces(vec![batch(LOG.lines())]));
    let lines: Vec<&str> = LOG.lines().collect();
    let reversed = statistics(&traces(vec![batch(lines.iter().rev().copied())]));
    let split = statistics(&traces(
        lines.chunks(5).rev().map(|part| batch(part.iter().copied())).collect(),
    ));
    for other in [reversed, split] {
        assert_eq!(whole.tables, other.tables);
        assert_eq!(whole.paths, other.paths);
        assert_eq!(whole.grams, other.grams);
    }
}

#[test]
fn a_date_precedes_nothing_of_its_own_day() {
    let mut log = batch(LOG.lines().take(5));
    // The ad of 2 September becomes a date; so does the live room, on the day of the purchase.
    for (row, date) in [(2, "2025-09-02T00:00:00Z"), (3, "2025-09-03T00:00:00Z")] {
        log.time[row] = date.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        log.precision[row] = Precision::Day;
    }
    let traces = traces(vec![log]);
    let s = statistics(&traces);
    let path = table(&s, "conversions").column("path").unwrap()[0];
    assert_eq!(
        s.paths[path as usize], "search>video>ad>shop",
        "the live room of the same day is not known to be earlier"
    );
    let names = &traces.names.scenario;
    let switches: Vec<String> = rows(table(&s, "switches"))
        .iter()
        .map(|r| format!("{}>{}", names[r[1] as usize], names[r[2] as usize]))
        .collect();
    assert_eq!(
        switches,
        ["search>video", "video>shop"],
        "dates stay out of the order of scenarios"
    );
    assert_eq!(
        table(&s, "clock").column("count").unwrap().iter().sum::<i64>(),
        3,
        "and out of the clock"
    );
    assert_eq!(
        table(&s, "users").column("days").unwrap(),
        [3],
        "but their days are active days"
    );
}
