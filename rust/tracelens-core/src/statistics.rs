//! All accumulators over all users: traces in, tables of integers out.

use crate::axes::Table;
use crate::axes::activity::Activity;
use crate::axes::chains::{Conversions, Switches};
use crate::axes::clock::Clock;
use crate::axes::dependence::{Asymmetry, DailyStarts, Runs, to_tables};
use crate::axes::diversity::Halves;
use crate::axes::drift::Drift;
use crate::axes::failures::Failures;
use crate::axes::first_touches::FirstTouches;
use crate::axes::grams::{Gram, Grams};
use crate::axes::lead::Lead;
use crate::axes::linked::Linked;
use crate::axes::look_backs::LookBacks;
use crate::axes::minhash::{Hashes, MinHash};
use crate::axes::paths::Paths;
use crate::axes::selectivity::Selectivity;
use crate::axes::sessions::Sessions;
use crate::axes::tail::{Incidences, Known};
use crate::axes::tempo::Tempo;
use crate::error::Result;
use crate::event::{NO_CODE, Role};
use crate::gather::{Calendar, Part, Trace, TraceBuilder, Traces, Window};
use crate::links::{Linking, Links};
use hashbrown::HashMap;
use rayon::prelude::*;
use std::mem;
use std::ops::Range;

/// How traces are summarised.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says yes or no to something of its own"
)]
pub struct Options {
    /// Zone in which days and hours are counted.
    pub zone: jiff::tz::TimeZone,
    /// Each record is one exposure.
    pub exposure_by_record: bool,
    /// Local days: every user's window, `from..until`. `None`: everything.
    pub days: Option<Range<i64>>,
    /// A first local day for each user (index as in [`Traces::users`]) in place of that of `days`, whose length is kept;
    /// a user without one is left out.
    pub entry: Option<Vec<Option<i64>>>,
    /// Name of the conversion scenario; `None`: the one with the most conversions.
    pub conversion_scenario: Option<String>,
    /// Also hand over the run starts, from which the asymmetry of scenarios can be had when other users have joined.
    pub starts: bool,
    /// Also look back from conversions over several lengths, from controls too, and tell the first touches of all things.
    pub look_backs: bool,
    /// Count pairs and triples of scenarios and of actions too: of all tables the largest by far.
    pub grams: bool,
    /// Sketch every trace, so that near-duplicates can be found: up to 128 rows a user.
    pub minhash: bool,
}

impl Default for Options {
    /// Everything in UTC, and nothing that has to be asked for.
    fn default() -> Self {
        Self {
            zone: jiff::tz::TimeZone::UTC,
            exposure_by_record: false,
            days: None,
            entry: None,
            conversion_scenario: None,
            starts: false,
            look_backs: false,
            grams: false,
            minhash: false,
        }
    }
}

/// The statistics of one side.
#[derive(Debug)]
pub struct Statistics {
    /// Tables by name.
    pub tables: Vec<(&'static str, Table)>,
    /// Names of collapsed paths.
    pub paths: Vec<String>,
    /// The scenarios of each of them: a name may hold what stands between names.
    pub steps: Vec<Vec<u32>>,
    /// What the codes of grams stand for; empty unless asked for.
    pub grams: Vec<Gram>,
    /// The conversion scenario that was used.
    pub conversion_scenario: Option<String>,
    /// The similarity from which on contents are linked; none without texts.
    pub threshold: Option<f64>,
    /// Events in the log outside every window.
    pub outside: u64,
}

/// Fold every user's trace. Errors if events on disk cannot be read back, or if the work was stopped.
pub fn summarise(traces: &Traces, options: &Options) -> Result<Statistics> {
    let calendar = Calendar::new(options.zone.clone());
    let windows = windows(traces, options, &calendar);
    let scenario = match &options.conversion_scenario {
        Some(name) => Some(name.clone()),
        None => most_converting(traces, &windows)?,
    };
    let code = scenario
        .as_ref()
        .and_then(|s| traces.names.scenario.binary_search(s).ok());
    let hashes = options.minhash.then(|| Hashes::new(&traces.names));
    let links = Links::new(traces, &windows)?;
    let end = end(traces, options);
    // A thread keeps its accumulators from part to part: what they count in is large.
    let begin = || {
        (
            Accumulators::new(traces, options, code.map(|c| c as u32), end, hashes.as_ref()),
            TraceBuilder::new(calendar.clone(), options.exposure_by_record),
        )
    };
    let folded = traces.map_parts_with(begin, |(accumulators, builder), p, part| {
        accumulators.link(links.as_ref().map(|links| links.of_part(p)));
        for (place, &user) in part.users.iter().enumerate() {
            // A user outside every window keeps an empty row: nobody is lost from the roster here.
            let nobody = Window {
                from: i64::MAX,
                until: i64::MAX,
            };
            let window = windows[user as usize].unwrap_or(nobody);
            accumulators.inside += rows(part, place, Some(window)).count() as u64;
            accumulators.fold(i64::from(user), builder.build(part, place, Some(window)));
        }
        accumulators.take(part)
    })?;
    let mut daily = DailyStarts::default();
    for f in &folded {
        daily.append(&f.daily);
    }
    let weights = daily.weights();
    let asymmetry: Vec<Table> = folded
        .par_iter()
        .map(|f| {
            let mut asymmetry = Asymmetry::new(&weights);
            f.runs.iter().for_each(|runs| asymmetry.fold(runs));
            asymmetry.table
        })
        .collect();
    let starts: Vec<(Table, Table)> = if options.starts {
        folded.par_iter().map(|f| to_tables(&f.runs)).collect()
    } else {
        Vec::new()
    };
    let roster: Vec<i64> = folded.iter().flat_map(|f| &f.users).map(|&u| i64::from(u)).collect();
    let mut statistics = finish(folded, &asymmetry, traces, scenario);
    statistics.threshold = links.as_ref().map(|links| links.threshold);
    let (spans, starts): (Vec<Table>, Vec<Table>) = starts.into_iter().unzip();
    for (name, parts) in [("spans", spans), ("starts", starts)] {
        statistics.tables.extend(joined(parts).map(|table| (name, table)));
    }
    if !traces.in_order() {
        statistics.tables.par_iter_mut().for_each(|(_, table)| {
            let of_rows = table.column("user").map_or_else(|| roster.clone(), <[i64]>::to_vec);
            table.sort_by_user(&of_rows, traces.users.len());
        });
    }
    Ok(statistics)
}

fn joined(parts: impl IntoIterator<Item = Table>) -> Option<Table> {
    parts.into_iter().reduce(|mut all, more| {
        all.append(&more);
        all
    })
}

/// All accumulators, with what they count in.
struct Accumulators<'a> {
    /// Events inside the windows.
    inside: u64,
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
struct Folded {
    inside: u64,
    users: Vec<u32>,
    tables: Vec<(&'static str, Table)>,
    paths: Paths,
    grams: Option<Grams>,
    daily: DailyStarts,
    /// What the second pass needs, which knows the volume of each day.
    runs: Vec<Runs>,
}

impl<'a> Accumulators<'a> {
    fn new(traces: &Traces, options: &Options, conversion: Option<u32>, end: i64, hashes: Option<&'a Hashes>) -> Self {
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
    fn link(&mut self, linking: Option<Linking<'a>>) {
        self.lead.link(linking);
        self.linked = linking.map(|linking| Linked::new(linking, self.by_record));
    }

    fn fold(&mut self, user: i64, trace: &Trace) {
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
    fn take(&mut self, of: &Part) -> Folded {
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
    fn append(&mut self, other: &Self) {
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

fn finish(parts: Vec<Folded>, asymmetry: &[Table], traces: &Traces, conversion_scenario: Option<String>) -> Statistics {
    let events = traces.len() as u64;
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else {
        return Statistics {
            tables: Vec::new(),
            paths: Vec::new(),
            steps: Vec::new(),
            grams: Vec::new(),
            conversion_scenario,
            threshold: None,
            outside: events,
        };
    };
    for part in parts {
        all.append(&part);
    }
    let mut asymmetries = asymmetry.iter().cloned();
    let mut asymmetry = asymmetries
        .next()
        .unwrap_or_else(|| Asymmetry::new(&HashMap::new()).table);
    asymmetries.for_each(|more| asymmetry.append(&more));
    let name = |c: &u32| traces.names.scenario[*c as usize].as_str();
    let paths = all
        .paths
        .all
        .iter()
        .map(|p| p.iter().map(name).collect::<Vec<_>>().join(">"))
        .collect();
    let mut tables = all.tables;
    tables.push(("asymmetry", asymmetry));
    let mut grams = Vec::new();
    if let Some(all) = all.grams {
        tables.push(("grams", all.table));
        grams = all.grams;
    }
    Statistics {
        tables,
        paths,
        steps: all.paths.all,
        grams,
        conversion_scenario,
        threshold: None,
        outside: events - all.inside,
    }
}

/// Where observation ends if no window says so: with the last event of the log.
fn end(traces: &Traces, options: &Options) -> i64 {
    let last = traces.facts.extent.filter(|_| options.days.is_none());
    last.map_or(i64::MAX, |(_, last)| last.saturating_add(1))
}

fn windows(traces: &Traces, options: &Options, calendar: &Calendar) -> Vec<Option<Window>> {
    let everything = Window {
        from: i64::MIN,
        until: i64::MAX,
    };
    let Some(days) = &options.days else {
        return vec![Some(everything); traces.users.len()];
    };
    let window = |from: i64| Window {
        from: calendar.start_of(from),
        until: calendar.start_of(from + (days.end - days.start)),
    };
    match &options.entry {
        None => vec![Some(window(days.start)); traces.users.len()],
        Some(entry) => entry.par_iter().map(|first| first.map(window)).collect(),
    }
}

/// The rows inside the window of the user at a place.
fn rows(part: &Part, place: usize, window: Option<Window>) -> impl Iterator<Item = usize> {
    let ranges = window.map(|w| part.rows_within(place, w.from, w.until));
    ranges.into_iter().flatten().flatten()
}

/// The scenario with the most conversions inside the windows; of equals the first by name.
fn most_converting(traces: &Traces, windows: &[Option<Window>]) -> Result<Option<String>> {
    let scenarios = traces.names.scenario.len();
    let of_part = |_: usize, part: &Part| {
        let mut counts = vec![0u64; scenarios];
        for (place, &user) in part.users.iter().enumerate() {
            for r in rows(part, place, windows[user as usize]) {
                if part.role[r] == Role::Conversion && part.occurred[r] && part.scenario[r] != NO_CODE {
                    counts[part.scenario[r] as usize] += 1;
                }
            }
        }
        counts
    };
    let mut counts = vec![0u64; scenarios];
    for part in traces.map_parts(of_part)? {
        counts.iter_mut().zip(part).for_each(|(x, y)| *x += y);
    }
    let counts = counts.iter().enumerate();
    let best = counts.max_by_key(|(i, n)| (**n, std::cmp::Reverse(*i)));
    Ok(best
        .filter(|(_, n)| **n > 0)
        .map(|(best, _)| traces.names.scenario[best].clone()))
}
