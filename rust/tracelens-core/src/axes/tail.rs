//! Axis tail: which items each person touched, and how often (metrics L2, L3, L4).

use super::{Table, Tally};
use crate::event::NO_CODE;
use crate::gather::Trace;

/// Accumulator of item incidences.
#[derive(Debug)]
pub struct Items {
    /// Events by user and item.
    pub table: Table,
    tally: Tally,
}

impl Default for Items {
    fn default() -> Self {
        Self {
            table: Table::new(&["user", "item", "count"]),
            tally: Tally::default(),
        }
    }
}

impl Items {
    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        for e in trace.events.iter().filter(|e| e.item != NO_CODE) {
            self.tally.add(u64::from(e.item));
        }
        let table = &mut self.table;
        self.tally.drain(|item, count| table.push([user, item as i64, count]));
    }
}
