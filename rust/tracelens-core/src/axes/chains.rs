//! Axis chains: what led to a conversion (metrics C2, C3, C4 and their paths), and the order of scenarios (C1).

use super::look_back::{Before, Lane, Moment, Step};
use super::past::{Past, codes};
use super::paths::Paths;
use super::{Table, Tally, pair, unpaired};
use crate::event::Role;
use crate::gather::{DAY, Event, Trace};

/// How far back a chain may reach, and which pause breaks it; microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainOptions {
    /// The look-back.
    pub look_back: i64,
    /// The longest pause between two events of a chain.
    pub gap_cut: i64,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self {
            look_back: 7 * DAY,
            gap_cut: 3 * DAY,
        }
    }
}

/// One conversion with the events that led to it, consecutive events of one scenario collapsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Position of the conversion in the input.
    pub event: usize,
    /// When it happened.
    pub time: i64,
    /// Number of runs of one scenario, the conversion's own included.
    pub depth: u32,
    /// From the first event of the chain to the conversion.
    pub span: i64,
    /// Number of distinct scenarios.
    pub scenarios: u32,
    /// The scenarios of the runs, oldest first.
    pub path: Vec<u32>,
}

impl Chain {
    /// From what was before a conversion. Of the path the last `kept` scenarios are told.
    pub(super) fn new(event: usize, time: i64, scenario: u32, before: Before, kept: usize) -> Self {
        let alone = Self {
            event,
            time,
            depth: 1,
            span: 0,
            scenarios: 1,
            path: vec![scenario],
        };
        let Before::Led(stretch) = before else { return alone };
        let runs = stretch.runs;
        // The conversion may stand in the run of the last event before it.
        let own = usize::from(runs.last() != Some(&scenario));
        let mut path = runs[(runs.len() + own).saturating_sub(kept).min(runs.len())..].to_vec();
        path.extend((own > 0).then_some(scenario));
        Self {
            depth: (runs.len() + own) as u32,
            span: time - stretch.from,
            scenarios: stretch.scenarios(scenario),
            path,
            ..alone
        }
    }
}

/// The chain of every conversion when any earlier event counts as linked. Inputs have one length and may be in any order.
pub fn any_chains(time: &[i64], scenario: &[u32], conversion: &[bool], options: &ChainOptions) -> Vec<Chain> {
    let mut order: Vec<usize> = (0..time.len()).collect();
    order.sort_by_key(|&i| time[i]);
    let step = |(place, &i): (usize, &usize)| Step {
        time: time[i],
        dated: false,
        place: place as u32,
        scenario: scenario[i],
        record: place as u32,
    };
    let lane = Lane::new(order.iter().enumerate().map(step), options.gap_cut);
    let chain = |(place, &i): (usize, &usize)| {
        let moment = Moment {
            time: time[i],
            dated: false,
            place: place as u32,
            record: place as u32,
            record_from: place as u32,
            look_back: options.look_back,
        };
        lane.before(&moment, |before| {
            Chain::new(i, time[i], scenario[i], before, usize::MAX)
        })
    };
    let conversions = order.iter().enumerate().filter(|&(_, &i)| conversion[i]);
    conversions.map(chain).collect()
}

/// Accumulator of conversions and their chains.
#[derive(Debug)]
pub struct Conversions {
    options: ChainOptions,
    /// Whether the log knows items or categories at all; if not, any event is linked.
    keyed: bool,
    /// One row per conversion; `path` is a code of [`Paths`].
    pub table: Table,
    /// Conversions of users without a clock, of which nobody knows what led to them.
    pub untimed: Table,
}

impl Conversions {
    /// `keyed`: the log knows items or categories.
    pub fn new(keyed: bool) -> Self {
        Self {
            options: ChainOptions::default(),
            keyed,
            table: Table::new(&[
                "user",
                "time",
                "scenario",
                "action",
                "item",
                "category",
                "level",
                "depth",
                "span",
                "scenarios",
                "path",
            ]),
            untimed: Table::new(&["user", "scenario", "action", "item", "category"]),
        }
    }

    /// All conversions of one user.
    pub fn fold(&mut self, user: i64, trace: &Trace, paths: &mut Paths) {
        let is_conversion = |i: &usize| trace.events[*i].role == Role::Conversion;
        let conversions: Vec<usize> = (0..trace.events.len()).filter(is_conversion).collect();
        if !trace.clock {
            for i in conversions {
                let [scenario, action, item, category] = codes(&trace.events[i]);
                self.untimed.push([user, scenario, action, item, category]);
            }
            return;
        }
        if conversions.is_empty() {
            return;
        }
        let mut past = Past::new(trace, &conversions, self.keyed, self.options.gap_cut);
        for i in conversions {
            let e = &trace.events[i];
            let (level, chain) = past.look(i, self.options.look_back, |before| {
                Chain::new(i, e.time, e.scenario, before, Paths::KEPT)
            });
            let [scenario, action, item, category] = codes(e);
            self.table.push([
                user,
                e.time,
                scenario,
                action,
                item,
                category,
                i64::from(level as u8),
                i64::from(chain.depth),
                chain.span,
                i64::from(chain.scenarios),
                paths.code(&chain.path),
            ]);
        }
    }
}

/// Accumulator of run-collapsed scenario switches: only changes count, so more of the same is not more switching.
#[derive(Debug)]
pub struct Switches {
    /// Switches by user, source and target.
    pub table: Table,
    tally: Tally,
    /// How many scenarios the log knows.
    known: usize,
}

impl Switches {
    /// `known`: how many scenarios the log knows.
    pub fn new(known: usize) -> Self {
        Self {
            table: Table::new(&["user", "source", "target", "count"]),
            tally: Tally::default(),
            known,
        }
    }

    /// Count one user; returns the number of switches. Without a clock order is known within a record only.
    pub fn fold(&mut self, user: i64, trace: &Trace) -> i64 {
        let mut last: Option<&Event> = None;
        for e in trace.events.iter().filter(|e| !e.dated) {
            if let Some(l) = last
                && l.scenario != e.scenario
                && (trace.clock || l.record == e.record)
            {
                self.tally.add(pair(l.scenario, e.scenario, self.known));
            }
            last = Some(e);
        }
        let mut total = 0;
        let (table, known) = (&mut self.table, self.known);
        self.tally.drain(|key, count| {
            let (source, target) = unpaired(key, known);
            total += count;
            table.push([user, source, target, count]);
        });
        total
    }
}
