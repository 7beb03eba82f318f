//! Directed dependence between scenarios (metric C6): within one person, does B follow A more than it precedes A?
//!
//! Index events are starts of A-runs, outcomes are starts of B-runs within 3 days, 30 minutes apart at least (which removes
//! what a screen's layout orders), inside the person's own first-to-last span. Each outcome weighs by the inverse of the
//! population's volume of B that day, which cancels trends and weekdays.
//!
//! The population does not know when one person was there: who joins late has more of everything after than before. So
//! beside these sums stand those by the person's own activity, Mantel and Haenszel's rate ratio with a stratum for each
//! index event: in place of the calendar each outcome weighs by the other side's share of the person's run starts in third
//! scenarios within the same two windows, `(t0 + 1/2) / (t0 + t1 + 1)` of those after and `(t1 + 1/2) / (t0 + t1 + 1)` of
//! those before. The halves keep what stands beside nothing; without a third scenario all weigh the same. Both ratios have
//! to agree in sign.
//!
//! Sources: the self-controlled case series of C. P. Farrington, Biometrics 51, 228 (1995), before against after; N. Mantel
//! and W. Haenszel, Journal of the National Cancer Institute 22, 719 (1959), in its form for person-time, with activity for
//! time.

use super::runs::SESSION_GAP;
use super::{FIXED, Table, share};
use crate::gather::{DAY, Trace};
use hashbrown::HashMap;
use std::ops::Range;

const REACH: i64 = 3 * DAY;

/// Run starts of every scenario of one user, in the order of the scenarios: (time, local day).
type Starts = Vec<(u32, Vec<(i64, i64)>)>;

fn run_starts(trace: &Trace) -> Starts {
    let mut last: Vec<Option<i64>> = Vec::new();
    let mut found = Vec::new();
    for e in trace.events.iter().filter(|e| !e.dated) {
        let scenario = e.scenario as usize;
        if scenario >= last.len() {
            last.resize(scenario + 1, None);
        }
        if last[scenario].is_none_or(|l| e.time - l > SESSION_GAP) {
            found.push((e.scenario, (e.time, e.day)));
        }
        last[scenario] = Some(e.time);
    }
    found.sort_by_key(|(scenario, _)| *scenario);
    let groups = found.chunk_by(|a, b| a.0 == b.0);
    groups
        .map(|group| (group[0].0, group.iter().map(|g| g.1).collect()))
        .collect()
}

/// First pass: how many runs of each scenario start on each day, over all users, and those of each user.
#[derive(Debug, Default)]
pub struct DailyStarts {
    counts: HashMap<(u32, i64), u64>,
}

/// The run starts of a user, and the first and last time at which the user was seen.
#[derive(Debug)]
pub struct Runs {
    user: i64,
    first: i64,
    last: i64,
    starts: Starts,
}

impl DailyStarts {
    /// Count one user, and keep what the second pass needs.
    pub fn fold(&mut self, user: i64, trace: &Trace) -> Option<Runs> {
        let timed = || trace.events.iter().filter(|e| !e.dated).map(|e| e.time);
        let (first, last) = timed().next().zip(timed().next_back()).filter(|_| trace.clock)?;
        let starts = run_starts(trace);
        for (scenario, list) in &starts {
            for (_, day) in list {
                *self.counts.entry((*scenario, *day)).or_insert(0) += 1;
            }
        }
        Some(Runs {
            user,
            first,
            last,
            starts,
        })
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

/// What the second pass needs as tables, for those who know only a part of the users: spans and run starts.
pub fn to_tables(runs: &[Runs]) -> (Table, Table) {
    let (mut spans, mut starts) = (
        Table::new(&["user", "first", "last"]),
        Table::new(&["user", "scenario", "time", "day"]),
    );
    for of_user in runs {
        spans.push([of_user.user, of_user.first, of_user.last]);
        for (scenario, list) in &of_user.starts {
            for &(time, day) in list {
                starts.push([of_user.user, i64::from(*scenario), time, day]);
            }
        }
    }
    (spans, starts)
}

/// Both passes, from the columns of such tables: sums by user, source and target. Rows are sorted by user, and starts
/// by scenario and time as well.
pub fn from_tables(spans: [&[i64]; 3], starts: [&[i64]; 4]) -> Table {
    let mut daily = DailyStarts::default();
    let mut from = 0;
    let mut runs = Vec::new();
    for ((&user, &first), &last) in spans[0].iter().zip(spans[1]).zip(spans[2]) {
        let until = from + starts[0][from..].partition_point(|&u| u <= user);
        let mut of_user: Starts = Vec::new();
        let own = starts.map(|column| &column[from..until]);
        for ((&scenario, &time), &day) in own[1].iter().zip(own[2]).zip(own[3]) {
            let (scenario, start) = (scenario as u32, (time, day));
            *daily.counts.entry((scenario, start.1)).or_insert(0) += 1;
            match of_user.last_mut().filter(|(s, _)| *s == scenario) {
                Some((_, list)) => list.push(start),
                None => of_user.push((scenario, vec![start])),
            }
        }
        from = until;
        runs.push(Runs {
            user,
            first,
            last,
            starts: of_user,
        });
    }
    let weights = daily.weights();
    let mut asymmetry = Asymmetry::new(&weights);
    for of_user in &runs {
        asymmetry.fold(of_user);
    }
    asymmetry.table
}

/// Second pass: weighted outcomes before and after.
#[derive(Debug)]
pub struct Asymmetry<'a> {
    weights: &'a HashMap<(u32, i64), i64>,
    /// Sums by user, source (A) and target (B): weighed by the calendar, and by the user's own activity.
    pub table: Table,
}

impl<'a> Asymmetry<'a> {
    /// With the weights of the first pass.
    pub fn new(weights: &'a HashMap<(u32, i64), i64>) -> Self {
        let names = &[
            "user",
            "source",
            "target",
            "before_fixed",
            "after_fixed",
            "own_before_fixed",
            "own_after_fixed",
        ];
        Self {
            weights,
            table: Table::new(names),
        }
    }

    /// All ordered pairs of scenarios of one user.
    pub fn fold(&mut self, of_user: &Runs) {
        let &Runs {
            user,
            first,
            last,
            starts: ref runs,
        } = of_user;
        if last - first < 2 * REACH {
            return;
        }
        let cumulated: Vec<Vec<i64>> = runs
            .iter()
            .map(|(s, list)| {
                let mut sum = 0;
                let weight = |day: i64| self.weights.get(&(*s, day)).copied().unwrap_or(0);
                let sums = list.iter().map(|&(_, day)| {
                    sum += weight(day);
                    sum
                });
                std::iter::once(0).chain(sums).collect()
            })
            .collect();
        let mut all: Vec<(i64, i64)> = runs.iter().flat_map(|(_, list)| list).copied().collect();
        all.sort_unstable();
        for (source, index) in runs {
            let inside = index.iter().filter(|(t, _)| t - REACH >= first && t + REACH <= last);
            // Each index event with how many runs of other scenarios start around it.
            let others = |t: i64| less(around(&all, t).map(|r| r.len()), around(index, t).map(|r| r.len()));
            let index: Vec<(i64, [usize; 2])> = inside.map(|&(t, _)| (t, others(t))).collect();
            for ((target, outcomes), cum) in runs.iter().zip(&cumulated).filter(|((t, _), _)| t != source) {
                let mut sums = [0; 4];
                for &(t, others) in &index {
                    let [before, after] = around(outcomes, t);
                    if before.is_empty() && after.is_empty() {
                        continue;
                    }
                    sums[0] += cum[before.end] - cum[before.start];
                    sums[1] += cum[after.end] - cum[after.start];
                    let outcomes = [before.len(), after.len()];
                    let [t0, t1] = less(others, outcomes).map(|n| n as u64);
                    let weight = share(2 * t0 + 1, 2 * (t0 + t1 + 1));
                    sums[2] += outcomes[0] as i64 * (FIXED - weight);
                    sums[3] += outcomes[1] as i64 * weight;
                }
                let [before, after, own_before, own_after] = sums;
                if before + after > 0 {
                    let (source, target) = (i64::from(*source), i64::from(*target));
                    self.table
                        .push([user, source, target, before, after, own_before, own_after]);
                }
            }
        }
    }
}

/// Which of ascending starts lie within reach before a moment, and which after it, the guard left out.
fn around(starts: &[(i64, i64)], t: i64) -> [Range<usize>; 2] {
    let below = |t: i64| starts.partition_point(|s| s.0 < t);
    let up_to = |t: i64| starts.partition_point(|s| s.0 <= t);
    [
        below(t - REACH)..below(t - SESSION_GAP),
        up_to(t + SESSION_GAP)..up_to(t + REACH),
    ]
}

fn less(all: [usize; 2], some: [usize; 2]) -> [usize; 2] {
    [all[0] - some[0], all[1] - some[1]]
}
