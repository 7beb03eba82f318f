//! A mapping, compiled: what the formats are driven by.

use super::field::{Field, Source};
use super::path::{FieldPath, Level};
use super::test::Test;
use super::time::TimeFormat;
use crate::event::{Precision, Role};
use jiff::tz::TimeZone;
use regex_lite::Regex;
use std::collections::HashMap;

/// How the bytes of a file are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON document a file.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Columns between separators.
    Delimited,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow, as a file or a stream.
    Arrow,
    /// A database of SQLite.
    Sqlite,
    /// Event logs in XML (IEEE 1849).
    Xes,
}

impl Format {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Json,
        Self::Ndjson,
        Self::Delimited,
        Self::Parquet,
        Self::Arrow,
        Self::Sqlite,
        Self::Xes,
    ];

    /// The name in mappings.
    pub fn name(self) -> &'static str {
        ["json", "ndjson", "delimited", "parquet", "arrow", "sqlite", "xes"][self as usize]
    }

    /// Suffixes of its files, less those of compression.
    pub fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["json"],
            Self::Ndjson => &["ndjson", "jsonl"],
            Self::Delimited => &["csv", "tsv"],
            Self::Parquet => &["parquet", "pq"],
            Self::Arrow => &["arrow", "feather", "ipc"],
            Self::Sqlite => &["sqlite", "sqlite3", "db"],
            Self::Xes => &["xes"],
        }
    }

    /// The format that a name says, less the suffix of a compression.
    pub fn of_name(name: &str) -> Option<Self> {
        let ends = |suffix: &&str| name.strip_suffix(*suffix).is_some_and(|stem| stem.ends_with('.'));
        Self::ALL.into_iter().find(|format| format.suffixes().iter().any(ends))
    }
}

/// What makes a record.
#[derive(Debug, Clone)]
pub enum Records {
    /// Every row is one.
    Rows,
    /// Rows exploded from one element of this level.
    Level(usize),
    /// Rows with the same value.
    Value(Box<Field>),
}

/// Separators and header of delimited files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between columns; `None`: a tab in .tsv files, else a comma.
    pub separator: Option<u8>,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Around values that hold a separator; `None`: there are no quotes.
    pub quote: Option<u8>,
}

/// How a file is recognised without being told.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    /// Keys (or columns) all of which are there; of an inner list one is enough.
    pub keys: Vec<Vec<String>>,
    /// What the first line looks like.
    pub line: Option<Regex>,
}

/// A compiled mapping.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) name: String,
    pub(super) source: String,
    /// Formats, in the order in which they are tried.
    pub formats: Vec<Format>,
    /// File name patterns; empty: the suffixes of the formats.
    pub include: Vec<String>,
    /// How rows are found in a document.
    pub levels: Vec<Level>,
    /// All paths that fields read, by number.
    pub paths: Vec<FieldPath>,
    /// Rows that are events: those for which all of these hold.
    pub keep: Vec<Test>,
    /// A row whose values of these were all met before is the same row again.
    pub unique: Vec<Field>,
    /// Actions of which each row is a list: those whose test holds.
    pub melt: Vec<(String, Test)>,
    /// Each record is one exposure.
    pub exposure_by_record: bool,
    /// Layout of delimited files.
    pub delimiters: Delimiters,
    /// Fields by event column.
    pub user: Field,
    /// When; its formats in `time_formats`.
    pub time: Option<Field>,
    /// Formats of `time`.
    pub time_formats: Vec<TimeFormat>,
    /// The clock is no finer than this.
    pub coarsest: Option<Precision>,
    /// How fine the time is, if a column says so.
    pub time_precision: Option<Field>,
    /// Order.
    pub seq: Option<Field>,
    /// Context.
    pub scenario: Option<Field>,
    /// Deed; only where `melt` lists them there may be none.
    pub action: Option<Field>,
    /// Role, where a column says so.
    pub role: Option<Field>,
    /// Valence, where a column says so.
    pub valence: Option<Field>,
    /// Whether it happened, where a column says so.
    pub occurred: Option<Test>,
    /// Of what.
    pub item: Option<Field>,
    /// Of what kind.
    pub category: Option<Field>,
    /// How much.
    pub value: Option<Field>,
    /// How often.
    pub count: Option<Field>,
    /// What was said.
    pub text: Option<Field>,
    /// What makes a record.
    pub records: Records,
    /// Action -> tests any of which has to hold for it to have happened.
    pub happened: HashMap<String, Vec<Test>>,
    /// Action -> role.
    pub roles: HashMap<String, Role>,
    /// Action -> valence.
    pub valences: HashMap<String, i8>,
    /// Columns that a simulator was given.
    pub given: Vec<String>,
    /// Declared zone.
    pub zone_name: Option<String>,
    /// The zone.
    pub zone: TimeZone,
    /// How to recognise files.
    pub signature: Signature,
    /// Table of a database, where the mapping names it.
    pub table: Option<String>,
    /// Query to a database, in place of a table.
    pub query: Option<String>,
    /// Sides of which one log holds several, by name.
    pub sides: Vec<String>,
    /// The one of them that is read.
    pub side: Option<String>,
}

impl Plan {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a field other than the record takes the position at this explode level.
    pub(crate) fn counts_level(&self, level: usize) -> bool {
        fn counts(field: &Field, level: usize) -> bool {
            match &field.source {
                Source::Index(l) => *l == level,
                Source::First(fields) | Source::Join(fields, _) => fields.iter().any(|f| counts(f, level)),
                _ => false,
            }
        }
        self.fields().any(|f| counts(f, level))
    }

    /// Every field.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        let optional = [
            &self.action,
            &self.time,
            &self.time_precision,
            &self.seq,
            &self.scenario,
            &self.role,
            &self.valence,
            &self.item,
            &self.category,
            &self.value,
            &self.count,
            &self.text,
        ];
        let record = match &self.records {
            Records::Value(field) => Some(field.as_ref()),
            _ => None,
        };
        let tests = self
            .keep
            .iter()
            .chain(&self.occurred)
            .chain(self.happened.values().flatten());
        std::iter::once(&self.user)
            .chain(optional.into_iter().flatten())
            .chain(record)
            .chain(&self.unique)
            .chain(
                tests
                    .chain(self.melt.iter().map(|(_, test)| test))
                    .map(|test| &test.field),
            )
    }

    /// Every field, to be changed.
    pub(crate) fn fields_mut(&mut self) -> impl Iterator<Item = &mut Field> {
        let optional = [
            &mut self.action,
            &mut self.time,
            &mut self.time_precision,
            &mut self.seq,
            &mut self.scenario,
            &mut self.role,
            &mut self.valence,
            &mut self.item,
            &mut self.category,
            &mut self.value,
            &mut self.count,
            &mut self.text,
        ];
        let record = match &mut self.records {
            Records::Value(field) => Some(field.as_mut()),
            _ => None,
        };
        let tests = self
            .keep
            .iter_mut()
            .chain(&mut self.occurred)
            .chain(self.happened.values_mut().flatten());
        std::iter::once(&mut self.user)
            .chain(optional.into_iter().flatten())
            .chain(record)
            .chain(&mut self.unique)
            .chain(
                tests
                    .chain(self.melt.iter_mut().map(|(_, test)| test))
                    .map(|test| &mut test.field),
            )
    }
}
