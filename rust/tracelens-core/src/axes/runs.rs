//! Runs: stretches of one thing without a pause. What several accumulators start from.

use crate::gather::MINUTE;

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
