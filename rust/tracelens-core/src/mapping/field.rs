//! A field of an event: where its value comes from, and what is done to it.

use super::path::FieldPath;
use super::section::Section;
use crate::error::{Code, Result};
use regex_lite::Regex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

/// Part of a file's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePart {
    /// The whole path.
    Path,
    /// The last component.
    Name,
    /// The last component without its suffixes.
    Stem,
    /// The name of the directory.
    Parent,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A path in the row or in one of its parents, by its number in [`super::Plan::paths`]; in a table the name of a column.
    Path(usize),
    /// The object key at an explode level.
    Key(usize),
    /// The position at an explode level.
    Index(usize),
    /// A column by number, from 0.
    Column(usize),
    /// A part of the file's path.
    File(FilePart),
    /// Always the same.
    Constant(String),
    /// The position of the row in all that is read.
    Position,
    /// The first that has a value.
    First(Vec<Field>),
    /// All that have a value, put together.
    Join(Vec<Field>, String),
}

/// What happens to a value that a value map does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmapped {
    /// It is kept as it is.
    Keep,
    /// Its row is dropped and counted.
    Drop,
    /// It is an error.
    Error,
}

/// A value map by its name in the mapping.
#[derive(Debug, Clone)]
pub struct ValueMap {
    /// Its name.
    pub name: String,
    /// Value in the log -> value in the event.
    pub values: Arc<HashMap<String, String>>,
}

/// A field of an event.
#[derive(Debug, Clone)]
pub struct Field {
    /// Where the value comes from.
    pub source: Source,
    /// What its group finds is the value; without a match there is none.
    pub pattern: Option<Regex>,
    /// Value map.
    pub map: Option<ValueMap>,
    /// What to do with a value that the map does not know.
    pub unmapped: Unmapped,
    /// Texts taken off both ends.
    pub strip: Vec<String>,
    /// Taken where there is no value.
    pub default: Option<String>,
    /// Put before the value.
    pub prefix: String,
    /// The value is the number of characters rather than the text.
    pub measure: bool,
    /// A table may lack the column.
    pub optional: bool,
    /// Numbers are multiplied by this,
    pub scale: f64,
    /// and then this is added.
    pub offset: f64,
    /// The deepest explode level that it reads: its value is the same for all rows below one element of that level. `None`:
    /// it may differ from row to row.
    pub level: Option<usize>,
}

/// Value maps of a mapping by name.
pub(super) type Maps = HashMap<String, Arc<HashMap<String, String>>>;

/// What fields refer to while a mapping is compiled.
pub(super) struct Scope {
    /// Number of explode levels.
    pub(super) levels: usize,
    pub(super) maps: Maps,
    /// All paths met so far.
    pub(super) paths: RefCell<Vec<FieldPath>>,
}

impl Scope {
    /// The number of a path, given out now if it is new.
    fn number(&self, path: FieldPath) -> usize {
        let mut paths = self.paths.borrow_mut();
        paths.iter().position(|p| *p == path).unwrap_or_else(|| {
            paths.push(path);
            paths.len() - 1
        })
    }
}

impl Field {
    fn of(source: Source, level: Option<usize>) -> Self {
        Self {
            source,
            pattern: None,
            map: None,
            unmapped: Unmapped::Keep,
            strip: Vec::new(),
            default: None,
            prefix: String::new(),
            measure: false,
            optional: false,
            scale: 1.0,
            offset: 0.0,
            level,
        }
    }

    /// From a string (a path) or a table.
    pub(super) fn parse(owner: &Section, name: &str, value: &Spanned<DeValue>, scope: &Scope) -> Result<Self> {
        if let Some(text) = value.get_ref().as_str() {
            let (source, level) = path(owner, text, &value.span(), scope)?;
            return Ok(Self::of(source, level));
        }
        let section = owner.section_of(name, value)?;
        Self::parse_section(&section, scope, true)
    }

    /// From a table; `finish`: refuse keys that are not a field's.
    pub(super) fn parse_section(section: &Section, scope: &Scope, finish: bool) -> Result<Self> {
        let (source, level) = source(section, scope)?;
        let mut field = Self::of(source, level);
        field.pattern = pattern(section)?;
        if let Some(map) = section.string("map")? {
            let span = section.value("map").map_or(section.span.clone(), Spanned::span);
            let values = scope.maps.get(map).ok_or_else(|| {
                let known: Vec<&str> = scope.maps.keys().map(String::as_str).collect();
                section
                    .document
                    .error(Code::MappingValue, format!("there is no value map [map.{map}]"), &span)
                    .help(format!(
                        "value maps of this mapping: {}",
                        if known.is_empty() {
                            "none".into()
                        } else {
                            known.join(", ")
                        }
                    ))
            })?;
            field.map = Some(ValueMap {
                name: map.to_owned(),
                values: Arc::clone(values),
            });
        }
        if let Some(policy) = section.string("unmapped")? {
            field.unmapped = match policy {
                "keep" => Unmapped::Keep,
                "drop" => Unmapped::Drop,
                "error" => Unmapped::Error,
                _ => {
                    let span = section.value("unmapped").map_or(section.span.clone(), Spanned::span);
                    return Err(section.document.error(
                        Code::MappingValue,
                        "unmapped is \"error\", \"keep\" or \"drop\"",
                        &span,
                    ));
                }
            };
        }
        field.strip = section.strings("strip")?.unwrap_or_default();
        field.default = section.string("default")?.map(str::to_owned);
        field.prefix.push_str(section.string("prefix")?.unwrap_or_default());
        field.optional = section.boolean("optional")?.unwrap_or(false);
        if let Some(measure) = section.string("measure")? {
            if measure != "chars" {
                let span = section.value("measure").map_or(section.span.clone(), Spanned::span);
                return Err(section.document.error(
                    Code::MappingValue,
                    "measure is \"chars\": the number of characters",
                    &span,
                ));
            }
            field.measure = true;
        }
        if finish {
            section.finish()?;
        }
        Ok(field)
    }

    /// Numbers of all paths that this field reads.
    pub fn paths(&self) -> Vec<usize> {
        match &self.source {
            Source::Path(path) => vec![*path],
            Source::First(fields) | Source::Join(fields, _) => fields.iter().flat_map(Self::paths).collect(),
            _ => Vec::new(),
        }
    }
}

const SOURCES: &str = "path, key, index, column, file, const, position, first, join";

/// The deepest level of two; `None` (the row itself) is deepest of all.
fn deeper(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    a.zip(b).map(|(a, b)| a.max(b))
}

type Found = (Source, Option<usize>);

fn source(section: &Section, scope: &Scope) -> Result<Found> {
    let many = |key: &'static str| -> Result<Option<(Vec<Field>, Option<usize>)>> {
        let Some(value) = section.value(key) else {
            return Ok(None);
        };
        let list = value
            .get_ref()
            .as_array()
            .ok_or_else(|| section.wrong(value, "a list of fields"))?;
        let fields: Vec<Field> = list
            .iter()
            .map(|v| Field::parse(section, key, v, scope))
            .collect::<Result<_>>()?;
        let level = fields.iter().map(|f| f.level).fold(Some(0), deeper);
        Ok(Some((fields, level)))
    };
    let mut found: Vec<Found> = Vec::new();
    if let Some(text) = section.string("path")? {
        let span = section.value("path").map_or(section.span.clone(), Spanned::span);
        found.push(path(section, text, &span, scope)?);
    }
    for (key, make) in [("key", Source::Key as fn(usize) -> Source), ("index", Source::Index)] {
        if let Some(level) = section.number(key)? {
            if level >= scope.levels {
                let levels = scope.levels;
                let said = format!("there is no explode level {level}: [rows] explode has {levels}, counted from 0");
                return Err(section.document.error(Code::MappingValue, said, &section.span));
            }
            found.push((make(level), above(level, scope)));
        }
    }
    if let Some(column) = section.number("column")? {
        found.push((Source::Column(column), None));
    }
    if let Some(part) = section.string("file")? {
        found.push((file(section, part)?, Some(0)));
    }
    if let Some(constant) = section.string("const")? {
        found.push((Source::Constant(constant.to_owned()), Some(0)));
    }
    if section.boolean("position")? == Some(true) {
        found.push((Source::Position, None));
    }
    if let Some((fields, level)) = many("first")? {
        found.push((Source::First(fields), level));
    }
    if let Some((fields, level)) = many("join")? {
        let separator = section.string("separator")?.unwrap_or(" ").to_owned();
        found.push((Source::Join(fields, separator), level));
    }
    match (found.pop(), found.is_empty()) {
        (Some(source), true) => Ok(source),
        (None, _) => {
            section.finish()?;
            Err(section.document.error(
                Code::MappingIncomplete,
                "a field has to say where its value comes from",
                &section.span,
            ))
        }
        (Some(_), false) => Err(section
            .document
            .error(Code::MappingValue, "a field has one source", &section.span)),
    }
    .map_err(|e| {
        if e.detail().help.is_some() {
            e
        } else {
            e.help(format!("one of: {SOURCES}"))
        }
    })
}

/// A level as what a field reads: the innermost is the row itself.
fn above(level: usize, scope: &Scope) -> Option<usize> {
    (level + 1 < scope.levels).then_some(level)
}

fn path(section: &Section, text: &str, span: &Range<usize>, scope: &Scope) -> Result<Found> {
    let path = FieldPath::parse(text).map_err(|why| {
        section
            .document
            .error(Code::MappingValue, format!("{text:?} is no path: {why}"), span)
            .help("for example type, context.item_id, tags[0], ^.timestamp")
    })?;
    if path.up >= scope.levels.max(1) {
        let said = format!(
            "{text:?} goes {} up, but rows have {} parents",
            path.up,
            scope.levels.saturating_sub(1)
        );
        return Err(section
            .document
            .error(Code::MappingValue, said, span)
            .help("each level of [rows] explode but the first has a parent"));
    }
    let level = above(scope.levels.max(1) - 1 - path.up, scope);
    Ok((Source::Path(scope.number(path)), level))
}

fn file(section: &Section, part: &str) -> Result<Source> {
    let span = section.value("file").map_or(section.span.clone(), Spanned::span);
    Ok(Source::File(match part {
        "path" => FilePart::Path,
        "name" => FilePart::Name,
        "stem" => FilePart::Stem,
        "parent" => FilePart::Parent,
        _ => {
            return Err(section.document.error(
                Code::MappingValue,
                "file is \"path\", \"name\", \"stem\" or \"parent\"",
                &span,
            ));
        }
    }))
}

fn pattern(section: &Section) -> Result<Option<Regex>> {
    let Some(pattern) = section.string("pattern")? else {
        return Ok(None);
    };
    let span = section.value("pattern").map_or(section.span.clone(), Spanned::span);
    let regex = Regex::new(pattern).map_err(|e| {
        section
            .document
            .error(Code::MappingValue, format!("no regular expression: {e}"), &span)
    })?;
    if regex.captures_len() != 2 {
        return Err(section.document.error(
            Code::MappingValue,
            "a pattern needs exactly one group in parentheses",
            &span,
        ));
    }
    Ok(Some(regex))
}
