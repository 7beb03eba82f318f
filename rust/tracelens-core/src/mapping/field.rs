//! A field of an event: where its value comes from, and what is done to it.

use super::path::FieldPath;
use super::section::Section;
use crate::error::{Code, Result};
use regex_lite::Regex;
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
    /// A path in the row or in one of its parents; in a delimited file the name of a column.
    Path(FieldPath),
    /// The object key at an explode level.
    Key(usize),
    /// The position at an explode level.
    Index(usize),
    /// A column by number, from 0.
    Column(usize),
    /// A part of the file's path, or what a pattern's group finds in it.
    File(FilePart, Option<Regex>),
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
    /// A delimited file may lack the column.
    pub optional: bool,
}

/// Value maps of a mapping by name.
pub(super) type Maps = HashMap<String, Arc<HashMap<String, String>>>;

impl Field {
    fn of(source: Source) -> Self {
        Self {
            source,
            map: None,
            unmapped: Unmapped::Keep,
            strip: Vec::new(),
            default: None,
            prefix: String::new(),
            measure: false,
            optional: false,
        }
    }

    /// From a string (a path) or a table.
    pub(super) fn parse(
        owner: &Section,
        name: &str,
        value: &Spanned<DeValue>,
        levels: usize,
        maps: &Maps,
    ) -> Result<Self> {
        if let Some(text) = value.get_ref().as_str() {
            return Ok(Self::of(Source::Path(path(owner, text, &value.span(), levels)?)));
        }
        let section = owner.section_of(name, value)?;
        Self::parse_section(&section, levels, maps, true)
    }

    /// From a table; `finish`: refuse keys that are not a field's.
    pub(super) fn parse_section(section: &Section, levels: usize, maps: &Maps, finish: bool) -> Result<Self> {
        let mut field = Self::of(source(section, levels, maps)?);
        if let Some(map) = section.string("map")? {
            let span = section.value("map").map_or(section.span.clone(), Spanned::span);
            let values = maps.get(map).ok_or_else(|| {
                let known: Vec<&str> = maps.keys().map(String::as_str).collect();
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

    /// All paths that this field reads.
    pub fn paths(&self) -> Vec<&FieldPath> {
        match &self.source {
            Source::Path(path) => vec![path],
            Source::First(fields) | Source::Join(fields, _) => fields.iter().flat_map(Self::paths).collect(),
            _ => Vec::new(),
        }
    }
}

const SOURCES: &str = "path, key, index, column, file, const, position, first, join";

fn source(section: &Section, levels: usize, maps: &Maps) -> Result<Source> {
    let many = |key: &'static str| -> Result<Option<Vec<Field>>> {
        let Some(value) = section.value(key) else {
            return Ok(None);
        };
        let list = value
            .get_ref()
            .as_array()
            .ok_or_else(|| section.wrong(value, "a list of fields"))?;
        list.iter()
            .map(|v| Field::parse(section, key, v, levels, maps))
            .collect::<Result<_>>()
            .map(Some)
    };
    let mut found = Vec::new();
    if let Some(text) = section.string("path")? {
        let span = section.value("path").map_or(section.span.clone(), Spanned::span);
        found.push(Source::Path(path(section, text, &span, levels)?));
    }
    for (key, make) in [("key", Source::Key as fn(usize) -> Source), ("index", Source::Index)] {
        if let Some(level) = section.number(key)? {
            if level >= levels {
                let said = format!("there is no explode level {level}: [rows] explode has {levels}, counted from 0");
                return Err(section.document.error(Code::MappingValue, said, &section.span));
            }
            found.push(make(level));
        }
    }
    if let Some(column) = section.number("column")? {
        found.push(Source::Column(column));
    }
    if let Some(part) = section.string("file")? {
        found.push(file(section, part)?);
    }
    if let Some(constant) = section.string("const")? {
        found.push(Source::Constant(constant.to_owned()));
    }
    if section.boolean("position")? == Some(true) {
        found.push(Source::Position);
    }
    if let Some(fields) = many("first")? {
        found.push(Source::First(fields));
    }
    if let Some(fields) = many("join")? {
        let separator = section.string("separator")?.unwrap_or(" ").to_owned();
        found.push(Source::Join(fields, separator));
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

fn path(section: &Section, text: &str, span: &Range<usize>, levels: usize) -> Result<FieldPath> {
    let path = FieldPath::parse(text).map_err(|why| {
        section
            .document
            .error(Code::MappingValue, format!("{text:?} is no path: {why}"), span)
            .help("for example type, context.item_id, tags[0], ^.timestamp")
    })?;
    if path.up >= levels.max(1) {
        let said = format!(
            "{text:?} goes {} up, but rows have {} parents",
            path.up,
            levels.saturating_sub(1)
        );
        return Err(section
            .document
            .error(Code::MappingValue, said, span)
            .help("each level of [rows] explode but the first has a parent"));
    }
    Ok(path)
}

fn file(section: &Section, part: &str) -> Result<Source> {
    let span = section.value("file").map_or(section.span.clone(), Spanned::span);
    let part = match part {
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
    };
    let pattern = section.string("pattern")?.map(|pattern| {
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
        Ok(regex)
    });
    Ok(Source::File(part, pattern.transpose()?))
}
