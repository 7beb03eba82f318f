//! Reading a mapping file with places: every key knows where it stands, and a key nobody asked for is an error.

use crate::error::{Code, Error, Place, Result, Snippet, closest};
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A mapping's text and where it came from.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) origin: &'a Path,
}

impl Document<'_> {
    /// An error at a span of the text.
    pub(super) fn error(&self, code: Code, message: impl Into<String>, span: &Range<usize>) -> Error {
        let start = span.start.min(self.text.len());
        let line_start = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line = self.text[line_start..].lines().next().unwrap_or("");
        let before = self.text[line_start..start].chars().count();
        let length = self
            .text
            .get(span.clone())
            .and_then(|s| s.lines().next())
            .map_or(1, |s| s.chars().count());
        let number = self.text[..start].matches('\n').count() as u64 + 1;
        let place = Place::at(self.origin, number, before as u64 + 1);
        let room = line.chars().count().saturating_sub(before).max(1);
        let snippet = Snippet {
            text: line.to_owned(),
            start: before,
            length: length.clamp(1, room),
            label: String::new(),
        };
        Error::new(code, message).at(place).snippet(snippet)
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

/// A table of the mapping. Keys are taken one by one; [`Section::finish`] refuses what is left.
pub(super) struct Section<'a> {
    pub(super) document: Document<'a>,
    pub(super) span: Range<usize>,
    name: String,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(document: Document<'a>, name: &str, table: &'a DeTable<'a>, span: Range<usize>) -> Self {
        Self {
            document,
            span,
            name: name.to_owned(),
            table,
            asked: RefCell::default(),
        }
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Value<'a>> {
        self.asked.borrow_mut().push(key);
        self.table.iter().find(|(k, _)| k.get_ref() == key).map(|(_, v)| v)
    }

    /// All keys with their values: a table whose keys are data.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value<'a>)> {
        self.table.iter().map(|(k, v)| (k.get_ref().as_ref(), v))
    }

    /// An error about a value.
    pub(super) fn wrong(&self, value: &Value, expected: &str) -> Error {
        let found = value.get_ref().type_str();
        self.document
            .error(
                Code::MappingValue,
                format!("expected {expected}, found {found}"),
                &value.span(),
            )
            .help(format!("in [{}], write {expected}", self.name))
    }

    pub(super) fn string(&self, key: &'static str) -> Result<Option<&'a str>> {
        self.value(key)
            .map(|v| v.get_ref().as_str().ok_or_else(|| self.wrong(v, "a string")))
            .transpose()
    }

    pub(super) fn boolean(&self, key: &'static str) -> Result<Option<bool>> {
        self.value(key)
            .map(|v| v.get_ref().as_bool().ok_or_else(|| self.wrong(v, "true or false")))
            .transpose()
    }

    pub(super) fn number(&self, key: &'static str) -> Result<Option<usize>> {
        let parse = |v: &Value| v.get_ref().as_integer().and_then(|i| i.as_str().parse().ok());
        self.value(key)
            .map(|v| parse(v).ok_or_else(|| self.wrong(v, "a whole number, 0 or more")))
            .transpose()
    }

    /// A list of strings; one string stands for a list of one.
    pub(super) fn strings(&self, key: &'static str) -> Result<Option<Vec<String>>> {
        self.value(key).map(|v| self.strings_of(v)).transpose()
    }

    pub(super) fn strings_of(&self, value: &Value) -> Result<Vec<String>> {
        if let Some(one) = value.get_ref().as_str() {
            return Ok(vec![one.to_owned()]);
        }
        let list = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong(value, "a list of strings"))?;
        list.iter()
            .map(|v| {
                v.get_ref()
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| self.wrong(v, "a string"))
            })
            .collect()
    }

    /// A table inside this one.
    pub(super) fn section(&self, key: &'static str) -> Result<Option<Section<'a>>> {
        self.value(key).map(|v| self.section_of(key, v)).transpose()
    }

    pub(super) fn section_of(&self, key: &str, value: &'a Value<'a>) -> Result<Section<'a>> {
        let table = value.get_ref().as_table().ok_or_else(|| self.wrong(value, "a table"))?;
        let name = if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        };
        Ok(Section::new(self.document, &name, table, value.span()))
    }

    /// Refuse keys that nobody asked for.
    pub(super) fn finish(&self) -> Result<()> {
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            let name: &str = key.get_ref().as_ref();
            if asked.contains(&name) {
                continue;
            }
            let place = if self.name.is_empty() {
                "a mapping".to_owned()
            } else {
                format!("[{}]", self.name)
            };
            let error = self.document.error(
                Code::MappingUnknownKey,
                format!("{place} has no key \"{name}\""),
                &key.span(),
            );
            let mut known: Vec<&str> = asked.clone();
            known.sort_unstable();
            known.dedup();
            let help = match closest(name, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("known keys: {}", known.join(", ")),
            };
            return Err(error.help(help));
        }
        Ok(())
    }
}
