//! The beginning of a file as it is, whatever a mapping would ask of it: what a mapping is guessed from.

use super::{arrow, parquet, sqlite, xes};
use crate::error::Result;
use crate::input::source::{Source, Stream};
use crate::input::stream::Input;
use crate::mapping::Format;
use std::path::Path;

/// The first rows of a table, or the first traces of a log.
#[derive(Debug)]
pub(crate) struct Head {
    /// The table of a database.
    pub(crate) table: Option<String>,
    /// Columns of a table, in order.
    pub(crate) columns: Option<Vec<String>>,
    /// Rows as lines of JSON, the same that are made of them where they are read so.
    pub(crate) lines: Vec<u8>,
    /// Rows that are still wanted.
    wanted: usize,
}

/// No more lines are made than of about so many bytes.
const BYTES: usize = 1 << 22;

/// The beginning of each table of a file of one of the formats that are no text.
pub(crate) fn heads(path: &Path, format: Format, input: Input, rows: usize) -> Result<Vec<Head>> {
    Ok(match format {
        Format::Parquet => vec![parquet::head(path, &Source::of(input)?, rows)?],
        Format::Arrow => vec![arrow::head(path, &Source::of(input)?, rows)?],
        Format::Sqlite => sqlite::heads(path, Source::of(input)?, rows)?,
        Format::Xes => vec![xes::head(path, Stream::new(input), rows)?],
        Format::Json | Format::Ndjson | Format::Delimited => Vec::new(),
    })
}

impl Head {
    pub(super) fn new(columns: Option<Vec<String>>, rows: usize) -> Self {
        Self {
            table: None,
            columns,
            lines: Vec::new(),
            wanted: rows,
        }
    }

    /// How many rows there is room for.
    pub(super) fn room(&self) -> usize {
        if self.lines.len() < BYTES { self.wanted } else { 0 }
    }

    /// Add the line of a row.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.wanted = self.wanted.saturating_sub(1);
        self.lines.extend_from_slice(line);
    }

    /// What was read before an error says enough: reading all of it will say the error.
    pub(super) fn despite(self, read: Result<()>) -> Result<Self> {
        match read {
            Err(error) if self.lines.is_empty() => Err(error),
            _ => Ok(self),
        }
    }
}
