//! Axis chains: what led to a conversion (metrics C2, C3, C4 and their paths), and the order of scenarios (C1).

use super::look_back::{Before, Lane, Moment, Step};
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

impl Chain {
    /// From what was before a conversion. Of the path the last `kept` scenarios are told.
    fn new(event: usize, time: i64, scenario: u32, before: Before, kept: usize) -> Self {
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
        let mut record_from = vec![u32::MAX; trace.records.len()];
        for (place, e) in events.iter().enumerate() {
            let from = &mut record_from[e.record as usize];
            *from = (*from).min(place as u32);
        }
        let gap_cut = self.options.gap_cut;
        let mut any = None;
        let mut by_item = Lanes::new(events, gap_cut, |e| e.item);
        let mut by_category = Lanes::new(events, gap_cut, |e| e.category);
        for (i, e) in conversions() {
            let moment = Moment {
                time: e.time,
                dated: e.dated,
                place: i as u32,
                record: e.record,
                record_from: record_from[e.record as usize],
                look_back: self.options.look_back,
            };
            let look = |lane: &Lane, link: Level| {
                lane.before(&moment, |before| {
                    let level = match before {
                        Before::Nothing => return None,
                        // What lies behind too long a pause is linked, but led nowhere.
                        Before::Apart => Level::Unmatched,
                        Before::Led(_) => link,
                    };
                    Some((level, Chain::new(i, e.time, e.scenario, before, PATH_KEPT)))
                })
            };
            let found = if self.keyed {
                look(by_item.get(e.item), Level::Item).or_else(|| look(by_category.get(e.category), Level::Category))
            } else {
                look(
                    any.get_or_insert_with(|| Lane::new(steps(events, 0..events.len()), gap_cut)),
                    Level::Any,
                )
            };
            let alone = || Chain::new(i, e.time, e.scenario, Before::Nothing, PATH_KEPT);
            let (level, chain) = found.unwrap_or_else(|| (Level::Unmatched, alone()));
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

/// Events as a look back sees them.
fn steps(events: &[Event], places: impl Iterator<Item = usize>) -> impl Iterator<Item = Step> {
    places.map(|place| {
        let e = &events[place];
        Step {
            time: e.time + if e.dated { DAY } else { 0 },
            dated: e.dated,
            place: place as u32,
            scenario: e.scenario,
            record: e.record,
        }
    })
}

/// The lanes of the keys that some conversion has.
struct Lanes<'t> {
    events: &'t [Event],
    gap_cut: i64,
    places: HashMap<u32, Vec<usize>>,
    made: HashMap<u32, Lane>,
    none: Lane,
}

impl<'t> Lanes<'t> {
    fn new(events: &'t [Event], gap_cut: i64, key: impl Fn(&Event) -> u32) -> Self {
        let mut places: HashMap<u32, Vec<usize>> = events
            .iter()
            .filter(|e| e.role == Role::Conversion && key(e) != NO_CODE)
            .map(|e| (key(e), Vec::new()))
            .collect();
        if !places.is_empty() {
            for (i, e) in events.iter().enumerate() {
                if let Some(list) = places.get_mut(&key(e)) {
                    list.push(i);
                }
            }
        }
        Self {
            events,
            gap_cut,
            places,
            made: HashMap::new(),
            none: Lane::default(),
        }
    }

    fn get(&mut self, key: u32) -> &Lane {
        let Some(places) = self.places.get(&key) else {
            return &self.none;
        };
        let lane = || Lane::new(steps(self.events, places.iter().copied()), self.gap_cut);
        self.made.entry(key).or_insert_with(lane)
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
