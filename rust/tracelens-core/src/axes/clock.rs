//! Axis clock: when in the day, and in the week, people act, in their own zone (metric H6). Dates without a time of day say
//! nothing here.

use super::{Table, Tally, pair, unpaired};
use crate::gather::Trace;

const HOURS: usize = 24;
/// 1 January 1970 was a Thursday, the fourth day of a week that begins on Monday.
const EPOCH_WEEKDAY: i64 = 3;

/// Accumulator of 24-hour profiles, and of those of the week.
#[derive(Debug)]
pub struct Clock {
    /// Events by user and local hour.
    pub table: Table,
    /// Events by user, local weekday (0 Monday to 6 Sunday) and local hour.
    pub week: Table,
    tally: Tally,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            table: Table::new(&["user", "hour", "count"]),
            week: Table::new(&["user", "weekday", "hour", "count"]),
            tally: Tally::default(),
        }
    }
}

impl Clock {
    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        for e in trace.events.iter().filter(|e| !e.dated) {
            let weekday = (e.day + EPOCH_WEEKDAY).rem_euclid(7) as u32;
            self.tally.add(pair(weekday, u32::from(e.hour), HOURS));
        }
        let mut hours = [0i64; HOURS];
        let week = &mut self.week;
        self.tally.drain(|key, count| {
            let (weekday, hour) = unpaired(key, HOURS);
            hours[hour as usize] += count;
            week.push([user, weekday, hour, count]);
        });
        for (hour, &count) in hours.iter().enumerate().filter(|(_, c)| **c > 0) {
            self.table.push([user, hour as i64, count]);
        }
    }
}
