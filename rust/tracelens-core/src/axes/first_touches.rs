//! From the first touch to the conversion (metric C8): how long it takes, with those who were never won.
//!
//! For each thing that a person had to do with, an item or a category: from its first event to its first conversion, or, if
//! there is none, to the end of the observation, where the wait is censored. Both together are what the product-limit estimate of
//! E. L. Kaplan and P. Meier, Journal of the American Statistical Association 53, 457 (1958) needs: from conversions alone
//! those who wait seem not to exist. A thing that was converted before anything is known to have led there has no first
//! touch, and stays out.

use super::Table;
use super::controls::end_of;
use crate::event::{NO_CODE, Role};
use crate::gather::{Event, Trace};

/// Accumulator of first touches.
#[derive(Debug)]
pub struct FirstTouches {
    /// The log knows items or categories; if not, all is one thing.
    keyed: bool,
    /// Nothing is observed from here on.
    end: i64,
    /// By user and thing (`item` or `category`, the other is -1): when and in which scenario it was first met (a date when it is
    /// over), the wait in microseconds, and whether a conversion ended it (0: censored).
    pub table: Table,
    /// Key, when it is over (dates first), place.
    met: Vec<(u32, i64, bool, usize)>,
}

impl FirstTouches {
    /// `keyed`: the log knows items or categories; `end`: where the log ends, if the window does not tell.
    pub fn new(keyed: bool, end: i64) -> Self {
        Self {
            keyed,
            end,
            table: Table::new(&["user", "item", "category", "scenario", "time", "wait", "converted"]),
            met: Vec::new(),
        }
    }

    /// All things of one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        if self.keyed {
            self.fold_by(user, trace, |e| e.item, |item| [i64::from(item), -1]);
            self.fold_by(user, trace, |e| e.category, |category| [-1, i64::from(category)]);
        } else {
            self.fold_by(user, trace, |_| 0, |_| [-1, -1]);
        }
    }

    fn fold_by(&mut self, user: i64, trace: &Trace, key: impl Fn(&Event) -> u32, named: impl Fn(u32) -> [i64; 2]) {
        let events = &trace.events;
        let end = trace.observed_until(self.end);
        let keyed = events.iter().enumerate().filter(|(_, e)| key(e) != NO_CODE);
        self.met.clear();
        self.met
            .extend(keyed.map(|(place, e)| (key(e), end_of(e), !e.dated, place)));
        self.met.sort_unstable();
        for of_key in self.met.chunk_by(|a, b| a.0 == b.0) {
            let mut places = of_key.iter().map(|m| m.3);
            let won = places.clone().filter(|&p| events[p].role == Role::Conversion).min();
            // What was logged together with a conversion did not lead there.
            let led = |&p: &usize| {
                won.is_none_or(|w| p < w && events[p].record != events[w].record && events[p].precedes(&events[w]))
            };
            let Some(touch) = places.find(led).map(|p| &events[p]) else {
                continue;
            };
            let (item_category, since) = (named(of_key[0].0), end_of(touch));
            let wait = won.map_or(end, |w| events[w].time) - since;
            self.table.push([
                user,
                item_category[0],
                item_category[1],
                i64::from(touch.scenario),
                since,
                // A date may last longer than the log.
                wait.max(0),
                i64::from(won.is_some()),
            ]);
        }
    }
}
