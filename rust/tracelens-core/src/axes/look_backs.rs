//! Look-backs of several lengths (metrics C2 to C5, and the lift of a path): what led to a conversion, and what would have been
//! called its chain where nobody was won.
//!
//! A chain is what [`super::chains`] takes for one: earlier events of the item, else of the category, no pause longer than 3
//! days, runs of one scenario collapsed. Seen from anywhere in a life such a chain tells what a person is exposed to; only beside
//! those of controls (see [`super::controls`]) does it tell of conversions: lift of a path = P(path | conversion) / P(path |
//! control). A conversion's controls are of its category; of its item if it has no category; anything if the log knows neither.
//!
//! First and last touch as attribution uses the words: the scenario in which the chain begins, and that of the run before the
//! conversion's own. The time since the first touch is the span.

use super::Table;
use super::chains::{Chain, ChainOptions};
use super::controls::controls;
use super::look_back::Before;
use super::past::{Past, codes};
use super::paths::Paths;
use super::runs::SESSION_GAP;
use crate::event::{NO_CODE, Role};
use crate::gather::{DAY, Event, Trace};

/// Look-backs in days; the middle one is that of the conversions' table.
const LOOK_BACKS: [i64; 3] = [1, 7, 14];

/// Accumulator of look-backs.
#[derive(Debug)]
pub struct LookBacks {
    /// The log knows items or categories; if not, any event is linked.
    keyed: bool,
    /// Nothing is observed from here on.
    end: i64,
    /// For each conversion of a user with a clock, and for each of its controls, a row for each look-back (`days`): `converted`
    /// tells them apart, the other columns are as in the conversions' table. `sessions` (30 minutes) are those in which the
    /// events of the chain lie, its end included; dates lie in none. A touch that there is not is -1.
    pub table: Table,
}

impl LookBacks {
    /// `keyed`: the log knows items or categories; `end`: where the log ends, if the window does not tell.
    pub fn new(keyed: bool, end: i64) -> Self {
        Self {
            keyed,
            end,
            table: Table::new(&[
                "user",
                "time",
                "scenario",
                "action",
                "item",
                "category",
                "converted",
                "days",
                "level",
                "depth",
                "span",
                "scenarios",
                "sessions",
                "first_touch",
                "last_touch",
                "path",
            ]),
        }
    }

    /// All conversions of one user, and their controls.
    pub fn fold(&mut self, user: i64, trace: &Trace, paths: &mut Paths) {
        let events = &trace.events;
        let is_conversion = |i: &usize| events[*i].role == Role::Conversion;
        let conversions: Vec<usize> = (0..events.len()).filter(is_conversion).collect();
        if !trace.clock || conversions.is_empty() {
            return;
        }
        let end = trace.observed_until(self.end);
        let kind = |e: &Event| match (self.keyed, e.category) {
            (false, _) => Some([NO_CODE; 2]),
            (true, NO_CODE) => Some([NO_CODE, e.item]).filter(|_| e.item != NO_CODE),
            (true, category) => Some([category, NO_CODE]),
        };
        let mut ends = controls(events, &conversions, kind, end);
        ends.extend(conversions);
        ends.sort_unstable();
        let session = sessions(events);
        let mut past = Past::new(trace, &ends, self.keyed, ChainOptions::default().gap_cut);
        for i in ends {
            let e = &events[i];
            let own = (!e.dated).then_some(session[i]);
            for days in LOOK_BACKS {
                let (level, (chain, sessions, touches)) = past.look(i, days * DAY, |before| {
                    let (sessions, touches) = match &before {
                        Before::Led(stretch) => (stretch.sessions(&session, own), touches(stretch.runs, e.scenario)),
                        Before::Nothing | Before::Apart => (u32::from(own.is_some()), [-1; 2]),
                    };
                    let chain = Chain::new(i, e.time, e.scenario, before, Paths::KEPT);
                    (chain, sessions, touches)
                });
                let [scenario, action, item, category] = codes(e);
                let [first_touch, last_touch] = touches;
                self.table.push([
                    user,
                    e.time,
                    scenario,
                    action,
                    item,
                    category,
                    i64::from(e.role == Role::Conversion),
                    days,
                    i64::from(level as u8),
                    i64::from(chain.depth),
                    chain.span,
                    i64::from(chain.scenarios),
                    i64::from(sessions),
                    first_touch,
                    last_touch,
                    paths.code(&chain.path),
                ]);
            }
        }
    }
}

/// First and last touch of the runs before an end: the run that the end goes on with is its own.
fn touches(runs: &[u32], own: u32) -> [i64; 2] {
    let before = runs.strip_suffix(&[own]).unwrap_or(runs);
    [runs.first(), before.last()].map(|scenario| scenario.map_or(-1, |&s| i64::from(s)))
}

/// The session of each event, by number; a date is in none, and has the number of the one before.
fn sessions(events: &[Event]) -> Vec<u32> {
    let (mut number, mut last) = (0, None);
    let session = events.iter().map(|e| {
        if !e.dated {
            number += u32::from(last.is_some_and(|last| e.time - last > SESSION_GAP));
            last = Some(e.time);
        }
        number
    });
    session.collect()
}
