//! What led to the ends of chains, by the closest link that there is.

use super::look_back::{Before, Lane, Moment, Step};
use crate::event::NO_CODE;
use crate::gather::{DAY, Event, Trace};
use hashbrown::HashMap;

/// How the events of a chain are linked to its end; `Unmatched`: there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Level {
    Item = 0,
    Category = 1,
    Any = 2,
    Unmatched = 3,
}

/// What lies behind the ends of one user: earlier events of the item, else of the category; any if the log knows neither.
pub(super) struct Past<'t> {
    events: &'t [Event],
    /// Place of the first event of each record.
    record_from: Vec<u32>,
    /// Any event is linked.
    any: Option<Lane>,
    by_item: Lanes<'t>,
    by_category: Lanes<'t>,
}

impl<'t> Past<'t> {
    /// `ends`: places in the trace from which to look back; `keyed`: the log knows items or categories; `gap_cut`: the longest
    /// pause within a chain.
    pub(super) fn new(trace: &'t Trace, ends: &[usize], keyed: bool, gap_cut: i64) -> Self {
        let events = &trace.events[..];
        let mut record_from = vec![u32::MAX; trace.records.len()];
        for (place, e) in events.iter().enumerate() {
            let from = &mut record_from[e.record as usize];
            *from = (*from).min(place as u32);
        }
        let any = || Lane::new(steps(events, 0..events.len()), gap_cut);
        Self {
            events,
            record_from,
            any: (!keyed).then(any),
            by_item: Lanes::new(events, ends, gap_cut, |e| e.item),
            by_category: Lanes::new(events, ends, gap_cut, |e| e.category),
        }
    }

    /// Look back from an end.
    pub(super) fn look<T>(&mut self, end: usize, look_back: i64, read: impl Fn(Before) -> T) -> (Level, T) {
        let e = &self.events[end];
        let moment = Moment {
            time: e.time,
            dated: e.dated,
            place: end as u32,
            record: e.record,
            record_from: self.record_from[e.record as usize],
            look_back,
        };
        let look = |lane: &Lane, link: Level| {
            lane.before(&moment, |before| {
                let level = match before {
                    Before::Nothing => return None,
                    // What lies behind too long a pause is linked, but led nowhere.
                    Before::Apart => Level::Unmatched,
                    Before::Led(_) => link,
                };
                Some((level, read(before)))
            })
        };
        let found = match &self.any {
            Some(lane) => look(lane, Level::Any),
            None => look(self.by_item.get(e.item), Level::Item)
                .or_else(|| look(self.by_category.get(e.category), Level::Category)),
        };
        found.unwrap_or_else(|| (Level::Unmatched, read(Before::Nothing)))
    }
}

/// Scenario, action, item and category as they stand in a table: -1 for none.
pub(super) fn codes(e: &Event) -> [i64; 4] {
    [e.scenario, e.action, e.item, e.category].map(|code| if code == NO_CODE { -1 } else { i64::from(code) })
}

/// Events as a look back sees them.
fn steps(events: &[Event], places: impl Iterator<Item = usize>) -> impl Iterator<Item = Step> {
    places.map(|place| {
        let e = &events[place];
        Step {
            time: e.time + if e.dated { DAY } else { 0 },
            dated: e.dated,
            place: place as u32,
            scenario: e.scenario,
            record: e.record,
        }
    })
}

/// The lanes of the keys that some end has.
struct Lanes<'t> {
    events: &'t [Event],
    gap_cut: i64,
    places: HashMap<u32, Vec<usize>>,
    made: HashMap<u32, Lane>,
    none: Lane,
}

impl<'t> Lanes<'t> {
    fn new(events: &'t [Event], ends: &[usize], gap_cut: i64, key: impl Fn(&Event) -> u32) -> Self {
        let keys = ends.iter().map(|&end| key(&events[end]));
        let mut places: HashMap<u32, Vec<usize>> = keys.filter(|&k| k != NO_CODE).map(|k| (k, Vec::new())).collect();
        if !places.is_empty() {
            for (i, e) in events.iter().enumerate() {
                if let Some(list) = places.get_mut(&key(e)) {
                    list.push(i);
                }
            }
        }
        Self {
            events,
            gap_cut,
            places,
            made: HashMap::new(),
            none: Lane::default(),
        }
    }

    fn get(&mut self, key: u32) -> &Lane {
        let Some(places) = self.places.get(&key) else {
            return &self.none;
        };
        let lane = || Lane::new(steps(self.events, places.iter().copied()), self.gap_cut);
        self.made.entry(key).or_insert_with(lane)
    }
}
