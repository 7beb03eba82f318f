//! What follows what (metric C0): pairs and triples of successive scenarios, and of successive actions, within a session.
//!
//! Unlike the run-collapsed switches, repetitions count. Events without an action (a record seen in which nothing was done)
//! are left out of the sequence of actions; dates stay out of both. Source: n-grams as in C. E. Shannon, Bell System Technical
//! Journal 27, 379 (1948).

use super::runs::in_sessions;
use super::{Table, pair};
use crate::event::NO_CODE;
use crate::gather::Trace;
use hashbrown::HashMap;

/// What a gram is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of {
    /// Codes of scenarios.
    Scenarios,
    /// Codes of actions.
    Actions,
}

/// Two or three successive scenarios or actions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gram {
    /// What the codes are of.
    pub of: Of,
    /// The codes, earliest first.
    pub codes: Vec<u32>,
}

/// Accumulator of grams.
#[derive(Debug)]
pub struct Grams {
    /// By user and gram, an index into [`Grams::grams`]: how often. The grams of a user stand in the order in which that user
    /// first did them, which no other user can change.
    pub table: Table,
    /// Distinct grams in the order of first appearance.
    pub grams: Vec<Gram>,
    scenarios: Sequence,
    actions: Sequence,
    /// Counts of one user by gram, and which of them are not 0.
    counts: Vec<u32>,
    met: Vec<u32>,
}

/// The sequence of one kind, and the codes of its grams.
#[derive(Debug)]
struct Sequence {
    of: Of,
    /// How many codes the log knows.
    known: usize,
    last: u32,
    /// The gram of the last two.
    last_pair: u32,
    pairs: Codes,
    /// By the gram of the first two and the third.
    triples: Codes,
}

/// Indices of grams by small keys.
#[derive(Debug, Default)]
struct Codes {
    /// One more than the index; 0 for those not met.
    dense: Vec<u32>,
    sparse: HashMap<u64, u32>,
}

/// Keys below this have a place of their own; beyond it memory would cost more than hashing.
const DENSE: u64 = 1 << 20;

impl Codes {
    /// The index of a key; `new` makes one for a key not met before.
    #[inline]
    fn get(&mut self, key: u64, new: impl FnOnce() -> u32) -> u32 {
        if key >= DENSE {
            return *self.sparse.entry(key).or_insert_with(new);
        }
        let key = key as usize;
        if key >= self.dense.len() {
            self.dense.resize((key + 1).next_power_of_two(), 0);
        }
        let place = &mut self.dense[key];
        if *place == 0 {
            *place = new() + 1;
        }
        *place - 1
    }
}

impl Sequence {
    fn new(of: Of, known: usize) -> Self {
        Self {
            of,
            known,
            last: NO_CODE,
            last_pair: NO_CODE,
            pairs: Codes::default(),
            triples: Codes::default(),
        }
    }

    fn begin(&mut self) {
        (self.last, self.last_pair) = (NO_CODE, NO_CODE);
    }

    /// The pair and the triple that end with `code`, one after the other.
    #[inline]
    fn next(&mut self, code: u32, grams: &mut Vec<Gram>, mut each: impl FnMut(u32)) {
        let (last, last_pair) = (self.last, self.last_pair);
        self.last = code;
        if last == NO_CODE {
            return;
        }
        self.last_pair = self.pair(last, code, grams);
        each(self.last_pair);
        if last_pair != NO_CODE {
            each(self.triple(last_pair, code, grams));
        }
    }

    #[inline]
    fn pair(&mut self, first: u32, second: u32, grams: &mut Vec<Gram>) -> u32 {
        let of = self.of;
        let new = || added(grams, of, vec![first, second]);
        self.pairs.get(pair(first, second, self.known), new)
    }

    #[inline]
    fn triple(&mut self, first_two: u32, third: u32, grams: &mut Vec<Gram>) -> u32 {
        let of = self.of;
        let new = || {
            let mut codes = grams[first_two as usize].codes.clone();
            codes.push(third);
            added(grams, of, codes)
        };
        self.triples.get(pair(first_two, third, self.known), new)
    }
}

fn added(grams: &mut Vec<Gram>, of: Of, codes: Vec<u32>) -> u32 {
    grams.push(Gram { of, codes });
    grams.len() as u32 - 1
}

impl Grams {
    /// How many scenarios and how many actions the log knows.
    pub fn new(scenarios: usize, actions: usize) -> Self {
        Self {
            table: Table::new(&["user", "gram", "count"]),
            grams: Vec::new(),
            scenarios: Sequence::new(Of::Scenarios, scenarios),
            actions: Sequence::new(Of::Actions, actions),
            counts: Vec::new(),
            met: Vec::new(),
        }
    }

    /// Count one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        let Self {
            table,
            grams,
            scenarios,
            actions,
            counts,
            met,
        } = self;
        let mut count = |gram: u32| {
            let place = gram as usize;
            if place >= counts.len() {
                counts.resize((place + 1).next_power_of_two(), 0);
            }
            if counts[place] == 0 {
                met.push(gram);
            }
            counts[place] += 1;
        };
        in_sessions(trace, |new, e| {
            if new {
                scenarios.begin();
                actions.begin();
            }
            scenarios.next(e.scenario, grams, &mut count);
            if e.action != NO_CODE {
                actions.next(e.action, grams, &mut count);
            }
        });
        for gram in met.drain(..) {
            let count = std::mem::take(&mut counts[gram as usize]);
            table.push([user, i64::from(gram), i64::from(count)]);
        }
    }

    /// Append the grams of later users.
    pub fn append(&mut self, other: &Self) {
        // A triple comes after its first two, so their code is known when it is looked up.
        let map: Vec<u32> = other.grams.iter().map(|gram| self.code(gram)).collect();
        let columns = self.table.columns.iter_mut().zip(&other.table.columns);
        for ((column, more), name) in columns.zip(self.table.names) {
            if *name == "gram" {
                column.extend(more.iter().map(|&gram| i64::from(map[gram as usize])));
            } else {
                column.extend_from_slice(more);
            }
        }
    }

    fn code(&mut self, gram: &Gram) -> u32 {
        let sequence = match gram.of {
            Of::Scenarios => &mut self.scenarios,
            Of::Actions => &mut self.actions,
        };
        let first_two = sequence.pair(gram.codes[0], gram.codes[1], &mut self.grams);
        match gram.codes.get(2) {
            Some(&third) => sequence.triple(first_two, third, &mut self.grams),
            None => first_two,
        }
    }
}
