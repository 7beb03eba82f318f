//! Sessions (metric H7): what a person does in one sitting. A pause longer than the gap ends it; how much the numbers owe to
//! the choice of 30 minutes is seen beside 10 and 60.
//!
//! Source: L. D. Catledge and J. E. Pitkow, Computer Networks and ISDN Systems 27, 1065 (1995), for the timeout as a rule.

use super::Table;
use super::runs::in_sessions;
use crate::event::NO_CODE;
use crate::gather::{MINUTE, Trace};

/// Pauses in minutes that end a session; the middle one is the usual.
const GAPS: [i64; 3] = [10, 30, 60];

/// In place of a gap: the sessions are records.
const RECORD: i64 = 0;

/// Accumulator of sessions.
#[derive(Debug)]
pub struct Sessions {
    /// By user and gap (minutes; 0 without a clock, where a session is a record): sessions, their events, their durations from
    /// first to last event (microseconds; 0 without a clock), runs of one scenario inside them, and sessions that begin
    /// in another scenario than the one before ended in (0 without a clock, which alone would tell the one before).
    pub table: Table,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    sessions: i64,
    duration: i64,
    runs: i64,
    changes: i64,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            table: Table::new(&["user", "gap", "sessions", "events", "duration", "runs", "changes"]),
        }
    }
}

impl Sessions {
    /// Count one user. Dates stay out: they say nothing about pauses.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            let (mut counts, mut events, mut scenario) = (Counts::default(), 0, NO_CODE);
            in_sessions(trace, |new, e| {
                counts.sessions += i64::from(new);
                counts.runs += i64::from(new || e.scenario != scenario);
                scenario = e.scenario;
                events += 1;
            });
            self.push(user, RECORD, events, counts);
            return;
        }
        let mut counts = [Counts::default(); GAPS.len()];
        let mut events = 0;
        let mut last: Option<(i64, u32)> = None;
        for e in trace.events.iter().filter(|e| !e.dated) {
            let (pause, change) = match last {
                Some((time, scenario)) => (e.time - time, scenario != e.scenario),
                None => (i64::MAX, false),
            };
            for (counts, gap) in counts.iter_mut().zip(GAPS) {
                let new = pause > gap * MINUTE;
                counts.sessions += i64::from(new);
                counts.duration += if new { 0 } else { pause };
                counts.runs += i64::from(new | change);
                counts.changes += i64::from(new & change);
            }
            last = Some((e.time, e.scenario));
            events += 1;
        }
        for (counts, gap) in counts.into_iter().zip(GAPS) {
            self.push(user, gap, events, counts);
        }
    }

    fn push(&mut self, user: i64, gap: i64, events: i64, counts: Counts) {
        let Counts {
            sessions,
            duration,
            runs,
            changes,
        } = counts;
        if sessions > 0 {
            self.table.push([user, gap, sessions, events, duration, runs, changes]);
        }
    }
}
