//! One time by key within one user.

use hashbrown::HashMap;

const NEVER: i64 = i64::MAX;

/// A time by key within one user: what was set last. Few keys of a user matter, and those stay near at hand, which a
/// place for every key of the log would not.
#[derive(Debug, Default)]
pub(super) struct Times(HashMap<u32, i64>);

impl Times {
    /// From now on `key` is at `time`.
    #[inline]
    pub(super) fn set(&mut self, key: u32, time: i64) {
        self.0.insert(key, time);
    }

    /// `key` matters, and is at no time so far.
    #[inline]
    pub(super) fn expect(&mut self, key: u32) {
        self.0.insert(key, NEVER);
    }

    /// From now on `key` is at `time`, if it matters.
    #[inline]
    pub(super) fn meet(&mut self, key: u32, time: i64) {
        if let Some(place) = self.0.get_mut(&key) {
            *place = time;
        }
    }

    /// The time of `key`.
    #[inline]
    pub(super) fn get(&self, key: u32) -> Option<i64> {
        self.0.get(&key).copied().filter(|&time| time != NEVER)
    }

    /// Forget everything, at a cost that depends on what was set alone: a large map is not emptied for every small user
    /// that comes after a large one.
    pub(super) fn clear(&mut self) {
        if self.0.len() * 8 < self.0.capacity() {
            self.0 = HashMap::new();
        } else {
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_kept_until_it_is_forgotten() {
        let mut times = Times::default();
        for _ in 0..2 {
            times.set(1, 10);
            times.expect(2);
            assert_eq!((times.get(1), times.get(2), times.get(3)), (Some(10), None, None));
            for key in 1..4 {
                times.meet(key, 20);
            }
            assert_eq!((times.get(1), times.get(2), times.get(3)), (Some(20), Some(20), None));
            (0..1000).for_each(|key| times.set(key, 0));
            times.clear();
            assert!((0..1000).all(|key| times.get(key).is_none()));
        }
    }
}
