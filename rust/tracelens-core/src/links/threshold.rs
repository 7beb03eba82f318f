//! How alike strangers are: the similarity from which on two events are linked.
//!
//! It is the 99th percentile (nearest rank) of the similarity of conversions and other users' events at about the same time.
//! Of both a sample is enough, drawn by a hash of user and place within the user, so that no cut of the input matters.

use super::{Aim, Contents, Conversion, similarity, timed};
use crate::error::Result;
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

/// An event that may be compared.
#[derive(Debug, Clone, Copy)]
struct Sampled<'a> {
    time: i64,
    user: u32,
    /// Place within the user.
    place: u32,
    aim: Aim<'a>,
}

pub(super) fn threshold(
    traces: &Traces,
    windows: &[Option<Window>],
    contents: &Contents,
    conversions: &[Conversion],
) -> Result<f64> {
    let speaking = |part: &Part, row: usize| {
        part.item.get(row) != NO_CODE || part.text.codes.get(row).is_some_and(|&text| text != NO_CODE)
    };
    let counts = traces.map_parts(|_, part| {
        let of_user = |(place, &user): (usize, &u32)| {
            let rows = timed(part, place, windows[user as usize]);
            rows.filter(|&r| speaking(part, r)).count() as u64
        };
        part.users.iter().enumerate().map(of_user).sum::<u64>()
    })?;
    let all = counts.into_iter().sum();
    let sampled = traces.map_parts(|p, part| {
        let of_user = |(at, &user): (usize, &u32)| {
            let first = part.rows(at).start;
            let place = move |row: usize| (row - first) as u32;
            timed(part, at, windows[user as usize])
                .filter(move |&r| speaking(part, r) && drawn(user, place(r), EVENTS, all))
                .map(move |r| Sampled {
                    time: part.time[r],
                    user,
                    place: place(r),
                    aim: Aim {
                        item: part.item.get(r),
                        content: contents.get(p, part.text.codes.get(r).copied().unwrap_or(NO_CODE)),
                    },
                })
        };
        part.users.iter().enumerate().flat_map(of_user).collect::<Vec<_>>()
    })?;
    let mut events: Vec<Sampled> = sampled.into_iter().flatten().collect();
    events.par_sort_unstable_by_key(|e| (e.time, e.user, e.place));
    let of = conversions.len() as u64;
    let mut found: Vec<f64> = conversions
        .par_iter()
        .filter(|c| drawn(c.user, c.place, CONVERSIONS, of))
        .flat_map_iter(|c| {
            let own = Aim {
                item: c.item,
                content: contents.get(c.part as usize, c.text),
            };
            strangers(&events, c).map(move |e| similarity(contents, own, e.aim))
        })
        .collect();
    found.par_sort_unstable_by(f64::total_cmp);
    let rank = found.len() - found.len() / ONE_IN;
    Ok(found.get(rank.saturating_sub(1)).copied().unwrap_or(0.0))
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
fn strangers<'a, 'c>(events: &'a [Sampled<'c>], c: &Conversion) -> impl Iterator<Item = &'a Sampled<'c>> {
    let user = c.user;
    let (before, after) = events.split_at(events.partition_point(|e| e.time < c.time));
    let other = move |e: &&Sampled| e.user != user;
    let before = before.iter().rev().take(LOOKED_AT).filter(other).take(NEAREST);
    before.chain(after.iter().take(LOOKED_AT).filter(other).take(NEAREST))
}
