//! Small logs for the tests of the kernels, told event by event.

use super::Wanted;
use super::rows::Columns;
use crate::event::{EventBatch, NO_CODE, NO_TIME, Precision, Role};
use crate::gather::{Gatherer, Traces};
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// How fine the time of an event is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Fine,
    Date,
    None,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Act {
    pub(super) time: i64,
    pub(super) clock: Clock,
    pub(super) scenario: u32,
    pub(super) action: u32,
    pub(super) role: Role,
    pub(super) occurred: bool,
}

impl Act {
    /// An event at this time, of the first scenario and action.
    pub(super) fn at(time: i64) -> Self {
        Self {
            time,
            clock: Clock::Fine,
            scenario: 0,
            action: 0,
            role: Role::Active,
            occurred: true,
        }
    }
}

/// Nothing wanted.
pub(super) fn wanted() -> Wanted {
    Wanted {
        zone: TimeZone::UTC,
        directly_follows: false,
        chains: None,
        grams: None,
        lift: None,
        profile: false,
        funnel: None,
    }
}

pub(super) fn no_columns() -> Columns<'static> {
    Columns {
        time: &[],
        scenario: &[],
        action: &[],
        role: &[],
    }
}

/// Acts of a few users who do not all have the same, with ties, dates, and events that did not happen.
pub(super) fn any_log() -> impl Strategy<Value = Vec<Vec<Act>>> {
    let clock = prop_oneof![12 => Just(Clock::Fine), 1 => Just(Clock::Date), 1 => Just(Clock::None)];
    let act = (
        0..40_i64,
        clock,
        0..3_u32,
        0..3_u32,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.9),
    );
    let act = act.prop_map(|(time, clock, scenario, action, converts, occurred)| Act {
        time,
        clock,
        scenario,
        action,
        role: if converts { Role::Conversion } else { Role::Active },
        occurred,
    });
    prop::collection::vec(prop::collection::vec(act, 1..14), 1..5)
}

/// The events of a user that happened at a known time of day, in canonical order.
pub(super) fn timed(user: &[Act]) -> Vec<Act> {
    let mut acts: Vec<Act> = user
        .iter()
        .filter(|act| act.occurred && act.clock == Clock::Fine)
        .copied()
        .collect();
    acts.sort_by_key(|act| (act.time, act.scenario, act.action));
    acts
}

/// The traces of these users. Their codes are those of the acts: of the first three names those that nobody uses are listed
/// with an event that did not happen.
pub(super) fn traces(users: &[Vec<Act>]) -> Traces {
    let mut batch = EventBatch::default();
    let acts = || users.iter().flatten();
    let unused = (0..3).filter(|&k| !acts().any(|a| a.scenario == k) || !acts().any(|a| a.action == k));
    let listed = unused.map(|k| Act {
        scenario: k,
        action: k,
        occurred: false,
        ..Act::at(0)
    });
    let all = users
        .iter()
        .enumerate()
        .flat_map(|(user, acts)| acts.iter().map(move |act| (user, *act)));
    for (record, (user, act)) in all.chain(listed.map(|act| (0, act))).enumerate() {
        batch.user.push(Some(&format!("u{user:04}")));
        batch.scenario.push(Some(&format!("s{:04}", act.scenario)));
        batch.action.push(Some(&format!("a{:04}", act.action)));
        let (time, precision) = match act.clock {
            Clock::Fine => (act.time, Precision::Micro),
            Clock::Date => (act.time, Precision::Day),
            Clock::None => (NO_TIME, Precision::None),
        };
        batch.time.push(time);
        batch.precision.push(precision);
        batch.role.push(act.role);
        batch.occurred.push(act.occurred);
        batch.valence.push(0);
        batch.item.codes.push(NO_CODE);
        batch.category.codes.push(NO_CODE);
        batch.seq.push(0);
        batch.value.push(f64::NAN);
        batch.count.push(1);
        batch.record.push(record as u64);
    }
    let mut gatherer = Gatherer::default();
    gatherer.push(batch).unwrap();
    gatherer.finish().expect("events")
}
