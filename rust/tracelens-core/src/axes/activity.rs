//! Axis activity, and the counts that valence and diversity share with it: events, records, active days, exposures and
//! actions by scenario. Definitions: metrics H1, H2, H3, U1.

use super::{Table, Tally, pair, unpaired};
use crate::event::{NO_CODE, Role};
use crate::gather::Trace;

/// Accumulator of plain counts.
#[derive(Debug)]
pub struct Activity {
    exposure_by_record: bool,
    /// One row per user.
    pub users: Table,
    /// First and last event of each user who has a clock; of a date the start of the day.
    pub extents: Table,
    /// Events by user and scenario.
    pub scenarios: Table,
    /// Exposures by user and scenario.
    pub exposures: Table,
    /// Active and converting actions by user, scenario and action.
    pub actions: Table,
    by_scenario: Tally,
    exposed: Tally,
    acted: Tally,
    /// How many actions the log knows.
    known_actions: usize,
    days: Vec<i64>,
}

impl Activity {
    /// `exposure_by_record`: each record is one exposure, and single exposure events are not counted besides;
    /// `known_actions`: how many actions the log knows.
    pub fn new(exposure_by_record: bool, known_actions: usize) -> Self {
        Self {
            exposure_by_record,
            users: Table::new(&[
                "events",
                "listed",
                "records",
                "days",
                "exposures",
                "actions",
                "positive",
                "negative",
                "conversions",
                "switches",
            ]),
            extents: Table::new(&["user", "first", "last"]),
            scenarios: Table::new(&["user", "scenario", "events"]),
            exposures: Table::new(&["user", "scenario", "count"]),
            actions: Table::new(&["user", "scenario", "action", "count"]),
            by_scenario: Tally::default(),
            exposed: Tally::default(),
            acted: Tally::default(),
            known_actions,
            days: Vec::new(),
        }
    }

    /// Count one user; `switches` is what the chain axis found.
    pub fn fold(&mut self, user: i64, trace: &Trace, switches: i64) {
        let (mut actions, mut positive, mut negative, mut conversions) = (0, 0, 0, 0);
        self.days.clear();
        for e in &trace.events {
            self.by_scenario.add(u64::from(e.scenario));
            if trace.clock && self.days.last() != Some(&e.day) {
                self.days.push(e.day);
            }
            if matches!(e.role, Role::Active | Role::Conversion) && e.action != NO_CODE {
                self.acted.add(pair(e.scenario, e.action, self.known_actions));
                actions += 1;
            }
            if e.role == Role::Exposure && !self.exposure_by_record {
                self.exposed.add(u64::from(e.scenario));
            }
            positive += i64::from(e.valence > 0);
            negative += i64::from(e.valence < 0);
            conversions += i64::from(e.role == Role::Conversion);
        }
        if self.exposure_by_record {
            for &scenario in &trace.records {
                self.exposed.add(u64::from(scenario));
            }
        }
        if let (true, [first, ..], [.., last]) = (trace.clock, &trace.events[..], &trace.events[..]) {
            self.extents.push([user, first.time, last.time]);
        }
        self.days.sort_unstable();
        self.days.dedup();
        let mut exposures = 0;
        let table = &mut self.exposures;
        self.exposed.drain(|scenario, count| {
            exposures += count;
            table.push([user, scenario as i64, count]);
        });
        let table = &mut self.scenarios;
        self.by_scenario
            .drain(|scenario, events| table.push([user, scenario as i64, events]));
        let (table, width) = (&mut self.actions, self.known_actions);
        self.acted.drain(|key, count| {
            let (scenario, action) = unpaired(key, width);
            table.push([user, scenario, action, count]);
        });
        self.users.push([
            trace.events.len() as i64,
            i64::from(trace.listed),
            trace.records.len() as i64,
            self.days.len() as i64,
            exposures,
            actions,
            positive,
            negative,
            conversions,
            switches,
        ]);
    }
}
