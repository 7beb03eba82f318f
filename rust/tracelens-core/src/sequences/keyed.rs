//! Numbers by key: each has its place where there are few keys, else it is found by hash.

use hashbrown::HashMap;

/// A number, or a few of them, for each key.
#[derive(Debug)]
pub(super) enum Keyed<T> {
    /// By key.
    Dense(Vec<T>),
    /// Those met.
    Sparse(HashMap<u128, T>),
}

impl<T: Copy + Default> Keyed<T> {
    /// `keys`: how many keys there may be; up to `dense` of them each get a place.
    pub(super) fn new(keys: u128, dense: usize) -> Self {
        if keys <= dense as u128 {
            Self::Dense(vec![T::default(); keys as usize])
        } else {
            Self::Sparse(HashMap::new())
        }
    }

    /// The place of a key.
    #[inline]
    pub(super) fn at(&mut self, key: u128) -> &mut T {
        match self {
            Self::Dense(places) => &mut places[key as usize],
            Self::Sparse(places) => places.entry(key).or_default(),
        }
    }

    /// All that may have been met, in no order.
    pub(super) fn each(&self, mut see: impl FnMut(u128, T)) {
        match self {
            Self::Dense(places) => (0..).zip(places).for_each(|(key, &value)| see(key, value)),
            Self::Sparse(places) => places.iter().for_each(|(&key, &value)| see(key, value)),
        }
    }

    /// Take in what another of the same keys holds.
    pub(super) fn append(&mut self, other: &Self, mut add: impl FnMut(&mut T, T)) {
        other.each(|key, value| add(self.at(key), value));
    }
}
