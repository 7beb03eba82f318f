//! Events that were put aside on disk give the statistics that they give in memory.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use proptest::prelude::*;
use std::ops::Range;
use tracelens_core::event::{EventBatch, NO_TIME, Precision, Role};
use tracelens_core::gather::{Gatherer, Traces, Window, overlap};
use tracelens_core::statistics::{Options, Statistics, summarise};
use tracelens_core::stop::Stop;

#[derive(Debug, Clone)]
struct Row {
    user: u8,
    time: i64,
    scenario: u8,
    action: u8,
    item: Option<u8>,
    value: Option<i8>,
    seq: u32,
    record: u64,
    occurred: bool,
}

const MINUTE: i64 = 60_000_000;

fn rows(users: Range<u8>) -> impl Strategy<Value = Vec<Row>> {
    let row = (
        (users, 0..20_000i64, 0..4u8, 0..5u8),
        prop::option::of(0..6u8),
        prop::option::of(any::<i8>()),
        0..3u32,
        prop_oneof![0..40u64, any::<u64>()],
        any::<bool>(),
    );
    let row = row.prop_map(
        |((user, minutes, scenario, action), item, value, seq, record, occurred)| Row {
            user,
            time: minutes * MINUTE,
            scenario,
            action,
            item,
            value,
            seq,
            record,
            occurred,
        },
    );
    prop::collection::vec(row, 1..120)
}

/// Which columns the log has: a clock, items, values, positions, texts.
type Has = [bool; 5];

fn batch(rows: &[Row], has: Has) -> EventBatch {
    let [clock, items, values, seqs, texts] = has;
    let mut batch = EventBatch::default();
    for row in rows {
        batch.user.push(Some(&format!("u{}", row.user)));
        batch.time.push(if clock { row.time } else { NO_TIME });
        batch.precision.push(match (clock, row.seq) {
            (false, _) => Precision::None,
            (true, 2) => Precision::Day,
            (true, _) => Precision::Second,
        });
        batch.scenario.push(Some(&format!("s{}", row.scenario)));
        batch.action.push(Some(&format!("a{}", row.action)));
        batch.role.push(Role::ALL[usize::from(row.action) % 4]);
        batch.valence.push([0, 1, -1][usize::from(row.action) % 3]);
        batch.occurred.push(row.occurred);
        batch.record.push(row.record);
        if seqs {
            batch.seq.push(row.seq);
        }
        if items {
            batch.item.push(row.item.map(|i| format!("i{i}")).as_deref());
            batch.category.push(row.item.map(|i| format!("c{}", i % 2)).as_deref());
        }
        if values {
            batch.value.push(row.value.map_or(f64::NAN, f64::from));
        }
        if texts {
            batch
                .text
                .push(row.item.map(|i| "\u{732b}x".repeat(usize::from(i))).as_deref());
        }
    }
    batch
}

/// Gathered from batches of so many rows, within so much memory.
fn traces(rows: &[Row], has: Has, size: usize, memory: Option<u64>) -> Traces {
    let mut gatherer = Gatherer::new(memory, Stop::default());
    for rows in rows.chunks(size) {
        gatherer.push(batch(rows, has)).unwrap();
    }
    gatherer.finish().unwrap()
}

fn statistics(traces: &Traces, days: Option<Range<i64>>) -> Statistics {
    let options = Options {
        days,
        starts: true,
        look_backs: true,
        ..Options::default()
    };
    summarise(traces, &options).unwrap()
}

/// All tables, with the names of paths in place of codes, which depend on the order of parts.
fn said(s: &Statistics) -> Vec<(&str, Vec<Vec<String>>)> {
    let columns = |column: &str, values: &[i64]| -> Vec<String> {
        let path = column == "path";
        let value = |&v: &i64| {
            if path {
                s.paths[v as usize].clone()
            } else {
                v.to_string()
            }
        };
        values.iter().map(value).collect()
    };
    let tables = s.tables.iter().map(|(name, table)| {
        let named = table.names.iter().zip(&table.columns);
        (*name, named.map(|(column, values)| columns(column, values)).collect())
    });
    tables.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn statistics_are_the_same(rows in rows(0..12), has in any::<Has>(), size in 1..50usize, window in any::<bool>()) {
        let held = traces(&rows, has, rows.len(), None);
        let aside = traces(&rows, has, size, Some(1));
        prop_assert_eq!(&held.users, &aside.users);
        prop_assert_eq!(&held.names.item, &aside.names.item);
        prop_assert_eq!(held.facts, aside.facts);
        prop_assert!(!aside.in_order());
        let days = (window && has[0]).then_some(2..9);
        let (one, other) = (statistics(&held, days.clone()), statistics(&aside, days));
        prop_assert_eq!(&one.conversion_scenario, &other.conversion_scenario);
        prop_assert_eq!(one.outside, other.outside);
        prop_assert_eq!(said(&one), said(&other));
    }

    #[test]
    fn what_sides_have_in_common_is_the_same(left in rows(0..9), right in rows(5..14), has in any::<Has>(), shared in 0..40usize) {
        let mut right = right;
        right.extend_from_slice(&left[..shared.min(left.len())]);
        let window = Some(Window { from: 0, until: 15_000 * MINUTE });
        let sides = |rows: &[Row]| [None, Some(1)].map(|memory| traces(rows, has, 20, memory));
        let (left, right) = (sides(&left), sides(&right));
        let expected = overlap((&left[0], window), (&right[0], None)).unwrap();
        for (l, r) in [(0, 1), (1, 0), (1, 1)] {
            prop_assert_eq!(overlap((&left[l], window), (&right[r], None)).unwrap(), expected, "{} {}", l, r);
        }
    }
}

#[test]
fn events_on_disk_cannot_be_handed_over_together() {
    let row = Row {
        user: 1,
        time: 0,
        scenario: 0,
        action: 0,
        item: None,
        value: None,
        seq: 0,
        record: 0,
        occurred: true,
    };
    let error = traces(&[row], [true, false, false, false, false], 1, Some(1))
        .to_batch()
        .unwrap_err();
    assert!(error.to_string().contains("without a bound on memory"), "{error}");
}

#[test]
fn work_that_is_stopped_ends() {
    let stop = Stop::default();
    let mut gatherer = Gatherer::new(None, stop.clone());
    stop.request();
    assert!(gatherer.push(EventBatch::default()).is_err());
}
