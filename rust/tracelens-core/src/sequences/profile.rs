//! The habits of each user: how evenly actions are spread, on how many days, how bursty in time.
//!
//! Sources: C. E. Shannon, Bell System Technical Journal 27, 379 (1948) for the entropy; the Gini coefficient of a sample as in
//! C. Damgaard and J. Weiner, Ecology 81, 1139 (2000); K.-I. Goh and A.-L. Barabasi, EPL 81, 48002 (2008) for burstiness.

use super::rows::Rows;
use crate::axes::burstiness::burstiness;
use crate::event::NO_TIME;
use crate::gather::Calendar;

/// The habits of one user; `None` where nothing tells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Profile {
    /// Shannon entropy of the actions that happened, in bits: -sum p log2 p.
    pub entropy: Option<f64>,
    /// Gini coefficient of the counts of those actions that the user did at all: 0 if all are equal. With the counts in
    /// ascending order, 2 sum(i `c_i`) / (m n) - (m + 1) / m of m counts with the sum n.
    pub gini: Option<f64>,
    /// Local days with an event.
    pub active_days: Option<u32>,
    /// (sd - mean) / (sd + mean) of the gaps between events with a time of day; of at least two gaps, not all 0.
    pub burstiness: Option<f64>,
}

/// Makes profiles, one user after the other.
#[derive(Debug)]
pub(super) struct Profiler {
    days: Days,
    /// Counts by action, of every other event: one after the other would wait for the memory of the one before.
    counts: [Vec<u32>; 2],
    /// The counts that are not 0.
    met: Vec<u32>,
    /// Actions of a user who did few out of very many.
    actions: Vec<u32>,
}

impl Profiler {
    /// `actions`: how many actions the log knows.
    pub(super) fn new(calendar: Calendar, actions: usize) -> Self {
        Self {
            days: Days::new(calendar),
            counts: [vec![0; actions + 1], vec![0; actions + 1]],
            met: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// The habits of a user.
    pub(super) fn profile(&mut self, rows: &Rows) -> Profile {
        self.count(rows.all.action);
        let (entropy, gini) = self.spread(rows.all.action.len()).unzip();
        Profile {
            entropy,
            gini,
            active_days: self.days.count(rows.all.time),
            burstiness: burstiness(rows.timed.time).map(|b| b.plain),
        }
    }

    /// How often the user did each action, in ascending order.
    fn count(&mut self, actions: &[u32]) {
        self.met.clear();
        let known = self.counts[0].len();
        if known > actions.len().max(64) {
            self.actions.clear();
            self.actions.extend_from_slice(actions);
            self.actions.sort_unstable();
            let counts = self.actions.chunk_by(|a, b| a == b).map(|same| same.len() as u32);
            self.met.extend(counts);
        } else {
            let [even, odd] = &mut self.counts;
            let place = |action: u32| (action as usize).min(known - 1);
            let (pairs, rest) = actions.as_chunks::<2>();
            for [one, other] in pairs {
                even[place(*one)] += 1;
                odd[place(*other)] += 1;
            }
            if let [last] = rest {
                even[place(*last)] += 1;
            }
            for (one, other) in even.iter_mut().zip(odd) {
                let count = std::mem::take(one) + std::mem::take(other);
                if count > 0 {
                    self.met.push(count);
                }
            }
        }
        self.met.sort_unstable();
    }

    /// Entropy and Gini coefficient of the counts, which have this sum.
    fn spread(&self, sum: usize) -> Option<(f64, f64)> {
        if sum == 0 {
            return None;
        }
        let (all, kinds) = (sum as f64, self.met.len() as f64);
        let (mut entropy, mut weighted, mut rank) = (0.0, 0.0, 0.0);
        for &count in &self.met {
            let share = f64::from(count) / all;
            entropy -= share * share.log2();
            rank += 1.0;
            weighted += rank * f64::from(count);
        }
        // Of one kind the sum is -0.
        Some((entropy.max(0.0), 2.0 * weighted / (kinds * all) - (kinds + 1.0) / kinds))
    }
}

/// Local days, with the spans of those met last: users live in the same days.
#[derive(Debug)]
struct Days {
    calendar: Calendar,
    /// Number of a day and the first instant after it.
    known: Vec<(i64, i64)>,
}

/// How many days are remembered.
const KNOWN: i64 = 512;

impl Days {
    fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            known: vec![(i64::MIN, i64::MIN); KNOWN as usize],
        }
    }

    /// On how many days these sorted times lie; `None` if all of them are missing.
    fn count(&mut self, times: &[i64]) -> Option<u32> {
        let known = &times[times.partition_point(|&time| time == NO_TIME)..];
        let (mut days, mut last, mut until) = (0, i64::MIN, i64::MIN);
        for &time in known {
            if time >= until {
                let day;
                (day, until) = self.day(time);
                days += u32::from(day != last);
                last = day;
            }
        }
        (days > 0).then_some(days)
    }

    /// Number of the day and the first instant after it.
    fn day(&mut self, time: i64) -> (i64, i64) {
        let day = self.calendar.day(time);
        let place = &mut self.known[day.rem_euclid(KNOWN) as usize];
        if place.0 != day {
            *place = (day, self.calendar.start_of(day + 1));
        }
        *place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::gather::{DAY, HOUR};
    use crate::sequences::rows::Columns;
    use crate::sequences::testing::{Act, Clock, any_log, no_columns, timed, traces, wanted};
    use crate::sequences::{Wanted, summarise};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn profiles(users: &[Vec<Act>], zone: TimeZone) -> Vec<Profile> {
        let wanted = Wanted {
            zone,
            profile: true,
            ..wanted()
        };
        summarise(&traces(users), &wanted).unwrap().profiles.unwrap()
    }

    fn close(a: Option<f64>, b: Option<f64>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            (a, b) => a == b,
        }
    }

    /// Goh and Barabasi's burstiness, gap by gap.
    fn plain(times: &[i64]) -> Option<f64> {
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let sd = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n).sqrt();
        (gaps.len() > 1 && mean > 0.0).then(|| (sd - mean) / (sd + mean))
    }

    #[test]
    fn known_by_hand() {
        let act = |hours: i64, action| Act {
            action,
            ..Act::at(hours * HOUR)
        };
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // 22:30 and 23:30 UTC lie on two days in Berlin; gaps of 1 and 3 hours.
        let users = [vec![act(22, 0), act(23, 1), act(26, 1)], vec![act(0, 2)]];
        let found = profiles(&users, berlin);
        let entropy = -(1.0 / 3.0_f64) * (1.0 / 3.0_f64).log2() - (2.0 / 3.0) * (2.0 / 3.0_f64).log2();
        assert!(close(found[0].entropy, Some(entropy)));
        assert!(close(found[0].gini, Some(2.0 * (1.0 + 4.0) / 6.0 - 1.5)));
        assert_eq!(found[0].active_days, Some(2));
        assert!(close(found[0].burstiness, Some(-1.0 / 3.0)));
        let one = Profile {
            entropy: Some(0.0),
            gini: Some(0.0),
            active_days: Some(1),
            burstiness: None,
        };
        assert_eq!(found[1], one);
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        let act = |clock, occurred| Act {
            clock,
            occurred,
            ..Act::at(5)
        };
        let found = profiles(
            &[vec![act(Clock::Fine, false)], vec![act(Clock::None, true)]],
            TimeZone::UTC,
        );
        assert_eq!(found[0], Profile::default());
        assert_eq!((found[1].entropy, found[1].active_days), (Some(0.0), None));
    }

    proptest! {
        #[test]
        fn profiles_are_those_told_one_by_one(users in any_log(), zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Havana"])) {
            // An hour and more apart, about the end of summer time.
            let users: Vec<Vec<Act>> = users.into_iter().map(|user| user.into_iter().map(|act| Act {
                time: 1_761_300_000_000_000 + act.time * 97 * 60_000_000,
                ..act
            }).collect()).collect();
            let zone = TimeZone::get(zone).unwrap();
            let mut calendar = Calendar::new(zone.clone());
            for (user, found) in users.iter().zip(profiles(&users, zone)) {
                let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
                let happened = || user.iter().filter(|act| act.occurred);
                happened().for_each(|act| *counts.entry(act.action).or_default() += 1.0);
                let n: f64 = counts.values().sum();
                let entropy: f64 = counts.values().map(|c| -c / n * (c / n).log2()).sum();
                prop_assert!(close(found.entropy, (n > 0.0).then_some(entropy)));
                // Half the mean difference of all pairs, over the mean.
                let differences: f64 = counts.values().flat_map(|a| counts.values().map(move |b| (a - b).abs())).sum();
                prop_assert!(close(found.gini, (n > 0.0).then_some(differences / (2.0 * counts.len() as f64 * n))));
                let days: BTreeSet<i64> = happened().filter(|a| a.clock != Clock::None).map(|a| calendar.day(a.time)).collect();
                prop_assert_eq!(found.active_days.unwrap_or(0) as usize, days.len());
                let times: Vec<i64> = timed(user).iter().map(|act| act.time).collect();
                prop_assert!(close(found.burstiness, plain(&times)));
            }
        }

        #[test]
        fn few_actions_out_of_many_are_counted_alike(actions in prop::collection::vec(0..200_u32, 0..300)) {
            let role = vec![Role::Active; actions.len()];
            let all = Columns { action: &actions, role: &role, ..no_columns() };
            let rows = Rows { user: 0, all, timed: no_columns(), steps: &[], runs: &[] };
            let calendar = Calendar::new(TimeZone::UTC);
            let [few, many] = [200, 5000].map(|known| Profiler::new(calendar.clone(), known).profile(&rows));
            prop_assert_eq!(few, many);
        }

        #[test]
        fn days_end_at_local_midnight(mut hours in prop::collection::vec(0..24 * 800_i64, 1..40)) {
            hours.sort_unstable();
            let times: Vec<i64> = hours.iter().map(|hour| hour * HOUR).collect();
            let expected: BTreeSet<i64> = times.iter().map(|time| time.div_euclid(DAY)).collect();
            let mut days = Days::new(Calendar::new(TimeZone::UTC));
            prop_assert_eq!(days.count(&times), Some(expected.len() as u32));
        }
    }
}
