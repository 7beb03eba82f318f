//! A mapping, compiled: what the formats are driven by.

use super::field::{Field, Scope, Source};
use super::path::{FieldPath, Level};
use super::section::{Document, Section};
use super::tables::{delimiters, files, given, happened, maps, roles, signature, valences};
use super::test::{Check, Test};
use super::time::TimeFormat;
use crate::error::{Code, Error, Result};
use crate::event::{COLUMNS, Precision, Role};
use jiff::tz::TimeZone;
use regex_lite::Regex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use toml::Spanned;
use toml::de::DeTable;

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
    /// Compile the text of a mapping.
    pub fn compile(text: &str, origin: &Path) -> Result<Self> {
        let document = Document { text, origin };
        let parsed = DeTable::parse(text).map_err(|e| {
            let span = e.span().unwrap_or(0..0);
            document.error(Code::MappingSyntax, format!("not TOML: {}", e.message()), &span)
        })?;
        let root = Section::new(document, "", parsed.get_ref(), 0..text.len().min(1));
        match root.number("version")? {
            Some(1) => {}
            Some(other) => {
                let span = root.value("version").map_or(0..0, Spanned::span);
                let said = format!("mapping language version {other} is not known");
                return Err(document
                    .error(Code::MappingValue, said, &span)
                    .help("write version = 1"));
            }
            None => return Err(incomplete(&root, "a mapping starts with its version").help("write version = 1 on top")),
        }
        let stem = origin
            .file_stem()
            .map_or_else(|| "mapping".to_owned(), |s| s.to_string_lossy().into_owned());
        let name = root.string("name")?.map_or(stem, str::to_owned);
        let formats = formats(&root)?;
        let maps = maps(&root)?;
        let (levels, keep_value, exposure_by_record, rows) = rows(&root)?;
        let scope = Scope {
            levels: levels.len(),
            maps,
            paths: RefCell::default(),
        };
        let keep = keep_value.map(|k| keep(&k, &scope)).transpose()?;
        if let Some(rows) = rows {
            rows.finish()?;
        }
        let event = root
            .section("event")?
            .ok_or_else(|| incomplete(&root, "a mapping needs an [event] table"))?;
        let mut fields: HashMap<&str, Field> = HashMap::new();
        for column in COLUMNS {
            if column != "time"
                && column != "record"
                && let Some(value) = event.value(column)
            {
                fields.insert(column, Field::parse(&event, column, value, &scope)?);
            }
        }
        let (time, time_formats, zone_name, zone) = time(&event, &scope)?;
        let records = match event
            .value("record")
            .map(|v| Field::parse(&event, "record", v, &scope))
            .transpose()?
        {
            None => Records::Rows,
            Some(Field {
                source: Source::Index(level),
                ..
            }) => Records::Level(level),
            Some(field) => Records::Value(Box::new(field)),
        };
        event.finish()?;
        let missing = |column: &str| incomplete(&event, &format!("[event] has to say where the {column} comes from"));
        let plan = Self {
            name,
            source: text.to_owned(),
            formats,
            include: files(&root)?,
            levels,
            paths: Vec::new(),
            keep: keep.into_iter().collect(),
            unique: Vec::new(),
            melt: Vec::new(),
            exposure_by_record,
            delimiters: delimiters(&root)?,
            user: fields.remove("user").ok_or_else(|| missing("user"))?,
            action: Some(fields.remove("action").ok_or_else(|| missing("action"))?),
            time,
            time_formats,
            coarsest: None,
            time_precision: fields.remove("time_precision"),
            seq: fields.remove("seq"),
            scenario: fields.remove("scenario"),
            role: fields.remove("role"),
            valence: fields.remove("valence"),
            occurred: fields.remove("occurred").map(|field| Test {
                field,
                check: Check::True,
            }),
            item: fields.remove("item"),
            category: fields.remove("category"),
            value: fields.remove("value"),
            count: fields.remove("count"),
            text: fields.remove("text"),
            records,
            happened: happened(&root, &scope)?,
            roles: roles(&root)?,
            valences: valences(&root)?,
            given: given(&root)?,
            zone_name,
            zone,
            signature: signature(&root)?,
            table: None,
            query: None,
            sides: Vec::new(),
            side: None,
        };
        root.finish()?;
        let plan = Self {
            paths: scope.paths.into_inner(),
            ..plan
        };
        Ok(plan)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
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
}

pub(super) fn incomplete(section: &Section, message: &str) -> Error {
    section.document.error(Code::MappingIncomplete, message, &section.span)
}

fn formats(root: &Section) -> Result<Vec<Format>> {
    let names = root.strings("format")?.ok_or_else(|| {
        incomplete(root, "a mapping has to name its format")
            .help("format = \"json\", \"ndjson\" or \"delimited\", or a list of these")
    })?;
    let all = Format::ALL;
    names
        .iter()
        .map(|name| {
            all.into_iter().find(|f| f.name() == name).ok_or_else(|| {
                let span = root.value("format").map_or(0..0, Spanned::span);
                let error = root
                    .document
                    .error(Code::MappingValue, format!("unknown format \"{name}\""), &span);
                let near = crate::error::closest(name, all.iter().map(|f| f.name()));
                error.help(near.map_or("formats: json, ndjson, delimited".to_owned(), |n| {
                    format!("did you mean \"{n}\"?")
                }))
            })
        })
        .collect()
}

type Rows<'a> = (Vec<Level>, Option<Section<'a>>, bool, Option<Section<'a>>);

fn rows<'a>(root: &Section<'a>) -> Result<Rows<'a>> {
    let whole = || {
        vec![Level {
            steps: Vec::new(),
            each: super::path::Each::Whole,
        }]
    };
    let Some(rows) = root.section("rows")? else {
        return Ok((whole(), None, false, None));
    };
    let levels = match rows.strings("explode")? {
        None => whole(),
        Some(texts) => {
            let span = rows.value("explode").map_or(rows.span.clone(), Spanned::span);
            texts
                .iter()
                .map(|t| {
                    Level::parse(t)
                        .map_err(|why| rows.document.error(Code::MappingValue, format!("{t:?}: {why}"), &span))
                })
                .collect::<Result<Vec<_>>>()?
        }
    };
    if levels.is_empty() {
        return Err(incomplete(&rows, "explode needs at least one level"));
    }
    let by_record = match rows.string("exposure")? {
        None => false,
        Some("record") => true,
        Some(_) => return Err(incomplete(&rows, "exposure is \"record\": each record was seen once")),
    };
    let keep = rows.section("keep")?;
    Ok((levels, keep, by_record, Some(rows)))
}

fn keep(section: &Section, scope: &Scope) -> Result<Test> {
    let values = section
        .strings("is")?
        .ok_or_else(|| incomplete(section, "keep needs the values to keep: is = [...]"))?;
    let field = Field::parse_section(section, scope, true)?;
    Ok(Test {
        field,
        check: Check::Is(values),
    })
}

type Time = (Option<Field>, Vec<TimeFormat>, Option<String>, TimeZone);

fn time(event: &Section, scope: &Scope) -> Result<Time> {
    let Some(value) = event.value("time") else {
        return Ok((None, Vec::new(), None, TimeZone::UTC));
    };
    if value.get_ref().as_str().is_some() {
        let error = event
            .document
            .error(Code::MappingIncomplete, "time has to say its format", &value.span());
        return Err(
            error.help("for example time = { path = \"ts\", format = [\"%Y-%m-%d %H:%M:%S\"], zone = \"UTC\" }")
        );
    }
    let section = event.section_of("time", value)?;
    let span = section.value("format").map_or(section.span.clone(), Spanned::span);
    let formats = section
        .strings("format")?
        .ok_or_else(|| incomplete(&section, "time has to say its format"))?
        .iter()
        .map(|f| TimeFormat::parse(f).map_err(|why| section.document.error(Code::MappingValue, why, &span)))
        .collect::<Result<_>>()?;
    let zone_name = section.string("zone")?.map(str::to_owned);
    let zone = match &zone_name {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_| {
            let span = section.value("zone").map_or(section.span.clone(), Spanned::span);
            section
                .document
                .error(Code::MappingValue, format!("unknown time zone \"{name}\""), &span)
                .help("IANA names, such as Asia/Shanghai or UTC")
        })?,
    };
    let field = Field::parse_section(&section, scope, true)?;
    Ok((Some(field), formats, zone_name, zone))
}
