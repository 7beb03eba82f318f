//! Sketches of traces: those of the definition, of any log, and as near to the Jaccard similarity as 128 slots allow.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tracelens_core::event::{EventBatch, Precision, Role};
use tracelens_core::gather::{Gatherer, Traces};
use tracelens_core::statistics::{Options, summarise};
use xxhash_rust::xxh3::xxh3_64;

/// What one user did, one thing a minute: scenario, action and item.
type Life = Vec<(&'static str, &'static str, Option<&'static str>)>;
type Sketch = BTreeMap<i64, i64>;

const SCENARIOS: [&str; 3] = ["ad", "shop", "video"];
const ACTIONS: [&str; 4] = ["ad", "buy", "see", "watch"];
const ITEMS: [Option<&str>; 4] = [None, Some("ad"), Some("x"), Some("y")];

fn traces(lives: &[Life]) -> Traces {
    let mut batch = EventBatch::default();
    for (user, life) in lives.iter().enumerate() {
        for (minute, &(scenario, action, item)) in life.iter().enumerate() {
            batch.user.push(Some(&format!("u{user:03}")));
            batch.time.push(minute as i64 * 60_000_000);
            batch.precision.push(Precision::Second);
            batch.seq.push(0);
            batch.scenario.push(Some(scenario));
            batch.action.push(Some(action));
            batch.role.push(Role::Active);
            batch.valence.push(0);
            batch.occurred.push(true);
            batch.item.push(item);
            batch.category.push(None);
            batch.value.push(f64::NAN);
            batch.count.push(1);
            batch.record.push(minute as u64);
        }
    }
    let mut gatherer = Gatherer::default();
    gatherer.push(batch).unwrap();
    gatherer.finish().unwrap()
}

fn sketches(lives: &[Life], minhash: bool) -> Vec<Sketch> {
    let options = Options {
        minhash,
        ..Options::default()
    };
    let statistics = summarise(&traces(lives), &options).unwrap();
    let mut sketches = vec![Sketch::new(); lives.len()];
    for (_, table) in statistics.tables.iter().filter(|(name, _)| *name == "minhash") {
        let [users, slots, values] = &table.columns[..] else {
            panic!("three columns");
        };
        for ((&user, &slot), &value) in users.iter().zip(slots).zip(values) {
            assert!(sketches[user as usize].insert(slot, value).is_none());
        }
    }
    sketches
}

fn similarity(a: &Sketch, b: &Sketch) -> f64 {
    let slots: BTreeSet<&i64> = a.keys().chain(b.keys()).collect();
    let alike = slots.iter().filter(|slot| a.get(slot) == b.get(slot)).count();
    alike as f64 / slots.len() as f64
}

fn split_mix(x: u64) -> u64 {
    let modulus = 1u128 << 64;
    let times = |x: u64, y: u64| (u128::from(x) * u128::from(y) % modulus) as u64;
    let x = ((u128::from(x) + 0x9e37_79b9_7f4a_7c15) % modulus) as u64;
    let x = times(x ^ (x >> 30), 0xbf58_476d_1ce4_e5b9);
    let x = times(x ^ (x >> 27), 0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// By hand: every row of five as a list, its hash, and the least of each slot.
fn by_hand(life: &Life) -> Sketch {
    let mut sketch = Sketch::new();
    let last = life.len().saturating_sub(5);
    for start in 0..=last {
        let mut polynomial = 0u128;
        for (scenario, action, item) in life.iter().skip(start).take(5) {
            let name = |name: &str| xxh3_64(name.as_bytes());
            let item = item.map_or(0, name);
            let event = split_mix(name(scenario) ^ name(action).rotate_left(21) ^ item.rotate_left(42));
            polynomial = (polynomial * 0x9fb2_1c65_1e98_df25 + u128::from(event)) % (1 << 64);
        }
        let hash = split_mix(polynomial as u64);
        let (slot, value) = ((hash >> 57) as i64, (hash % (1 << 57)) as i64);
        sketch.entry(slot).and_modify(|v| *v = value.min(*v)).or_insert(value);
    }
    sketch
}

fn life(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Life> {
    let event = (
        prop::sample::select(&SCENARIOS[..]),
        prop::sample::select(&ACTIONS[..]),
        prop::sample::select(&ITEMS[..]),
    );
    prop::collection::vec(event, length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sketches_are_those_of_the_definition_whoever_else_is_in_the_log(lives in prop::collection::vec(life(1..40), 1..5)) {
        let expected: Vec<Sketch> = lives.iter().map(by_hand).collect();
        prop_assert_eq!(&sketches(&lives, true), &expected);
        prop_assert_eq!(&sketches(&lives[..1], true)[0], &expected[0], "alone, with other codes for the same names");
        prop_assert!(sketches(&lives, false).iter().all(BTreeMap::is_empty));
    }

    #[test]
    fn the_share_of_slots_alike_is_near_the_jaccard_similarity(own in life(200), shared in life(400), other in life(200)) {
        let lives = [[&own[..], &shared].concat(), [&other[..], &shared].concat()];
        let sets = lives.each_ref().map(|life| life.windows(5).collect::<BTreeSet<_>>());
        let truth = sets[0].intersection(&sets[1]).count() as f64 / sets[0].union(&sets[1]).count() as f64;
        let found = sketches(&lives, true);
        // Six standard errors of a share of 128.
        let error = (truth * (1.0 - truth) / 128.0).sqrt();
        prop_assert!((similarity(&found[0], &found[1]) - truth).abs() < 6.0 * error, "{} of {truth}", similarity(&found[0], &found[1]));
    }
}

#[test]
fn order_counts_and_so_does_the_column_of_a_name() {
    let forth: Life = vec![("shop", "see", None), ("shop", "buy", Some("x")), ("ad", "see", None)];
    let mut back = forth.clone();
    back.reverse();
    let turned: Life = vec![("ad", "see", Some("see")), ("see", "ad", Some("see"))];
    let other: Life = vec![("see", "ad", Some("see")), ("ad", "see", Some("see"))];
    let found = sketches(&[forth.clone(), back, forth, turned, other], true);
    assert!(
        found.iter().all(|sketch| sketch.len() == 1),
        "a trace shorter than five is one row"
    );
    assert_eq!(found[0], found[2]);
    assert_ne!(found[0], found[1]);
    assert_ne!(found[3], found[4]);
}
