//! Reading a mapping file with places: every key knows where it stands, and a key that the language does not have is an error.

use super::reference::{Chapter, Key};
use crate::error::{Code, Error, Place, Result, Snippet, closest};
use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, Range};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A mapping's text and where it came from.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) origin: &'a Path,
}

impl<'a> Document<'a> {
    /// Its TOML.
    pub(super) fn parse(self) -> Result<Spanned<DeTable<'a>>> {
        DeTable::parse(self.text).map_err(|e| {
            let span = e.span().unwrap_or(0..0);
            self.error(Code::MappingSyntax, format!("not TOML: {}", e.message()), &span)
                .help("toml.io shows how tables, strings and lists are written")
        })
    }

    /// An error at a span of the text.
    pub(super) fn error(&self, code: Code, message: impl Into<String>, span: &Range<usize>) -> Error {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.floor_char_boundary(span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line = self.text[line_start..].lines().next().unwrap_or("");
        let before = self.text[line_start..start].chars().count();
        let marked = self.text[start..end].lines().next().unwrap_or("").chars().count();
        let number = self.text[..start].matches('\n').count() as u64 + 1;
        // A carriage return at the end of a line is not shown, though a mistake may stand behind it.
        let shown = line.chars().count();
        let mark = before.min(shown);
        let snippet = Snippet {
            text: line.to_owned(),
            start: mark,
            length: marked.clamp(1, (shown - mark).max(1)),
            label: String::new(),
        };
        Error::new(code, message)
            .at(Place::at(self.origin, number, before as u64 + 1))
            .snippet(snippet)
    }
}

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// A string of the mapping and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// The keys that a table may have: those of these chapters of the reference.
pub(super) type Known = &'static [&'static Chapter];

/// A table of the mapping. Keys are taken one by one; [`Section::finish`] refuses what is left.
pub(super) struct Section<'a> {
    pub(super) document: Document<'a>,
    pub(super) span: Range<usize>,
    name: String,
    table: &'a DeTable<'a>,
    known: Known,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The mapping itself.
    pub(super) fn root(document: Document<'a>, table: &'a DeTable<'a>, known: Known) -> Self {
        Self {
            document,
            span: 0..0,
            name: String::new(),
            table,
            known,
            asked: RefCell::default(),
        }
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Value<'a>> {
        debug_assert!(self.keys().any(|k| k == key), "{key} is not in the reference");
        self.asked.borrow_mut().push(key);
        let value = self.table.iter().find(|(k, _)| k.get_ref() == key).map(|(_, v)| v);
        #[cfg(test)]
        super::reference::met(self.known, key, value.is_some());
        value
    }

    /// All keys with their values in the order of the file: a table whose keys are data.
    pub(super) fn entries(&self) -> Vec<(Text<'a>, &'a Value<'a>)> {
        let text = |key: &'a Spanned<std::borrow::Cow<'a, str>>| Text {
            text: key.get_ref(),
            span: key.span(),
        };
        let mut entries: Vec<_> = self.table.iter().map(|(k, v)| (text(k), v)).collect();
        entries.sort_by_key(|(k, _)| k.span.start);
        entries
    }

    /// Its name as a mapping writes it.
    pub(super) fn title(&self) -> String {
        match self.name.as_str() {
            "" => "a mapping".to_owned(),
            name => format!("[{name}]"),
        }
    }

    /// Something is wrong with a part of it.
    pub(super) fn fault(&self, message: impl Into<String>, span: &Range<usize>) -> Error {
        self.document.error(Code::MappingValue, message, span)
    }

    /// Something is missing in it; unless it is there and misspelt.
    pub(super) fn incomplete(&self, message: impl Into<String>, help: impl Into<String>) -> Error {
        match self.refuse_unknown() {
            Err(misspelt) => misspelt,
            Ok(()) => self
                .document
                .error(Code::MappingIncomplete, message, &self.span)
                .help(help),
        }
    }

    /// A value is of the wrong type.
    pub(super) fn wrong(&self, value: &Value, expected: &str) -> Error {
        let found = value.get_ref().type_str();
        self.fault(format!("expected {expected}, found {found}"), &value.span())
            .help(format!("in {}, write {expected}", self.title()))
    }

    /// The place of a key's value; of the table itself, where it has none.
    pub(super) fn span_of(&self, key: &'static str) -> Range<usize> {
        self.value(key).map_or(self.span.clone(), Spanned::span)
    }

    /// What a key says, if it is there and `read` understands it.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl Fn(&'a Value<'a>) -> Option<T>,
    ) -> Result<Option<T>> {
        let one = |v| read(v).ok_or_else(|| self.wrong(v, expected));
        self.value(key).map(one).transpose()
    }

    pub(super) fn string(&self, key: &'static str) -> Result<Option<Text<'a>>> {
        self.read(key, "a string", text)
    }

    pub(super) fn boolean(&self, key: &'static str) -> Result<Option<bool>> {
        self.read(key, "true or false", |v| v.get_ref().as_bool())
    }

    pub(super) fn whole(&self, key: &'static str) -> Result<Option<usize>> {
        self.read(key, "a whole number, 0 or more", |v| {
            let integer = v.get_ref().as_integer()?;
            usize::from_str_radix(integer.as_str(), integer.radix()).ok()
        })
    }

    pub(super) fn number(&self, key: &'static str) -> Result<Option<f64>> {
        self.read(key, "a number", |v| {
            let number = match v.get_ref() {
                DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok()? as f64,
                DeValue::Float(f) => f.as_str().parse().ok()?,
                _ => return None,
            };
            number.is_finite().then_some(number)
        })
    }

    /// A string that is one of these words.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Result<Option<T>> {
        let one = |text: Text| self.one_of(&text, &format!("value of {key}"), words);
        self.string(key)?.map(one).transpose()
    }

    /// What one of these words stands for.
    pub(super) fn one_of<T: Copy>(&self, text: &Text, what: &str, words: &[(&str, T)]) -> Result<T> {
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text.text) {
            return Ok(*meaning);
        }
        let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let error = self.fault(format!("\"{}\" is no {what}", text.text), &text.span);
        Err(match closest(text, words.iter().map(|(word, _)| *word)) {
            Some(near) => error.help(format!("did you mean \"{near}\"?")),
            None => error.help(format!("write {}", quoted.join(", "))),
        })
    }

    /// Strings, at least one; a single string stands for a list of one.
    pub(super) fn strings(&self, key: &'static str) -> Result<Option<Vec<Text<'a>>>> {
        self.value(key).map(|v| self.strings_of(v)).transpose()
    }

    pub(super) fn strings_of(&self, value: &'a Value<'a>) -> Result<Vec<Text<'a>>> {
        let one = |v| text(v).ok_or_else(|| self.wrong(v, "a string"));
        self.some_of(value, "a string or a list of strings")?
            .into_iter()
            .map(one)
            .collect()
    }

    /// As [`Section::strings`]; there may be none.
    pub(super) fn any_strings(&self, key: &'static str) -> Result<Option<Vec<Text<'a>>>> {
        match self.value(key) {
            Some(v) if v.get_ref().as_array().is_some_and(|list| list.is_empty()) => Ok(Some(Vec::new())),
            _ => self.strings(key),
        }
    }

    /// The elements of a list that has some; a value that is no list stands for a list of one.
    pub(super) fn some_of(&self, value: &'a Value<'a>, expected: &str) -> Result<Vec<&'a Value<'a>>> {
        match value.get_ref().as_array() {
            None => Ok(vec![value]),
            Some(list) if list.is_empty() => Err(self
                .fault("the list is empty", &value.span())
                .help(format!("in {}, write {expected}, or leave the key out", self.title()))),
            Some(list) => Ok(list.iter().collect()),
        }
    }

    /// A table inside this one.
    pub(super) fn section(&self, key: &'static str, known: Known) -> Result<Option<Section<'a>>> {
        self.value(key).map(|v| self.section_of(key, v, known)).transpose()
    }

    pub(super) fn section_of(&self, key: &str, value: &'a Value<'a>, known: Known) -> Result<Section<'a>> {
        let table = value.get_ref().as_table().ok_or_else(|| self.wrong(value, "a table"))?;
        Ok(Section {
            document: self.document,
            span: value.span(),
            name: match self.name.as_str() {
                "" => key.to_owned(),
                name => format!("{name}.{key}"),
            },
            table,
            known,
            asked: RefCell::default(),
        })
    }

    fn documented(&self) -> impl Iterator<Item = &'static Key> {
        self.known.iter().flat_map(|chapter| chapter.keys)
    }

    fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.documented().map(|key| key.name)
    }

    /// Refuse keys that nobody asked for.
    pub(super) fn finish(&self) -> Result<()> {
        self.refuse_unknown()?;
        let asked = self.asked.borrow();
        let Some((key, _)) = self.entries().into_iter().find(|(key, _)| !asked.contains(&key.text)) else {
            return Ok(());
        };
        let said = format!("\"{}\" means nothing here", key.text);
        let error = self.document.error(Code::MappingUnknownKey, said, &key.span);
        let meaning = self.documented().find(|k| k.name == key.text).map_or("", |k| k.meaning);
        Err(error.help(format!("{}: {meaning}", key.text)))
    }

    /// Refuse keys that the language does not have.
    pub(super) fn refuse_unknown(&self) -> Result<()> {
        let known = |key: &Text| self.keys().any(|k| k == key.text);
        let Some((key, _)) = self.entries().into_iter().find(|(key, _)| !known(key)) else {
            return Ok(());
        };
        let said = format!("{} has no key \"{}\"", self.title(), key.text);
        let error = self.document.error(Code::MappingUnknownKey, said, &key.span);
        Err(error.help(match closest(&key, self.keys()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("known keys: {}", self.keys().collect::<Vec<_>>().join(", ")),
        }))
    }
}

fn text<'a>(value: &'a Value<'a>) -> Option<Text<'a>> {
    value.get_ref().as_str().map(|text| Text {
        text,
        span: value.span(),
    })
}
