//! What went wrong, and what came of it (metrics U5, U6): carts that were abandoned, purchases that were undone, and whether
//! and when a person comes back after something bad.
//!
//! Each path leads from a start to what is awaited within a reach. Logs do not tell by name what a cart is: a start of
//! [`CART`] is a positive active event on an item in the conversion scenario. Shares are over the starts whose reach ends within
//! the observation: the others were not watched long enough to say that nothing came. Dates stay out, and without a clock
//! there are no paths.

use super::runs::{SESSION_GAP, timed};
use super::times::Times;
use super::{Table, Tally, pair, unpaired};
use crate::event::{NO_CODE, Role};
use crate::gather::{DAY, Event, HOUR, Trace};

/// A cart -> a conversion of the item, at once or within 7 days.
const CART: usize = 0;
/// A conversion of an item -> a negative event on it, at once or within 14 days.
const REFUND: usize = 1;
/// A negative event -> the same item in a later session, within 7 days.
const BACK_TO_ITEM: usize = 2;
/// A negative event -> the same category in a later session, within 7 days.
const BACK_TO_CATEGORY: usize = 3;
/// A negative event -> the same scenario in a later session, within 7 days.
const BACK_TO_SCENARIO: usize = 4;
/// A negative event -> the next session, within 7 days.
const BACK: usize = 5;
/// A positive event -> the next session, within 7 days: what [`BACK`] is held against.
const BACK_AFTER_POSITIVE: usize = 6;
const PATHS: usize = 7;

fn reach(path: usize) -> i64 {
    if path == REFUND { 14 * DAY } else { 7 * DAY }
}

/// More hours than any reach has.
const HOURS: usize = 512;

/// Accumulator of failure paths.
#[derive(Debug)]
pub struct Failures {
    scenario: Option<u32>,
    /// Nothing is observed from here on.
    end: i64,
    /// By user and kind of path: starts; those observed long enough; of these, those that what is awaited followed.
    pub table: Table,
    /// By user, kind of path and whole hours until it followed: how many of those.
    pub waits: Table,
    hours: Tally,
    counts: [Counts; PATHS],
    events: Vec<Event>,
    /// By item: when it is next converted, and when next something bad happens to it.
    converted: Times,
    undone: Times,
    /// By item, category and scenario: when it is met in a later session.
    items: Times,
    categories: Times,
    scenarios: Times,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    starts: i64,
    observed: i64,
    followed: i64,
}

impl Failures {
    /// `scenario`: the conversion scenario, if the log has one; `end`: where the log ends, if the window does not tell.
    pub fn new(scenario: Option<u32>, end: i64) -> Self {
        Self {
            scenario,
            end,
            table: Table::new(&["user", "kind", "starts", "observed", "followed"]),
            waits: Table::new(&["user", "kind", "hours", "count"]),
            hours: Tally::default(),
            counts: Default::default(),
            events: Vec::new(),
            converted: Times::default(),
            undone: Times::default(),
            items: Times::default(),
            categories: Times::default(),
            scenarios: Times::default(),
        }
    }

    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        let mut buffer = std::mem::take(&mut self.events);
        let events = timed(trace, &mut buffer);
        let end = trace.observed_until(self.end);
        self.purchases(events, end);
        self.returns(events, end);
        self.events = buffer;
        for (path, counts) in self.counts.iter_mut().enumerate() {
            let Counts {
                starts,
                observed,
                followed,
            } = std::mem::take(counts);
            if starts > 0 {
                self.table.push([user, path as i64, starts, observed, followed]);
            }
        }
        let waits = &mut self.waits;
        self.hours.drain(|key, count| {
            let (path, hours) = unpaired(key, HOURS);
            waits.push([user, path, hours, count]);
        });
    }

    /// Carts and refunds. Backwards, so that of each item the next conversion and the next bad thing are known; what is
    /// logged at one time has no order.
    fn purchases(&mut self, events: &[Event], end: i64) {
        let conversion = |e: &Event| e.role == Role::Conversion;
        for moment in events.chunk_by(|a, b| a.time == b.time).rev() {
            let of_items = || moment.iter().filter(|e| e.item != NO_CODE);
            for e in of_items() {
                if conversion(e) {
                    self.converted.set(e.item, e.time);
                } else if e.valence < 0 {
                    self.undone.set(e.item, e.time);
                }
            }
            for e in of_items() {
                if conversion(e) {
                    self.start(REFUND, e, self.undone.get(e.item), end);
                } else if e.role == Role::Active && e.valence > 0 && Some(e.scenario) == self.scenario {
                    self.start(CART, e, self.converted.get(e.item), end);
                }
            }
        }
        self.converted.clear();
        self.undone.clear();
    }

    /// Ways back. Session by session, backwards, so that a session knows what comes in those after it.
    fn returns(&mut self, events: &[Event], end: i64) {
        let mut bad = false;
        for e in events.iter().filter(|e| e.valence < 0) {
            bad = true;
            self.items.expect(e.item);
            self.categories.expect(e.category);
            self.scenarios.expect(e.scenario);
        }
        let mut next: Option<i64> = None;
        for session in events.chunk_by(|a, b| b.time - a.time <= SESSION_GAP).rev() {
            for e in session {
                if e.valence < 0 {
                    if e.item != NO_CODE {
                        self.start(BACK_TO_ITEM, e, self.items.get(e.item), end);
                    }
                    if e.category != NO_CODE {
                        self.start(BACK_TO_CATEGORY, e, self.categories.get(e.category), end);
                    }
                    self.start(BACK_TO_SCENARIO, e, self.scenarios.get(e.scenario), end);
                    self.start(BACK, e, next, end);
                } else if e.valence > 0 {
                    self.start(BACK_AFTER_POSITIVE, e, next, end);
                }
            }
            next = session.first().map(|e| e.time);
            for e in session.iter().rev().filter(|_| bad) {
                self.items.meet(e.item, e.time);
                self.categories.meet(e.category, e.time);
                self.scenarios.meet(e.scenario, e.time);
            }
        }
        self.items.clear();
        self.categories.clear();
        self.scenarios.clear();
    }

    /// Count a start, and what is next of what is awaited.
    fn start(&mut self, path: usize, e: &Event, next: Option<i64>, end: i64) {
        let counts = &mut self.counts[path];
        counts.starts += 1;
        if e.time.saturating_add(reach(path)) > end {
            return;
        }
        counts.observed += 1;
        if let Some(wait) = next.map(|time| time - e.time).filter(|&wait| wait <= reach(path)) {
            counts.followed += 1;
            self.hours.add(pair(path as u32, (wait / HOUR) as u32, HOURS));
        }
    }
}
