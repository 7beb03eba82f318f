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
    /// Exposures by user, scenario, category (-1: none) and whether they were acted upon (0, 1). Of a record the category is
    /// that of its events, if they have several the first by name.
    pub table: Table,
    tally: Tally,
    /// How many categories the log knows, and one more for none.
    width: usize,
    records: Vec<Record>,
    /// By item: the next act.
    next: Times,
}

/// What there is in a record.
#[derive(Debug, Clone, Copy)]
struct Record {
    done: bool,
    category: u32,
}

impl Selectivity {
    /// `exposure_by_record`: each record is one exposure; `categories`: how many the log knows.
    pub fn new(exposure_by_record: bool, categories: usize) -> Self {
        Self {
            exposure_by_record,
            table: Table::new(&["user", "scenario", "category", "acted", "count"]),
            tally: Tally::default(),
            width: categories + 1,
            records: Vec::new(),
            next: Times::default(),
        }
    }

    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        let nothing = Record {
            done: false,
            category: NO_CODE,
        };
        self.records.clear();
        self.records.resize(trace.records.len(), nothing);
        for e in &trace.events {
            let record = &mut self.records[e.record as usize];
            record.done |= is_act(e);
            record.category = record.category.min(e.category);
        }
        if self.exposure_by_record {
            for (record, &scenario) in self.records.iter().zip(&trace.records) {
                let key = key(scenario, record.category, record.done, self.width);
                self.tally.add(key);
            }
        } else {
            self.single(trace);
        }
        let (table, width) = (&mut self.table, self.width);
        self.tally.drain(|key, count| {
            let (scenario, category) = unpaired(key / 2, width);
            table.push([user, scenario, category - 1, (key % 2) as i64, count]);
        });
    }

    /// Events of exposure. Backwards, so that of each item the next act is known.
    fn single(&mut self, trace: &Trace) {
        let events = &trace.events;
        let mut ahead = events.len();
        for e in events.iter().rev().filter(|e| e.role == Role::Exposure) {
            while ahead > 0 && events[ahead - 1].time >= e.time {
                ahead -= 1;
                let act = &events[ahead];
                if is_act(act) && act.item != NO_CODE && !act.dated {
                    self.next.set(act.item, act.time);
                }
            }
            let acted = if e.item == NO_CODE || e.dated || !trace.clock {
                self.records[e.record as usize].done
            } else {
                self.next.get(e.item).is_some_and(|time| time - e.time <= REACH)
            };
            self.tally.add(key(e.scenario, e.category, acted, self.width));
        }
        self.next.clear();
    }
}

fn is_act(e: &Event) -> bool {
    matches!(e.role, Role::Active | Role::Conversion) && e.action != NO_CODE
}

fn key(scenario: u32, category: u32, acted: bool, width: usize) -> u64 {
    let category = category.wrapping_add(1); // none is the first
    2 * pair(scenario, category, width) + u64::from(acted)
}
