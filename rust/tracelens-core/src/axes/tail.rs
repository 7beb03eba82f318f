//! Axis tail: what each person touched and did, and how often (metrics L1 to L8): items, categories, kinds of behaviour, and
//! what follows what. A row is an incidence, one person who did it at all; so a table tells both events and people of each.

use super::runs::in_sessions;
use super::{Table, Tally, pair, unpaired};
use crate::event::NO_CODE;
use crate::gather::{Event, Trace};

/// Accumulator of incidences.
#[derive(Debug)]
pub struct Incidences {
    /// Events by user and item.
    pub items: Table,
    /// Events by user and category.
    pub categories: Table,
    /// Events by user, scenario and category: how far a scenario covers what interests a person.
    pub interests: Table,
    /// Events by user, scenario and action, of whatever role.
    pub behaviours: Table,
    /// By user: how often a run of one action was followed by a run of another within a session.
    pub bigrams: Table,
    tally: Tally,
    known: Known,
}

/// How many distinct names a log has.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Of scenarios.
    pub scenarios: usize,
    /// Of actions.
    pub actions: usize,
    /// Of categories.
    pub categories: usize,
}

impl Incidences {
    /// `known`: how many names the log has.
    pub fn new(known: Known) -> Self {
        Self {
            items: Table::new(&["user", "item", "count"]),
            categories: Table::new(&["user", "category", "count"]),
            interests: Table::new(&["user", "scenario", "category", "count"]),
            behaviours: Table::new(&["user", "scenario", "action", "count"]),
            bigrams: Table::new(&["user", "action", "next_action", "count"]),
            tally: Tally::default(),
            known,
        }
    }

    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        self.singles(user, trace);
        self.pairs(user, trace);
    }

    fn singles(&mut self, user: i64, trace: &Trace) {
        let tally = &mut self.tally;
        let mut count = |table: &mut Table, code: fn(&Event) -> u32| {
            let codes = trace.events.iter().map(code).filter(|&c| c != NO_CODE);
            codes.for_each(|c| tally.add(u64::from(c)));
            tally.drain(|code, count| table.push([user, code as i64, count]));
        };
        count(&mut self.items, |e| e.item);
        count(&mut self.categories, |e| e.category);
    }

    fn pairs(&mut self, user: i64, trace: &Trace) {
        let Known {
            actions, categories, ..
        } = self.known;
        let tally = &mut self.tally;
        for e in trace.events.iter().filter(|e| e.category != NO_CODE) {
            tally.add(pair(e.scenario, e.category, categories));
        }
        hand_over(tally, &mut self.interests, user, categories);
        for e in trace.events.iter().filter(|e| e.action != NO_CODE) {
            tally.add(pair(e.scenario, e.action, actions));
        }
        hand_over(tally, &mut self.behaviours, user, actions);
        let mut last = NO_CODE;
        in_sessions(trace, |new, e| {
            if new {
                last = NO_CODE;
            }
            if e.action == NO_CODE {
                return;
            }
            if last != NO_CODE && last != e.action {
                tally.add(pair(last, e.action, actions));
            }
            last = e.action;
        });
        hand_over(tally, &mut self.bigrams, user, actions);
    }
}

fn hand_over(tally: &mut Tally, table: &mut Table, user: i64, width: usize) {
    tally.drain(|key, count| {
        let (first, second) = unpaired(key, width);
        table.push([user, first, second, count]);
    });
}
