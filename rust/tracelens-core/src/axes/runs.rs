//! Runs and sessions: stretches of one thing, or of anything, without a pause. What several accumulators start from.

use crate::gather::{Event, MINUTE, Trace};

/// A pause longer than this ends a session, and a run.
pub(super) const SESSION_GAP: i64 = 30 * MINUTE;

/// The start times of runs in ascending `times`: the first, and each that follows a pause.
pub(super) fn starts(times: impl IntoIterator<Item = i64>) -> impl Iterator<Item = i64> {
    let mut last: Option<i64> = None;
    times.into_iter().filter(move |&t| {
        let new = last.is_none_or(|l| t - l > SESSION_GAP);
        last = Some(t);
        new
    })
}

/// How many of ascending `times` lie in `[from, until)`.
pub(super) fn between(times: &[i64], from: i64, until: i64) -> usize {
    if until <= from {
        return 0;
    }
    times.partition_point(|&t| t < until) - times.partition_point(|&t| t < from)
}

/// The events of a trace that have a time of day; `buffer` holds them if some have not.
pub(super) fn timed<'a>(trace: &'a Trace, buffer: &'a mut Vec<Event>) -> &'a [Event] {
    if !trace.events.iter().any(|e| e.dated) {
        return &trace.events;
    }
    buffer.clear();
    buffer.extend(trace.events.iter().filter(|e| !e.dated));
    buffer
}

/// Go through a trace session by session; `each` is told whether an event opens one. Dates have no place within a day and
/// stay out. Without a clock a session is a record: a dialogue, say.
pub(super) fn in_sessions(trace: &Trace, mut each: impl FnMut(bool, &Event)) {
    let timed = || trace.events.iter().filter(|e| !e.dated);
    if trace.clock {
        let mut last: Option<i64> = None;
        for e in timed() {
            each(last.is_none_or(|l| e.time - l > SESSION_GAP), e);
            last = Some(e.time);
        }
        return;
    }
    let mut events: Vec<&Event> = timed().collect();
    // Stable: the order within a record is kept where several of them run side by side.
    events.sort_by_key(|e| e.record);
    let mut last: Option<u32> = None;
    for e in events {
        each(last != Some(e.record), e);
        last = Some(e.record);
    }
}
