//! However events are spread over batches, their traces are those that sorting them one by one gives.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use proptest::prelude::*;
use std::cmp::Ordering;
use tracelens_core::event::{EventBatch, NO_TIME, Precision, Role};
use tracelens_core::gather::{Gatherer, Traces};
use tracelens_core::stop::Stop;

#[derive(Debug, Clone, PartialEq)]
struct Row {
    user: String,
    time: i64,
    seq: u32,
    scenario: String,
    action: String,
    item: Option<String>,
    value: f64,
    record: u64,
    text: Option<String>,
    category: Option<String>,
    count: u32,
}

impl Row {
    /// The canonical order.
    fn compare(&self, other: &Self) -> Ordering {
        let missing_last = |item: &Option<String>| (item.is_none(), item.clone());
        (&self.user, self.time, self.seq, &self.scenario, &self.action)
            .cmp(&(&other.user, other.time, other.seq, &other.scenario, &other.action))
            .then_with(|| missing_last(&self.item).cmp(&missing_last(&other.item)))
            .then_with(|| self.value.total_cmp(&other.value))
            .then_with(|| self.record.cmp(&other.record))
            .then_with(|| self.text.cmp(&other.text))
    }

    fn role(&self) -> Role {
        Role::ALL[self.action.len() % 4]
    }

    fn precision(&self) -> Precision {
        Precision::ALL[(self.time.unsigned_abs() % 4) as usize]
    }

    fn valence(&self) -> i8 {
        (self.record % 3) as i8 - 1
    }
}

/// Runs of events of one user: many users once, some again and again, with ties in all that orders.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        (prop_oneof![Just(NO_TIME), 0..6i64], 0..2u32, 0..3usize, 0..3usize),
        prop::option::of(0..3u8),
        prop_oneof![Just(f64::NAN), Just(-0.0), Just(1.5)],
        0..3u64,
        prop::option::of(0..3usize),
    );
    let row = row.prop_map(|((time, seq, scenario, action), item, value, record, text)| Row {
        user: String::new(),
        time,
        seq,
        scenario: "s".repeat(scenario + 1),
        action: "a".repeat(action + 1),
        item: item.map(|i| format!("i{i}")),
        value,
        record,
        text: text.map(|t| "x".repeat(t)),
        category: item.map(|i| format!("c{}", i % 2)),
        count: record as u32 + 1,
    });
    let run = (0..12u32, prop::collection::vec(row, 1..30));
    prop::collection::vec(run, 1..25).prop_map(|runs| {
        let named = |(user, rows): (u32, Vec<Row>)| {
            rows.into_iter().map(move |row| Row {
                user: format!("u{}", user * 7 % 12),
                ..row
            })
        };
        runs.into_iter().flat_map(named).collect()
    })
}

/// Which of the columns that a log may lack each batch has: positions, items, categories, values, counts, texts, numbers of
/// records.
type Has = [bool; 7];

fn batch(rows: &[Row], has: Has, first_record: u64) -> EventBatch {
    let mut batch = EventBatch {
        first_record,
        ..EventBatch::default()
    };
    for row in rows {
        batch.user.push(Some(&row.user));
        batch.time.push(row.time);
        batch.precision.push(row.precision());
        batch.scenario.push(Some(&row.scenario));
        batch.action.push(Some(&row.action));
        batch.role.push(row.role());
        batch.valence.push(row.valence());
        batch.occurred.push(row.count > 1);
    }
    let [seq, item, category, value, count, text, record] = has;
    for row in rows {
        if seq {
            batch.seq.push(row.seq);
        }
        if item {
            batch.item.push(row.item.as_deref());
        }
        if category {
            batch.category.push(row.category.as_deref());
        }
        if value {
            batch.value.push(row.value);
        }
        if count {
            batch.count.push(row.count);
        }
        if record {
            batch.record.push(row.record);
        }
        if text {
            batch.text.push(row.text.as_deref());
        }
    }
    batch
}

/// A row whose missing columns have their usual values.
fn without(row: &Row, has: Has, own_record: u64) -> Row {
    let [seq, item, category, value, count, text, record] = has;
    Row {
        seq: if seq { row.seq } else { 0 },
        item: row.item.clone().filter(|_| item),
        category: row.category.clone().filter(|_| category),
        value: if value { row.value } else { f64::NAN },
        count: if count { row.count } else { 1 },
        text: row.text.clone().filter(|_| text),
        record: if record { row.record } else { own_record },
        ..row.clone()
    }
}

/// All that can be said of every event of traces, in their order.
fn told(traces: &Traces) -> Vec<String> {
    let b = traces.to_batch().unwrap();
    let of_row = |r: usize| {
        let names = [
            b.user.get(r),
            b.scenario.get(r),
            b.action.get(r),
            b.item.get(r),
            b.category.get(r),
            b.text.get(r),
        ];
        let kinds = (b.precision[r], b.role[r], b.valence[r], b.occurred[r]);
        format!(
            "{:?}",
            (
                names,
                b.time[r],
                b.seq(r),
                b.value(r).to_bits(),
                b.count(r),
                b.record(r),
                kinds
            )
        )
    };
    (0..b.len()).map(of_row).collect()
}

proptest! {
    #[test]
    fn traces_are_the_sorted_events(
        rows in rows(),
        cuts in prop::collection::vec(1..90usize, 1..12),
        has in prop::collection::vec(any::<Has>(), 3),
        events_a_part in prop_oneof![1..9usize, Just(200), Just(1 << 17)],
        aside in any::<bool>(),
    ) {
        let mut gatherer = Gatherer::new(aside.then_some(2000), Stop::default()).with_parts_of(events_a_part);
        let (mut rest, mut sorted) = (&rows[..], Vec::new());
        for (cut, has) in cuts.iter().cycle().zip(has.iter().cycle()) {
            if rest.is_empty() {
                break;
            }
            let (some, later) = rest.split_at((*cut).min(rest.len()));
            let first = 3 * (rows.len() - rest.len()) as u64;
            gatherer.push(batch(some, *has, first)).unwrap();
            // The kind of an event is what its batch said, whatever columns it lacks.
            sorted.extend((first..).zip(some).map(|(own, row)| (without(row, *has, own), row)));
            rest = later;
        }
        let traces = gatherer.finish().unwrap();
        sorted.sort_by(|a, b| a.0.compare(&b.0));
        let expected: Vec<String> = sorted.iter().map(|(row, whole)| {
            let names = [Some(row.user.as_str()), Some(&row.scenario), Some(&row.action), row.item.as_deref(), row.category.as_deref(), row.text.as_deref()];
            let kinds = (whole.precision(), whole.role(), whole.valence(), whole.count > 1);
            format!("{:?}", (names, row.time, row.seq, row.value.to_bits(), row.count, row.record, kinds))
        }).collect();
        match traces.to_batch() {
            Ok(_) => prop_assert_eq!(told(&traces), expected),
            Err(_) => {
                // Those on disk come user by user too.
                let parts = traces.map_parts(|_, part| part.clone()).unwrap();
                let users: usize = parts.iter().map(|part| part.users.len()).sum();
                prop_assert_eq!(users, traces.users.len());
                let events: usize = parts.iter().map(tracelens_core::gather::Part::len).sum();
                prop_assert_eq!(events, rows.len());
                let mut found: Vec<(usize, Vec<i64>)> = Vec::new();
                for part in &parts {
                    for (place, &user) in part.users.iter().enumerate() {
                        found.push((user as usize, part.time[part.rows(place)].to_vec()));
                    }
                }
                found.sort();
                let mut times: Vec<i64> = Vec::new();
                for (_, more) in found {
                    times.extend(more);
                }
                let wanted: Vec<i64> = sorted.iter().map(|(row, _)| row.time).collect();
                prop_assert_eq!(times, wanted);
            }
        }
    }
}
