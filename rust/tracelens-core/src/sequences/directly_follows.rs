//! What directly follows what: of each pair of steps, how often a user did one right after the other.
//!
//! Source: the directly-follows graph of process mining, W. van der Aalst, *Process Mining*, Springer (2016), chapter 6.

use super::keyed::Keyed;
use super::rows::Rows;
use super::steps::Steps;
use crate::axes::Table;

/// Up to so many pairs of steps have a place of their own.
const DENSE: usize = 1 << 20;

/// Counts of pairs of steps.
#[derive(Debug)]
pub(super) struct DirectlyFollows {
    /// How many steps there are.
    known: usize,
    counts: Keyed<u64>,
}

impl DirectlyFollows {
    pub(super) fn new(known: usize) -> Self {
        let keys = known as u128 * known as u128;
        Self {
            known,
            counts: Keyed::new(keys, DENSE),
        }
    }

    /// Count one user.
    pub(super) fn fold(&mut self, rows: &Rows) {
        let known = self.known;
        let pairs = rows.steps.windows(2);
        match &mut self.counts {
            Keyed::Dense(counts) => {
                pairs.for_each(|pair| counts[pair[0] as usize * known + pair[1] as usize] += 1);
            }
            sparse @ Keyed::Sparse(_) => {
                pairs.for_each(|pair| *sparse.at(u128::from(pair[0]) * known as u128 + u128::from(pair[1])) += 1);
            }
        }
    }

    /// Take in the counts of other users.
    pub(super) fn append(&mut self, other: &Self) {
        self.counts.append(&other.counts, |count, more| *count += more);
    }

    /// The pairs met, most frequent first, then by name.
    pub(super) fn table(&self, steps: &Steps) -> Table {
        let mut met = Vec::new();
        self.counts.each(|key, count| {
            if count > 0 {
                met.push((std::cmp::Reverse(count), key));
            }
        });
        met.sort_unstable();
        let mut table = Table::new(&["scenario", "action", "next_scenario", "next_action", "count"]);
        for (count, key) in met {
            let known = self.known as u128;
            let [one, next] = [key / known, key % known].map(|code| steps.pairs[code as usize]);
            let [scenario, action, next_scenario, next_action] = [one.0, one.1, next.0, next.1].map(i64::from);
            table.push([scenario, action, next_scenario, next_action, count.0 as i64]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequences::testing::{Act, any_log, timed, traces, wanted};
    use crate::sequences::{Wanted, summarise};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn counts(users: &[Vec<Act>]) -> Vec<[i64; 5]> {
        let wanted = Wanted {
            directly_follows: true,
            ..wanted()
        };
        let table = summarise(&traces(users), &wanted).unwrap().directly_follows.unwrap();
        let row = |i: usize| std::array::from_fn(|c| table.columns[c][i]);
        (0..table.len()).map(row).collect()
    }

    #[test]
    fn pairs_end_with_the_user() {
        let act = |time, scenario, action| Act {
            scenario,
            action,
            ..Act::at(time)
        };
        let users = [
            vec![act(1, 0, 0), act(2, 0, 1), act(3, 0, 0), act(4, 0, 1)],
            vec![act(9, 1, 0), act(9, 1, 1)],
        ];
        assert_eq!(counts(&users), [[0, 0, 0, 1, 2], [0, 1, 0, 0, 1], [1, 0, 1, 1, 1]]);
    }

    proptest! {
        #[test]
        fn every_pair_of_neighbours_counts_once(users in any_log()) {
            let mut expected: BTreeMap<[i64; 4], i64> = BTreeMap::new();
            for user in &users {
                for pair in timed(user).windows(2) {
                    let key = [pair[0].scenario, pair[0].action, pair[1].scenario, pair[1].action].map(i64::from);
                    *expected.entry(key).or_default() += 1;
                }
            }
            let found = counts(&users);
            prop_assert!(found.is_sorted_by_key(|row| (std::cmp::Reverse(row[4]), [row[0], row[1], row[2], row[3]])));
            let found: BTreeMap<_, _> = found.iter().map(|r| ([r[0], r[1], r[2], r[3]], r[4])).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn hashed_counts_are_those_in_places(codes in prop::collection::vec(0..4_u32, 0..40)) {
            let mut dense = DirectlyFollows::new(4);
            let mut sparse = DirectlyFollows { known: 4, counts: Keyed::new(16, 0) };
            let columns = crate::sequences::testing::no_columns();
            let rows = Rows { user: 0, all: columns, timed: columns, steps: &codes, runs: &[] };
            for kernel in [&mut dense, &mut sparse] {
                kernel.fold(&rows);
            }
            let mut seen = [[0; 16]; 2];
            dense.counts.each(|key, count| seen[0][key as usize] += count);
            sparse.counts.each(|key, count| seen[1][key as usize] += count);
            prop_assert_eq!(seen[0], seen[1]);
        }
    }
}
