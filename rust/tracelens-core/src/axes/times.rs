//! One time by key within one user.

use hashbrown::HashMap;

/// Keys below this have a place of their own; beyond it memory would cost more than hashing.
const DENSE: usize = 1 << 20;
const NEVER: i64 = i64::MAX;

/// A time by key within one user: what was set last.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Times by key; [`NEVER`] for those not met.
    dense: Vec<i64>,
    sparse: HashMap<u32, i64>,
    /// Keys met.
    met: Vec<u32>,
}

impl Times {
    /// From now on `key` is at `time`.
    #[inline]
    pub(super) fn set(&mut self, key: u32, time: i64) {
        let i = key as usize;
        if i >= DENSE {
            self.sparse.insert(key, time);
            return;
        }
        if i >= self.dense.len() {
            self.dense.resize((i + 1).next_power_of_two(), NEVER);
        }
        if std::mem::replace(&mut self.dense[i], time) == NEVER {
            self.met.push(key);
        }
    }

    /// The time of `key`.
    #[inline]
    pub(super) fn get(&self, key: u32) -> Option<i64> {
        match self.dense.get(key as usize) {
            Some(&time) => (time != NEVER).then_some(time),
            None => self.sparse.get(&key).copied(),
        }
    }

    /// Forget everything, at a cost that depends on what was set alone.
    pub(super) fn clear(&mut self) {
        for key in self.met.drain(..) {
            self.dense[key as usize] = NEVER;
        }
        if !self.sparse.is_empty() {
            self.sparse = HashMap::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn times_are_those_of_a_map(set in prop::collection::vec((prop_oneof![0..9_u32, DENSE as u32 - 2..DENSE as u32 + 2, any::<u32>()], 0..99_i64), 0..40)) {
            let mut times = Times::default();
            for _ in 0..2 {
                let mut expected = BTreeMap::new();
                for &(key, time) in &set {
                    times.set(key, time);
                    expected.insert(key, time);
                }
                for &(key, _) in &set {
                    prop_assert_eq!(times.get(key), expected.get(&key).copied());
                    prop_assert_eq!(times.get(key ^ 1), expected.get(&(key ^ 1)).copied());
                }
                times.clear();
                prop_assert!(set.iter().all(|&(key, _)| times.get(key).is_none()));
            }
        }
    }
}
