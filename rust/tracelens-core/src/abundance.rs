//! How much two groups of users did with each of many things, in many resamples: the sums behind richness, Hill numbers and what
//! only one group touched.
//!
//! A resample sums up rows of a sparse matrix, one a user, into one number a thing, and reduces these at once: what would fill
//! a matrix of resamples by things is never there as a whole. Masses are multiples of 2^-20, so their sums are exact in any order.

use rayon::prelude::*;

/// What users did with things: a sparse matrix by rows, one a user.
#[derive(Debug, Clone, Copy)]
pub struct Masses<'a> {
    /// The entries of user `u` are `starts[u]..starts[u + 1]`.
    pub starts: &'a [i64],
    /// Which thing.
    pub things: &'a [i32],
    /// How much of it.
    pub masses: &'a [f64],
}

/// Users with a weight in each resample.
#[derive(Debug, Clone, Copy)]
pub struct Weighted<'a> {
    /// One row of weights a resample, or a single one for all of them.
    pub weights: &'a [f64],
    /// Of these users.
    pub of: Masses<'a>,
}

impl Masses<'_> {
    fn users(&self) -> usize {
        self.starts.len() - 1
    }
}

impl Weighted<'_> {
    /// Add this part of a group in a resample to a number a thing.
    fn add(&self, resample: usize, sums: &mut [f64]) {
        let users = self.of.users();
        let rows = self.weights.len() / users.max(1);
        let row = if rows == 1 { 0 } else { resample };
        let weights = &self.weights[row * users..][..users];
        for (user, &weight) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            let entries = self.of.starts[user] as usize..self.of.starts[user + 1] as usize;
            let things = &self.of.things[entries.clone()];
            for (&thing, &mass) in things.iter().zip(&self.of.masses[entries]) {
                sums[thing as usize] += weight * mass;
            }
        }
    }
}

/// Sums over things, of two groups in one resample.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// All mass.
    pub total: [f64; 2],
    /// Things with any.
    pub things: [f64; 2],
    /// Sum of x ln x.
    pub logs: [f64; 2],
    /// Sum of squares.
    pub squares: [f64; 2],
    /// Mass on things of which the other group has nothing.
    pub alone: [f64; 2],
}

/// The sums of two groups in each of so many resamples; a group may be made of several parts.
pub fn moments(groups: [&[Weighted]; 2], resamples: usize, things: usize) -> Vec<Moments> {
    each(groups, resamples, things, |sums| {
        let mut all = Moments::default();
        for (&a, &b) in sums[0].iter().zip(&sums[1]) {
            for (group, (x, other)) in [(a, b), (b, a)].into_iter().enumerate() {
                if x != 0.0 {
                    all.total[group] += x;
                    all.things[group] += 1.0;
                    all.logs[group] += x * x.ln();
                    all.squares[group] += x * x;
                    all.alone[group] += if other == 0.0 { x } else { 0.0 };
                }
            }
        }
        all
    })
}

/// Expected number of distinct things among `m` drawn in proportion to mass, of two groups in each of so many resamples, where
/// `m` is half the smaller of the two groups' mass (Hurlbert 1971); not a number without mass.
pub fn richness(groups: [&[Weighted]; 2], resamples: usize, things: usize) -> Vec<[f64; 2]> {
    each(groups, resamples, things, |sums| {
        let total: [f64; 2] = [0, 1].map(|group: usize| sums[group].iter().sum());
        let m = total[0].min(total[1]) / 2.0;
        [0, 1].map(|group: usize| {
            let log_miss = (-(m / total[group]).min(1.0 - 1e-6)).ln_1p();
            let known = sums[group].iter().filter(|x| **x != 0.0 || total[group] == 0.0);
            known.map(|x| -(x * log_miss).exp_m1()).sum()
        })
    })
}

fn each<T: Send>(
    groups: [&[Weighted]; 2],
    resamples: usize,
    things: usize,
    reduce: impl Fn(&[Vec<f64>; 2]) -> T + Sync,
) -> Vec<T> {
    let begin = || [vec![0.0; things], vec![0.0; things]];
    let of_resample = |sums: &mut [Vec<f64>; 2], resample| {
        for (sums, parts) in sums.iter_mut().zip(groups) {
            sums.fill(0.0);
            for part in parts {
                part.add(resample, sums);
            }
        }
        reduce(sums)
    };
    (0..resamples).into_par_iter().map_init(begin, of_resample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTS: [i64; 4] = [0, 2, 3, 3];
    const OF: Masses = Masses {
        starts: &STARTS,
        things: &[0, 2, 2],
        masses: &[1.0, 3.0, 2.0],
    };

    fn weighted(weights: &[f64]) -> Weighted<'_> {
        Weighted { weights, of: OF }
    }

    #[test]
    fn groups_are_summed_by_weight_and_compared_thing_by_thing() {
        // First resample: user 0 against user 1; second: users 0 and 1 against user 0 twice.
        let first = [weighted(&[1.0, 0.0, 1.0, 1.0, 1.0, 0.0])];
        let second = [weighted(&[0.0, 1.0, 0.0, 2.0, 0.0, 0.0])];
        let found = moments([&first, &second], 2, 4);
        assert_eq!((found[0].total, found[0].things), ([4.0, 2.0], [2.0, 1.0]));
        assert_eq!((found[0].alone, found[0].squares), ([1.0, 0.0], [10.0, 4.0]));
        assert_eq!((found[1].total, found[1].alone), ([6.0, 8.0], [0.0, 0.0]));
        assert!((found[1].logs[1] - 2.0 * 2.0_f64.ln() - 6.0 * 6.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn parts_add_up_and_what_is_taken_away_again_is_gone() {
        let whole = [weighted(&[1.0; 3]), weighted(&[-1.0, 0.0, 0.0])];
        let rest = [weighted(&[0.0, 1.0, 0.0])];
        let found = moments([&whole, &rest], 1, 4);
        assert_eq!(
            (found[0].total, found[0].things, found[0].alone),
            ([2.0; 2], [1.0; 2], [0.0; 2])
        );
    }

    #[test]
    fn richness_is_what_drawing_one_by_one_finds_on_average() {
        let (one, all) = ([weighted(&[1.0, 0.0, 0.0])], [weighted(&[1.0; 3])]);
        let found = richness([&one, &all], 1, 4)[0];
        // m = 2 of 4, and of 6.
        let expected =
            |m: f64, n: f64, masses: &[f64]| -> f64 { masses.iter().map(|c| 1.0 - (1.0 - m / n).powf(*c)).sum() };
        assert!((found[0] - expected(2.0, 4.0, &[1.0, 3.0])).abs() < 1e-12);
        assert!((found[1] - expected(2.0, 6.0, &[1.0, 5.0])).abs() < 1e-12);
    }
}
