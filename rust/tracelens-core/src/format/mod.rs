//! Bytes -> events, driven by the plan. One file a layout; what they share is here and in `emit`.

mod arrow;
mod batch;
mod columns;
mod delimited;
mod emit;
mod fields;
mod head;
mod json;
mod lanes;
mod lines;
mod look;
mod parquet;
mod records;
mod sqlite;
mod table;
mod task;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod xes;

pub use batch::{Batch, DUPLICATE, FileContext, OnBadRow, Reason, UNWANTED};
pub(crate) use columns::missing;
pub(crate) use delimited::{separator, well_begun};
pub(crate) use head::heads;
pub(crate) use json::{PADDING, lexer, not_utf8, unescape};
pub(crate) use task::{Buffers, File, Origin, Piece, Task, Tasks};

use crate::error::{Code, Error, Place, Result};
use crate::input::discover::{format_of, plain_name};
use crate::input::sniff::sniff;
use crate::input::source::{Source, Stream};
use crate::input::stream::{HEAD, Input};
use crate::mapping::Format;
use std::borrow::Cow;
use std::sync::Arc;

/// Bytes that one task parses: enough to be worth a task, little enough to keep all cores busy.
pub(crate) const TASK_BYTES: usize = 1 << 21;

/// The tasks of a file, each of about so many bytes, cut as it is read.
pub(crate) fn open(file: Arc<File>, mut input: Input, buffers: &Buffers, task_bytes: usize) -> Result<Box<dyn Tasks>> {
    let format = format_of(&file.plan, &file.path, || input.peek(HEAD).map(<[u8]>::to_vec))?;
    meant_for(&file, input.peek(HEAD)?)?;
    open_in_tasks(file, format, input, buffers, task_bytes)
}

/// Refuse a file that neither by its name nor by its beginning is of a format that the mapping reads.
fn meant_for(file: &File, head: &[u8]) -> Result<()> {
    let formats = &file.plan.formats;
    let (named, seen) = (Format::of_name(&plain_name(&file.path)), sniff(head));
    let is_json = |f: Format| matches!(f, Format::Json | Format::Ndjson);
    let fits = |f: Format| formats.contains(&f) || (is_json(f) && formats.iter().any(|&g| is_json(g)));
    if head.is_empty() || fits(seen) || named.is_none_or(fits) {
        return Ok(());
    }
    let reads: Vec<&str> = formats.iter().map(|f| f.name()).collect();
    let (mapping, reads) = (file.plan.name(), reads.join(" or "));
    let what = format!(
        "the mapping \"{mapping}\" reads {reads}, and this file is {}",
        seen.name()
    );
    let help = "leave --mapping out if a built-in one fits, or see what the file holds: tracelens inspect FILE";
    Err(Error::new(Code::Syntax, what).at(Place::file(&file.path)).help(help))
}

fn open_in_tasks(
    file: Arc<File>,
    format: Format,
    input: Input,
    buffers: &Buffers,
    task_bytes: usize,
) -> Result<Box<dyn Tasks>> {
    Ok(match format {
        Format::Json => Box::new(json::Documents::new(file, input, buffers.clone(), task_bytes)),
        Format::Ndjson => return json::Lines::open(file, input, buffers.clone(), task_bytes),
        Format::Delimited => Box::new(delimited::Rows::new(file, input, buffers.clone(), task_bytes)),
        Format::Parquet => parquet::open(file, Source::of(input)?)?,
        Format::Arrow => arrow::open(file, Source::of(input)?)?,
        Format::Sqlite => sqlite::open(file, Source::of(input)?)?,
        Format::Xes => xes::open(file, Stream::new(input), task_bytes),
    })
}

/// A value as a log has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    /// There is none, or it is null.
    Missing,
    /// true or false.
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// Text.
    Text(&'a str),
    /// Text with the escapes of JSON in it.
    Escaped(&'a str),
    /// A list or an object, as it is written: no value of a field.
    Nested(&'a str),
}

impl<'a> Value<'a> {
    /// As text; nothing for a missing or nested value.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        match *self {
            Self::Missing | Self::Nested(_) => None,
            Self::Bool(b) => Some(Cow::Borrowed(if b { "true" } else { "false" })),
            Self::Number(s) => Some(canonical(s)),
            Self::Text(s) => Some(Cow::Borrowed(s)),
            Self::Escaped(s) => Some(Cow::Owned(json::unescape(s))),
        }
    }

    /// As it is written in the log, to find it there.
    pub(crate) fn raw(&self) -> Option<&'a str> {
        match *self {
            Self::Missing | Self::Bool(_) => None,
            Self::Number(s) | Self::Text(s) | Self::Escaped(s) | Self::Nested(s) => Some(s),
        }
    }

    /// Whether a flag is set: true, a number above 0, or a text that says so.
    pub(crate) fn truth(&self) -> bool {
        match *self {
            Self::Missing | Self::Nested(_) => false,
            Self::Bool(b) => b,
            Self::Number(s) => s.parse().is_ok_and(|n: f64| n > 0.0),
            Self::Text(s) => says_yes(s),
            Self::Escaped(s) => says_yes(&json::unescape(s)),
        }
    }
}

/// Numbers that are the same are the same text: 1.0 is 1, as an id that went through a table of floats has it.
fn canonical(number: &str) -> Cow<'_, str> {
    if number.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return Cow::Borrowed(number);
    }
    match number.parse::<f64>() {
        Ok(n) if n.is_finite() => Cow::Owned(n.to_string()),
        _ => Cow::Borrowed(number),
    }
}

fn says_yes(text: &str) -> bool {
    match text.trim() {
        "" | "0" | "false" | "False" | "FALSE" | "no" | "n" | "f" => false,
        other => other.parse::<f64>().map_or(true, |n| n > 0.0),
    }
}

/// A row of a log, whatever it is made of.
pub(crate) trait Row {
    /// The value at a path of the plan, by its number; of several the first.
    fn path(&self, number: usize) -> Value<'_>;
    /// All values at a path.
    fn every<'r>(&'r self, number: usize, each: &mut dyn FnMut(Value<'r>)) {
        each(self.path(number));
    }
    /// The object key at an explode level.
    fn key(&self, level: usize) -> Option<&str>;
    /// The position at an explode level.
    fn index(&self, level: usize) -> Option<usize>;
    /// A column by number.
    fn column(&self, number: usize) -> Value<'_>;
    /// Changes whenever a new element of this level begins.
    fn generation(&self, level: usize) -> u64;
}
