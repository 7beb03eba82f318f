//! How much two groups of users did with each of many things, in many resamples: the sums behind richness, Hill numbers and what
//! only one group touched.
//!
//! Thing after thing is summed up over its users, in all resamples at once, and reduced: what would be a matrix of resamples by
//! things is never there as a whole. Masses are multiples of 2^-20, so their sums are exact in any order; what is no sum of
//! masses is added up in the order of things.

use rayon::prelude::*;

/// What users did with things: a sparse matrix by things.
#[derive(Debug, Clone, Copy)]
pub struct Masses<'a> {
    /// The entries of thing `i` are `starts[i]..starts[i + 1]`.
    pub starts: &'a [i64],
    /// Whose.
    pub users: &'a [i32],
    /// How much.
    pub masses: &'a [f64],
}

/// Users with a weight in each resample.
#[derive(Debug, Clone, Copy)]
pub struct Weighted<'a> {
    /// One row of weights a resample, or a single one for all of them.
    pub weights: &'a [f64],
    /// How many users, which is how long a row is.
    pub users: usize,
    /// What they did.
    pub of: Masses<'a>,
}

/// A part of a group with its weights by user: those of one user in all resamples stand together.
struct Turned<'a> {
    weights: Vec<f64>,
    of: Masses<'a>,
}

impl<'a> Turned<'a> {
    fn new(part: &Weighted<'a>, resamples: usize) -> Self {
        let mut weights = vec![0.0; part.users * resamples];
        for resample in 0..resamples {
            let row = if part.weights.len() == part.users { 0 } else { resample };
            let row = &part.weights[row * part.users..][..part.users];
            for (user, &weight) in row.iter().enumerate() {
                weights[user * resamples + resample] = weight;
            }
        }
        Self { weights, of: part.of }
    }

    /// Add what was done with a thing to a sum a resample.
    fn add(&self, thing: usize, sums: &mut [f64]) {
        let entries = self.of.starts[thing] as usize..self.of.starts[thing + 1] as usize;
        let users = &self.of.users[entries.clone()];
        for (&user, &mass) in users.iter().zip(&self.of.masses[entries]) {
            let weights = &self.weights[user as usize * sums.len()..][..sums.len()];
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += weight * mass;
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

impl Moments {
    fn add(&mut self, other: &Self) {
        for group in 0..2 {
            self.total[group] += other.total[group];
            self.things[group] += other.things[group];
            self.logs[group] += other.logs[group];
            self.squares[group] += other.squares[group];
            self.alone[group] += other.alone[group];
        }
    }
}

/// The sums of two groups in each of so many resamples; a group may be made of several parts.
pub fn moments(groups: [&[Weighted]; 2], resamples: usize, things: usize) -> Vec<Moments> {
    let add = |all: &mut Moments, _: usize, x: [f64; 2]| {
        for group in 0..2 {
            let (own, other) = (x[group], x[1 - group]);
            if own != 0.0 {
                all.total[group] += own;
                all.things[group] += 1.0;
                all.logs[group] += own * own.ln();
                all.squares[group] += own * own;
                all.alone[group] += if other == 0.0 { own } else { 0.0 };
            }
        }
    };
    over_things(groups, resamples, things, add, Moments::add)
}

/// Expected number of distinct things among `m` drawn in proportion to mass, of two groups in each of so many resamples, where
/// `m` is half the smaller of the two groups' mass (Hurlbert 1971); not a number without mass.
pub fn richness(groups: [&[Weighted]; 2], resamples: usize, things: usize) -> Vec<[f64; 2]> {
    let total = |all: &mut [f64; 2], _: usize, x: [f64; 2]| (0..2).for_each(|group| all[group] += x[group]);
    let sum = |all: &mut [f64; 2], more: &[f64; 2]| (0..2).for_each(|group| all[group] += more[group]);
    let totals = over_things(groups, resamples, things, total, sum);
    let log_miss = |totals: &[f64; 2]| {
        let m = totals[0].min(totals[1]) / 2.0;
        totals.map(|total| (-(m / total).min(1.0 - 1e-6)).ln_1p())
    };
    let log_misses: Vec<[f64; 2]> = totals.iter().map(log_miss).collect();
    let add = |all: &mut [f64; 2], resample: usize, x: [f64; 2]| {
        for group in 0..2 {
            if x[group] != 0.0 {
                all[group] -= (x[group] * log_misses[resample][group]).exp_m1();
            }
        }
    };
    let mut found = over_things(groups, resamples, things, add, sum);
    for (found, totals) in found.iter_mut().zip(&totals) {
        for group in (0..2).filter(|&group| totals[group] == 0.0) {
            found[group] = f64::NAN;
        }
    }
    found
}

/// Things that are summed up together: fixed, as it decides the order in which numbers are added.
const AT_ONCE: usize = 2048;

fn over_things<T: Default + Clone + Send>(
    groups: [&[Weighted]; 2],
    resamples: usize,
    things: usize,
    add: impl Fn(&mut T, usize, [f64; 2]) + Sync,
    join: impl Fn(&mut T, &T),
) -> Vec<T> {
    let turned = groups.map(|parts| {
        parts
            .iter()
            .map(|part| Turned::new(part, resamples))
            .collect::<Vec<_>>()
    });
    let of_some = |first: usize| {
        let mut all = vec![T::default(); resamples];
        let mut sums = [vec![0.0; resamples], vec![0.0; resamples]];
        for thing in first..things.min(first + AT_ONCE) {
            for (sums, parts) in sums.iter_mut().zip(&turned) {
                sums.fill(0.0);
                for part in parts {
                    part.add(thing, sums);
                }
            }
            for (resample, all) in all.iter_mut().enumerate() {
                add(all, resample, [sums[0][resample], sums[1][resample]]);
            }
        }
        all
    };
    let firsts: Vec<usize> = (0..things).step_by(AT_ONCE).collect();
    let found: Vec<Vec<T>> = firsts.into_par_iter().map(of_some).collect();
    let mut all = vec![T::default(); resamples];
    for some in &found {
        for (all, some) in all.iter_mut().zip(some) {
            join(all, some);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTS: [i64; 5] = [0, 1, 1, 3, 3];
    /// User 0 did 1 with thing 0 and 3 with thing 2, user 1 did 2 with thing 2, user 2 nothing.
    const OF: Masses = Masses {
        starts: &STARTS,
        users: &[0, 0, 1],
        masses: &[1.0, 3.0, 2.0],
    };

    fn weighted(weights: &[f64]) -> Weighted<'_> {
        Weighted {
            weights,
            users: 3,
            of: OF,
        }
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
        let nobody = [weighted(&[0.0; 3])];
        assert!(richness([&one, &nobody], 1, 4)[0][1].is_nan());
    }
}
