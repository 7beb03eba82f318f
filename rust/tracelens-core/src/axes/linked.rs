//! Chains of events that are about one thing, and what they would be without a cause (metrics, 3.8).
//!
//! The causes of a conversion are earlier records, within 30 days, with an event linked to it (see [`crate::links`]); of more
//! than 64 those most alike. A record is one cause, however many of its actions are logged: that with the event most alike.
//! Each cause points to the earlier one with which it is most similar, if they are linked, and of equals to the latest; the
//! conversion comes after them all. Depth is the longest path in this graph, runs of one scenario counted once, the
//! conversion's own included. The earliest cause is the root, the latest is the trigger if it lies within 24 hours.
//!
//! Nearly any two lives look like chains in a long log, so beside each conversion stand two that led nowhere: what another
//! user was won to, at the same time in this user's trace (content null), and the user's own exposure to the same category,
//! nearest in time, that no conversion of that category followed within 14 days (exposure null).

use super::Table;
use super::controls::{Won, end_of};
use crate::event::{NO_CODE, Role};
use crate::gather::{DAY, Event, Trace};
use crate::links::{Aim, Index, Linking};
use hashbrown::HashMap;

/// How far back a cause may lie.
const LOOK_BACK: i64 = 30 * DAY;
/// A trigger lies so near.
const TRIGGER: i64 = DAY;
/// Causes of a chain, at most: a longer one nobody reads, and it is made of common words.
const CAUSES: usize = 64;

/// What a chain leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Null {
    Observed = 0,
    Content = 1,
    Exposure = 2,
}

/// Accumulator of linked chains.
#[derive(Debug)]
pub struct Linked<'a> {
    linking: Linking<'a>,
    exposure_by_record: bool,
    /// For each conversion of a user with a clock a row, and one for each of its nulls (`null`: 0 observed, 1 content, 2
    /// exposure) that there is; `time` and `scenario` are always the conversion's.
    pub table: Table,
}

/// An event that something may have led to: its place in the trace, and what it is, or stands in for.
#[derive(Clone, Copy)]
struct End<'a> {
    at: usize,
    about: Aim<'a>,
}

/// A record linked to an end: its event most alike.
#[derive(Debug, Clone, Copy)]
struct Cause {
    event: usize,
    similarity: f64,
}

impl<'a> Linked<'a> {
    /// `exposure_by_record`: each record is one exposure.
    pub fn new(linking: Linking<'a>, exposure_by_record: bool) -> Self {
        Self {
            linking,
            exposure_by_record,
            table: Table::new(&[
                "user",
                "time",
                "scenario",
                "null",
                "causes",
                "scenarios",
                "span",
                "depth",
                "root",
                "trigger",
            ]),
        }
    }

    /// All conversions of one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        let is_conversion = |i: &usize| trace.events[*i].role == Role::Conversion;
        let conversions: Vec<usize> = (0..trace.events.len()).filter(is_conversion).collect();
        if !trace.clock || conversions.is_empty() {
            return;
        }
        let idle = self.idle_exposures(trace, &conversions);
        let mut rows: Vec<(usize, Null)> = Vec::new();
        let mut ends: Vec<End> = Vec::new();
        let mut add = |conversion, null, end| {
            rows.push((conversion, null));
            ends.push(end);
        };
        for (i, &at) in conversions.iter().enumerate() {
            let about = self.about(trace, at);
            add(at, Null::Observed, End { at, about });
            if let Some(about) = self.linking.of_another(user as usize, i) {
                add(at, Null::Content, End { at, about });
            }
            if let Some(exposure) = nearest(&idle, &trace.events, at) {
                let about = self.about(trace, exposure);
                add(at, Null::Exposure, End { at: exposure, about });
            }
        }
        let finder = Finder::new(self.linking, trace, &ends);
        for (number, ((conversion, null), end)) in rows.into_iter().zip(&ends).enumerate() {
            let causes = finder.causes(number, end);
            let conversion = &trace.events[conversion];
            let (scenario, null) = (i64::from(conversion.scenario), i64::from(null as u8));
            let [causes, scenarios, span, depth, root, trigger] = self.chain(trace, end, &causes);
            self.table.push([
                user,
                conversion.time,
                scenario,
                null,
                causes,
                scenarios,
                span,
                depth,
                root,
                trigger,
            ]);
        }
    }

    fn about(&self, trace: &Trace, at: usize) -> Aim<'a> {
        Aim {
            item: trace.events[at].item,
            content: self.linking.content(text(trace, at)),
        }
    }

    /// Exposures by category that say what they are of and that no conversion of their category followed, though the fortnight
    /// was observed.
    fn idle_exposures(&self, trace: &Trace, conversions: &[usize]) -> HashMap<u32, Vec<usize>> {
        let won = Won::new(&trace.events, conversions, |e| {
            Some(e.category).filter(|&c| c != NO_CODE)
        });
        let until = trace.observed_until(i64::MAX);
        let mut idle: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut seen = vec![!self.exposure_by_record; trace.records.len()];
        for (i, e) in trace.events.iter().enumerate() {
            // The first event of a record stands for it.
            let first = !std::mem::replace(&mut seen[e.record as usize], true);
            if won.count(&e.category) == 0 || !(first || e.role == Role::Exposure) {
                continue;
            }
            let about = self.about(trace, i);
            let speaks = about.item != NO_CODE || !about.content.is_empty();
            if speaks && won.spares(e, &e.category, 0, until) {
                idle.entry(e.category).or_default().push(i);
            }
        }
        idle
    }

    /// Causes, scenarios, span, depth, root and trigger.
    fn chain(&self, trace: &Trace, end: &End, causes: &[Cause]) -> [i64; 6] {
        let events = &trace.events;
        let own = &events[end.at];
        let mut depths: Vec<u32> = Vec::with_capacity(causes.len());
        for (k, cause) in causes.iter().enumerate() {
            let (e, about) = (&events[cause.event], self.about(trace, cause.event));
            let mut best: Option<(f64, usize)> = None;
            for (j, earlier) in causes[..k].iter().enumerate() {
                let similarity = self.linking.similarity(about, self.about(trace, earlier.event));
                if self.linking.is_linked(similarity)
                    && events[earlier.event].precedes(e)
                    && best.is_none_or(|(most, _)| similarity >= most)
                {
                    best = Some((similarity, j));
                }
            }
            let step = |j: usize| depths[j] + u32::from(events[causes[j].event].scenario != e.scenario);
            depths.push(best.map_or(1, |(_, j)| step(j)));
        }
        let scenario = |cause: &Cause| events[cause.event].scenario;
        let longest = causes.iter().zip(&depths);
        let depth = longest.map(|(cause, depth)| depth + u32::from(scenario(cause) != own.scenario));
        let mut scenarios: Vec<u32> = causes.iter().map(scenario).chain([own.scenario]).collect();
        scenarios.sort_unstable();
        scenarios.dedup();
        let since = |cause: &Cause| own.time - end_of(&events[cause.event]);
        let trigger = causes.last().filter(|cause| since(cause) <= TRIGGER);
        let code = |cause: Option<&Cause>| cause.map_or(-1, |cause| i64::from(scenario(cause)));
        [
            causes.len() as i64,
            scenarios.len() as i64,
            causes.first().map_or(0, since),
            i64::from(depth.max().unwrap_or(1)),
            code(causes.first()),
            code(trigger),
        ]
    }
}

fn text(trace: &Trace, at: usize) -> u32 {
    trace.texts.get(at).copied().unwrap_or(NO_CODE)
}

/// The exposure of the conversion's category nearest to it in time, of equals the earliest.
fn nearest(idle: &HashMap<u32, Vec<usize>>, events: &[Event], conversion: usize) -> Option<usize> {
    let own = &events[conversion];
    let list = idle.get(&own.category)?;
    let after = list.partition_point(|&i| i < conversion);
    let before = after.checked_sub(1).map(|last| {
        let time = events[list[last]].time;
        list[list[..after].partition_point(|&i| events[i].time < time)]
    });
    let distance = |i: &usize| (events[*i].time - own.time).abs();
    before.into_iter().chain(list.get(after).copied()).min_by_key(distance)
}

/// What is linked to ends among the events of a user.
struct Finder<'t> {
    trace: &'t Trace,
    /// Of each end the texts linked to it, with their similarity.
    texts: Vec<Vec<(u32, f64)>>,
    /// Events in order, for such texts, and for the items of ends.
    by_text: HashMap<u32, Vec<usize>>,
    by_item: HashMap<u32, Vec<usize>>,
}

impl<'t> Finder<'t> {
    fn new(linking: Linking, trace: &'t Trace, ends: &[End]) -> Self {
        let mut index = Index::new(linking, &trace.texts, ends.iter().map(|end| end.about.content));
        let texts: Vec<Vec<(u32, f64)>> = ends.iter().map(|end| index.linked(end.about.content)).collect();
        let items = ends.iter().map(|end| end.about.item).filter(|&item| item != NO_CODE);
        let mut by_text: HashMap<u32, Vec<usize>> = texts.iter().flatten().map(|&(t, _)| (t, Vec::new())).collect();
        let mut by_item: HashMap<u32, Vec<usize>> = items.map(|item| (item, Vec::new())).collect();
        for (i, e) in trace.events.iter().enumerate() {
            let lists = [by_item.get_mut(&e.item), by_text.get_mut(&text(trace, i))];
            lists.into_iter().flatten().for_each(|list| list.push(i));
        }
        Self {
            trace,
            texts,
            by_text,
            by_item,
        }
    }

    /// The causes of an end, the one of this number, in the order of time.
    fn causes(&self, number: usize, end: &End) -> Vec<Cause> {
        let mut found: Vec<Cause> = Vec::new();
        let mut add = |list: Option<&Vec<usize>>, similarity: f64| {
            let list = list.map_or(&[][..], |list| list);
            let since = self.trace.events[end.at].time - LOOK_BACK;
            let from = list.partition_point(|&i| self.trace.events[i].time < since);
            let near = list[from..].iter().take_while(|&&i| i < end.at);
            found.extend(near.map(|&event| Cause { event, similarity }));
        };
        for &(text, similarity) in &self.texts[number] {
            add(self.by_text.get(&text), similarity);
        }
        add(self.by_item.get(&end.about.item), 1.0);
        let events = &self.trace.events;
        let (own, record) = (&events[end.at], |cause: &Cause| events[cause.event].record);
        found.retain(|cause| record(cause) != own.record && events[cause.event].precedes(own));
        // Of each record the event most alike, of equals the earliest; of those the most alike, of equals the latest.
        found.sort_unstable_by(|a, b| {
            let by_similarity = b.similarity.total_cmp(&a.similarity);
            record(a)
                .cmp(&record(b))
                .then(by_similarity)
                .then(a.event.cmp(&b.event))
        });
        found.dedup_by_key(|cause| record(cause));
        found.sort_unstable_by(|a, b| b.similarity.total_cmp(&a.similarity).then(b.event.cmp(&a.event)));
        found.truncate(CAUSES);
        found.sort_unstable_by_key(|cause| (end_of(&events[cause.event]), cause.event));
        found
    }
}
