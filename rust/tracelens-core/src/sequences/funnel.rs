//! How far each user got in a funnel, in the default mode of [`crate::axes::funnel`], in one pass without a list of steps done.

use super::rows::Rows;
use crate::event::NO_TIME;

/// Counts of users by the level that they reached.
#[derive(Debug)]
pub(super) struct Funnel {
    window: i64,
    /// Bit `i` of the mask of a step code tells whether it is the step `i` of the funnel.
    masks: Vec<u32>,
    /// Users by level.
    pub(super) levels: Vec<u64>,
}

impl Funnel {
    /// A funnel of so many steps.
    pub(super) fn new(window: i64, masks: Vec<u32>, steps: usize) -> Self {
        Self {
            window,
            masks,
            levels: vec![0; steps + 1],
        }
    }

    /// Count one user.
    pub(super) fn fold(&mut self, rows: &Rows) {
        let level = self.level(rows.timed.time, rows.steps);
        self.levels[level] += 1;
    }

    fn level(&self, time: &[i64], steps: &[u32]) -> usize {
        let full = self.levels.len() - 1;
        // Of the latest chain that got to each step: when it began.
        let mut chains = [NO_TIME; u32::BITS as usize];
        let (mut first, mut level) = (NO_TIME, 0);
        for (i, (&now, &code)) in time.iter().zip(steps).enumerate() {
            let mut done = self.masks[code as usize];
            first = if done & 1 == 1 { now } else { first };
            if done & !1 == 0 {
                continue;
            }
            // What is done at one time counts in the order of the steps, in whatever order it is logged.
            let same = time[i + 1..].iter().take_while(|&&t| t == now);
            done |= same
                .zip(&steps[i + 1..])
                .fold(0, |all, (_, &c)| all | self.masks[c as usize]);
            chains[0] = if done & 1 == 1 { now } else { first };
            done &= !1;
            while done != 0 {
                let step = done.trailing_zeros() as usize;
                done &= done - 1;
                let start = chains[step - 1];
                if start != NO_TIME && now.abs_diff(start) <= self.window.unsigned_abs() {
                    chains[step] = start;
                    level = level.max(step + 1);
                }
            }
            if level == full {
                return level;
            }
        }
        level.max(usize::from(first != NO_TIME))
    }

    /// Take in other users.
    pub(super) fn append(&mut self, other: &Self) {
        self.levels
            .iter_mut()
            .zip(&other.levels)
            .for_each(|(level, more)| *level += more);
    }
}

#[cfg(test)]
mod tests {
    use crate::axes::funnel::funnel;
    use crate::sequences::testing::{Act, any_log, timed, traces, wanted};
    use crate::sequences::{FunnelWanted, Step, Wanted, summarise};
    use proptest::prelude::*;

    #[test]
    fn a_step_is_an_action_a_scenario_both_or_any_of_several() {
        let act = |time, scenario, action| Act {
            scenario,
            action,
            ..Act::at(time)
        };
        let users = [
            vec![act(0, 0, 0), act(1, 1, 1), act(2, 2, 2)],
            vec![act(0, 2, 0), act(1, 0, 0), act(9, 1, 1)],
            vec![act(0, 2, 0)],
            vec![act(0, 1, 0), act(3, 2, 0), act(3, 0, 1)],
        ];
        let log = traces(&users);
        let step = |scenario: Option<u32>, action: Option<u32>| Step {
            scenario: scenario.map(|s| log.names.scenario[s as usize].clone()),
            action: action.map(|a| log.names.action[a as usize].clone()),
        };
        let levels = |steps: Vec<Vec<Step>>| {
            let wanted = Wanted {
                funnel: Some(FunnelWanted { window: 5, steps }),
                ..wanted()
            };
            summarise(&log, &wanted).unwrap().funnel.unwrap()
        };
        let first = vec![step(Some(0), Some(0)), step(Some(1), Some(0))];
        assert_eq!(
            levels(vec![first, vec![step(None, Some(1))], vec![step(Some(2), None)]]),
            [1, 1, 0, 2]
        );
        let unknown = Step {
            scenario: None,
            action: Some("never done".to_owned()),
        };
        assert_eq!(levels(vec![vec![unknown]]), [4, 0]);
        assert_eq!(levels(vec![vec![step(None, None)]]), [0, 4], "anything at all");
    }

    proptest! {
        #[test]
        fn levels_are_those_of_the_list_of_steps_done(
            users in any_log(),
            window in 0..12_i64,
            masks in prop::collection::vec(0..16_u32, 9),
        ) {
            // Step `i` of the funnel: every scenario and action whose mask has the bit.
            let log = traces(&users);
            let steps: Vec<Vec<Step>> = (0..4)
                .map(|bit| {
                    let those = (0..9).filter(|&key| masks[key] >> bit & 1 == 1);
                    let name = |names: &[String], code: usize| names.get(code).cloned().unwrap_or("none".to_owned());
                    those.map(|key| Step {
                        scenario: Some(name(&log.names.scenario, key / 3)),
                        action: Some(name(&log.names.action, key % 3)),
                    }).collect()
                })
                .collect();
            let mut expected = vec![0_u64; 5];
            for user in &users {
                let acts = timed(user);
                let times: Vec<i64> = acts.iter().map(|a| a.time).collect();
                let done: Vec<u32> = acts.iter().map(|a| masks[(a.scenario * 3 + a.action) as usize]).collect();
                expected[funnel(&times, &done, window) as usize] += 1;
            }
            let wanted = Wanted { funnel: Some(FunnelWanted { window, steps }), ..wanted() };
            prop_assert_eq!(summarise(&log, &wanted).unwrap().funnel.unwrap(), expected);
        }
    }
}
