//! What led to conversions: of each the scenarios of the user's earlier events within a look-back, runs of one collapsed.
//!
//! Unlike the chains of [`crate::axes::chains`], which are linked by item or category and broken by a pause, all that a user
//! did before counts here, and the conversion itself is not on its path. A path is known by a polynomial hash of its scenarios
//! and their number: of the hashes of all beginnings of a user's path, any stretch of it has its hash by one subtraction.
//! Source: R. M. Karp and M. O. Rabin, IBM Journal of Research and Development 31, 249 (1987); modulo 2^61 - 1, where
//! two of a million paths of a thousand scenarios share a hash with a probability of less than one in a thousand.

use super::rows::{Reader, Rows};
use crate::error::Result;
use crate::event::Role;
use crate::gather::Traces;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// The modulus of the hash, a Mersenne prime.
const PRIME: u64 = (1 << 61) - 1;
/// Its base, any large number.
const BASE: u64 = 0x1E37_79B9_7F4A_7C15;

/// What counts as a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    /// An event of this role.
    Role,
    /// An event with this action, by code.
    Action(u32),
}

/// What led to the conversions of all users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chains {
    /// How many conversions.
    pub conversions: u64,
    /// Sum over conversions of the distinct scenarios on the path.
    pub scenarios: u64,
    /// Sum over conversions of the time since the first event on the path, in microseconds.
    pub span: u128,
    /// How many distinct paths; that of a conversion without an earlier event is empty.
    pub distinct: u64,
    /// The most frequent ones, as codes of scenarios, each with its conversions: most frequent first, then by name. Of
    /// those that are equally frequent at the end of the list, the shorter ones.
    pub paths: Vec<(Vec<u32>, u64)>,
}

/// A path, and where a user took it: rows `from..until` of the user's timed events.
#[derive(Debug, Clone, Copy)]
struct Path {
    hash: u64,
    runs: u32,
    user: u32,
    from: u32,
    until: u32,
    count: u64,
}

impl Path {
    /// The hash, spread over all bits as the table wants it.
    fn place(&self) -> u64 {
        (self.hash ^ u64::from(self.runs)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn is(&self, other: &Self) -> bool {
        (self.hash, self.runs) == (other.hash, other.runs)
    }
}

/// Counts of paths.
#[derive(Debug)]
pub(super) struct Paths {
    look_back: i64,
    conversion: Conversion,
    /// Totals, without paths.
    totals: Chains,
    met: HashTable<Path>,
    /// Of one user: the hash of the first so many runs.
    hashes: Vec<u64>,
    /// Powers of the base.
    powers: Vec<u64>,
    /// How many runs of each scenario are inside the look-back.
    within: Vec<u32>,
}

impl Paths {
    /// `scenarios`: how many scenarios the log knows.
    pub(super) fn new(look_back: i64, conversion: Conversion, scenarios: usize) -> Self {
        Self {
            look_back,
            conversion,
            totals: Chains::default(),
            met: HashTable::new(),
            hashes: Vec::new(),
            powers: vec![1],
            within: vec![0; scenarios + 1],
        }
    }

    /// Count the conversions of one user.
    pub(super) fn fold(&mut self, rows: &Rows) {
        match self.conversion {
            Conversion::Role => self.fold_those(rows, positions(rows.timed.role, Role::Conversion)),
            Conversion::Action(code) => self.fold_those(rows, positions(rows.timed.action, code)),
        }
    }

    fn fold_those(&mut self, rows: &Rows, conversions: impl Iterator<Item = usize>) {
        let (time, runs) = (rows.timed.time, rows.runs);
        let missing = self.within.len() - 1;
        let scenario = |run: usize| (rows.timed.scenario[runs[run] as usize] as usize).min(missing);
        self.hashes.clear();
        self.hashes.push(0);
        // The look-back holds rows `from..i`, which lie in runs `first..entered`: neither end ever moves back.
        let (mut from, mut first, mut entered, mut distinct) = (0, 0, 0, 0_u64);
        for i in conversions {
            while entered < runs.len() && (runs[entered] as usize) < i {
                let scenario = scenario(entered);
                let hash = add(multiply(self.hashes[entered], BASE), scenario as u64 + 1);
                self.hashes.push(hash);
                self.within[scenario] += 1;
                distinct += u64::from(self.within[scenario] == 1);
                entered += 1;
            }
            let earliest = time[i].saturating_sub(self.look_back);
            from += time[from..i].partition_point(|&t| t < earliest);
            while first + 1 < entered && runs[first + 1] as usize <= from {
                let scenario = scenario(first);
                self.within[scenario] -= 1;
                distinct -= u64::from(self.within[scenario] == 0);
                first += 1;
            }
            self.totals.conversions += 1;
            let taken = if from < i { entered - first } else { 0 };
            if taken > 0 {
                self.totals.scenarios += distinct;
                self.totals.span += u128::from(time[i].abs_diff(time[from]));
            }
            let path = Path {
                hash: self.hash(entered - taken, entered),
                runs: taken as u32,
                user: rows.user,
                from: from as u32,
                until: i as u32,
                count: 1,
            };
            self.add(path);
        }
        (first..entered).for_each(|run| self.within[scenario(run)] = 0);
    }

    /// The hash of some runs of the user.
    fn hash(&mut self, from: usize, until: usize) -> u64 {
        while self.powers.len() <= until - from {
            self.powers.push(multiply(self.powers[self.powers.len() - 1], BASE));
        }
        let before = multiply(self.hashes[from], self.powers[until - from]);
        add(self.hashes[until], PRIME - before)
    }

    fn add(&mut self, path: Path) {
        match self.met.entry(path.place(), |p| p.is(&path), Path::place) {
            Entry::Occupied(mut known) => known.get_mut().count += path.count,
            Entry::Vacant(place) => {
                place.insert(path);
            }
        }
    }

    /// Take in the conversions of other users.
    pub(super) fn append(&mut self, other: &Self) {
        self.totals.conversions += other.totals.conversions;
        self.totals.scenarios += other.totals.scenarios;
        self.totals.span += other.totals.span;
        other.met.iter().for_each(|&path| self.add(path));
    }

    /// All in all, with the `most` most frequent paths.
    pub(super) fn finish(self, traces: &Traces, most: usize) -> Result<Chains> {
        let mut paths: Vec<Path> = self.met.into_iter().collect();
        let distinct = paths.len() as u64;
        let frequent = |p: &Path| (std::cmp::Reverse(p.count), p.runs, p.hash);
        if most < paths.len() {
            paths.select_nth_unstable_by_key(most, frequent);
            paths.truncate(most);
        }
        let named = traces.map_parts(|_, part| {
            let mut reader = Reader::new(None, false);
            let mut places: Vec<(u32, usize)> = part.users.iter().copied().zip(0..).collect();
            places.sort_unstable();
            let of_path = |path: &Path| {
                let found = places.binary_search_by_key(&path.user, |(user, _)| *user).ok()?;
                let place = places[found].1;
                let rows = reader.read(part, place);
                let taken = if path.runs == 0 { path.until } else { path.from };
                let mut scenarios = rows.timed.scenario[taken as usize..path.until as usize].to_vec();
                scenarios.dedup();
                Some((scenarios, path.count))
            };
            paths.iter().filter_map(of_path).collect::<Vec<_>>()
        })?;
        let mut paths = named.concat();
        paths.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(Chains {
            distinct,
            paths,
            ..self.totals
        })
    }
}

/// Where a value stands.
fn positions<T: Copy + PartialEq>(column: &[T], value: T) -> impl Iterator<Item = usize> {
    (0..).zip(column).filter(move |(_, v)| **v == value).map(|(i, _)| i)
}

/// `a + b` modulo the prime; both at most the prime.
#[inline]
fn add(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= PRIME { sum - PRIME } else { sum }
}

/// `a * b` modulo the prime; both less than the prime.
#[inline]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    add(product as u64 & PRIME, (product >> 61) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequences::testing::{Act, any_log, timed, traces, wanted};
    use crate::sequences::{ChainsWanted, Wanted, summarise};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn chains(users: &[Vec<Act>], look_back: i64, most: usize) -> Chains {
        let chains = ChainsWanted {
            look_back,
            conversion: None,
            most,
        };
        let wanted = Wanted {
            chains: Some(chains),
            ..wanted()
        };
        summarise(&traces(users), &wanted).unwrap().chains.unwrap()
    }

    fn act(time: i64, scenario: u32) -> Act {
        Act {
            scenario,
            ..Act::at(time)
        }
    }

    fn bought(time: i64, scenario: u32) -> Act {
        Act {
            role: Role::Conversion,
            ..act(time, scenario)
        }
    }

    #[test]
    fn known_by_hand() {
        let user = vec![
            act(0, 1),
            act(1, 1),
            act(2, 0),
            act(3, 1),
            bought(4, 0),
            bought(9, 1),
            bought(30, 0),
        ];
        let found = chains(&[user], 7, 10);
        // 4: all before; 9: from 2 on, with the first conversion; 30: nothing.
        assert_eq!(
            (found.conversions, found.scenarios, found.span, found.distinct),
            (3, 4, 4 + 7, 3)
        );
        assert_eq!(found.paths, [(vec![], 1), (vec![0, 1, 0], 1), (vec![1, 0, 1], 1)]);
        let none = chains(&[vec![act(0, 1)]], 7, 10);
        assert_eq!(none, Chains::default());
    }

    #[test]
    fn the_most_frequent_paths_are_told_and_of_equals_the_shorter() {
        let users = [
            vec![act(0, 0), bought(1, 1)],
            vec![act(0, 0), bought(1, 1)],
            vec![act(0, 1), act(1, 0), bought(2, 1)],
            vec![act(0, 1), bought(1, 1)],
        ];
        let found = chains(&users, 7, 2);
        assert_eq!(found.distinct, 3);
        assert_eq!(found.paths, [(vec![0], 2), (vec![1], 1)]);
    }

    #[test]
    fn a_named_action_may_be_the_conversion_and_need_not_be_known() {
        let act = |time, action| Act {
            action,
            ..Act::at(time)
        };
        let log = traces(&[vec![act(0, 0), act(1, 1), act(2, 1)]]);
        let count = |name: &str| {
            let chains = ChainsWanted {
                look_back: 5,
                conversion: Some(name.to_owned()),
                most: 3,
            };
            let wanted = Wanted {
                chains: Some(chains),
                ..wanted()
            };
            summarise(&log, &wanted).unwrap().chains.unwrap().conversions
        };
        assert_eq!((count(&log.names.action[1]), count("never done")), (2, 0));
    }

    #[test]
    fn arithmetic_modulo_the_prime() {
        assert_eq!(multiply(PRIME - 1, PRIME - 1), 1);
        assert_eq!(add(PRIME - 1, PRIME), PRIME - 1);
        assert_eq!(multiply(1 << 60, 2), 1);
    }

    proptest! {
        #[test]
        fn paths_are_those_told_one_by_one(users in any_log(), look_back in 0..25_i64) {
            let (mut conversions, mut scenarios, mut span) = (0, 0, 0);
            let mut paths: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
            for user in &users {
                let acts = timed(user);
                for (i, own) in acts.iter().enumerate().filter(|(_, act)| act.role == Role::Conversion) {
                    let before: Vec<&Act> = acts[..i].iter().filter(|a| a.time >= own.time - look_back).collect();
                    let mut path: Vec<u32> = before.iter().map(|a| a.scenario).collect();
                    path.dedup();
                    conversions += 1;
                    scenarios += path.iter().collect::<BTreeSet<_>>().len() as u64;
                    span += before.first().map_or(0, |first| (own.time - first.time) as u128);
                    *paths.entry(path).or_default() += 1;
                }
            }
            let found = chains(&users, look_back, usize::MAX);
            prop_assert_eq!((found.conversions, found.scenarios, found.span), (conversions, scenarios, span));
            prop_assert_eq!(found.distinct, paths.len() as u64);
            prop_assert!(found.paths.is_sorted_by_key(|(path, count)| (std::cmp::Reverse(*count), path.clone())));
            prop_assert_eq!(found.paths.into_iter().collect::<BTreeMap<_, _>>(), paths);
        }
    }
}
