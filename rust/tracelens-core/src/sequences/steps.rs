//! The distinct steps of a log, a step being an action in a scenario: few, so that what is counted by them fits into a cache.

use crate::error::Result;
use crate::gather::{Part, Traces};
use hashbrown::{HashMap, HashSet};

/// Up to so many possible steps are looked up by place, beyond by hash.
const DENSE: usize = 1 << 20;

/// Steps, numbered in the order of the names of their scenario and action: each has its code.
#[derive(Debug)]
pub(super) struct Steps {
    /// Codes of scenario and action of each step.
    pub(super) pairs: Vec<(u32, u32)>,
    shape: Shape,
    codes: Codes,
}

#[derive(Debug)]
enum Codes {
    /// By [`Shape::key`].
    Dense(Vec<u32>),
    Sparse(HashMap<u64, u32>),
}

/// How many scenarios and actions there are.
#[derive(Debug, Clone, Copy)]
struct Shape {
    scenarios: u32,
    actions: u32,
}

impl Shape {
    /// One number for both; a missing code counts as one more.
    #[inline]
    fn key(self, scenario: u32, action: u32) -> u64 {
        let (scenario, action) = (scenario.min(self.scenarios), action.min(self.actions));
        u64::from(scenario) * (u64::from(self.actions) + 1) + u64::from(action)
    }

    fn pair(self, key: u64) -> (u32, u32) {
        let width = u64::from(self.actions) + 1;
        ((key / width) as u32, (key % width) as u32)
    }

    fn keys(self) -> usize {
        (self.scenarios as usize + 1).saturating_mul(self.actions as usize + 1)
    }
}

impl Steps {
    /// Those that the events of a log are made of.
    pub(super) fn of(traces: &Traces) -> Result<Self> {
        let shape = Shape {
            scenarios: traces.names.scenario.len() as u32,
            actions: traces.names.action.len() as u32,
        };
        let dense = shape.keys() <= DENSE;
        let met = if dense {
            dense_keys(traces, shape)?
        } else {
            sparse_keys(traces, shape)?
        };
        let numbered = met.iter().enumerate().map(|(code, &key)| (key, code as u32));
        let codes = if dense {
            let mut table = vec![0; shape.keys()];
            numbered.for_each(|(key, code)| table[key as usize] = code);
            Codes::Dense(table)
        } else {
            Codes::Sparse(numbered.collect())
        };
        Ok(Self {
            pairs: met.iter().map(|&key| shape.pair(key)).collect(),
            shape,
            codes,
        })
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The codes of these events, in place of what `codes` holds.
    pub(super) fn encode(&self, scenario: &[u32], action: &[u32], codes: &mut Vec<u32>) {
        codes.clear();
        let keys = scenario.iter().zip(action).map(|(&s, &a)| self.shape.key(s, a));
        match &self.codes {
            Codes::Dense(table) => codes.extend(keys.map(|key| table[key as usize])),
            Codes::Sparse(table) => codes.extend(keys.map(|key| table.get(&key).copied().unwrap_or(0))),
        }
    }
}

fn keys(part: &Part, shape: Shape) -> impl Iterator<Item = u64> {
    let pairs = part.scenario.iter().zip(&part.action);
    pairs.map(move |(&scenario, &action)| shape.key(scenario, action))
}

fn dense_keys(traces: &Traces, shape: Shape) -> Result<Vec<u64>> {
    let see = |_: usize, part: &Part| {
        let mut seen = vec![false; shape.keys()];
        keys(part, shape).for_each(|key| seen[key as usize] = true);
        seen
    };
    let mut seen = vec![false; shape.keys()];
    for more in traces.map_parts(see)? {
        seen.iter_mut().zip(more).for_each(|(a, b)| *a |= b);
    }
    Ok((0..).zip(seen).filter_map(|(key, seen)| seen.then_some(key)).collect())
}

fn sparse_keys(traces: &Traces, shape: Shape) -> Result<Vec<u64>> {
    let of_part = |_: usize, part: &Part| -> HashSet<u64> {
        let mut seen = HashSet::new();
        let mut last = None;
        for key in keys(part, shape) {
            // Steps come in runs.
            if last != Some(key) {
                seen.insert(key);
                last = Some(key);
            }
        }
        seen
    };
    let mut all: HashSet<u64> = HashSet::new();
    for seen in traces.map_parts(of_part)? {
        all.extend(seen);
    }
    let mut keys: Vec<u64> = all.into_iter().collect();
    keys.sort_unstable();
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequences::testing::{Act, traces};

    fn log(scenarios: u32, actions: u32) -> Traces {
        // Every scenario and every action, but few of their pairs.
        let acts = (0..scenarios.max(actions)).map(|i| Act {
            scenario: i % scenarios,
            action: i % actions,
            ..Act::at(i.into())
        });
        traces(&[acts.collect()])
    }

    #[test]
    fn steps_are_numbered_in_the_order_of_their_names_and_found_again_by_place_or_by_hash() {
        for (scenarios, actions) in [(3, 4), (1, 1), (1500, 1400)] {
            let traces = log(scenarios, actions);
            let steps = Steps::of(&traces).unwrap();
            assert!(steps.pairs.is_sorted_by(|a, b| a < b));
            let parts = traces.map_parts(|_, part| part.clone()).unwrap();
            let part = &parts[0];
            let mut codes = vec![7];
            steps.encode(&part.scenario, &part.action, &mut codes);
            assert_eq!(codes.len(), part.len());
            for (row, &code) in codes.iter().enumerate() {
                assert_eq!(steps.pairs[code as usize], (part.scenario[row], part.action[row]));
            }
        }
    }
}
