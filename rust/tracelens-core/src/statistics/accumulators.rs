//! Every accumulator, with what it counts in, and the rows that they make of some users.

use super::Options;
use crate::axes::Table;
use crate::axes::activity::Activity;
use crate::axes::chains::{Conversions, Switches};
use crate::axes::clock::Clock;
use crate::axes::dependence::{DailyStarts, Runs};
use crate::axes::diversity::Halves;
use crate::axes::drift::Drift;
use crate::axes::failures::Failures;
use crate::axes::first_touches::FirstTouches;
use crate::axes::grams::Grams;
use crate::axes::lead::Lead;
use crate::axes::linked::Linked;
use crate::axes::look_backs::LookBacks;
use crate::axes::minhash::{Hashes, MinHash};
use crate::axes::paths::Paths;
use crate::axes::selectivity::Selectivity;
use crate::axes::sessions::Sessions;
use crate::axes::tail::{Incidences, Known};
use crate::axes::tempo::Tempo;
use crate::gather::{Part, Trace, Traces};
use crate::links::Linking;
use std::mem;

/// All accumulators, with what they count in.
pub(super) struct Accumulators<'a> {
    /// Events inside the windows.
    pub(super) inside: u64,
    activity: Activity,
    clock: Clock,
    halves: Halves,
    incidences: Incidences,
    sessions: Sessions,
    tempo: Tempo,
    drift: Drift,
    selectivity: Selectivity,
    failures: Failures,
    switches: Switches,
    conversions: Conversions,
    lead: Lead<'a>,
    linked: Option<Linked<'a>>,
    look_backs: Option<LookBacks>,
    first_touches: Option<FirstTouches>,
    paths: Paths,
    grams: Option<Grams>,
    minhash: Option<MinHash<'a>>,
    daily: DailyStarts,
    runs: Vec<Runs>,
    known: Known,
    by_record: bool,
}

/// The rows of some users.
pub(super) struct Folded {
    pub(super) inside: u64,
    pub(super) users: Vec<u32>,
    pub(super) tables: Vec<(&'static str, Table)>,
    pub(super) paths: Paths,
    pub(super) grams: Option<Grams>,
    pub(super) daily: DailyStarts,
    /// What the second pass needs, which knows the volume of each day.
    pub(super) runs: Vec<Runs>,
}

impl<'a> Accumulators<'a> {
    pub(super) fn new(
        traces: &Traces,
        options: &Options,
        conversion: Option<u32>,
        end: i64,
        hashes: Option<&'a Hashes>,
    ) -> Self {
        let names = &traces.names;
        let known = Known {
            scenarios: names.scenario.len(),
            actions: names.action.len(),
            categories: names.category.len(),
        };
        let keyed = !names.item.is_empty() || !names.category.is_empty();
        Self {
            inside: 0,
            activity: Activity::new(options.exposure_by_record, known.actions),
            clock: Clock::default(),
            halves: Halves::new(options.exposure_by_record),
            incidences: Incidences::new(known),
            sessions: Sessions::default(),
            tempo: Tempo::default(),
            drift: Drift::new(known.categories),
            selectivity: Selectivity::new(options.exposure_by_record, known.categories),
            failures: Failures::new(conversion, end),
            switches: Switches::new(known.scenarios),
            conversions: Conversions::new(keyed),
            lead: Lead::new(conversion),
            linked: None,
            look_backs: options.look_backs.then(|| LookBacks::new(keyed, end)),
            first_touches: options.look_backs.then(|| FirstTouches::new(keyed, end)),
            paths: Paths::default(),
            grams: options.grams.then(|| Grams::new(known.scenarios, known.actions)),
            minhash: hashes.map(MinHash::new),
            daily: DailyStarts::default(),
            runs: Vec::new(),
            known,
            by_record: options.exposure_by_record,
        }
    }

    /// How the events to come are linked.
    pub(super) fn link(&mut self, linking: Option<Linking<'a>>) {
        self.lead.link(linking);
        self.linked = linking.map(|linking| Linked::new(linking, self.by_record));
    }

    pub(super) fn fold(&mut self, user: i64, trace: &Trace) {
        let switches = self.switches.fold(user, trace);
        self.activity.fold(user, trace, switches);
        self.clock.fold(user, trace);
        self.halves.fold(user, trace);
        self.incidences.fold(user, trace);
        self.sessions.fold(user, trace);
        self.tempo.fold(user, trace);
        self.drift.fold(user, trace);
        self.selectivity.fold(user, trace);
        self.failures.fold(user, trace);
        self.conversions.fold(user, trace, &mut self.paths);
        self.lead.fold(user, trace);
        if let Some(linked) = &mut self.linked {
            linked.fold(user, trace);
        }
        if let Some(look_backs) = &mut self.look_backs {
            look_backs.fold(user, trace, &mut self.paths);
        }
        if let Some(first_touches) = &mut self.first_touches {
            first_touches.fold(user, trace);
        }
        if let Some(grams) = &mut self.grams {
            grams.fold(user, trace);
        }
        if let Some(minhash) = &mut self.minhash {
            minhash.fold(user, trace);
        }
        self.runs.extend(self.daily.fold(user, trace));
    }

    fn tables(&mut self) -> Vec<(&'static str, &mut Table)> {
        let mut tables = vec![
            ("users", &mut self.activity.users),
            ("extents", &mut self.activity.extents),
            ("scenarios", &mut self.activity.scenarios),
            ("exposures", &mut self.activity.exposures),
            ("actions", &mut self.activity.actions),
            ("clock", &mut self.clock.table),
            ("week", &mut self.clock.week),
            ("halves", &mut self.halves.table),
            ("items", &mut self.incidences.items),
            ("categories", &mut self.incidences.categories),
            ("interests", &mut self.incidences.interests),
            ("behaviours", &mut self.incidences.behaviours),
            ("bigrams", &mut self.incidences.bigrams),
            ("sessions", &mut self.sessions.table),
            ("tempo", &mut self.tempo.table),
            ("drift", &mut self.drift.drift),
            ("persistence", &mut self.drift.persistence),
            ("thirds", &mut self.drift.thirds),
            ("selectivity", &mut self.selectivity.table),
            ("failures", &mut self.failures.table),
            ("waits", &mut self.failures.waits),
            ("switches", &mut self.switches.table),
            ("lead", &mut self.lead.table),
        ];
        if let Some(linked) = &mut self.linked {
            tables.push(("linked", &mut linked.table));
        }
        if let Some(minhash) = &mut self.minhash {
            tables.push(("minhash", &mut minhash.table));
        }
        if let Some(look_backs) = &mut self.look_backs {
            tables.push(("look_backs", &mut look_backs.table));
        }
        if let Some(first_touches) = &mut self.first_touches {
            tables.push(("first_touches", &mut first_touches.table));
        }
        tables.extend([
            ("conversions", &mut self.conversions.table),
            ("untimed", &mut self.conversions.untimed),
        ]);
        tables
    }

    /// Hand over all rows.
    pub(super) fn take(&mut self, of: &Part) -> Folded {
        let tables = self.tables().into_iter();
        let tables = tables.map(|(name, table)| (name, table.take())).collect();
        let grams = || Grams::new(self.known.scenarios, self.known.actions);
        Folded {
            inside: mem::take(&mut self.inside),
            users: of.users.clone(),
            tables,
            grams: self.grams.as_mut().map(|all| mem::replace(all, grams())),
            paths: mem::take(&mut self.paths),
            daily: mem::take(&mut self.daily),
            runs: mem::take(&mut self.runs),
        }
    }
}

impl Folded {
    pub(super) fn append(&mut self, other: &Self) {
        self.inside += other.inside;
        let codes = self.paths.join(&other.paths);
        for ((_, table), (_, more)) in self.tables.iter_mut().zip(&other.tables) {
            table.append_recoded(more, "path", &codes);
        }
        if let (Some(grams), Some(more)) = (&mut self.grams, &other.grams) {
            grams.append(more);
        }
    }
}
