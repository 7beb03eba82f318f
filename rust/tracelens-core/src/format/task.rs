//! What a file is cut into: pieces of text, and tasks that parse them, in parallel and in any order.

use super::batch::{Batch, FileContext, OnBadRow};
use crate::error::{Place, Result};
use crate::mapping::Plan;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What all tasks of a file share.
#[derive(Debug)]
pub(crate) struct File {
    /// The file as the user named it.
    pub(crate) path: PathBuf,
    pub(crate) plan: Arc<Plan>,
    pub(crate) context: FileContext,
    pub(crate) on_bad_row: OnBadRow,
    pub(crate) with_text: bool,
}

impl File {
    /// The same file, read by another plan.
    pub(crate) fn with_plan(&self, plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            path: self.path.clone(),
            plan: Arc::new(plan),
            context: self.context.clone(),
            on_bad_row: self.on_bad_row,
            with_text: self.with_text,
        })
    }
}

/// Parses one piece of a file, or all of a small one.
pub(crate) type Task = Box<dyn FnOnce() -> Vec<Batch> + Send>;

/// Cuts a file into tasks, reading on as it goes.
pub(crate) trait Tasks: Send {
    /// The next task, in the order of the file; `None` after the last.
    fn next_task(&mut self) -> Result<Option<Task>>;
}

/// Zero bytes behind the text of each piece.
pub(crate) use super::json::PADDING;

/// Bytes that stand in front of what a task is to parse when it is read from the disk. Some processors copy four times more
/// slowly to where a page of memory has just begun from where a page of the file has, and there fresh memory starts.
pub(crate) const MARGIN: usize = 64;

/// A piece of a file's text, in memory.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// The text with [`PADDING`] zero bytes behind it.
    bytes: Vec<u8>,
    /// Bytes in front that were put there so that the piece is a document of its own.
    pub(crate) lead: usize,
    /// Bytes at the end that were put there for the same reason, in place of a comma.
    pub(crate) tail: usize,
    /// Where the rest of it stood.
    pub(crate) origin: Origin,
    /// Where in the explode levels it starts, if that is not the beginning.
    pub(crate) start: Start,
}

/// The place in nested levels at which a piece of a document starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// Positions of the first elements, outermost level first.
    pub(crate) index: Vec<usize>,
    /// How many of these levels go on with an element that began in an earlier piece.
    pub(crate) continued: usize,
}

impl Piece {
    /// A piece of these bytes, which are padded now.
    pub(crate) fn new(mut bytes: Vec<u8>, origin: Origin) -> Self {
        bytes.resize(bytes.len() + PADDING, 0);
        Self {
            bytes,
            lead: 0,
            tail: 0,
            origin,
            start: Start::default(),
        }
    }

    /// Length without the padding.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len() - PADDING
    }

    /// The text, padding included.
    pub(crate) fn padded(&self) -> &[u8] {
        &self.bytes
    }

    /// The text.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length()]
    }

    /// The place of a byte of the piece: lines and columns count from its start, and are moved up by the reader.
    pub(crate) fn place(&self, path: &Path, at: usize) -> Place {
        let at = at.clamp(self.lead, self.length() - self.tail);
        self.origin.place(path, &self.bytes[self.lead..], at - self.lead)
    }

    /// Lines that end in it, and characters behind the last of these ends.
    pub(crate) fn extent(&self) -> (u64, u64) {
        let bytes = &self.bytes()[self.lead..self.length() - self.tail];
        let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let last = memchr::memrchr(b'\n', bytes).map_or(0, |i| i + 1);
        // The comma at which it was cut is a character too.
        (lines, characters(&bytes[last..]) + u64::from(self.tail > 0))
    }

    /// Make a part of the text blank.
    pub(crate) fn blank(&mut self, range: Range<usize>) {
        self.bytes[range].fill(b' ');
    }

    /// The memory, for another piece.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count() as u64
}

/// Where a piece of text stood in its file, to say where in it a mistake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// So many bytes of the file stand before it.
    Bytes(u64),
    /// JSON made from something else: line `i` is `name` `first + i` ("row group 2, row 17").
    Rows { name: String, first: u64 },
    /// JSON made from something else that has lines of its own: what begins at each mark.
    Marks(Vec<Mark>),
}

/// Where in a file something stands that begins in a piece of JSON made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Byte of the piece.
    pub(crate) at: usize,
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) element: String,
}

impl Default for Origin {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl Origin {
    /// The place of a byte of the piece.
    pub(crate) fn place(&self, path: &Path, bytes: &[u8], at: usize) -> Place {
        let at = at.min(bytes.len());
        let lines = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64;
        match self {
            Self::Bytes(before) => {
                let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |i| i + 1);
                Place {
                    byte: Some(before + at as u64),
                    ..Place::at(path, lines + 1, characters(&bytes[start..at]) + 1)
                }
            }
            Self::Rows { name, first } => Place {
                element: Some(format!("{name} {}", first + lines)),
                ..Place::file(path)
            },
            Self::Marks(marks) => match marks.partition_point(|mark| mark.at <= at).checked_sub(1) {
                None => Place::file(path),
                Some(last) => Place {
                    element: Some(marks[last].element.clone()),
                    ..Place::at(path, marks[last].line, marks[last].column)
                },
            },
        }
    }
}

/// Memory of pieces that were parsed, for those that are read next: fresh memory costs more than reading into it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// More than this is given back to the system.
const SPARE: usize = 64;

impl Buffers {
    /// An empty buffer.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut buffer = self.used();
        buffer.clear();
        buffer
    }

    /// A buffer of this length, with whatever was in it.
    pub(crate) fn take_filled(&self, length: usize) -> Vec<u8> {
        let mut buffer = self.used();
        buffer.resize(length, 0);
        buffer
    }

    /// The one that was given last: it is most likely still near the processor.
    fn used(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_default()
    }

    /// A buffer that is no longer needed. One that had to grow far beyond the others is let go.
    pub(crate) fn give(&self, buffer: Vec<u8>, usual: usize) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < SPARE && buffer.capacity() <= 2 * usual + PADDING {
            all.push(buffer);
        }
    }
}
