//! Axis activity, and the counts that valence and diversity share with it: events, records, active days, exposures and
//! actions by scenario. Definitions: metrics H1, H2, H3, U1.

use super::{Table, Tally};
use crate::event::{NO_CODE, Role};
use crate::gather::Trace;

/// Accumulator of plain counts.
#[derive(Debug)]
pub struct Activity {
    exposure_by_record: bool,
    /// One row per user.
    pub users: Table,
    /// Events by user and scenario.
    pub scenarios: Table,
    /// Exposures by user and scenario.
    pub exposures: Table,
    /// Active and converting actions by user, scenario and action.
    pub actions: Table,
    by_scenario: Tally<u32>,
    exposed: Tally<u32>,
    acted: Tally<(u32, u32)>,
    days: Vec<i64>,
}

impl Activity {
    /// `exposure_by_record`: each record is one exposure, and single exposure events are not counted besides.
    pub fn new(exposure_by_record: bool) -> Self {
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
            scenarios: Table::new(&["user", "scenario", "events"]),
            exposures: Table::new(&["user", "scenario", "count"]),
            actions: Table::new(&["user", "scenario", "action", "count"]),
            by_scenario: Tally::default(),
            exposed: Tally::default(),
            acted: Tally::default(),
            days: Vec::new(),
        }
    }

    /// Count one user; `switches` is what the chain axis found.
    pub fn fold(&mut self, user: i64, trace: &Trace, switches: i64) {
        let (mut actions, mut positive, mut negative, mut conversions) = (0, 0, 0, 0);
        self.days.clear();
        for e in &trace.events {
            self.by_scenario.add(e.scenario);
            if trace.clock {
                self.days.push(e.day);
            }
            if matches!(e.role, Role::Active | Role::Conversion) && e.action != NO_CODE {
                self.acted.add((e.scenario, e.action));
                actions += 1;
            }
            if e.role == Role::Exposure && !self.exposure_by_record {
                self.exposed.add(e.scenario);
            }
            positive += i64::from(e.valence > 0);
            negative += i64::from(e.valence < 0);
            conversions += i64::from(e.role == Role::Conversion);
        }
        if self.exposure_by_record {
            for &scenario in &trace.records {
                self.exposed.add(scenario);
            }
        }
        self.days.sort_unstable();
        self.days.dedup();
        let mut exposures = 0;
        for &(scenario, count) in self.exposed.drain() {
            exposures += count;
            self.exposures.push([user, i64::from(scenario), count]);
        }
        for &(scenario, events) in self.by_scenario.drain() {
            self.scenarios.push([user, i64::from(scenario), events]);
        }
        for &((scenario, action), count) in self.acted.drain() {
            self.actions.push([user, i64::from(scenario), i64::from(action), count]);
        }
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
