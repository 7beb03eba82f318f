//! The mapping language as data: what every key means, shown in examples. The parser knows no key that is not here, the page
//! `docs/mapping.md` is rendered from it, and its examples are tests.

mod field;
mod files;
mod page;
mod rows;
mod several;
mod tables;
#[cfg(test)]
mod tests;
mod time;
mod whole;

pub use page::markdown;

use super::section::Known;
#[cfg(test)]
pub(super) use tests::met;

/// A key of a table, or another thing that a mapping may say.
#[derive(Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What is written behind it.
    pub kind: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn key(name: &'static str, kind: &'static str, meaning: &'static str) -> Key {
    Key { name, kind, meaning }
}

/// A mapping, a log, and the events that they make.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub shows: &'static str,
    /// The mapping.
    pub mapping: &'static str,
    /// The side of it that is read.
    pub side: Option<&'static str>,
    /// Names and texts of files beside it.
    pub files: &'static [(&'static str, &'static str)],
    /// The columns of its events that are shown; none: its logs are no text, and only the mapping is.
    pub columns: &'static [&'static str],
    /// The events, a value a column; `-` where there is none.
    pub events: &'static [&'static [&'static str]],
}

/// One thing of the language: a table, or a part of what stands in tables.
#[derive(Debug)]
pub struct Chapter {
    /// Its heading.
    pub title: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// What stands over the table of keys.
    pub heads: [&'static str; 3],
    /// Its keys.
    pub keys: &'static [Key],
    /// What stands under them.
    pub more: &'static str,
    /// Examples.
    pub examples: &'static [Example],
}

const KEYS: [&str; 3] = ["key", "value", "meaning"];

const fn chapter(title: &'static str, text: &'static str, keys: &'static [Key]) -> Chapter {
    Chapter {
        title,
        text,
        heads: KEYS,
        keys,
        more: "",
        examples: &[],
    }
}

impl Chapter {
    const fn heads(mut self, heads: [&'static str; 3]) -> Self {
        self.heads = heads;
        self
    }

    const fn more(mut self, more: &'static str) -> Self {
        self.more = more;
        self
    }

    const fn examples(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }
}

/// Everything, in the order of the page.
const CHAPTERS: [&Chapter; 22] = [
    &whole::MAPPING,
    &whole::FORMATS,
    &files::FILES,
    &files::DELIMITED,
    &files::SQLITE,
    &rows::ROWS,
    &rows::EVENT,
    &field::PATHS,
    &field::SOURCES,
    &field::OPERATIONS,
    &field::TESTS,
    &time::TIME,
    &time::FORMATS,
    &tables::MAP,
    &tables::OCCURRED,
    &tables::MELT,
    &tables::ROLE,
    &tables::VALENCE,
    &tables::GIVEN,
    &several::SIDES,
    &several::SOURCE,
    &files::SIGNATURE,
];

/// The keys any one of which says where a value comes from.
pub(super) fn sources() -> Vec<&'static str> {
    let names = field::SOURCES.keys.iter().map(|key| key.name);
    names.filter(|name| *name != "separator").collect()
}

/// A table whose keys are data.
pub(super) const FREE: Known = &[];
pub(super) const ROOT: Known = &[&whole::MAPPING];
pub(super) const FILES: Known = &[&files::FILES];
pub(super) const DELIMITED: Known = &[&files::DELIMITED];
pub(super) const SQLITE: Known = &[&files::SQLITE];
pub(super) const SIGNATURE: Known = &[&files::SIGNATURE];
pub(super) const ROWS: Known = &[&rows::ROWS];
pub(super) const EVENT: Known = &[&rows::EVENT];
pub(super) const FIELD: Known = &[&field::SOURCES, &field::OPERATIONS];
pub(super) const TEST: Known = &[&field::SOURCES, &field::OPERATIONS, &field::TESTS];
pub(super) const TIME: Known = &[&field::SOURCES, &field::OPERATIONS, &time::TIME];
pub(super) const OCCURRED: Known = &[&tables::OCCURRED];
pub(super) const ROLE: Known = &[&tables::ROLE];
pub(super) const VALENCE: Known = &[&tables::VALENCE];
pub(super) const GIVEN: Known = &[&tables::GIVEN];
pub(super) const SIDE: Known = &[&several::SIDES];
pub(super) const SOURCE: Known = &[&several::SOURCE];
