//! Delimited text: csv, tsv and their kin, with or without a header.

use super::batch::{Bad, Batch, drop_row};
use super::columns;
use super::emit::Emitter;
use super::json::{Tail, Tails, not_utf8, utf8};
use super::records::{Ends, Records};
use super::task::{Buffers, File, Piece, Task, Tasks};
use super::{OnBadRow, Row, Value};
use crate::error::{Code, Error, Place, Result};
use crate::input::discover::plain_name;
use crate::input::stream::{Input, Reading};
use crate::input::text::snippet;
use crate::mapping::Plan;
use crate::mapping::path::FieldPath;
use memchr::{memchr, memchr_iter, memrchr};
use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// What the header, or its absence, says about all rows of a file.
#[derive(Debug)]
struct Table {
    separator: u8,
    quote: Option<u8>,
    /// The column of each path of the plan.
    columns: Vec<Option<usize>>,
    /// Paths that go on inside the value of their column.
    tails: Vec<Tail>,
    /// Columns a row must have.
    width: usize,
}

/// Paths that go on inside the value of their column.
fn tails(plan: &Plan) -> Vec<Tail> {
    let inside =
        |(number, path): (usize, &FieldPath)| (path.steps.len() > 1).then(|| Tail::new(number, &path.steps[1..]));
    plan.paths.iter().enumerate().filter_map(inside).collect()
}

/// A file of rows, cut at ends of records.
pub(crate) struct Rows {
    file: Arc<File>,
    reading: Reading,
    task_bytes: usize,
    /// The file by a plan that knows its columns, and these.
    table: Option<(Arc<File>, Arc<Table>)>,
}

impl Rows {
    pub(crate) fn new(file: Arc<File>, input: Input, buffers: Buffers, task_bytes: usize) -> Self {
        Self {
            file,
            reading: Reading::new(input, buffers),
            task_bytes,
            table: None,
        }
    }
}

impl Tasks for Rows {
    fn next_task(&mut self) -> Result<Option<Task>> {
        let mut ends = Ends::new(
            separator(&self.file.plan, &self.file.path),
            self.file.plan.delimiters.quote,
        );
        let Some((bytes, origin)) = self.reading.upto(self.task_bytes, |bytes| ends.last(bytes))? else {
            return Ok(None);
        };
        let mut piece = Piece::new(bytes, origin);
        let mut body = 0;
        let (file, table) = match &self.table {
            Some((file, table)) => (Arc::clone(file), Arc::clone(table)),
            None => {
                let Some((file, table, from)) = open(&self.file, &piece)? else {
                    let extent = piece.extent();
                    return Ok(Some(Box::new(move || {
                        vec![Batch {
                            extent,
                            ..Batch::default()
                        }]
                    })));
                };
                body = from;
                self.table.insert((file, Arc::new(table))).clone()
            }
        };
        let (buffers, usual) = (self.reading.buffers.clone(), self.task_bytes);
        Ok(Some(Box::new(move || {
            let batch = parse_rows(&file, &table, &mut piece, body);
            buffers.give(piece.into_bytes(), usual);
            vec![batch]
        })))
    }
}

/// What a mapping takes for the separator of a file.
pub(crate) fn separator(plan: &Plan, path: &Path) -> u8 {
    let tabs = Path::new(&plain_name(path)).extension().is_some_and(|e| e == "tsv");
    plan.delimiters.separator.unwrap_or(if tabs { b'\t' } else { b',' })
}

/// Read the header: the file by a plan that knows the columns by name, the table, and where its rows begin. `None`: all lines
/// are blank, as those may be that stand before it.
fn open(file: &Arc<File>, piece: &Piece) -> Result<Option<(Arc<File>, Table, usize)>> {
    let Some(written) = piece.bytes().iter().position(|b| !b.is_ascii_whitespace()) else {
        return Ok(None);
    };
    well_begun(&file.path, piece.bytes())?;
    let start = memrchr(b'\n', &piece.bytes()[..written]).map_or(0, |i| i + 1);
    let bytes = &piece.bytes()[start..];
    let delimiters = file.plan.delimiters;
    let mut table = Table {
        separator: separator(&file.plan, &file.path),
        quote: delimiters.quote,
        columns: vec![None; file.plan.paths.len()],
        tails: Vec::new(),
        width: 0,
    };
    // All of the first record, be there line breaks in it.
    let mut ends = Ends::new(table.separator, table.quote);
    let first = memchr_iter(b'\n', bytes)
        .map(|i| i + 1)
        .chain([bytes.len()])
        .find(|&end| ends.last(&bytes[..end]) == Some(end));
    let first = &bytes[..first.unwrap_or(bytes.len())];
    let text = match std::str::from_utf8(first) {
        Err(e) if delimiters.header => return Err(not_utf8(&file.path, piece, start + e.valid_up_to())),
        _ => String::from_utf8_lossy(first),
    };
    if let Some(at) = ends.open() {
        return Err(never_closes(file, piece, &text, (start, at)));
    }
    let mut records = Records::new(&text, 0, table.separator, table.quote);
    let body = start + records.next_record().map_or(0, |first| first.end);
    table.width = records.fields();
    if !delimiters.header {
        return Ok(Some((Arc::clone(file), table, start)));
    }
    let names: Vec<&str> = (0..table.width)
        .map(|i| records.field(i).unwrap_or_default().trim())
        .collect();
    let place = Place {
        byte: None,
        ..piece.place(&file.path, start)
    };
    let found = columns::Columns::find(file, &names, &place)?;
    table.tails = tails(&found.file.plan);
    table.columns = found.of_path;
    Ok(Some((found.file, table, body)))
}

/// Refuse a beginning that would be taken for one huge row, or for a header, and is none.
pub(crate) fn well_begun(path: &Path, bytes: &[u8]) -> Result<()> {
    let line = memchr(b'\n', bytes).map_or(bytes, |end| &bytes[..end]).trim_ascii_end();
    let text = String::from_utf8_lossy(&line[..line.len().min(HEADER)]);
    let refused = |what: &str, at: usize, length: usize, help: &str| {
        let column = String::from_utf8_lossy(&line[..at]).chars().count() as u64 + 1;
        let error = Error::new(Code::Syntax, what).at(Place::at(path, 1, column));
        Err(error.snippet(snippet(&text, at, length, "")).help(help))
    };
    if let Some(at) = memchr(b'\r', line).filter(|_| !bytes.contains(&b'\n')) {
        let what = "all is one line: its rows end in a carriage return alone, as on old Macs";
        return refused(
            what,
            at,
            1,
            "write line feeds in their place: tr '\\r' '\\n' < FILE > NEW",
        );
    }
    if line.len() == 5 && line[..4].eq_ignore_ascii_case(b"sep=") {
        let what = "the first line tells a spreadsheet the separator, and is no header";
        return refused(
            what,
            0,
            5,
            "remove this line: the mapping says the separator, under [delimited]",
        );
    }
    Ok(())
}

/// Bytes of a line that are looked at to show where it is wrong.
const HEADER: usize = 1 << 10;

/// Bytes of a row, about.
const ROW_BYTES: usize = 64;

/// Parse some rows.
fn parse_rows(file: &File, table: &Table, piece: &mut Piece, body: usize) -> Batch {
    let mut emitter = Emitter::new(file, piece.length() / ROW_BYTES);
    let (mut bad, mut strange) = (VecDeque::new(), None);
    if let Err(error) = utf8(file, piece) {
        bad = blank_out_bad_rows(table, piece);
        strange = Some(error).filter(|_| file.on_bad_row == OnBadRow::Error);
    }
    let piece = &*piece;
    let text = match utf8(file, piece) {
        Ok(text) => &text[..piece.length()],
        Err(error) => return Batch::failed(error),
    };
    let mut row = Columns {
        table,
        records: Records::new(text, body, table.separator, table.quote),
        tails: Tails::new(&table.tails),
        number: 0,
    };
    while let Some(place) = row.advance() {
        let width = row.records.fields();
        if let Some((_, at)) = bad.pop_front_if(|(start, _)| *start == place.start) {
            if strange.is_some() {
                break;
            }
            emitter.batch.rows_in += 1;
            drop_row(&mut emitter.batch, "not UTF-8", || not_utf8(&file.path, piece, at));
            continue;
        }
        if width == 1 && row.records.field(0).is_none_or(|f| f.trim().is_empty()) {
            continue;
        }
        if let Some(error) = open_quote(file, table, piece, text, &place) {
            emitter.batch.error = Some(error);
            break;
        }
        let result = if width == table.width {
            emitter.row(&row, 0)
        } else {
            emitter.batch.rows_in += 1;
            Err(ragged(table.width, width))
        };
        let Err(bad) = result else { continue };
        let (reason, wanted) = (bad.reason, bad.wanted);
        let error = || bad.locate(file, piece, text, place);
        if wanted || file.on_bad_row == OnBadRow::Drop {
            drop_row(&mut emitter.batch, reason, error);
        } else {
            emitter.batch.error = Some(error());
            break;
        }
    }
    // What stands before the first row that is not UTF-8 comes first.
    emitter.batch.error = emitter.batch.error.or(strange);
    emitter.batch.extent = piece.extent();
    emitter.batch
}

/// Make the records blank that are not UTF-8: where they start, and the bytes that are not.
fn blank_out_bad_rows(table: &Table, piece: &mut Piece) -> VecDeque<(usize, usize)> {
    let bytes = piece.bytes();
    let mut ends = Ends::new(table.separator, table.quote);
    let mut bad = Vec::new();
    let mut from = 0;
    for at in memchr_iter(b'\n', bytes).map(|i| i + 1).chain([bytes.len()]) {
        // What an open quote takes in is no row.
        if ends.last(&bytes[..at]) != Some(at) && (at < bytes.len() || ends.open().is_some()) {
            continue;
        }
        if let Err(e) = std::str::from_utf8(&bytes[from..at]) {
            bad.push((from..at, from + e.valid_up_to()));
        }
        from = at;
    }
    // Line breaks stay, for lines are counted.
    for (range, _) in &bad {
        let lines: Vec<usize> = memchr_iter(b'\n', &piece.bytes()[range.clone()]).collect();
        let mut from = range.start;
        for end in lines.into_iter().map(|i| range.start + i).chain([range.end]) {
            piece.blank(from..end.max(from));
            from = end + 1;
        }
    }
    bad.into_iter().map(|(range, at)| (range.start, at)).collect()
}

/// A quote that opens in the last record and never closes: not one bad row but the rest of the file inside one, and never to be
/// dropped as one.
fn open_quote(file: &File, table: &Table, piece: &Piece, text: &str, record: &Range<usize>) -> Option<Error> {
    if record.end != text.len() {
        return None;
    }
    let mut ends = Ends::new(table.separator, table.quote);
    ends.last(&text.as_bytes()[record.clone()]);
    Some(never_closes(file, piece, text, (0, record.start + ends.open()?)))
}

#[cold]
fn never_closes(file: &File, piece: &Piece, text: &str, (before, at): (usize, usize)) -> Error {
    let what = "a quote that opens here never closes and takes in the rest of the file";
    Error::new(Code::Ragged, what)
        .at(piece.place(&file.path, before + at))
        .snippet(snippet(text, at, 1, ""))
        .help("close the quote, or say quote = \"\" in the mapping")
}

#[cold]
fn ragged(expected: usize, found: usize) -> Box<Bad> {
    let error = Error::new(
        Code::Ragged,
        format!("a row of {found} columns where {expected} are expected"),
    )
    .help("correct the row, the separator or the quotes in the mapping, or drop such rows with --on-bad-row drop");
    let mut bad = Bad::new("ragged row", error);
    bad.label = format!("{found} columns");
    bad
}

/// A record as a row.
struct Columns<'a> {
    table: &'a Table,
    records: Records<'a>,
    /// What stands inside values, where paths go on there.
    tails: Tails,
    number: u64,
}

impl Columns<'_> {
    fn value(&self, column: Option<usize>) -> Value<'_> {
        match column.and_then(|i| self.records.field(i)) {
            None | Some("") => Value::Missing,
            Some(text) => Value::Text(text),
        }
    }

    /// Move on to the next record.
    fn advance(&mut self) -> Option<Range<usize>> {
        let place = self.records.next_record()?;
        self.number += 1;
        for tail in &self.table.tails {
            let found = self.table.columns[tail.path].and_then(|i| self.records.field(i));
            let value = found.map_or(Value::Missing, |text| tail.start(text));
            self.tails.follow(tail, self.number, value);
        }
        Some(place)
    }
}

impl Row for Columns<'_> {
    #[inline]
    fn path(&self, number: usize) -> Value<'_> {
        match self.tails.first(number) {
            Some(value) => value,
            None => self.value(self.table.columns[number]),
        }
    }

    fn every<'r>(&'r self, number: usize, each: &mut dyn FnMut(Value<'r>)) {
        match self.tails.all(number) {
            Some(values) => values.for_each(each),
            None => each(self.path(number)),
        }
    }

    fn key(&self, _: usize) -> Option<&str> {
        None
    }

    fn index(&self, _: usize) -> Option<usize> {
        None
    }

    fn column(&self, number: usize) -> Value<'_> {
        self.value(Some(number))
    }

    fn generation(&self, _: usize) -> u64 {
        self.number
    }
}
