//! Lift of pairs of scenarios: how much likelier one is soon after another than its share of the user's events says.
//!
//! Of a user with events in both, the lift of (A, B) is p(B | A) / p(B): the share of the events in A after which one in B
//! comes within the follow time, over the share of events in B; the lift is the mean over those users, so that nobody's volume
//! decides. Source: the lift of association rules, S. Brin et al., SIGMOD Record 26(2), 255 (1997), within each person.

use super::keyed::Keyed;
use super::rows::Rows;

/// Up to so many pairs of scenarios have a place of their own.
const DENSE: usize = 1 << 18;
/// Lifts are summed in multiples of 2^-32: exact, in whatever order.
const FIXED: f64 = 4_294_967_296.0;

/// The lift of one pair of scenarios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lift {
    /// Code of the first.
    pub scenario: u32,
    /// Code of what follows.
    pub then: u32,
    /// Users with events in both.
    pub users: u64,
    /// Mean over those users, to a multiple of 2^-32.
    pub lift: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    users: u64,
    fixed: i128,
}

/// Sums of the lifts of users.
#[derive(Debug)]
pub(super) struct Lifts {
    follow: u64,
    /// How many scenarios there are, with one for missing codes.
    known: usize,
    sums: Keyed<Sum>,
    /// Of one user: events in each scenario.
    events: Vec<u32>,
    /// When each of `recent` begins next, seen from the event looked at.
    next: Vec<i64>,
    /// Scenarios met, the one that comes next first.
    recent: Vec<u32>,
    /// Events in one that are followed by the other.
    followed: Keyed<u32>,
}

impl Lifts {
    /// `scenarios`: how many scenarios the log knows.
    pub(super) fn new(follow: i64, scenarios: usize) -> Self {
        Self::with_places(follow, scenarios, DENSE)
    }

    fn with_places(follow: i64, scenarios: usize, dense: usize) -> Self {
        let known = scenarios + 1;
        let pairs = known as u128 * known as u128;
        Self {
            follow: follow.unsigned_abs(),
            known,
            sums: Keyed::new(pairs, dense),
            events: vec![0; known],
            next: vec![0; known],
            recent: Vec::new(),
            followed: Keyed::new(pairs, dense),
        }
    }

    /// Add one user.
    pub(super) fn fold(&mut self, rows: &Rows) {
        let columns = rows.timed;
        let mut end = columns.time.len();
        // From the last run to the first: what comes next is known already.
        for &start in rows.runs.iter().rev() {
            let start = start as usize;
            let scenario = columns.scenario[start].min(self.known as u32 - 1);
            self.run(scenario, &columns.time[start..end]);
            end = start;
        }
        self.close(columns.time.len());
    }

    /// The events of one run, all in one scenario.
    fn run(&mut self, scenario: u32, times: &[i64]) {
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else {
            return;
        };
        let follow = self.follow;
        let row = u128::from(scenario) * self.known as u128;
        self.events[scenario as usize] += times.len() as u32;
        // All events of the run but the last are followed by their neighbour.
        let mut again = if last.abs_diff(first) <= follow {
            times.len() - 1
        } else {
            times
                .windows(2)
                .filter(|pair| pair[1].abs_diff(pair[0]) <= follow)
                .count()
        };
        let mut met = None;
        for (i, &other) in self.recent.iter().enumerate() {
            if other == scenario {
                met = Some(i);
            }
            let next = self.next[other as usize];
            if next.abs_diff(last) > follow {
                break;
            }
            if other == scenario {
                again += 1;
                continue;
            }
            let near = if next.abs_diff(first) <= follow {
                times.len()
            } else {
                times.len() - times.partition_point(|t| next.abs_diff(*t) > follow)
            };
            *self.followed.at(row + u128::from(other)) += near as u32;
        }
        *self.followed.at(row + u128::from(scenario)) += again as u32;
        self.next[scenario as usize] = first;
        let met = met.or_else(|| self.recent.iter().position(|&other| other == scenario));
        match met {
            Some(i) => self.recent[..=i].rotate_right(1),
            None => self.recent.insert(0, scenario),
        }
    }

    /// The lifts of one user, who has so many events.
    fn close(&mut self, all: usize) {
        for &one in &self.recent {
            for &other in &self.recent {
                let key = u128::from(one) * self.known as u128 + u128::from(other);
                let followed = f64::from(std::mem::take(self.followed.at(key)));
                let events = |scenario: u32| f64::from(self.events[scenario as usize]);
                let lift = followed * all as f64 / (events(one) * events(other));
                let sum = self.sums.at(key);
                sum.users += 1;
                sum.fixed += i128::from((lift * FIXED + 0.5) as i64);
            }
        }
        if let Keyed::Sparse(followed) = &mut self.followed {
            followed.clear();
        }
        self.recent
            .drain(..)
            .for_each(|scenario| self.events[scenario as usize] = 0);
    }

    /// Take in other users.
    pub(super) fn append(&mut self, other: &Self) {
        self.sums.append(&other.sums, |sum, more| {
            sum.users += more.users;
            sum.fixed += more.fixed;
        });
    }

    /// The lifts of all pairs that some user has, by name.
    pub(super) fn finish(&self) -> Vec<Lift> {
        let mut lifts = Vec::new();
        self.sums.each(|key, sum| {
            if sum.users > 0 {
                lifts.push(Lift {
                    scenario: (key / self.known as u128) as u32,
                    then: (key % self.known as u128) as u32,
                    users: sum.users,
                    lift: sum.fixed as f64 / FIXED / sum.users as f64,
                });
            }
        });
        lifts.sort_unstable_by_key(|lift| (lift.scenario, lift.then));
        lifts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequences::rows::Reader;
    use crate::sequences::testing::{Act, any_log, timed, traces, wanted};
    use crate::sequences::{Wanted, summarise};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn lifts(users: &[Vec<Act>], follow: i64) -> Vec<Lift> {
        let wanted = Wanted {
            lift: Some(follow),
            ..wanted()
        };
        summarise(&traces(users), &wanted).unwrap().lift.unwrap()
    }

    #[test]
    fn known_by_hand() {
        let act = |time, scenario| Act {
            scenario,
            ..Act::at(time)
        };
        // Two of three events in 0 are followed by one in 1 within 4; half of all events are in 1.
        let user = vec![act(0, 0), act(1, 0), act(4, 1), act(9, 1), act(20, 0), act(30, 1)];
        let found = lifts(&[user], 4);
        let lift = |scenario, then| {
            found
                .iter()
                .find(|l| (l.scenario, l.then) == (scenario, then))
                .unwrap()
                .lift
        };
        assert_eq!(found.len(), 4);
        for ((scenario, then), share) in [((0, 0), 1.0), ((0, 1), 2.0), ((1, 0), 0.0), ((1, 1), 0.0)] {
            assert!(
                (lift(scenario, then) - share / 3.0 / 0.5).abs() < 1e-9,
                "{scenario} {then}"
            );
        }
    }

    proptest! {
        #[test]
        fn lifts_are_the_means_over_users(users in any_log(), follow in 0..9_i64) {
            let mut expected: BTreeMap<(u32, u32), Vec<f64>> = BTreeMap::new();
            for user in &users {
                let acts = timed(user);
                let share = |of: u32| acts.iter().filter(|a| a.scenario == of).count() as f64 / acts.len() as f64;
                for (one, other) in (0..3).flat_map(|a| (0..3).map(move |b| (a, b))) {
                    if acts.is_empty() || share(one) == 0.0 || share(other) == 0.0 {
                        continue;
                    }
                    let soon = |i: usize| acts[i + 1..].iter().any(|b| b.scenario == other && b.time - acts[i].time <= follow);
                    let followed = (0..acts.len()).filter(|&i| acts[i].scenario == one && soon(i)).count() as f64;
                    let conditional = followed / acts.len() as f64 / share(one);
                    expected.entry((one, other)).or_default().push(conditional / share(other));
                }
            }
            let found = lifts(&users, follow);
            prop_assert_eq!(found.len(), expected.len());
            for (lift, (key, values)) in found.iter().zip(expected) {
                prop_assert_eq!(((lift.scenario, lift.then), lift.users), (key, values.len() as u64));
                prop_assert!((lift.lift - values.iter().sum::<f64>() / values.len() as f64).abs() < 1e-9);
            }
        }

        #[test]
        fn hashed_sums_are_those_in_places(users in any_log()) {
            let log = traces(&users);
            let parts = log.map_parts(|_, part| part.clone()).unwrap();
            let (mut reader, mut dense, mut sparse) = (Reader::new(None, true), Lifts::new(3, 3), Lifts::with_places(3, 3, 0));
            for user in 0..log.users.len() {
                let rows = reader.read(&parts[0], user);
                dense.fold(&rows);
                sparse.fold(&rows);
            }
            prop_assert_eq!(dense.finish(), sparse.finish());
        }
    }
}
