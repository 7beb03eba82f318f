//! Event logs in XML (XES, IEEE 1849): each trace becomes a line of JSON, `{"attributes": {...}, "events": [{...}, ...]}`.
//!
//! An attribute is a member of its trace or event by its key: `"concept:name": "pay"`. One that has children is
//! `{"value": ..., "children": {...}}`, a list is a list of its values, a container an object. What stands beside the traces
//! (extensions, globals, classifiers, attributes of the log) is passed over; an event outside of all traces is a trace of its own.

mod element;

use super::TASK_BYTES;
use super::head::Head;
use super::lines::{comma, float, key, lines_to_batch, value};
use super::task::{File, Mark, Origin, Task, Tasks};
use crate::error::Result;
use element::{Element, Elements, Kind, Next};
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

/// Tasks of a log.
pub(crate) fn open<R: BufRead + Send + 'static>(file: Arc<File>, input: R, task_bytes: usize) -> Box<dyn Tasks> {
    let log = Log::new(&file.path, input, task_bytes);
    Box::new(Traces { file, log, lines: 0 })
}

/// The first traces of a log. One that is too large to be a line is several.
pub(crate) fn head<R: BufRead>(path: &Path, input: R, rows: usize) -> Result<Head> {
    let mut log = Log::new(path, input, TASK_BYTES);
    let mut head = Head::new(None, rows);
    let mut read = Ok(());
    while read.is_ok() && head.room() > 0 && log.state != State::After {
        read = log.step();
        if !log.text.is_empty() {
            head.add(&log.text);
            log.text.clear();
            log.marks.clear();
        }
    }
    head.despite(read)
}

struct Traces<R> {
    file: Arc<File>,
    log: Log<R>,
    /// Lines of tasks before.
    lines: u64,
}

struct Log<R> {
    elements: Elements<R>,
    /// Lines of the task that is being gathered,
    text: Vec<u8>,
    /// and what stands where in them.
    marks: Vec<Mark>,
    /// The trace that is being read.
    trace: Option<Trace>,
    traces: u64,
    /// Events outside of traces so far.
    events: u64,
    state: State,
    /// Events are handed over when they are so many bytes.
    task_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Inside,
    After,
}

/// A trace, as far as it is read.
struct Trace {
    mark: Mark,
    attributes: Vec<u8>,
    events: Vec<u8>,
    /// Where its events stand in `events`.
    marks: Vec<Mark>,
    count: u64,
    /// Whether a part of it was handed over.
    cut: bool,
}

impl<R: BufRead + Send> Tasks for Traces<R> {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let log = &mut self.log;
        while log.state != State::After && log.text.len() < log.task_bytes {
            log.step()?;
        }
        if log.text.is_empty() {
            return Ok(None);
        }
        let file = Arc::clone(&self.file);
        let (text, marks) = (std::mem::take(&mut log.text), std::mem::take(&mut log.marks));
        let before = self.lines;
        self.lines += memchr::memchr_iter(b'\n', &text).count() as u64;
        Ok(Some(Box::new(move || {
            vec![lines_to_batch(&file, text, Origin::Marks(marks), before)]
        })))
    }
}

impl<R: BufRead> Log<R> {
    fn new(path: &Path, input: R, task_bytes: usize) -> Self {
        Self {
            elements: Elements::new(path, input),
            text: Vec::new(),
            marks: Vec::new(),
            trace: None,
            traces: 0,
            events: 0,
            state: State::Before,
            task_bytes,
        }
    }

    /// Read one element of the log or of the trace that is open.
    fn step(&mut self) -> Result<()> {
        match (self.elements.next()?, self.state) {
            (Next::Open(element), State::Before) if element.kind == Kind::Log => self.state = State::Inside,
            (Next::Open(element), State::Before) => {
                let said = format!("not a log of XES: its root is <{}>", element.name);
                return Err(self.elements.error(&said));
            }
            (Next::Open(element), _) => self.element(&element)?,
            (Next::Close, _) => match self.trace.take() {
                Some(trace) => self.end(trace),
                None => {
                    self.state = State::After;
                    self.elements.finish()?;
                }
            },
        }
        Ok(())
    }

    fn element(&mut self, element: &Element) -> Result<()> {
        let at = self.elements.start();
        match (element.kind, &mut self.trace) {
            (Kind::Trace, None) => {
                self.traces += 1;
                self.trace = Some(Trace::new(mark(at, Some(self.traces), None)));
            }
            (Kind::Trace, Some(_)) => return Err(self.elements.error("a trace inside a trace")),
            (Kind::Event, None) => {
                self.events += 1;
                let mark = mark(at, None, Some(self.events));
                let mut alone = Trace::new(mark.clone());
                self.event(&mut alone, mark)?;
                self.end(alone);
            }
            (Kind::Event, Some(trace)) => {
                trace.count += 1;
                let (number, count) = (self.traces, trace.count);
                let mark = mark(at, Some(number), Some(count));
                if let Some(mut trace) = self.trace.take() {
                    self.event(&mut trace, mark)?;
                    if trace.events.len() >= self.task_bytes {
                        self.hand_over(&mut trace);
                    }
                    self.trace = Some(trace);
                }
            }
            (Kind::Attribute(_), Some(trace)) => {
                if trace.cut {
                    let said = "in a trace this large the attributes have to stand before the events";
                    return Err(self.elements.error(said));
                }
                attribute(&mut self.elements, &mut trace.attributes, element, 0)?;
            }
            _ => self.elements.skip()?,
        }
        Ok(())
    }

    /// Read an event, all of it.
    fn event(&mut self, trace: &mut Trace, mark: Mark) -> Result<()> {
        let out = &mut trace.events;
        if !out.is_empty() {
            out.push(b',');
        }
        trace.marks.push(Mark { at: out.len(), ..mark });
        out.push(b'{');
        while let Next::Open(element) = self.elements.next()? {
            match element.kind {
                Kind::Attribute(_) => attribute(&mut self.elements, out, &element, 0)?,
                _ => self.elements.skip()?,
            }
        }
        out.push(b'}');
        Ok(())
    }

    fn end(&mut self, mut trace: Trace) {
        // Of a trace whose events were all handed over nothing is left to say.
        if !(trace.cut && trace.events.is_empty()) {
            self.hand_over(&mut trace);
        }
    }

    /// A line of what is known of a trace.
    fn hand_over(&mut self, trace: &mut Trace) {
        self.marks.push(Mark {
            at: self.text.len(),
            ..trace.mark.clone()
        });
        self.text.extend_from_slice(b"{\"attributes\":{");
        self.text.extend_from_slice(&trace.attributes);
        self.text.extend_from_slice(b"},\"events\":[");
        let base = self.text.len();
        self.marks.extend(trace.marks.drain(..).map(|mark| Mark {
            at: base + mark.at,
            ..mark
        }));
        self.text.append(&mut trace.events);
        self.text.extend_from_slice(b"]}\n");
        trace.cut = true;
    }
}

impl Trace {
    fn new(mark: Mark) -> Self {
        Self {
            mark,
            attributes: Vec::new(),
            events: Vec::new(),
            marks: Vec::new(),
            count: 0,
            cut: false,
        }
    }
}

/// A place of the log and what stands there.
fn mark((line, column): (u64, u64), trace: Option<u64>, event: Option<u64>) -> Mark {
    let part = |name: &str, n: Option<u64>| n.map_or_else(String::new, |n| format!("/{name}[{n}]"));
    Mark {
        at: 0,
        line,
        column,
        element: format!("/log{}{}", part("trace", trace), part("event", event)),
    }
}

/// Attributes inside attributes, at most.
const DEPTH: usize = 64;

/// Write an attribute and what stands in it as a member: `"key": value`.
fn attribute<R: BufRead>(elements: &mut Elements<R>, out: &mut Vec<u8>, element: &Element, depth: usize) -> Result<()> {
    if depth == DEPTH {
        return Err(elements.error("attributes are nested too deeply"));
    }
    let Some(name) = &element.key else {
        return Err(elements.error("an attribute without its key"));
    };
    key(out, name);
    content(elements, out, element, depth)
}

/// Write the value of an attribute and what stands in it.
fn content<R: BufRead>(elements: &mut Elements<R>, out: &mut Vec<u8>, element: &Element, depth: usize) -> Result<()> {
    let (mut children, mut listed) = (Vec::new(), Vec::new());
    while let Next::Open(inner) = elements.next()? {
        match inner.kind {
            Kind::Attribute(_) => attribute(elements, &mut children, &inner, depth + 1)?,
            Kind::Values => {
                while let Next::Open(inner) = elements.next()? {
                    match inner.kind {
                        Kind::Attribute(_) if depth + 1 < DEPTH => {
                            comma_between(&mut listed);
                            content(elements, &mut listed, &inner, depth + 1)?;
                        }
                        _ => elements.skip()?,
                    }
                }
            }
            _ => elements.skip()?,
        }
    }
    if element.kind == Kind::CONTAINER {
        wrap(out, b'{', &children, b'}');
    } else if children.is_empty() {
        own_value(out, element, &listed);
    } else {
        out.extend_from_slice(b"{\"value\":");
        own_value(out, element, &listed);
        out.extend_from_slice(b",\"children\":");
        wrap(out, b'{', &children, b'}');
        out.push(b'}');
    }
    Ok(())
}

fn comma_between(listed: &mut Vec<u8>) {
    if !listed.is_empty() {
        comma(listed);
    }
}

fn wrap(out: &mut Vec<u8>, open: u8, content: &[u8], close: u8) {
    out.push(open);
    out.extend_from_slice(content);
    out.push(close);
}

/// The value of an attribute itself. A number that is none stays the text that it is: whether that matters, the mapping knows.
fn own_value(out: &mut Vec<u8>, element: &Element, listed: &[u8]) {
    let text = element.value.as_deref();
    match (element.kind, text) {
        (Kind::LIST, _) => wrap(out, b'[', listed, b']'),
        (_, None) => out.extend_from_slice(b"null"),
        (Kind::INT, Some(text)) => match text.trim().parse::<i64>() {
            Ok(number) => value(out, &number),
            Err(_) => value(out, text),
        },
        (Kind::FLOAT, Some(text)) => match text.trim().parse::<f64>() {
            Ok(number) => float(out, number),
            Err(_) => value(out, text),
        },
        (Kind::BOOLEAN, Some("true" | "1")) => out.extend_from_slice(b"true"),
        (Kind::BOOLEAN, Some("false" | "0")) => out.extend_from_slice(b"false"),
        (_, Some(text)) => value(out, text),
    }
}

#[cfg(test)]
mod tests;
