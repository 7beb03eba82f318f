//! What links by content are, said slowly: every pair of events is compared, words are texts, nothing is indexed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use tracelens_core::event::{EventBatch, NO_CODE, NO_TIME, Precision, Role};
use tracelens_core::gather::{Calendar, DAY, Event, Gatherer, HOUR, MINUTE, Part, TraceBuilder, Traces, Window};

/// One event of a log. The category follows from the record.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) user: u8,
    pub(crate) time: i64,
    pub(crate) scenario: u8,
    pub(crate) buys: bool,
    pub(crate) item: Option<u8>,
    pub(crate) record: u64,
    pub(crate) dated: bool,
    pub(crate) occurred: bool,
    pub(crate) text: Option<String>,
}

impl Row {
    pub(crate) fn see(user: u8, time: i64, scenario: u8, text: Option<String>, item: Option<u8>) -> Self {
        Self {
            user,
            time,
            scenario,
            buys: false,
            item,
            record: time as u64,
            dated: false,
            occurred: true,
            text,
        }
    }

    pub(crate) fn buy(user: u8, time: i64, text: Option<String>, item: Option<u8>) -> Self {
        Self {
            buys: true,
            ..Self::see(user, time, 2, text, item)
        }
    }
}

pub(crate) fn traces(batches: &[&[Row]], events_a_part: usize) -> Traces {
    let mut gatherer = Gatherer::default().with_parts_of(events_a_part);
    for rows in batches {
        gatherer.push(batch(rows)).unwrap();
    }
    gatherer.finish().unwrap()
}

fn batch(rows: &[Row]) -> EventBatch {
    let mut batch = EventBatch::default();
    for row in rows {
        batch.user.push(Some(&format!("u{:03}", row.user)));
        batch.time.push(row.time);
        batch.precision.push(match (row.time, row.dated) {
            (NO_TIME, _) => Precision::None,
            (_, true) => Precision::Day,
            _ => Precision::Second,
        });
        batch.seq.push(0);
        batch.scenario.push(Some(&format!("s{}", row.scenario)));
        batch.action.push(Some(if row.buys { "buy" } else { "see" }));
        batch
            .role
            .push(if row.buys { Role::Conversion } else { Role::Exposure });
        batch.valence.push(0);
        batch.occurred.push(row.occurred);
        batch.item.push(row.item.map(|i| format!("i{i}")).as_deref());
        let category = (row.record % 3 > 0).then(|| format!("c{}", row.record % 3));
        batch.category.push(category.as_deref());
        batch.value.push(f64::NAN);
        batch.count.push(1);
        batch.record.push(row.record);
        batch.text.push(row.text.as_deref());
    }
    batch
}

/// An event with what was said.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    event: Event,
    text: Option<String>,
}

struct Person {
    events: Vec<Said>,
    clock: bool,
}

pub(crate) struct Side {
    people: Vec<Person>,
    documents: BTreeMap<String, u64>,
    whole: u64,
    window: Range<i64>,
    by_record: bool,
    pub(crate) threshold: f64,
}

impl Side {
    pub(crate) fn new(log: &[Row], traces: &Traces, days: Range<i64>, by_record: bool) -> Self {
        let window = days.start * DAY..days.end * DAY;
        let mut builder = TraceBuilder::new(Calendar::new(jiff::tz::TimeZone::UTC), by_record);
        let mut person = |part: &Part, place: usize| {
            let (from, until) = (window.start, window.end);
            let trace = builder.build(part, place, Some(Window { from, until }));
            let texts = &part.text.pool;
            let said = |&text: &u32| (text != NO_CODE).then(|| texts.get(text).to_owned());
            let both = trace.events.iter().zip(&trace.texts);
            Person {
                events: both
                    .map(|(e, text)| Said {
                        event: *e,
                        text: said(text),
                    })
                    .collect(),
                clock: trace.clock,
            }
        };
        let mut people = Vec::new();
        for part in traces.map_parts(|_, part| part.clone()).unwrap() {
            people.extend((0..part.users.len()).map(|place| person(&part, place)));
        }
        let mut texts: BTreeSet<(u8, &str)> = log
            .iter()
            .filter_map(|row| row.text.as_deref().map(|text| (row.user, text)))
            .collect();
        texts.retain(|(_, text)| !text.is_empty());
        let mut documents = BTreeMap::new();
        for (_, text) in &texts {
            for word in text.split(' ').collect::<BTreeSet<_>>() {
                *documents.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
        let mut side = Self {
            people,
            documents,
            whole: texts.len() as u64,
            window,
            by_record,
            threshold: 0.0,
        };
        side.threshold = side.quantile(log);
        side
    }

    /// The eight words that come first.
    fn content(&self, text: Option<&str>) -> Vec<(bool, u64, String)> {
        let words: BTreeSet<&str> = text
            .into_iter()
            .flat_map(|t| t.split(' '))
            .filter(|w| !w.is_empty())
            .collect();
        let mut keyed: Vec<(bool, u64, String)> = words
            .into_iter()
            .map(|word| (self.documents[word] == 1, self.documents[word], word.to_owned()))
            .collect();
        keyed.sort();
        keyed.truncate(8);
        keyed
    }

    fn cosine(&self, a: Option<&str>, b: Option<&str>) -> f64 {
        let (a, b) = (self.content(a), self.content(b));
        let square = |n: u64| (1.0 + self.whole as f64 / n as f64).ln().powi(2);
        let length = |words: &[(bool, u64, String)]| words.iter().map(|w| square(w.1)).sum::<f64>();
        let common: Vec<_> = a.iter().filter(|w| b.contains(w)).cloned().collect();
        if common.is_empty() {
            0.0
        } else {
            length(&common) / (length(&a) * length(&b)).sqrt()
        }
    }

    fn similarity(&self, a: &Said, b: &Said) -> f64 {
        if a.event.item != NO_CODE && a.event.item == b.event.item {
            1.0
        } else {
            self.cosine(a.text.as_deref(), b.text.as_deref())
        }
    }

    fn linked(&self, similarity: f64) -> bool {
        similarity > 0.0 && similarity >= self.threshold
    }

    /// From the log itself: the sample holds all of a small one.
    fn quantile(&self, log: &[Row]) -> f64 {
        let item = |row: &Row| row.item.map_or(NO_CODE, u32::from);
        let mut timed: Vec<&Row> = log.iter().filter(|row| self.window.contains(&row.time)).collect();
        // Buying comes before seeing by name.
        let action = |row: &Row| u8::from(!row.buys);
        timed.sort_by(|a, b| {
            let key = |row: &Row| (row.time, row.user, row.scenario, action(row), item(row), row.record);
            key(a).cmp(&key(b)).then_with(|| a.text.cmp(&b.text))
        });
        let speaking: Vec<&Row> = timed
            .iter()
            .copied()
            .filter(|r| r.text.is_some() || r.item.is_some())
            .collect();
        let mut all = Vec::new();
        for own in timed.iter().filter(|row| row.buys && row.occurred) {
            let strangers = |near: Vec<&&Row>| -> Vec<Row> {
                let near = near.into_iter().take(50).filter(|row| row.user != own.user);
                near.take(10).map(|row| (**row).clone()).collect()
            };
            let mut others = strangers(speaking.iter().rev().filter(|row| row.time < own.time).collect());
            others.extend(strangers(speaking.iter().filter(|row| row.time >= own.time).collect()));
            for other in others {
                all.push(if own.item.is_some() && own.item == other.item {
                    1.0
                } else {
                    self.cosine(own.text.as_deref(), other.text.as_deref())
                });
            }
        }
        all.sort_by(f64::total_cmp);
        let rank = (all.len() as f64 * 0.99).ceil() as usize;
        if all.is_empty() { 0.0 } else { all[rank - 1] }
    }

    /// The rows of the table `linked`.
    pub(crate) fn linked_rows(&self) -> Vec<Vec<i64>> {
        let conversions = |p: &Person| -> Vec<usize> {
            let found = (0..p.events.len()).filter(|&i| p.events[i].event.role == Role::Conversion);
            found.filter(|_| p.clock).collect()
        };
        let n = self.people.len();
        let mut rows = Vec::new();
        for (u, person) in self.people.iter().enumerate() {
            for (i, &at) in conversions(person).iter().enumerate() {
                let own = &person.events[at];
                let e = &own.event;
                let mut row = |null: i64, chain: Vec<i64>| {
                    rows.push([vec![u as i64, e.time, i64::from(e.scenario), null], chain].concat());
                };
                row(0, self.chain(person, at, own));
                let others = (1..n).map(|k| &self.people[(u + k) % n]);
                if let Some(other) = others.into_iter().find(|other| !conversions(other).is_empty()) {
                    let theirs = conversions(other);
                    row(1, self.chain(person, at, &other.events[theirs[i % theirs.len()]]));
                }
                let idle = (0..person.events.len()).filter(|&j| self.is_idle(person, j, e.category));
                if let Some(j) = idle.min_by_key(|&j| ((person.events[j].event.time - e.time).abs(), j)) {
                    row(2, self.chain(person, j, &person.events[j]));
                }
            }
        }
        rows
    }

    fn is_idle(&self, person: &Person, j: usize, category: u32) -> bool {
        let said = &person.events[j];
        let e = &said.event;
        let first = (0..j).all(|i| person.events[i].event.record != e.record);
        let seen = e.role == Role::Exposure || (self.by_record && first);
        let last = end(e) + 14 * DAY;
        let followed = person
            .events
            .iter()
            .map(|other| &other.event)
            .any(|c| c.role == Role::Conversion && c.category == category && end(c) >= e.time && c.time <= last);
        let speaks = e.item != NO_CODE || !self.content(said.text.as_deref()).is_empty();
        seen && category != NO_CODE && e.category == category && speaks && last <= self.window.end && !followed
    }

    fn chain(&self, person: &Person, at: usize, about: &Said) -> Vec<i64> {
        let own = &person.events[at].event;
        let mut of_record: BTreeMap<u32, (f64, usize)> = BTreeMap::new();
        for (i, said) in person.events[..at].iter().enumerate() {
            let similarity = self.similarity(about, said);
            let near = said.event.time >= own.time - 30 * DAY && said.event.precedes(own);
            if near && said.event.record != own.record && self.linked(similarity) {
                let best = of_record.entry(said.event.record).or_insert((similarity, i));
                if similarity > best.0 {
                    *best = (similarity, i);
                }
            }
        }
        let mut causes: Vec<usize> = of_record.values().map(|cause| cause.1).collect();
        causes.sort_by_key(|&i| (end(&person.events[i].event), i));
        let event = |k: usize| &person.events[causes[k]].event;
        let mut depths: Vec<i64> = Vec::new();
        for k in 0..causes.len() {
            let mut to: Option<(f64, usize)> = None;
            for j in 0..k {
                let similarity = self.similarity(&person.events[causes[k]], &person.events[causes[j]]);
                if self.linked(similarity)
                    && event(j).precedes(event(k))
                    && to.is_none_or(|(most, _)| similarity >= most)
                {
                    to = Some((similarity, j));
                }
            }
            depths.push(to.map_or(1, |(_, j)| {
                depths[j] + i64::from(event(j).scenario != event(k).scenario)
            }));
        }
        let whole = (0..causes.len()).map(|k| depths[k] + i64::from(event(k).scenario != own.scenario));
        let scenarios: BTreeSet<u32> = (0..causes.len())
            .map(|k| event(k).scenario)
            .chain([own.scenario])
            .collect();
        let (first, last) = (
            causes.first().map(|_| event(0)),
            causes.last().map(|_| event(causes.len() - 1)),
        );
        let trigger = last.filter(|e| own.time - end(e) <= 24 * HOUR);
        let scenario = |e: Option<&Event>| e.map_or(-1, |e| i64::from(e.scenario));
        vec![
            causes.len() as i64,
            scenarios.len() as i64,
            first.map_or(0, |e| own.time - end(e)),
            whole.max().unwrap_or(1),
            scenario(first),
            scenario(trigger),
        ]
    }

    /// The rows of the table `lead` by content.
    pub(crate) fn lead(&self, shop: Option<u32>) -> Vec<Vec<i64>> {
        let mut rows = Vec::new();
        for (u, person) in self.people.iter().enumerate().filter(|(_, p)| p.clock) {
            let runs = Self::runs(person);
            let (won, others): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| Some(run.scenario) == shop);
            for days in [1, 3, 7] {
                let reach = days * DAY;
                let (mut n, mut before, mut after) = (0, 0, 0);
                for c in &won {
                    let end = c.time + if c.dated { DAY } else { 0 };
                    if c.time - reach < self.window.start || end + reach > self.window.end {
                        continue;
                    }
                    let share = |within: &dyn Fn(&Run) -> bool| {
                        let inside: Vec<&&Run> = others.iter().filter(|run| within(run)).collect();
                        let alike = inside
                            .iter()
                            .filter(|run| self.linked(self.cosine(Some(&run.text), Some(&c.text))));
                        let part = alike.count() as f64 / inside.len().max(1) as f64;
                        ((part * f64::from(1 << 20)).round() as i64, inside.len())
                    };
                    let (base, _) = share(&|_| true);
                    let inside = |run: &Run, from: i64, until: i64| {
                        run.time >= from
                            && run.time + if run.dated { DAY } else { 0 } < until + i64::from(run.dated)
                            && (!run.dated || run.time < until - DAY)
                    };
                    let ahead = share(&|run| inside(run, c.time - reach, c.time - 30 * MINUTE));
                    if ahead.1 == 0 {
                        continue;
                    }
                    let behind = share(&|run| inside(run, end + 30 * MINUTE, end + reach));
                    n += 1;
                    before += ahead.0 - base;
                    after += if behind.1 > 0 { behind.0 - base } else { 0 };
                }
                if n > 0 {
                    rows.push(vec![u as i64, 2, days, n, before, after]);
                }
            }
        }
        rows
    }

    fn runs(person: &Person) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut last: BTreeMap<(u32, String, bool), i64> = BTreeMap::new();
        for said in &person.events {
            let Some(text) = said.text.clone().filter(|text| !text.is_empty()) else {
                continue;
            };
            let Event {
                scenario, dated, time, ..
            } = said.event;
            let before = last.insert((scenario, text.clone(), dated), time);
            if before.is_none_or(|before| time - before > 30 * MINUTE) {
                runs.push(Run {
                    scenario,
                    text,
                    dated,
                    time,
                });
            }
        }
        runs
    }
}

struct Run {
    scenario: u32,
    text: String,
    dated: bool,
    time: i64,
}

fn end(e: &Event) -> i64 {
    e.time + if e.dated { DAY } else { 0 }
}
