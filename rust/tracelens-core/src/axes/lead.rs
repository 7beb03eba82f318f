//! The linked lead (metric C9): does what a person did elsewhere, days before, point at this conversion?
//!
//! Conversions are starts of runs in the conversion scenario, with a key k (an item or a category). For each, the share of k
//! among the person's run starts in other scenarios within a window before it (and, for the direction, after it), less the
//! person's own share of k in other scenarios over the whole log. Only conversions with some run in another scenario within
//! the window count, and only where the window, before and after, lies inside the observation.

use super::runs::{SESSION_GAP, between, starts};
use super::{Table, share};
use crate::event::NO_CODE;
use crate::gather::{DAY, Event, Trace};
use hashbrown::HashMap;

/// Windows in days; the middle one is the primary's.
const WINDOWS: [i64; 3] = [1, 3, 7];

/// Accumulator of the linked lead.
#[derive(Debug)]
pub struct Lead {
    scenario: Option<u32>,
    /// Sums over the conversions of a user, in fixed point, by link (0 item, 1 category) and window.
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

    fn sort(&mut self) {
        self.timed.sort_unstable();
        self.dated.sort_unstable();
    }
}

impl Lead {
    /// `scenario`: the conversion scenario, if the log has one.
    pub fn new(scenario: Option<u32>) -> Self {
        Self {
            scenario,
            table: Table::new(&["user", "link", "window", "conversions", "before_fixed", "after_fixed"]),
        }
    }

    /// Sum up one user's conversions, once linked by item and once by category.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        self.fold_by(user, trace, 0, |e| e.item);
        self.fold_by(user, trace, 1, |e| e.category);
    }

    fn fold_by(&mut self, user: i64, trace: &Trace, link: i64, key: impl Fn(&Event) -> u32) {
        let (Some(scenario), Some(window)) = (self.scenario, trace.window) else {
            return;
        };
        let runs = run_starts(&trace.events, &key);
        let (mut all, mut of): (Starts, HashMap<u32, Starts>) = Default::default();
        let mut conversions = Vec::new();
        for (run, dated) in runs {
            if run.scenario == scenario {
                conversions.push((run, dated));
                continue;
            }
            for list in [&mut all, of.entry(run.key).or_default()] {
                if dated {
                    list.dated.push(run.time);
                } else {
                    list.timed.push(run.time);
                }
            }
        }
        if conversions.is_empty() {
            return;
        }
        all.sort();
        of.values_mut().for_each(Starts::sort);
        let none = Starts::default();
        for days in WINDOWS {
            let reach = days * DAY;
            let (mut n, mut before, mut after) = (0, 0, 0);
            for &(run, dated) in &conversions {
                let end = run.time + if dated { DAY } else { 0 };
                if run.time - reach < window.from || end + reach > window.until {
                    continue;
                }
                let linked = of.get(&run.key).unwrap_or(&none);
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
fn run_starts(events: &[Event], key: impl Fn(&Event) -> u32) -> Vec<(Run, bool)> {
    let mut keyed: Vec<(u32, u32, bool, i64)> = events
        .iter()
        .filter(|e| key(e) != NO_CODE)
        .map(|e| (e.scenario, key(e), e.dated, e.time))
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
