//! What the kernels see of a user: contiguous columns, of which nothing is copied where nothing is left out.

use super::steps::Steps;
use crate::event::{NO_TIME, Precision, Role};
use crate::gather::Part;

/// Columns of some events of a user, in canonical order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) time: &'a [i64],
    pub(super) scenario: &'a [u32],
    pub(super) action: &'a [u32],
    pub(super) role: &'a [Role],
}

/// The events of a user that happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// The user's place among [`crate::gather::Traces::users`].
    pub(super) user: u32,
    /// All of them, also those without a time or with a date: for what needs neither order nor gaps.
    pub(super) all: Columns<'a>,
    /// Those of which the time of day is known.
    pub(super) timed: Columns<'a>,
    /// Codes of the steps of `timed`, if asked for.
    pub(super) steps: &'a [u32],
    /// Where in `timed` each run of one scenario begins, if asked for.
    pub(super) runs: &'a [u32],
}

/// Reads users, one after the other, into memory of its own.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    numbering: Option<&'a Steps>,
    with_runs: bool,
    all: Copied,
    timed: Copied,
    steps: Vec<u32>,
    runs: Vec<u32>,
}

#[derive(Debug, Default)]
struct Copied {
    time: Vec<i64>,
    scenario: Vec<u32>,
    action: Vec<u32>,
    role: Vec<Role>,
}

impl Copied {
    fn fill(&mut self, part: &Part, rows: impl Iterator<Item = usize> + Clone) -> Columns<'_> {
        fn again<T: Copy>(copied: &mut Vec<T>, column: &[T], rows: impl Iterator<Item = usize>) {
            copied.clear();
            copied.extend(rows.map(|row| column[row]));
        }
        again(&mut self.time, &part.time, rows.clone());
        again(&mut self.scenario, &part.scenario, rows.clone());
        again(&mut self.action, &part.action, rows.clone());
        again(&mut self.role, &part.role, rows);
        Columns {
            time: &self.time,
            scenario: &self.scenario,
            action: &self.action,
            role: &self.role,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(numbering: Option<&'a Steps>, with_runs: bool) -> Self {
        Self {
            numbering,
            with_runs,
            all: Copied::default(),
            timed: Copied::default(),
            steps: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// The events of the user at a place of this part.
    pub(super) fn read<'r>(&'r mut self, part: &'r Part, place: usize) -> Rows<'r> {
        let rows = part.rows(place);
        let slice = Columns {
            time: &part.time[rows.clone()],
            scenario: &part.scenario[rows.clone()],
            action: &part.action[rows.clone()],
            role: &part.role[rows.clone()],
        };
        // Without an early exit: so it is done many at a time.
        let all_happened = part.occurred[rows.clone()].iter().fold(true, |all, &o| all & o);
        let fine = |&p: &Precision| (p as u8) < Precision::Day as u8;
        let all_fine = part.precision[rows.clone()].iter().fold(true, |all, p| all & fine(p));
        let all_timed = all_fine && slice.time.first() != Some(&NO_TIME);
        let happened = rows.filter(|&row| part.occurred[row]);
        let all = if all_happened {
            slice
        } else {
            self.all.fill(part, happened.clone())
        };
        let timed = if all_timed {
            all
        } else {
            let timed = |&row: &usize| fine(&part.precision[row]) && part.time[row] != NO_TIME;
            self.timed.fill(part, happened.filter(timed))
        };
        if let Some(numbering) = self.numbering {
            numbering.encode(timed.scenario, timed.action, &mut self.steps);
        }
        if self.with_runs {
            find_runs(timed.scenario, &mut self.runs);
        }
        Rows {
            user: part.users[place],
            all,
            timed,
            steps: &self.steps,
            runs: &self.runs,
        }
    }
}

/// Where the runs of one scenario begin.
fn find_runs(scenario: &[u32], runs: &mut Vec<u32>) {
    runs.clear();
    runs.resize(scenario.len(), 0);
    let Some(mut last) = scenario.first().map(|first| !first) else {
        return;
    };
    let mut found = 0;
    for (i, &scenario) in scenario.iter().enumerate() {
        // Written in any case, kept only where a run begins: nobody can foretell where that is.
        runs[found] = i as u32;
        found += usize::from(scenario != last);
        last = scenario;
    }
    // The last place may hold a row at which no run begins.
    runs.truncate(found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequences::testing::{Act, Clock, traces};

    #[test]
    fn what_did_not_happen_and_what_has_no_time_of_day_is_left_out() {
        let act = |time, clock, occurred| Act {
            clock,
            occurred,
            ..Act::at(time)
        };
        let log = traces(&[
            vec![act(3, Clock::Fine, true), act(5, Clock::Fine, true)],
            vec![
                act(9, Clock::Date, true),
                act(9, Clock::Fine, false),
                act(11, Clock::Fine, true),
            ],
            vec![act(1, Clock::None, true), act(2, Clock::Fine, true)],
        ]);
        let parts = log.map_parts(|_, part| part.clone()).unwrap();
        let mut reader = Reader::new(None, false);
        let seen: Vec<(Vec<i64>, Vec<i64>)> = (0..3)
            .map(|user| {
                let rows = reader.read(&parts[0], user);
                (rows.all.time.to_vec(), rows.timed.time.to_vec())
            })
            .collect();
        assert_eq!(seen[0], (vec![3, 5], vec![3, 5]));
        assert_eq!(seen[1], (vec![9, 11], vec![11]));
        assert_eq!(seen[2], (vec![NO_TIME, 2], vec![2]));
    }

    #[test]
    fn runs_begin_where_the_scenario_changes() {
        let mut runs = vec![9];
        find_runs(&[], &mut runs);
        assert!(runs.is_empty());
        find_runs(&[4, 4, 1, 4, 4, 4], &mut runs);
        assert_eq!(runs, [0, 2, 3]);
        find_runs(&[u32::MAX, u32::MAX, 0], &mut runs);
        assert_eq!(runs, [0, 2]);
    }
}
