//! What lies before a moment, said without a walk over it: a busy person may do thousands of things in a week.

use std::cell::OnceCell;
use std::ops::Range;

/// An event as a look back sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// When it certainly is over: of a date the end of the day.
    pub(super) time: i64,
    pub(super) dated: bool,
    /// Place in the trace.
    pub(super) place: u32,
    pub(super) scenario: u32,
    pub(super) record: u32,
}

/// Events of one person, all or those with one key, in the order in which they are over.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The longest pause between two events, and between the last and a moment.
    gap_cut: i64,
    steps: Vec<Step>,
    /// The run of one scenario in which each stands.
    run: Vec<u32>,
    /// The scenario of each run.
    runs: Vec<u32>,
    /// The first event that no pause too long divides from this one.
    stretch: Vec<u32>,
    dates: bool,
    /// The runs of each scenario, one after the other; only made for long looks.
    by_scenario: OnceCell<Vec<(u32, u32)>>,
    /// Only made if they are asked for.
    sessions: OnceCell<Sessions>,
}

/// The sessions in which the events of a lane lie. Dates have no place within a day and lie in none.
#[derive(Debug, Default)]
struct Sessions {
    /// Each once.
    met: Vec<u32>,
    /// How many of them are met by the first so many events.
    until: Vec<u32>,
    /// The first event with a time of day from each event on.
    timed: Vec<u32>,
}

impl Sessions {
    fn new(steps: &[Step], session: &[u32]) -> Self {
        let mut sessions = Self {
            until: vec![0],
            ..Self::default()
        };
        for (i, step) in steps.iter().enumerate() {
            if !step.dated {
                sessions.timed.resize(i + 1, i as u32);
                let own = session[step.place as usize];
                if sessions.met.last() != Some(&own) {
                    sessions.met.push(own);
                }
            }
            sessions.until.push(sessions.met.len() as u32);
        }
        sessions.timed.resize(steps.len(), steps.len() as u32);
        sessions
    }

    /// The sessions of a range of the events.
    fn of(&self, events: &Range<usize>) -> &[u32] {
        let first = self.timed[events.start] as usize;
        if first >= events.end {
            return &[];
        }
        &self.met[self.until[first + 1] as usize - 1..self.until[events.end] as usize]
    }
}

/// The stretch before a moment.
#[derive(Debug, Clone)]
pub(super) struct Stretch<'a> {
    /// When its first event was over.
    pub(super) from: i64,
    /// The scenarios of its runs, oldest first.
    pub(super) runs: &'a [u32],
    lane: &'a Lane,
    first_run: u32,
    events: Range<usize>,
}

/// What was before a conversion.
#[derive(Debug, Clone)]
pub(super) enum Before<'a> {
    /// Nothing within the look-back.
    Nothing,
    /// Something, but too long before.
    Apart,
    /// These.
    Led(Stretch<'a>),
}

/// A conversion, and how far to look back from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) time: i64,
    pub(super) dated: bool,
    pub(super) place: u32,
    pub(super) record: u32,
    /// Place of the first event of its record.
    pub(super) record_from: u32,
    pub(super) look_back: i64,
}

impl Lane {
    pub(super) fn new(steps: impl Iterator<Item = Step>, gap_cut: i64) -> Self {
        let mut steps: Vec<Step> = steps.collect();
        let order = |s: &Step| (s.time, !s.dated, s.place);
        if !steps.is_sorted_by_key(order) {
            steps.sort_unstable_by_key(order);
        }
        let mut lane = Self {
            gap_cut,
            ..Self::default()
        };
        for (i, step) in steps.iter().enumerate() {
            let last = i.checked_sub(1).map(|j| &steps[j]);
            if last.is_none_or(|last| last.scenario != step.scenario) {
                lane.runs.push(step.scenario);
            }
            lane.run.push(lane.runs.len() as u32 - 1);
            lane.stretch.push(match last {
                Some(last) if step.time - last.time <= gap_cut => lane.stretch[i - 1],
                _ => i as u32,
            });
        }
        lane.dates = steps.iter().any(|s| s.dated);
        Self { steps, ..lane }
    }

    /// What is over before a moment, within its look-back, events of its own record left out: what was logged together with a
    /// conversion led nowhere. The callback is handed it, for it may be put together for this once.
    pub(super) fn before<T>(&self, m: &Moment, look: impl FnOnce(Before) -> T) -> T {
        // On a day nothing of the day is known to lie before; within it the trace tells.
        let end = (m.time, true, if m.dated { 0 } else { m.place });
        let mut until = self.steps.partition_point(|s| (s.time, !s.dated, s.place) < end);
        while until > 0 && self.steps[until - 1].record == m.record {
            until -= 1;
        }
        let from = || self.steps[..until].partition_point(|s| s.time < m.time - m.look_back);
        // Dates stand elsewhere than in the trace.
        let own_from = if self.dates {
            from()
        } else {
            self.steps[..until].partition_point(|s| s.place < m.record_from)
        };
        if self.steps[own_from..until].iter().any(|s| s.record == m.record) {
            let from = from();
            let others = self.steps[from..until].iter().filter(|s| s.record != m.record);
            let lane = Self::new(others.copied(), self.gap_cut);
            return look(lane.ending(lane.steps.len(), m));
        }
        look(self.ending(until, m))
    }

    /// What lies before a moment, of the first so many events.
    fn ending(&self, until: usize, m: &Moment) -> Before<'_> {
        let Some(last) = until.checked_sub(1) else {
            return Before::Nothing;
        };
        let earliest = m.time - m.look_back;
        if self.steps[last].time < earliest {
            return Before::Nothing;
        }
        if m.time - self.steps[last].time > self.gap_cut {
            return Before::Apart;
        }
        let stretch = self.stretch[last] as usize;
        let from = stretch + self.steps[stretch..until].partition_point(|s| s.time < earliest);
        let (first_run, last_run) = (self.run[from], self.run[last]);
        Before::Led(Stretch {
            from: self.steps[from].time,
            runs: &self.runs[first_run as usize..=last_run as usize],
            lane: self,
            first_run,
            events: from..until,
        })
    }
}

impl Stretch<'_> {
    /// How many distinct scenarios there are in it and `own`.
    pub(super) fn scenarios(&self, own: u32) -> u32 {
        let by_scenario = || {
            let runs = self.lane.runs.iter().zip(0u32..);
            let mut all: Vec<(u32, u32)> = runs.map(|(&scenario, run)| (scenario, run)).collect();
            all.sort_unstable();
            all
        };
        // Few runs are sooner counted one by one.
        if self.runs.len() <= 32 {
            let mut met: Vec<u32> = self.runs.to_vec();
            met.push(own);
            met.sort_unstable();
            met.dedup();
            return met.len() as u32;
        }
        let all = self.lane.by_scenario.get_or_init(by_scenario);
        let (first, end) = (self.first_run, self.first_run + self.runs.len() as u32);
        let (mut at, mut n, mut has_own) = (0, 0, false);
        while let Some(&(scenario, _)) = all.get(at) {
            let of = &all[at..at + all[at..].partition_point(|&(s, _)| s == scenario)];
            let next = of.partition_point(|&(_, run)| run < first);
            if of.get(next).is_some_and(|&(_, run)| run < end) {
                n += 1;
                has_own |= scenario == own;
            }
            at += of.len();
        }
        n + u32::from(!has_own)
    }

    /// How many sessions there are in it and `own`, that of the moment, if it lies in one. `session`: that of each place.
    pub(super) fn sessions(&self, session: &[u32], own: Option<u32>) -> u32 {
        let all = self
            .lane
            .sessions
            .get_or_init(|| Sessions::new(&self.lane.steps, session));
        let met = all.of(&self.events);
        met.len() as u32 + u32::from(own.is_some_and(|own| met.last() != Some(&own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000_000;
    const DAY: i64 = 24 * HOUR;

    /// Times in the order of a trace: (hours, dated, scenario, record).
    type Life = Vec<(i64, bool, u32, u32)>;

    fn life() -> impl Strategy<Value = Life> {
        let event = (0..200i64, prop::bool::weighted(0.1), 0..4u32, 0..40u32);
        let dense = (0..30i64, Just(false), 0..9u32, 0..400u32);
        prop_oneof![
            prop::collection::vec(event, 1..60),
            prop::collection::vec(dense, 1..200),
        ]
        .prop_map(|mut life| {
            for (hours, dated, ..) in &mut life {
                *hours -= if *dated { *hours % 24 } else { 0 };
            }
            life.sort_by_key(|e| e.0);
            life
        })
    }

    fn steps(life: &Life) -> Vec<Step> {
        let step = |(place, &(hours, dated, scenario, record)): (usize, &(i64, bool, u32, u32))| Step {
            time: hours * HOUR + if dated { DAY } else { 0 },
            dated,
            place: place as u32,
            scenario,
            record,
        };
        life.iter().enumerate().map(step).collect()
    }

    /// Span to the first event, scenarios of runs and distinct ones, by a walk from the conversion back.
    fn walk(life: &Life, conversion: usize, look_back: i64, gap_cut: i64) -> Option<(i64, Vec<u32>, u32)> {
        let (hours, on_day, own, record) = life[conversion];
        let time = hours * HOUR;
        let mut before: Vec<Step> = steps(life)
            .into_iter()
            .filter(|s| s.record != record && s.time >= time - look_back)
            .filter(|s| match (s.dated, on_day) {
                (true, _) => s.time <= time,
                (false, true) => s.time < time,
                (false, false) => (s.place as usize) < conversion,
            })
            .collect();
        before.sort_by_key(|s| (s.time, !s.dated, s.place));
        let (mut earliest, mut runs) = (time, Vec::new());
        for s in before.iter().rev() {
            if earliest - s.time > gap_cut {
                break;
            }
            earliest = s.time;
            if runs.first() != Some(&s.scenario) {
                runs.insert(0, s.scenario);
            }
        }
        let mut distinct = runs.clone();
        distinct.push(own);
        distinct.sort_unstable();
        distinct.dedup();
        (!runs.is_empty()).then_some((time - earliest, runs, distinct.len() as u32))
    }

    proptest! {
        #[test]
        fn looks_back_as_far_as_a_walk(life in life(), look_back in 1..120i64, gap_cut in 1..60i64) {
            let (look_back, gap_cut) = (look_back * HOUR, gap_cut * HOUR);
            let lane = Lane::new(steps(&life).into_iter(), gap_cut);
            for (place, &(hours, dated, own, record)) in life.iter().enumerate() {
                let first = life.iter().position(|e| e.3 == record).unwrap_or(place);
                let moment = Moment {
                    time: hours * HOUR,
                    dated,
                    place: place as u32,
                    record,
                    record_from: first as u32,
                    look_back,
                };
                let found = lane.before(&moment, |before| match before {
                    Before::Led(s) => Some((moment.time - s.from, s.runs.to_vec(), s.scenarios(own))),
                    Before::Nothing | Before::Apart => None,
                });
                prop_assert_eq!(found, walk(&life, place, look_back, gap_cut), "conversion {}", place);
            }
        }
    }
}
