//! Walks through documents along the tree of what is wanted, fills cells, and hands over rows.

use super::lexer::{self, Fault, Lexed, Wrong, fault, space, string_end, unescape, value_end};
use super::tail::Tails;
use super::tree::{Target, Tree};
use crate::error::Error;
use crate::format::batch::{Bad, drop_row};
use crate::format::emit::Emitter;
use crate::format::task::{File, Piece};
use crate::format::{OnBadRow, Row, Value};
use crate::mapping::path::Each;
use crate::mapping::{Plan, Records};
use std::borrow::Cow;

/// Why a walk ends early.
pub(super) enum Stop {
    /// The text is not JSON.
    Fault(Fault),
    /// It is, but not what the mapping describes, or a row of it cannot be read.
    Error(Error),
}

/// Boxed, so that results stay in registers.
pub(super) type Walked<T> = Result<T, Box<Stop>>;

impl From<Fault> for Box<Stop> {
    #[cold]
    fn from(fault: Fault) -> Self {
        Self::new(Stop::Fault(fault))
    }
}

/// The element of an explode level that is being read.
#[derive(Debug, Default)]
struct Open<'t> {
    key: Option<Cow<'t, str>>,
    index: usize,
    /// Counts elements, so that what was made of one is known to belong to it.
    generation: u64,
    /// Rows that have to wait until all of the element above is known: where they stand.
    waiting: Option<usize>,
    /// Whether rows of the next level were met.
    met: bool,
    /// Rows below it so far.
    rows: u64,
}

/// What a row consists of: the cells of the element it is and of those around it.
pub(super) struct Cells<'t> {
    values: Vec<Value<'t>>,
    cell_of: Vec<usize>,
    open: Vec<Open<'t>>,
    tails: Tails,
}

impl Row for Cells<'_> {
    #[inline]
    fn path(&self, number: usize) -> Value<'_> {
        match self.tails.first(number) {
            Some(value) => value,
            None => self.values[self.cell_of[number]],
        }
    }

    fn every<'r>(&'r self, number: usize, each: &mut dyn FnMut(Value<'r>)) {
        match self.tails.all(number) {
            Some(values) => values.for_each(each),
            None => each(self.values[self.cell_of[number]]),
        }
    }

    fn key(&self, level: usize) -> Option<&str> {
        self.open.get(level).and_then(|o| o.key.as_deref())
    }

    fn index(&self, level: usize) -> Option<usize> {
        self.open.get(level).map(|o| o.index)
    }

    fn column(&self, _: usize) -> Value<'_> {
        Value::Missing
    }

    fn generation(&self, level: usize) -> u64 {
        self.open[level].generation
    }
}

/// Bytes of a row, about.
const ROW_BYTES: usize = 512;

/// Parses the documents of one piece of a file.
pub(super) struct Parser<'t> {
    file: &'t File,
    piece: &'t Piece,
    text: &'t str,
    bytes: &'t [u8],
    plan: &'t Plan,
    tree: Tree,
    cells: Cells<'t>,
    pub(super) emitter: Emitter<'t>,
    /// Where the line ends that the document has to fill.
    line: Option<usize>,
    /// The position of the document among those of its file.
    pub(super) position: usize,
    /// Positions of the first elements of the levels, in a document that was cut.
    first: Vec<usize>,
    /// Whether the first element of a level began in the piece before.
    continued: Vec<bool>,
    /// Whether rows of the first level were met in the document.
    met: bool,
}

impl<'t> Parser<'t> {
    pub(super) fn new(file: &'t File, piece: &'t Piece, text: &'t str) -> Self {
        let tree = Tree::new(&file.plan);
        let depth = file.plan.levels.len();
        let mut emitter = Emitter::new(file, piece.length() / ROW_BYTES);
        if matches!(file.plan.records, Records::Level(level) if level < piece.start.continued) {
            emitter.batch.continued = true;
            emitter.batch.records = 1;
        }
        let mut first = piece.start.index.clone();
        first.resize(depth, 0);
        let mut open: Vec<Open> = Vec::new();
        open.resize_with(depth, Open::default);
        Self {
            file,
            piece,
            text,
            bytes: text.as_bytes(),
            plan: &file.plan,
            cells: Cells {
                values: vec![Value::Missing; tree.width],
                cell_of: tree.cell_of.clone(),
                open,
                tails: Tails::new(tree.tails.iter().map(|inside| &inside.tail)),
            },
            tree,
            emitter,
            line: None,
            position: 0,
            first,
            continued: (0..depth).map(|level| level < piece.start.continued).collect(),
            met: false,
        }
    }

    /// One document that fills the text.
    pub(super) fn document(&mut self) -> Walked<()> {
        let start = space(self.bytes, 0);
        if start == self.piece.length() {
            return Ok(());
        }
        let end = self.value(self.tree.document, start, true)?;
        let end = space(self.bytes, end);
        if end < self.piece.length() {
            fault(end, Wrong::BehindDocument)?;
        }
        Ok(())
    }

    /// One document that starts at `at` and has to end with its line.
    pub(super) fn line(&mut self, at: usize, end: usize) -> Walked<()> {
        self.line = Some(end);
        self.met = false;
        // What is dropped is dropped whole: rows may only be taken from a line that is known to be good.
        if self.file.on_bad_row == OnBadRow::Drop && !self.is_flat() {
            let end = value_end(self.bytes, at)?;
            self.ends_with_line(end)?;
        }
        let end = self.value(self.tree.document, at, true)?;
        Ok(self.ends_with_line(end)?)
    }

    /// Whether each document is a row.
    fn is_flat(&self) -> bool {
        self.plan.levels.len() == 1 && self.plan.levels[0].each == Each::Whole
    }

    fn ends_with_line(&self, at: usize) -> Lexed<()> {
        match self.line {
            Some(end) if at > end => fault(end, Wrong::LineEnds),
            Some(end) => match self.bytes[at..end].iter().position(|&b| !lexer::is_space(b)) {
                Some(i) => fault(at + i, Wrong::LineGoesOn),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// A value of which something is wanted. `known`: all else that rows in it may depend on has been read.
    fn value(&mut self, target: Target, at: usize, known: bool) -> Walked<usize> {
        let (end, value) = match self.bytes[at] {
            b'"' => {
                let (end, escaped) = string_end(self.bytes, at + 1)?;
                (end + 1, self.string(at + 1, end, escaped))
            }
            b'{' | b'[' => {
                let end = match target.node {
                    Some(node) if self.bytes[at] == b'{' => self.object(node, at, known)?,
                    Some(node) => self.list(node, at, known)?,
                    None => value_end(self.bytes, at)?,
                };
                (end, Value::Nested(&self.text[at..end]))
            }
            b'-' | b'0'..=b'9' => {
                let end = lexer::number_end(self.bytes, at)?;
                (end, Value::Number(&self.text[at..end]))
            }
            first => {
                let end = lexer::word_end(self.bytes, at)?;
                let value = match first {
                    b't' => Value::Bool(true),
                    b'f' => Value::Bool(false),
                    _ => Value::Missing,
                };
                (end, value)
            }
        };
        if let Some(cell) = target.cell {
            self.cells.values[cell] = value;
        }
        // A value that should have held rows: none at all is no mistake.
        if !matches!(value, Value::Nested(_) | Value::Missing)
            && let Some((level, each)) = target.node.and_then(|n| self.tree.nodes[n].explode)
        {
            if each == Each::Whole {
                return self.element(level, at, None, self.position);
            }
            return Err(self.not_rows(level, each, at));
        }
        Ok(end)
    }

    #[cold]
    fn not_rows(&self, level: usize, each: Each, at: usize) -> Box<Stop> {
        let expected = if each == Each::Element { "a list" } else { "an object" };
        let what = format!("expected {expected} at explode level {level}");
        Box::new(Stop::Error(super::syntax(self.file, self.piece, at, &what)))
    }

    fn object(&mut self, node: usize, at: usize, known: bool) -> Walked<usize> {
        if let Some((level, each)) = self.tree.nodes[node].explode {
            return match each {
                Each::Whole => self.element(level, at, None, self.position),
                Each::Value => self.rows(level, at, known),
                // One document where a list of them might stand is a list of one.
                Each::Element if level == 0 && self.plan.levels[0].steps.is_empty() => {
                    self.element(0, at, None, self.position)
                }
                Each::Element => Err(self.not_rows(level, each, at)),
            };
        }
        let bytes = self.bytes;
        let mut at = space(bytes, at + 1);
        if bytes[at] == b'}' {
            return Ok(at + 1);
        }
        let all = self.tree.nodes[node].all;
        let (mut guess, mut before) = (self.tree.nodes[node].first, usize::MAX);
        let mut seen = 0;
        loop {
            if bytes[at] != b'"' {
                return fault(at, Wrong::Key).map_err(Box::from);
            }
            let keys = &self.tree.nodes[node].keys;
            let guessed = keys.get(guess).and_then(|k| k.name.matches(bytes, at + 1));
            let (target, end) = match guessed {
                Some(end) => {
                    let key = &keys[guess];
                    before = guess;
                    guess = key.next;
                    seen |= key.bit;
                    (key.target, end)
                }
                None => self.other_key(node, at, &mut guess, &mut before, &mut seen)?,
            };
            at = lexer::colon(bytes, end)?;
            at = match target {
                Target { cell: None, node: None } => value_end(bytes, at)?,
                // Most of what is wanted is a text.
                Target {
                    cell: Some(cell),
                    node: None,
                } if bytes[at] == b'"' => {
                    let (end, escaped) = string_end(bytes, at + 1)?;
                    self.cells.values[cell] = self.string(at + 1, end, escaped);
                    end + 1
                }
                _ => self.value(target, at, known && seen == all)?,
            };
            let (after, more) = lexer::next(bytes, at, b'}')?;
            at = after;
            if !more {
                return Ok(at);
            }
        }
    }

    #[inline]
    fn string(&self, start: usize, end: usize, escaped: bool) -> Value<'t> {
        let raw = &self.text[start..end];
        if escaped { Value::Escaped(raw) } else { Value::Text(raw) }
    }

    /// A key that is not the one that followed last time: what is wanted of it, and where it ends.
    #[cold]
    fn other_key(
        &mut self,
        node: usize,
        at: usize,
        guess: &mut usize,
        before: &mut usize,
        seen: &mut u64,
    ) -> Lexed<(Target, usize)> {
        let (name, end) = self.text_at(at)?;
        let node = &mut self.tree.nodes[node];
        let Some(i) = node.find(&name) else {
            return Ok((Target::default(), end));
        };
        match node.keys.get_mut(*before) {
            Some(key) => key.next = i,
            None => node.first = i,
        }
        let key = &node.keys[i];
        *before = i;
        *guess = key.next;
        *seen |= key.bit;
        Ok((key.target, end))
    }

    /// The string at `at`, and the place behind it.
    fn text_at(&self, at: usize) -> Lexed<(Cow<'t, str>, usize)> {
        let (end, escaped) = string_end(self.bytes, at + 1)?;
        let raw = &self.text[at + 1..end];
        let text = if escaped {
            Cow::Owned(unescape(raw))
        } else {
            Cow::Borrowed(raw)
        };
        Ok((text, end + 1))
    }

    fn list(&mut self, node: usize, at: usize, known: bool) -> Walked<usize> {
        if let Some((level, each)) = self.tree.nodes[node].explode {
            if each == Each::Whole {
                return self.element(level, at, None, self.position);
            }
            if each == Each::Value {
                return Err(self.not_rows(level, each, at));
            }
            if !self.tree.nodes[node].elements.is_empty() {
                self.elements(node, at)?;
            }
            return self.rows(level, at, known);
        }
        self.elements(node, at)
    }

    /// A list of which elements are wanted by their position.
    fn elements(&mut self, node: usize, at: usize) -> Walked<usize> {
        let mut at = space(self.bytes, at + 1);
        if self.bytes[at] == b']' {
            return Ok(at + 1);
        }
        for i in 0.. {
            let wanted = self.tree.nodes[node].elements.iter().find(|(at, _)| *at == i);
            at = match wanted {
                Some(&(_, target)) => self.value(target, at, false)?,
                None => value_end(self.bytes, at)?,
            };
            let (after, more) = lexer::next(self.bytes, at, b']')?;
            at = after;
            if !more {
                break;
            }
        }
        Ok(at)
    }

    /// The elements of an explode level: now, or when all that they may depend on is known.
    fn rows(&mut self, level: usize, at: usize, known: bool) -> Walked<usize> {
        let above = level.checked_sub(1).map(|above| &mut self.cells.open[above]);
        let (met, waiting) = match above {
            Some(above) => (&mut above.met, Some(&mut above.waiting).filter(|_| !known)),
            None => (&mut self.met, None),
        };
        if std::mem::replace(met, true) {
            return fault(at, Wrong::Twice).map_err(Box::from);
        }
        if let Some(waiting) = waiting {
            *waiting = Some(at);
            return Ok(value_end(self.bytes, at)?);
        }
        self.explode(level, at)
    }

    fn explode(&mut self, level: usize, at: usize) -> Walked<usize> {
        let keyed = self.bytes[at] == b'{';
        let close = if keyed { b'}' } else { b']' };
        let mut at = space(self.bytes, at + 1);
        if self.bytes[at] == close {
            return Ok(at + 1);
        }
        // In a file that was cut, the first element may stand in the midst of its siblings.
        let mut index = std::mem::take(&mut self.first[level]);
        loop {
            let mut key = None;
            if keyed {
                if self.bytes[at] != b'"' {
                    return fault(at, Wrong::Key).map_err(Box::from);
                }
                let (name, end) = self.text_at(at)?;
                key = Some(name);
                at = lexer::colon(self.bytes, end)?;
            }
            at = self.element(level, at, key, index)?;
            index += 1;
            let (after, more) = lexer::next(self.bytes, at, close)?;
            at = after;
            if !more {
                return Ok(at);
            }
        }
    }

    /// An element of an explode level: its own cells, then its rows.
    fn element(&mut self, level: usize, at: usize, key: Option<Cow<'t, str>>, index: usize) -> Walked<usize> {
        for &cell in &self.tree.cells[level] {
            self.cells.values[cell] = Value::Missing;
        }
        let open = &mut self.cells.open[level];
        *open = Open {
            key,
            index,
            generation: open.generation + 1,
            ..Open::default()
        };
        let starts_record = matches!(self.plan.records, Records::Level(l) if l == level);
        let continued = std::mem::take(&mut self.continued[level]);
        if starts_record && !continued {
            self.emitter.batch.records += 1;
        }
        let target = self.tree.roots[level];
        let end = if target == Target::default() {
            value_end(self.bytes, at)?
        } else {
            self.value(target, at, true)?
        };
        if self.line.is_some() && self.is_flat() {
            self.ends_with_line(end)?;
        }
        let innermost = level + 1 == self.plan.levels.len();
        if innermost {
            self.emit(level, at, false)?;
        } else if let Some(start) = self.cells.open[level].waiting.take() {
            self.explode(level + 1, start)?;
        }
        let rows = self.cells.open[level].rows;
        if rows == 0 && starts_record && self.plan.exposure_by_record && !innermost {
            self.bare(level, at)?;
        }
        if let Some(above) = level.checked_sub(1) {
            let rows = self.cells.open[level].rows;
            self.cells.open[above].rows += rows;
        }
        Ok(end)
    }

    /// A record that lists nothing: one row all the same, of which only what stands above it is known.
    fn bare(&mut self, level: usize, at: usize) -> Walked<()> {
        for below in level + 1..self.plan.levels.len() {
            for &cell in &self.tree.cells[below] {
                self.cells.values[cell] = Value::Missing;
            }
            let open = &mut self.cells.open[below];
            *open = Open {
                generation: open.generation + 1,
                ..Open::default()
            };
        }
        self.emit(level, at, true)
    }

    fn emit(&mut self, level: usize, at: usize, bare: bool) -> Walked<()> {
        self.cells.open[level].rows += 1;
        for inside in &self.tree.tails {
            let generation = self.cells.open[inside.level].generation;
            let from = self.cells.values[inside.cell];
            self.cells.tails.follow(&inside.tail, generation, from);
        }
        let record = self.emitter.batch.records.saturating_sub(1);
        let emitted = if bare {
            self.emitter.bare_record(&self.cells, record)
        } else {
            self.emitter.row(&self.cells, record)
        };
        match emitted {
            Ok(()) => Ok(()),
            Err(bad) => self.refused(*bad, at),
        }
    }

    #[cold]
    fn refused(&mut self, bad: Bad, at: usize) -> Walked<()> {
        let (reason, wanted) = (bad.reason, bad.wanted);
        let error = || {
            let end = value_end(self.bytes, at).unwrap_or(at);
            bad.locate(self.file, self.piece, self.text, at..end)
        };
        if wanted || self.file.on_bad_row == OnBadRow::Drop {
            drop_row(&mut self.emitter.batch, reason, error);
            return Ok(());
        }
        Err(Box::new(Stop::Error(error())))
    }
}
