//! Drift and persistence of interests (metrics D1, D2, and the daily interest drift of the OmniBehavior panel): how a person's
//! mix of categories changes from day to day. Days are local; active is a day with an event that has a category.
//!
//! Sources: P. Jaccard, New Phytologist 11, 37 (1912), for the distance of sets; for the autocorrelation of a series with
//! gaps, over the pairs that are there: E. Parzen, Sankhya A 25, 383 (1963).

use super::{FIXED, Table, Tally, pair, share, unpaired};
use crate::event::NO_CODE;
use crate::gather::Trace;

/// Lags in days at which persistence is measured; 0 is the variance, by which the others are divided.
const LAGS: [i64; 5] = [0, 1, 3, 7, 14];

/// Accumulator of drift and persistence.
#[derive(Debug)]
pub struct Drift {
    /// By user and whether the two are neighbours in the calendar (0, 1): pairs of successive active days, and the sum of
    /// their Jaccard distances, 1 - common categories / categories of either. Whether days between them count as empty sets
    /// is for the reader to say: each pair that is not of neighbours has such.
    pub drift: Table,
    /// By user and lag: pairs of active days so far apart, and the sum over them of the product of their deviations, of
    /// the shares of categories on a day from the person's mean share over all active days.
    pub persistence: Table,
    /// Events by user, third (of the active days in order), half (their alternation), and category. The first and the last
    /// third, once against each other, once by halves, are the same events split in two ways.
    pub thirds: Table,
    tally: Tally,
    days: Days,
    /// By category: the sum of the shares; and the shares of one day.
    sums: Vec<i64>,
    shares: Vec<i64>,
    /// By active day: the sum over categories of its shares times their sums.
    with_sums: Vec<i64>,
    /// Day and category of each event.
    done: Vec<(i64, u32)>,
}

/// The active days of one user in order, and the categories of each with their shares in fixed point.
#[derive(Debug, Default)]
struct Days {
    numbers: Vec<i64>,
    /// Where each ends in `mix`.
    ends: Vec<usize>,
    mix: Vec<(u32, i64)>,
}

impl Days {
    fn clear(&mut self) {
        self.numbers.clear();
        self.ends.clear();
        self.mix.clear();
    }

    fn mix(&self, i: usize) -> &[(u32, i64)] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.mix[start..self.ends[i]]
    }
}

impl Drift {
    /// `categories`: how many the log knows.
    pub fn new(categories: usize) -> Self {
        Self {
            drift: Table::new(&["user", "neighbours", "pairs", "distance_fixed"]),
            persistence: Table::new(&["user", "lag", "pairs", "product_fixed"]),
            thirds: Table::new(&["user", "third", "half", "category", "count"]),
            tally: Tally::default(),
            days: Days::default(),
            sums: vec![0; categories],
            shares: vec![0; categories],
            with_sums: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Measure one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        if !trace.clock {
            return;
        }
        let mut done = std::mem::take(&mut self.done);
        done.clear();
        let known = trace.events.iter().filter(|e| e.category != NO_CODE);
        done.extend(known.map(|e| (e.day, e.category)));
        // Where clocks go back at midnight a day is left and entered again.
        if !done.is_sorted_by_key(|d| d.0) {
            done.sort_by_key(|d| d.0);
        }
        self.split(&done);
        self.thirds(user, &done);
        self.distances(user);
        self.products(user);
        self.done = done;
    }

    /// The mix of each day.
    fn split(&mut self, done: &[(i64, u32)]) {
        self.days.clear();
        for day in done.chunk_by(|a, b| a.0 == b.0) {
            for &(_, category) in day {
                self.tally.add(u64::from(category));
            }
            let mix = &mut self.days.mix;
            self.tally.drain(|category, count| {
                mix.push((category as u32, share(count as u64, day.len() as u64)));
            });
            self.days.numbers.push(day[0].0);
            self.days.ends.push(self.days.mix.len());
        }
    }

    fn thirds(&mut self, user: i64, done: &[(i64, u32)]) {
        let active = self.days.numbers.len();
        let width = self.shares.len();
        for (rank, day) in done.chunk_by(|a, b| a.0 == b.0).enumerate() {
            let part = (rank * 3 / active * 2 + rank % 2) as u32;
            for &(_, category) in day {
                self.tally.add(pair(part, category, width));
            }
        }
        let table = &mut self.thirds;
        self.tally.drain(|key, count| {
            let (part, category) = unpaired(key, width);
            table.push([user, part / 2, part % 2, category, count]);
        });
    }

    fn distances(&mut self, user: i64) {
        let days = &self.days.numbers;
        let mut sums = [(0, 0); 2];
        for i in 1..days.len() {
            let (pairs, sum) = &mut sums[usize::from(days[i] - days[i - 1] == 1)];
            *pairs += 1;
            *sum += jaccard(self.days.mix(i - 1), self.days.mix(i));
        }
        for (neighbours, (pairs, sum)) in sums.into_iter().enumerate().filter(|(_, (pairs, _))| *pairs > 0) {
            self.drift.push([user, neighbours as i64, pairs, sum]);
        }
    }

    /// With x the shares of a day, S their sum over the D active days: the product of the deviations x - S/D and y - S/D is
    /// xy - (xS + yS) / D + SS / D^2. All in integers, and divided once; a single xS fits for some 20,000 years of days.
    fn products(&mut self, user: i64) {
        let all = &self.days;
        for &(category, share) in &all.mix {
            self.sums[category as usize] += share;
        }
        self.with_sums.clear();
        self.with_sums
            .extend((0..all.numbers.len()).map(|i| dot(all.mix(i), &self.sums)));
        let mut totals = [Products::default(); LAGS.len()];
        let mut behind = [0usize; LAGS.len()];
        for (i, &day) in all.numbers.iter().enumerate() {
            for &(category, share) in all.mix(i) {
                self.shares[category as usize] = share;
            }
            for ((lag, j), total) in LAGS.iter().zip(&mut behind).zip(&mut totals) {
                while all.numbers[*j] < day - lag {
                    *j += 1;
                }
                if all.numbers[*j] == day - lag {
                    total.pairs += 1;
                    total.cross += i128::from(dot(all.mix(*j), &self.shares));
                    total.with_sums += i128::from(self.with_sums[i] + self.with_sums[*j]);
                }
            }
            for &(category, _) in all.mix(i) {
                self.shares[category as usize] = 0;
            }
        }
        for &(category, _) in &all.mix {
            self.sums[category as usize] = 0;
        }
        let active = all.numbers.len() as i128;
        let squares: i128 = self.with_sums.iter().map(|&x| i128::from(x)).sum();
        for (lag, total) in LAGS.into_iter().zip(totals).filter(|(_, total)| total.pairs > 0) {
            let whole = active * active * i128::from(FIXED);
            let part = active * active * total.cross - active * total.with_sums + i128::from(total.pairs) * squares;
            let rounded = (2 * part + whole).div_euclid(2 * whole) as i64;
            self.persistence.push([user, lag, total.pairs, rounded]);
        }
    }
}

/// Over the pairs of days at one lag: how many, the sum of xy, and that of xS + yS.
#[derive(Debug, Clone, Copy, Default)]
struct Products {
    pairs: i64,
    cross: i128,
    with_sums: i128,
}

fn dot(mix: &[(u32, i64)], with: &[i64]) -> i64 {
    mix.iter()
        .map(|&(category, share)| share * with[category as usize])
        .sum()
}

/// 1 - common / all of two sets, given in order; fixed point.
fn jaccard(a: &[(u32, i64)], b: &[(u32, i64)]) -> i64 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        common += usize::from(x.0 == y.0);
        i += usize::from(x.0 <= y.0);
        j += usize::from(y.0 <= x.0);
    }
    let all = a.len() + b.len() - common;
    share((all - common) as u64, all as u64)
}
