//! Directed dependence between scenarios (metric C6): within one person, does B follow A more than it precedes A?
//!
//! Index events are starts of A-runs, outcomes are starts of B-runs within 3 days, 30 minutes apart at least (which removes
//! what a screen's layout orders), inside the person's own first-to-last span. Each outcome weighs by the inverse of the
//! population's volume of B that day, which cancels trends and weekdays.

use super::runs::{SESSION_GAP, starts};
use super::{FIXED, Table};
use crate::gather::{DAY, Trace};
use hashbrown::HashMap;
use std::collections::BTreeMap;

const REACH: i64 = 3 * DAY;

/// Run starts of every scenario of one user: scenario -> (time, local day).
fn run_starts(trace: &Trace) -> BTreeMap<u32, Vec<(i64, i64)>> {
    let mut events: BTreeMap<u32, Vec<(i64, i64)>> = BTreeMap::new();
    for e in trace.events.iter().filter(|e| !e.dated) {
        events.entry(e.scenario).or_default().push((e.time, e.day));
    }
    for list in events.values_mut() {
        let mut kept = starts(list.iter().map(|x| x.0).collect::<Vec<_>>()).peekable();
        list.retain(|x| kept.next_if_eq(&x.0).is_some());
    }
    events
}

/// First pass: how many runs of each scenario start on each day, over all users.
#[derive(Debug, Default)]
pub struct DailyStarts {
    counts: HashMap<(u32, i64), u64>,
}

impl DailyStarts {
    /// Count one user.
    pub fn fold(&mut self, trace: &Trace) {
        if trace.clock {
            for (scenario, list) in run_starts(trace) {
                for (_, day) in list {
                    *self.counts.entry((scenario, day)).or_insert(0) += 1;
                }
            }
        }
    }

    /// Add the counts of other users.
    pub fn append(&mut self, other: &Self) {
        for (key, n) in &other.counts {
            *self.counts.entry(*key).or_insert(0) += n;
        }
    }

    /// Weight of a start by scenario and day: mean daily volume seen by a start, over that day's volume; fixed point.
    pub fn weights(&self) -> HashMap<(u32, i64), i64> {
        let mut sums: HashMap<u32, (u128, u128)> = HashMap::new();
        for (&(scenario, _), &n) in &self.counts {
            let (starts, squares) = sums.entry(scenario).or_insert((0, 0));
            *starts += u128::from(n);
            *squares += u128::from(n) * u128::from(n);
        }
        self.counts
            .iter()
            .map(|(&key, &n)| {
                let (starts, squares) = sums[&key.0];
                let whole = starts * u128::from(n);
                (key, ((squares * FIXED as u128 + whole / 2) / whole) as i64)
            })
            .collect()
    }
}

/// Second pass: weighted outcomes before and after.
#[derive(Debug)]
pub struct Asymmetry<'a> {
    weights: &'a HashMap<(u32, i64), i64>,
    /// Sums by user, source (A) and target (B).
    pub table: Table,
}

impl<'a> Asymmetry<'a> {
    /// With the weights of the first pass.
    pub fn new(weights: &'a HashMap<(u32, i64), i64>) -> Self {
        Self {
            weights,
            table: Table::new(&["user", "source", "target", "before_fixed", "after_fixed"]),
        }
    }

    /// All ordered pairs of scenarios of one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        let timed = || trace.events.iter().filter(|e| !e.dated).map(|e| e.time);
        let (Some(first), Some(last)) = (timed().next(), timed().next_back()) else {
            return;
        };
        if !trace.clock || last - first < 2 * REACH {
            return;
        }
        let runs = run_starts(trace);
        let cumulated: BTreeMap<u32, Vec<i64>> = runs
            .iter()
            .map(|(&s, list)| {
                let mut sum = 0;
                let weight = |day: i64| self.weights.get(&(s, day)).copied().unwrap_or(0);
                let sums = list.iter().map(|&(_, day)| {
                    sum += weight(day);
                    sum
                });
                (s, std::iter::once(0).chain(sums).collect())
            })
            .collect();
        for (&source, index) in &runs {
            for (&target, outcomes) in runs.iter().filter(|(t, _)| **t != source) {
                let cum = &cumulated[&target];
                let up_to = |t: i64| cum[outcomes.partition_point(|o| o.0 <= t)];
                let below = |t: i64| cum[outcomes.partition_point(|o| o.0 < t)];
                let (mut before, mut after) = (0, 0);
                for &(t, _) in index.iter().filter(|(t, _)| t - REACH >= first && t + REACH <= last) {
                    before += below(t - SESSION_GAP) - below(t - REACH);
                    after += up_to(t + REACH) - up_to(t + SESSION_GAP);
                }
                if before + after > 0 {
                    self.table
                        .push([user, i64::from(source), i64::from(target), before, after]);
                }
            }
        }
    }
}
