//! The golden micro-log: three users, four days, small enough to check by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

use tracelens_core::axes::Table;
use tracelens_core::event::{EventBatch, Precision, Role};
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
        gatherer.push(batch);
    }
    gatherer.finish().unwrap()
}

fn statistics(traces: &Traces) -> Statistics {
    let days = 20_332..20_336; // 1 to 4 September 2025
    let zone = jiff::tz::TimeZone::UTC;
    summarise(
        traces,
        &Options {
            zone,
            exposure_by_record: false,
            days: Some(days),
            entry: None,
            conversion_scenario: None,
            starts: false,
        },
    )
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
