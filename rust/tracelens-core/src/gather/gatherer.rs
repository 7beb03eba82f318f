//! Where batches of events, in whatever order they are read, wait until all are there.

use super::scatter::scatter;
use super::spill::Spill;
use super::traces::{Facts, Held, Names, Store, Traces};
use crate::error::{Code, Error, Result};
use crate::event::{EventBatch, NO_CODE};
use crate::stop::Stop;

/// Collects batches; [`Gatherer::finish`] sorts them.
#[derive(Debug)]
pub struct Gatherer {
    batches: Vec<EventBatch>,
    /// What the batches take, in bytes, and how much they may.
    held: usize,
    most: Option<usize>,
    spill: Option<Spill>,
    /// Events a part, at least: small enough to balance, large enough to be cheap to merge.
    events_a_part: usize,
    stop: Stop,
}

/// Of the memory that is allowed, this share is for batches that wait: reading, sorting and the statistics take the rest.
const SHARE_HELD: u64 = 4;

impl Default for Gatherer {
    fn default() -> Self {
        Self::new(None, Stop::default())
    }
}

impl Gatherer {
    /// One that keeps within about `memory` bytes, and puts events aside on disk beyond that; and that can be stopped.
    pub fn new(memory: Option<u64>, stop: Stop) -> Self {
        Self {
            most: memory.map(|bytes| usize::try_from(bytes / SHARE_HELD).unwrap_or(usize::MAX)),
            stop,
            batches: Vec::new(),
            held: 0,
            spill: None,
            events_a_part: 1 << 17,
        }
    }

    /// With so many events a part, at least: a matter of speed alone, no result depends on it.
    #[must_use]
    pub fn with_parts_of(self, events: usize) -> Self {
        Self {
            events_a_part: events,
            ..self
        }
    }

    /// Add a batch. Errors if events have to be put aside and cannot.
    pub fn push(&mut self, batch: EventBatch) -> Result<()> {
        self.held += batch.memory();
        self.batches.push(batch);
        if self.most.is_some_and(|most| self.held > most) {
            self.put_aside()?;
        }
        self.stop.check()
    }

    fn put_aside(&mut self) -> Result<()> {
        self.held = 0;
        let batches = std::mem::take(&mut self.batches);
        match &mut self.spill {
            Some(spill) => spill.take(batches),
            none => none.insert(Spill::new()?).take(batches),
        }
    }

    /// Sort by user and time. Errors if there is no event, or more in memory than 2^32 - 1.
    pub fn finish(mut self) -> Result<Traces> {
        if self.spill.is_some() {
            self.put_aside()?;
        }
        let facts = Facts::of(&self.batches);
        let (names, facts, store) = match self.spill {
            Some(mut spill) => {
                let (names, facts) = spill.close();
                (names, facts, Store::Aside(Box::new(spill)))
            }
            None if facts.events == 0 => {
                return Err(Error::new(Code::NoEvents, "no usable event was read")
                    .help("check that the path and the mapping belong together"));
            }
            None if facts.events >= NO_CODE as usize => {
                let said = format!("{} events are more than can be held in memory at once", facts.events);
                return Err(Error::new(Code::BadOption, said).help("say with --memory how much may be used"));
            }
            None => {
                let (names, parts) = scatter(self.batches, self.events_a_part);
                let held = Held::new(parts, names[0].len());
                (names, facts, Store::Held(held))
            }
        };
        self.stop.check()?;
        let [users, scenario, action, item, category] = names;
        Ok(Traces {
            users,
            names: Names {
                scenario,
                action,
                item,
                category,
            },
            facts,
            store,
            stop: self.stop,
        })
    }
}
