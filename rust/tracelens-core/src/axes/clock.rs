//! Axis clock: when in the day, and in the week, people act, in their own zone (metric H6). Dates without a time of day say
//! nothing here.

use super::Table;
use crate::gather::Trace;

const HOURS: usize = 24;
const WEEK: usize = 7 * HOURS;
/// 1 January 1970 was a Thursday, the fourth day of a week that begins on Monday.
const EPOCH_WEEKDAY: i64 = 3;

/// Accumulator of 24-hour profiles, and of those of the week.
#[derive(Debug)]
pub struct Clock {
    /// Events by user and local hour.
    pub table: Table,
    /// Events by user, local weekday (0 Monday to 6 Sunday) and local hour.
    pub week: Table,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            table: Table::new(&["user", "hour", "count"]),
            week: Table::new(&["user", "weekday", "hour", "count"]),
        }
    }
}

impl Clock {
    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        let mut week = [0i64; WEEK];
        for e in trace.events.iter().filter(|e| !e.dated) {
            let weekday = (e.day + EPOCH_WEEKDAY).rem_euclid(7) as usize;
            week[weekday * HOURS + usize::from(e.hour)] += 1;
        }
        for hour in 0..HOURS {
            let count: i64 = week.iter().skip(hour).step_by(HOURS).sum();
            if count > 0 {
                self.table.push([user, hour as i64, count]);
            }
        }
        for (at, &count) in week.iter().enumerate().filter(|(_, c)| **c > 0) {
            self.week.push([user, (at / HOURS) as i64, (at % HOURS) as i64, count]);
        }
    }
}
