//! The elements of an XML document one after the other, each with its place.

use crate::error::{Code, Error, Place, Result};
use crate::input::source::read_error;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

/// What an element of a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Trace,
    Event,
    Attribute(Type),
    /// The values of a list.
    Values,
    Other,
}

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Int,
    Float,
    Boolean,
    List,
    Container,
}

impl Kind {
    pub(super) const INT: Self = Self::Attribute(Type::Int);
    pub(super) const FLOAT: Self = Self::Attribute(Type::Float);
    pub(super) const BOOLEAN: Self = Self::Attribute(Type::Boolean);
    pub(super) const LIST: Self = Self::Attribute(Type::List);
    pub(super) const CONTAINER: Self = Self::Attribute(Type::Container);

    fn of(name: &str) -> Self {
        match name {
            "log" => Self::Log,
            "trace" => Self::Trace,
            "event" => Self::Event,
            "string" | "date" | "id" => Self::Attribute(Type::Text),
            "int" => Self::INT,
            "float" => Self::FLOAT,
            "boolean" => Self::BOOLEAN,
            "list" => Self::LIST,
            "container" => Self::CONTAINER,
            "values" => Self::Values,
            _ => Self::Other,
        }
    }
}

/// An element that opens.
pub(super) struct Element {
    pub(super) kind: Kind,
    /// Its name without a prefix.
    pub(super) name: String,
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
}

/// What comes next.
pub(super) enum Next {
    Open(Element),
    Close,
}

/// Reads elements.
pub(super) struct Elements<R> {
    path: PathBuf,
    reader: Reader<Counted<R>>,
    buffer: Vec<u8>,
    /// Line and column at which the last element began.
    start: (u64, u64),
    /// Elements that are open.
    depth: usize,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(path: &Path, input: R) -> Self {
        let mut reader = Reader::from_reader(Counted {
            inner: input,
            line: 1,
            column: 1,
        });
        reader.config_mut().expand_empty_elements = true;
        Self {
            path: path.to_path_buf(),
            reader,
            buffer: Vec::new(),
            start: (1, 1),
            depth: 0,
        }
    }

    /// Line and column of the element that opened last, or of what was read last.
    pub(super) fn start(&self) -> (u64, u64) {
        self.start
    }

    /// The next element that opens or closes. What a log does not consist of (comments, text) is passed over.
    pub(super) fn next(&mut self) -> Result<Next> {
        loop {
            let counted = self.reader.get_ref();
            // An empty element is told of twice, and begins where it was first told of.
            let here = (counted.line, counted.column);
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            self.start = here;
            let found = match event {
                Ok(Event::Start(start)) => element(&start).map(Some),
                Ok(Event::End(_)) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Next::Close);
                }
                Ok(Event::Eof) if self.depth > 0 => Err("the file ends inside an element: it was cut off".to_owned()),
                Ok(Event::Eof) => Err("the file ends without a log".to_owned()),
                Ok(Event::DocType(_)) => Err("a document type, which a log of XES has not".to_owned()),
                Ok(Event::GeneralRef(name)) => match name.resolve_char_ref() {
                    Ok(Some(_)) => Ok(None),
                    _ if PREDEFINED.contains(&&*name) => Ok(None),
                    _ => Err(format!("&{}; stands for nothing here", &*name)),
                },
                Ok(_) => Ok(None),
                Err(quick_xml::Error::Io(e)) => return Err(read_error(&self.path, &e)),
                Err(e) => Err(e.to_string()),
            };
            match found {
                Ok(None) => {}
                Ok(Some(element)) => {
                    self.depth += 1;
                    return Ok(Next::Open(element));
                }
                Err(what) => return Err(self.error(&what)),
            }
        }
    }

    /// Pass over what stands in the element that opened last.
    pub(super) fn skip(&mut self) -> Result<()> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    /// Nothing may follow the root.
    pub(super) fn finish(&mut self) -> Result<()> {
        loop {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Eof) => return Ok(()),
                Ok(Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::Text(text)) if text.trim().is_empty() => {}
                Err(quick_xml::Error::Io(e)) => return Err(read_error(&self.path, &e)),
                _ => return Err(self.error("the file goes on behind the end of the log")),
            }
        }
    }

    /// An error about what was read last.
    pub(super) fn error(&self, what: &str) -> Error {
        let (line, column) = self.start;
        Error::new(Code::Syntax, format!("not XES: {what}"))
            .at(Place::at(&self.path, line, column))
            .help("check the file, or whether the mapping is meant for it")
    }
}

/// References that every XML document may hold.
const PREDEFINED: [&str; 5] = ["amp", "lt", "gt", "quot", "apos"];

fn element(start: &BytesStart) -> Result<Element, String> {
    let name = start.local_name();
    let name: &str = name.as_ref();
    let mut element = Element {
        kind: Kind::of(name),
        name: name.to_owned(),
        key: None,
        value: None,
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let slot = match attribute.key.as_ref() {
            "key" => &mut element.key,
            "value" => &mut element.value,
            _ => continue,
        };
        let text = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|e| e.to_string())?;
        *slot = Some(text.into_owned());
    }
    Ok(element)
}

/// Counts lines and characters of what is consumed.
struct Counted<R> {
    inner: R,
    line: u64,
    column: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count(&buffer[..n]);
        Ok(n)
    }
}

impl<R> Counted<R> {
    fn count(&mut self, bytes: &[u8]) {
        (self.line, self.column) = moved((self.line, self.column), bytes);
    }
}

/// A place, so many bytes further on.
fn moved((line, column): (u64, u64), bytes: &[u8]) -> (u64, u64) {
    let characters = |bytes: &[u8]| bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count() as u64;
    match memchr::memrchr(b'\n', bytes) {
        None => (line, column + characters(bytes)),
        Some(last) => (
            line + memchr::memchr_iter(b'\n', &bytes[..=last]).count() as u64,
            characters(&bytes[last + 1..]) + 1,
        ),
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed was read before and is still there.
        if let Ok(bytes) = self.inner.fill_buf() {
            (self.line, self.column) = moved((self.line, self.column), &bytes[..amount.min(bytes.len())]);
        }
        self.inner.consume(amount);
    }
}
