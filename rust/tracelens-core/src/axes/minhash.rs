//! Sketches of traces for near-duplicates (metric G8): who did the same things in the same order as somebody else?
//!
//! What a person did in a row, five events at a time, each with its scenario, action and item, is a set; sets are alike by
//! their Jaccard similarity. One permutation (a fixed hash) throws the members of a set into slots, and of each slot the least
//! is kept. Of two sketches: slots with the same value, over slots that either fills, estimates the similarity without
//! bias. Names are hashed, not codes: sketches of different logs can be compared.
//!
//! Sources: A. Broder, Proc. SEQUENCES 1997, 21, for sketches of shingles; P. Li, A. Owen, C.-H. Zhang, NIPS 25, 3113 (2012), for
//! one permutation in place of many, and its estimator.

use super::Table;
use crate::event::NO_CODE;
use crate::gather::{Event, Names, Trace};
use xxhash_rust::xxh3::xxh3_64;

/// Events in a row that make one member of the set; a shorter trace is one member as a whole.
const LENGTH: usize = 5;
/// 2^7 slots.
const SLOT_BITS: u32 = 7;
const SLOTS: usize = 1 << SLOT_BITS;
/// So that the order of the events counts.
const ODD: u64 = 0x9fb2_1c65_1e98_df25;
const EMPTY: u64 = u64::MAX;

/// What the names of a log hash to, by code.
#[derive(Debug)]
pub struct Hashes {
    scenarios: Vec<u64>,
    actions: Vec<u64>,
    items: Vec<u64>,
}

impl Hashes {
    /// Of all names of a log.
    pub fn new(names: &Names) -> Self {
        let of = |names: &[String]| names.iter().map(|name| xxh3_64(name.as_bytes())).collect();
        Self {
            scenarios: of(&names.scenario),
            actions: of(&names.action),
            items: of(&names.item),
        }
    }

    fn event(&self, e: &Event) -> u64 {
        let of = |hashes: &[u64], code: u32| if code == NO_CODE { 0 } else { hashes[code as usize] };
        let (scenario, action) = (of(&self.scenarios, e.scenario), of(&self.actions, e.action));
        // Turned, so that one name in two columns is two things.
        mix(scenario ^ action.rotate_left(21) ^ of(&self.items, e.item).rotate_left(42))
    }
}

/// Accumulator of sketches.
#[derive(Debug)]
pub struct MinHash<'a> {
    hashes: &'a Hashes,
    /// The value of each slot by user; slots that nothing fell into are left out.
    pub table: Table,
    events: Vec<u64>,
}

impl<'a> MinHash<'a> {
    /// `hashes`: those of the log.
    pub fn new(hashes: &'a Hashes) -> Self {
        Self {
            hashes,
            table: Table::new(&["user", "slot", "value"]),
            events: Vec::new(),
        }
    }

    /// Sketch one user.
    pub fn fold(&mut self, user: i64, trace: &Trace) {
        self.events.clear();
        self.events.extend(trace.events.iter().map(|e| self.hashes.event(e)));
        if self.events.is_empty() {
            return;
        }
        let mut least = [EMPTY; SLOTS];
        for row in self.events.windows(LENGTH.min(self.events.len())) {
            let hash = mix(row
                .iter()
                .fold(0, |hash: u64, &event| hash.wrapping_mul(ODD).wrapping_add(event)));
            let slot = &mut least[(hash >> (u64::BITS - SLOT_BITS)) as usize];
            *slot = (*slot).min(hash << SLOT_BITS >> SLOT_BITS);
        }
        for (slot, &value) in least.iter().enumerate().filter(|(_, v)| **v != EMPTY) {
            self.table.push([user, slot as i64, value as i64]);
        }
    }
}

/// A permutation of 64 bits without visible structure: the finaliser of G. Steele, D. Lea and C. Flood, `SplitMix`, OOPSLA
/// 2014.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
