//! Axis clock: when in the day people act, in their own zone (metric H6). Dates without a time of day say nothing here.

use super::Table;
use crate::gather::Trace;

/// Accumulator of 24-hour profiles.
#[derive(Debug)]
pub struct Clock {
    /// Events by user and local hour.
    pub table: Table,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            table: Table::new(&["user", "hour", "count"]),
        }
    }
}

impl Clock {
    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        let mut hours = [0i64; 24];
        for e in trace.events.iter().filter(|e| !e.dated) {
            hours[usize::from(e.hour)] += 1;
        }
        for (hour, &count) in hours.iter().enumerate().filter(|(_, c)| **c > 0) {
            self.table.push([user, hour as i64, count]);
        }
    }
}
