//! Statistics of what users do in what order, any of them in one parallel pass over the events.
//!
//! Where the accumulators of [`crate::axes`] make rows per user, from which a comparison resamples users, these sum up a whole
//! side as fast as its columns can be read: what directly follows what, what leads to conversions, grams of three steps,
//! lifts of pairs of scenarios, the habits of each user, a funnel. Events that are listed and did not happen are left out;
//! those without a time of day (a date, or no clock) are left out of all that needs order or gaps, which is everything but
//! how actions are spread and on how many days. Order is the canonical one of [`Traces`].
//!
//! Counts are integers, and sums of shares multiples of 2^-32, so the result is the same at any number of threads.

mod chains;
mod directly_follows;
mod funnel;
mod grams;
mod keyed;
mod lift;
mod profile;
mod rows;
mod steps;
#[cfg(test)]
mod testing;

pub use chains::Chains;
pub use lift::Lift;
pub use profile::Profile;

use crate::axes::Table;
use crate::axes::funnel::STEPS;
use crate::error::{Code, Error, Result};
use crate::event::NO_CODE;
use crate::gather::{Calendar, Part, Traces};
use chains::{Conversion, Paths};
use directly_follows::DirectlyFollows;
use funnel::Funnel;
use grams::Grams;
use jiff::tz::TimeZone;
use lift::Lifts;
use profile::Profiler;
use rows::Reader;
use std::sync::{Mutex, PoisonError};
use steps::Steps;

/// Which statistics are wanted; times in microseconds.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Zone in which days are counted.
    pub zone: TimeZone,
    /// What directly follows what.
    pub directly_follows: bool,
    /// What led to conversions.
    pub chains: Option<ChainsWanted>,
    /// Grams of three steps, with the longest time from the first to the last.
    pub grams: Option<i64>,
    /// Lifts of pairs of scenarios, with the longest time until the second counts as following.
    pub lift: Option<i64>,
    /// The habits of each user.
    pub profile: bool,
    /// How far users got in a funnel.
    pub funnel: Option<FunnelWanted>,
}

/// Which chains are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainsWanted {
    /// How far back a chain may reach.
    pub look_back: i64,
    /// The action that is the conversion; `None`: all events of that role.
    pub conversion: Option<String>,
    /// How many of the most frequent paths are told.
    pub most: usize,
}

/// Which funnel is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelWanted {
    /// The longest time from the first step to the last.
    pub window: i64,
    /// The steps, each a list of what counts as it.
    pub steps: Vec<Vec<Step>>,
}

/// Events of a scenario, of an action, or of both; of neither: any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub scenario: Option<String>,
    /// Its name.
    pub action: Option<String>,
}

/// The statistics that were wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequences {
    /// `scenario`, `action`, `next_scenario`, `next_action`, `count`: most frequent first, then by name.
    pub directly_follows: Option<Table>,
    /// What led to conversions.
    pub chains: Option<Chains>,
    /// Scenario and action of three steps, `users`, `count`: most frequent first, then by name.
    pub grams: Option<Table>,
    /// Lifts by name.
    pub lift: Option<Vec<Lift>>,
    /// One a user, in their order.
    pub profiles: Option<Vec<Profile>>,
    /// Users by the level that they reached, from 0 to the number of steps.
    pub funnel: Option<Vec<u64>>,
}

/// All that is wanted of all users.
pub fn summarise(traces: &Traces, wanted: &Wanted) -> Result<Sequences> {
    wanted.check()?;
    let by_step = wanted.directly_follows || wanted.grams.is_some() || wanted.funnel.is_some();
    let steps = by_step.then(|| Steps::of(traces)).transpose()?;
    // As many sets of kernels as there are threads: all but the profiles are sums, which do not tell who added up what.
    let idle: Mutex<Vec<Kernels>> = Mutex::new(Vec::new());
    let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
    let of_part = |_: usize, part: &Part| {
        let ready = lock().pop();
        let mut kernels = ready.unwrap_or_else(|| Kernels::new(traces, wanted, steps.as_ref()));
        let profiles = kernels.fold(part, 0..part.users.len());
        lock().push(kernels);
        profiles
    };
    let mut profiles: Vec<(u32, Profile)> = traces.map_parts(of_part)?.concat();
    // Parts on disk do not come in the order of their users.
    profiles.sort_by_key(|(user, _)| *user);
    let all = idle.into_inner().unwrap_or_else(PoisonError::into_inner);
    let merged = all.into_iter().reduce(|mut all, more| {
        all.append(&more);
        all
    });
    let kernels = merged.unwrap_or_else(|| Kernels::new(traces, wanted, steps.as_ref()));
    let table = |of: &dyn Fn(&Steps) -> Table| steps.as_ref().map(of);
    Ok(Sequences {
        directly_follows: kernels.directly_follows.and_then(|k| table(&|steps| k.table(steps))),
        grams: kernels.grams.and_then(|k| table(&|steps| k.table(steps))),
        chains: kernels
            .paths
            .map(|k| {
                let most = wanted.chains.as_ref().map_or(0, |chains| chains.most);
                k.finish(traces, most)
            })
            .transpose()?,
        lift: kernels.lifts.map(|k| k.finish()),
        profiles: wanted
            .profile
            .then(|| profiles.into_iter().map(|(_, profile)| profile).collect()),
        funnel: kernels.funnel.map(|k| k.levels),
    })
}

impl Wanted {
    fn check(&self) -> Result<()> {
        let bad = |why: String| Err(Error::new(Code::BadOption, why));
        let times = [
            ("look-back", self.chains.as_ref().map(|chains| chains.look_back)),
            ("span of a gram", self.grams),
            ("follow time", self.lift),
            ("window of the funnel", self.funnel.as_ref().map(|funnel| funnel.window)),
        ];
        if let Some((what, _)) = times.iter().find(|(_, time)| time.is_some_and(|t| t < 0)) {
            return bad(format!("the {what} is negative"));
        }
        let steps = self.funnel.as_ref().map_or(1, |funnel| funnel.steps.len());
        if steps == 0 || steps > STEPS {
            return bad(format!("a funnel has 1 to {STEPS} steps, not {steps}"));
        }
        Ok(())
    }
}

/// What one thread counts.
#[derive(Debug)]
struct Kernels<'a> {
    reader: Reader<'a>,
    directly_follows: Option<DirectlyFollows>,
    paths: Option<Paths>,
    grams: Option<Grams>,
    lifts: Option<Lifts>,
    profiler: Option<Profiler>,
    funnel: Option<Funnel>,
}

impl<'a> Kernels<'a> {
    fn new(traces: &Traces, wanted: &Wanted, steps: Option<&'a Steps>) -> Self {
        let known = steps.map_or(0, Steps::len);
        let (scenarios, actions) = (&traces.names.scenario, &traces.names.action);
        let paths = |chains: &ChainsWanted| {
            let named = |name: &String| Conversion::Action(code(actions, name).unwrap_or(NO_CODE));
            let conversion = chains.conversion.as_ref().map_or(Conversion::Role, named);
            Paths::new(chains.look_back, conversion, scenarios.len())
        };
        let funnel = |funnel: &FunnelWanted| {
            let masks = steps.map_or_else(Vec::new, |steps| masks(&funnel.steps, traces, steps));
            Funnel::new(funnel.window, masks, funnel.steps.len())
        };
        Self {
            reader: Reader::new(steps, wanted.chains.is_some() || wanted.lift.is_some()),
            directly_follows: wanted.directly_follows.then(|| DirectlyFollows::new(known)),
            paths: wanted.chains.as_ref().map(paths),
            grams: wanted.grams.map(|span| Grams::new(span, known)),
            lifts: wanted.lift.map(|follow| Lifts::new(follow, scenarios.len())),
            profiler: wanted
                .profile
                .then(|| Profiler::new(Calendar::new(wanted.zone.clone()), actions.len())),
            funnel: wanted.funnel.as_ref().map(funnel),
        }
    }

    /// Count the users at some places of a part; returns their profiles.
    fn fold(&mut self, part: &Part, places: std::ops::Range<usize>) -> Vec<(u32, Profile)> {
        let mut profiles = Vec::new();
        for place in places {
            let rows = self.reader.read(part, place);
            if let Some(kernel) = &mut self.directly_follows {
                kernel.fold(&rows);
            }
            if let Some(kernel) = &mut self.paths {
                kernel.fold(&rows);
            }
            if let Some(kernel) = &mut self.grams {
                kernel.fold(&rows);
            }
            if let Some(kernel) = &mut self.lifts {
                kernel.fold(&rows);
            }
            if let Some(kernel) = &mut self.profiler {
                profiles.push((part.users[place], kernel.profile(&rows)));
            }
            if let Some(kernel) = &mut self.funnel {
                kernel.fold(&rows);
            }
        }
        profiles
    }

    /// Take in the counts of other users.
    fn append(&mut self, other: &Self) {
        if let (Some(kernel), Some(more)) = (&mut self.directly_follows, &other.directly_follows) {
            kernel.append(more);
        }
        if let (Some(kernel), Some(more)) = (&mut self.paths, &other.paths) {
            kernel.append(more);
        }
        if let (Some(kernel), Some(more)) = (&mut self.grams, &other.grams) {
            kernel.append(more);
        }
        if let (Some(kernel), Some(more)) = (&mut self.lifts, &other.lifts) {
            kernel.append(more);
        }
        if let (Some(kernel), Some(more)) = (&mut self.funnel, &other.funnel) {
            kernel.append(more);
        }
    }
}

fn code(names: &[String], name: &String) -> Option<u32> {
    names.binary_search(name).ok().map(|code| code as u32)
}

/// Of each step of a log: which steps of the funnel it is, as bits.
fn masks(funnel: &[Vec<Step>], traces: &Traces, steps: &Steps) -> Vec<u32> {
    // Codes of what is asked for; a name that the log does not know is never met.
    let known = |step: &Step| -> Option<(Option<u32>, Option<u32>)> {
        let scenario = step.scenario.as_ref().map(|name| code(&traces.names.scenario, name));
        let action = step.action.as_ref().map(|name| code(&traces.names.action, name));
        (scenario != Some(None) && action != Some(None)).then_some((scenario.flatten(), action.flatten()))
    };
    let mut masks = vec![0; steps.len()];
    for (bit, any) in funnel.iter().enumerate() {
        for (scenario, action) in any.iter().filter_map(known) {
            for (mask, pair) in masks.iter_mut().zip(&steps.pairs) {
                let is = scenario.is_none_or(|s| s == pair.0) && action.is_none_or(|a| a == pair.1);
                *mask |= u32::from(is) << bit;
            }
        }
    }
    masks
}

#[cfg(test)]
mod tests {
    use super::testing::{any_log, traces, wanted};
    use super::*;
    use proptest::prelude::*;

    fn everything() -> Wanted {
        let step = |action: &str| Step {
            scenario: None,
            action: Some(action.to_owned()),
        };
        Wanted {
            directly_follows: true,
            chains: Some(ChainsWanted {
                look_back: 9,
                conversion: None,
                most: 4,
            }),
            grams: Some(6),
            lift: Some(5),
            profile: true,
            funnel: Some(FunnelWanted {
                window: 9,
                steps: vec![vec![step("a0000"), step("a0001")], vec![step("a0002")]],
            }),
            ..wanted()
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |wanted: Wanted| summarise(&Traces::default(), &wanted).unwrap_err().code();
        let funnel = |window, steps| Wanted {
            funnel: Some(FunnelWanted { window, steps }),
            ..wanted()
        };
        assert_eq!(refused(funnel(1, vec![])), Code::BadOption);
        assert_eq!(refused(funnel(1, vec![vec![]; 33])), Code::BadOption);
        assert_eq!(refused(funnel(-1, vec![vec![]])), Code::BadOption);
        let grams = Wanted {
            grams: Some(-1),
            ..wanted()
        };
        assert_eq!(refused(grams), Code::BadOption);
    }

    #[test]
    fn nothing_comes_of_nothing_and_only_what_is_wanted() {
        let found = summarise(&Traces::default(), &everything()).unwrap();
        assert!(found.directly_follows.unwrap().is_empty() && found.grams.unwrap().is_empty());
        assert_eq!((found.funnel, found.profiles), (Some(vec![0, 0, 0]), Some(Vec::new())));
        let found = summarise(&Traces::default(), &wanted()).unwrap();
        assert!(found.directly_follows.is_none() && found.chains.is_none() && found.profiles.is_none());
    }

    proptest! {
        #[test]
        fn users_may_be_counted_apart_and_joined_in_any_order(users in any_log(), cut in 0..5_usize) {
            let (log, wanted) = (traces(&users), everything());
            let steps = Steps::of(&log).unwrap();
            let parts = log.map_parts(|_, part| part.clone()).unwrap();
            let part = &parts[0];
            let cut = cut.min(log.users.len());
            let [mut early, mut late] = [0..cut, cut..log.users.len()].map(|users| {
                let mut kernels = Kernels::new(&log, &wanted, Some(&steps));
                kernels.fold(part, users);
                kernels
            });
            // The later ones first, as threads may do.
            late.append(&early);
            std::mem::swap(&mut early, &mut late);
            let all = summarise(&log, &wanted).unwrap();
            prop_assert_eq!(early.directly_follows.map(|k| k.table(&steps)), all.directly_follows);
            prop_assert_eq!(early.grams.map(|k| k.table(&steps)), all.grams);
            prop_assert_eq!(early.paths.map(|k| k.finish(&log, 4).unwrap()), all.chains);
            prop_assert_eq!(early.lifts.map(|k| k.finish()), all.lift);
            prop_assert_eq!(early.funnel.map(|k| k.levels), all.funnel);
        }
    }
}
