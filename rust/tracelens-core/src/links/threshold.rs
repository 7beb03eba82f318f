//! How alike strangers are: the similarity from which on two events are linked.
//!
//! It is the 99th percentile (nearest rank) of the similarity of conversions and other users' events at about the same time.
//! Of both a sample is enough, drawn by a hash of user and place within the user, so that no cut of the input matters.

use super::{Aim, Contents, Conversion, similarity, timed};
use crate::event::NO_CODE;
use crate::gather::{Part, Traces, Window};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

/// Conversions in the sample, about.
const CONVERSIONS: u64 = 10_000;
/// Events in the sample, about.
const EVENTS: u64 = 100_000;
/// Events compared with a conversion in either direction of time.
const NEAREST: usize = 10;
/// Events looked at in either direction: one person may fill a whole hour.
const LOOKED_AT: usize = 50;
/// One pair of strangers in so many is linked.
const ONE_IN: usize = 100;

/// An event that may be compared: time, user, place within the user; part and row.
type Sampled = (i64, u32, u32, u32, u32);

pub(super) fn threshold(
    traces: &Traces,
    windows: &[Option<Window>],
    contents: &Contents,
    conversions: &[Conversion],
) -> f64 {
    let parts = || traces.parts.par_iter().enumerate().map(|(p, part)| (p as u32, part));
    let speaking = |part: &Part, row: usize| {
        part.item.get(row) != NO_CODE || part.text.codes.get(row).is_some_and(|&text| text != NO_CODE)
    };
    let all: u64 = parts()
        .map(|(_, part)| {
            let of_user = |user| timed(part, user, windows[user]).filter(|&r| speaking(part, r)).count();
            part.users.clone().map(of_user).sum::<usize>() as u64
        })
        .sum();
    let mut events: Vec<Sampled> = parts()
        .flat_map_iter(|(p, part)| {
            part.users.clone().flat_map(move |user| {
                let first = part.rows(user).start;
                let place = move |row: usize| (row - first) as u32;
                timed(part, user, windows[user])
                    .filter(move |&r| speaking(part, r) && drawn(user as u32, place(r), EVENTS, all))
                    .map(move |r| (part.time[r], user as u32, place(r), p, r as u32))
            })
        })
        .collect();
    events.par_sort_unstable();
    let of = conversions.len() as u64;
    let mut found: Vec<f64> = conversions
        .par_iter()
        .filter(|c| drawn(c.user, c.place, CONVERSIONS, of))
        .flat_map_iter(|c| {
            let own = Aim {
                item: c.item,
                content: contents.get(c.part as usize, c.text),
            };
            strangers(&events, c).map(move |&(_, _, _, p, row)| {
                let (part, row) = (&traces.parts[p as usize], row as usize);
                let text = part.text.codes.get(row).copied().unwrap_or(NO_CODE);
                let other = Aim {
                    item: part.item.get(row),
                    content: contents.get(p as usize, text),
                };
                similarity(contents, own, other)
            })
        })
        .collect();
    found.par_sort_unstable_by(f64::total_cmp);
    let rank = found.len() - found.len() / ONE_IN;
    found.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// Whether an event is one of about `some` of `all`.
fn drawn(user: u32, place: u32, some: u64, all: u64) -> bool {
    if all <= some {
        return true;
    }
    let key = u64::from(user) << 32 | u64::from(place);
    xxh3_64(&key.to_le_bytes()) <= u64::MAX / all * some
}

/// The events of other users nearest in time before a conversion, and from it on.
fn strangers<'a>(events: &'a [Sampled], c: &Conversion) -> impl Iterator<Item = &'a Sampled> {
    let user = c.user;
    let (before, after) = events.split_at(events.partition_point(|e| e.0 < c.time));
    let other = move |e: &&Sampled| e.1 != user;
    let before = before.iter().rev().take(LOOKED_AT).filter(other).take(NEAREST);
    before.chain(after.iter().take(LOOKED_AT).filter(other).take(NEAREST))
}
