//! A field of an event: where its value comes from, and what is done to it.

use super::path::FieldPath;
use super::reference;
use super::section::{Section, Value};
use super::source::source;
use crate::error::{Result, closest};
use regex_lite::Regex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

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
    pub(super) fn number(&self, path: FieldPath) -> usize {
        let mut paths = self.paths.borrow_mut();
        paths.iter().position(|p| *p == path).unwrap_or_else(|| {
            paths.push(path);
            paths.len() - 1
        })
    }
}

impl Field {
    /// What stands at a source, as it is.
    pub(super) fn of(source: Source, level: Option<usize>) -> Self {
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
    pub(super) fn parse<'a>(owner: &Section<'a>, name: &str, value: &'a Value<'a>, scope: &Scope) -> Result<Self> {
        if value.get_ref().is_str() {
            let (source, level) = super::source::path(owner, value, scope)?;
            return Ok(Self::of(source, level));
        }
        if !value.get_ref().is_table() {
            return Err(owner.wrong(value, "a path (a string) or a table"));
        }
        let section = owner.section_of(name, value, reference::FIELD)?;
        let field = Self::parse_section(&section, scope)?;
        section.finish()?;
        Ok(field)
    }

    /// From a table that may say more than a field does.
    pub(super) fn parse_section(section: &Section, scope: &Scope) -> Result<Self> {
        let (source, level) = source(section, scope)?;
        let mut field = Self::of(source, level);
        field.pattern = pattern(section)?;
        field.map = map(section, scope)?;
        if field.map.is_some() {
            let policies = [
                ("keep", Unmapped::Keep),
                ("drop", Unmapped::Drop),
                ("error", Unmapped::Error),
            ];
            field.unmapped = section.word("unmapped", &policies)?.unwrap_or(Unmapped::Keep);
        }
        for text in section.strings("strip")?.unwrap_or_default() {
            if text.is_empty() {
                let error = section.fault("an empty text cannot be taken off", &text.span);
                return Err(error.help("blanks around a value go with any text that is taken off"));
            }
            field.strip.push(text.to_string());
        }
        field.default = section.string("default")?.map(|text| text.to_string());
        field
            .prefix
            .push_str(section.string("prefix")?.as_deref().unwrap_or_default());
        field.optional = section.boolean("optional")?.unwrap_or(false);
        field.measure = section.word("measure", &[("chars", ())])?.is_some();
        field.scale = section.number("scale")?.unwrap_or(1.0);
        field.offset = section.number("offset")?.unwrap_or(0.0);
        Ok(field)
    }

    /// Whether the value is taken as it stands at its source.
    pub(super) fn is_bare(&self) -> bool {
        self.pattern.is_none()
            && self.map.is_none()
            && self.strip.is_empty()
            && self.prefix.is_empty()
            && !self.measure
            && self.scale.to_bits() == 1f64.to_bits()
            && self.offset.to_bits() == 0f64.to_bits()
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

fn map(section: &Section, scope: &Scope) -> Result<Option<ValueMap>> {
    let Some(name) = section.string("map")? else {
        return Ok(None);
    };
    if let Some(values) = scope.maps.get(name.text) {
        return Ok(Some(ValueMap {
            name: name.to_string(),
            values: Arc::clone(values),
        }));
    }
    let mut known: Vec<&str> = scope.maps.keys().map(String::as_str).collect();
    known.sort_unstable();
    let error = section.fault(format!("there is no value map [map.{name}]"), &name.span);
    Err(match closest(&name, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean \"{near}\"?")),
        None if known.is_empty() => error.help(format!("write it: [map.{name}]")),
        None => error.help(format!("value maps of this mapping: {}", known.join(", "))),
    })
}

fn pattern(section: &Section) -> Result<Option<Regex>> {
    let Some(pattern) = section.string("pattern")? else {
        return Ok(None);
    };
    let regex = Regex::new(&pattern).map_err(|e| {
        section
            .fault(format!("no regular expression: {e}"), &pattern.span)
            .help("for example '([0-9]+)'")
    })?;
    if regex.captures_len() == 2 {
        return Ok(Some(regex));
    }
    let error = section.fault("a pattern needs exactly one group in parentheses", &pattern.span);
    Err(error.help("what it finds is the value; (?:...) groups without finding"))
}
