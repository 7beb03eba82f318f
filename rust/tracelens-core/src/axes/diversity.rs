//! Axis diversity: each person's mix of scenarios, actions and categories in two halves of their own log (metric G1).
//!
//! What a person was shown is part of the mix of actions: with it eagerness moves the mix little, and an action that turns
//! into another (a dislike into a like) does not weigh more than its share of what happened. Logs without events of exposure
//! say it by their records.
//!
//! The halves alternate by the rank of the user's active day (and, as a second reading for logs with few days, by the
//! session), never by event: alternating events would tie the halves together and move with the volume alone. Without a
//! clock the records alternate, within their scenario.

use super::runs::SESSION_GAP;
use super::{Table, Tally};
use crate::event::NO_CODE;
use crate::gather::Trace;
use hashbrown::HashMap;

/// Units of alternation.
const DAYS: usize = 0;
const SESSIONS: usize = 1;
const RECORDS: usize = 2;

/// Blocks of features; the last one counts records seen, for logs in which a record is an exposure.
const SCENARIO: usize = 0;
const ACTION: usize = 1;
const CATEGORY: usize = 2;
const EXPOSED: usize = 3;

/// Accumulator of half-log features.
#[derive(Debug)]
pub struct Halves {
    exposure_by_record: bool,
    /// Events by user, unit of alternation (0 days, 1 sessions, 2 records), half, block (0 scenario, 1 action,
    /// 2 category, 3 records seen) and code.
    pub table: Table,
    /// By unit, half and block.
    tallies: [[[Tally; 4]; 2]; 3],
    /// Records already counted as seen, for the unit at hand.
    met: Vec<bool>,
}

impl Halves {
    /// `exposure_by_record`: each record was seen once.
    pub fn new(exposure_by_record: bool) -> Self {
        Self {
            exposure_by_record,
            table: Table::new(&["user", "unit", "half", "block", "code", "count"]),
            tallies: Default::default(),
            met: Vec::new(),
        }
    }

    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if trace.clock {
            self.by_day(trace);
            self.by_session(trace);
        } else {
            self.by_record(trace);
        }
        let table = &mut self.table;
        for (unit, halves) in self.tallies.iter_mut().enumerate() {
            for (half, blocks) in halves.iter_mut().enumerate() {
                for (block, tally) in blocks.iter_mut().enumerate() {
                    tally.drain(|code, count| {
                        table.push([user, unit as i64, half as i64, block as i64, code as i64, count]);
                    });
                }
            }
        }
    }

    fn by_day(&mut self, trace: &Trace) {
        self.forget(trace);
        let mut days: Vec<i64> = trace.events.iter().map(|e| e.day).collect();
        days.dedup();
        days.sort_unstable();
        days.dedup();
        let (mut day, mut half) = (None, 0);
        for (i, e) in trace.events.iter().enumerate() {
            if day != Some(e.day) {
                day = Some(e.day);
                half = days.binary_search(&e.day).unwrap_or(0) & 1;
            }
            self.add(DAYS, half, trace, i);
        }
    }

    fn by_session(&mut self, trace: &Trace) {
        self.forget(trace);
        let (mut session, mut last) = (0usize, None);
        for (i, e) in trace.events.iter().enumerate().filter(|(_, e)| !e.dated) {
            session += usize::from(last.is_some_and(|t| e.time - t > SESSION_GAP));
            last = Some(e.time);
            self.add(SESSIONS, session & 1, trace, i);
        }
    }

    fn by_record(&mut self, trace: &Trace) {
        self.forget(trace);
        let mut seen: HashMap<u32, usize> = HashMap::new();
        let half_of: Vec<usize> = trace
            .records
            .iter()
            .map(|&scenario| {
                let n = seen.entry(scenario).or_insert(0);
                *n += 1;
                (*n - 1) & 1
            })
            .collect();
        for (i, e) in trace.events.iter().enumerate() {
            self.add(RECORDS, half_of[e.record as usize], trace, i);
        }
    }

    fn forget(&mut self, trace: &Trace) {
        self.met.clear();
        self.met.resize(trace.records.len(), false);
    }

    #[inline]
    fn add(&mut self, unit: usize, half: usize, trace: &Trace, i: usize) {
        let e = &trace.events[i];
        let blocks = &mut self.tallies[unit][half];
        blocks[SCENARIO].add(u64::from(e.scenario));
        if e.action != NO_CODE {
            blocks[ACTION].add(u64::from(e.action));
        }
        if self.exposure_by_record && !std::mem::replace(&mut self.met[e.record as usize], true) {
            blocks[EXPOSED].add(0);
        }
        if e.category != NO_CODE {
            blocks[CATEGORY].add(u64::from(e.category));
        }
    }
}
