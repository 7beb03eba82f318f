//! What texts cost beyond the rest: `cargo test --release --test links_cost -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use tracelens_core::event::{EventBatch, Precision, Role};
use tracelens_core::gather::{Gatherer, MINUTE};
use tracelens_core::statistics::{Options, Statistics, summarise};

const USERS: usize = 2_000;
const RECORDS: usize = 100;
const ACTIONS: usize = 5;

struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// Small numbers are common.
    fn skewed(&mut self, n: u64) -> u64 {
        let at_most = self.below(n) + 1;
        self.below(at_most)
    }

    /// Small numbers are very common.
    fn common(&mut self, n: u64) -> u64 {
        let at_most = self.skewed(n) + 1;
        self.skewed(at_most)
    }
}

/// A million events in records of five, a conversion every so many records; the title of each record is one of so many.
fn log(titles: u64, every: usize, texts: bool) -> EventBatch {
    let mut draw = Draw(3);
    let mut batch = EventBatch::default();
    for user in 0..USERS {
        for record in 0..RECORDS {
            let title = draw.skewed(titles);
            let mut words = Draw(title);
            words.below(1);
            let title: Vec<String> = (0..8).map(|_| format!("word{}", words.common(20_000))).collect();
            let title = title.join(" ");
            for action in 0..ACTIONS {
                batch.user.push(Some(&format!("u{user}")));
                batch.time.push((record * 1000 + action) as i64 * MINUTE);
                batch.precision.push(Precision::Second);
                batch.seq.push(action as u32);
                batch.scenario.push(Some(&format!("s{}", record % 5)));
                batch.action.push(Some(&format!("a{action}")));
                let wins = record % every == 0 && action == 4;
                batch.role.push(if wins { Role::Conversion } else { Role::Active });
                batch.valence.push(0);
                batch.occurred.push(true);
                batch.item.push(None);
                batch.category.push(None);
                batch.value.push(f64::NAN);
                batch.count.push(1);
                batch.record.push(record as u64);
                batch.text.push(texts.then_some(title.as_str()));
            }
        }
    }
    batch
}

/// Nanoseconds that this thread was at work: the machine may be shared.
fn at_work() -> f64 {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    status.split(' ').next().unwrap().parse().unwrap()
}

fn measured(batch: EventBatch) -> (f64, f64, Statistics) {
    let events = batch.len() as f64;
    let start = at_work();
    let mut gatherer = Gatherer::default();
    gatherer.push(batch).unwrap();
    let traces = gatherer.finish().unwrap();
    let gathering = (at_work() - start) / events;
    let start = at_work();
    let statistics = summarise(&traces, &Options::default()).unwrap();
    (gathering, (at_work() - start) / events, statistics)
}

#[test]
#[ignore = "a measurement"]
fn cost_of_texts() {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone.install(|| {
        for (titles, every) in [(1_000, 100), (1_000, 10), (1_000_000_000, 100), (1_000_000_000, 10)] {
            for texts in [false, true] {
                let (gathered, summarised, statistics) = measured(log(titles, every, texts));
                let linked = statistics.tables.iter().find(|t| t.0 == "linked");
                let causes = linked.map(|t| {
                    let causes = t.1.column("causes").unwrap();
                    causes.iter().sum::<i64>() as f64 / causes.len() as f64
                });
                println!(
                    "{titles} titles, a conversion in {every} records, texts {texts}: gather {gathered:.0}, summarise {summarised:.0} ns an event; threshold {:?}, causes {causes:?}",
                    statistics.threshold
                );
            }
        }
    });
}
