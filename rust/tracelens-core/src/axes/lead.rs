//! The linked lead (metric C9): does what a person did elsewhere, days before, point at this conversion?
//!
//! Conversions are starts of runs in the conversion scenario, with a key k (an item, a category, or a text). For each, the share
//! of what is linked to k (the same item or category, texts of like content) among the person's run starts in other scenarios
//! within a window before it (and, for the direction, after it), less the person's own share of that in other scenarios over the
//! whole log. Only conversions with some run in another scenario within
//! the window count, and only where the window, before and after, lies inside the observation.

use super::runs::{SESSION_GAP, between, starts};
use super::{Table, share};
use crate::event::NO_CODE;
use crate::gather::{DAY, Event, Trace};
use crate::links::{Index, Linking};
use hashbrown::HashMap;

/// Windows in days; the middle one is the primary's.
const WINDOWS: [i64; 3] = [1, 3, 7];

/// Accumulator of the linked lead.
#[derive(Debug)]
pub struct Lead<'a> {
    scenario: Option<u32>,
    linking: Option<Linking<'a>>,
    /// Sums over the conversions of a user, in fixed point, by link (0 item, 1 category, 2 content) and window.
    pub table: Table,
}

/// Run starts of one key (or of all), dates apart: a date is before something only from its end on.
#[derive(Debug, Default)]
struct Starts {
    timed: Vec<i64>,
    dated: Vec<i64>,
}

impl Starts {
    /// How many certainly lie in `[from, until)`.
    fn between(&self, from: i64, until: i64) -> usize {
        between(&self.timed, from, until) + between(&self.dated, from, until - DAY)
    }

    fn len(&self) -> usize {
        self.timed.len() + self.dated.len()
    }

    fn push(&mut self, time: i64, dated: bool) {
        if dated {
            self.dated.push(time);
        } else {
            self.timed.push(time);
        }
    }

    fn extend(&mut self, more: &Self) {
        self.timed.extend(&more.timed);
        self.dated.extend(&more.dated);
    }

    fn sort(&mut self) {
        self.timed.sort_unstable();
        self.dated.sort_unstable();
    }
}

impl<'a> Lead<'a> {
    /// `scenario`: the conversion scenario, if the log has one.
    pub fn new(scenario: Option<u32>) -> Self {
        Self {
            scenario,
            linking: None,
            table: Table::new(&["user", "link", "window", "conversions", "before_fixed", "after_fixed"]),
        }
    }

    /// How texts to come are linked, if there are any.
    pub(crate) fn link(&mut self, linking: Option<Linking<'a>>) {
        self.linking = linking;
    }

    /// Sum up one user's conversions, once linked by item, once by category and once by content.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        let scenario = self.scenario;
        let is_won = |e: &Event| Some(e.scenario) == scenario;
        if !trace.clock || !trace.events.iter().any(is_won) {
            return;
        }
        self.fold_by(user, trace, 0, trace.events.iter().map(|e| e.item), |item| vec![item]);
        let category = trace.events.iter().map(|e| e.category);
        self.fold_by(user, trace, 1, category, |category| vec![category]);
        let Some(linking) = self.linking else {
            return;
        };
        let own = trace.events.iter().zip(&trace.texts);
        let mut asked: Vec<u32> = own.filter(|(e, _)| is_won(e)).map(|(_, &text)| text).collect();
        // Every action of a record says the same.
        asked.dedup();
        let asked = asked.iter().map(|&text| linking.content(text));
        let mut index = Index::new(linking, &trace.texts, asked);
        // A text without a word is about nothing, and so no key.
        let about = |&text: &u32| {
            if linking.content(text).is_empty() {
                NO_CODE
            } else {
                text
            }
        };
        self.fold_by(user, trace, 2, trace.texts.iter().map(about), |text| {
            let linked = index.linked(linking.content(text));
            linked.into_iter().map(|(text, _)| text).collect()
        });
    }

    /// `keys`: those of the events; `linked`: the keys linked to one of a conversion.
    fn fold_by(
        &mut self,
        user: i64,
        trace: &Trace,
        link: i64,
        keys: impl Iterator<Item = u32>,
        mut linked: impl FnMut(u32) -> Vec<u32>,
    ) {
        let (Some(scenario), Some(window)) = (self.scenario, trace.window) else {
            return;
        };
        let runs = run_starts(&trace.events, keys);
        let (conversions, others): (Vec<_>, Vec<_>) = runs.into_iter().partition(|(run, _)| run.scenario == scenario);
        let mut links: HashMap<u32, Vec<u32>> = HashMap::new();
        for (run, _) in &conversions {
            links.entry(run.key).or_insert_with(|| linked(run.key));
        }
        let keys = links.values().flatten();
        let mut of: HashMap<u32, Starts> = keys.map(|&key| (key, Starts::default())).collect();
        let mut all = Starts::default();
        for (run, dated) in others {
            all.push(run.time, dated);
            if let Some(list) = of.get_mut(&run.key) {
                list.push(run.time, dated);
            }
        }
        all.sort();
        let of_linked: HashMap<u32, Starts> = links
            .into_iter()
            .map(|(key, linked)| {
                let mut starts = Starts::default();
                for key in &linked {
                    starts.extend(&of[key]);
                }
                starts.sort();
                (key, starts)
            })
            .collect();
        for days in WINDOWS {
            let reach = days * DAY;
            let (mut n, mut before, mut after) = (0, 0, 0);
            for &(run, dated) in &conversions {
                let end = run.time + if dated { DAY } else { 0 };
                if run.time - reach < window.from || end + reach > window.until {
                    continue;
                }
                let linked = &of_linked[&run.key];
                let base = share(linked.len() as u64, all.len() as u64);
                let lead = |from: i64, until: i64| match all.between(from, until) {
                    0 => None,
                    total => Some(share(linked.between(from, until) as u64, total as u64) - base),
                };
                // With nothing at all before it, a conversion says how active the person was, not what led to it.
                let Some(ahead) = lead(run.time - reach, run.time - SESSION_GAP) else {
                    continue;
                };
                n += 1;
                before += ahead;
                after += lead(end + SESSION_GAP, end + reach).unwrap_or(0);
            }
            if n > 0 {
                self.table.push([user, link, days, n, before, after]);
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Run {
    scenario: u32,
    key: u32,
    time: i64,
}

/// Starts of runs of one (scenario, key); events without a key cannot be linked and stay out. The flag tells dates.
fn run_starts(events: &[Event], keys: impl Iterator<Item = u32>) -> Vec<(Run, bool)> {
    let mut keyed: Vec<(u32, u32, bool, i64)> = events
        .iter()
        .zip(keys)
        .filter(|(_, key)| *key != NO_CODE)
        .map(|(e, key)| (e.scenario, key, e.dated, e.time))
        .collect();
    keyed.sort_unstable();
    keyed
        .chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2))
        .flat_map(|group| {
            let (scenario, key, dated, _) = group[0];
            starts(group.iter().map(|g| g.3)).map(move |time| (Run { scenario, key, time }, dated))
        })
        .collect()
}
