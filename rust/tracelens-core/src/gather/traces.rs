//! All events of one side in canonical order, in parts that are worked on apart.

use super::part::{Part, Sparse};
use super::spill::Spill;
use crate::error::{Code, Error, Result};
use crate::event::{Coded, EventBatch, NO_TIME, Pool, Role, Texts};
use crate::stop::Stop;
use rayon::prelude::*;

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
    /// In memory.
    Held(Held),
    /// On disk, a partition of users each.
    Aside(Box<Spill>),
}

/// Events in memory, and where to find those of a user.
#[derive(Debug, Default)]
pub(super) struct Held {
    parts: Vec<Part>,
    /// By user: a part, and the place among its users.
    places: Vec<(u32, u32)>,
}

impl Held {
    /// Every one of so many users is in one of the parts.
    pub(super) fn new(parts: Vec<Part>, users: usize) -> Self {
        let mut places = vec![(0, 0); users];
        for (p, part) in parts.iter().enumerate() {
            for (place, &user) in part.users.iter().enumerate() {
                places[user as usize] = (p as u32, place as u32);
            }
        }
        Self { parts, places }
    }

    /// The part of a user, and the place there.
    pub(super) fn find(&self, user: usize) -> (&Part, usize) {
        let (part, place) = self.places[user];
        (&self.parts[part as usize], place as usize)
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::Held(Held::default())
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
            Store::Held(held) => {
                let of_part = |with: &mut W, (p, part): (usize, &Part)| {
                    self.stop.check()?;
                    Ok(look(with, p, part))
                };
                held.parts.par_iter().enumerate().map_init(begin, of_part).collect()
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
        matches!(&self.store, Store::Held(held) if held.places.is_sorted())
    }

    /// The events as one batch, in canonical order. Errors if they are on disk: they were too many to be held.
    pub fn to_batch(&self) -> Result<EventBatch> {
        let Store::Held(held) = &self.store else {
            let said = "the events are on disk, more than --memory allows at once: they cannot be handed over together";
            return Err(
                Error::new(Code::BadOption, said).help("read the log without a bound on memory, or a part of it")
            );
        };
        let owner = (0..self.users.len()).flat_map(|user| {
            let (part, place) = held.find(user);
            std::iter::repeat_n(user as u32, part.rows(place).len())
        });
        Ok(EventBatch {
            user: coded(owner.collect(), &self.users),
            time: held.joined(|p, r| p.time[r]),
            precision: held.joined(|p, r| p.precision[r]),
            seq: held.spread(|p| &p.seq),
            scenario: coded(held.joined(|p, r| p.scenario[r]), &self.names.scenario),
            action: coded(held.joined(|p, r| p.action[r]), &self.names.action),
            role: held.joined(|p, r| p.role[r]),
            valence: held.joined(|p, r| p.valence[r]),
            occurred: held.joined(|p, r| p.occurred[r]),
            item: coded(held.spread(|p| &p.item), &self.names.item),
            category: coded(held.spread(|p| &p.category), &self.names.category),
            value: held.spread(|p| &p.value),
            count: held.spread(|p| &p.count),
            text: if held.parts.iter().any(|p| !p.text.codes.is_empty()) {
                held.rows().map(|(part, _, row)| part.text.get(row)).collect()
            } else {
                Texts::default()
            },
            record: held.rows().map(|(part, place, row)| part.record(place, row)).collect(),
            first_record: 0,
        })
    }
}

impl Held {
    /// All events, user by user: the part, the user's place there, and the row.
    fn rows(&self) -> impl Iterator<Item = (&Part, usize, usize)> {
        let of_user = |user: usize| {
            let (part, place) = self.find(user);
            part.rows(place).map(move |row| (part, place, row))
        };
        (0..self.places.len()).flat_map(of_user)
    }

    fn joined<T>(&self, of: impl Fn(&Part, usize) -> T) -> Vec<T> {
        self.rows().map(|(part, _, row)| of(part, row)).collect()
    }

    /// A column that is empty if no part has it.
    fn spread<T: Copy>(&self, of: impl Fn(&Part) -> &Sparse<T>) -> Vec<T> {
        if self.parts.iter().all(|part| of(part).values.is_empty()) {
            return Vec::new();
        }
        self.joined(|part, row| of(part).get(row))
    }
}

fn wider(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0.min(b.0), a.1.max(b.1))
}

fn coded(codes: Vec<u32>, names: &[String]) -> Coded {
    let mut pool = Pool::default();
    for name in names {
        pool.intern(name);
    }
    Coded { codes, pool }
}
