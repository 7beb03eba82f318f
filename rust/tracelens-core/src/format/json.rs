//! JSON: one document a file, or one object a line.

use super::emit::{Bad, Batch, Emitter, FileContext, OnBadRow};
use super::node::{Node, Seed, Want};
use super::scan::{elements, enter, skip_space, skip_value};
use super::{Row, Value};
use crate::error::{Code, Error, Result};
use crate::input::bytes::{place, snippet};
use crate::mapping::path::Each;
use crate::mapping::{Plan, Records};
use serde::de::DeserializeSeed;
use std::ops::Range;
use std::path::Path;

/// A stretch of a file that one task parses.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// Elements of the first explode level: key (with its quotes) and value.
    elements: Vec<(Option<Range<usize>>, Range<usize>)>,
    /// Position of the first element.
    first: usize,
}

/// What all tasks of a file share.
pub(crate) struct File<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) plan: &'a Plan,
    pub(crate) context: &'a FileContext,
    pub(crate) on_bad_row: OnBadRow,
    pub(crate) with_text: bool,
}

/// Cut a document into tasks at elements of the first explode level.
pub(crate) fn cut_document(file: &File, task_bytes: usize) -> Result<Vec<Task>> {
    let bytes = file.text.as_bytes();
    let syntax = |at: usize, expected: &str| {
        Error::new(
            Code::Syntax,
            format!("not the JSON that the mapping describes: expected {expected}"),
        )
        .at(place(file.path, bytes, at))
        .snippet(snippet(file.text, at, 1, expected))
        .help(format!(
            "check the file, or whether the mapping \"{}\" is meant for it",
            file.plan_name()
        ))
    };
    let mut at = skip_space(bytes, 0);
    if at == bytes.len() {
        return Ok(Vec::new());
    }
    let level = &file.plan.levels[0];
    for step in &level.steps {
        at = enter(bytes, at, step).map_err(|at| syntax(at, "the path of the first explode level"))?;
    }
    let (open, keyed) = match level.each {
        Each::Whole => {
            let end = skip_value(bytes, at).map_err(|at| syntax(at, "the rest of the document"))?;
            return Ok(vec![Task {
                elements: vec![(None, at..end)],
                first: 0,
            }]);
        }
        Each::Value => (b'{', true),
        Each::Element => (b'[', false),
    };
    if bytes.get(at) != Some(&open) {
        return Err(syntax(at, if keyed { "an object" } else { "a list" }));
    }
    let mut tasks: Vec<Task> = Vec::new();
    let (mut room, mut count) = (0, 0);
    for element in elements(bytes, at) {
        let (key, value) = element.map_err(|at| syntax(at, "the rest of the document"))?;
        let length = value.len();
        match tasks.last_mut() {
            Some(task) if room >= length => task.elements.push((key, value)),
            _ => {
                tasks.push(Task {
                    elements: vec![(key, value)],
                    first: count,
                });
                room = task_bytes;
            }
        }
        room = room.saturating_sub(length);
        count += 1;
    }
    Ok(tasks)
}

/// Cut lines into tasks.
pub(crate) fn cut_lines(text: &str, task_bytes: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut from = 0;
    while from < text.len() {
        let wanted = (from + task_bytes).min(text.len());
        let until = text.as_bytes()[wanted..]
            .iter()
            .position(|&b| b == b'\n')
            .map_or(text.len(), |i| wanted + i + 1);
        ranges.push(from..until);
        from = until;
    }
    ranges
}

impl File<'_> {
    fn plan_name(&self) -> &str {
        self.plan.name()
    }

    /// Parse some elements of a document.
    pub(crate) fn parse_elements(&self, task: &Task) -> Batch {
        let want = Want::of(self.plan);
        let mut emitter = Emitter::new(self.plan, self.context, self.with_text);
        for (i, (key, value)) in task.elements.iter().enumerate() {
            let key: Option<String> = key
                .as_ref()
                .and_then(|k| serde_json::from_str(&self.text[k.clone()]).ok());
            if let Err(error) = self.element(&mut emitter, &want, value.clone(), key.as_deref(), task.first + i) {
                emitter.batch.error = Some(error);
                break;
            }
        }
        emitter.batch
    }

    /// Parse some lines.
    pub(crate) fn parse_lines(&self, range: Range<usize>) -> Batch {
        let want = Want::of(self.plan);
        let mut emitter = Emitter::new(self.plan, self.context, self.with_text);
        let mut from = range.start;
        for line in self.text[range].split_inclusive('\n') {
            let at = from;
            from += line.len();
            if line.trim().is_empty() {
                continue;
            }
            if let Err(error) = self.element(&mut emitter, &want, at..at + line.len(), None, 0) {
                if self.on_bad_row == OnBadRow::Drop && error.code() == Code::Syntax {
                    emitter.batch.rows_in += 1;
                    drop_row(&mut emitter.batch, "not JSON", &error);
                    continue;
                }
                emitter.batch.error = Some(error);
                break;
            }
        }
        emitter.batch
    }

    fn element(
        &self,
        emitter: &mut Emitter,
        want: &Want,
        range: Range<usize>,
        key: Option<&str>,
        index: usize,
    ) -> Result<()> {
        let slice = &self.text[range.clone()];
        let mut deserializer = serde_json::Deserializer::from_str(slice);
        let node = Seed(want)
            .deserialize(&mut deserializer)
            .and_then(|n| deserializer.end().map(|()| n));
        let node = node.map_err(|e| self.json_error(&range, &e))?;
        let parents = Parents {
            plan: self.plan,
            nodes: vec![&node],
            keys: vec![key],
            indices: vec![index],
        };
        self.explode(emitter, parents, &range).map(|_| ())
    }

    /// Rows below an element: how many there were.
    fn explode(&self, emitter: &mut Emitter, parents: Parents, range: &Range<usize>) -> Result<u64> {
        let depth = parents.nodes.len();
        let starts_record = matches!(self.plan.records, Records::Level(l) if l + 1 == depth);
        if starts_record {
            emitter.batch.records += 1;
        }
        let record = emitter.batch.records.saturating_sub(1);
        let Some(level) = self.plan.levels.get(depth) else {
            self.emit(emitter, |e| e.row(&parents, record), range)?;
            return Ok(1);
        };
        let node = parents.nodes[depth - 1];
        let mut rows = 0;
        match (level.each, node.get(&level.steps)) {
            (Each::Whole, Some(inner)) => rows += self.explode(emitter, parents.with(inner, None, 0), range)?,
            (Each::Element, Some(Node::List(elements))) => {
                for (i, inner) in elements {
                    rows += self.explode(emitter, parents.with(inner, None, *i), range)?;
                }
            }
            (Each::Value, Some(Node::Object(entries))) => {
                for (i, (key, inner)) in entries.iter().enumerate() {
                    rows += self.explode(emitter, parents.with(inner, Some(key), i), range)?;
                }
            }
            (_, None | Some(Node::Null)) => {}
            (_, Some(_)) => {
                let expected = if level.each == Each::Element {
                    "a list"
                } else {
                    "an object"
                };
                let said =
                    format!("not the JSON that the mapping describes: expected {expected} at explode level {depth}");
                return Err(Error::new(Code::Syntax, said)
                    .at(place(self.path, self.text.as_bytes(), range.start))
                    .help("check the file, or [rows] explode in the mapping"));
            }
        }
        if rows == 0 && starts_record && self.plan.exposure_by_record {
            let levels = self.plan.levels.len();
            let mut bare = parents;
            while bare.nodes.len() < levels {
                bare = bare.with(&Node::Null, None, 0);
            }
            self.emit(emitter, |e| e.bare_record(&bare, record), range)?;
            rows = 1;
        }
        Ok(rows)
    }

    fn emit(
        &self,
        emitter: &mut Emitter,
        row: impl FnOnce(&mut Emitter) -> Result<(), Box<Bad>>,
        range: &Range<usize>,
    ) -> Result<()> {
        let Err(bad) = row(emitter) else { return Ok(()) };
        let (reason, wanted) = (bad.reason, bad.wanted);
        let error = locate(*bad, self.path, self.text, range);
        if wanted || self.on_bad_row == OnBadRow::Drop {
            drop_row(&mut emitter.batch, reason, &error);
            return Ok(());
        }
        Err(error)
    }

    fn json_error(&self, range: &Range<usize>, e: &serde_json::Error) -> Error {
        let slice = &self.text[range.clone()];
        let line_start = slice
            .split_inclusive('\n')
            .take(e.line().saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
        let at =
            (range.start + line_start + e.column().saturating_sub(1)).min(range.end.saturating_sub(1).max(range.start));
        let said = e.to_string();
        let why = said.split(" at line").next().unwrap_or("not JSON").to_owned();
        Error::new(Code::Syntax, format!("not JSON: {why}"))
            .at(place(self.path, self.text.as_bytes(), at))
            .snippet(snippet(self.text, at, 1, &why))
            .help(format!(
                "check the file, or whether the mapping \"{}\" is meant for it",
                self.plan_name()
            ))
    }
}

/// Complete an error with its place: where its text stands in the row.
pub(super) fn locate(bad: Bad, path: &Path, text: &str, range: &Range<usize>) -> Error {
    let slice = &text[range.clone()];
    let found = bad.text.as_ref().filter(|t| !t.is_empty()).and_then(|t| {
        let quoted = slice.find(&format!("\"{t}\"")).map(|i| i + 1);
        quoted
            .or_else(|| slice.find(t.as_str()))
            .map(|i| (range.start + i, t.len()))
    });
    let (at, length) = found.unwrap_or((range.start, 1));
    let mut where_ = place(path, text.as_bytes(), at);
    where_.user = bad.user;
    bad.error.at(where_).snippet(snippet(text, at, length, &bad.label))
}

/// Count a dropped row; keep the first places.
pub(super) fn drop_row(batch: &mut Batch, reason: super::Reason, error: &Error) {
    *batch.dropped.entry(reason).or_insert(0) += 1;
    let examples = batch.examples.entry(reason).or_default();
    if examples.len() < 3
        && let Some(place) = &error.detail().place
    {
        examples.push(place.to_string());
    }
}

/// A row and the elements that it was exploded from, outermost first.
#[derive(Clone)]
struct Parents<'a> {
    plan: &'a Plan,
    nodes: Vec<&'a Node<'a>>,
    keys: Vec<Option<&'a str>>,
    indices: Vec<usize>,
}

impl<'a> Parents<'a> {
    fn with<'b>(&self, node: &'b Node<'b>, key: Option<&'b str>, index: usize) -> Parents<'b>
    where
        'a: 'b,
    {
        let mut more = Parents {
            plan: self.plan,
            nodes: self.nodes.clone(),
            keys: self.keys.clone(),
            indices: self.indices.clone(),
        };
        more.nodes.push(node);
        more.keys.push(key);
        more.indices.push(index);
        more
    }
}

impl Row for Parents<'_> {
    fn path(&self, number: usize) -> Value<'_> {
        let path = &self.plan.paths[number];
        let level = self.nodes.len().checked_sub(path.up + 1);
        level
            .and_then(|l| self.nodes[l].get(&path.steps))
            .map_or(Value::Missing, Node::value)
    }

    fn key(&self, level: usize) -> Option<&str> {
        self.keys.get(level).copied().flatten()
    }

    fn index(&self, level: usize) -> Option<usize> {
        self.indices.get(level).copied()
    }

    fn column(&self, _: usize) -> Value<'_> {
        Value::Missing
    }
}
