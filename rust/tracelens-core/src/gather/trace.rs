//! One user's events inside the observation window, as every accumulator sees them.

use super::{Calendar, DAY, HOUR, Part};
use crate::event::{NO_CODE, NO_TIME, Precision, Role};
use hashbrown::HashMap;

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
    /// For each event, the code of what was said in the part's texts, or [`NO_CODE`]; empty if nothing was.
    pub texts: Vec<u32>,
    /// For each record of the user: the scenario it was seen in.
    pub records: Vec<u32>,
    /// Listed actions that did not happen.
    pub listed: u32,
    /// Whether the log has a clock.
    pub clock: bool,
    /// The user's observation window.
    pub window: Option<Window>,
}

impl Trace {
    /// Where the observation of the user ends, in a log that ends there.
    pub fn observed_until(&self, end: i64) -> i64 {
        self.window.map_or(end, |window| window.until.min(end))
    }
}

/// Fills a [`Trace`] from the columns, reusing its memory from user to user.
#[derive(Debug)]
pub struct TraceBuilder {
    calendar: Calendar,
    exposure_by_record: bool,
    trace: Trace,
    /// The ordinal of each row's record.
    ordinal: Vec<u32>,
    records: usize,
    seen: HashMap<u64, u32>,
    happened: Vec<bool>,
}

impl TraceBuilder {
    /// A builder for one thread.
    pub fn new(calendar: Calendar, exposure_by_record: bool) -> Self {
        Self {
            calendar,
            exposure_by_record,
            trace: Trace::default(),
            ordinal: Vec::new(),
            records: 0,
            seen: HashMap::new(),
            happened: Vec::new(),
        }
    }

    /// The trace of the user at a place of a part within a window (`None`: everything).
    pub fn build(&mut self, t: &Part, place: usize, window: Option<Window>) -> &Trace {
        let (from, until) = window.map_or((i64::MIN, i64::MAX), |w| (w.from, w.until));
        let [untimed, timed] = t.rows_within(place, from, until);
        let clock = untimed.is_empty() && !timed.is_empty();
        let rows = || untimed.clone().chain(timed.clone());
        self.number_records(t, place, &rows());
        let records = self.records;
        let (trace, calendar) = (&mut self.trace, &mut self.calendar);
        trace.events.clear();
        trace.texts.clear();
        trace.listed = 0;
        trace.window = window;
        trace.clock = clock;
        // A record in which something happened is not seen besides.
        self.happened.clear();
        self.happened.resize(records, !self.exposure_by_record);
        if self.exposure_by_record {
            for (row, &record) in rows().zip(&self.ordinal) {
                self.happened[record as usize] |= t.occurred[row];
            }
        }
        trace.records.clear();
        trace.records.resize(records, NO_CODE);
        for (position, (row, &record)) in rows().zip(&self.ordinal).enumerate() {
            let scenario = &mut trace.records[record as usize];
            let first = *scenario == NO_CODE;
            if first {
                *scenario = t.scenario[row];
            }
            let occurred = t.occurred[row];
            if !occurred {
                trace.listed += 1;
                // A record was seen even if nothing that it lists was done: it stays as one bare exposure.
                if !first || self.happened[record as usize] {
                    continue;
                }
            }
            let time = t.time[row];
            let timed = time != NO_TIME;
            let local = if timed { calendar.local(time) } else { 0 };
            trace.events.push(Event {
                time: if timed { time } else { position as i64 },
                dated: t.precision[row] == Precision::Day,
                day: local.div_euclid(DAY),
                hour: (local.rem_euclid(DAY) / HOUR) as u8,
                scenario: t.scenario[row],
                action: if occurred { t.action[row] } else { NO_CODE },
                role: if occurred { t.role[row] } else { Role::Exposure },
                valence: if occurred { t.valence[row] } else { 0 },
                item: t.item.get(row),
                category: t.category.get(row),
                record,
            });
            if let Some(&text) = t.text.codes.get(row) {
                trace.texts.push(text);
            }
        }
        trace
    }

    /// Number the records of the rows in the order of their first appearance.
    fn number_records(&mut self, t: &Part, place: usize, rows: &(impl Iterator<Item = usize> + Clone)) {
        let record = |row: usize| t.record(place, row);
        self.ordinal.clear();
        let ids = rows.clone().map(record);
        // Most logs number them in their order already.
        if ids.clone().is_sorted() {
            let mut last = None;
            self.records = 0;
            for id in ids {
                self.records += usize::from(last != Some(id));
                last = Some(id);
                self.ordinal.push(self.records as u32 - 1);
            }
            return;
        }
        self.seen.clear();
        for id in ids {
            let next = self.seen.len() as u32;
            self.ordinal.push(*self.seen.entry(id).or_insert(next));
        }
        self.records = self.seen.len();
    }
}
