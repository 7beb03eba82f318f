//! All events of one side in canonical order, in parts that are worked on apart.

use super::spill::Spill;
use crate::error::{Code, Error, Result};
use crate::event::{Coded, EventBatch, NO_CODE, NO_TIME, Pool, Precision, Role, Texts};
use crate::stop::Stop;
use rayon::prelude::*;
use std::ops::Range;

/// The sorted distinct names behind the codes, so that a code never depends on the order in which files were read.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Scenarios.
    pub scenario: Vec<String>,
    /// Actions.
    pub action: Vec<String>,
    /// Items.
    pub item: Vec<String>,
    /// Categories.
    pub category: Vec<String>,
}

/// All events of one side, sorted by (user, time, seq, scenario, action, item, value).
#[derive(Debug, Default)]
pub struct Traces {
    /// Sorted ids.
    pub users: Vec<String>,
    /// Names behind the codes.
    pub names: Names,
    /// What holds of all events.
    pub facts: Facts,
    pub(super) store: Store,
    pub(super) stop: Stop,
}

/// Where the events are.
#[derive(Debug)]
pub(super) enum Store {
    /// In memory, in parts of about as many events each; the users of each come after those of the one before.
    Held(Vec<Part>),
    /// On disk, a partition of users each.
    Aside(Box<Spill>),
}

impl Default for Store {
    fn default() -> Self {
        Self::Held(Vec::new())
    }
}

/// What holds of the events of a side as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// How many there are.
    pub events: usize,
    /// First and last time, if any has one.
    pub extent: Option<(i64, i64)>,
    /// Whether any has a valence.
    pub valence: bool,
    /// Whether any is an exposure.
    pub exposures: bool,
    /// Whether any is a conversion.
    pub conversions: bool,
    /// Whether any has a text.
    pub texts: bool,
}

impl Facts {
    pub(super) fn of(batches: &[EventBatch]) -> Self {
        let of_batch = |batch: &EventBatch| {
            let known = batch.time.iter().copied().filter(|&t| t != NO_TIME);
            Self {
                events: batch.len(),
                extent: known.map(|t| (t, t)).reduce(wider),
                valence: batch.valence.iter().any(|&v| v != 0),
                exposures: batch.role.contains(&Role::Exposure),
                conversions: batch.role.contains(&Role::Conversion),
                texts: batch.text.iter().any(|text| text.is_some()),
            }
        };
        batches.par_iter().map(of_batch).reduce(Self::default, Self::join)
    }

    pub(super) fn join(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            extent: match (self.extent, other.extent) {
                (Some(a), Some(b)) => Some(wider(a, b)),
                (a, b) => a.or(b),
            },
            valence: self.valence || other.valence,
            exposures: self.exposures || other.exposures,
            conversions: self.conversions || other.conversions,
            texts: self.texts || other.texts,
        }
    }
}

impl Traces {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.facts.events
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Look at every part and its number, several at once; parts on disk are read back for it. Errors if that fails, or if the
    /// work was stopped.
    pub fn map_parts<T: Send>(&self, look: impl Fn(usize, &Part) -> T + Sync) -> Result<Vec<T>> {
        self.map_parts_with(|| (), |(), p, part| look(p, part))
    }

    /// The same with something to work with, which a thread may keep from part to part.
    pub fn map_parts_with<T: Send, W>(
        &self,
        begin: impl Fn() -> W + Sync + Send,
        look: impl Fn(&mut W, usize, &Part) -> T + Sync,
    ) -> Result<Vec<T>> {
        match &self.store {
            Store::Held(parts) => {
                let of_part = |with: &mut W, (p, part): (usize, &Part)| {
                    self.stop.check()?;
                    Ok(look(with, p, part))
                };
                parts.par_iter().enumerate().map_init(begin, of_part).collect()
            }
            Store::Aside(spill) => {
                let of_partition = |with: &mut W, p: usize| {
                    self.stop.check()?;
                    spill.load(p).map(|part| look(with, p, &part))
                };
                (0..spill.len()).into_par_iter().map_init(begin, of_partition).collect()
            }
        }
    }

    /// Whether the parts come in the order of the users.
    pub fn in_order(&self) -> bool {
        matches!(self.store, Store::Held(_))
    }

    /// The events as one batch, in canonical order. Errors if they are on disk: they were too many to be held.
    pub fn to_batch(&self) -> Result<EventBatch> {
        let Store::Held(parts) = &self.store else {
            let said = "the events are on disk, more than --memory allows at once: they cannot be handed over together";
            return Err(
                Error::new(Code::BadOption, said).help("read the log without a bound on memory, or a part of it")
            );
        };
        let owner = parts.iter().flat_map(|part| {
            let users = part.users.iter().enumerate();
            users.flat_map(|(place, &u)| std::iter::repeat_n(u, part.rows(place).len()))
        });
        Ok(EventBatch {
            user: coded(owner.collect(), &self.users),
            time: joined(parts, |p, r| p.time[r]),
            precision: joined(parts, |p, r| p.precision[r]),
            seq: spread(parts, |p| &p.seq),
            scenario: coded(joined(parts, |p, r| p.scenario[r]), &self.names.scenario),
            action: coded(joined(parts, |p, r| p.action[r]), &self.names.action),
            role: joined(parts, |p, r| p.role[r]),
            valence: joined(parts, |p, r| p.valence[r]),
            occurred: joined(parts, |p, r| p.occurred[r]),
            item: coded(spread(parts, |p| &p.item), &self.names.item),
            category: coded(spread(parts, |p| &p.category), &self.names.category),
            value: spread(parts, |p| &p.value),
            count: spread(parts, |p| &p.count),
            text: if parts.iter().any(|p| !p.text.codes.is_empty()) {
                parts.iter().flat_map(|p| (0..p.len()).map(|r| p.text.get(r))).collect()
            } else {
                Texts::default()
            },
            record: joined(parts, |p, r| p.record[r]),
        })
    }
}

fn wider(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0.min(b.0), a.1.max(b.1))
}

fn joined<T>(parts: &[Part], of: impl Fn(&Part, usize) -> T) -> Vec<T> {
    let of = &of;
    parts.iter().flat_map(|p| (0..p.len()).map(move |r| of(p, r))).collect()
}

/// A column that is empty if no part has it.
fn spread<T: Copy>(parts: &[Part], of: impl Fn(&Part) -> &Sparse<T>) -> Vec<T> {
    if parts.iter().all(|p| of(p).values.is_empty()) {
        return Vec::new();
    }
    joined(parts, |p, r| of(p).get(r))
}

fn coded(codes: Vec<u32>, names: &[String]) -> Coded {
    let mut pool = Pool::default();
    for name in names {
        pool.intern(name);
    }
    Coded { codes, pool }
}

/// A column that takes no memory while all of it is the same usual value: most logs lack most columns.
#[derive(Debug, Clone)]
pub struct Sparse<T> {
    usual: T,
    values: Vec<T>,
}

impl<T: Copy> Sparse<T> {
    /// An empty column.
    pub fn new(usual: T) -> Self {
        Self {
            usual,
            values: Vec::new(),
        }
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, row: usize) -> T {
        self.values.get(row).copied().unwrap_or(self.usual)
    }

    /// All values at once.
    pub(super) fn fill(&mut self, values: Vec<T>) {
        self.values = values;
    }

    /// Append values to a column of so many rows; an empty slice stands for usual ones.
    pub(super) fn extend(&mut self, rows: usize, more: impl ExactSizeIterator<Item = T>, usual: bool) {
        if usual && self.values.is_empty() {
            return;
        }
        self.values.resize(rows, self.usual);
        if usual {
            self.values.resize(rows + more.len(), self.usual);
        } else {
            self.values.extend(more);
        }
    }
}

/// The events of some users.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which users, as indices into [`Traces::users`], ascending.
    pub users: Vec<u32>,
    /// The events of its user at place `i` are `starts[i]..starts[i + 1]`.
    pub(super) starts: Vec<usize>,
    /// Microseconds since 1970 UTC, or [`NO_TIME`].
    pub time: Vec<i64>,
    /// How fine the time is.
    pub precision: Vec<Precision>,
    /// Order within the user where the clock cannot tell.
    pub seq: Sparse<u32>,
    /// Code of the scenario.
    pub scenario: Vec<u32>,
    /// Code of the action.
    pub action: Vec<u32>,
    /// Role of the action.
    pub role: Vec<Role>,
    /// -1, 0, +1.
    pub valence: Vec<i8>,
    /// Whether it happened.
    pub occurred: Vec<bool>,
    /// Code of the item or [`NO_CODE`].
    pub item: Sparse<u32>,
    /// Code of the category or [`NO_CODE`].
    pub category: Sparse<u32>,
    /// Value or NaN.
    pub value: Sparse<f64>,
    /// How many acts.
    pub count: Sparse<u32>,
    /// What was said, each text kept once; without a row if nothing was, or if it was not read.
    pub text: Coded,
    /// Record within the user.
    pub record: Vec<u64>,
}

impl Part {
    pub(super) fn new(users: Vec<u32>) -> Self {
        Self {
            starts: vec![0],
            users,
            time: Vec::new(),
            precision: Vec::new(),
            seq: Sparse::new(0),
            scenario: Vec::new(),
            action: Vec::new(),
            role: Vec::new(),
            valence: Vec::new(),
            occurred: Vec::new(),
            item: Sparse::new(NO_CODE),
            category: Sparse::new(NO_CODE),
            value: Sparse::new(f64::NAN),
            count: Sparse::new(1),
            text: Coded::default(),
            record: Vec::new(),
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The rows of the user at a place of `users`.
    pub fn rows(&self, place: usize) -> Range<usize> {
        self.starts[place]..self.starts[place + 1]
    }

    /// The rows of the user at a place without a time, and those with a time in `[from, until)`.
    pub fn rows_within(&self, place: usize, from: i64, until: i64) -> [Range<usize>; 2] {
        let rows = self.rows(place);
        let times = &self.time[rows.clone()];
        let untimed = times.partition_point(|&t| t == NO_TIME);
        let row_at = |time: i64| rows.start + untimed + times[untimed..].partition_point(|&t| t < time);
        let first = row_at(from);
        [rows.start..rows.start + untimed, first..row_at(until).max(first)]
    }
}
