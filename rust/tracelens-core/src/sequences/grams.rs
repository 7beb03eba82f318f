//! Three steps in a row within a span of time: how often, and by how many users.
//!
//! Source: n-grams as in C. E. Shannon, Bell System Technical Journal 27, 379 (1948), with a longest span.

use super::keyed::Keyed;
use super::rows::Rows;
use super::steps::Steps;
use crate::axes::Table;
use crate::event::NO_CODE;

/// Up to so many grams have a place of their own, of 16 bytes.
const DENSE: usize = 1 << 20;

/// How often one gram was met.
#[derive(Debug, Clone, Copy)]
struct Met {
    count: u64,
    users: u32,
    /// The last user who did it: one who does it again is no other user.
    last: u32,
}

impl Default for Met {
    fn default() -> Self {
        Self {
            count: 0,
            users: 0,
            last: NO_CODE,
        }
    }
}

impl Met {
    #[inline]
    fn add(&mut self, user: u32) {
        self.count += 1;
        self.users += u32::from(self.last != user);
        self.last = user;
    }
}

/// Counts of grams of three steps.
#[derive(Debug)]
pub(super) struct Grams {
    /// The longest time from the first step to the last.
    span: u64,
    /// How many steps there are.
    known: usize,
    met: Keyed<Met>,
}

impl Grams {
    pub(super) fn new(span: i64, known: usize) -> Self {
        let keys = (known as u128).pow(3);
        Self {
            span: span.unsigned_abs(),
            known,
            met: Keyed::new(keys, DENSE),
        }
    }

    /// Count one user.
    pub(super) fn fold(&mut self, rows: &Rows) {
        let (known, span, user) = (self.known, self.span, rows.user);
        let times = rows.timed.time.windows(3);
        let grams = rows
            .steps
            .windows(3)
            .zip(times)
            .filter(|(_, times)| times[2].abs_diff(times[0]) <= span);
        match &mut self.met {
            Keyed::Dense(met) => grams.for_each(|(gram, _)| {
                let [one, two, three] = [gram[0], gram[1], gram[2]].map(|code| code as usize);
                met[(one * known + two) * known + three].add(user);
            }),
            sparse @ Keyed::Sparse(_) => grams.for_each(|(gram, _)| {
                let [one, two, three] = [gram[0], gram[1], gram[2]].map(u128::from);
                sparse.at((one * known as u128 + two) * known as u128 + three).add(user);
            }),
        }
    }

    /// Take in the counts of other users.
    pub(super) fn append(&mut self, other: &Self) {
        self.met.append(&other.met, |met, more| {
            met.count += more.count;
            met.users += more.users;
        });
    }

    /// The grams met, most frequent first, then by name.
    pub(super) fn table(&self, steps: &Steps) -> Table {
        let mut all = Vec::new();
        self.met.each(|key, met| {
            if met.count > 0 {
                all.push((std::cmp::Reverse(met.count), key, met.users));
            }
        });
        all.sort_unstable();
        let mut table = Table::new(&[
            "first_scenario",
            "first_action",
            "second_scenario",
            "second_action",
            "third_scenario",
            "third_action",
            "users",
            "count",
        ]);
        let known = self.known as u128;
        for (count, key, users) in all {
            let codes = [key / known / known, key / known % known, key % known];
            let [one, two, three] = codes.map(|code| steps.pairs[code as usize]);
            let numbers = [one.0, one.1, two.0, two.1, three.0, three.1, users].map(i64::from);
            let count = count.0 as i64;
            table.push(std::array::from_fn::<_, 8, _>(|i| {
                numbers.get(i).copied().unwrap_or(count)
            }));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequences::testing::{Act, any_log, no_columns, timed, traces, wanted};
    use crate::sequences::{Wanted, summarise};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn grams(users: &[Vec<Act>], span: i64) -> Vec<[i64; 8]> {
        let wanted = Wanted {
            grams: Some(span),
            ..wanted()
        };
        let table = summarise(&traces(users), &wanted).unwrap().grams.unwrap();
        let row = |i: usize| std::array::from_fn(|c| table.columns[c][i]);
        (0..table.len()).map(row).collect()
    }

    #[test]
    fn known_by_hand() {
        let act = |time, action| Act {
            action,
            ..Act::at(time)
        };
        let users = [
            vec![act(0, 0), act(1, 1), act(2, 0), act(3, 1), act(4, 0)],
            vec![act(0, 0), act(5, 1), act(10, 0), act(15, 1)],
        ];
        assert_eq!(
            grams(&users, 10),
            [[0, 0, 0, 1, 0, 0, 2, 3], [0, 1, 0, 0, 0, 1, 2, 2]],
            "the end of the span counts"
        );
        assert_eq!(
            grams(&users, 9),
            [[0, 0, 0, 1, 0, 0, 1, 2], [0, 1, 0, 0, 0, 1, 1, 1]],
            "the second user took longer"
        );
    }

    proptest! {
        #[test]
        fn every_three_in_a_row_count_once(users in any_log(), span in 0..9_i64) {
            let mut expected: BTreeMap<[i64; 6], (BTreeSet<usize>, i64)> = BTreeMap::new();
            for (user, acts) in users.iter().enumerate() {
                for three in timed(acts).windows(3).filter(|three| three[2].time - three[0].time <= span) {
                    let key = std::array::from_fn(|i| {
                        let act = &three[i / 2];
                        i64::from(if i % 2 == 0 { act.scenario } else { act.action })
                    });
                    let met = expected.entry(key).or_default();
                    met.0.insert(user);
                    met.1 += 1;
                }
            }
            let found = grams(&users, span);
            prop_assert!(found.is_sorted_by_key(|row| (std::cmp::Reverse(row[7]), *row)));
            let found: BTreeMap<[i64; 6], (i64, i64)> =
                found.iter().map(|r| ([r[0], r[1], r[2], r[3], r[4], r[5]], (r[6], r[7]))).collect();
            let expected: BTreeMap<[i64; 6], (i64, i64)> =
                expected.into_iter().map(|(key, (users, count))| (key, (users.len() as i64, count))).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn hashed_counts_are_those_in_places(users in prop::collection::vec(prop::collection::vec(0..3_u32, 0..20), 0..4)) {
            let mut dense = Grams::new(5, 3);
            let mut sparse = Grams { met: Keyed::new(27, 0), ..Grams::new(5, 3) };
            for (user, codes) in (0..).zip(&users) {
                let times: Vec<i64> = (0..codes.len() as i64).collect();
                let timed = crate::sequences::rows::Columns { time: &times, ..no_columns() };
                let rows = Rows { user, all: timed, timed, steps: codes, runs: &[] };
                dense.fold(&rows);
                sparse.fold(&rows);
            }
            let mut seen = [[(0, 0); 27]; 2];
            dense.met.each(|key, met| seen[0][key as usize] = (met.count, met.users));
            sparse.met.each(|key, met| seen[1][key as usize] = (met.count, met.users));
            prop_assert_eq!(seen[0], seen[1]);
        }
    }
}
