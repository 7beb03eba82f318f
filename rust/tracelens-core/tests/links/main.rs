//! Links by content against slow oracles that compare everything with everything, on small random logs with ties, dates, lists of
//! what did not happen, users without a clock, and texts outside the window.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its log should stop there")]

mod oracle;

use oracle::{Row, traces};
use proptest::prelude::*;
use tracelens_core::axes::Table;
use tracelens_core::event::NO_TIME;
use tracelens_core::gather::{DAY, HOUR, MINUTE};
use tracelens_core::links::Contents;
use tracelens_core::statistics::{Options, Statistics, summarise};

const VOCABULARY: [&str; 14] = [
    "red", "blue", "shoes", "tea", "pot", "phone", "case", "mountain", "tent", "lamp", "desk", "yarn", "film", "lens",
];
const WINDOW: std::ops::Range<i64> = 3..60;

fn text() -> impl Strategy<Value = Option<String>> {
    let some = prop::collection::vec(0..VOCABULARY.len(), 0..4).prop_map(|words| {
        let words: Vec<&str> = words.into_iter().map(|w| VOCABULARY[w]).collect();
        words.join(" ")
    });
    let long = prop::collection::vec(0..VOCABULARY.len(), 9..14).prop_map(|words| {
        let words: Vec<&str> = words.into_iter().map(|w| VOCABULARY[w]).collect();
        words.join(" ")
    });
    prop_oneof![1 => Just(None), 6 => some.prop_map(Some), 1 => long.prop_map(Some)]
}

fn row() -> impl Strategy<Value = Row> {
    let when = (0..64_i64, 0..40_i64, prop::bool::weighted(0.1));
    let what = (0..3_u8, prop::bool::weighted(0.2), prop::option::weighted(0.4, 0..5_u8));
    // Most is one person's: chains are long where few strangers are as alike.
    let user = prop_oneof![4 => Just(0_u8), 1 => 1..5_u8];
    (user, when, what, 0..40_u64, prop::bool::weighted(0.9), text()).prop_map(
        |(user, (day, quarter, dated), (scenario, buys, item), record, occurred, text)| {
            let clock = user < 4;
            let dated = dated && clock;
            let time = day * DAY + if dated { 0 } else { quarter * 15 * MINUTE };
            Row {
                user,
                time: if clock { time } else { NO_TIME },
                scenario,
                buys,
                item,
                record,
                dated,
                occurred,
                text,
            }
        },
    )
}

fn log() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(row(), 1..150)
}

fn options(exposure_by_record: bool) -> Options {
    Options {
        exposure_by_record,
        days: Some(WINDOW),
        ..Options::default()
    }
}

fn rows(statistics: &Statistics, name: &str) -> Vec<Vec<i64>> {
    let Some((_, table)) = statistics.tables.iter().find(|t| t.0 == name) else {
        return Vec::new();
    };
    let row = |r: usize| table.columns.iter().map(|c| c[r]).collect();
    (0..table.len()).map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn leads_and_chains_are_those_of_the_oracle(log in log(), by_record: bool) {
        let traces = traces(&[&log], 1 << 17);
        let found = summarise(&traces, &options(by_record)).unwrap();
        if log.iter().all(|row| row.text.is_none()) {
            prop_assert!(found.threshold.is_none() && !found.tables.iter().any(|t| t.0 == "linked"));
            return Ok(());
        }
        let oracle = oracle::Side::new(&log, &traces, WINDOW, by_record);
        prop_assert_eq!(found.threshold.unwrap().to_bits(), oracle.threshold.to_bits());
        prop_assert_eq!(rows(&found, "linked"), oracle.linked_rows());
        let shop = found.conversion_scenario.as_ref().map(|name| traces.names.scenario.binary_search(name).unwrap());
        let lead: Vec<Vec<i64>> = rows(&found, "lead").into_iter().filter(|row| row[1] == 2).collect();
        prop_assert_eq!(lead, oracle.lead(shop.map(|code| code as u32)));
    }

    #[test]
    fn neither_order_nor_cuts_nor_threads_change_a_number(log in log(), cut in 0..150_usize, parts in 1..60_usize) {
        let whole = summarise(&traces(&[&log], 1 << 17), &options(false)).unwrap();
        let backwards: Vec<Row> = log.iter().rev().cloned().collect();
        let (one, other) = backwards.split_at(cut.min(log.len()));
        let cut = summarise(&traces(&[one, other], parts), &options(false)).unwrap();
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let alone = alone.install(|| summarise(&traces(&[one, other], 1), &options(false)).unwrap());
        for other in [cut, alone] {
            prop_assert_eq!(whole.threshold.map(f64::to_bits), other.threshold.map(f64::to_bits));
            let names = |s: &Statistics| s.tables.iter().map(|t| t.0).collect::<Vec<_>>();
            prop_assert_eq!(names(&whole), names(&other));
            for name in ["lead", "linked", "users"] {
                prop_assert_eq!(rows(&whole, name), rows(&other, name));
            }
        }
    }
}

#[test]
fn a_log_without_texts_has_no_links() {
    let log = [
        Row::buy(0, 20 * DAY, None, Some(1)),
        Row::see(0, 19 * DAY, 1, None, Some(1)),
    ];
    let found = summarise(&traces(&[&log], 1), &options(false)).unwrap();
    assert_eq!(found.threshold, None);
    assert!(found.tables.iter().all(|t| t.0 != "linked"));
    assert!(rows(&found, "lead").iter().all(|row| row[1] != 2));
}

#[test]
fn of_many_causes_the_most_alike_and_latest_make_the_chain() {
    let hour = |h: i64| 10 * DAY + h * HOUR;
    let tea = || Some("green tea pot".to_owned());
    let mut log: Vec<Row> = (0..100)
        .map(|h| Row::see(0, hour(h), (h % 2) as u8, tea(), None))
        .collect();
    log.push(Row::see(0, hour(0) + 1, 2, Some("pot".to_owned()), None));
    log.push(Row::buy(0, hour(100), tea(), None));
    let found = summarise(&traces(&[&log], 1), &options(false)).unwrap();
    // No stranger to be compared with: any common word links. Causes go to and fro between two scenarios, s1 last.
    assert_eq!(found.threshold, Some(0.0));
    let expected = vec![0, hour(100), 2, 0, 64, 3, 64 * HOUR, 65, 0, 1];
    assert_eq!(rows(&found, "linked"), [expected]);
}

#[test]
fn a_content_are_the_eight_rarest_words_that_others_have_too() {
    // So many people say each of these words alone; of `i` and `h`, as common, the log knows `i` first.
    let alone = [
        ("j", 7),
        ("i", 5),
        ("h", 5),
        ("g", 4),
        ("f", 3),
        ("e", 2),
        ("d", 2),
        ("c", 1),
        ("b", 1),
        ("a", 1),
    ];
    let mut log = Vec::new();
    for (word, people) in alone {
        for user in 1..=people {
            // Said twice by one person a text is one document.
            log.push(Row::see(user, DAY, 0, Some(format!("word{word}")), None));
            log.push(Row::see(user, 2 * DAY, 1, Some(format!("word{word}")), None));
        }
    }
    let mut all: Vec<String> = alone.iter().map(|(word, _)| format!("word{word}")).collect();
    all.push("lone".into());
    log.push(Row::see(0, DAY, 0, Some(all.join(" ")), None));
    log.push(Row::see(0, DAY, 1, Some("solo wordj lone2 wordj".into()), None));
    log.push(Row::see(0, DAY, 2, Some("99 :-) a".into()), None));
    let traces = traces(&[&log], 1 << 17);
    let contents = Contents::new(&traces).unwrap().unwrap();
    let parts = traces.map_parts(|_, part| part.clone()).unwrap();
    let [part] = parts.as_slice() else { unreachable!() };
    let of = |text: &str| {
        let row = (0..part.len()).find(|&r| part.text.get(r) == Some(text)).unwrap();
        contents.get(0, part.text.codes[row])
    };
    let mut expected: Vec<u32> = Vec::new();
    for word in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let code = of(&format!("word{word}"));
        assert_eq!(code.len(), 1, "{word}");
        expected.extend(code);
    }
    assert_eq!(
        of(&all.join(" ")),
        expected,
        "rarest first, of equals the first by text"
    );
    let few = of("solo wordj lone2 wordj");
    assert_eq!(
        (few.len(), few[0]),
        (3, of("wordj")[0]),
        "what nobody else says comes last"
    );
    assert!(of("99 :-) a").is_empty());
    // 31 words alone, two long texts; j is in 9 of these documents, the others in one.
    let square = |n: f64| (1.0 + 33.0 / n).ln().powi(2);
    assert_eq!(contents.weight(few[0]).to_bits(), square(9.0).to_bits());
    let cosine = (square(9.0) / (square(9.0) + 2.0 * square(1.0))).sqrt();
    assert!((contents.similarity(few, of("wordj")) - cosine).abs() < 1e-12);
    assert_eq!(contents.similarity(few, few).to_bits(), 1.0_f64.to_bits());
}

/// Numbers that look random and are the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// People who search for two of four hundred things a week and mostly buy the one they searched for the day before.
fn shoppers(users: u8) -> Vec<Row> {
    let mut draw = Draw(7);
    let mut log = Vec::new();
    for user in 0..users {
        for week in 0..7 {
            let day = 5 + week * 7;
            let mut time = || day * DAY + (8 + draw.below(12) as i64) * 60 * MINUTE;
            let (first, second, bought) = (time() + DAY, time() + 2 * DAY, time() + 3 * DAY);
            let mut topic = || format!("brand{} model{}", draw.below(20), draw.below(20));
            let (wanted, other) = (topic(), topic());
            log.push(Row::see(user, first, 0, Some(format!("cheap {other}")), None));
            log.push(Row::see(user, second, 1, Some(format!("{wanted} review")), None));
            log.push(Row::buy(user, bought, Some(format!("new {wanted} original")), None));
        }
    }
    for (record, row) in log.iter_mut().enumerate() {
        row.record = record as u64;
    }
    log
}

/// The texts of each person dealt out anew among that person's events of a scenario.
fn unlinked(log: &[Row]) -> Vec<Row> {
    let mut draw = Draw(11);
    let mut log = log.to_vec();
    for i in 0..log.len() {
        let alike: Vec<usize> = (0..=i)
            .filter(|&j| (log[j].user, log[j].scenario) == (log[i].user, log[i].scenario))
            .collect();
        let j = alike[draw.below(alike.len() as u64) as usize];
        let text = log[j].text.take();
        log[j].text = std::mem::replace(&mut log[i].text, text);
    }
    log
}

fn table<'a>(statistics: &'a Statistics, name: &str) -> &'a Table {
    &statistics.tables.iter().find(|t| t.0 == name).unwrap().1
}

/// Mean linked lead over three days by content, and mean number of causes: observed, of the content null.
fn measured(log: &[Row]) -> (f64, f64, f64) {
    let found = summarise(&traces(&[log], 100), &options(false)).unwrap();
    let lead: Vec<Vec<i64>> = rows(&found, "lead")
        .into_iter()
        .filter(|row| row[1..3] == [2, 3])
        .collect();
    let sum = |c: usize| lead.iter().map(|row| row[c]).sum::<i64>() as f64;
    let linked = table(&found, "linked");
    let (null, causes) = (linked.column("null").unwrap(), linked.column("causes").unwrap());
    let mean = |which: i64| {
        let of: Vec<i64> = null
            .iter()
            .zip(causes)
            .filter(|(n, _)| **n == which)
            .map(|(_, c)| *c)
            .collect();
        of.iter().sum::<i64>() as f64 / of.len() as f64
    };
    (sum(4) / sum(3) / f64::from(1 << 20), mean(0), mean(1))
}

#[test]
fn words_that_come_back_lead_and_words_dealt_out_anew_do_not() {
    let log = shoppers(80);
    let (lead, causes, by_chance) = measured(&log);
    assert!(lead > 0.3, "{lead}");
    assert!(causes > 0.9 && by_chance < 0.5 * causes, "{causes} {by_chance}");
    let (lead, causes, by_chance) = measured(&unlinked(&log));
    assert!(lead.abs() < 0.05, "{lead}");
    assert!((causes - by_chance).abs() < 0.3, "{causes} {by_chance}");
}
