//! One user's events inside the observation window, as every accumulator sees them.

use super::{Calendar, DAY, Traces};
use crate::event::{NO_CODE, NO_TIME, Precision, Role};

/// Half-open observation window of a user, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant inside.
    pub from: i64,
    /// First instant outside.
    pub until: i64,
}

/// One event that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Microseconds since 1970 UTC; of a date the start of the day; without a clock the position in the trace.
    pub time: i64,
    /// A date without a time of day: precedes another event only if the whole day does.
    pub dated: bool,
    /// Local day number; 0 without a clock.
    pub day: i64,
    /// Local hour; meaningless if dated or without a clock.
    pub hour: u8,
    /// Code of the scenario.
    pub scenario: u32,
    /// Code of the action; [`NO_CODE`] for a record seen without any of its listed actions happening.
    pub action: u32,
    /// Role.
    pub role: Role,
    /// -1, 0, +1.
    pub valence: i8,
    /// Code of the item or [`NO_CODE`].
    pub item: u32,
    /// Code of the category or [`NO_CODE`].
    pub category: u32,
    /// Ordinal of the record within the user, in order of first appearance.
    pub record: u32,
}

impl Event {
    /// Whether this event is known to lie before `other`, given that it stands earlier in the trace.
    pub fn precedes(&self, other: &Self) -> bool {
        if self.dated {
            self.time + DAY <= other.time
        } else {
            !other.dated || self.time < other.time
        }
    }
}

/// One user's trace.
#[derive(Debug, Default)]
pub struct Trace {
    /// Events that happened, in canonical order.
    pub events: Vec<Event>,
    /// For each record of the user: the scenario it was seen in.
    pub records: Vec<u32>,
    /// Listed actions that did not happen.
    pub listed: u32,
    /// Whether the log has a clock.
    pub clock: bool,
    /// The user's observation window.
    pub window: Option<Window>,
}

/// Fills a [`Trace`] from the columns, reusing its memory from user to user.
#[derive(Debug)]
pub struct TraceBuilder<'a> {
    traces: &'a Traces,
    calendar: Calendar,
    exposure_by_record: bool,
    trace: Trace,
    seen: Vec<(u64, usize)>,
}

impl<'a> TraceBuilder<'a> {
    /// A builder for one thread.
    pub fn new(traces: &'a Traces, calendar: Calendar, exposure_by_record: bool) -> Self {
        Self {
            traces,
            calendar,
            exposure_by_record,
            trace: Trace::default(),
            seen: Vec::new(),
        }
    }

    /// The trace of a user within a window (`None`: everything).
    pub fn build(&mut self, user: usize, window: Option<Window>) -> &Trace {
        let t = self.traces;
        let inside = |row: &usize| {
            let time = t.time[*row];
            time == NO_TIME || window.is_none_or(|w| w.from <= time && time < w.until)
        };
        let rows: Vec<usize> = t.rows(user).filter(inside).collect();
        let ordinal = self.number_records(&rows);
        let trace = &mut self.trace;
        trace.events.clear();
        trace.records.clear();
        trace.listed = 0;
        trace.window = window;
        trace.clock = rows.first().is_some_and(|&r| t.time[r] != NO_TIME);
        let records = self.seen.len();
        let mut happened = vec![!self.exposure_by_record; records];
        if self.exposure_by_record {
            for (&row, &record) in rows.iter().zip(&ordinal) {
                happened[record as usize] |= t.occurred[row];
            }
        }
        let mut met = vec![false; records];
        trace.records.resize(records, NO_CODE);
        for (position, (&row, &record)) in rows.iter().zip(&ordinal).enumerate() {
            let first = !std::mem::replace(&mut met[record as usize], true);
            if first {
                trace.records[record as usize] = t.scenario[row];
            }
            if !t.occurred[row] {
                trace.listed += 1;
                // A record was seen even if nothing that it lists was done: it stays as one bare exposure.
                if !first || happened[record as usize] {
                    continue;
                }
            }
            let time = t.time[row];
            let clock = time != NO_TIME;
            trace.events.push(Event {
                time: if clock { time } else { position as i64 },
                dated: t.precision[row] == Precision::Day,
                day: if clock { self.calendar.day(time) } else { 0 },
                hour: if clock { self.calendar.hour(time) } else { 0 },
                scenario: t.scenario[row],
                action: if t.occurred[row] { t.action[row] } else { NO_CODE },
                role: if t.occurred[row] { t.role[row] } else { Role::Exposure },
                valence: if t.occurred[row] { t.valence[row] } else { 0 },
                item: t.item[row],
                category: t.category[row],
                record,
            });
        }
        trace
    }

    /// Ordinal of each row's record, counted by first appearance in the trace.
    fn number_records(&mut self, rows: &[usize]) -> Vec<u32> {
        let record = &self.traces.record;
        self.seen.clear();
        self.seen.extend(rows.iter().enumerate().map(|(i, &r)| (record[r], i)));
        self.seen.sort_unstable();
        self.seen.dedup_by_key(|(id, _)| *id);
        let mut by_first: Vec<(usize, usize)> = self.seen.iter().enumerate().map(|(k, &(_, i))| (i, k)).collect();
        by_first.sort_unstable();
        let mut ordinal_of = vec![0u32; by_first.len()];
        for (ordinal, &(_, k)) in by_first.iter().enumerate() {
            ordinal_of[k] = ordinal as u32;
        }
        let find = |r: usize| {
            self.seen
                .binary_search_by_key(&record[r], |(id, _)| *id)
                .map_or(0, |k| ordinal_of[k])
        };
        rows.iter().map(|&r| find(r)).collect()
    }
}
