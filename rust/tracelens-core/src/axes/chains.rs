//! Axis chains: what led to a conversion (metrics C2, C3, C4 and their paths), and the order of scenarios (C1).

use super::{Table, Tally, pair, unpaired};
use crate::event::{NO_CODE, Role};
use crate::gather::{DAY, Event, Trace};
use hashbrown::HashMap;

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

/// Walk back from a conversion over `before` (latest first): (time, scenario) of the events matched to it.
fn walk(event: usize, own: (i64, u32), before: impl Iterator<Item = (i64, u32)>, options: &ChainOptions) -> Chain {
    let (time, scenario) = own;
    let mut path = vec![scenario];
    let mut earliest = time;
    for (t, s) in before {
        if t < time - options.look_back || earliest - t > options.gap_cut {
            break;
        }
        earliest = t;
        if path.last() != Some(&s) {
            path.push(s);
        }
    }
    path.reverse();
    let mut distinct = path.clone();
    distinct.sort_unstable();
    distinct.dedup();
    Chain {
        event,
        time,
        depth: path.len() as u32,
        span: time - earliest,
        scenarios: distinct.len() as u32,
        path,
    }
}

/// The chain of every conversion when any earlier event counts as linked. Inputs have one length and may be in any order.
pub fn any_chains(time: &[i64], scenario: &[u32], conversion: &[bool], options: &ChainOptions) -> Vec<Chain> {
    let mut order: Vec<usize> = (0..time.len()).collect();
    order.sort_by_key(|&i| time[i]);
    let at = |i: usize| (time[order[i]], scenario[order[i]]);
    (0..order.len())
        .filter(|&i| conversion[order[i]])
        .map(|i| walk(order[i], at(i), (0..i).rev().map(at), options))
        .collect()
}

/// How the events of a chain are linked to its conversion; `Unmatched`: there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Level {
    Item = 0,
    Category = 1,
    Any = 2,
    Unmatched = 3,
}

/// Longest path kept in words; of longer ones the last scenarios.
const PATH_KEPT: usize = 8;

/// Accumulator of conversions and their chains.
#[derive(Debug)]
pub struct Conversions {
    options: ChainOptions,
    /// Whether the log knows items or categories at all; if not, any event is linked.
    keyed: bool,
    /// One row per conversion; `path` indexes [`Conversions::paths`].
    pub table: Table,
    /// Conversions of users without a clock, of which nobody knows what led to them.
    pub untimed: Table,
    /// Distinct paths in the order of first appearance.
    pub paths: Vec<Vec<u32>>,
    codes: HashMap<Vec<u32>, i64>,
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
            paths: Vec::new(),
            codes: HashMap::new(),
        }
    }

    /// All conversions of one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        let conversions = || {
            trace
                .events
                .iter()
                .enumerate()
                .filter(|(_, e)| e.role == Role::Conversion)
        };
        if !trace.clock {
            for (_, e) in conversions() {
                let [scenario, action, item, category] = [e.scenario, e.action, e.item, e.category].map(code);
                self.untimed.push([user, scenario, action, item, category]);
            }
            return;
        }
        if conversions().next().is_none() {
            return;
        }
        let events = &trace.events;
        let by_item = positions(events, |e| e.item);
        let by_category = positions(events, |e| e.category);
        for (i, e) in conversions() {
            let linked = |index: &HashMap<u32, Vec<usize>>, key: u32| -> Vec<(i64, u32)> {
                let list = if key == NO_CODE { None } else { index.get(&key) };
                let list = list.map_or(&[][..], |l| &l[..l.partition_point(|&j| j < i)]);
                self.before(events, i, list.iter().rev().copied())
            };
            let (level, before) = if self.keyed {
                let same_item = linked(&by_item, e.item);
                if same_item.is_empty() {
                    (Level::Category, linked(&by_category, e.category))
                } else {
                    (Level::Item, same_item)
                }
            } else {
                (Level::Any, self.before(events, i, (0..i).rev()))
            };
            // What lies behind too long a pause is linked, but led nowhere.
            let led = before.first().is_some_and(|&(t, _)| e.time - t <= self.options.gap_cut);
            let level = if led { level } else { Level::Unmatched };
            let chain = walk(i, (e.time, e.scenario), before.into_iter(), &self.options);
            let path = self.path_code(&chain.path);
            let [scenario, action, item, category] = [e.scenario, e.action, e.item, e.category].map(code);
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
                path,
            ]);
        }
    }

    /// Those of `candidates` (events before `i`, latest first) known to precede it within the look-back, latest first. A date counts from its end. What
    /// was logged together with the conversion led nowhere: its own record is left out.
    fn before(&self, events: &[Event], i: usize, candidates: impl Iterator<Item = usize>) -> Vec<(i64, u32)> {
        let own = &events[i];
        let earliest = own.time - self.options.look_back;
        let led_here = |e: &Event| e.record != own.record && e.precedes(own);
        let mut found: Vec<(i64, usize, u32)> = candidates
            .take_while(|&j| events[j].time >= earliest)
            .filter(|&j| led_here(&events[j]))
            .map(|j| {
                (
                    events[j].time + if events[j].dated { DAY } else { 0 },
                    j,
                    events[j].scenario,
                )
            })
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().map(|(t, _, s)| (t, s)).collect()
    }

    fn path_code(&mut self, path: &[u32]) -> i64 {
        let kept = &path[path.len().saturating_sub(PATH_KEPT)..];
        if let Some(&code) = self.codes.get(kept) {
            return code;
        }
        let code = self.paths.len() as i64;
        self.paths.push(kept.to_vec());
        self.codes.insert(kept.to_vec(), code);
        code
    }

    /// Append the conversions of later users.
    pub fn append(&mut self, other: &Self) {
        self.untimed.append(&other.untimed);
        let map: Vec<i64> = other.paths.iter().map(|p| self.path_code(p)).collect();
        let path_column = self.table.names.len() - 1;
        for (c, (column, more)) in self.table.columns.iter_mut().zip(&other.table.columns).enumerate() {
            if c == path_column {
                column.extend(more.iter().map(|&p| map[p as usize]));
            } else {
                column.extend_from_slice(more);
            }
        }
    }
}

/// A code as it stands in a table: -1 for none.
fn code(code: u32) -> i64 {
    if code == NO_CODE { -1 } else { i64::from(code) }
}

/// Positions of events by key, only for keys that some conversion has.
fn positions(events: &[Event], key: impl Fn(&Event) -> u32) -> HashMap<u32, Vec<usize>> {
    let mut index: HashMap<u32, Vec<usize>> = events
        .iter()
        .filter(|e| e.role == Role::Conversion && key(e) != NO_CODE)
        .map(|e| (key(e), Vec::new()))
        .collect();
    for (i, e) in events.iter().enumerate() {
        if let Some(list) = index.get_mut(&key(e)) {
            list.push(i);
        }
    }
    index
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
