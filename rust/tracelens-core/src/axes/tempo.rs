//! Tempo (metric H5): are the pauses of a person regular, by chance, or bursts, and does a long one follow a long one?
//!
//! Once on all that was done and once on the starts of sessions, because pauses between events mostly measure how long a
//! screen takes. What was logged together, events of one record at one time, was done once.
//!
//! Sources: K.-I. Goh and A.-L. Barabasi, EPL 81, 48002 (2008), for B and M; E.-K. Kim and H.-H. Jo, Phys. Rev. E 94, 032311
//! (2016), for B of few gaps.

use super::burstiness::burstiness;
use super::runs::starts;
use super::{FIXED, Table};
use crate::gather::Trace;

/// What the gaps lie between.
const EVENTS: i64 = 0;
const SESSIONS: i64 = 1;

/// Accumulator of burstiness and memory.
#[derive(Debug)]
pub struct Tempo {
    /// By user and unit (0 events, 1 session starts): gaps; whether they have a burstiness, its plain and its finite-size
    /// form; pairs of successive gaps of which the memory is made, whether there is one, and the memory. What is not
    /// known is 0.
    ///
    /// Gaps of zero count in the burstiness. They have no logarithm: for the memory all that was done at one instant is one
    /// point, so that its gaps are those between successive distinct times.
    pub table: Table,
    times: Vec<i64>,
    starts: Vec<i64>,
    logs: Vec<f64>,
    /// By record: the last time at which something of it was done.
    latest: Vec<i64>,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            table: Table::new(&[
                "user",
                "unit",
                "gaps",
                "bursty",
                "plain_fixed",
                "finite_fixed",
                "pairs",
                "remembers",
                "memory_fixed",
            ]),
            times: Vec::new(),
            starts: Vec::new(),
            logs: Vec::new(),
            latest: Vec::new(),
        }
    }
}

impl Tempo {
    /// Measure one user. Dates stay out, and without a clock there is no tempo.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        self.times.clear();
        self.latest.clear();
        self.latest.resize(trace.records.len(), i64::MIN);
        for e in trace.events.iter().filter(|e| !e.dated) {
            if std::mem::replace(&mut self.latest[e.record as usize], e.time) != e.time {
                self.times.push(e.time);
            }
        }
        self.starts.clear();
        self.starts.extend(starts(self.times.iter().copied()));
        for (unit, times) in [(EVENTS, &self.times), (SESSIONS, &self.starts)] {
            if times.len() < 2 {
                continue;
            }
            let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
            self.logs.clear();
            self.logs
                .extend(gaps.filter(|&gap| gap > 0).map(|gap| (gap as f64).ln()));
            let (known, b) = (burstiness(times), memory(&self.logs));
            self.table.push([
                user,
                unit,
                times.len() as i64 - 1,
                i64::from(known.is_some()),
                known.map_or(0, |b| fixed(b.plain)),
                known.map_or(0, |b| fixed(b.finite)),
                self.logs.len().saturating_sub(1) as i64,
                i64::from(b.is_some()),
                b.map_or(0, fixed),
            ]);
        }
    }
}

fn fixed(value: f64) -> i64 {
    (value * FIXED as f64).round() as i64
}

/// Goh and Barabasi's memory M: the correlation of each gap with the one after it. The accumulator hands in logarithms, lest
/// one long absence decide. `None` for fewer than two pairs, or if all gaps before or all gaps after are alike.
pub fn memory(gaps: &[f64]) -> Option<f64> {
    let pairs = gaps.len().saturating_sub(1);
    if pairs < 2 {
        return None;
    }
    let (before, after) = (&gaps[..pairs], &gaps[1..]);
    let range = |of: &[f64]| of.iter().fold(f64::MIN, |m, &x| m.max(x)) - of.iter().fold(f64::MAX, |m, &x| m.min(x));
    if range(before) <= 0.0 || range(after) <= 0.0 {
        return None;
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / pairs as f64;
    let (mean_before, mean_after) = (mean(before), mean(after));
    let (mut both, mut squares_before, mut squares_after) = (0.0, 0.0, 0.0);
    for (x, y) in before.iter().zip(after) {
        let (x, y) = (x - mean_before, y - mean_after);
        both += x * y;
        squares_before += x * x;
        squares_after += y * y;
    }
    Some((both / (squares_before.sqrt() * squares_after.sqrt())).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_by_hand() {
        assert_eq!(memory(&[]), None);
        assert_eq!(memory(&[1.0, 2.0]), None);
        assert_eq!(memory(&[3.0, 3.0, 3.0, 5.0]), None, "all gaps before are alike");
        assert_eq!(memory(&[0.1; 9]), None, "rounding is no variance");
        let near = |gaps: &[f64], m: f64| assert!((memory(gaps).unwrap_or(9.0) - m).abs() < 1e-12, "{gaps:?}");
        near(&[1.0, 2.0, 3.0, 4.0], 1.0);
        near(&[1.0, 2.0, 1.0, 2.0, 1.0], -1.0);
        near(&[1.0, 1.0, 2.0, 1.0], -0.5); // (1,1) (1,2) (2,1)
    }
}
