//! Selectivity (metric H8): does a person act on some kinds of what is shown, or on everything alike? For each person the
//! contingency of category and of having acted, over what was shown; the mutual information is made of it later.
//!
//! Acts are active or converting events. An exposure known by its item was acted upon if the person acts on the item at that
//! time or within 24 hours after it. Where the record is the exposure, where an exposure names no item, and where times
//! do not tell what came first (dates, no clock), the record is what ties them: acted upon if anything in it was done.

use super::times::Times;
use super::{Table, Tally, pair, unpaired};
use crate::event::{NO_CODE, Role};
use crate::gather::{DAY, Event, Trace};

/// An act later than this after an exposure is no answer to it.
const REACH: i64 = DAY;

/// Accumulator of what was shown and what was done about it.
#[derive(Debug)]
pub struct Selectivity {
    exposure_by_record: bool,
    /// Exposures by user, scenario, category (-1: none) and whether they were acted upon (0, 1).
    pub table: Table,
    tally: Tally,
    /// How many categories the log knows, and one more for none.
    width: usize,
    /// Positions of the exposures in the trace.
    exposures: Vec<usize>,
    /// By record: whether it was met, and whether something in it was done.
    met: Vec<bool>,
    done: Vec<bool>,
    /// By item: the next act.
    next: Times,
}

impl Selectivity {
    /// `exposure_by_record`: each record is one exposure; `categories`: how many the log knows.
    pub fn new(exposure_by_record: bool, categories: usize) -> Self {
        Self {
            exposure_by_record,
            table: Table::new(&["user", "scenario", "category", "acted", "count"]),
            tally: Tally::default(),
            width: categories + 1,
            exposures: Vec::new(),
            met: Vec::new(),
            done: Vec::new(),
            next: Times::default(),
        }
    }

    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        self.find(trace);
        let events = &trace.events;
        // Backwards, so that of each item the next act is known.
        let mut ahead = events.len();
        for &i in self.exposures.iter().rev() {
            let e = &events[i];
            while ahead > 0 && events[ahead - 1].time >= e.time {
                ahead -= 1;
                let act = &events[ahead];
                if is_act(act) && act.item != NO_CODE && !act.dated {
                    self.next.set(act.item, act.time);
                }
            }
            let acted = if self.exposure_by_record || e.item == NO_CODE || e.dated || !trace.clock {
                self.done[e.record as usize]
            } else {
                self.next.get(e.item).is_some_and(|time| time - e.time <= REACH)
            };
            let scenario = if self.exposure_by_record {
                trace.records[e.record as usize]
            } else {
                e.scenario
            };
            let category = e.category.wrapping_add(1); // none becomes 0
            self.tally
                .add(2 * pair(scenario, category, self.width) + u64::from(acted));
        }
        self.next.clear();
        let (table, width) = (&mut self.table, self.width);
        self.tally.drain(|key, count| {
            let (scenario, category) = unpaired(key / 2, width);
            table.push([user, scenario, category - 1, (key % 2) as i64, count]);
        });
    }

    /// The exposures, and the records in which something was done.
    fn find(&mut self, trace: &Trace) {
        let records = trace.records.len();
        for flags in [&mut self.met, &mut self.done] {
            flags.clear();
            flags.resize(records, false);
        }
        self.exposures.clear();
        for (i, e) in trace.events.iter().enumerate() {
            let record = e.record as usize;
            self.done[record] |= is_act(e);
            let first = !std::mem::replace(&mut self.met[record], true);
            if if self.exposure_by_record {
                first
            } else {
                e.role == Role::Exposure
            } {
                self.exposures.push(i);
            }
        }
    }
}

fn is_act(e: &Event) -> bool {
    matches!(e.role, Role::Active | Role::Conversion) && e.action != NO_CODE
}
