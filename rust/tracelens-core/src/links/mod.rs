//! Links: what an event is about, and how alike two events are in that.
//!
//! Events are linked by item, or by the content of what was said or shown (see [`contents`]) where two contents are more alike
//! than all but one in a hundred pairs of strangers at the same time (see [`threshold`]). Nothing of this costs anything
//! where a log has no text.

mod contents;
mod index;
mod threshold;
mod words;

pub use contents::{Content, Contents, WORDS};
pub use index::Index;
pub use words::words;

use crate::error::Result;
use crate::event::{NO_CODE, NO_TIME, Role};
use crate::gather::{Part, Traces, Window};
use rayon::prelude::*;

/// What links need to know of a whole side.
#[derive(Debug)]
pub struct Links {
    contents: Contents,
    /// The similarity from which on contents are linked.
    pub threshold: f64,
    /// Conversions of all users with a clock, inside their windows, by user in canonical order.
    conversions: Vec<Conversion>,
}

/// A conversion and what it is about.
#[derive(Debug, Clone, Copy)]
struct Conversion {
    user: u32,
    part: u32,
    /// Place within the user.
    place: u32,
    text: u32,
    item: u32,
    time: i64,
}

/// What an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Aim<'a> {
    /// Code of the item or [`NO_CODE`].
    pub item: u32,
    /// What was said or shown.
    pub content: Content<'a>,
}

impl Links {
    /// Of traces with texts, within the windows of the users; none without texts.
    pub fn new(traces: &Traces, windows: &[Option<Window>]) -> Result<Option<Self>> {
        let Some(contents) = Contents::new(traces)? else {
            return Ok(None);
        };
        let found = traces.map_parts(|p, part| conversions(p as u32, part, windows).collect::<Vec<_>>())?;
        let mut conversions: Vec<Conversion> = found.into_iter().flatten().collect();
        // Parts on disk do not come in the order of their users.
        conversions.par_sort_by_key(|c| c.user);
        let threshold = threshold::threshold(traces, windows, &contents, &conversions)?;
        Ok(Some(Self {
            contents,
            threshold,
            conversions,
        }))
    }

    /// What links a part's events.
    pub fn of_part(&self, part: usize) -> Linking<'_> {
        Linking { links: self, part }
    }
}

fn conversions<'a>(p: u32, part: &'a Part, windows: &'a [Option<Window>]) -> impl Iterator<Item = Conversion> + 'a {
    part.users.iter().enumerate().flat_map(move |(at, &user)| {
        let all = part.rows(at);
        let rows = timed(part, at, windows[user as usize]);
        rows.filter(|&r| part.role[r] == Role::Conversion && part.occurred[r])
            .map(move |r| Conversion {
                user,
                part: p,
                place: (r - all.start) as u32,
                text: part.text.codes.get(r).copied().unwrap_or(NO_CODE),
                item: part.item.get(r),
                time: part.time[r],
            })
    })
}

/// The rows inside the window of the user at a place who has a clock; none of the others.
fn timed(part: &Part, place: usize, window: Option<Window>) -> std::ops::Range<usize> {
    let clock = part.rows(place).next().is_some_and(|r| part.time[r] != NO_TIME);
    match window {
        Some(w) if clock => part.rows_within(place, w.from, w.until)[1].clone(),
        _ => 0..0,
    }
}

/// How events of one part are linked.
#[derive(Debug, Clone, Copy)]
pub struct Linking<'a> {
    links: &'a Links,
    part: usize,
}

impl<'a> Linking<'a> {
    /// The content of a text of the part.
    pub fn content(&self, text: u32) -> Content<'a> {
        self.links.contents.get(self.part, text)
    }

    /// How alike two events are: 1 for the same item, else as alike as what was said.
    pub fn similarity(&self, a: Aim, b: Aim) -> f64 {
        self.links.similarity(a, b)
    }

    /// Whether something so similar is linked.
    pub fn is_linked(&self, similarity: f64) -> bool {
        similarity > 0.0 && similarity >= self.links.threshold
    }

    /// What the conversion number `i` of a user may be compared with: the conversion, counted in a circle, of the next user in
    /// order who has any, the first following the last.
    pub fn of_another(&self, user: usize, i: usize) -> Option<Aim<'a>> {
        let all = &self.links.conversions;
        let until = all.partition_point(|c| c.user as usize <= user);
        let from = if until == all.len() { 0 } else { until };
        let other = all.get(from)?.user;
        let own = &all[from..from + all[from..].partition_point(|c| c.user == other)];
        let theirs = own[i % own.len()];
        (other as usize != user).then(|| self.links.aim(&theirs))
    }
}

impl Links {
    fn aim(&self, of: &Conversion) -> Aim<'_> {
        Aim {
            item: of.item,
            content: self.contents.get(of.part as usize, of.text),
        }
    }

    fn similarity(&self, a: Aim, b: Aim) -> f64 {
        similarity(&self.contents, a, b)
    }
}

fn similarity(contents: &Contents, a: Aim, b: Aim) -> f64 {
    if a.item != NO_CODE && a.item == b.item {
        1.0
    } else {
        contents.similarity(a.content, b.content)
    }
}
