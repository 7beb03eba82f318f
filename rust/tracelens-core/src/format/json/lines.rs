//! One JSON value a line.

use super::lexer::is_space;
use super::parser::{Parser, Stop};
use super::{not_utf8, syntax, utf8};
use crate::error::Result;
use crate::format::OnBadRow;
use crate::format::batch::{Batch, drop_row};
use crate::format::task::{Buffers, File, MARGIN, Origin, Piece, Task, Tasks};
use crate::input::stream::{Input, Reading, Seekable};
use memchr::{memchr, memchr_iter, memrchr};
use std::collections::VecDeque;
use std::sync::Arc;

/// A file of lines that is read in order, cut at line ends.
pub(crate) struct Lines {
    file: Arc<File>,
    reading: Reading,
    task_bytes: usize,
    /// Lines before the next piece, where somebody asks.
    before: Option<usize>,
}

impl Lines {
    pub(crate) fn open(file: Arc<File>, input: Input, buffers: Buffers, task_bytes: usize) -> Result<Box<dyn Tasks>> {
        // Only who reads in order knows how many lines stand before.
        let counts = file.plan.counts_level(0);
        Ok(match input.seekable()?.filter(|_| !counts) {
            Some(source) => Box::new(Ranges {
                file,
                source: Arc::new(source),
                buffers,
                task_bytes,
                next: 0,
            }),
            None => Box::new(Self {
                file,
                reading: Reading::new(input, buffers),
                task_bytes,
                before: counts.then_some(0),
            }),
        })
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
        let before = self.before.unwrap_or(0);
        if let Some(lines) = &mut self.before {
            *lines += memchr_iter(b'\n', &bytes).count();
        }
        Ok(Some(Box::new(move || {
            let mut piece = Piece::new(bytes, origin);
            piece.start.index = vec![before];
            let batch = parse_lines(&file, &mut piece);
            buffers.give(piece.into_bytes(), usual);
            vec![batch]
        })))
    }
}

/// A plain file of lines: each task reads its own part of it, so that it is parsed where it was read, near the processor.
struct Ranges {
    file: Arc<File>,
    source: Arc<Seekable>,
    buffers: Buffers,
    task_bytes: usize,
    next: u64,
}

impl Tasks for Ranges {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let from = self.next;
        if from >= self.source.size {
            return Ok(None);
        }
        self.next = (from + self.task_bytes.max(1) as u64).min(self.source.size);
        let until = self.next;
        let (file, source) = (Arc::clone(&self.file), Arc::clone(&self.source));
        let (buffers, usual) = (self.buffers.clone(), self.task_bytes);
        Ok(Some(Box::new(move || {
            match lines_from(&source, from, until, &buffers) {
                Ok((bytes, lead, start)) => {
                    let mut piece = Piece::new(bytes, Origin::Bytes(start));
                    piece.lead = lead;
                    let batch = parse_lines(&file, &mut piece);
                    buffers.give(piece.into_bytes(), usual);
                    vec![batch]
                }
                Err(error) => vec![Batch::failed(error)],
            }
        })))
    }
}

/// As much as is read beyond the end of a range at first, to find the end of its last line.
const BEYOND: u64 = 1 << 13;

/// The lines that start in a range of a file, and where the first of them starts: in the bytes and in the file.
fn lines_from(source: &Seekable, from: u64, until: u64, buffers: &Buffers) -> Result<(Vec<u8>, usize, u64)> {
    // With the byte before it one sees whether a line starts at the range's first byte.
    let first = from.saturating_sub(MARGIN as u64);
    let mut end = (until + BEYOND).min(source.size);
    let mut bytes = buffers.take_filled((end - first) as usize);
    source.read_at(&mut bytes, first)?;
    let start = match from {
        0 => {
            if bytes.starts_with(b"\xef\xbb\xbf") {
                3
            } else {
                0
            }
        }
        _ => {
            let (before, end) = ((from - first) as usize, (until - first) as usize);
            memchr(b'\n', &bytes[before - 1..end]).map_or(end, |i| before + i)
        }
    };
    if first + start as u64 >= until {
        bytes.clear();
        return Ok((bytes, 0, until));
    }
    // The last line is the one in which the range's last byte stands.
    let mut searched = (until - 1 - first) as usize;
    loop {
        if let Some(i) = memchr(b'\n', &bytes[searched..]) {
            bytes.truncate(searched + i + 1);
            break;
        }
        if end == source.size {
            // A line without its end may be half written, if the file has grown since.
            if source.grew() {
                let whole = memrchr(b'\n', &bytes).map_or(0, |i| i + 1);
                bytes.truncate(whole.max(start));
            }
            break;
        }
        searched = bytes.len();
        let more = (end + (end - first)).min(source.size);
        bytes.resize((more - first) as usize, 0);
        source.read_at(&mut bytes[searched..], end)?;
        end = more;
    }
    // What stands before is the range before's, and need not be whole characters.
    bytes[..start].fill(b' ');
    Ok((bytes, start, first + start as u64))
}

/// Parse a piece of lines.
pub(crate) fn parse_lines(file: &File, piece: &mut Piece) -> Batch {
    let (mut bad, mut strange) = (VecDeque::new(), None);
    if let Err(error) = utf8(file, piece) {
        if !matches!(piece.origin, Origin::Bytes(_)) {
            return Batch::failed(error);
        }
        bad = blank_out_bad_lines(piece);
        strange = Some(error).filter(|_| file.on_bad_row == OnBadRow::Error);
    }
    let piece = &*piece;
    let text = match utf8(file, piece) {
        Ok(text) => text,
        Err(error) => return Batch::failed(error),
    };
    let mut parser = Parser::new(file, piece, text);
    let bytes = piece.bytes();
    let before = piece.start.index.first().copied().unwrap_or(0);
    let (mut from, mut lines) = (piece.lead, 0);
    while from < bytes.len() {
        let end = memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |i| from + i);
        let blank = bytes[from..end].iter().take_while(|&&b| is_space(b)).count();
        let start = from + blank;
        if let Some((_, at)) = bad.pop_front_if(|(line, _)| *line == from) {
            if strange.is_some() {
                break;
            }
            parser.emitter.batch.rows_in += 1;
            drop_row(&mut parser.emitter.batch, "not UTF-8", || {
                not_utf8(&file.path, piece, at)
            });
        }
        from = end + 1;
        lines += usize::from(end < bytes.len());
        if start == end {
            continue;
        }
        parser.position = before + lines - usize::from(end < bytes.len());
        let stop = match parser.line(start, end) {
            Ok(()) => continue,
            Err(stop) => *stop,
        };
        let error = match stop {
            Stop::Error(error) => error,
            Stop::Fault(fault) => {
                let error = || syntax(file, piece, fault.at().min(end), fault.what());
                if file.on_bad_row == OnBadRow::Drop {
                    parser.emitter.batch.rows_in += 1;
                    drop_row(&mut parser.emitter.batch, "not JSON", error);
                    continue;
                }
                error()
            }
        };
        parser.emitter.batch.error = Some(error);
        break;
    }
    let mut batch = parser.emitter.batch;
    // What stands before the first line that is not UTF-8 comes first.
    batch.error = batch.error.or(strange);
    batch.extent = (lines as u64, 0);
    batch
}

/// Make the lines blank that are not UTF-8: where they start, and the bytes that are not.
fn blank_out_bad_lines(piece: &mut Piece) -> VecDeque<(usize, usize)> {
    let mut bad = VecDeque::new();
    let mut from = piece.lead;
    while from < piece.length() {
        let bytes = piece.bytes();
        let end = memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |i| from + i);
        if let Err(e) = std::str::from_utf8(&bytes[from..end]) {
            bad.push_back((from, from + e.valid_up_to()));
            piece.blank(from..end);
        }
        from = end + 1;
    }
    bad
}
