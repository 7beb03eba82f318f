//! What comes of a piece of a file: events, and rows that were refused for a reason.

use super::Value;
use super::look::UnmappedValues;
use super::task::{File, Piece};
use crate::error::{Error, Place};
use crate::event::EventBatch;
use crate::input::text::snippet;
use crate::mapping::field::FilePart;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// What happens at a row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBadRow {
    /// Reading stops with an error.
    Error,
    /// The row is dropped and counted by reason.
    Drop,
}

/// Why rows are dropped that the mapping itself says to drop: they are not bad.
pub const UNWANTED: Reason = "unmapped value, dropped as the mapping says";

/// Why a row is dropped whose like was met before, as the mapping says.
pub const DUPLICATE: Reason = "duplicate";

/// Why a row was dropped, in words.
pub type Reason = &'static str;

/// Parts of a file's path, as mappings ask for them.
#[derive(Debug, Clone, Default)]
pub struct FileContext {
    path: String,
    name: String,
    stem: String,
    parent: String,
}

impl FileContext {
    /// Of a path.
    pub fn new(path: &Path) -> Self {
        let lossy = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let name = lossy(path.file_name());
        Self {
            path: path.to_string_lossy().into_owned(),
            stem: name.split('.').next().unwrap_or_default().to_owned(),
            name,
            parent: lossy(path.parent().and_then(Path::file_name)),
        }
    }

    pub(super) fn part(&self, part: FilePart) -> &str {
        match part {
            FilePart::Path => &self.path,
            FilePart::Name => &self.name,
            FilePart::Stem => &self.stem,
            FilePart::Parent => &self.parent,
        }
    }
}

/// A row that cannot be an event.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) reason: Reason,
    /// The error without its place.
    pub(super) error: Error,
    /// Address and length of the text to mark, where it stands in the log as it is.
    marked: Option<(usize, usize)>,
    /// The text to mark, to be looked for in the row.
    pub(super) text: Option<String>,
    /// What is wrong with it.
    pub(super) label: String,
    /// Whose row it is, if that is known.
    pub(super) user: Option<String>,
    /// Dropped without further ado, as the mapping says.
    pub(super) wanted: bool,
}

impl Bad {
    pub(super) fn new(reason: Reason, error: Error) -> Box<Self> {
        Box::new(Self {
            reason,
            error,
            marked: None,
            text: None,
            label: String::new(),
            user: None,
            wanted: false,
        })
    }

    /// The value that is wrong.
    pub(super) fn mark(&mut self, value: Value) {
        self.marked = value.raw().map(|raw| (raw.as_ptr() as usize, raw.len()));
    }

    /// Complete the error with its place: where its text stands in the row.
    pub(super) fn locate(self, file: &File, piece: &Piece, text: &str, row: Range<usize>) -> Error {
        let slice = &text[row.clone()];
        let marked = self.marked.and_then(|(address, length)| {
            let start = address.checked_sub(text.as_ptr() as usize)?;
            (start + length <= text.len()).then_some((start, length))
        });
        let found = marked.or_else(|| {
            let text = self.text.as_ref().filter(|t| !t.is_empty())?;
            let quoted = slice.find(&format!("\"{text}\"")).map(|i| i + 1);
            let at = quoted.or_else(|| slice.find(text.as_str()))?;
            Some((row.start + at, text.len()))
        });
        let (at, length) = found.unwrap_or((row.start, 1));
        let mut place = piece.place(&file.path, at);
        place.user = self.user;
        self.error.at(place).snippet(snippet(text, at, length, &self.label))
    }
}

/// Events of one task, with what was dropped. Record and row numbers count from 0 within the task, lines from its start; the
/// reader moves them up.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events.
    pub events: EventBatch,
    /// Rows that were to be events.
    pub rows_in: u64,
    /// Rows that the mapping leaves out.
    pub filtered: u64,
    /// Dropped rows by reason.
    pub dropped: BTreeMap<Reason, u64>,
    /// Places of the first dropped rows by reason.
    pub examples: BTreeMap<Reason, Vec<Place>>,
    /// Records numbered so far.
    pub records: u64,
    /// The first record began in the task before.
    pub continued: bool,
    /// Events without a record of their own where a field names the record: each is one, numbered by its row.
    pub unnumbered: Vec<usize>,
    /// Events whose `seq` is their position: where the mapping says so, or where neither it nor a clock tells the order.
    pub by_position: Vec<usize>,
    /// What makes each event's row the same as another, where the mapping says so: a hash and the row's number.
    pub unique: Vec<(u128, u64)>,
    /// The first error, where errors stop the reading.
    pub error: Option<Error>,
    /// Values kept though a map did not know them: by map and value.
    pub unmapped: UnmappedValues,
    /// Line ends in the piece, and characters behind the last of them.
    pub extent: (u64, u64),
    /// Bytes on disk, where the task itself read the file.
    pub bytes: u64,
}

impl Batch {
    /// A batch without events, for this error.
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            error: Some(error),
            ..Self::default()
        }
    }
}

/// Count a dropped row; keep the first places. To find a place costs time, and is not done for the others.
pub(super) fn drop_row(batch: &mut Batch, reason: Reason, error: impl FnOnce() -> Error) {
    *batch.dropped.entry(reason).or_insert(0) += 1;
    let examples = batch.examples.entry(reason).or_default();
    if examples.len() < 3
        && let Some(place) = &error().detail().place
    {
        examples.push(place.clone());
    }
}
