//! All accumulators over all users: traces in, tables of integers out.

mod accumulators;

use crate::axes::Table;
use crate::axes::dependence::{Asymmetry, DailyStarts, to_tables};
use crate::axes::grams::Gram;
use crate::axes::minhash::Hashes;
use crate::error::Result;
use crate::event::{NO_CODE, Role};
use crate::gather::{Calendar, Part, TraceBuilder, Traces, Window};
use crate::links::Links;
use accumulators::{Accumulators, Folded};
use hashbrown::HashMap;
use rayon::prelude::*;
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
