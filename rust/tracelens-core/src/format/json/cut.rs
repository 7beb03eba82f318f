//! Cuts a document that is too large for one task between elements of its explode levels, while it is read.
//!
//! A piece that starts in the midst of a document is made a document of its own: in front of it stands again what led to the
//! place (`{"u1": {"age": 30, "history": [`), behind it the brackets that are still open.

use super::lexer::{self, Lexed, Wrong, fault, space, string_end, unescape, value_end};
use super::tree::{Target, Tree};
use super::{PADDING, parse_document, syntax};
use crate::error::Result;
use crate::format::lanes::Lanes;
use crate::format::task::{Buffers, File, MARGIN, Origin, Piece, Start, Task, Tasks};
use crate::input::stream::{Input, Reading};
use crate::mapping::path::{Each, Step};
use std::borrow::Cow;
use std::sync::Arc;
use wide::u8x16;

/// A list or object whose elements are those of an explode level, open at the place that was reached.
#[derive(Debug, Clone)]
struct Frame {
    level: usize,
    /// What leads from the beginning of the document into it.
    prefix: Vec<u8>,
    /// The brackets that close it and all around it.
    suffix: Vec<u8>,
    /// How many brackets opened since the frame around it, its own included.
    brackets: usize,
    /// Commas passed between its elements: the position of the next one.
    passed: usize,
}

/// A comma between two elements, and how many frames are open there.
#[derive(Debug, Clone)]
struct Comma {
    at: usize,
    open: usize,
    passed: Vec<usize>,
}

/// The pieces of a document.
pub(crate) struct Documents {
    file: Arc<File>,
    reading: Reading,
    task_bytes: usize,
    tree: Tree,
    frames: Vec<Frame>,
    started: bool,
    ended: bool,
}

impl Documents {
    pub(crate) fn new(file: Arc<File>, input: Input, buffers: Buffers, task_bytes: usize) -> Self {
        Self {
            tree: Tree::new(&file.plan),
            file,
            reading: Reading::new(input, buffers),
            task_bytes,
            frames: Vec::new(),
            started: false,
            ended: false,
        }
    }

    /// The next piece: its text, and what has to be said of it.
    fn next_piece(&mut self) -> Result<Option<Piece>> {
        if self.ended {
            return Ok(None);
        }
        let prefix = self.frames.last().map_or(&[][..], |f| &f.prefix);
        let lead = [&[b' '; MARGIN], prefix].concat();
        let start = self.start();
        let mut bytes = self.reading.begin(&lead);
        let mut room = self.task_bytes;
        let mut tail = 0;
        let mut from = lead.len();
        let origin = loop {
            self.ended = self.reading.fill(&mut bytes, lead.len() + room)?;
            let origin = self.reading.origin();
            if self.started && from == lead.len() {
                self.refuse_empty(&bytes, from, &origin)?;
            }
            if self.ended {
                break origin;
            }
            if let Some(comma) = self.last_comma(&bytes, from) {
                self.refuse_empty_before(&bytes, comma.at, lead.len(), &origin)?;
                self.frames.truncate(comma.open);
                for (frame, passed) in self.frames.iter_mut().zip(&comma.passed) {
                    frame.passed = *passed;
                }
                self.reading.keep(&mut bytes, comma.at + 1, lead.len());
                bytes.pop();
                let suffix = &self.frames[comma.open - 1].suffix;
                tail = suffix.len();
                bytes.extend_from_slice(suffix);
                break origin;
            }
            // One element that is larger than a task: it is cut in itself where that can be, else read whole.
            match self.descend(&mut bytes, from) {
                Some(inside) => from = inside,
                None => room *= 2,
            }
        };
        self.started = true;
        let mut piece = Piece::new(bytes, origin);
        piece.lead = lead.len();
        piece.tail = tail;
        piece.start = start;
        Ok(Some(piece))
    }

    fn start(&self) -> Start {
        let Some(top) = self.frames.last() else {
            return Start::default();
        };
        let mut index = vec![0; top.level + 1];
        for frame in &self.frames {
            index[frame.level] = frame.passed;
        }
        Start {
            index,
            continued: top.level,
        }
    }

    /// The parser sees no commas at which a document was cut: what has to follow and to precede one is asked for here.
    fn refuse_empty(&self, bytes: &[u8], from: usize, origin: &Origin) -> Result<()> {
        let first = bytes[from..].iter().position(|&b| !lexer::is_space(b));
        match first.map(|i| (from + i, bytes[from + i])) {
            Some((at, b',' | b']' | b'}')) => Err(self.no_element(bytes, at, from, origin)),
            _ => Ok(()),
        }
    }

    fn refuse_empty_before(&self, bytes: &[u8], comma: usize, lead: usize, origin: &Origin) -> Result<()> {
        let last = bytes[..comma].iter().rposition(|&b| !lexer::is_space(b));
        match last.map(|i| bytes[i]) {
            Some(b',' | b'[' | b'{' | b':') | None => Err(self.no_element(bytes, comma, lead, origin)),
            _ => Ok(()),
        }
    }

    fn no_element(&self, bytes: &[u8], at: usize, lead: usize, origin: &Origin) -> crate::error::Error {
        let mut piece = Piece::new(bytes.to_vec(), origin.clone());
        piece.lead = lead;
        syntax(&self.file, &piece, at, "a value is missing beside a comma")
    }

    /// The last comma between elements of an open frame, from an element's start on.
    fn last_comma(&self, bytes: &[u8], from: usize) -> Option<Comma> {
        let mut passed: Vec<usize> = self.frames.iter().map(|f| f.passed).collect();
        let mut top = self.frames.len().checked_sub(1)?;
        let mut last: Option<(usize, usize)> = None;
        let mut depth = 0;
        let mut marks = Marks::new(bytes, from);
        'blocks: while let Some(mut block) = marks.next_block() {
            // Far inside an element no comma is one between elements.
            if depth > block.close.count_ones() as usize {
                depth = depth + block.open.count_ones() as usize - block.close.count_ones() as usize;
                continue;
            }
            block.comma = marks.commas(&block);
            while let Some((at, mark)) = block.take() {
                match mark {
                    b',' if depth == 0 => {
                        passed[top] += 1;
                        last = Some((at, top));
                    }
                    b',' => {}
                    b'[' => depth += 1,
                    _ if depth > 0 => depth -= 1,
                    // The frame itself closes. Behind the outermost there is nothing to cut.
                    _ if top == 0 => break 'blocks,
                    _ => {
                        depth = self.frames[top].brackets - 1;
                        top -= 1;
                    }
                }
            }
        }
        let (at, top) = last?;
        // Frames above the one of the comma have closed before it; those that closed behind it are open there.
        let mut passed_there: Vec<usize> = self.frames.iter().map(|f| f.passed).collect();
        passed_there[top] = passed[top];
        passed_there.truncate(top + 1);
        Some(Comma {
            at,
            open: top + 1,
            passed: passed_there,
        })
    }

    /// Go into the element (or document) that starts at `from`, to where its rows begin.
    fn descend(&mut self, bytes: &mut Vec<u8>, from: usize) -> Option<usize> {
        let plan = &self.file.plan;
        let level = match self.frames.last() {
            Some(frame) => frame.level + 1,
            None if plan.levels[0].each == Each::Whole => 1,
            None => 0,
        };
        if level >= plan.levels.len() {
            return None;
        }
        bytes.resize(bytes.len() + PADDING, 0);
        // What is not found because the text ends too early is looked for again when more of it is there.
        let found = self.way_in(bytes, from, level).ok().flatten();
        bytes.truncate(bytes.len() - PADDING);
        let (inside, closers) = found?;
        let outer = self.frames.last();
        let (mut prefix, mut suffix) = outer.map_or_else(Default::default, |f| (f.prefix.clone(), f.suffix.clone()));
        prefix.extend_from_slice(&bytes[from..inside]);
        suffix.splice(0..0, closers.iter().rev().copied());
        self.frames.push(Frame {
            level,
            prefix,
            suffix,
            brackets: closers.len(),
            passed: 0,
        });
        Some(inside)
    }

    /// The place behind the bracket that opens the elements of a level, and what closes the brackets on the way there.
    fn way_in(&self, bytes: &[u8], from: usize, level: usize) -> Lexed<Option<(usize, Vec<u8>)>> {
        let steps = &self.file.plan.levels[level].steps;
        let mut closers = Vec::new();
        let mut at = space(bytes, from);
        // An element of an object starts with its key.
        let keyed = self.frames.last().is_some_and(|f| f.suffix.first() == Some(&b'}'));
        if keyed {
            at = lexer::colon(bytes, string_end(bytes, at + 1)?.0 + 1)?;
        }
        let mut target = match level.checked_sub(1) {
            Some(above) => self.tree.roots[above],
            None => self.tree.document,
        };
        for step in steps {
            let Step::Key(wanted) = step else { return Ok(None) };
            if bytes[at] != b'{' {
                return Ok(None);
            }
            closers.push(b'}');
            let Some((value, inner)) = self.find_key(bytes, at, wanted, target)? else {
                return Ok(None);
            };
            (at, target) = (value, inner);
        }
        match (bytes[at], self.file.plan.levels[level].each) {
            (b'[', Each::Element) => closers.push(b']'),
            (b'{', Each::Value) => closers.push(b'}'),
            _ => return Ok(None),
        }
        Ok(Some((at + 1, closers)))
    }

    /// The value of a key of the object at `at`, provided that all else that rows may depend on stands before it.
    fn find_key(&self, bytes: &[u8], at: usize, wanted: &str, target: Target) -> Lexed<Option<(usize, Target)>> {
        let Some(node) = target.node.map(|n| &self.tree.nodes[n]) else {
            return Ok(None);
        };
        let mut seen = 0;
        let mut at = space(bytes, at + 1);
        loop {
            if bytes[at] != b'"' {
                return fault(at, Wrong::Key);
            }
            let (end, escaped) = string_end(bytes, at + 1)?;
            let raw = String::from_utf8_lossy(&bytes[at + 1..end]);
            let name = if escaped { Cow::Owned(unescape(&raw)) } else { raw };
            at = lexer::colon(bytes, end + 1)?;
            let key = node.keys.iter().find(|k| k.name.as_str() == name);
            if name == wanted {
                return Ok(key.filter(|_| seen == node.all).map(|k| (at, k.target)));
            }
            seen |= key.map_or(0, |k| k.bit);
            let (after, more) = lexer::next(bytes, value_end(bytes, at)?, b'}')?;
            if !more {
                return Ok(None);
            }
            at = after;
        }
    }
}

impl Tasks for Documents {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let Some(piece) = self.next_piece()? else {
            return Ok(None);
        };
        let (file, buffers, usual) = (Arc::clone(&self.file), self.reading.buffers.clone(), self.task_bytes);
        let last = self.ended;
        Ok(Some(Box::new(move || {
            let batch = parse_document(&file, &piece, last);
            buffers.give(piece.into_bytes(), usual);
            vec![batch]
        })))
    }
}

/// Brackets and commas of 64 bytes, outside of strings, a bit each.
#[derive(Debug, Clone, Copy)]
struct Block {
    start: usize,
    open: u64,
    close: u64,
    comma: u64,
    inside: u64,
}

impl Block {
    /// The next mark: its place, and `[` for any opening bracket, `]` for any closing one, or a comma.
    fn take(&mut self) -> Option<(usize, u8)> {
        let all = self.open | self.close | self.comma;
        if all == 0 {
            return None;
        }
        let bit = all & all.wrapping_neg();
        let mark = if self.open & bit != 0 {
            b'['
        } else if self.close & bit != 0 {
            b']'
        } else {
            b','
        };
        (self.open, self.close, self.comma) = (self.open & !bit, self.close & !bit, self.comma & !bit);
        Some((self.start + bit.trailing_zeros() as usize, mark))
    }
}

/// Walks over text 64 bytes at a time, keeping track of strings and escapes (as simdjson does: Langdale and Lemire 2019).
struct Marks<'b> {
    bytes: &'b [u8],
    at: usize,
    /// All ones inside a string.
    string: u64,
    /// Whether the next byte is escaped.
    escaped: u64,
    /// The bytes of the last block.
    lanes: Lanes,
}

impl<'b> Marks<'b> {
    fn new(bytes: &'b [u8], from: usize) -> Self {
        Self {
            bytes,
            at: from,
            string: 0,
            escaped: 0,
            lanes: Lanes::at(&[], 0, 0),
        }
    }

    fn next_block(&mut self) -> Option<Block> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let start = self.at;
        let lanes = Lanes::at(self.bytes, start, b' ');
        self.at += 64;
        let escapes = lanes.equal(b'\\');
        let mut quotes = lanes.equal(b'"');
        if escapes | self.escaped != 0 {
            quotes &= !self.escaped_by(escapes);
        }
        let inside = prefix_xor(quotes) ^ self.string;
        self.string = ((inside as i64) >> 63) as u64;
        // { and [, } and ] differ by one bit only.
        let folded = |byte: u8| lanes.bits(|v| (v | u8x16::splat(0x20)).simd_eq(u8x16::splat(byte)));
        let block = Block {
            start,
            open: folded(b'{') & !inside,
            close: folded(b'}') & !inside,
            comma: 0,
            inside,
        };
        self.lanes = lanes;
        Some(block)
    }

    fn commas(&self, block: &Block) -> u64 {
        self.lanes.equal(b',') & !block.inside
    }

    /// Which bytes are escaped, given the backslashes of a block.
    fn escaped_by(&mut self, escapes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let escapes = escapes & !self.escaped;
        let follows = escapes << 1 | self.escaped;
        let odd_starts = escapes & !EVEN & !follows;
        let (sequences, carried) = odd_starts.overflowing_add(escapes);
        self.escaped = u64::from(carried);
        (EVEN ^ (sequences << 1)) & follows
    }
}

fn prefix_xor(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].iter().fold(bits, |all, shift| all ^ all << shift)
}
