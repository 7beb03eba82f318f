//! Counting by small keys within one user.

use hashbrown::HashMap;

/// Keys below this have a place of their own; beyond it memory would cost more than hashing.
const DENSE: usize = 1 << 20;

/// Looking at so many places is quicker than sorting one key.
const SCANNED: usize = 16;

/// Counts by key within one user, given back in the order of the keys.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Counts by key; 0 for those not met.
    dense: Vec<u32>,
    sparse: HashMap<u64, u32>,
    /// Keys met.
    met: Vec<u64>,
}

impl Tally {
    /// One more of `key`.
    #[inline]
    pub(super) fn add(&mut self, key: u64) {
        let count = if key < DENSE as u64 {
            let key = key as usize;
            if key >= self.dense.len() {
                self.dense.resize((key + 1).next_power_of_two(), 0);
            }
            &mut self.dense[key]
        } else {
            self.sparse.entry(key).or_insert(0)
        };
        if *count == 0 {
            self.met.push(key);
        }
        *count += 1;
    }

    /// Hand over all keys with their counts, in key order; the tally is empty afterwards.
    pub(super) fn drain(&mut self, mut each: impl FnMut(u64, i64)) {
        let last = self.met.iter().copied().max().unwrap_or(0) as usize;
        if last < self.dense.len() && last < SCANNED * self.met.len() {
            for (key, count) in self.dense[..=last].iter_mut().enumerate().filter(|(_, c)| **c > 0) {
                each(key as u64, i64::from(std::mem::take(count)));
            }
            self.met.clear();
            return;
        }
        self.met.sort_unstable();
        for &key in &self.met {
            let count = match self.dense.get_mut(key as usize) {
                Some(count) => std::mem::take(count),
                None => self.sparse.remove(&key).unwrap_or(0),
            };
            each(key, i64::from(count));
        }
        self.met.clear();
    }
}

/// One key of two codes; `width`: how many codes the second may be.
#[inline]
pub(super) fn pair(first: u32, second: u32, width: usize) -> u64 {
    u64::from(first) * width as u64 + u64::from(second)
}

/// The two codes of a key.
#[inline]
pub(super) fn unpaired(key: u64, width: usize) -> (i64, i64) {
    ((key / width as u64) as i64, (key % width as u64) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn counts_are_those_of_a_map(keys in prop::collection::vec(prop_oneof![0..50u64, DENSE as u64 - 2..DENSE as u64 + 2, any::<u64>()], 0..60)) {
            let mut tally = Tally::default();
            for _ in 0..2 {
                let mut expected: BTreeMap<u64, i64> = BTreeMap::new();
                for &key in &keys {
                    tally.add(key);
                    *expected.entry(key).or_insert(0) += 1;
                }
                let mut found = Vec::new();
                tally.drain(|key, count| found.push((key, count)));
                prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
            }
        }

        #[test]
        fn pairs_come_apart_again(first in 0..5000u32, second in 0..700u32) {
            prop_assert_eq!(unpaired(pair(first, second, 700), 700), (i64::from(first), i64::from(second)));
        }
    }
}
