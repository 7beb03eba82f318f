//! One JSON value a line.

use super::parser::{Parser, Stop};
use super::{not_utf8, syntax, utf8};
use crate::error::Result;
use crate::format::OnBadRow;
use crate::format::emit::{Batch, drop_row};
use crate::format::task::{Buffers, File, Origin, Piece, Task, Tasks};
use crate::input::stream::{Input, Reading};
use memchr::{memchr, memrchr};
use std::sync::Arc;

/// A file of lines, cut at line ends.
pub(crate) struct Lines {
    file: Arc<File>,
    reading: Reading,
    task_bytes: usize,
}

impl Lines {
    pub(crate) fn new(file: Arc<File>, input: Input, buffers: Buffers, task_bytes: usize) -> Self {
        Self {
            file,
            reading: Reading::new(input, buffers),
            task_bytes,
        }
    }
}

impl Tasks for Lines {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let Some((bytes, origin)) = self
            .reading
            .upto(self.task_bytes, |bytes| memrchr(b'\n', bytes).map(|i| i + 1))?
        else {
            return Ok(None);
        };
        let (file, buffers, usual) = (Arc::clone(&self.file), self.reading.buffers.clone(), self.task_bytes);
        Ok(Some(Box::new(move || {
            let mut piece = Piece::new(bytes, origin);
            let batch = parse_lines(&file, &mut piece);
            buffers.give(piece.into_bytes(), usual);
            vec![batch]
        })))
    }
}

/// Parse a piece of lines.
pub(crate) fn parse_lines(file: &File, piece: &mut Piece) -> Batch {
    let mut before = Batch::default();
    if let Err(error) = utf8(file, piece) {
        if file.on_bad_row == OnBadRow::Error || !matches!(piece.origin, Origin::Bytes(_)) {
            return Batch::failed(error);
        }
        blank_out_bad_lines(file, piece, &mut before);
    }
    let piece = &*piece;
    let text = match utf8(file, piece) {
        Ok(text) => text,
        Err(error) => return Batch::failed(error),
    };
    let mut parser = Parser::new(file, piece, text);
    (parser.emitter.batch.rows_in, parser.emitter.batch.dropped) = (before.rows_in, before.dropped);
    parser.emitter.batch.examples = before.examples;
    let bytes = piece.bytes();
    let (mut from, mut lines) = (0, 0);
    while from < bytes.len() {
        let end = memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |i| from + i);
        let blank = bytes[from..end].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let start = from + blank;
        from = end + 1;
        lines += u64::from(end < bytes.len());
        if start == end {
            continue;
        }
        let error = match parser.line(start, end) {
            Ok(()) => continue,
            Err(Stop::Error(error)) => error,
            Err(Stop::Fault(fault)) => {
                let error = syntax(file, piece, fault.at.min(end), fault.what);
                if file.on_bad_row == OnBadRow::Drop {
                    parser.emitter.batch.rows_in += 1;
                    drop_row(&mut parser.emitter.batch, "not JSON", &error);
                    continue;
                }
                error
            }
        };
        parser.emitter.batch.error = Some(error);
        break;
    }
    let mut batch = parser.emitter.batch;
    batch.extent = (lines, 0);
    batch
}

/// Count the lines that are not UTF-8 as dropped, and make them blank.
fn blank_out_bad_lines(file: &File, piece: &mut Piece, batch: &mut Batch) {
    let mut from = 0;
    while from < piece.length() {
        let bytes = piece.bytes();
        let end = memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |i| from + i);
        if let Err(e) = std::str::from_utf8(&bytes[from..end]) {
            let error = not_utf8(&file.path, piece, from + e.valid_up_to());
            batch.rows_in += 1;
            drop_row(batch, "not UTF-8", &error);
            piece.blank(from..end);
        }
        from = end + 1;
    }
}
