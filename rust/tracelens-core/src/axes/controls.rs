//! Controls: times at which a person had to do with what he is won to at other times, and was not won.

use super::runs::SESSION_GAP;
use crate::event::Role;
use crate::gather::{DAY, Event};
use hashbrown::HashMap;
use std::hash::Hash;

/// So long there is no conversion around a control.
pub(super) const FORTNIGHT: i64 = 14 * DAY;

/// When a person was won to each kind of things, in order: at a time, and on a date.
pub(super) struct Won<K>(HashMap<K, [Vec<i64>; 2]>);

impl<K: Eq + Hash> Won<K> {
    /// `conversions`: places in the trace; `kind`: of what kind an event is, if it says so.
    pub(super) fn new(events: &[Event], conversions: &[usize], kind: impl Fn(&Event) -> Option<K>) -> Self {
        let mut won: HashMap<K, [Vec<i64>; 2]> = HashMap::new();
        for e in conversions.iter().map(|&i| &events[i]) {
            if let Some(kind) = kind(e) {
                won.entry(kind).or_default()[usize::from(e.dated)].push(e.time);
            }
        }
        Self(won)
    }

    /// How many conversions of this kind there are.
    pub(super) fn count(&self, kind: &K) -> usize {
        self.0.get(kind).map_or(0, |[timed, dated]| timed.len() + dated.len())
    }

    /// Whether an event led nowhere: no conversion of its kind followed within a fortnight, though it was observed until
    /// `end`, and none was within `before`.
    pub(super) fn spares(&self, e: &Event, kind: &K, before: i64, end: i64) -> bool {
        let (since, last) = (e.time - before, end_of(e).saturating_add(FORTNIGHT));
        let within = |times: &[i64], from: i64| {
            let next = times.partition_point(|&t| t < from);
            times.get(next).is_some_and(|&t| t <= last)
        };
        let near = |[timed, dated]: &[Vec<i64>; 2]| within(timed, since) || within(dated, since - DAY);
        last <= end && !self.0.get(kind).is_some_and(near)
    }
}

/// When an event is known to be over: a date at its end.
pub(super) fn end_of(e: &Event) -> i64 {
    e.time + if e.dated { DAY } else { 0 }
}

/// The controls of a user's conversions, by place. They are last events of runs of one scenario with things of one kind around
/// which there is no conversion of that kind: neither in the fortnight to come, or they would lead to one; nor in that before,
/// or looking back would show what led to that one. Of each kind there are as many as conversions, if there are more the middle
/// ones of as many equal stretches.
pub(super) fn controls<K: Eq + Hash>(
    events: &[Event],
    conversions: &[usize],
    kind: impl Fn(&Event) -> Option<K>,
    end: i64,
) -> Vec<usize> {
    let won = Won::new(events, conversions, &kind);
    let mut ends: HashMap<K, Vec<usize>> = HashMap::new();
    for (i, e) in events.iter().enumerate().filter(|(_, e)| e.role != Role::Conversion) {
        let Some(kind) = kind(e).filter(|kind| won.count(kind) > 0) else {
            continue;
        };
        let ends = ends.entry(kind).or_default();
        if ends.last().is_some_and(|&last| is_one_run(&events[last], e)) {
            ends.pop();
        }
        ends.push(i);
    }
    let mut chosen = Vec::new();
    for (kind, mut ends) in ends {
        ends.retain(|&i| won.spares(&events[i], &kind, FORTNIGHT, end));
        let n = won.count(&kind).min(ends.len());
        chosen.extend((0..n).map(|j| ends[(2 * j + 1) * ends.len() / (2 * n)]));
    }
    chosen.sort_unstable();
    chosen
}

/// Whether of two events of one kind the later goes on with the run of the earlier.
fn is_one_run(a: &Event, b: &Event) -> bool {
    !a.dated && !b.dated && a.scenario == b.scenario && b.time - a.time <= SESSION_GAP
}
